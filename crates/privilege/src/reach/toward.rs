//! The way from every node to a target, or to the nearest of several, found once for all of them.

use std::collections::VecDeque;

use super::MAX_CONDITIONS;
use crate::graph::{Admit, Edge, Filter, Graph, Level, NodeId};

/// For each node the first edge of its best way to control a target: with the fewest conditions, and of those the
/// fewest hops. It takes one walk over the edges that lead there, and not one for each node.
#[derive(Clone, Debug)]
pub struct Toward {
    next: Vec<Option<Edge>>,
    /// How many conditions and hops each way has.
    costs: Vec<(u8, u32)>,
}

impl Toward {
    /// The ways to a target.
    #[must_use]
    pub fn new(graph: &Graph, target: NodeId, filter: &Filter) -> Self {
        Self::any_of(graph, vec![target], filter)
    }

    /// The ways to whichever of some targets is nearest.
    #[must_use]
    pub fn any_of(graph: &Graph, targets: Vec<NodeId>, filter: &Filter) -> Self {
        let count = graph.node_count();
        let mut toward = Self { next: vec![None; count], costs: vec![NOT_YET; count] };
        for target in &targets {
            if let Some(own) = toward.costs.get_mut(target.0 as usize) {
                *own = (0, 0);
            }
        }
        let mut layer = targets;
        for conditions in 0..=MAX_CONDITIONS {
            layer = toward.layer((graph, filter), conditions, layer);
        }
        toward
    }

    /// Goes back from where so many conditions lead, and gives where one more does.
    fn layer(
        &mut self,
        (graph, filter): (&Graph, &Filter),
        conditions: u8,
        begin: Vec<NodeId>,
    ) -> Vec<NodeId> {
        let mut later = Vec::new();
        let mut open: VecDeque<NodeId> = begin.into();
        while let Some(node) = open.pop_front() {
            let Some((_, hops)) = self.costs.get(node.0 as usize).copied().filter(|own| own.0 == conditions)
            else {
                // By then a way with fewer conditions was found.
                continue;
            };
            let passage = graph.node(node).is_some_and(|node| node.passage);
            for edge in graph.edges_to(node) {
                let leads = edge.level == Level::Control && filter.edge(edge.id) && filter.node(edge.from);
                let cost = (conditions + u8::from(edge.only_if), hops + u32::from(!passage));
                if !leads || !self.improve(edge, cost) {
                    continue;
                }
                match (edge.only_if, passage) {
                    (true, _) => later.push(edge.from),
                    (false, true) => open.push_front(edge.from),
                    (false, false) => open.push_back(edge.from),
                }
            }
        }
        later
    }

    /// Takes an edge where the way by it is better.
    fn improve(&mut self, edge: Edge, cost: (u8, u32)) -> bool {
        let at = edge.from.0 as usize;
        let (Some(own), Some(next)) = (self.costs.get_mut(at), self.next.get_mut(at)) else { return false };
        let better = cost < *own;
        if better {
            (*own, *next) = (cost, Some(edge));
        }
        better
    }

    /// How many conditions the way from a node has; `None` when there is no way, or only one with too many. The target
    /// has none.
    #[must_use]
    pub fn conditions(&self, from: NodeId) -> Option<u8> {
        let (conditions, _) = self.costs.get(from.0 as usize).copied()?;
        (conditions <= MAX_CONDITIONS).then_some(conditions)
    }

    /// The way from a node, edge by edge.
    pub fn way(&self, from: NodeId) -> impl Iterator<Item = Edge> + '_ {
        let next = |node: NodeId| self.next.get(node.0 as usize).copied().flatten();
        std::iter::successors(next(from), move |edge| next(edge.to))
    }
}

const NOT_YET: (u8, u32) = (u8::MAX, u32::MAX);
