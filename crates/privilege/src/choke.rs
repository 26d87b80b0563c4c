//! Through which few nodes and edges all ways to the top tier lead, and what cutting each would save.
//!
//! A node of the top tier is reached where the step to it is enough for it to open. Its nodes are joined in one sink;
//! the dominator tree of the reversed graph, rooted there, tells of every node exactly which identities have no other
//! way. So it does of every edge: an edge is a choke point if all other edges of its node only lead back to it.

mod dominators;
mod live;

use fixedbitset::FixedBitSet;

use self::dominators::Tree;
use self::live::{Live, SINK};
use crate::blast::{Blast, Weights};
use crate::graph::{All, Change, Edge, Filter, Graph, GraphError, NodeId};

/// Where ways can be cut.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Point {
    /// At an edge.
    Edge(Edge),
    /// At a node; a passage stands for the one statement that opens it.
    Node(NodeId),
}

/// A point that some identities cannot go around.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Choke {
    /// The point.
    pub point: Point,
    /// How many identities have no way to the top tier without it; the node itself is not counted.
    pub cut_off: u32,
}

/// The choke points of a graph.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Chokes {
    /// How many identities have a way to the top tier, and do not belong to it.
    pub exposed: u32,
    /// What cuts off at least one of them, most first, edges before nodes.
    pub points: Vec<Choke>,
}

/// What is gained by a cut.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Saved {
    /// How many identities reach less.
    pub identities: u32,
    /// By how much the numerators of their blast radii fall, in all.
    pub numerator: u64,
}

/// All choke points on the ways from some identities to the top tier.
#[must_use]
pub fn choke_points(graph: &Graph, identities: &FixedBitSet, top: &FixedBitSet, filter: &Filter) -> Chokes {
    let live = if filter.is_empty() {
        Live::new(graph, &All, identities, top)
    } else {
        Live::new(graph, filter, identities, top)
    };
    let ways = |vertex| live.ways(vertex).map(|way| way.to);
    let tree = Tree::new(live.forward.count(), SINK, ways, |vertex| live.back.of(vertex));
    let behind = tree.sums(|vertex| u32::from(live.is_counted(vertex)));
    let several = live.several(&tree);
    let among_several: FixedBitSet = several.iter().flatten().map(|vertex| *vertex as usize).collect();
    let mut points = Vec::new();
    for vertex in live.vertices().filter(|vertex| tree.contains(*vertex)) {
        if among_several.contains(vertex as usize) {
            continue;
        }
        let cut_off = behind.get(vertex as usize).copied().unwrap_or(0);
        let others = cut_off - u32::from(live.is_counted(vertex));
        points.push(Choke { point: Point::Node(live.node(vertex)), cut_off: others });
        let mut exits =
            live.ways(vertex).filter(|way| tree.contains(way.to) && !tree.is_below(way.to, vertex));
        if let (Some(way), None) = (exits.next(), exits.next())
            && let Some(edge) = live.edge(graph, vertex, way)
        {
            points.push(Choke { point: Point::Edge(edge), cut_off });
        }
    }
    points.extend(several.iter().flat_map(|vertices| live.chokes_at(graph, vertices)));
    points.retain(|choke| choke.cut_off > 0);
    points.sort_unstable_by_key(|choke| (std::cmp::Reverse(choke.cut_off), choke.point));
    Chokes { exposed: behind.get(SINK as usize).copied().unwrap_or(0), points }
}

/// What is gained where a point is cut: among all identities at an edge, among all others at a node. The blast radii are
/// those of the whole graph, by the same weights.
///
/// # Errors
/// The edge of the point is not one of the graph.
pub fn saved(graph: &Graph, weights: &Weights, before: &Blast, point: Point) -> Result<Saved, GraphError> {
    let removed = match point {
        // Where nobody comes to it, what it leads to is of no matter to others.
        Point::Node(node) => graph.edges_to(node).map(|edge| (edge.from, edge.id)).collect(),
        Point::Edge(edge) => vec![(edge.from, edge.id)],
    };
    let change = Change { removed, ..Change::default() };
    let graphs = (graph, &graph.changed(&change)?);
    let after = before.changed(graphs, &change, (weights, weights), &Filter::default());
    let falls =
        before.radii.iter().zip(&after.radii).map(|(before, after)| before.numerator - after.numerator);
    Ok(falls.filter(|fall| *fall > 0).fold(Saved::default(), |sum, fall| Saved {
        identities: sum.identities + 1,
        numerator: sum.numerator + fall,
    }))
}
