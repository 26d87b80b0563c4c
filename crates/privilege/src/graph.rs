//! A directed graph of who can become whom: nodes are dense numbers, and what they stand for is the caller's.
//!
//! - An edge has a level, what is gained over its target, and may hold only if a condition does.
//! - A node can be a *passage*, such as "every role of an account": a way between others, never a hop, and never a
//!   target. A step leads from one shown node to the next, through any number of passages; its level is the lowest
//!   of its edges.
//! - A path leads on from a node where the step to it has at least the level at which the node *opens*. Who may only
//!   list a role does not become it; who may read a secret has what the secret opens.
//!
//! Both directions lie in compressed rows. A change replaces the rows that it touches, in an overlay that is merged
//! into new rows once it holds a hundredth of the edges. A graph is a value: a changed one shares what is the same.

mod change;
mod filter;
mod lists;
mod rows;
mod states;

use std::sync::Arc;

use thiserror::Error;

pub use self::change::Change;
pub use self::filter::Filter;
pub(crate) use self::filter::{Admit, All};
pub(crate) use self::lists::Lists;
pub(crate) use self::rows::{Hop, Row};
pub(crate) use self::states::{State, States};
pub use crate::level::Level;

use self::rows::{Rows, Side};

/// A node, from 0 without gaps.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct NodeId(pub u32);

/// The caller's number of an edge, such as that of the statement behind it; of the edges that leave a node, each has its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct EdgeId(pub u32);

/// What the graph knows about a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Node {
    /// Whether it is only a way between others.
    pub passage: bool,
    /// From which level on a path leads on from it. A passage is open to all.
    pub opens: Level,
}

impl Node {
    /// A node that is shown, and leads on for those who control it.
    pub const SHOWN: Self = Self { passage: false, opens: Level::Control };
    /// A way between others.
    pub const PASSAGE: Self = Self { passage: true, opens: Level::List };

    /// Whether it needs more than a glance on the way.
    fn is_special(self) -> bool {
        self != Self::SHOWN
    }
}

/// An edge.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Edge {
    /// Where it begins.
    pub from: NodeId,
    /// Where it ends.
    pub to: NodeId,
    /// What it gives over the target.
    pub level: Level,
    /// Whether it holds only if a condition does.
    pub only_if: bool,
    /// What it stands for.
    pub id: EdgeId,
}

/// Why there is no such graph.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum GraphError {
    /// An edge begins or ends at a node that was not given.
    #[error("edge {} leads from node {} to node {}, but there are {nodes} nodes", edge.id.0, edge.from.0, edge.to.0)]
    UnknownNode {
        /// The edge.
        edge: Edge,
        /// How many nodes there are.
        nodes: usize,
    },
    /// An edge that should go is not there.
    #[error("no edge {} leaves node {}", id.0, from.0)]
    UnknownEdge {
        /// Where it should begin.
        from: NodeId,
        /// Its number.
        id: EdgeId,
    },
    /// There are more nodes or edges than can be numbered.
    #[error(
        "a graph of {nodes} nodes and {edges} edges is too large: {} and {} are the most",
        MAX_NODES,
        u32::MAX
    )]
    TooLarge {
        /// So many nodes.
        nodes: usize,
        /// So many edges.
        edges: usize,
    },
}

/// How many nodes a graph can have: a number of a node shares its word with four bits about the edge.
pub const MAX_NODES: usize = 1 << 28;

/// Nodes and edges, to be walked both ways.
#[derive(Clone, Debug)]
pub struct Graph {
    nodes: Arc<[Node]>,
    forward: Rows,
    backward: Rows,
}

impl Graph {
    /// A graph of these nodes and edges. The order of the edges is of no importance.
    ///
    /// # Errors
    /// An edge names a node that is not there, or there are too many of either.
    pub fn new(nodes: Vec<Node>, edges: &[Edge]) -> Result<Self, GraphError> {
        if nodes.len() > MAX_NODES || u32::try_from(edges.len()).is_err() {
            return Err(GraphError::TooLarge { nodes: nodes.len(), edges: edges.len() });
        }
        check_ends(nodes.len(), edges)?;
        let forward = Rows::new(Side::Forward, &nodes, edges);
        let backward = Rows::new(Side::Backward, &nodes, edges);
        Ok(Self { nodes: nodes.into(), forward, backward })
    }

    /// How many nodes there are.
    #[must_use]
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// How many edges there are.
    #[must_use]
    pub fn edge_count(&self) -> usize {
        self.forward.edge_count()
    }

    /// All nodes, in order.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeId, Node)> + '_ {
        (0..).map(NodeId).zip(self.nodes.iter().copied())
    }

    /// What is known about a node, if it is there.
    #[must_use]
    pub fn node(&self, id: NodeId) -> Option<Node> {
        self.nodes.get(id.0 as usize).copied()
    }

    /// The edges that leave a node, by target.
    pub fn edges_from(&self, from: NodeId) -> impl Iterator<Item = Edge> + '_ {
        self.row_from(from).edges().map(move |(hop, id)| Edge {
            from,
            to: hop.node(),
            level: hop.level(),
            only_if: hop.only_if(),
            id,
        })
    }

    /// The edges that arrive at a node, by where they begin.
    pub fn edges_to(&self, to: NodeId) -> impl Iterator<Item = Edge> + '_ {
        self.row_to(to).edges().map(move |(hop, id)| Edge {
            from: hop.node(),
            to,
            level: hop.level(),
            only_if: hop.only_if(),
            id,
        })
    }

    /// All edges, by where they begin.
    pub fn edges(&self) -> impl Iterator<Item = Edge> + '_ {
        self.nodes().flat_map(|(from, _)| self.edges_from(from))
    }

    pub(crate) fn row_from(&self, from: NodeId) -> Row<'_> {
        self.forward.row(from)
    }

    pub(crate) fn row_to(&self, to: NodeId) -> Row<'_> {
        self.backward.row(to)
    }
}

fn check_ends(nodes: usize, edges: &[Edge]) -> Result<(), GraphError> {
    let unknown = |edge: &&Edge| edge.from.0 as usize >= nodes || edge.to.0 as usize >= nodes;
    match edges.iter().find(unknown) {
        Some(edge) => Err(GraphError::UnknownNode { edge: *edge, nodes }),
        None => Ok(()),
    }
}
