//! Which part of a graph a walk may use.

use std::collections::BTreeSet;

use fixedbitset::FixedBitSet;

use super::{EdgeId, NodeId};

/// Nodes and edges to leave out, and perhaps the only edges to use. The default leaves nothing out.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filter {
    /// Nodes that no path may cross or end at.
    pub avoid_nodes: BTreeSet<NodeId>,
    /// Edges that no path may use.
    pub avoid_edges: BTreeSet<EdgeId>,
    /// If there is one, paths use only edges whose numbers are in it, such as those that were seen in use.
    pub only_edges: Option<FixedBitSet>,
}

impl Filter {
    /// Whether nothing is left out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.avoid_nodes.is_empty() && self.avoid_edges.is_empty() && self.only_edges.is_none()
    }
}

/// What a walk asks before it goes on: everything or a filter, so that a walk over everything asks nothing.
pub(crate) trait Admit {
    /// Whether it admits all.
    const ALL: bool;

    fn node(&self, node: NodeId) -> bool;

    fn edge(&self, edge: EdgeId) -> bool;
}

/// Leaves nothing out.
pub(crate) struct All;

impl Admit for All {
    const ALL: bool = true;

    fn node(&self, _: NodeId) -> bool {
        true
    }

    fn edge(&self, _: EdgeId) -> bool {
        true
    }
}

impl Admit for Filter {
    const ALL: bool = false;

    fn node(&self, node: NodeId) -> bool {
        !self.avoid_nodes.contains(&node)
    }

    fn edge(&self, edge: EdgeId) -> bool {
        let used = self.only_edges.as_ref().is_none_or(|only| only.contains(edge.0 as usize));
        used && !self.avoid_edges.contains(&edge)
    }
}
