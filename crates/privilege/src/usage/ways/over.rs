//! What use was seen over one edge or node of an atlas, and whether what a node reaches was come to.

use std::collections::BTreeSet;

use super::UsedWays;
use crate::analysis::{Cause, Place};
use crate::choke::Point;
use crate::graph::{Edge, Filter, NodeId};
use crate::reach::{Reached, reach};
use crate::usage::step::{StepAnswer, Taken};

impl UsedWays<'_> {
    /// What use was seen over a point where ways can be cut.
    pub(crate) fn over(&self, point: Point) -> StepAnswer {
        match point {
            Point::Edge(edge) => self.over_edge(&edge),
            Point::Node(node) => self.over_node(node),
        }
    }

    fn over_edge(&self, edge: &Edge) -> StepAnswer {
        let known = self.over.get(&edge.id).or_else(|| self.taken.get(&edge.id));
        known.cloned().unwrap_or_else(|| match self.atlas.analysis.place(edge.from) {
            _ if !self.is_called(edge) => StepAnswer::of(Taken::Standing),
            // What somebody would do with other policies than it has, no log shows.
            Some(Place::Variant(_) | Place::Changed(_)) => StepAnswer::of(Taken::Unknown),
            _ => StepAnswer::of(Taken::Unused),
        })
    }

    /// Whoever came to a node, or may have come to one of many among which it is.
    fn over_node(&self, node: NodeId) -> StepAnswer {
        let (mut known, mut waiting) = (BTreeSet::from([node]), vec![node]);
        let (mut seen, mut is_open, mut is_called) = (None::<StepAnswer>, false, false);
        while let Some(next) = waiting.pop() {
            is_called |= self.atlas.analysis.graph.edges_to(next).any(|edge| self.is_called(&edge));
            for edge in self.possible.edges_to(next) {
                match self.taken.get(&edge.id) {
                    Some(step) if step.taken == Taken::Seen => {
                        seen = Some(seen.map_or_else(|| step.clone(), |known| known.join(step)));
                    }
                    Some(_) => is_open = true,
                    None => {
                        let is_passage = self.possible.node(edge.from).is_some_and(|node| node.passage);
                        waiting.extend(Some(edge.from).filter(|from| is_passage && known.insert(*from)));
                    }
                }
            }
        }
        seen.unwrap_or_else(|| {
            StepAnswer::of(match (is_open, is_called) {
                (true, _) => Taken::Unknown,
                (false, true) => Taken::Unused,
                (false, false) => Taken::Standing,
            })
        })
    }

    /// Whether a call is made to go over an edge.
    fn is_called(&self, edge: &Edge) -> bool {
        match self.atlas.analysis.cause(edge.id) {
            Some(Cause::Assume | Cause::Rule(..) | Cause::Can(..) | Cause::Assigned) => true,
            Some(
                Cause::Administers
                | Cause::Holds
                | Cause::Member
                | Cause::Changed(_)
                | Cause::RunsAs
                | Cause::InGroup,
            )
            | None => false,
        }
    }

    /// Whether a node came to another that it reaches.
    pub(crate) fn reached(&self, from: NodeId, filter: &Filter) -> impl Fn(NodeId) -> StepAnswer + use<> {
        let standing = self.seen.edges().filter(|edge| !self.taken.contains_key(&edge.id));
        let only_edges = Some(standing.map(|edge| edge.id.0 as usize).collect());
        let standing = reach(&self.seen, from, &Filter { only_edges, ..filter.clone() });
        let (seen, possible) = (reach(&self.seen, from, filter), reach(&self.possible, from, filter));
        move |to| {
            let is_in = |reached: &Reached| reached.best(to).is_some();
            StepAnswer::of(match to {
                _ if is_in(&standing) => Taken::Standing,
                _ if is_in(&seen) => Taken::Seen,
                _ if is_in(&possible) => Taken::Unknown,
                _ => Taken::Unused,
            })
        }
    }
}
