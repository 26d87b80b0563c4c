//! Where a path can be, if only the way on from there matters: at a shown node that leads on, or in a passage with a level.

use super::{Admit, EdgeId, Graph, Hop, Level, NodeId};

/// A shown node that leads on, by its number; then each passage four times, by level.
pub(crate) type State = u32;

/// A step, or the part of one that leads into a passage.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// The hop, with the level that the step has so far.
    pub(crate) hop: Hop,
    pub(crate) passage: bool,
    pub(crate) id: EdgeId,
    /// Where it leads on from.
    pub(crate) next: Option<State>,
}

/// The states of a graph. The steps between them are those of its rows, and are not stored again.
pub(crate) struct States<'a, A> {
    graph: &'a Graph,
    admit: &'a A,
    /// Of a node that is a passage: which.
    passage: Vec<u32>,
    passages: Vec<NodeId>,
}

const NONE: u32 = u32::MAX;

impl<'a, A: Admit> States<'a, A> {
    pub(crate) fn new(graph: &'a Graph, admit: &'a A) -> Self {
        let mut passage = vec![NONE; graph.node_count()];
        let mut passages = Vec::new();
        for (number, (id, node)) in passage.iter_mut().zip(graph.nodes()) {
            if node.passage {
                *number = u32::try_from(passages.len()).unwrap_or(NONE);
                passages.push(id);
            }
        }
        Self { graph, admit, passage, passages }
    }

    pub(crate) fn count(&self) -> usize {
        self.graph.node_count() + Level::ALL.len() * self.passages.len()
    }

    /// The state in which a path starts at a node.
    pub(crate) fn start(&self, node: NodeId) -> Option<State> {
        let there = self.graph.node(node).filter(|_| self.admit.node(node))?;
        Some(if there.passage { self.in_passage(node, Level::Control) } else { node.0 })
    }

    fn in_passage(&self, node: NodeId, level: Level) -> State {
        let number = self.passage.get(node.0 as usize).copied().unwrap_or(0);
        let shown = u32::try_from(self.graph.node_count()).unwrap_or(NONE);
        shown + 4 * number + level as u32
    }

    /// The node of a state, and the level that the step there has so far.
    pub(crate) fn place(&self, state: State) -> (NodeId, Level) {
        let Some(passage) = (state as usize).checked_sub(self.graph.node_count()) else {
            return (NodeId(state), Level::Control);
        };
        let node = self.passages.get(passage / 4).copied().unwrap_or_default();
        (node, Level::ALL.get(passage % 4).copied().unwrap_or(Level::List))
    }

    /// Whether more than so many steps lead from a state.
    pub(crate) fn is_wide(&self, state: State, steps: usize) -> bool {
        self.graph.row_from(self.place(state).0).hops.len() > steps
    }

    /// The step at a place of the row of a state; one that the filter leaves out leads nowhere on.
    pub(crate) fn step(&self, state: State, at: usize) -> Option<Step> {
        let (node, level) = self.place(state);
        let row = self.graph.row_from(node);
        let (hop, id) = (*row.hops.get(at)?, *row.ids.get(at)?);
        let step = self.of(hop, id, level);
        Some(if self.admits(hop, id) { step } else { Step { next: None, ..step } })
    }

    fn admits(&self, hop: Hop, id: EdgeId) -> bool {
        A::ALL || (self.admit.edge(id) && self.admit.node(hop.node()))
    }

    /// All steps from a state.
    pub(crate) fn steps(&self, state: State) -> impl Iterator<Item = Step> + '_ {
        let (node, level) = self.place(state);
        let admitted = self.graph.row_from(node).edges().filter(|(hop, id)| self.admits(*hop, *id));
        admitted.map(move |(hop, id)| self.of(hop, id, level))
    }

    fn of(&self, hop: Hop, id: EdgeId, level: Level) -> Step {
        if hop.is_plain() && level == Level::Control {
            return Step { hop, id, passage: false, next: Some(hop.node().0) };
        }
        let level = level.min(hop.level());
        let hop = hop.with_level(level);
        let Some(node) = self.graph.node(hop.node()) else {
            return Step { hop, id, passage: false, next: None };
        };
        let next = if node.passage {
            Some(self.in_passage(hop.node(), level))
        } else {
            (level >= node.opens).then_some(hop.node().0)
        };
        Step { hop, id, passage: node.passage, next }
    }
}
