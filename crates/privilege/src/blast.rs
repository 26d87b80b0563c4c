//! Blast radius: how much of everything would be lost with one identity. Exposure: through how many one target would.
//!
//! The blast radius of a node is the sum, over all others, of their weight times how well it reaches them
//! ([`Best`]), as a share of the sum of their weights. It can only fall where an edge, a permission
//! or a weight goes, and is 100 % for who controls everything.
//!
//! All are worked out together. Nodes that surely reach each other reach the same, and are one component; 256
//! components walk the graph at a time, a bit each, and what they reach is summed by the bit. So equal parts of their
//! ways are walked once, however large. A handful walks the graph as it is. Memory stays within a few words for each node and edge. Time is at worst that of one
//! walk over all edges for 256 components: a graph without cycles, of which everything reaches half, is the worst.

mod components;
mod concerned;
mod few;
mod sum;
mod sweep;
mod update;
mod walk;

use fixedbitset::FixedBitSet;

use self::few::{FEW, few};
use self::sweep::Found;
use crate::graph::{Admit, All, Filter, Graph, NodeId};
use crate::reach::{Best, Reached};

/// What each node weighs, and which of them are identities.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Weights {
    /// By number of the node: 1 for most, more for what is worth more. Passages weigh nothing, whatever stands here.
    pub weights: Vec<u32>,
    /// Whose blast radius is asked for, and who counts in exposure.
    pub identities: FixedBitSet,
}

/// The blast radius of a node.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Radius {
    /// Weight times how well it is reached, in eightieths, summed over all others.
    pub numerator: u64,
    /// The same if all others were controlled.
    pub whole: u64,
}

impl Radius {
    /// The share, in thousandths of a percent, rounded down.
    #[must_use]
    pub fn millipercent(self) -> u32 {
        let share = u128::from(self.numerator) * 100_000 / u128::from(self.whole.max(1));
        u32::try_from(share).unwrap_or(100_000)
    }
}

/// Blast radius and exposure, by number of the node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Blast {
    /// Of each identity; nothing for all other nodes.
    pub radii: Vec<Radius>,
    /// How many other identities reach each node.
    pub exposure: Vec<u32>,
}

/// The blast radius of all identities, and the exposure of all nodes.
#[must_use]
pub fn blast(graph: &Graph, weights: &Weights, filter: &Filter) -> Blast {
    let found = if filter.is_empty() { found(graph, &All, weights) } else { found(graph, filter, weights) };
    let whole = whole(graph, weights);
    let radius = |(node, numerator): (NodeId, u64)| {
        let counted = weights.identities.contains(node.0 as usize);
        let whole = whole.saturating_sub(full(graph, weights, node));
        if counted { Radius { numerator, whole } } else { Radius::default() }
    };
    let radii = (0..).map(NodeId).zip(found.numerators).map(radius).collect();
    Blast { radii, exposure: found.exposure }
}

fn found<A: Admit>(graph: &Graph, admit: &A, weights: &Weights) -> Found {
    let count = weights.identities.count_ones(..);
    if count <= FEW && count <= graph.node_count() / 4 {
        few(graph, admit, weights)
    } else {
        sweep::all(graph, admit, weights)
    }
}

/// The blast radius of one node, from what it reaches.
#[must_use]
pub fn radius(graph: &Graph, weights: &Weights, source: NodeId, reached: &Reached) -> Radius {
    let numerator = reached.iter().map(|(node, best)| loss(weights, node, best)).sum();
    Radius { numerator, whole: whole(graph, weights).saturating_sub(full(graph, weights, source)) }
}

/// The targets that make up most of a blast radius, with what each adds to its numerator, largest first.
#[must_use]
pub fn heaviest(weights: &Weights, reached: &Reached, count: usize) -> Vec<(NodeId, Best, u64)> {
    let mut losses: Vec<_> =
        reached.iter().map(|(node, best)| (node, best, loss(weights, node, best))).collect();
    let order = |(node, _, loss): &(NodeId, Best, u64)| (std::cmp::Reverse(*loss), *node);
    if losses.len() > count && count > 0 {
        losses.select_nth_unstable_by_key(count - 1, order);
    }
    losses.truncate(count);
    losses.sort_unstable_by_key(order);
    losses
}

fn loss(weights: &Weights, node: NodeId, best: Best) -> u64 {
    u64::from(weights.of(node)) * u64::from(best.eightieths())
}

/// What is lost with control over a node; nothing with a passage.
fn full(graph: &Graph, weights: &Weights, node: NodeId) -> u64 {
    let shown = graph.node(node).is_some_and(|node| !node.passage);
    if shown { u64::from(weights.of(node)) * 80 } else { 0 }
}

fn whole(graph: &Graph, weights: &Weights) -> u64 {
    graph.nodes().map(|(node, _)| full(graph, weights, node)).sum()
}

impl Weights {
    fn of(&self, node: NodeId) -> u32 {
        self.weights.get(node.0 as usize).copied().unwrap_or(0)
    }
}
