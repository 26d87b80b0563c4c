//! Two atlases side by side: what is the same in both, and which steps of the later one are new.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::mem::discriminant;

use crate::analysis::{Cause, Place};
use crate::atlas::Atlas;
use crate::estate::PrincipalId;
use crate::graph::{Edge, Graph, NodeId};
use crate::news::{Gained, RowRef, Standing};

/// Two atlases, and what changed between them.
pub(super) struct Comparison<'a> {
    pub(super) before: Side<'a>,
    pub(super) after: Side<'a>,
    pub(super) changes: &'a [Vec<RowRef>],
    /// Nodes of the earlier one that are outside, by their names.
    outside: OnceCell<BTreeMap<&'a str, NodeId>>,
    /// Whether a passage of the earlier one led to a node, and whether only under a condition.
    passages: RefCell<BTreeMap<(NodeId, NodeId), Option<bool>>>,
}

/// An atlas with where everybody stands in it.
pub(super) struct Side<'a> {
    pub(super) atlas: &'a Atlas,
    pub(super) standing: Standing,
}

/// A step of a way: from one shown node to the next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) from: NodeId,
    pub(super) to: NodeId,
    pub(super) cause: Cause,
    pub(super) only_if: bool,
}

impl Step {
    /// What tells a step from others: equal ones are cut at once.
    pub(super) fn key(&self) -> (NodeId, NodeId, u32) {
        (self.from, self.to, self.method())
    }

    /// The method as a number.
    pub(super) fn method(&self) -> u32 {
        match self.cause {
            Cause::Rule(place, _) => METHODS + place,
            Cause::Assume => 0,
            Cause::Administers => 1,
            Cause::Holds => 2,
            Cause::Member | Cause::Changed(_) => 3,
            Cause::RunsAs => 4,
            Cause::Assigned => 5,
            Cause::InGroup => 6,
            Cause::Can(level, kind) => CAN + 8 * kind + level as u32,
        }
    }
}

/// From here on numbers stand for methods of the set.
const METHODS: u32 = 16;
/// And from here on for levels over things of a kind.
const CAN: u32 = 1 << 16;

impl<'a> Comparison<'a> {
    pub(super) fn new(before: &'a Atlas, after: &'a Atlas, changes: &'a [Vec<RowRef>]) -> Self {
        let side = |atlas: &'a Atlas| Side { atlas, standing: Standing::of(atlas) };
        Self {
            before: side(before),
            after: side(after),
            changes,
            outside: OnceCell::new(),
            passages: RefCell::default(),
        }
    }

    /// Whoever is an identity of an account that was known before, with who it was then, if it was there.
    pub(super) fn identities(&self) -> impl Iterator<Item = (PrincipalId, Option<PrincipalId>)> + '_ {
        let (before, after) = (&self.before.atlas.estate, &self.after.atlas.estate);
        self.after.standing.all().filter_map(move |id| {
            let principal = after.principal(id)?;
            before.find_account(&principal.identity.account)?;
            Some((id, before.find(principal.arn())))
        })
    }

    /// Somebody with the blast radius before and now.
    pub(super) fn gained(&self, id: PrincipalId) -> Gained {
        let arn = self.after.atlas.estate.principal(id).map_or("", |one| one.arn());
        let before = self.before.atlas.estate.find(arn);
        let radius =
            |atlas: &Atlas, id: PrincipalId| atlas.rating.radius(atlas.analysis.principal(id)).millipercent();
        Gained {
            identity: arn.to_owned(),
            words: String::new(),
            breadth: None,
            before_millipercent: before.map_or(0, |id| radius(self.before.atlas, id)),
            after_millipercent: radius(self.after.atlas, id),
        }
    }

    /// The steps of a way of the later atlas.
    pub(super) fn steps(&self, way: impl Iterator<Item = Edge>) -> Vec<Step> {
        let analysis = &self.after.atlas.analysis;
        let mut steps = Vec::new();
        let mut begun: Option<Step> = None;
        for edge in way {
            let cause = analysis.cause(edge.id).unwrap_or(Cause::Member);
            let so_far = begun.take();
            let step = Step {
                from: so_far.map_or(edge.from, |step| step.from),
                to: edge.to,
                cause: so_far.map_or(cause, |step| step.cause),
                only_if: edge.only_if || so_far.is_some_and(|step| step.only_if),
            };
            match analysis.graph.node(edge.to).is_some_and(|node| node.passage) {
                true => begun = Some(step),
                false => steps.push(step),
            }
        }
        steps
    }

    /// Whether a step of the later atlas was not there before, or only under a condition that it has no more.
    pub(super) fn is_new(&self, step: &Step) -> bool {
        match self.had(step) {
            Some(only_if) => only_if && !step.only_if,
            None => true,
        }
    }

    /// Whether a step was there before, and whether only under a condition.
    fn had(&self, step: &Step) -> Option<bool> {
        let (from, to) = (self.earlier(step.from)?, self.earlier(step.to)?);
        let before = self.before.atlas;
        let same = |edge: &Edge| before.analysis.cause(edge.id).is_some_and(|own| is_same(own, step.cause));
        let leads = |edge: Edge| {
            let rest = if edge.to == to { Some(false) } else { self.passes(edge.to, to) };
            Some(rest? || edge.only_if)
        };
        before.analysis.graph.edges_from(from).filter(same).filter_map(leads).min()
    }

    /// Whether a passage of the earlier atlas led to a node, over others perhaps.
    fn passes(&self, passage: NodeId, to: NodeId) -> Option<bool> {
        let graph = &self.before.atlas.analysis.graph;
        graph.node(passage).filter(|node| node.passage)?;
        if let Some(known) = self.passages.borrow().get(&(passage, to)) {
            return *known;
        }
        // What needs no condition is gone through first.
        let found = [false, true].into_iter().find(|conditions| leads(graph, (passage, to), *conditions));
        self.passages.borrow_mut().insert((passage, to), found);
        found
    }

    /// The node of the earlier atlas that stands for the same.
    fn earlier(&self, node: NodeId) -> Option<NodeId> {
        let (before, after) = (self.before.atlas, self.after.atlas);
        match after.analysis.place(node)? {
            Place::Principal(id) => {
                let arn = after.estate.principal(*id)?.arn();
                before.estate.find(arn).map(|id| before.analysis.principal(id))
            }
            Place::Administration(account) => {
                let account = before.estate.find_account(&after.estate.account(*account)?.id)?;
                Some(before.analysis.administration(account))
            }
            Place::Resource(at) => {
                let place = before.estate.find_resource(&after.estate.resource(*at)?.id)?;
                Some(before.analysis.resource(place))
            }
            Place::Outside(name) => self.outside().get(&**name).copied(),
            Place::Variant(_) | Place::Pool(_) | Place::Changed(_) => None,
        }
    }

    fn outside(&self) -> &BTreeMap<&'a str, NodeId> {
        self.outside.get_or_init(|| {
            let analysis = &self.before.atlas.analysis;
            let named = |(node, _)| match analysis.place(node)? {
                Place::Outside(name) => Some((&**name, node)),
                _ => None,
            };
            analysis.graph.nodes().filter_map(named).collect()
        })
    }
}

/// Whether one comes from a passage to a node over passages alone, by edges that hold under a condition or not.
fn leads(graph: &Graph, (passage, to): (NodeId, NodeId), conditions: bool) -> bool {
    let mut seen = BTreeSet::from([passage]);
    let mut open = vec![passage];
    while let Some(at) = open.pop() {
        for edge in graph.edges_from(at).filter(|edge| conditions || !edge.only_if) {
            if edge.to == to {
                return true;
            }
            let is_passage = graph.node(edge.to).is_some_and(|node| node.passage);
            if is_passage && seen.insert(edge.to) {
                open.push(edge.to);
            }
        }
    }
    false
}

fn is_same(one: Cause, other: Cause) -> bool {
    match (one, other) {
        (Cause::Rule(one, _), Cause::Rule(other, _)) => one == other,
        (Cause::Can(..), Cause::Can(..)) => one == other,
        (one, other) => discriminant(&one) == discriminant(&other),
    }
}
