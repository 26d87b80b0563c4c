//! All that reach a node.

use super::{Best, MAX_CONDITIONS};
use crate::graph::{Admit, Filter, Graph, Level, NodeId};

/// Who reaches a node, and how well, by number; the node itself and passages are not among them.
#[must_use]
pub fn sources(graph: &Graph, target: NodeId, filter: &Filter) -> Vec<(NodeId, Best)> {
    let ways = ways(graph, target, filter);
    let others = ways.into_iter().filter(|(node, _)| *node != target);
    others.filter_map(|(node, ways)| Some((node, best(ways)?))).collect()
}

/// By level: 0 if no path has a last step of at least that level, or else one more than the fewest conditions of one.
type Ways = [u8; Level::ALL.len()];

fn best(ways: Ways) -> Option<Best> {
    let of = |(level, layer): (Level, u8)| Some(Best { level, conditions: layer.checked_sub(1)? });
    Level::ALL.into_iter().zip(ways).filter_map(of).max()
}

/// The shown nodes that reach a node, by number, and in which ways.
fn ways(graph: &Graph, target: NodeId, filter: &Filter) -> Vec<(NodeId, Ways)> {
    if graph.node(target).is_none() || !filter.node(target) {
        return Vec::new();
    }
    let mut ways = vec![[0; Level::ALL.len()]; graph.node_count()];
    let mut reached = Vec::new();
    for level in Level::ALL {
        let mut walk = Walk {
            graph,
            filter,
            level,
            layer: 0,
            needs: vec![NOT_YET; graph.node_count()],
            ways: &mut ways,
            reached: &mut reached,
            open: vec![(target, level)],
            later: Vec::new(),
        };
        walk.all();
    }
    reached.sort_unstable();
    let way = |node: NodeId| ways.get(node.0 as usize).copied().unwrap_or_default();
    reached.into_iter().map(|node| (node, way(node))).collect()
}

/// The paths whose last step gives at least one level.
struct Walk<'a> {
    graph: &'a Graph,
    filter: &'a Filter,
    level: Level,
    layer: u8,
    /// The lowest level that sufficed at a node so far, from 1.
    needs: Vec<u8>,
    ways: &'a mut [Ways],
    reached: &'a mut Vec<NodeId>,
    /// Nodes at which steps of at least that level are looked for.
    open: Vec<(NodeId, Level)>,
    later: Vec<(NodeId, Level)>,
}

const NOT_YET: u8 = 0;

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
        let number = at.0 as usize;
        let (Some(before), Some(ways)) = (self.needs.get_mut(number), self.ways.get_mut(number)) else {
            return;
        };
        let after = need as u8 + 1;
        if *before != NOT_YET && *before <= after {
            return;
        }
        *before = after;
        if !node.passage {
            if *ways == Ways::default() {
                self.reached.push(at);
            }
            if let Some(way) = ways.get_mut(self.level as usize) {
                *way = self.layer + 1;
            }
        }
        self.open.push((at, need));
    }
}
