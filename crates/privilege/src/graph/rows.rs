//! The edges of each node, one direction: compressed rows, and whole rows that replace some of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use fixedbitset::FixedBitSet;

use super::{Edge, EdgeId, Level, Node, NodeId};

/// An edge as its row holds it, in one word: the node at its other end, its level, and whether there is a condition.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Hop(u32);

const ONLY_IF: u32 = 1;
const SPECIAL: u32 = 2;
const BELOW_CONTROL: u32 = 2;
const NODE: u32 = 4;

impl Hop {
    pub(super) fn new(node: NodeId, special: bool, level: Level, only_if: bool) -> Self {
        let below = Level::Control as u32 - level as u32;
        let flags = (u32::from(special) * SPECIAL) | (u32::from(only_if) * ONLY_IF);
        Self((node.0 << NODE) | (below << BELOW_CONTROL) | flags)
    }

    /// The node at the other end.
    pub(crate) fn node(self) -> NodeId {
        NodeId(self.0 >> NODE)
    }

    pub(crate) fn level(self) -> Level {
        match (self.0 >> BELOW_CONTROL) & 3 {
            0 => Level::Control,
            1 => Level::Write,
            2 => Level::Read,
            _ => Level::List,
        }
    }

    pub(crate) fn only_if(self) -> bool {
        self.0 & ONLY_IF != 0
    }

    /// The same hop with a level.
    pub(crate) fn with_level(self, level: Level) -> Self {
        let below = Level::Control as u32 - level as u32;
        Self((self.0 & !(3 << BELOW_CONTROL)) | (below << BELOW_CONTROL))
    }

    /// Whether the node at the other end is anything but one that is shown and opens to control.
    pub(crate) fn is_special(self) -> bool {
        self.0 & SPECIAL != 0
    }

    /// Whether it surely gives control over an ordinary node: most edges do.
    pub(crate) fn is_plain(self) -> bool {
        self.0 & 0b1111 == 0
    }
}

/// The edges of a node, ordered by the node at the other end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'a> {
    pub(crate) hops: &'a [Hop],
    pub(crate) ids: &'a [EdgeId],
}

impl<'a> Row<'a> {
    const EMPTY: Self = Self { hops: &[], ids: &[] };

    pub(crate) fn edges(self) -> impl Iterator<Item = (Hop, EdgeId)> + 'a {
        self.hops.iter().copied().zip(self.ids.iter().copied())
    }
}

/// Which end of an edge a row belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Side {
    Forward,
    Backward,
}

impl Side {
    /// The node to whose row an edge belongs.
    pub(super) fn row(self, edge: &Edge) -> NodeId {
        match self {
            Self::Forward => edge.from,
            Self::Backward => edge.to,
        }
    }

    /// An edge, as that row holds it.
    pub(super) fn hop(self, edge: &Edge, nodes: &[Node]) -> Hop {
        let end = match self {
            Self::Forward => edge.to,
            Self::Backward => edge.from,
        };
        let special = nodes.get(end.0 as usize).is_some_and(|node| node.is_special());
        Hop::new(end, special, edge.level, edge.only_if)
    }
}

/// The rows of all nodes.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    side: Side,
    base: Arc<Base>,
    /// Of which nodes the row is not that of the base.
    replaced: FixedBitSet,
    rows: BTreeMap<NodeId, Arc<Owned>>,
    edges: usize,
    /// How many edges came or went since the base was made.
    changes: usize,
}

/// Rows one after another: that of node `n` reaches from `starts[n]` to `starts[n + 1]`.
#[derive(Debug)]
struct Base {
    starts: Box<[u32]>,
    hops: Box<[Hop]>,
    ids: Box<[EdgeId]>,
}

#[derive(Debug)]
struct Owned {
    hops: Box<[Hop]>,
    ids: Box<[EdgeId]>,
}

/// An edge in one number that orders as rows do.
type Packed = u64;

impl Rows {
    pub(super) fn new(side: Side, nodes: &[Node], edges: &[Edge]) -> Self {
        let starts = starts(nodes.len(), edges.iter().map(|edge| side.row(edge)));
        let mut next = starts.clone();
        let mut packed: Vec<Packed> = vec![0; edges.len()];
        for edge in edges {
            let Some(at) = next.get_mut(side.row(edge).0 as usize) else { continue };
            if let Some(place) = packed.get_mut(*at as usize) {
                *place = pack(side.hop(edge, nodes), edge.id);
            }
            *at += 1;
        }
        for bounds in starts.windows(2) {
            if let [start, end] = *bounds
                && let Some(row) = packed.get_mut(start as usize..end as usize)
            {
                row.sort_unstable();
            }
        }
        let (hops, ids) = packed.iter().copied().map(unpack).unzip::<_, _, Vec<_>, Vec<_>>();
        Self::of(side, Base { starts: starts.into(), hops: hops.into(), ids: ids.into() })
    }

    fn of(side: Side, base: Base) -> Self {
        let replaced = FixedBitSet::with_capacity(base.starts.len().saturating_sub(1));
        let edges = base.hops.len();
        Self { side, base: Arc::new(base), replaced, rows: BTreeMap::new(), edges, changes: 0 }
    }

    pub(super) fn edge_count(&self) -> usize {
        self.edges
    }

    pub(super) fn row(&self, node: NodeId) -> Row<'_> {
        if !self.rows.is_empty()
            && self.replaced.contains(node.0 as usize)
            && let Some(row) = self.rows.get(&node)
        {
            return Row { hops: &row.hops, ids: &row.ids };
        }
        self.base.row(node)
    }

    /// Takes edges away, which are there, and adds others.
    pub(super) fn change(&mut self, nodes: &[Node], removed: &[Edge], added: &[Edge]) {
        let gone = removed.iter().map(|edge| (edge, false));
        let moves = gone.chain(added.iter().map(|edge| (edge, true)));
        let mut moves: Vec<Move> = moves
            .map(|(edge, comes)| Move {
                row: self.side.row(edge),
                edge: pack(self.side.hop(edge, nodes), edge.id),
                comes,
            })
            .collect();
        moves.sort_unstable();
        self.edges = self.edges + added.len() - removed.len();
        self.changes += moves.len();
        if self.changes > MERGE_FLOOR + self.edges / MERGE_SHARE {
            *self = self.merged(nodes.len(), &moves);
            return;
        }
        self.replaced.grow(nodes.len());
        for own in moves.chunk_by(|one, other| one.row == other.row) {
            let Some(node) = own.first().map(|one| one.row) else { continue };
            let mut row = Written::default();
            row.extend(self.row(node), own);
            self.rows.insert(node, Arc::new(Owned { hops: row.hops.into(), ids: row.ids.into() }));
            self.replaced.insert(node.0 as usize);
        }
    }

    /// The same rows without an overlay, after some moves.
    fn merged(&self, nodes: usize, mut moves: &[Move]) -> Self {
        let mut touched: Vec<NodeId> = self.rows.keys().copied().collect();
        touched.extend(
            moves.chunk_by(|one, other| one.row == other.row).flat_map(<[Move]>::first).map(|one| one.row),
        );
        touched.sort_unstable();
        touched.dedup();
        let mut all = Written::default();
        all.hops.reserve_exact(self.edges);
        all.ids.reserve_exact(self.edges);
        let mut starts = Vec::with_capacity(nodes + 1);
        starts.push(0);
        for node in touched {
            all.copy(&self.base, &mut starts, node.0 as usize);
            let own;
            (own, moves) = moves.split_at(moves.partition_point(|one| one.row == node));
            all.extend(self.row(node), own);
            starts.push(all.end());
        }
        all.copy(&self.base, &mut starts, nodes);
        Self::of(self.side, Base { starts: starts.into(), hops: all.hops.into(), ids: all.ids.into() })
    }
}

/// An edge that comes to a row or goes from it. In their order, those of a row follow one another as its edges do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Move {
    row: NodeId,
    edge: Packed,
    comes: bool,
}

/// Edges of one or many rows while they are written.
#[derive(Default)]
struct Written {
    hops: Vec<Hop>,
    ids: Vec<EdgeId>,
}

impl Written {
    /// Adds a row after what moves in it.
    fn extend(&mut self, row: Row<'_>, moves: &[Move]) {
        let mut put = |edge: Packed| {
            let (hop, id) = unpack(edge);
            self.hops.push(hop);
            self.ids.push(id);
        };
        let mut moves = moves.iter().peekable();
        for edge in row.edges().map(|(hop, id)| pack(hop, id)) {
            while let Some(new) = moves.next_if(|one| one.edge < edge) {
                put(new.edge);
            }
            if moves.next_if(|one| one.edge == edge && !one.comes).is_none() {
                put(edge);
            }
        }
        moves.for_each(|new| put(new.edge));
    }

    /// Adds the rows of a base as they are, from the next one on as far as some node.
    fn copy(&mut self, base: &Base, starts: &mut Vec<u32>, to: usize) {
        let (from, shift) = (starts.len() - 1, self.end());
        let last = to.min(base.starts.len() - 1);
        if let Some([first, others @ ..]) = base.starts.get(from..=last) {
            let end = others.last().unwrap_or(first);
            let bounds = *first as usize..*end as usize;
            self.hops.extend_from_slice(base.hops.get(bounds.clone()).unwrap_or_default());
            self.ids.extend_from_slice(base.ids.get(bounds).unwrap_or_default());
            starts.extend(others.iter().map(|start| start - first + shift));
        }
        // Nodes that came later have no edges yet.
        starts.resize(to + 1, self.end());
    }

    fn end(&self) -> u32 {
        u32::try_from(self.hops.len()).unwrap_or(u32::MAX)
    }
}

/// A change of fewer edges than this is kept in the overlay of even the smallest graph.
const MERGE_FLOOR: usize = 64;
/// The overlay is merged once it holds this share of the edges.
const MERGE_SHARE: usize = 100;

impl Base {
    fn row(&self, node: NodeId) -> Row<'_> {
        let at = node.0 as usize;
        let Some([start, end]) = self.starts.get(at..at + 2) else { return Row::EMPTY };
        let bounds = *start as usize..*end as usize;
        match (self.hops.get(bounds.clone()), self.ids.get(bounds)) {
            (Some(hops), Some(ids)) => Row { hops, ids },
            _ => Row::EMPTY,
        }
    }
}

/// Where each row starts, and at last where all end, for edges that lie in these rows.
fn starts(nodes: usize, rows: impl Iterator<Item = NodeId>) -> Vec<u32> {
    let mut starts = vec![0; nodes + 1];
    for row in rows {
        if let Some(count) = starts.get_mut(row.0 as usize + 1) {
            *count += 1;
        }
    }
    let mut sum = 0;
    for start in &mut starts {
        sum += *start;
        *start = sum;
    }
    starts
}

fn pack(hop: Hop, id: EdgeId) -> Packed {
    (u64::from(hop.0) << 32) | u64::from(id.0)
}

#[expect(clippy::cast_possible_truncation, reason = "both halves are taken apart")]
fn unpack(edge: Packed) -> (Hop, EdgeId) {
    (Hop((edge >> 32) as u32), EdgeId(edge as u32))
}
