//! What was drawn again, compared with what was there: the difference becomes a change of the graph.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::analysis::draft::{Lead, Place, Variant};
use crate::analysis::part::Parts;
use crate::analysis::{Analysis, Drawn};
use crate::graph::{Change, EdgeId, GraphError, NodeId};

/// A change of a graph while it is put together.
pub(super) struct Assembly<'a> {
    old: &'a Analysis,
    drawn: Drawn,
    removed: BTreeSet<(NodeId, EdgeId)>,
    added: BTreeMap<NodeId, Vec<Lead>>,
    /// By how many of these a node is led to, once all are known.
    comes: BTreeMap<NodeId, usize>,
    /// Nodes that may have lost what led to them, or all that they led to.
    lonely: BTreeSet<NodeId>,
}

impl<'a> Assembly<'a> {
    pub(super) fn new(old: &'a Analysis, drawn: Drawn) -> Self {
        Self {
            old,
            drawn,
            removed: BTreeSet::new(),
            added: BTreeMap::new(),
            comes: BTreeMap::new(),
            lonely: BTreeSet::new(),
        }
    }

    /// The analysis with what was drawn in place of what was there.
    pub(super) fn finish(
        mut self,
        scopes: &BTreeMap<NodeId, Parts>,
        leads: Vec<Lead>,
        moves: &[(Lead, bool)],
    ) -> Result<(Analysis, Change), GraphError> {
        for lead in leads {
            self.added.entry(lead.from).or_default().push(lead);
        }
        for (node, parts) in scopes {
            self.compare(*node, *parts);
        }
        for (lead, comes) in moves {
            self.move_edge(*lead, *comes);
        }
        for lead in self.added.values().flatten() {
            *self.comes.entry(lead.to).or_default() += 1;
        }
        while let Some(node) = self.lonely.pop_first() {
            self.retire(node);
        }
        let mut free = self.old.free.to_vec();
        let mut causes = self.old.causes.clone();
        let mut change = Change {
            removed: self.removed.iter().copied().collect(),
            nodes: self.drawn.board.nodes(self.old.graph.node_count()),
            added: Vec::new(),
        };
        for lead in self.added.into_values().flatten() {
            let id = match free.pop() {
                Some(id) => id,
                None => {
                    causes.push(lead.cause);
                    EdgeId(u32::try_from(causes.len() - 1).unwrap_or(u32::MAX))
                }
            };
            causes.get_mut(id.0 as usize).into_iter().for_each(|cause| *cause = lead.cause);
            change.added.push(lead.edge(id));
        }
        // Only a later change may give them to others: until then each id means one edge, before and after.
        free.extend(self.removed.into_iter().map(|(_, id)| id));
        let graph = self.old.graph.changed(&change)?;
        Ok((Analysis { graph, causes, free: Arc::new(free), drawn: self.drawn }, change))
    }

    /// The edges of a node that were there, as they are drawn, with their ids.
    fn old_edges(&self, node: NodeId) -> impl Iterator<Item = (Lead, EdgeId)> + use<'a> {
        let old = self.old;
        old.graph.edges_from(node).filter_map(move |edge| {
            let cause = old.cause(edge.id)?;
            Some((Lead { from: edge.from, to: edge.to, only_if: edge.only_if, cause }, edge.id))
        })
    }

    /// Keeps the edges of a node that were drawn again as they were, and removes those that were not.
    fn compare(&mut self, node: NodeId, parts: Parts) {
        let mut come = self.added.remove(&node).unwrap_or_default();
        come.sort_unstable();
        let mut kept = vec![false; come.len()];
        for (lead, id) in self.old_edges(node).filter(|(lead, _)| parts.hold(lead.cause)) {
            let first = come.partition_point(|one| *one < lead);
            let same = come.iter().zip(&mut kept).skip(first).take_while(|(one, _)| **one == lead);
            match same.into_iter().find(|(_, kept)| !**kept) {
                Some((_, kept)) => *kept = true,
                None => self.remove(lead, id),
            }
        }
        let new = come.into_iter().zip(kept).filter(|(_, kept)| !kept).map(|(lead, _)| lead).collect();
        self.added.insert(node, new);
        self.lonely.insert(node);
    }

    fn move_edge(&mut self, lead: Lead, comes: bool) {
        if comes {
            self.added.entry(lead.from).or_default().push(lead);
            return;
        }
        let is_meant =
            |edge: &crate::graph::Edge| edge.from == lead.from && self.old.cause(edge.id) == Some(lead.cause);
        if let Some(edge) = self.old.graph.edges_to(lead.to).find(is_meant) {
            self.remove(lead, edge.id);
        }
    }

    fn remove(&mut self, lead: Lead, id: EdgeId) {
        self.removed.insert((lead.from, id));
        self.lonely.insert(lead.to);
    }

    /// Takes away a node that is only a way and that nothing leads to any more, and one outside that leads nowhere.
    fn retire(&mut self, node: NodeId) {
        let is_passage = match self.drawn.board.place(node) {
            Some(Place::Pool(_) | Place::Changed(_) | Place::Variant(_)) => true,
            Some(Place::Outside(_)) => false,
            Some(Place::Principal(_) | Place::Resource(_) | Place::Administration(_)) | None => return,
        };
        let stays = |from: NodeId, id: EdgeId| !self.removed.contains(&(from, id));
        let is_needed = if is_passage {
            self.old.graph.edges_to(node).any(|edge| stays(edge.from, edge.id))
                || self.comes.get(&node).is_some_and(|leads| *leads > 0)
        } else {
            self.old.graph.edges_from(node).any(|edge| stays(node, edge.id))
                || self.added.get(&node).is_some_and(|leads| !leads.is_empty())
        };
        if is_needed {
            return;
        }
        if let Some(&Place::Variant(Variant::AnyPolicy(first))) = self.drawn.board.place(node)
            && self.drawn.bounds.of(first).is_some_and(|(_, own)| own == Some(node))
        {
            self.drawn.bounds.set_node(first, None);
        }
        if let Some(&Place::Variant(variant)) = self.drawn.board.place(node) {
            self.drawn.joined.remove(variant, node);
        }
        self.drawn.board.clear(node);
        self.drawn.set_able(node, Parts::NONE);
        for lead in self.added.remove(&node).unwrap_or_default() {
            if let Some(leads) = self.comes.get_mut(&lead.to) {
                *leads -= 1;
            }
            self.lonely.insert(lead.to);
        }
        for (lead, id) in self.old_edges(node) {
            self.remove(lead, id);
        }
    }
}
