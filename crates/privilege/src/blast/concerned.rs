//! Whose reach a change of the graph may have made another.

use std::collections::{BTreeMap, BTreeSet};

use fixedbitset::FixedBitSet;

use super::Weights;
use crate::graph::{Admit as _, Change, Edge, EdgeId, Filter, Graph, Level, NodeId};

/// A change of a graph, looked at from both sides.
pub(super) struct Concerned<'a> {
    before: &'a Graph,
    after: &'a Graph,
    filter: &'a Filter,
    /// Edges that went and that came.
    removed: Vec<Edge>,
    added: &'a [Edge],
    gone: BTreeSet<(NodeId, EdgeId)>,
}

/// A graph, and the edges of it that changed.
type Side<'a> = (&'a Graph, &'a [Edge]);

impl<'a> Concerned<'a> {
    pub(super) fn new(
        (before, after): (&'a Graph, &'a Graph),
        change: &'a Change,
        filter: &'a Filter,
    ) -> Self {
        let removed = change
            .removed
            .iter()
            .filter_map(|(from, id)| before.edges_from(*from).find(|edge| edge.id == *id));
        Self {
            before,
            after,
            filter,
            removed: removed.collect(),
            added: &change.added,
            gone: change.removed.iter().copied().collect(),
        }
    }

    /// Nodes that came, or went, and led to nothing where they were not yet, or are no more, and weighed nothing there.
    /// Nobody reaches anything by them, so what they weigh is all that they matter.
    pub(super) fn lonely(&self, (old, new): (&Weights, &Weights)) -> (BTreeSet<NodeId>, BTreeSet<NodeId>) {
        let is_bare = |graph: &Graph, node: NodeId| {
            graph.edges_from(node).next().is_none() && graph.edges_to(node).next().is_none()
        };
        let shown = |node: &NodeId| self.after.node(*node).is_some_and(|node| !node.passage);
        let come = self.added.iter().map(|edge| edge.to).filter(shown);
        let come = come.filter(|node| old.of(*node) == 0 && is_bare(self.before, *node));
        let went = self.removed.iter().map(|edge| edge.to).filter(shown);
        let went = went.filter(|node| new.of(*node) == 0 && is_bare(self.after, *node));
        (come.collect(), went.collect())
    }

    /// The nodes that may reach others than they did, or in other ways; beside such as came or went by themselves.
    pub(super) fn nodes(&self, beside: &BTreeSet<NodeId>) -> FixedBitSet {
        let mut hubs: BTreeMap<NodeId, Option<NodeId>> = BTreeMap::new();
        let [removed, added] =
            [(self.after, &*self.removed), (self.before, self.added)].map(|(other, edges)| {
                let decides =
                    |edge: &&Edge| !beside.contains(&edge.to) && decides((self.after, other), edge.from);
                edges.iter().filter(decides).copied().collect::<Vec<Edge>>()
            });
        for edge in removed.iter().chain(&added) {
            hubs.entry(edge.to).or_insert_with(|| self.hub(edge.to));
        }
        let by_hub: BTreeSet<Option<NodeId>> = hubs.values().copied().collect();
        let mut concerned = FixedBitSet::with_capacity(self.after.node_count());
        for hub in by_hub {
            let has_all = hub.map(|hub| self.surely_at(hub)).unwrap_or_default();
            for (graph, edges) in [(self.before, &removed), (self.after, &added)] {
                let of_hub = edges.iter().filter(|edge| hubs.get(&edge.to) == Some(&hub)).copied();
                let edges: Vec<Edge> = of_hub.collect();
                behind((graph, &edges), &has_all, &mut concerned);
            }
        }
        concerned
    }

    /// A node that surely controls all that an edge to a node leads to first, before and after: mostly the
    /// administration of the account. Whoever surely comes there loses and gains nothing with such an edge.
    fn hub(&self, end: NodeId) -> Option<NodeId> {
        let front = self.front(end)?;
        let first = *front.first()?;
        let sure = |edge: &Edge| self.is_sure(edge) && self.is_kept(edge);
        let size = |node: NodeId| self.before.row_from(node).hops.len();
        let hub = self
            .before
            .edges_to(first)
            .filter(sure)
            .map(|edge| edge.from)
            .max_by_key(|node| (size(*node), *node))?;
        let mut held = FixedBitSet::with_capacity(self.after.node_count());
        held.extend([first.0 as usize, hub.0 as usize]);
        if front.len() > 1 {
            held.extend(self.before.edges_from(hub).filter(sure).map(|edge| edge.to.0 as usize));
        }
        front.iter().all(|node| held.contains(node.0 as usize)).then_some(hub)
    }

    /// The shown nodes that one comes to first by a node, before or after.
    fn front(&self, end: NodeId) -> Option<Vec<NodeId>> {
        if !self.after.node(end)?.passage {
            return Some(vec![end]);
        }
        let mut seen = FixedBitSet::with_capacity(self.after.node_count());
        seen.insert(end.0 as usize);
        let mut open = vec![end];
        let mut front = Vec::new();
        while let Some(node) = open.pop() {
            if !self.after.node(node)?.passage {
                front.push(node);
                continue;
            }
            for graph in [self.before, self.after] {
                let ends = graph.edges_from(node).map(|edge| edge.to);
                open.extend(ends.filter(|to| !seen.put(to.0 as usize)));
            }
        }
        Some(front)
    }

    fn is_sure(&self, edge: &Edge) -> bool {
        let shown = |node: NodeId| self.filter.node(node);
        edge.level == Level::Control
            && !edge.only_if
            && self.filter.edge(edge.id)
            && shown(edge.from)
            && shown(edge.to)
    }

    /// Whether an edge that was there still is.
    fn is_kept(&self, edge: &Edge) -> bool {
        !self.gone.contains(&(edge.from, edge.id))
    }

    /// Who surely comes to control a node, before and after.
    fn surely_at(&self, hub: NodeId) -> FixedBitSet {
        let mut there = FixedBitSet::with_capacity(self.after.node_count());
        there.insert(hub.0 as usize);
        let mut open = vec![hub];
        while let Some(node) = open.pop() {
            for edge in self.before.edges_to(node).filter(|edge| self.is_sure(edge) && self.is_kept(edge)) {
                if !there.put(edge.from.0 as usize) {
                    open.push(edge.from);
                }
            }
        }
        // Who comes to a passage may come there with less than control.
        for (node, _) in self.before.nodes().filter(|(_, node)| node.passage) {
            there.remove(node.0 as usize);
        }
        there
    }
}

/// How many edges come or go that may matter to somebody by themselves.
pub(super) fn count((before, after): (&Graph, &Graph), change: &Change) -> usize {
    let removed = change.removed.iter().filter(|(from, _)| decides((after, after), *from));
    let added = change.added.iter().filter(|edge| decides((after, before), edge.from));
    removed.count() + added.count()
}

/// Whether more or fewer edges from a node may matter to somebody by themselves. Where nobody comes to a passage on the
/// other side of a change, it matters only to those who come to it on this one, and they do by edges that changed, too.
fn decides((after, other): (&Graph, &Graph), from: NodeId) -> bool {
    let is_passage = after.node(from).is_some_and(|node| node.passage);
    !is_passage || other.edges_to(from).next().is_some()
}

/// Adds those who come to where some edges begin, without those who have all that these lead to anyway.
fn behind((graph, edges): Side<'_>, has_all: &FixedBitSet, concerned: &mut FixedBitSet) {
    let mut seen = FixedBitSet::with_capacity(graph.node_count());
    let mut open: Vec<NodeId> = edges.iter().map(|edge| edge.from).collect();
    while let Some(node) = open.pop() {
        let at = node.0 as usize;
        if has_all.contains(at) || seen.put(at) {
            continue;
        }
        concerned.grow_and_insert(at);
        open.extend(graph.edges_to(node).map(|edge| edge.from));
    }
}
