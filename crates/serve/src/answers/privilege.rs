//! What could be done by the policies of the platforms, answered from what was derived of the inventory: for the API,
//! and for the command line over a data folder or files.

use std::ops::{Bound, ControlFlow};

use doorward_model::id::FactNumber;
use doorward_model::time::Time;
use doorward_privilege::answers::{
    ChokeAnswer, Escalation, OutsideAnswer, PathAnswer, PrincipalAnswer, UnknownAnswer, chokes, outside,
    recommended, some_principals, unknown,
};
use doorward_privilege::atlas::Atlas;
use doorward_privilege::derived::Derived;
use doorward_privilege::draw::{DrawError, draw_ways};
use doorward_privilege::estate::PrincipalId;
use doorward_privilege::graph::{Filter, GraphError};
use doorward_privilege::questions::{CanAnswer, NameError, ReachAnswer, doubt};
use doorward_privilege::usage::{LogAnswer, TrustAnswer, Usage, UsedWays, logs, rate, trust, used};
use serde::Serialize;
use utoipa::ToSchema;

use crate::answers::query::{LOOKED_AT_MAX, Query, QueryError, to_hex};
use crate::schema::Instant;

/// What an analysis may be filtered by.
pub const FIELDS: [&str; 4] = ["account", "escalation", "admin", "q"];
/// What a question about ways says.
pub const WAYS_FIELDS: [&str; 5] = ["from", "to", "avoid", "ways", "used_only"];
/// What a question about a permission says.
pub const CAN_FIELDS: [&str; 2] = ["permission", "resource"];

/// Who administers an account, who could come to, and where that can be cut.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
pub struct Analysis {
    /// The newest date of the exports, from which on requests are judged; absent where they have none.
    #[schema(value_type = Option<Instant>)]
    pub as_of: Option<Time>,
    /// The last fact that the answer saw.
    #[schema(value_type = u64)]
    pub seen: FactNumber,
    /// The accounts that are known.
    pub accounts: Vec<String>,
    /// A page of all users and roles, by account and ARN.
    pub principals: Vec<PrincipalAnswer>,
    /// Where ways to what matters most can be cut, the best first; on the first page only.
    pub choke_points: Vec<ChokeAnswer>,
    /// Who is let in from outside, the widest first, and the first thousand of them; on the first page only.
    pub outside: Vec<OutsideAnswer>,
    /// Policies that cannot be read: what depends on them is unknown. On the first page only.
    pub unknown: Vec<UnknownAnswer>,
    /// What logs show by which the use of rights is told, by account; none where no log is known. On the first page only.
    pub logs: Vec<LogAnswer>,
    /// Which ways into roles were used in the window of the log; `null` where no log is known. On the first page only.
    pub trust: Option<TrustAnswer>,
    /// Where the next page begins; absent at the end. A page may hold less than asked for and yet not be the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Some answers, as of when they are, and where to go on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct Listed<T> {
    /// The answers.
    pub items: Vec<T>,
    /// How many there are on all pages.
    pub total: usize,
    /// What to know of all of them, such as that they are about a permission that nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
    /// Where the next page begins; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// The last fact that the answers saw.
    #[schema(value_type = u64)]
    pub seen: FactNumber,
    /// The newest date of the exports, from which on requests are judged; absent where they have none.
    #[schema(value_type = Option<Instant>)]
    pub as_of: Option<Time>,
}

/// Whether one identity has a permission on a resource.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct CanRow {
    /// The answer.
    #[serde(flatten)]
    pub can: CanAnswer,
    /// The last fact that the answer saw.
    #[schema(value_type = u64)]
    pub seen: FactNumber,
    /// The newest date of the exports, from which on the request is judged; absent where they have none.
    #[schema(value_type = Option<Instant>)]
    pub as_of: Option<Time>,
}

/// Why there is no answer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AskError {
    /// The question cannot be read.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// A permission has a service and a name.
    #[error("{0:?} is no permission: write service and name, such as s3:GetObject")]
    Permission(String),
    /// Nobody is meant, or several could be.
    #[error(transparent)]
    Name(#[from] NameError),
    /// It is something that holds no permissions.
    #[error("{0} is no user, role or group")]
    NoPrincipal(String),
    /// The inventory has changed between two pages.
    #[error("the inventory has changed since the page before: begin again")]
    Moved,
    /// What was used cannot be told.
    #[error("no log is known that would show what was used: take in audit events, or name their files, too")]
    NoLog,
    /// There is too much to be told apart.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// There is too much for a picture.
    #[error(transparent)]
    Draw(#[from] DrawError),
}

/// The instant from which on requests are judged; none where no export tells a date.
#[must_use]
pub fn as_of(atlas: &Atlas) -> Option<Time> {
    Some(atlas.as_of).filter(|at| at.ms() > 0)
}

/// Who administers, who could come to, by which ways, and where these can be cut.
///
/// # Errors
/// [`AskError`] says what cannot be read.
pub fn analysis(derived: &Derived, query: &Query, usage: Option<&Usage>) -> Result<Analysis, AskError> {
    let atlas = &derived.atlas;
    let wanted = Wanted::read(query)?;
    let all = atlas.estate.principals().map(|(id, _)| id);
    let from = match query.after()? {
        Bound::Excluded(arn) => {
            let before = atlas.estate.find(&arn).ok_or(AskError::Moved)?;
            all.clone().position(|id| id == before).ok_or(AskError::Moved)? + 1
        }
        Bound::Included(_) | Bound::Unbounded => 0,
    };
    let looked_at = all.clone().skip(from).take(LOOKED_AT_MAX);
    let (mut principals, mut last) = (Vec::new(), looked_at.clone().last());
    let likely = looked_at.filter(|id| wanted.may_be(atlas, query, *id));
    some_principals(atlas, likely, &mut |id, answer| {
        if wanted.is_met(&answer) {
            principals.push(answer);
        }
        if principals.len() < query.limit {
            return ControlFlow::Continue(());
        }
        last = Some(id);
        ControlFlow::Break(())
    });
    let last = last.filter(|last| all.skip_while(|id| id != last).nth(1).is_some());
    let last = last.and_then(|last| atlas.estate.principal(last));
    let is_first = query.cursor.is_none();
    if let Some(usage) = usage {
        rate(usage, &atlas.estate, &mut principals);
    }
    let mut outside = if is_first { outside(atlas, OUTSIDE_MAX) } else { Vec::new() };
    let trust = usage.filter(|_| is_first).and_then(|usage| trust(usage, atlas, &mut outside));
    Ok(Analysis {
        as_of: as_of(atlas),
        seen: derived.fact,
        accounts: atlas.estate.accounts().map(|(_, account)| account.id.to_string()).collect(),
        principals,
        choke_points: if is_first { cuts(atlas, usage)? } else { Vec::new() },
        outside,
        unknown: if is_first { unknown(&atlas.estate) } else { Vec::new() },
        logs: usage.filter(|_| is_first).map(logs).unwrap_or_default(),
        trust,
        next_cursor: last.map(|last| to_hex(last.arn())),
    })
}

/// Which principals are asked for.
struct Wanted {
    escalation: Vec<Escalation>,
    admin: Option<bool>,
}

impl Wanted {
    fn read(query: &Query) -> Result<Self, QueryError> {
        let read = |word: &String| {
            let found = Escalation::ALL.into_iter().find(|one| one.word() == word);
            let (field, expected) = ("escalation", "none, latent or now");
            found.ok_or_else(|| QueryError::Value { field, value: word.clone(), expected })
        };
        let escalation = query.values("escalation").iter().map(read).collect::<Result<_, _>>()?;
        Ok(Self { escalation, admin: query.flag("admin")? })
    }

    /// Whether a principal may be meant, before its ways are looked for.
    fn may_be(&self, atlas: &Atlas, query: &Query, id: PrincipalId) -> bool {
        let Some(principal) = atlas.estate.principal(id) else { return false };
        let account = atlas.estate.account(principal.account).map_or("", |account| &account.id);
        query.is("account", account)
            && query.finds(&[principal.arn()])
            && self.admin.is_none_or(|admin| admin == atlas.analysis.is_administrator(id))
    }

    fn is_met(&self, answer: &PrincipalAnswer) -> bool {
        self.escalation.is_empty() || self.escalation.contains(&answer.escalation)
    }
}

/// Where ways to what matters most can be cut, the best first.
///
/// # Errors
/// [`AskError`] says what cannot be read.
pub fn choke_points(
    derived: &Derived,
    query: &Query,
    usage: Option<&Usage>,
) -> Result<Listed<ChokeAnswer>, AskError> {
    listed(derived, query, cuts(&derived.atlas, usage)?)
}

/// Where ways to what matters most can be cut: with the use that breaks, where a log is known.
///
/// # Errors
/// When there is too much to be told apart.
pub fn cuts(atlas: &Atlas, usage: Option<&Usage>) -> Result<Vec<ChokeAnswer>, GraphError> {
    match usage.filter(|usage| usage.tells_of(&atlas.estate)) {
        Some(usage) => recommended(atlas, usage, CHOKE_POINTS_MAX),
        None => Ok(chokes(atlas, CHOKE_POINTS_MAX)),
    }
}

/// The best ways from one to another; of those whose steps a log shows, where that is asked for.
///
/// # Errors
/// [`AskError`] says what cannot be read, who is not known, or that there is no log.
pub fn ways(derived: &Derived, query: &Query, usage: Option<&Usage>) -> Result<Listed<PathAnswer>, AskError> {
    let atlas = &derived.atlas;
    let (from, to) = ends(query)?;
    let count = match query.value("ways") {
        None => WAYS,
        Some(text) => {
            let (field, expected) = ("ways", "a number from 1 to 20");
            let count = text.parse().ok().filter(|count| (1..=WAYS_MAX).contains(count));
            count.ok_or_else(|| QueryError::Value { field, value: text.to_owned(), expected })?
        }
    };
    let from = atlas.find(from)?;
    let to = atlas.find_goal(to, from)?;
    let filter = atlas.avoiding(query.values("avoid"))?;
    let items = match query.flag("used_only")? {
        Some(true) => {
            let usage = usage.filter(|usage| usage.tells_of(&atlas.estate)).ok_or(AskError::NoLog)?;
            let used = UsedWays::new(atlas, usage)?;
            used.ways(from, to, &filter, count)
        }
        Some(false) | None => atlas.ways(from, to, &filter, count),
    };
    let total = items.len();
    Ok(Listed { items, total, warning: None, next_cursor: None, seen: derived.fact, as_of: as_of(atlas) })
}

/// The same as a picture, in SVG.
///
/// # Errors
/// As [`ways`], or when there is too much for a picture.
pub fn picture(derived: &Derived, query: &Query, usage: Option<&Usage>) -> Result<String, AskError> {
    let (from, to) = ends(query)?;
    Ok(draw_ways(&format!("{from} to {to}"), &ways(derived, query, usage)?.items)?)
}

fn ends(query: &Query) -> Result<(&str, &str), QueryError> {
    let from = query.value("from").ok_or(QueryError::Missing("from: an ARN, or the end of one"))?;
    Ok((from, query.value("to").unwrap_or("admin")))
}

/// Who has a permission on a resource, for sure or perhaps.
///
/// # Errors
/// [`AskError`] says what cannot be read.
pub fn who_can(
    derived: &Derived,
    query: &Query,
    usage: Option<&Usage>,
) -> Result<Listed<CanAnswer>, AskError> {
    let (permission, resource) = permission(query)?;
    let mut found = listed(derived, query, derived.atlas.who_can(permission, resource))?;
    if let Some(usage) = usage {
        used(usage, &derived.atlas.estate, &mut found.items);
    }
    Ok(Listed { warning: doubt(permission), ..found })
}

/// Whether an identity has a permission on a resource.
///
/// # Errors
/// [`AskError`] says what cannot be read, or who is not known.
pub fn can(
    derived: &Derived,
    query: &Query,
    (id, usage): (&str, Option<&Usage>),
) -> Result<CanRow, AskError> {
    let (permission, resource) = permission(query)?;
    let atlas = &derived.atlas;
    let principal = atlas.principal_of(atlas.find(id)?);
    let can = principal.and_then(|principal| atlas.can(principal, permission, resource));
    let mut can = can.ok_or_else(|| AskError::NoPrincipal(id.to_owned()))?;
    if let Some(usage) = usage {
        used(usage, &atlas.estate, std::slice::from_mut(&mut can));
    }
    Ok(CanRow { can, seen: derived.fact, as_of: as_of(atlas) })
}

fn permission(query: &Query) -> Result<(&str, &str), AskError> {
    let missing = QueryError::Missing("permission: service and name, such as s3:GetObject");
    let permission = query.value("permission").ok_or(missing)?;
    match permission.split_once(':') {
        Some((service, name)) if !service.is_empty() && !name.is_empty() => {
            Ok((permission, query.value("resource").unwrap_or("*")))
        }
        _ => Err(AskError::Permission(permission.to_owned())),
    }
}

/// What an identity reaches, what weighs most and is reached best first.
///
/// # Errors
/// [`AskError`] says what cannot be read, or who is not known.
pub fn reach(
    derived: &Derived,
    query: &Query,
    (id, usage): (&str, Option<&Usage>),
) -> Result<Listed<ReachAnswer>, AskError> {
    let atlas = &derived.atlas;
    let from = atlas.find(id)?;
    let usage = usage.filter(|usage| usage.tells_of(&atlas.estate));
    let used = usage.map(|usage| UsedWays::new(atlas, usage)).transpose()?;
    listed(derived, query, atlas.reached(from, &Filter::default(), used.as_ref()))
}

/// A page of answers. They are in an order of their own, so a page goes on only where the one before was of the same
/// facts.
fn listed<T>(derived: &Derived, query: &Query, mut all: Vec<T>) -> Result<Listed<T>, AskError> {
    let seen = derived.fact;
    let from: usize = match query.cursor.as_deref().map(|cursor| cursor.split_once('-')) {
        None => 0,
        Some(Some((fact, place))) if fact == seen.0.to_string() => {
            place.parse().map_err(|_| QueryError::Cursor)?
        }
        Some(Some((fact, _))) if fact.parse::<u64>().is_ok() => return Err(AskError::Moved),
        Some(_) => return Err(QueryError::Cursor.into()),
    };
    let total = all.len();
    let to = total.min(from.saturating_add(query.limit));
    let items = all.drain(from.min(to)..to).collect();
    let next_cursor = (to < total).then(|| format!("{seen}-{to}"));
    Ok(Listed { items, total, warning: None, next_cursor, seen, as_of: as_of(&derived.atlas) })
}

/// So many choke points are answered.
pub const CHOKE_POINTS_MAX: usize = 100;
/// So many who are let in from outside are told.
pub const OUTSIDE_MAX: usize = 1_000;
/// So many ways are answered when nothing is said.
const WAYS: usize = 3;
/// So many ways may be asked for.
const WAYS_MAX: usize = 20;
