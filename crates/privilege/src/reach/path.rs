//! The best path from a node to another, and further ones that differ from it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::{Best, MAX_CONDITIONS};
use crate::graph::{Admit, Edge, Filter, Graph, Level, NodeId};

/// A path, edge by edge, passages included.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Path {
    /// How well it reaches its end.
    pub best: Best,
    /// How many of its edges hold only if a condition does.
    pub conditions: u32,
    /// How many steps it has, from one shown node to the next.
    pub hops: u32,
    /// Its edges.
    pub edges: Vec<Edge>,
}

/// The best path: it reaches the target as well as any; of those it has the fewest conditions, and then the fewest hops.
#[must_use]
pub fn best_path(graph: &Graph, source: NodeId, target: NodeId, filter: &Filter) -> Option<Path> {
    search(graph, filter, target, &Start::at(source))
}

/// Up to `count` paths, best first. None comes to a node twice, unless it gains a better level there. Paths over the
/// same nodes are one, by its best edges.
#[must_use]
pub fn best_paths(graph: &Graph, source: NodeId, target: NodeId, filter: &Filter, count: usize) -> Vec<Path> {
    let mut found: Vec<Path> = Vec::new();
    let mut candidates = BTreeMap::new();
    let mut next = best_path(graph, source, target, filter);
    while let Some(path) = next {
        found.push(path);
        if found.len() >= count {
            break;
        }
        for start in branches(graph, source, &found) {
            if let Some(path) = search(graph, filter, target, &start) {
                candidates.insert(key(&path), path);
            }
        }
        next = candidates.pop_first().map(|(_, path)| path);
    }
    found.truncate(count);
    found
}

/// Orders paths: the best come first.
fn key(path: &Path) -> (Reverse<Best>, u32, u32, Vec<Edge>) {
    (Reverse(path.best), path.conditions, path.hops, path.edges.clone())
}

/// Where the newest path can be left: after each of its beginnings, to a node to which no path with the same beginning goes.
fn branches(graph: &Graph, source: NodeId, found: &[Path]) -> Vec<Start> {
    let Some((newest, _)) = found.split_last() else { return Vec::new() };
    let mut start = Start::at(source);
    let mut starts = Vec::with_capacity(newest.edges.len());
    for (length, edge) in newest.edges.iter().enumerate() {
        let same = |path: &&Path| nodes(path, length).eq(nodes(newest, length));
        let taken = found.iter().filter(same).filter_map(|path| path.edges.get(length));
        start.taken = taken.map(|edge| edge.to).collect();
        starts.push(start.clone());
        start = start.after(graph, *edge);
    }
    starts
}

fn nodes(path: &Path, length: usize) -> impl Iterator<Item = NodeId> + '_ {
    path.edges.iter().take(length).map(|edge| edge.to)
}

/// The beginning of a path.
#[derive(Clone)]
struct Start {
    at: NodeId,
    /// What the step to where it ends gives.
    level: Level,
    conditions: u32,
    hops: u32,
    edges: Vec<Edge>,
    /// Nodes that it has crossed, and with which level.
    crossed: Vec<(NodeId, Level)>,
    /// Nodes that do not come next.
    taken: BTreeSet<NodeId>,
}

impl Start {
    fn at(source: NodeId) -> Self {
        Self {
            at: source,
            level: Level::Control,
            conditions: 0,
            hops: 0,
            edges: Vec::new(),
            crossed: Vec::new(),
            taken: BTreeSet::new(),
        }
    }

    fn after(mut self, graph: &Graph, edge: Edge) -> Self {
        self.crossed.push((self.at, self.level));
        let in_passage = graph.node(edge.from).is_some_and(|node| node.passage);
        self.level = if in_passage { self.level.min(edge.level) } else { edge.level };
        self.conditions += u32::from(edge.only_if);
        self.hops += hops(graph, edge.to);
        self.edges.push(edge);
        self.at = edge.to;
        self
    }
}

fn hops(graph: &Graph, to: NodeId) -> u32 {
    u32::from(graph.node(to).is_some_and(|node| !node.passage))
}

/// Conditions first, then hops.
type Cost = (u32, u32);

/// A node that was come to, and how.
#[derive(Clone, Copy)]
struct Arrival {
    at: NodeId,
    level: Level,
    edge: Option<Edge>,
    /// The arrival at which the edge begins.
    before: usize,
}

fn search(graph: &Graph, filter: &Filter, target: NodeId, start: &Start) -> Option<Path> {
    graph.node(start.at)?;
    if !filter.node(start.at) || start.at == target {
        return None;
    }
    let mut search = Search {
        graph,
        filter,
        start,
        target,
        left: vec![0; graph.node_count()],
        arrivals: Vec::new(),
        open: BTreeMap::new(),
    };
    let first = Arrival { at: start.at, level: start.level, edge: None, before: 0 };
    for (node, level) in &start.crossed {
        search.leave(*node, *level);
    }
    search.open.insert((start.conditions, start.hops), vec![first]);
    search.run()
}

struct Search<'a> {
    graph: &'a Graph,
    filter: &'a Filter,
    start: &'a Start,
    target: NodeId,
    /// With which level, from 1, a node was left already.
    left: Vec<u8>,
    arrivals: Vec<Arrival>,
    open: BTreeMap<Cost, Vec<Arrival>>,
}

impl Search<'_> {
    fn run(&mut self) -> Option<Path> {
        let mut found: Option<(Best, Cost, Arrival)> = None;
        while let Some((cost, arrivals)) = self.open.pop_first() {
            let conditions = u8::try_from(cost.0).unwrap_or(u8::MAX).min(MAX_CONDITIONS);
            let best_left = Best { level: Level::Control, conditions };
            if found.is_some_and(|(best, ..)| best >= best_left) {
                break;
            }
            for arrival in arrivals {
                let best = Best { level: arrival.level, conditions };
                if arrival.at == self.target && found.is_none_or(|(before, ..)| best > before) {
                    found = Some((best, cost, arrival));
                }
                self.expand(cost, arrival);
            }
        }
        let (best, (conditions, hops), last) = found?;
        Some(Path { best, conditions, hops, edges: self.edges(last) })
    }

    fn expand(&mut self, cost: Cost, arrival: Arrival) {
        if !self.leads_on(arrival.at, arrival.level) {
            return;
        }
        let Some(node) = self.graph.node(arrival.at) else { return };
        self.leave(arrival.at, arrival.level);
        let before = self.arrivals.len();
        self.arrivals.push(arrival);
        let graph = self.graph;
        for edge in graph.edges_from(arrival.at) {
            let level = if node.passage { edge.level.min(arrival.level) } else { edge.level };
            let useful = edge.to == self.target || self.leads_on(edge.to, level);
            if useful && self.admits(&edge) {
                let cost = (cost.0 + u32::from(edge.only_if), cost.1 + hops(graph, edge.to));
                let next = Arrival { at: edge.to, level, edge: Some(edge), before };
                self.open.entry(cost).or_default().push(next);
            }
        }
    }

    /// From now on the node is of use at a better level only, and a shown one at none.
    fn leave(&mut self, at: NodeId, level: Level) {
        let passage = self.graph.node(at).is_some_and(|node| node.passage);
        if let Some(left) = self.left.get_mut(at.0 as usize) {
            *left = if passage { level as u8 + 1 } else { u8::MAX };
        }
    }

    /// Whether a path leads on from a node in a way that was not tried.
    fn leads_on(&self, at: NodeId, level: Level) -> bool {
        let tried = self.left.get(at.0 as usize).is_none_or(|left| *left > level as u8);
        !tried && (at == self.start.at || self.graph.node(at).is_some_and(|node| level >= node.opens))
    }

    fn admits(&self, edge: &Edge) -> bool {
        let taken = edge.from == self.start.at && self.start.taken.contains(&edge.to);
        !taken && self.filter.edge(edge.id) && self.filter.node(edge.to)
    }

    fn edges(&self, last: Arrival) -> Vec<Edge> {
        let mut edges = Vec::new();
        let mut arrival = Some(last);
        while let Some(Arrival { edge: Some(edge), before, .. }) = arrival {
            edges.push(edge);
            arrival = self.arrivals.get(before).copied();
        }
        edges.extend(self.start.edges.iter().rev());
        edges.reverse();
        edges
    }
}
