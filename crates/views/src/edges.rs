//! Which identities belong together: each edge once, in the order of kind and ends.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

use doorward_model::identity::{Edge, EdgeKind};

use crate::symbols::Symbols;

/// The edges that are known.
#[derive(Clone, Debug, Default)]
pub struct Edges(BTreeSet<ByEnds>);

/// An edge that is known, with names that are shared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KnownEdge {
    kind: i32,
    /// The id it goes from.
    pub from: Arc<str>,
    /// The id it goes to.
    pub to: Arc<str>,
    /// How sure it is, in thousandths.
    pub confidence_milli: u32,
    /// What shows it.
    pub evidence: Arc<str>,
}

impl KnownEdge {
    /// What the one is to the other.
    #[must_use]
    pub fn kind(&self) -> EdgeKind {
        EdgeKind::try_from(self.kind).unwrap_or(EdgeKind::Unknown)
    }

    /// The fact that makes it known.
    #[must_use]
    pub fn told(&self) -> Edge {
        Edge {
            kind: self.kind,
            from: self.from.to_string(),
            to: self.to.to_string(),
            confidence_milli: self.confidence_milli,
            evidence: self.evidence.to_string(),
        }
    }
}

/// An edge, which is the same as any other of its kind with its ends.
#[derive(Clone, Debug)]
struct ByEnds(KnownEdge);

impl Edges {
    /// All edges, by kind and ends.
    pub fn iter(&self) -> impl Iterator<Item = &KnownEdge> {
        self.0.iter().map(|ByEnds(edge)| edge)
    }

    /// The edges of a kind that begin at an identity.
    pub fn from<'a>(&'a self, kind: EdgeKind, identity: &'a str) -> impl Iterator<Item = &'a KnownEdge> {
        let (from, none) = (identity.into(), Arc::default());
        let first =
            KnownEdge { kind: kind.into(), from, to: Arc::clone(&none), confidence_milli: 0, evidence: none };
        let edges = self.0.range(ByEnds(first)..).map(|ByEnds(edge)| edge);
        edges.take_while(move |edge| edge.kind() == kind && *edge.from == *identity)
    }

    /// Takes in an edge; of two evidences for one, the surer stays.
    pub(crate) fn fold(&mut self, edge: &Edge, symbols: &mut Symbols) {
        let [from, to, evidence] = [&edge.from, &edge.to, &edge.evidence].map(|name| symbols.shared(name));
        let found = ByEnds(KnownEdge {
            kind: edge.kind,
            from,
            to,
            confidence_milli: edge.confidence_milli,
            evidence,
        });
        let surer = |ByEnds(known): &ByEnds| known.confidence_milli < edge.confidence_milli;
        if self.0.get(&found).is_none_or(surer) {
            self.0.replace(found);
        }
    }
}

impl ByEnds {
    fn key(&self) -> (EdgeKind, &str, &str) {
        (self.0.kind(), &self.0.from, &self.0.to)
    }
}

impl Ord for ByEnds {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl PartialOrd for ByEnds {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for ByEnds {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for ByEnds {}

impl PartialEq for Edges {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

#[cfg(test)]
mod tests {
    use doorward_model::identity::{Edge, EdgeKind};

    use super::{Edges, KnownEdge};
    use crate::symbols::Symbols;

    #[test]
    fn an_edge_stands_once_with_its_surest_evidence() {
        let edge = |kind: EdgeKind, from: &str, to: &str, confidence_milli| Edge {
            kind: kind.into(),
            from: from.to_owned(),
            to: to.to_owned(),
            confidence_milli,
            evidence: confidence_milli.to_string(),
        };
        let (mut edges, mut symbols) = (Edges::default(), Symbols::new(1));
        for confidence_milli in [500, 900, 700] {
            edges.fold(&edge(EdgeKind::ActsFor, "agent", "alice", confidence_milli), &mut symbols);
        }
        let others = [
            edge(EdgeKind::Assumed, "agent", "role", 1_000),
            edge(EdgeKind::ActsFor, "agent-2", "alice", 950),
            edge(EdgeKind::ActsFor, "agent", "bob", 950),
        ];
        others.iter().for_each(|other| edges.fold(other, &mut symbols));
        let [assumed, second, bob] = others;
        let alice = edge(EdgeKind::ActsFor, "agent", "alice", 900);
        let from: Vec<_> = edges.from(EdgeKind::ActsFor, "agent").map(KnownEdge::told).collect();
        assert_eq!(from, [alice.clone(), bob.clone()]);
        assert_eq!(edges.iter().map(KnownEdge::told).collect::<Vec<_>>(), [assumed, alice, bob, second]);
    }
}
