//! What would be lost with an identity, the worst first, and by which steps; and who could lose a thing.

use serde::Serialize;

use super::{HopAnswer, Teller};
use crate::atlas::Atlas;
use crate::blast::heaviest;
use crate::graph::{Filter, NodeId};
use crate::reach::{Best, best_path, reach, sources};

/// Something that is reached.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct TargetAnswer {
    /// What is reached.
    pub to: String,
    /// What is gained over it: `control`, `write`, `read` or `list`.
    pub level: &'static str,
    /// How many steps on the way hold only if a condition does.
    pub conditions: u8,
    /// What it weighs.
    pub weight: u32,
    /// The shortest of the best ways, step by step.
    pub path: Vec<HopAnswer>,
}

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
    /// What makes up most of the blast radius of each of some nodes: weight times how well it is reached, largest first.
    #[must_use]
    pub fn top_targets(&self, nodes: &[NodeId], count: usize) -> Vec<Vec<TargetAnswer>> {
        Teller::with(self, Vec::new(), |teller| {
            nodes.iter().map(|node| teller.top_targets(*node, count)).collect()
        })
    }

    /// Who reaches a node, the best first: identities, and whoever is outside. The first of them, up to a count, with
    /// their ways.
    #[must_use]
    pub fn reached_by(&self, to: NodeId, ways: usize) -> Vec<SourceAnswer> {
        Teller::with(self, Vec::new(), |teller| teller.reached_by(to, ways))
    }
}

impl Teller<'_> {
    fn top_targets(&self, from: NodeId, count: usize) -> Vec<TargetAnswer> {
        let graph = &self.atlas.analysis.graph;
        let weights = &self.atlas.rating.weights;
        let reached = reach(graph, from, &Filter::default());
        let told = |(node, best, loss): (NodeId, Best, u64)| {
            (loss > 0).then(|| TargetAnswer {
                to: self.names.name(node),
                level: best.level.word(),
                conditions: best.conditions,
                weight: weights.weights.get(node.0 as usize).copied().unwrap_or(0),
                path: self.shortest(from, node),
            })
        };
        heaviest(weights, &reached, count).into_iter().filter_map(told).collect()
    }

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
