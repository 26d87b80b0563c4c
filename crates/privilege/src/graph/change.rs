//! A change of a graph: what one changed policy comes to.

use std::sync::Arc;

use super::{Edge, EdgeId, Graph, GraphError, MAX_NODES, Node, NodeId, check_ends};

/// What goes and what comes, in this order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Change {
    /// Edges that go, by the node that they leave and their number.
    pub removed: Vec<(NodeId, EdgeId)>,
    /// Nodes that come, numbered on from those that are there. A node never goes: without edges it leads nowhere.
    pub nodes: Vec<Node>,
    /// Edges that come.
    pub added: Vec<Edge>,
}

impl Graph {
    /// The graph after a change. It takes the time of the rows that are touched, and shares all others.
    ///
    /// # Errors
    /// An edge to remove is not there, an edge to add names a node that is not there, or there are too many of either.
    pub fn changed(&self, change: &Change) -> Result<Self, GraphError> {
        let mut changed = self.clone();
        if !change.nodes.is_empty() {
            changed.nodes = self.nodes.iter().chain(&change.nodes).copied().collect::<Arc<[Node]>>();
        }
        let edges = self.edge_count() + change.added.len();
        if changed.node_count() > MAX_NODES || u32::try_from(edges).is_err() {
            return Err(GraphError::TooLarge { nodes: changed.node_count(), edges });
        }
        check_ends(changed.node_count(), &change.added)?;
        let removed = self.edges_named(&change.removed)?;
        changed.forward.change(&changed.nodes, &removed, &change.added);
        changed.backward.change(&changed.nodes, &removed, &change.added);
        Ok(changed)
    }

    fn edges_named(&self, names: &[(NodeId, EdgeId)]) -> Result<Vec<Edge>, GraphError> {
        let mut names = names.to_vec();
        names.sort_unstable();
        names.dedup();
        let mut found = Vec::with_capacity(names.len());
        for group in names.chunk_by(|(one, _), (other, _)| one == other) {
            let Some((from, _)) = group.first() else { continue };
            let before = found.len();
            found
                .extend(self.edges_from(*from).filter(|edge| group.binary_search(&(*from, edge.id)).is_ok()));
            let found = found.get(before..).unwrap_or_default();
            // Each edge of a node has a number of its own.
            let is_unknown = |(_, id): &&(NodeId, EdgeId)| found.iter().all(|edge| edge.id != *id);
            if found.len() < group.len()
                && let Some((from, id)) = group.iter().find(is_unknown)
            {
                return Err(GraphError::UnknownEdge { from: *from, id: *id });
            }
        }
        Ok(found)
    }
}
