//! Whoever is newly let in from outside, folded by the policy that lets them in.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::{Cause, Entrance, entrances as all};
use crate::answers::{self, ChokeAnswer, EdgeAnswer, HopAnswer, PathAnswer};
use crate::estate::Estate;
use crate::graph::Edge;
use crate::news::attribution::{Attributed, opened_at};
use crate::news::comparison::Comparison;
use crate::news::fold::fix;
use crate::news::{EXAMPLES_MAX, Gained, News, NewsKind};

/// The doors that were opened, those for the same people by the same change as one.
pub(super) fn entrances(comparison: &Comparison<'_>) -> Vec<News> {
    let mut doors: BTreeMap<String, Vec<Entrance>> = BTreeMap::new();
    for entrance in opened(comparison) {
        doors.entry(entrance.into.clone()).or_default().push(entrance);
    }
    let mut folded: BTreeMap<(Vec<Who>, Vec<usize>), Vec<Door>> = BTreeMap::new();
    for (into, entrances) in doors {
        let statement = entrances.first().and_then(|one| one.statements.first()).map_or("", |one| one);
        let policy = statement.split_once(" statement ").map_or("", |(policy, _)| policy);
        let attributed = opened_at(comparison, &into, policy);
        let who = entrances.iter().map(|one| (one.who.clone(), one.only_if.clone())).collect();
        let key = (who, attributed.changes.clone());
        folded.entry(key).or_default().push(Door { policy: policy.to_owned(), into, entrances, attributed });
    }
    folded.into_values().filter_map(|doors| told(comparison, doors)).collect()
}

/// Who is let in, and only if what.
type Who = (String, Option<String>);

/// A role or resource with those who are newly let in.
struct Door {
    into: String,
    policy: String,
    entrances: Vec<Entrance>,
    attributed: Attributed,
}

/// Who was not let in before, or only under another condition, in accounts that were known.
fn opened(comparison: &Comparison<'_>) -> Vec<Entrance> {
    let before = &comparison.before.atlas.estate;
    let mut known: BTreeMap<String, Vec<Entrance>> = BTreeMap::new();
    for one in all(before) {
        known.entry(one.into.clone()).or_default().push(one);
    }
    let is_new = |one: &Entrance| {
        let had = known.get(&one.into).into_iter().flatten();
        let mut had = had.filter(|had| had.only_if.is_none() || had.only_if == one.only_if);
        !had.any(|had| had.covers(one)) && is_known(before, &one.into)
    };
    all(&comparison.after.atlas.estate).into_iter().filter(is_new).collect()
}

/// Whether the account of something is known.
fn is_known(estate: &Estate, arn: &str) -> bool {
    let account = arn.split(':').nth(4).unwrap_or_default();
    account.is_empty() || estate.find_account(account).is_some()
}

fn told(comparison: &Comparison<'_>, mut doors: Vec<Door>) -> Option<News> {
    let worth = |door: &Door| Worth::of(comparison, &door.into);
    doors.sort_by_cached_key(|door| {
        let Worth { reaches_top, millipercent, .. } = worth(door);
        (std::cmp::Reverse((reaches_top, millipercent)), door.into.clone())
    });
    let first = doors.first()?;
    let Worth { reaches_top, millipercent, way } = worth(first);
    let count = u32::try_from(first.entrances.len()).unwrap_or(u32::MAX);
    let sure = first.entrances.iter().filter(|one| one.only_if.is_none()).count();
    let gained = |one: &Entrance| Gained {
        identity: one.who.clone(),
        words: match &*one.void {
            [] => one.words.clone(),
            void => format!("{} ({} keeps nobody out)", one.words, void.join(" and ")),
        },
        breadth: Some(one.breadth),
        before_millipercent: 0,
        after_millipercent: millipercent,
    };
    let policies: BTreeSet<&str> = doors.iter().map(|door| &*door.policy).collect();
    let method = method(first);
    let cut = ChokeAnswer {
        cut: policies.into_iter().take(EXAMPLES_MAX).collect::<Vec<_>>().join(", "),
        method: method.0.to_owned(),
        name: method.1.to_owned(),
        fix: if is_role(first) { fix(comparison, Cause::Assume) } else { RESOURCE.to_owned() },
        cut_off: count,
        ..ChokeAnswer::default()
    };
    let mut rows: Vec<_> = doors.iter().flat_map(|door| door.attributed.rows.clone()).collect();
    rows.sort_unstable();
    rows.dedup();
    Some(News {
        kind: NewsKind::OutsideTrust,
        count,
        sure: u32::try_from(sure).unwrap_or(u32::MAX),
        examples: first.entrances.iter().map(gained).take(EXAMPLES_MAX).collect(),
        to: doors.iter().map(|door| door.into.clone()).take(EXAMPLES_MAX).collect(),
        reaches_top,
        path: path(comparison, (first, method), &way),
        cut,
        rows,
        changes: first.attributed.changes.clone(),
        is_attributed: doors.iter().all(|door| door.attributed.is_sure),
    })
}

/// What is gained with a role or resource.
struct Worth {
    reaches_top: bool,
    millipercent: u32,
    /// From a role on to the administration of an account, or to what matters most.
    way: Vec<Edge>,
}

impl Worth {
    fn of(comparison: &Comparison<'_>, into: &str) -> Self {
        let (atlas, standing) = (comparison.after.atlas, &comparison.after.standing);
        let principal = atlas.estate.find(into);
        let node = principal.map(|id| atlas.analysis.principal(id)).or_else(|| atlas.find(into).ok());
        let Some(node) = node else { return Self { reaches_top: false, millipercent: 0, way: Vec::new() } };
        let toward = match principal {
            Some(id) if standing.is_able(id) => &standing.administration,
            _ => &standing.top,
        };
        Self {
            reaches_top: toward.conditions(node).is_some(),
            millipercent: atlas.rating.radius(node).millipercent(),
            way: toward.way(node).collect(),
        }
    }
}

/// The way of the first who is let in, through the door and on.
fn path(
    comparison: &Comparison<'_>,
    (door, (id, name)): (&Door, (&'static str, &'static str)),
    way: &[Edge],
) -> PathAnswer {
    let first = door.entrances.first();
    let hop = HopAnswer {
        edge: EdgeAnswer {
            from: first.map(|one| one.who.clone()).unwrap_or_default(),
            to: door.into.clone(),
            method: id.to_owned(),
            name: name.to_owned(),
        },
        statement: first.map(|one| one.statements.clone()).unwrap_or_default(),
        only_if: first.and_then(|one| one.only_if.clone()).into_iter().collect(),
        ..HopAnswer::default()
    };
    let rest = answers::ways(comparison.after.atlas, &[way.to_vec()]).into_iter().flat_map(|path| path.hops);
    PathAnswer {
        id: id.to_owned(),
        name: name.to_owned(),
        hops: std::iter::once(hop).chain(rest).collect(),
        missing: None,
    }
}

fn is_role(door: &Door) -> bool {
    door.policy.ends_with(" trust")
}

/// How one comes through a door: the method, and its name.
fn method(door: &Door) -> (&'static str, &'static str) {
    match is_role(door) {
        true => ("sts-001", "Assume the role"),
        false => ("resource-policy", "Use what the policy of the resource lets in"),
    }
}

const RESOURCE: &str =
    "Name in the policy of the resource who needs it, not everybody and no account as a whole.";
