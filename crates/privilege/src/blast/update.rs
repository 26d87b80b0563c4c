//! What a change of the graph does to blast radius and exposure, without working all out again.

use std::collections::BTreeSet;

use fixedbitset::FixedBitSet;

use super::{Blast, Radius, Weights, blast, full, whole};
use crate::graph::{Change, Filter, Graph, NodeId};
use crate::reach::{sources, ways};

impl Blast {
    /// The same after a change, which made `after` of `before` and may have made other weights and identities of those
    /// that there were.
    ///
    /// A node reaches what it reached if it comes to the ends of all edges that came or went in the same ways as before.
    /// Only the others are worked out again. For a changed policy these are mostly the few that hold it.
    #[must_use]
    pub fn changed(
        &self,
        (before, after): (&Graph, &Graph),
        change: &Change,
        (old, new): (&Weights, &Weights),
        filter: &Filter,
    ) -> Self {
        let mut concerned = concerned((before, after), change, filter);
        concerned.extend(old.identities.symmetric_difference(&new.identities));
        let of = |weights: &Weights| Weights {
            weights: weights.weights.clone(),
            identities: concerned.intersection(&weights.identities).collect(),
        };
        let (old_blast, new_blast) = (blast(before, &of(old), filter), blast(after, &of(new), filter));
        let mut changed = self.clone();
        changed.radii.resize(after.node_count(), Radius::default());
        changed.exposure.resize(after.node_count(), 0);
        for at in concerned.ones() {
            if let (Some(radius), Some(new)) = (changed.radii.get_mut(at), new_blast.radii.get(at)) {
                *radius = *new;
            }
        }
        for (exposure, old) in changed.exposure.iter_mut().zip(&old_blast.exposure) {
            *exposure -= old;
        }
        for (exposure, new) in changed.exposure.iter_mut().zip(&new_blast.exposure) {
            *exposure += new;
        }
        let differs = |node: NodeId| old.of(node) != new.of(node);
        for (node, _) in after.nodes().filter(|(node, own)| !own.passage && differs(*node)) {
            let others = sources(after, node, filter).into_iter();
            for (source, best) in others.filter(|(source, _)| !concerned.contains(source.0 as usize)) {
                if let Some(radius) = changed
                    .radii
                    .get_mut(source.0 as usize)
                    .filter(|_| new.identities.contains(source.0 as usize))
                {
                    radius.numerator += u64::from(new.of(node)) * u64::from(best.eightieths());
                    radius.numerator -= u64::from(old.of(node)) * u64::from(best.eightieths());
                }
            }
        }
        changed.weigh(after, new);
        changed
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

/// The nodes that come to the end of a changed edge in other ways than before.
fn concerned((before, after): (&Graph, &Graph), change: &Change, filter: &Filter) -> FixedBitSet {
    let mut ends: BTreeSet<NodeId> = change.added.iter().map(|edge| edge.to).collect();
    for (from, id) in &change.removed {
        ends.extend(before.edges_from(*from).filter(|edge| edge.id == *id).map(|edge| edge.to));
    }
    let mut concerned = FixedBitSet::with_capacity(after.node_count());
    for end in ends {
        let (old, new) = (ways(before, end, filter), ways(after, end, filter));
        if old == new {
            continue;
        }
        let (old, new): (BTreeSet<_>, BTreeSet<_>) = (old.into_iter().collect(), new.into_iter().collect());
        concerned.extend(old.symmetric_difference(&new).map(|(node, _)| node.0 as usize));
    }
    concerned
}
