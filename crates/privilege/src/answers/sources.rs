//! Who reaches a thing, and by which steps.

use serde::Serialize;

use super::{HopAnswer, Teller};
use crate::atlas::Atlas;
use crate::graph::{Filter, NodeId};
use crate::reach::{Best, best_path, sources};

/// Somebody who reaches a thing.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct SourceAnswer {
    /// Who.
    pub from: String,
    /// What is gained over the thing: `control`, `write`, `read` or `list`.
    pub level: &'static str,
    /// How many steps on the way hold only if a condition does.
    pub conditions: u8,
    /// The blast radius of who reaches it, in percent.
    pub blast_radius: f64,
    /// The shortest of the best ways, step by step; empty where it was not asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<HopAnswer>,
}

impl Atlas {
    /// Who reaches a node, the best first: identities, and whoever is outside. The first of them, up to a count, with
    /// their ways.
    #[must_use]
    pub fn reached_by(&self, to: NodeId, ways: usize) -> Vec<SourceAnswer> {
        Teller::with(self, Vec::new(), |teller| teller.reached_by(to, ways))
    }
}

impl Teller<'_> {
    fn reached_by(&self, to: NodeId, ways: usize) -> Vec<SourceAnswer> {
        let rating = &self.atlas.rating;
        let counts =
            |node: NodeId| rating.weights.identities.contains(node.0 as usize) || self.atlas.is_outside(node);
        let mut found = sources(&self.atlas.analysis.graph, to, &Filter::default());
        found.retain(|(node, _)| counts(*node));
        found.sort_by_key(|(node, best)| (std::cmp::Reverse(*best), *node));
        let told = |(place, (from, best)): (usize, (NodeId, Best))| SourceAnswer {
            from: self.names.name(from),
            level: best.level.word(),
            conditions: best.conditions,
            blast_radius: f64::from(rating.radius(from).millipercent()) / 1000.0,
            path: if place < ways { self.shortest(from, to) } else { Vec::new() },
        };
        found.into_iter().enumerate().map(told).collect()
    }

    fn shortest(&self, from: NodeId, to: NodeId) -> Vec<HopAnswer> {
        let path = best_path(&self.atlas.analysis.graph, from, to, &Filter::default());
        path.map(|path| self.path(&path.edges).hops).unwrap_or_default()
    }
}
