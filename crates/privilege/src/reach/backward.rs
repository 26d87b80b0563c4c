//! All that reach a node.

use super::{Best, MAX_CONDITIONS};
use crate::graph::{Admit, Filter, Graph, Level, NodeId};

/// Who reaches a node, and how well, by number; the node itself and passages are not among them.
#[must_use]
pub fn sources(graph: &Graph, target: NodeId, filter: &Filter) -> Vec<(NodeId, Best)> {
    if graph.node(target).is_none() || !filter.node(target) {
        return Vec::new();
    }
    let mut ranks = vec![0; graph.node_count()];
    for level in Level::ALL {
        let mut walk = Walk {
            graph,
            filter,
            level,
            layer: 0,
            needs: vec![NOT_YET; graph.node_count()],
            ranks: &mut ranks,
            open: vec![(target, level)],
            later: Vec::new(),
        };
        walk.all();
    }
    let found = (0..).map(NodeId).zip(ranks).filter(|(node, _)| *node != target);
    found.filter_map(|(node, rank)| Some((node, Best::of_rank(rank)?))).collect()
}

/// The paths whose last step gives at least one level.
struct Walk<'a> {
    graph: &'a Graph,
    filter: &'a Filter,
    level: Level,
    layer: u8,
    /// The lowest level that sufficed at a node so far.
    needs: Vec<u8>,
    ranks: &'a mut [u16],
    /// Nodes at which steps of at least that level are looked for.
    open: Vec<(NodeId, Level)>,
    later: Vec<(NodeId, Level)>,
}

const NOT_YET: u8 = u8::MAX;

impl Walk<'_> {
    fn all(&mut self) {
        loop {
            while let Some((node, need)) = self.open.pop() {
                self.step_back(node, need);
            }
            if self.later.is_empty() {
                return;
            }
            self.layer += 1;
            for (node, need) in std::mem::take(&mut self.later) {
                self.arrive(node, need);
            }
        }
    }

    fn step_back(&mut self, node: NodeId, need: Level) {
        for (hop, id) in self.graph.row_to(node).edges() {
            if hop.level() < need || !self.filter.edge(id) {
                continue;
            }
            if hop.only_if() && self.layer < MAX_CONDITIONS {
                self.later.push((hop.node(), need));
            } else {
                self.arrive(hop.node(), need);
            }
        }
    }

    /// Comes to a node from which a step of a level leads on.
    fn arrive(&mut self, at: NodeId, need: Level) {
        let (Some(node), true) = (self.graph.node(at), self.filter.node(at)) else { return };
        let need = if node.passage { need } else { node.opens };
        let (Some(before), Some(rank)) =
            (self.needs.get_mut(at.0 as usize), self.ranks.get_mut(at.0 as usize))
        else {
            return;
        };
        if *before <= need as u8 {
            return;
        }
        *before = need as u8;
        if !node.passage {
            *rank = (*rank).max(Best { level: self.level, conditions: self.layer }.rank());
        }
        self.open.push((at, need));
    }
}
