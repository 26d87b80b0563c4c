//! New ways, folded by the point at which they can be cut.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::Cause;
use crate::answers::{self, ChokeAnswer, PathAnswer};
use crate::estate::PrincipalId;
use crate::graph::{Edge, NodeId};
use crate::news::attribution::{Attributed, attributed};
use crate::news::comparison::{Comparison, Step};
use crate::news::{EXAMPLES_MAX, Gained, News, NewsKind};
use crate::reach::Toward;

/// The new ways to the administration of an account and to what matters most. Who has both is told of once.
pub(super) fn ways(comparison: &Comparison<'_>) -> Vec<News> {
    let (before, after) = (&comparison.before.standing, &comparison.after.standing);
    let is_new = |one: &(PrincipalId, Option<PrincipalId>)| {
        after.is_able(one.0) && one.1.is_none_or(|earlier| !before.is_able(earlier))
    };
    let escalating: Vec<PrincipalId> = comparison.identities().filter(is_new).map(|(now, _)| now).collect();
    let told: BTreeSet<PrincipalId> = escalating.iter().copied().collect();
    let is_new = |(now, earlier): &(PrincipalId, Option<PrincipalId>)| {
        let had = earlier.is_some_and(|id| before.is_near_top(id) || before.is_administrator(id));
        after.is_near_top(*now) && !after.is_at_top(*now) && !had && !told.contains(now)
    };
    let nearing = comparison.identities().filter(is_new).map(|(now, _)| now).collect();
    let mut news = News::of_ways(comparison, NewsKind::Escalation, escalating);
    news.extend(News::of_ways(comparison, NewsKind::TierZero, nearing));
    news
}

/// Those whose ways are cut at one step.
struct Group {
    step: Step,
    members: Vec<Member>,
}

/// Somebody with a new way.
struct Member {
    id: PrincipalId,
    gained: Gained,
    is_sure: bool,
}

/// Groups that one cause has opened.
struct Folded {
    groups: Vec<Group>,
    attributed: Attributed,
    /// Where the ways of each group are cut, of the first member the whole way.
    paths: Vec<PathAnswer>,
}

/// Where several groups are cut at once: what they lead to, by which method, and what opened them.
type Cut = (NodeId, u32, BTreeSet<String>, Vec<usize>);

impl News {
    fn of_ways(comparison: &Comparison<'_>, kind: NewsKind, gained: Vec<PrincipalId>) -> Vec<Self> {
        let toward = match kind {
            NewsKind::TierZero => &comparison.after.standing.top,
            NewsKind::Escalation | NewsKind::OutsideTrust => &comparison.after.standing.administration,
        };
        let groups = grouped(comparison, toward, gained);
        let node = |id| comparison.after.atlas.analysis.principal(id);
        let way = |group: &Group| -> Vec<Edge> {
            group.members.first().map(|one| toward.way(node(one.id)).collect()).unwrap_or_default()
        };
        let paths = answers::ways(comparison.after.atlas, &groups.iter().map(way).collect::<Vec<_>>());
        let mut folded: BTreeMap<Cut, Folded> = BTreeMap::new();
        for (group, path) in groups.into_iter().zip(paths) {
            let attributed = attributed(comparison, &group.step, statements(comparison, &group.step, &path));
            let (to, method) = (group.step.to, group.step.method());
            let cut = (to, method, attributed.names.clone(), attributed.changes.clone());
            match folded.get_mut(&cut) {
                Some(known) => known.add(group, attributed, path),
                None => {
                    let one = Folded { groups: vec![group], attributed, paths: vec![path] };
                    folded.insert(cut, one);
                }
            }
        }
        folded.into_values().filter_map(|folded| folded.told(comparison, kind)).collect()
    }
}

/// Those who have gained a way, by the last step of it that is new: all behind it come through there.
fn grouped(comparison: &Comparison<'_>, toward: &Toward, gained: Vec<PrincipalId>) -> Vec<Group> {
    let mut groups: BTreeMap<(NodeId, NodeId, u32), Group> = BTreeMap::new();
    let mut known: BTreeMap<(NodeId, NodeId, u32), bool> = BTreeMap::new();
    for id in gained {
        let steps = comparison.steps(toward.way(comparison.after.atlas.analysis.principal(id)));
        let mut is_new = |step: &&Step| *known.entry(step.key()).or_insert_with(|| comparison.is_new(step));
        let Some(step) = steps.iter().rev().find(|step| is_new(step)).or_else(|| steps.first()) else {
            continue;
        };
        let group = groups.entry(step.key()).or_insert(Group { step: *step, members: Vec::new() });
        let is_sure = steps.iter().all(|step| !step.only_if);
        group.members.push(Member { id, gained: comparison.gained(id), is_sure });
    }
    let mut groups: Vec<Group> = groups.into_values().collect();
    groups.iter_mut().for_each(|group| sort(&mut group.members));
    groups
}

/// The largest blast radius first.
fn sort(members: &mut [Member]) {
    members.sort_by(|one, other| {
        let place = |one: &Member| (Reverse(one.gained.after_millipercent), Reverse(one.is_sure));
        place(one).cmp(&place(other)).then_with(|| one.gained.identity.cmp(&other.gained.identity))
    });
}

/// The statements of a step of a way.
fn statements<'p>(comparison: &Comparison<'_>, step: &Step, path: &'p PathAnswer) -> &'p [String] {
    let name = |node| answers::name(comparison.after.atlas, node);
    let (from, to) = (name(step.from), name(step.to));
    let hop = path.hops.iter().find(|hop| hop.edge.from == from && hop.edge.to == to);
    hop.map_or(&[], |hop| &hop.statement)
}

impl Folded {
    fn add(&mut self, group: Group, attributed: Attributed, path: PathAnswer) {
        self.groups.push(group);
        self.paths.push(path);
        self.attributed.rows.extend(attributed.rows);
        self.attributed.rows.sort_unstable();
        self.attributed.rows.dedup();
    }

    fn told(self, comparison: &Comparison<'_>, kind: NewsKind) -> Option<News> {
        let Self { groups, attributed, paths } = self;
        let step = groups.first()?.step;
        let cuts = groups.len();
        let firsts: Vec<PrincipalId> =
            groups.iter().filter_map(|group| Some(group.members.first()?.id)).collect();
        let mut members: Vec<Member> = groups.into_iter().flat_map(|group| group.members).collect();
        sort(&mut members);
        let first = members.first()?.id;
        let path = firsts.iter().position(|id| *id == first).and_then(|at| paths.into_iter().nth(at))?;
        let count = u32::try_from(members.len()).unwrap_or(u32::MAX);
        let sure = members.iter().filter(|one| one.is_sure).count();
        let goal = path.hops.last().map(|hop| hop.edge.to.clone());
        Some(News {
            kind,
            count,
            sure: u32::try_from(sure).unwrap_or(u32::MAX),
            to: goal.into_iter().collect(),
            reaches_top: true,
            cut: cut(comparison, (&step, cuts), &attributed, count),
            examples: members.into_iter().map(|one| one.gained).take(EXAMPLES_MAX).collect(),
            path,
            rows: attributed.rows,
            changes: attributed.changes,
            is_attributed: attributed.is_sure,
        })
    }
}

/// Where all ways are cut: at the step, or where there are several, at what opened them.
fn cut(
    comparison: &Comparison<'_>,
    (step, cuts): (&Step, usize),
    attributed: &Attributed,
    count: u32,
) -> ChokeAnswer {
    let atlas = comparison.after.atlas;
    let node = |node| answers::name(atlas, node);
    let by_name = || attributed.names.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let cut = match cuts {
        1 => format!("{} -> {}", node(step.from), node(step.to)),
        _ if attributed.names.is_empty() => node(step.to),
        _ => by_name(),
    };
    let (method, name) = answers::method(atlas, step.cause);
    ChokeAnswer {
        cut,
        method,
        name,
        fix: fix(comparison, step.cause),
        cut_off: count,
        ..ChokeAnswer::default()
    }
}

/// How a step is closed.
pub(super) fn fix(comparison: &Comparison<'_>, cause: Cause) -> String {
    let rules = comparison.after.atlas.rules.all();
    let of = |rule: Option<&crate::escalation::Rule>| rule.map_or("", |rule| &rule.fix).to_owned();
    match cause {
        Cause::Rule(place, _) => of(rules.get(place as usize)),
        Cause::Assume => of(rules.iter().find(|rule| rule.is_trust_alone())),
        Cause::Administers => ADMINISTERS.to_owned(),
        Cause::Can(..) => CAN.to_owned(),
        Cause::Assigned => ASSIGNED.to_owned(),
        Cause::InGroup => IN_GROUP.to_owned(),
        Cause::Holds | Cause::Member | Cause::Changed(_) | Cause::RunsAs => String::new(),
    }
}

const CAN: &str = "Take the permission away, or name in the policy of the resource who may use it.";
const ASSIGNED: &str = "Take the assignment away, or assign a permission set that allows less.";
const IN_GROUP: &str = "Take the person out of the group.";
const ADMINISTERS: &str = "Take the policy away, or allow in it what is needed, not everything.";
