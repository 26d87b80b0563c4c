//! 256 components walk the condensed graph at a time, and what they reach is summed.

use super::Weights;
use super::components::{Components, class};
use super::sum::{EMPTY, LANES, Mask, Sums, has, is_empty, lane, union, without};
use super::walk::{LAYERS, Walk};
use crate::graph::{Admit, Graph, Level, NodeId, States};
use crate::reach::{Best, MAX_CONDITIONS};

/// By number of the node.
pub(super) struct Found {
    pub(super) numerators: Vec<u64>,
    pub(super) exposure: Vec<u32>,
}

/// The numerators of all identities, and the exposure of all nodes.
pub(super) fn all<A: Admit>(graph: &Graph, admit: &A, weights: &Weights) -> Found {
    let states = States::new(graph, admit);
    let identities = || weights.identities.ones().filter_map(|at| u32::try_from(at).ok()).map(NodeId);
    let components = Components::new(&states, identities().filter_map(|node| states.start(node)));
    let mut members: Vec<(u32, NodeId)> = identities()
        .filter_map(|node| Some((*components.of.get(states.start(node)? as usize)?, node)))
        .collect();
    // Who comes to most of all after as many conditions as others walks with these: then that is covered once.
    let conditions = components.conditions_to_widest();
    members
        .sort_unstable_by_key(|(component, node)| (conditions.get(*component as usize), *component, *node));
    let mut found = Found { numerators: vec![0; graph.node_count()], exposure: vec![0; graph.node_count()] };
    let mut sweep = Sweep::new(&components, graph, weights);
    let groups: Vec<&[(u32, NodeId)]> = members.chunk_by(|(one, _), (other, _)| one == other).collect();
    for batch in groups.chunks(LANES) {
        sweep.run(batch, &mut found);
    }
    found
}

struct Sweep<'a> {
    components: &'a Components,
    weights: &'a Weights,
    walk: Walk,
    /// By target: which lanes reach it.
    covered: Vec<Mask>,
    reached: Vec<NodeId>,
    /// By node: the lane of its component, if that walks now.
    lane_of: Vec<u16>,
    sums: Sums,
    totals: [u64; LANES],
}

const NO_LANE: u16 = u16::MAX;

impl<'a> Sweep<'a> {
    fn new(components: &'a Components, graph: &Graph, weights: &'a Weights) -> Self {
        Self {
            components,
            weights,
            walk: Walk::new(components.count),
            covered: vec![EMPTY; graph.node_count()],
            reached: Vec::new(),
            lane_of: vec![NO_LANE; graph.node_count()],
            sums: Sums::default(),
            totals: [0; LANES],
        }
    }

    /// Lets the components of some identities walk, a lane each.
    fn run(&mut self, batch: &[&[(u32, NodeId)]], found: &mut Found) {
        for (number, group) in (0..).zip(batch) {
            if let Some((component, _)) = group.first() {
                self.walk.arrive(*component, lane(usize::from(number)));
            }
            group.iter().for_each(|(_, node)| self.set_lane(*node, number));
        }
        self.walk.run(self.components);
        self.sum_up(&mut found.numerators);
        self.expose(batch, &mut found.exposure);
        for (group, total) in batch.iter().zip(&mut self.totals) {
            for (_, node) in *group {
                if let Some(numerator) = found.numerators.get_mut(node.0 as usize) {
                    // What it loses with itself was put there.
                    *numerator = total.saturating_sub(*numerator);
                }
            }
            *total = 0;
        }
        batch.iter().flat_map(|group| *group).for_each(|(_, node)| self.set_lane(*node, NO_LANE));
        self.walk.clear();
    }

    fn set_lane(&mut self, node: NodeId, lane: u16) {
        if let Some(place) = self.lane_of.get_mut(node.0 as usize) {
            *place = lane;
        }
    }

    /// Adds up what is reached, the best first: what is reached better already adds nothing.
    fn sum_up(&mut self, own: &mut [u64]) {
        let came = std::mem::take(&mut self.walk.came);
        for best in best_first() {
            for (layer, came) in came.iter().enumerate() {
                for class in classes(best, layer) {
                    self.cover_all(came, class, best, own);
                }
            }
            if !self.sums.is_empty() {
                for (number, total) in self.totals.iter_mut().enumerate() {
                    *total += self.sums.of(number) * u64::from(best.eightieths());
                }
                self.sums.clear();
            }
        }
        self.walk.came = came;
    }

    fn cover_all(&mut self, came: &[(u32, Mask)], class: usize, best: Best, own: &mut [u64]) {
        let components = self.components;
        let Some(targets) = components.targets.get(class).filter(|targets| !targets.is_empty()) else {
            return;
        };
        for (component, mask) in came {
            targets.of(*component).iter().for_each(|target| self.cover(*target, *mask, best, own));
        }
    }

    fn cover(&mut self, target: NodeId, mask: Mask, best: Best, own: &mut [u64]) {
        let at = target.0 as usize;
        let Some(covered) = self.covered.get_mut(at) else { return };
        let new = without(mask, *covered);
        if is_empty(new) {
            return;
        }
        if is_empty(*covered) {
            self.reached.push(target);
        }
        *covered = union(*covered, new);
        let weight = self.weights.of(target);
        self.sums.add(new, weight);
        let itself =
            self.lane_of.get(at).is_some_and(|lane| *lane != NO_LANE && has(new, usize::from(*lane)));
        if let (true, Some(own)) = (itself, own.get_mut(at)) {
            *own = u64::from(weight) * u64::from(best.eightieths());
        }
    }

    /// Counts the identities that reach each target.
    fn expose(&mut self, batch: &[&[(u32, NodeId)]], exposure: &mut [u32]) {
        let crowds: Vec<(usize, &[(u32, NodeId)])> =
            batch.iter().copied().enumerate().filter(|(_, group)| group.len() > 1).collect();
        let crowded = crowds.iter().map(|(number, _)| lane(*number)).fold(EMPTY, union);
        for target in self.reached.drain(..) {
            let at = target.0 as usize;
            let Some(covered) = self.covered.get_mut(at).map(std::mem::take) else { continue };
            let single: u32 = without(covered, crowded).iter().map(|word| word.count_ones()).sum();
            let inside = crowds.iter().filter(|(number, _)| has(covered, *number));
            let inside: usize = inside.map(|(_, group)| group.len()).sum();
            let lane = self.lane_of.get(at).copied().unwrap_or(NO_LANE);
            let itself = u32::from(lane != NO_LANE && has(covered, usize::from(lane)));
            if let Some(exposure) = exposure.get_mut(at) {
                *exposure += single + u32::try_from(inside).unwrap_or(0) - itself;
            }
        }
    }
}

/// All that a best can be, from the best down.
pub(super) fn best_first() -> [Best; 4 * LAYERS] {
    let of = |number: usize| {
        let conditions = (0..=MAX_CONDITIONS).nth(number / 4).unwrap_or(MAX_CONDITIONS);
        Best { level: Level::ALL.get(number % 4).copied().unwrap_or(Level::List), conditions }
    };
    let mut all = std::array::from_fn(of);
    all.sort_unstable_by(|one, other| other.cmp(one));
    all
}

/// The classes of the steps that give this best after so many conditions.
fn classes(best: Best, layer: usize) -> impl Iterator<Item = usize> {
    let after = move |only_if: bool| (layer + usize::from(only_if)).min(LAYERS - 1);
    let gives = move |only_if: &bool| after(*only_if) == usize::from(best.conditions);
    [false, true].into_iter().filter(gives).map(move |only_if| class(best.level as usize, only_if))
}
