//! The part of a graph through which identities come to the top tier, with one sink behind all of that.

use std::collections::BTreeMap;

use fixedbitset::FixedBitSet;

use super::dominators::Tree;
use super::{Choke, Point};
use crate::graph::{Admit, Edge, EdgeId, Graph, Level, Lists, NodeId, State, States};

/// The states that identities come to and that may lead to the top tier, as vertices from 1.
pub(super) struct Live {
    pub(super) forward: Lists<Way>,
    pub(super) back: Lists<u32>,
    /// By vertex: the node, and the level at which a passage is walked.
    places: Vec<(NodeId, Level)>,
    /// Vertices of identities outside the top tier.
    counted: FixedBitSet,
    passages: FixedBitSet,
}

/// Where all ways end.
pub(super) const SINK: u32 = 0;

/// A way on from a vertex.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Way {
    pub(super) to: u32,
    /// The edge; to the sink, there is none.
    id: Option<EdgeId>,
}

impl Live {
    pub(super) fn new<A: Admit>(
        graph: &Graph,
        admit: &A,
        identities: &FixedBitSet,
        top: &FixedBitSet,
    ) -> Self {
        let states = States::new(graph, admit);
        let leading = leading(graph, admit, top);
        let mut found = Found { vertices: vec![NONE; states.count()], states: Vec::new() };
        let mut counted = FixedBitSet::new();
        for node in identities.intersection(&leading).filter_map(|at| u32::try_from(at).ok()).map(NodeId) {
            let Some(start) = states.start(node) else { continue };
            let vertex = found.vertex(start);
            if !top.contains(node.0 as usize) {
                counted.grow_and_insert(vertex as usize);
            }
        }
        let mut live = Self {
            forward: Lists::new(),
            back: Lists::new(),
            places: Vec::new(),
            counted,
            passages: FixedBitSet::new(),
        };
        live.places.push((NodeId(NONE), Level::Control));
        live.forward.end();
        while let Some(state) = found.states.get(live.places.len() - 1).copied() {
            let (node, level) = states.place(state);
            if graph.node(node).is_some_and(|node| node.passage) {
                live.passages.grow_and_insert(live.places.len());
            }
            live.places.push((node, level));
            for step in states.steps(state) {
                let Some(next) = step.next.filter(|_| leading.contains(step.hop.node().0 as usize)) else {
                    continue;
                };
                live.forward.push(Way { to: found.vertex(next), id: Some(step.id) });
            }
            if top.contains(node.0 as usize) && level == Level::Control {
                live.forward.push(Way { to: SINK, id: None });
            }
            live.forward.end();
        }
        live.back =
            Lists::sorted(live.forward.count(), live.forward.iter().map(|(from, way)| (way.to, from)));
        live
    }

    pub(super) fn vertices(&self) -> impl Iterator<Item = u32> + use<> {
        1..u32::try_from(self.places.len()).unwrap_or(NONE)
    }

    pub(super) fn node(&self, vertex: u32) -> NodeId {
        self.places.get(vertex as usize).map_or(NodeId(NONE), |(node, _)| *node)
    }

    pub(super) fn is_counted(&self, vertex: u32) -> bool {
        self.counted.contains(vertex as usize)
    }

    pub(super) fn ways(&self, vertex: u32) -> impl Iterator<Item = Way> + '_ {
        self.forward.of(vertex).iter().copied()
    }

    /// The edge of a way.
    pub(super) fn edge(&self, graph: &Graph, from: u32, way: Way) -> Option<Edge> {
        let (id, to) = (way.id?, self.node(way.to));
        graph.edges_from(self.node(from)).find(|edge| edge.id == id && edge.to == to)
    }

    /// The vertices of each passage that is walked at more than one level, and so has more than one in the tree; by level.
    pub(super) fn several(&self, tree: &Tree) -> Vec<Vec<u32>> {
        let mut vertices: BTreeMap<NodeId, Vec<u32>> = BTreeMap::new();
        for vertex in self.passages.ones().filter_map(|at| u32::try_from(at).ok()) {
            if tree.contains(vertex) {
                vertices.entry(self.node(vertex)).or_default().push(vertex);
            }
        }
        let mut several: Vec<Vec<u32>> =
            vertices.into_values().filter(|vertices| vertices.len() > 1).collect();
        for vertices in &mut several {
            vertices
                .sort_unstable_by_key(|vertex| self.places.get(*vertex as usize).map(|(_, level)| *level));
        }
        several
    }

    /// The choke points at a passage that is several vertices. The tree tells of one vertex at a time, so here they and
    /// their edges are taken away, and what still comes to the sink is counted: a walk for each.
    pub(super) fn chokes_at(&self, graph: &Graph, vertices: &[u32]) -> Vec<Choke> {
        let all = self.left_without(&[], None);
        let cut_off = |left: &FixedBitSet| {
            let lost = all.difference(left).filter(|vertex| self.counted.contains(*vertex));
            u32::try_from(lost.count()).unwrap_or(u32::MAX)
        };
        let Some(first) = vertices.first() else { return Vec::new() };
        let mut chokes = vec![Choke {
            point: Point::Node(self.node(*first)),
            cut_off: cut_off(&self.left_without(vertices, None)),
        }];
        // An edge can be needed only if, at one level, it is the only one that leads on to higher levels or past the passage.
        let mut edges: Vec<Edge> = Vec::new();
        for (number, vertex) in vertices.iter().enumerate() {
            let left = self.left_without(vertices.get(..=number).unwrap_or_default(), None);
            let mut exits = self.ways(*vertex).filter(|way| left.contains(way.to as usize));
            if let (Some(way), None) = (exits.next(), exits.next()) {
                edges.extend(self.edge(graph, *vertex, way));
            }
        }
        edges.sort_unstable();
        edges.dedup();
        for edge in edges {
            let left = self.left_without(vertices, Some(edge.id));
            chokes.push(Choke { point: Point::Edge(edge), cut_off: cut_off(&left) });
        }
        chokes
    }

    /// What comes to the sink without some vertices, or without an edge that leaves them.
    fn left_without(&self, vertices: &[u32], edge: Option<EdgeId>) -> FixedBitSet {
        let mut left = FixedBitSet::with_capacity(self.places.len());
        left.insert(SINK as usize);
        let mut open = vec![SINK];
        while let Some(vertex) = open.pop() {
            for from in self.back.of(vertex) {
                let mut others = self.ways(*from).filter(|way| way.to == vertex && way.id != edge);
                let cut = vertices.contains(from) && (edge.is_none() || others.next().is_none());
                if !cut && !left.put(*from as usize) {
                    open.push(*from);
                }
            }
        }
        left
    }
}

/// The nodes from which edges lead to the top tier, whatever levels they need: mostly a few, and nobody else matters.
fn leading<A: Admit>(graph: &Graph, admit: &A, top: &FixedBitSet) -> FixedBitSet {
    let mut leading = FixedBitSet::with_capacity(graph.node_count());
    let mut open: Vec<NodeId> = Vec::new();
    let mut come = |node: NodeId, open: &mut Vec<NodeId>| {
        if graph.node(node).is_some() && admit.node(node) && !leading.put(node.0 as usize) {
            open.push(node);
        }
    };
    top.ones().filter_map(|at| u32::try_from(at).ok()).for_each(|at| come(NodeId(at), &mut open));
    while let Some(node) = open.pop() {
        let edges = graph.row_to(node).edges().filter(|(_, id)| admit.edge(*id));
        edges.for_each(|(hop, _)| come(hop.node(), &mut open));
    }
    leading
}

const NONE: u32 = u32::MAX;

/// States that were come to, in order.
struct Found {
    /// By state.
    vertices: Vec<u32>,
    states: Vec<State>,
}

impl Found {
    /// The vertex of a state, a new one if it was not come to before.
    fn vertex(&mut self, state: State) -> u32 {
        let Some(vertex) = self.vertices.get_mut(state as usize) else { return SINK };
        if *vertex == NONE {
            self.states.push(state);
            *vertex = u32::try_from(self.states.len()).unwrap_or(NONE);
        }
        *vertex
    }
}
