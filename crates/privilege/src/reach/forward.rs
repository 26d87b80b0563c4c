//! All that a node reaches: one walk, in as many layers as there can be conditions.

use fixedbitset::FixedBitSet;

use super::{Best, MAX_CONDITIONS};
use crate::graph::{Admit, All, Filter, Graph, Hop, Level, Node, NodeId};

/// All that a node reaches; the node itself and passages are not among it.
#[derive(Clone, Debug)]
pub struct Reached {
    source: NodeId,
    /// Ordinary nodes under control.
    controlled: FixedBitSet,
    /// Nodes that have a mark. All others that are reached are controlled without a condition.
    marked: FixedBitSet,
    marks: Vec<Mark>,
}

/// The best rank so far, and below it the best level so far, from 1.
type Mark = u16;

const LEVEL_BITS: u32 = 3;
const FULL: Best = Best { level: Level::Control, conditions: 0 };

/// Walks from a node over all of the graph that the filter leaves.
#[must_use]
pub fn reach(graph: &Graph, source: NodeId, filter: &Filter) -> Reached {
    if filter.is_empty() { walk(graph, source, &All) } else { walk(graph, source, filter) }
}

impl Reached {
    /// How well a node is reached, if it is.
    #[must_use]
    pub fn best(&self, node: NodeId) -> Option<Best> {
        let at = node.0 as usize;
        if node == self.source {
            None
        } else if self.marked.contains(at) {
            self.marks.get(at).and_then(|mark| Best::of_rank(mark >> LEVEL_BITS))
        } else {
            self.controlled.contains(at).then_some(FULL)
        }
    }

    /// All that is reached, by number.
    pub fn iter(&self) -> impl Iterator<Item = (NodeId, Best)> + '_ {
        let nodes = self.controlled.union(&self.marked).filter_map(|at| u32::try_from(at).ok());
        nodes.map(NodeId).filter_map(|node| Some((node, self.best(node)?)))
    }

    /// How many nodes are reached.
    #[must_use]
    pub fn count(&self) -> usize {
        let itself = self.source.0 as usize;
        let counted = self.controlled.contains(itself) || self.marked.contains(itself);
        self.controlled.union_count(&self.marked) - usize::from(counted)
    }
}

fn walk<A: Admit>(graph: &Graph, source: NodeId, admit: &A) -> Reached {
    let nodes = graph.node_count();
    let reached = Reached {
        source,
        controlled: FixedBitSet::with_capacity(nodes),
        marked: FixedBitSet::with_capacity(nodes),
        marks: vec![0; nodes],
    };
    let mut walk =
        Walk { graph, admit, reached, layer: 0, open: Vec::new(), passages: Vec::new(), later: Vec::new() };
    walk.start(source);
    walk.layer();
    walk.settle();
    while walk.layer < MAX_CONDITIONS && !walk.later.is_empty() {
        walk.layer += 1;
        for (hop, level) in std::mem::take(&mut walk.later) {
            walk.arrive(hop, level);
        }
        walk.layer();
    }
    walk.reached
}

struct Walk<'a, A> {
    graph: &'a Graph,
    admit: &'a A,
    reached: Reached,
    /// How many conditions the paths have that are walked now.
    layer: u8,
    /// Shown nodes from which paths lead on.
    open: Vec<NodeId>,
    /// Passages, and the level that the step into them has so far.
    passages: Vec<(NodeId, Level)>,
    /// Where steps with a condition lead.
    later: Vec<(Hop, Level)>,
}

/// So many rows are fetched before the first is looked at: the waits for memory then overlap.
const BLOCK: usize = 64;

impl<A: Admit> Walk<'_, A> {
    fn start(&mut self, source: NodeId) {
        let Some(node) = self.graph.node(source).filter(|_| self.admit.node(source)) else { return };
        if node == Node::SHOWN {
            self.reached.controlled.insert(source.0 as usize);
        } else if let Some(mark) = self.reached.marks.get_mut(source.0 as usize) {
            *mark = Level::Control as Mark + 1;
        }
        self.open.push(source);
    }

    /// Walks all that is open, without a further condition.
    fn layer(&mut self) {
        let mut hops = Vec::new();
        let mut from = 0;
        loop {
            let to = self.open.len().min(from + BLOCK);
            if from < to {
                self.block(from..to, &mut hops);
                from = to;
            } else if let Some((passage, level)) = self.passages.pop() {
                self.pass(passage, level);
            } else {
                break;
            }
        }
        self.open.clear();
    }

    fn block(&mut self, block: std::ops::Range<usize>, hops: &mut Vec<Hop>) {
        if !A::ALL {
            return self.admitted(block);
        }
        let mut rows = [[].as_slice(); BLOCK];
        for (row, node) in rows.iter_mut().zip(self.open.get(block).unwrap_or_default()) {
            *row = self.graph.row_from(*node).hops;
        }
        hops.clear();
        for row in rows {
            hops.extend_from_slice(row);
        }
        if self.layer == 0 {
            hops.iter().for_each(|hop| self.glance(*hop));
        } else {
            hops.iter().for_each(|hop| self.step(*hop, Level::Control));
        }
    }

    /// The same, where each edge is asked for.
    fn admitted(&mut self, block: std::ops::Range<usize>) {
        for at in block {
            let Some(node) = self.open.get(at) else { return };
            self.pass(*node, Level::Control);
        }
    }

    fn pass(&mut self, node: NodeId, level: Level) {
        for (hop, id) in self.graph.row_from(node).edges() {
            if A::ALL || self.admit.edge(id) {
                self.step(hop, level);
            }
        }
    }

    /// A hop of the first layer: nearly all are plain, and lead where one has been.
    fn glance(&mut self, hop: Hop) {
        if !hop.is_plain() {
            self.step(hop, Level::Control);
        } else if !self.reached.controlled.put(hop.node().0 as usize) {
            self.open.push(hop.node());
        }
    }

    fn step(&mut self, hop: Hop, level: Level) {
        let level = level.min(hop.level());
        if hop.only_if() && self.layer < MAX_CONDITIONS {
            self.later.push((hop, level));
        } else {
            self.arrive(hop, level);
        }
    }

    fn arrive(&mut self, hop: Hop, level: Level) {
        let at = hop.node().0 as usize;
        if self.reached.controlled.contains(at) || !(A::ALL || self.admit.node(hop.node())) {
            return;
        }
        let Some(mark) = self.reached.marks.get_mut(at) else { return };
        let (before, after) = (*mark & ((1 << LEVEL_BITS) - 1), level as Mark + 1);
        if after <= before {
            return;
        }
        let rank = Best { level, conditions: self.layer }.rank().max(*mark >> LEVEL_BITS);
        *mark = (rank << LEVEL_BITS) | after;
        if !hop.is_special() {
            self.reached.marked.insert(at);
            if level == Level::Control {
                self.reached.controlled.insert(at);
                self.open.push(hop.node());
            }
            return;
        }
        match self.graph.node(hop.node()) {
            Some(node) if node.passage => self.passages.push((hop.node(), level)),
            Some(node) => {
                self.reached.marked.insert(at);
                let opens = node.opens as Mark + 1;
                if before < opens && opens <= after {
                    self.open.push(hop.node());
                }
            }
            None => {}
        }
    }

    /// What a glance of the first layer found to be controlled is so without a condition, whatever it was marked before.
    fn settle(&mut self) {
        let reached = &mut self.reached;
        for at in reached.controlled.intersection(&reached.marked) {
            if let Some(mark) = reached.marks.get_mut(at) {
                *mark = FULL.rank() << LEVEL_BITS;
            }
        }
    }
}
