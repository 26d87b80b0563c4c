//! A few identities walk the graph at once, a bit each, without finding out first which states surely reach each other:
//! for a handful that would take longer than their walk.

use fixedbitset::FixedBitSet;

use super::Weights;
use super::sweep::{Found, best_first};
use super::walk::LAYERS;
use crate::graph::{Admit, Graph, Hop, Level, NodeId, State, States};
use crate::reach::Best;

/// So many identities are few: two walks.
pub(super) const FEW: usize = 2 * LANES;
const LANES: usize = 64;
/// Nothing is better, and all else waits for it.
const BEST: Best = Best { level: Level::Control, conditions: 0 };

/// The numerators of some identities, and through how many of them each node could be lost.
pub(super) fn few<A: Admit>(graph: &Graph, admit: &A, weights: &Weights) -> Found {
    let states = States::new(graph, admit);
    let identities = weights.identities.ones().filter_map(|at| u32::try_from(at).ok()).map(NodeId);
    let starts: Vec<(NodeId, State)> =
        identities.filter_map(|node| Some((node, states.start(node)?))).collect();
    let mut found = Found { numerators: vec![0; graph.node_count()], exposure: vec![0; graph.node_count()] };
    for batch in starts.chunks(LANES) {
        let mut walk = Walk::new(&states, weights, batch);
        walk.all();
        walk.tell(&mut found);
    }
    found
}

struct Walk<'a, A> {
    states: &'a States<'a, A>,
    weights: &'a Weights,
    /// By state: who came to it.
    seen: Vec<u64>,
    /// By state: who came to it and has not gone on.
    waiting: Vec<u64>,
    open: Vec<State>,
    /// Open states with many steps, which are taken once all others are: most who come there have come by then.
    wide: Vec<State>,
    /// Where steps with a condition lead.
    later: Vec<(State, u64)>,
    /// By target: who reaches it.
    covered: Vec<u64>,
    /// What is reached, by how well: the best is covered at once.
    reached: [Vec<(NodeId, u64)>; 4 * LAYERS],
    /// By level and conditions: the place of that best among all, from the best down.
    places: [[usize; LAYERS]; 4],
    /// Who walks, by lane, and at which nodes somebody does.
    walkers: &'a [(NodeId, State)],
    own: FixedBitSet,
    totals: [u64; LANES],
}

/// A state with more steps is wide.
const WIDE: usize = 256;

impl<'a, A: Admit> Walk<'a, A> {
    fn new(states: &'a States<'a, A>, weights: &'a Weights, batch: &'a [(NodeId, State)]) -> Self {
        let mut walk = Self {
            states,
            weights,
            seen: vec![0; states.count()],
            waiting: vec![0; states.count()],
            open: Vec::new(),
            wide: Vec::new(),
            later: Vec::new(),
            covered: vec![0; states.count()],
            reached: std::array::from_fn(|_| Vec::new()),
            places: places(),
            walkers: batch,
            own: batch.iter().map(|(node, _)| node.0 as usize).collect(),
            totals: [0; LANES],
        };
        for (lane, (_, start)) in batch.iter().enumerate() {
            walk.arrive(*start, 1 << lane);
        }
        walk
    }

    fn all(&mut self) {
        for layer in 0..LAYERS {
            for (state, mask) in std::mem::take(&mut self.later) {
                self.arrive(state, mask);
            }
            while let Some(state) = self.open.pop().or_else(|| self.wide.pop()) {
                self.go_on(state, layer);
            }
        }
        for (best, reached) in best_first().into_iter().zip(std::mem::take(&mut self.reached)) {
            for (target, mask) in reached {
                let gain = self.cover(target, mask, best);
                self.add(gain.0, gain.1);
            }
        }
    }

    fn arrive(&mut self, state: State, mask: u64) {
        let at = state as usize;
        let (Some(seen), Some(waiting)) = (self.seen.get_mut(at), self.waiting.get_mut(at)) else { return };
        let new = mask & !*seen;
        if new == 0 {
            return;
        }
        *seen |= new;
        let waits = std::mem::replace(waiting, *waiting | new) != 0;
        if !waits {
            let is_wide = self.states.is_wide(state, WIDE);
            if is_wide { self.wide.push(state) } else { self.open.push(state) }
        }
    }

    fn go_on(&mut self, state: State, layer: usize) {
        let Some(mask) = self.waiting.get_mut(state as usize).map(std::mem::take) else { return };
        let states = self.states;
        // What all of them gain.
        let mut gained = 0;
        for step in states.steps(state) {
            let only_if = step.hop.only_if();
            if !step.passage {
                let conditions = (layer + usize::from(only_if)).min(LAYERS - 1);
                gained += self.reach(step.hop, mask, conditions);
            }
            match step.next {
                Some(next) if only_if && layer < LAYERS - 1 => self.later.push((next, mask)),
                Some(next) => self.arrive(next, mask),
                None => {}
            }
        }
        self.add(mask, gained);
    }

    /// Takes in that some come to a target by a hop; what all of them gain. What only some do is added at once, and what
    /// could come in a better way waits.
    fn reach(&mut self, hop: Hop, mask: u64, conditions: usize) -> u64 {
        let of_level = self.places.get(hop.level() as usize);
        let place = of_level.and_then(|of_level| of_level.get(conditions)).copied().unwrap_or(0);
        if place > 0 {
            self.reached.get_mut(place).into_iter().for_each(|list| list.push((hop.node(), mask)));
            return 0;
        }
        let (new, gain) = self.cover(hop.node(), mask, BEST);
        if new == mask {
            return gain;
        }
        self.add(new, gain);
        0
    }

    /// Takes in that some reach a target, and none by a better way later; who of them gain by it, and how much.
    fn cover(&mut self, target: NodeId, mask: u64, best: Best) -> (u64, u64) {
        let at = target.0 as usize;
        let Some(covered) = self.covered.get_mut(at) else { return (0, 0) };
        let new = mask & !*covered;
        *covered |= new;
        if new == 0 {
            return (0, 0);
        }
        let gain = u64::from(self.weights.of(target)) * u64::from(best.eightieths());
        (new & !self.lane_at(at), gain)
    }

    /// The bit of who walks from a node: it loses nothing with itself.
    fn lane_at(&self, at: usize) -> u64 {
        let lane = || self.walkers.iter().position(|(node, _)| node.0 as usize == at);
        if self.own.contains(at) { lane().map_or(0, |lane| 1 << lane) } else { 0 }
    }

    fn add(&mut self, mask: u64, gain: u64) {
        let mut left = mask;
        while left != 0 && gain != 0 {
            if let Some(total) = self.totals.get_mut(left.trailing_zeros() as usize) {
                *total += gain;
            }
            left &= left - 1;
        }
    }
    /// Adds what was found.
    fn tell(&self, found: &mut Found) {
        for ((node, _), total) in self.walkers.iter().zip(self.totals) {
            if let Some(numerator) = found.numerators.get_mut(node.0 as usize) {
                *numerator = total;
            }
        }
        for ((at, covered), exposure) in self.covered.iter().enumerate().zip(&mut found.exposure) {
            if *covered != 0 {
                *exposure += (covered & !self.lane_at(at)).count_ones();
            }
        }
    }
}

fn places() -> [[usize; LAYERS]; 4] {
    let mut places = [[0; LAYERS]; 4];
    for (place, best) in best_first().into_iter().enumerate() {
        let of_level = places.get_mut(best.level as usize);
        if let Some(own) = of_level.and_then(|own| own.get_mut(usize::from(best.conditions))) {
            *own = place;
        }
    }
    places
}
