//! What a change of the graph does to blast radius and exposure, without working all out again.

use fixedbitset::FixedBitSet;

use super::concerned::{Concerned, count};
use super::{Blast, Radius, Weights, blast, full, whole};
use crate::graph::{Change, Filter, Graph, NodeId};
use crate::reach::sources;

impl Blast {
    /// The same after a change, which made `after` of `before` and may have made other weights and identities of those
    /// that there were.
    ///
    /// A node reaches what it reached if it does not come to where an edge came or went, and also if it surely has all
    /// that the edge leads to anyway, as administrators have. Only the others are worked out again. For a changed policy
    /// these are mostly the few that hold it.
    #[must_use]
    pub fn changed(
        &self,
        (before, after): (&Graph, &Graph),
        change: &Change,
        (old, new): (&Weights, &Weights),
        filter: &Filter,
    ) -> Self {
        if count((before, after), change) > EDGES_MIN + after.node_count() / EDGES_SHARE {
            return blast(after, new, filter);
        }
        let found = Concerned::new((before, after), change, filter);
        let (come, went) = found.lonely((old, new));
        let mut concerned = found.nodes(&come.union(&went).copied().collect());
        concerned.extend(old.identities.symmetric_difference(&new.identities));
        let many = concerned.intersection(&new.identities).count() > new.identities.count_ones(..) / MANY;
        if many {
            return blast(after, new, filter);
        }
        let mut changed = self.clone();
        changed.work_out((before, after), (old, new), (&concerned, filter));
        for (node, own) in after.nodes() {
            let (from, to) = (old.of(node), new.of(node));
            if own.passage || (from == to && !come.contains(&node) && !went.contains(&node)) {
                continue;
            }
            // Who is not concerned reaches what is there before and after in the same way.
            let graph = if went.contains(&node) { before } else { after };
            let is_counted = |at: usize| !concerned.contains(at) && new.identities.contains(at);
            let others = sources(graph, node, filter).into_iter();
            for (source, best) in others.filter(|(source, _)| is_counted(source.0 as usize)) {
                if let Some(radius) = changed.radii.get_mut(source.0 as usize) {
                    radius.numerator += u64::from(to) * u64::from(best.eightieths());
                    radius.numerator -= u64::from(from) * u64::from(best.eightieths());
                }
                if let Some(exposure) = changed.exposure.get_mut(node.0 as usize) {
                    *exposure += u32::from(come.contains(&node));
                    *exposure -= u32::from(went.contains(&node));
                }
            }
        }
        changed.weigh(after, new);
        changed
    }

    /// Works those out again that are concerned.
    fn work_out(
        &mut self,
        (before, after): (&Graph, &Graph),
        (old, new): (&Weights, &Weights),
        (concerned, filter): (&FixedBitSet, &Filter),
    ) {
        let of = |weights: &Weights| Weights {
            weights: weights.weights.clone(),
            identities: concerned.intersection(&weights.identities).collect(),
        };
        let (old_blast, new_blast) = (blast(before, &of(old), filter), blast(after, &of(new), filter));
        self.radii.resize(after.node_count(), Radius::default());
        self.exposure.resize(after.node_count(), 0);
        for at in concerned.ones() {
            if let (Some(radius), Some(new)) = (self.radii.get_mut(at), new_blast.radii.get(at)) {
                *radius = *new;
            }
        }
        for (exposure, old) in self.exposure.iter_mut().zip(&old_blast.exposure) {
            *exposure -= old;
        }
        for (exposure, new) in self.exposure.iter_mut().zip(&new_blast.exposure) {
            *exposure += new;
        }
    }

    /// Other weights make another whole, of which a radius is a share.
    fn weigh(&mut self, graph: &Graph, weights: &Weights) {
        let whole = whole(graph, weights);
        for (node, radius) in (0..).map(NodeId).zip(&mut self.radii) {
            if weights.identities.contains(node.0 as usize) {
                radius.whole = whole.saturating_sub(full(graph, weights, node));
            }
        }
    }
}

/// Where more edges come and go than these and one for so many nodes, of such as matter by themselves, all are worked out
/// again.
const EDGES_MIN: usize = 256;
const EDGES_SHARE: usize = 64;
/// Where more than one of so many identities is concerned, all are worked out again.
const MANY: usize = 4;
