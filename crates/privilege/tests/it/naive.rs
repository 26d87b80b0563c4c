//! Small random graphs, and the same answers worked out by trying every walk: slow, and plainly right.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::RangeInclusive;

use doorward_privilege::graph::{Edge, EdgeId, Graph, Level, Node, NodeId};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;

/// Nodes and edges that make a graph.
#[derive(Clone)]
pub(crate) struct Small {
    pub(crate) nodes: Vec<Node>,
    pub(crate) edges: Vec<Edge>,
}

impl fmt::Debug for Small {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.nodes.len() > 9 {
            return write!(out, "{} nodes, {} edges", self.nodes.len(), self.edges.len());
        }
        for (number, node) in self.nodes.iter().enumerate() {
            let opens = if node.passage { "passage".to_owned() } else { format!("{:?}", node.opens) };
            write!(out, "{number}: {opens}, ")?;
        }
        for edge in &self.edges {
            let mark = if edge.only_if { "?" } else { "" };
            write!(out, "{} -{:?}{mark}-> {}, ", edge.from.0, edge.level, edge.to.0)?;
        }
        Ok(())
    }
}

impl Small {
    pub(crate) fn graph(&self) -> Graph {
        Graph::new(self.nodes.clone(), &self.edges).unwrap()
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = NodeId> {
        (0..).map(NodeId).take(self.nodes.len())
    }
}

/// Up to seven nodes of all kinds, up to 13 edges.
pub(crate) fn small() -> impl Strategy<Value = Small> {
    let open = select(&Level::ALL[..3]).prop_map(|opens| Node { passage: false, opens });
    graph_of(prop_oneof![4 => Just(Node::SHOWN), 2 => Just(Node::PASSAGE), 1 => open])
}

/// The same of nodes that are mostly passages, so that they lie one behind the other.
pub(crate) fn of_passages() -> impl Strategy<Value = Small> {
    graph_of(prop_oneof![1 => Just(Node::SHOWN), 2 => Just(Node::PASSAGE)])
}

/// The same of ordinary nodes alone.
pub(crate) fn ordinary() -> impl Strategy<Value = Small> {
    graph_of(Just(Node::SHOWN))
}

/// Several hundred nodes of all kinds, with somewhat more or fewer edges: too large to try every walk.
pub(crate) fn large() -> impl Strategy<Value = Small> {
    let node = prop_oneof![8 => Just(Node::SHOWN), 1 => Just(Node::PASSAGE)];
    sized(node, 600..=700, 300..=1_200)
}

fn graph_of(node: impl Strategy<Value = Node>) -> impl Strategy<Value = Small> {
    sized(node, 1..=7, 0..=13)
}

fn sized(
    node: impl Strategy<Value = Node>,
    nodes: RangeInclusive<usize>,
    edges: RangeInclusive<usize>,
) -> impl Strategy<Value = Small> {
    vec(node, nodes).prop_flat_map(move |nodes| {
        let edges = vec(edge(nodes.len()), edges.clone());
        (Just(nodes), edges).prop_map(|(nodes, edges)| Small { nodes, edges: numbered(edges) })
    })
}

pub(crate) fn edge(nodes: usize) -> impl Strategy<Value = Edge> {
    let node = || (0..u32::try_from(nodes).unwrap()).prop_map(NodeId);
    let level = prop_oneof![2 => Just(Level::Control), 1 => select(&Level::ALL[..])];
    (node(), node(), level, any::<bool>()).prop_map(|(from, to, level, only_if)| Edge {
        from,
        to,
        level,
        only_if,
        id: EdgeId(0),
    })
}

pub(crate) fn numbered(mut edges: Vec<Edge>) -> Vec<Edge> {
    for (number, edge) in (0..).zip(&mut edges) {
        edge.id = EdgeId(number);
    }
    edges
}

/// How well a target is reached: eightieths of the whole, and of those that are as much the level; with what it takes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Found {
    pub(crate) eightieths: u32,
    pub(crate) level: Level,
    pub(crate) conditions: std::cmp::Reverse<u32>,
    pub(crate) hops: std::cmp::Reverse<u32>,
}

/// What each target is reached with at best, over all walks from a node that come to no node twice at the same level.
pub(crate) fn reached(small: &Small, source: NodeId) -> BTreeMap<NodeId, Found> {
    let mut found = BTreeMap::new();
    walk(small, &mut vec![(source, Level::Control)], (0, 0), &mut |walk, conditions, hops| {
        let (at, level) = walk[walk.len() - 1];
        if at == source || small.nodes[at.0 as usize].passage {
            return;
        }
        let tenths = [1, 4, 6, 10][level as usize];
        let eightieths = tenths * [8, 4, 2, 1][conditions.min(3) as usize];
        let conditions = std::cmp::Reverse(conditions);
        let one = Found { eightieths, level, conditions, hops: std::cmp::Reverse(hops) };
        let best = found.entry(at).or_insert(one);
        *best = one.max(*best);
    });
    found
}

type Visit<'a> = &'a mut dyn FnMut(&[(NodeId, Level)], u32, u32);

fn walk(small: &Small, so_far: &mut Vec<(NodeId, Level)>, (conditions, hops): (u32, u32), visit: Visit<'_>) {
    let (at, level) = so_far[so_far.len() - 1];
    let node = small.nodes[at.0 as usize];
    let first = so_far.len() == 1;
    if !first && !node.passage && level < node.opens {
        return;
    }
    for edge in small.edges.iter().filter(|edge| edge.from == at) {
        let step = if node.passage { level.min(edge.level) } else { edge.level };
        if so_far.contains(&(edge.to, step)) {
            continue;
        }
        let shown = u32::from(!small.nodes[edge.to.0 as usize].passage);
        so_far.push((edge.to, step));
        let cost = (conditions + u32::from(edge.only_if), hops + shown);
        visit(so_far, cost.0, cost.1);
        walk(small, so_far, cost, visit);
        so_far.pop();
    }
}

/// Every way from a node to another, as the nodes that it crosses, with what it reaches its end with at best.
pub(crate) fn ways(small: &Small, source: NodeId, target: NodeId) -> BTreeMap<Vec<NodeId>, Found> {
    let mut found = BTreeMap::new();
    walk(small, &mut vec![(source, Level::Control)], (0, 0), &mut |walk, conditions, hops| {
        let (at, level) = walk[walk.len() - 1];
        if at != target {
            return;
        }
        let tenths = [1, 4, 6, 10][level as usize];
        let eightieths = tenths * [8, 4, 2, 1][conditions.min(3) as usize];
        let conditions = std::cmp::Reverse(conditions);
        let one = Found { eightieths, level, conditions, hops: std::cmp::Reverse(hops) };
        let best = found.entry(walk.iter().map(|(node, _)| *node).collect()).or_insert(one);
        *best = one.max(*best);
    });
    found
}

/// Where each of some nodes leads, at which level: pairs from which a walk goes on, the node itself included.
pub(crate) fn states(
    small: &Small,
    sources: impl Iterator<Item = NodeId>,
) -> BTreeMap<NodeId, BTreeSet<(NodeId, Level)>> {
    let mut from = vec![Vec::new(); small.nodes.len()];
    small.edges.iter().for_each(|edge| from[edge.from.0 as usize].push(*edge));
    let states = |source: NodeId| {
        let mut open = vec![(source, Level::Control)];
        let mut found = BTreeSet::from([(source, Level::Control)]);
        while let Some((at, with)) = open.pop() {
            let passage = small.nodes[at.0 as usize].passage;
            for edge in &from[at.0 as usize] {
                let level = if passage { with.min(edge.level) } else { edge.level };
                let to = small.nodes[edge.to.0 as usize];
                let next = (edge.to, if to.passage { level } else { Level::Control });
                if (to.passage || level >= to.opens) && found.insert(next) {
                    open.push(next);
                }
            }
        }
        (source, found)
    };
    sources.map(states).collect()
}
