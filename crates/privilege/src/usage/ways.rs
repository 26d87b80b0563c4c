//! Ways that were gone: the part of the graph whose steps the log shows, and that of which no log could show whether they
//! were taken. What AWS keeps of when something was tried last never shows that a step was taken, for it may have been
//! refused; it shows that some were not.
//!
//! A step into a pool says nothing of its members, so each used pair has an edge of its own here. Nobody is compared with
//! everybody: it begins with what was used.

use std::collections::{BTreeMap, BTreeSet};

use doorward_model::usage::Span;

use super::Usage;
use super::entries::{ASSUME, Entries};
use super::record::Record;
use super::step::{StepAnswer, Taken};
use crate::analysis::{Cause, KINDS, Place, PoolOf};
use crate::answers::{self, PathAnswer};
use crate::atlas::Atlas;
use crate::estate::PrincipalId;
use crate::graph::{Edge, EdgeId, Filter, Graph, GraphError, Level, NodeId};
use crate::reach::best_paths;

/// The used part of the graph of an atlas.
#[derive(Debug)]
pub struct UsedWays<'a> {
    atlas: &'a Atlas,
    /// Steps that were seen, and those that hold by themselves.
    seen: Graph,
    /// With those of which nobody can tell.
    possible: Graph,
    /// What edges of their own here stand for in the graph of the atlas, from its first free number on.
    stands_for: Vec<EdgeId>,
    first_own: u32,
    taken: BTreeMap<EdgeId, StepAnswer>,
    /// How edges of the atlas were used, by whomever they lead to.
    over: BTreeMap<EdgeId, StepAnswer>,
}

mod over;

impl<'a> UsedWays<'a> {
    /// The part of an atlas that a log shows to be used.
    ///
    /// # Errors
    /// When there are too many edges.
    pub fn new(atlas: &'a Atlas, usage: &'a Usage) -> Result<Self, GraphError> {
        let entries = Entries::new(atlas, usage);
        let first_own = atlas.analysis.graph.edges().map(|edge| edge.id.0 + 1).max().unwrap_or(0);
        let mut sieve = Sieve {
            atlas,
            usage,
            entries,
            seen: Vec::new(),
            unknown: Vec::new(),
            stands_for: Vec::new(),
            first_own,
            taken: BTreeMap::new(),
            over: BTreeMap::new(),
            above: BTreeMap::new(),
        };
        for (node, _) in atlas.analysis.graph.nodes() {
            sieve.node(node);
        }
        let Sieve { mut seen, unknown, stands_for, taken, over, .. } = sieve;
        let nodes: Vec<_> = atlas.analysis.graph.nodes().map(|(_, node)| node).collect();
        let graph = Graph::new(nodes.clone(), &seen)?;
        seen.extend(unknown);
        let possible = Graph::new(nodes, &seen)?;
        Ok(Self { atlas, seen: graph, possible, stands_for, first_own, taken, over })
    }

    /// The best ways whose steps were all seen, or hold by themselves. If there is none, the best ones with steps of which
    /// nobody can tell, which say so.
    #[must_use]
    pub fn ways(&self, from: NodeId, to: NodeId, filter: &Filter, count: usize) -> Vec<PathAnswer> {
        let mut filter = filter.clone();
        let own = (self.first_own..).map(EdgeId).zip(&self.stands_for);
        let avoided = own.filter(|(_, stands_for)| filter.avoid_edges.contains(stands_for));
        let avoided: Vec<EdgeId> = avoided.map(|(own, _)| own).collect();
        filter.avoid_edges.extend(avoided);
        let mut paths = best_paths(&self.seen, from, to, &filter, count);
        if paths.is_empty() {
            paths = best_paths(&self.possible, from, to, &filter, count);
        }
        let told: Vec<Vec<Edge>> = paths
            .iter()
            .map(|path| path.edges.iter().map(|edge| Edge { id: self.known(edge.id), ..*edge }).collect())
            .collect();
        let mut ways = answers::ways(self.atlas, &told);
        for (way, path) in ways.iter_mut().zip(&paths) {
            let steps = self.steps(&path.edges);
            way.hops.iter_mut().zip(steps).for_each(|(hop, step)| hop.usage = Some(step));
        }
        ways
    }

    /// The number of an edge in the graph of the atlas.
    fn known(&self, edge: EdgeId) -> EdgeId {
        let own = edge.0.checked_sub(self.first_own).and_then(|at| self.stands_for.get(at as usize));
        own.copied().unwrap_or(edge)
    }

    /// How each step of a way was used: what counts is where it begins.
    fn steps(&self, edges: &[Edge]) -> Vec<StepAnswer> {
        let (mut steps, mut begun) = (Vec::new(), None);
        for edge in edges {
            let first = *begun.get_or_insert(edge.id);
            if self.seen.node(edge.to).is_some_and(|node| !node.passage) {
                steps.push(self.taken.get(&first).cloned().unwrap_or_default());
                begun = None;
            }
        }
        steps
    }
}

/// The graph while its used part is sought.
struct Sieve<'a> {
    atlas: &'a Atlas,
    usage: &'a Usage,
    entries: Entries<'a>,
    seen: Vec<Edge>,
    unknown: Vec<Edge>,
    stands_for: Vec<EdgeId>,
    first_own: u32,
    taken: BTreeMap<EdgeId, StepAnswer>,
    over: BTreeMap<EdgeId, StepAnswer>,
    /// By which passages one comes to a node.
    above: BTreeMap<NodeId, BTreeSet<NodeId>>,
}

impl Sieve<'_> {
    /// Sorts what leaves a node.
    fn node(&mut self, node: NodeId) {
        let atlas = self.atlas;
        match atlas.analysis.place(node) {
            Some(Place::Principal(id)) => self.principal(*id, node),
            Some(Place::Outside(name)) => self.outside(name, node),
            Some(Place::Pool(key)) => {
                let whole = matches!(key.of, PoolOf::Rule(_) | PoolOf::Some { .. });
                let edges = atlas.analysis.graph.edges_from(node);
                // Who is in a pool is used only with it: each that was has an edge of its own.
                if whole { self.seen.extend(edges) } else { self.unknown.extend(edges) }
            }
            Some(Place::Resource(at)) if self.is_provider(*at) => {
                let name = atlas.estate.resource(*at).map(|one| one.id.clone()).unwrap_or_default();
                self.outside(&name, node);
            }
            Some(Place::Resource(_) | Place::Administration(_) | Place::Variant(_) | Place::Changed(_))
            | None => self.seen.extend(atlas.analysis.graph.edges_from(node)),
        }
    }

    fn is_provider(&self, at: u32) -> bool {
        self.atlas.estate.resource(at).is_some_and(|one| one.kind.ends_with("-provider"))
    }

    fn principal(&mut self, id: PrincipalId, node: NodeId) {
        let atlas = self.atlas;
        let account = atlas.estate.principal(id).and_then(|one| atlas.estate.account(one.account));
        let account = account.map_or("", |account| &account.id).to_owned();
        let record = self.entries.records.take(id);
        let edges: Vec<(Edge, Cause)> = self.leaving(node);
        let of = (&record, account.as_str());
        self.lead(&edges, Cause::Assume, (of, &[ASSUME]));
        self.assigned(node, &edges, &record);
        let mut levels: BTreeSet<(Level, u32)> = BTreeSet::new();
        for (edge, cause) in &edges {
            match cause {
                Cause::Assume | Cause::Assigned => {}
                Cause::Can(level, kind) => drop(levels.insert((*level, *kind))),
                Cause::Rule(place, _) => self.method(edge, *place, of),
                Cause::Administers
                | Cause::Holds
                | Cause::Member
                | Cause::Changed(_)
                | Cause::RunsAs
                | Cause::InGroup => self.seen.push(*edge),
            }
        }
        for (level, kind) in levels {
            let uses = KINDS.get(kind as usize).map_or(&[][..], |kind| kind.uses);
            let named = uses.iter().filter(|uses| uses.level == level).flat_map(|uses| uses.permissions);
            let named: Vec<&str> = named.copied().collect();
            self.lead(&edges, Cause::Can(level, kind), (of, &named));
        }
    }

    /// Who is outside comes in by assuming roles. What it does with data stands in the logs of its own account.
    fn outside(&mut self, name: &str, node: NodeId) {
        for (edge, cause) in self.leaving(node) {
            let mut is_open = cause != Cause::Assume;
            let roles: Vec<PrincipalId> = if is_open { Vec::new() } else { self.members(edge.to) };
            for role in roles {
                let step = self.entries.of_outsider(role, name);
                match step.taken {
                    Taken::Seen => self.own(Edge { to: self.atlas.analysis.principal(role), ..edge }, step),
                    Taken::Unknown => is_open = true,
                    Taken::Unused | Taken::Standing => {}
                }
            }
            if is_open {
                self.leave_open(edge);
            }
        }
    }

    /// The principals that a passage leads to, or the one that it is.
    fn members(&self, node: NodeId) -> Vec<PrincipalId> {
        let graph = &self.atlas.analysis.graph;
        let (mut members, mut waiting, mut known) = (Vec::new(), vec![node], BTreeSet::from([node]));
        while let Some(next) = waiting.pop() {
            match self.atlas.principal_of(next) {
                Some(id) => members.push(id),
                None if graph.node(next).is_some_and(|node| !node.passage) => {}
                None => {
                    let next = graph.edges_from(next).map(|edge| edge.to);
                    waiting.extend(next.filter(|to| known.insert(*to)));
                }
            }
        }
        members
    }

    fn leaving(&self, node: NodeId) -> Vec<(Edge, Cause)> {
        let edges = self.atlas.analysis.graph.edges_from(node);
        edges.filter_map(|edge| Some((edge, self.atlas.analysis.cause(edge.id)?))).collect()
    }

    /// On what some permissions were used.
    fn targets(&self, record: &Record<'_>, account: &str, permissions: &[&str]) -> Targets {
        let mut targets = Targets::default();
        for name in permissions {
            targets.is_open |=
                record.is_hidden(self.usage, account, name) || record.is_partial(self.usage, name);
            for (resource, span) in record.on(self.usage, name) {
                match self.find(resource) {
                    Some(target) => targets.add(target, span),
                    // It may be anything.
                    None => targets.is_open |= !resource.starts_with("arn:"),
                }
            }
        }
        targets
    }

    fn find(&self, resource: &str) -> Option<NodeId> {
        let analysis = &self.atlas.analysis;
        let who = &self.entries.who;
        let principal = who.principal(resource).map(|id| analysis.principal(id));
        principal.or_else(|| who.resource(resource).map(|place| analysis.resource(place)))
    }

    /// Leads to each target on which a permission was used and that an edge of a cause leads to. If nobody can tell whether
    /// others were, the edges themselves stay possible.
    fn lead(
        &mut self,
        edges: &[(Edge, Cause)],
        by: Cause,
        ((record, account), permissions): ((&Record<'_>, &str), &[&str]),
    ) {
        let of_cause: Vec<Edge> =
            edges.iter().filter(|(_, cause)| *cause == by).map(|(edge, _)| *edge).collect();
        if of_cause.is_empty() {
            return;
        }
        let used = self.targets(record, account, permissions);
        for (target, span) in &used.on {
            let above = self.above(*target);
            let mut leading = of_cause.iter().filter(|edge| edge.to == *target || above.contains(&edge.to));
            if let Some(edge) = leading.next() {
                self.own(Edge { to: *target, ..*edge }, StepAnswer::seen(*span));
            }
            // One is enough for a way, and each of them may be the one.
            leading.for_each(|edge| self.cross(edge.id, &StepAnswer::seen(*span)));
        }
        if used.is_open {
            of_cause.into_iter().for_each(|edge| self.leave_open(edge));
        }
    }

    /// An edge of its own for what was seen.
    fn own(&mut self, edge: Edge, step: StepAnswer) {
        let id =
            EdgeId(self.first_own.saturating_add(u32::try_from(self.stands_for.len()).unwrap_or(u32::MAX)));
        self.stands_for.push(edge.id);
        self.cross(edge.id, &step);
        self.seen.push(Edge { id, ..edge });
        self.taken.insert(id, step);
    }

    /// Takes in that an edge of the atlas was used.
    fn cross(&mut self, edge: EdgeId, step: &StepAnswer) {
        let known = self.over.entry(edge);
        known.and_modify(|known| *known = known.clone().join(step)).or_insert_with(|| step.clone());
    }

    fn leave_open(&mut self, edge: Edge) {
        self.unknown.push(edge);
        self.taken.insert(edge.id, StepAnswer::of(Taken::Unknown));
    }

    /// A method is used if all of its calls that would be seen were; if none would be, nobody can tell.
    fn method(&mut self, edge: &Edge, place: u32, (record, account): (&Record<'_>, &str)) {
        let rule = self.atlas.rules.all().get(place as usize);
        let needs = rule.into_iter().flat_map(|rule| &rule.needs).map(|need| &*need.permission);
        let (mut used, mut is_open): (Option<Span>, bool) = (None, false);
        for name in needs {
            match record.all(self.usage, name) {
                Some(span) => used = Some(used.map_or(span, |used| used.join(span))),
                None if !record.is_hidden(self.usage, account, name) => return,
                // The log would show it, and it was tried at another time.
                None => is_open |= self.usage.shows(account, name),
            }
        }
        let Some(span) = used.filter(|_| !is_open) else { return self.leave_open(*edge) };
        self.seen.push(*edge);
        self.taken.insert(edge.id, StepAnswer::seen(span));
    }

    /// That a person uses a role is seen by its sessions, whether the role is assigned to it or to a group of its: of that
    /// group, only those who were seen are led to the role.
    fn assigned(&mut self, node: NodeId, edges: &[(Edge, Cause)], record: &Record<'_>) {
        let groups = edges.iter().filter(|(_, cause)| *cause == Cause::InGroup).map(|(edge, _)| edge.to);
        let by_groups: Vec<(Edge, Cause)> = groups.flat_map(|group| self.leaving(group)).collect();
        let all = edges.iter().chain(&by_groups).filter(|(_, cause)| *cause == Cause::Assigned);
        for (edge, _) in all {
            let sessions = record.sessions().filter(|(role, _)| self.find(role) == Some(edge.to));
            match sessions.map(|(_, span)| span).reduce(Span::join) {
                Some(span) => self.own(Edge { from: node, ..*edge }, StepAnswer::seen(span)),
                // Those of a group are left open with the group.
                None if edge.from == node
                    && !self.members(edge.to).iter().all(|role| self.is_logged(*role)) =>
                {
                    self.leave_open(*edge);
                }
                None => {}
            }
        }
    }

    /// Whether the log of a principal's account is known.
    fn is_logged(&self, id: PrincipalId) -> bool {
        let account = self.atlas.estate.principal(id).map(|one| one.identity.account.as_str());
        account.is_some_and(|account| self.usage.log(account).is_some())
    }

    /// The passages by which one comes to a node as one of many.
    fn above(&mut self, node: NodeId) -> BTreeSet<NodeId> {
        if let Some(known) = self.above.get(&node) {
            return known.clone();
        }
        let graph = &self.atlas.analysis.graph;
        let (mut above, mut waiting) = (BTreeSet::new(), vec![node]);
        while let Some(next) = waiting.pop() {
            let members =
                graph.edges_to(next).filter(|edge| self.atlas.analysis.cause(edge.id) == Some(Cause::Member));
            waiting.extend(members.map(|edge| edge.from).filter(|from| above.insert(*from)));
        }
        self.above.insert(node, above.clone());
        above
    }
}

/// What was used, by node.
#[derive(Debug, Default)]
struct Targets {
    on: BTreeMap<NodeId, Span>,
    /// Whether more may have been used than is known.
    is_open: bool,
}

impl Targets {
    fn add(&mut self, target: NodeId, span: Span) {
        self.on.entry(target).and_modify(|known| *known = known.join(span)).or_insert(span);
    }
}
