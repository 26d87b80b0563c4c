//! States that surely reach each other, as one; and the steps between these, each once.

use super::walk::LAYERS;
use crate::graph::{Admit, Hop, Lists, NodeId, State, States};

/// The components of the states that can be reached. What one surely leads to has a lower number.
pub(super) struct Components {
    /// Of each state; [`NONE`] for one that is not reached.
    pub(super) of: Vec<u32>,
    /// Where each surely leads.
    pub(super) sure: Lists<u32>,
    /// Where each leads if a condition holds.
    pub(super) only_if: Lists<u32>,
    /// The shown nodes to which steps lead, by what the step gives: see [`class`].
    pub(super) targets: [Lists<NodeId>; CLASSES],
    pub(super) count: usize,
}

/// More conditions than tell anything apart.
const FAR: u8 = u8::MAX;
/// No component.
pub(super) const NONE: u32 = u32::MAX;
/// Four levels, with and without a condition.
pub(super) const CLASSES: usize = 8;

/// Which of the lists of targets a hop belongs to.
pub(super) fn class(level: usize, only_if: bool) -> usize {
    2 * level + usize::from(only_if)
}

impl Components {
    /// The components of all states that can be reached from some.
    pub(super) fn new<A: Admit>(states: &States<'_, A>, starts: impl Iterator<Item = State>) -> Self {
        let mut search = Search::new(states);
        for start in starts {
            search.from(start);
        }
        let (of, members) = (search.component, search.members);
        let mut components = Self {
            of,
            sure: Lists::new(),
            only_if: Lists::new(),
            targets: std::array::from_fn(|_| Lists::new()),
            count: members.count(),
        };
        for number in (0..).take(components.count) {
            components.condense(states, number, members.of(number));
        }
        components
    }

    /// How many conditions it takes from each component to the one that leads to the most targets.
    pub(super) fn conditions_to_widest(&self) -> Vec<u8> {
        let mut conditions = vec![FAR; self.count];
        let width = |number: u32| self.targets.iter().map(|targets| targets.of(number).len()).sum::<usize>();
        let widest = (0..).take(self.count).max_by_key(|number| width(*number));
        if let Some(own) = widest.and_then(|widest| conditions.get_mut(widest as usize)) {
            *own = 0;
        }
        // What one surely leads to comes before it, so that each round takes one condition more.
        for _ in 0..LAYERS {
            for number in (0..).take(self.count) {
                let of = |next: &u32| conditions.get(*next as usize).copied().unwrap_or(FAR);
                let sure = self.sure.of(number).iter().map(of);
                let only_if = self.only_if.of(number).iter().map(|next| of(next).saturating_add(1));
                let best = sure.chain(only_if).min();
                if let (Some(best), Some(own)) = (best, conditions.get_mut(number as usize)) {
                    *own = best.min(*own);
                }
            }
        }
        conditions
    }

    /// The steps of the members of a component, each once and only if no other is as good.
    fn condense<A: Admit>(&mut self, states: &States<'_, A>, number: u32, members: &[State]) {
        let (mut sure, mut only_if, mut hops) = (Vec::new(), Vec::new(), Vec::<Hop>::new());
        for step in members.iter().flat_map(|member| states.steps(*member)) {
            if !step.passage {
                hops.push(step.hop);
            }
            let Some(next) = step.next.and_then(|next| self.of.get(next as usize)) else { continue };
            if *next != number {
                if step.hop.only_if() { only_if.push(*next) } else { sure.push(*next) }
            }
        }
        for (list, mut found) in [(&mut self.sure, sure), (&mut self.only_if, only_if)] {
            found.sort_unstable();
            found.dedup();
            found.into_iter().for_each(|next| list.push(next));
            list.end();
        }
        hops.sort_unstable();
        for same in hops.chunk_by(|one, other| one.node() == other.node()) {
            // The levels fall: the first sure one is the last that can be of use, and of those before it, the first is.
            let sure = same.iter().find(|hop| !hop.only_if());
            let perhaps = same.first().filter(|hop| hop.only_if());
            for hop in sure.into_iter().chain(perhaps) {
                if let Some(list) = self.targets.get_mut(class(hop.level() as usize, hop.only_if())) {
                    list.push(hop.node());
                }
            }
        }
        self.targets.iter_mut().for_each(Lists::end);
    }
}

/// Tarjan's algorithm, with a stack of its own: a chain of a million roles is no deeper than one of two.
struct Search<'a, A> {
    states: &'a States<'a, A>,
    component: Vec<u32>,
    /// When each state was come to, from 1.
    order: Vec<u32>,
    /// The earliest state that each is known to reach back to.
    low: Vec<u32>,
    clock: u32,
    path: Vec<(State, usize)>,
    pending: Vec<State>,
    members: Lists<State>,
}

impl<'a, A: Admit> Search<'a, A> {
    fn new(states: &'a States<'a, A>) -> Self {
        let count = states.count();
        Self {
            states,
            component: vec![NONE; count],
            order: vec![0; count],
            low: vec![0; count],
            clock: 0,
            path: Vec::new(),
            pending: Vec::new(),
            members: Lists::new(),
        }
    }

    fn from(&mut self, start: State) {
        let mut starts = vec![start];
        while let Some(start) = starts.pop() {
            self.enter(start);
            while let Some((state, at)) = self.path.pop() {
                let Some(step) = self.states.step(state, at) else {
                    self.leave(state);
                    continue;
                };
                self.path.push((state, at + 1));
                match step.next.map(|next| (step, next)) {
                    // It makes no component, but what lies behind it is reached.
                    Some((step, next)) if step.hop.only_if() => starts.push(next),
                    Some((_, next)) if !self.enter(next) => self.lower(state, self.order_if_pending(next)),
                    _ => {}
                }
            }
        }
    }

    /// Begins with a state; `false` if it was come to before.
    fn enter(&mut self, state: State) -> bool {
        let at = state as usize;
        let (Some(order), Some(low)) = (self.order.get_mut(at), self.low.get_mut(at)) else { return false };
        if *order != 0 {
            return false;
        }
        self.clock += 1;
        (*order, *low) = (self.clock, self.clock);
        self.pending.push(state);
        self.path.push((state, 0));
        true
    }

    fn order_if_pending(&self, state: State) -> u32 {
        let at = state as usize;
        let pending = self.component.get(at) == Some(&NONE);
        if pending { self.order.get(at).copied().unwrap_or(NONE) } else { NONE }
    }

    fn lower(&mut self, state: State, reached: u32) {
        if let Some(low) = self.low.get_mut(state as usize) {
            *low = reached.min(*low);
        }
    }

    /// Ends with a state, all of whose steps were taken.
    fn leave(&mut self, state: State) {
        let at = state as usize;
        let low = self.low.get(at).copied().unwrap_or(0);
        if let Some((before, _)) = self.path.last() {
            self.lower(*before, low);
        }
        if self.order.get(at) != Some(&low) {
            return;
        }
        let number = u32::try_from(self.members.count()).unwrap_or(NONE);
        while let Some(member) = self.pending.pop() {
            if let Some(component) = self.component.get_mut(member as usize) {
                *component = number;
            }
            self.members.push(member);
            if member == state {
                break;
            }
        }
        self.members.end();
    }
}
