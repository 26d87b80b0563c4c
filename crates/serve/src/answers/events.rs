//! What happened, newest first: a bounded look at the journal at a time.

use std::ops::ControlFlow;

use doorward_journal::{Content, Journal, JournalError, Position, Row, Term};
use doorward_model::event::{ActionClass, Event, Outcome};
use doorward_model::record::{DecisionRecord, Observation, Record};
use doorward_model::time::Time;
use serde::Serialize;
use utoipa::ToSchema;

use crate::answers::query::{Page, Query, QueryError};
use crate::schema::Instant;

/// What events may be filtered by.
pub const FIELDS: [&str; 7] = ["identity", "session", "key", "ip", "conflict", "since", "until"];

/// Which events are asked for. What is empty or absent does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Of one identity.
    pub identity: Option<String>,
    /// In one session: its ARN, or the name at its end.
    pub session: Option<String>,
    /// With one key.
    pub key: Option<String>,
    /// From one address.
    pub ip: Option<String>,
    /// With this id, or of the request with this id.
    pub request: Option<String>,
    /// Those whose id was known with other content, or those of which that is not so.
    pub conflict: Option<bool>,
    /// Not before.
    pub since: Option<Time>,
    /// Before.
    pub until: Option<Time>,
}

/// An event.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct EventRow {
    /// When it happened.
    #[schema(value_type = Instant)]
    pub time: Time,
    /// When it was recorded.
    #[schema(value_type = Instant)]
    pub recorded_at: Time,
    /// When the source claims that it happened, where that could not be.
    #[schema(value_type = Option<Instant>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Instant>)]
    pub claimed_at: Option<Time>,
    /// Whether it came more than an hour after another one of its account had happened.
    pub late: bool,
    /// Whether an event of its source and id was known with other content when it came.
    pub conflict: bool,
    /// The source.
    pub source: String,
    /// The source's id.
    pub id: String,
    /// Who acted.
    pub identity: String,
    /// The session; empty where there is none.
    pub session: String,
    /// Who is behind it, nearest first.
    pub chain: Vec<String>,
    /// `service:Action`.
    pub permission: String,
    /// What the action does.
    pub class: &'static str,
    /// What it was done to; empty when not named.
    pub target: String,
    /// How it ended.
    pub outcome: &'static str,
    /// The error code; empty on success.
    pub error: String,
    /// The account.
    pub account: String,
    /// The region.
    pub region: String,
    /// Where it came from.
    pub address: String,
    /// The client.
    pub client: String,
    /// The key it was signed with.
    pub key: String,
    /// The source's id of the request.
    pub request: String,
    /// Of a decision of our own: the enforcement point that asked.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub pep: String,
    /// Of a decision of our own: `verified` when who asked has shown a credential of its own, `asserted` when the
    /// enforcement point said who asks.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub caller: &'static str,
    /// Of a decision of our own: the task of which the enforcement point told.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub task: String,
    /// Of a decision of our own: the tool of which the enforcement point told.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tool: String,
}

/// A place in the journal: everything before it is still to be looked at.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Place {
    row: u64,
    /// So many records of the row are still to be looked at.
    records: usize,
}

/// What one look found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Look {
    /// The events, newest first.
    pub items: Vec<EventRow>,
    /// Where the next look begins; none when there is nothing left.
    pub next: Option<Place>,
}

impl Wanted {
    /// Reads it from a query.
    ///
    /// # Errors
    /// [`QueryError`] names what cannot be read.
    pub fn read(query: &Query) -> Result<Self, QueryError> {
        let text = |field| query.value(field).map(str::to_owned);
        Ok(Self {
            identity: text("identity"),
            session: text("session"),
            key: text("key"),
            ip: text("ip"),
            request: None,
            conflict: query.flag("conflict")?,
            since: query.time("since")?,
            until: query.time("until")?,
        })
    }

    /// What narrows it down most.
    fn term(&self) -> Option<Term<'_>> {
        let request = self.request.as_deref().map(Term::Request);
        let key = self.key.as_deref().map(Term::Key);
        let session = self.session.as_deref().map(Term::Session);
        let identity = self.identity.as_deref().map(Term::Identity);
        [request, key, session, identity, self.ip.as_deref().map(Term::Address)].into_iter().flatten().next()
    }

    fn has(&self, seen: &Observation) -> bool {
        let event = &seen.event;
        let is = |wanted: &Option<String>, has: &str| wanted.as_deref().is_none_or(|wanted| wanted == has);
        let at = event.happened_at();
        is(&self.identity, &seen.identity)
            && is(&self.key, &event.actor.access_key_id)
            && is(&self.ip, &event.client.address)
            && self.session.as_deref().is_none_or(|wanted| is_session(seen.session(), wanted))
            && self.request.as_deref().is_none_or(|wanted| event.request_id == wanted || event.id == wanted)
            && self.conflict.is_none_or(|wanted| seen.conflict == wanted)
            && self.since.is_none_or(|since| at >= since)
            && self.until.is_none_or(|until| at < until)
    }

    /// Whether nothing that is recorded before an instant can be wanted.
    fn ends_before(&self, recorded_at: Time) -> bool {
        self.since.is_some_and(|since| recorded_at + Event::AHEAD_MAX < since)
    }
}

fn is_session(session: &str, wanted: &str) -> bool {
    session == wanted || session.rsplit('/').next().is_some_and(|name| name == wanted) && !wanted.is_empty()
}

impl Place {
    /// The end of the journal.
    #[must_use]
    pub fn end(journal: &dyn Journal) -> Self {
        Self { row: journal.head().position.0, records: usize::MAX }
    }

    /// The place that a cursor names.
    ///
    /// # Errors
    /// [`QueryError::Cursor`] when it is none.
    pub fn read(cursor: &str) -> Result<Self, QueryError> {
        let (row, records) = cursor.split_once('.').ok_or(QueryError::Cursor)?;
        let row = row.parse().map_err(|_| QueryError::Cursor)?;
        Ok(Self { row, records: records.parse().map_err(|_| QueryError::Cursor)? })
    }

    /// The cursor that names it.
    #[must_use]
    pub fn cursor(self) -> String {
        format!("{}.{}", self.row, self.records)
    }
}

/// Looks at [`ROWS_LOOKED_AT`] rows of the journal, from a place backwards.
///
/// # Errors
/// When the journal cannot be read.
pub fn look(journal: &dyn Journal, wanted: &Wanted, from: Place, limit: usize) -> Result<Look, JournalError> {
    let standing = wanted.term().and_then(|term| {
        let rows_max = usize::try_from(ROWS_LOOKED_AT).unwrap_or(usize::MAX);
        journal.standing(term, Position(from.row), rows_max)
    });
    // What the index does not have yet is looked for in the journal itself.
    let unread = match standing {
        Some(standing) if standing.through.0 >= from.row => {
            return look_at(journal, wanted, (from, &standing.rows), limit);
        }
        Some(standing) => standing.through.0 + 1,
        None => 1,
    };
    let first = from.row.saturating_sub(ROWS_LOOKED_AT - 1).max(unread);
    let mut found = Vec::new();
    let mut ended = first == 1;
    journal.read_from(Position(first), &mut |row| {
        if row.position.0 > from.row {
            return ControlFlow::Break(());
        }
        ended |= wanted.ends_before(row.recorded_at);
        let records = if row.position.0 == from.row { from.records } else { usize::MAX };
        found.extend(wanted_of(row, records, wanted));
        ControlFlow::Continue(())
    })?;
    let before = (!ended && from.row > 0).then(|| Place { row: first - 1, records: usize::MAX });
    Ok(newest(found, limit, before))
}

/// Looks at the rows in which what is wanted stands.
fn look_at(
    journal: &dyn Journal,
    wanted: &Wanted,
    (from, rows): (Place, &[Position]),
    limit: usize,
) -> Result<Look, JournalError> {
    let mut found = Vec::new();
    let mut ended = (rows.len() as u64) < ROWS_LOOKED_AT;
    for position in rows.iter().rev() {
        journal.read_from(*position, &mut |row| {
            ended |= wanted.ends_before(row.recorded_at);
            let records = if row.position.0 == from.row { from.records } else { usize::MAX };
            found.extend(wanted_of(row, records, wanted));
            ControlFlow::Break(())
        })?;
    }
    let before =
        rows.last().filter(|_| !ended).map(|oldest| Place { row: oldest.0 - 1, records: usize::MAX });
    Ok(newest(found, limit, before))
}

/// The newest of what was found, oldest first, and where the next look begins: at what was left over, or `before` it.
fn newest(found: Vec<(Place, EventRow)>, limit: usize, before: Option<Place>) -> Look {
    let surplus = found.len().saturating_sub(limit);
    let next = match found.get(surplus) {
        Some((place, _)) if surplus > 0 => Some(*place),
        _ => before,
    };
    let items = found.into_iter().skip(surplus).rev().map(|(_, event)| event).collect();
    Look { items, next }
}

/// Looks as often as it takes to fill a page or reach the end, at most so many times: [`LOOKS_MAX`] for a journal that
/// nobody else waits for.
///
/// # Errors
/// When the journal cannot be read.
pub fn events(
    journal: &dyn Journal,
    wanted: &Wanted,
    from: Place,
    (limit, looks_max): (usize, usize),
) -> Result<Look, JournalError> {
    let mut all = Look { items: Vec::new(), next: Some(from) };
    for _ in 0..looks_max {
        let Some(place) = all.next.filter(|_| all.items.len() < limit) else { break };
        let more = look(journal, wanted, place, limit - all.items.len())?;
        all.items.extend(more.items);
        all.next = more.next;
    }
    Ok(all)
}

impl Look {
    /// As a page.
    #[must_use]
    pub fn page(self, journal: &dyn Journal) -> Page<EventRow> {
        Page { items: self.items, next_cursor: self.next.map(Place::cursor), seen: journal.head().fact }
    }
}

fn wanted_of(row: Row, records: usize, wanted: &Wanted) -> Vec<(Place, EventRow)> {
    let Content::Records(all) = row.content else { return Vec::new() };
    let position = row.position.0;
    let found = all.into_iter().take(records).enumerate().filter_map(|(at, record)| match record {
        Record::Observation(seen) if wanted.has(&seen) => {
            Some((Place { row: position, records: at }, event_row(&seen)))
        }
        Record::Observation(_) | Record::Fact(_) => None,
    });
    found.collect()
}

fn event_row(seen: &Observation) -> EventRow {
    let event = &seen.event;
    let made = |told: fn(&DecisionRecord) -> &String| {
        seen.decision.as_deref().map(told).cloned().unwrap_or_default()
    };
    EventRow {
        time: event.happened_at(),
        recorded_at: Time::from_ms(seen.recorded_at_ms),
        claimed_at: (event.claimed_at_ms != 0).then(|| event.claimed_at()),
        late: seen.late,
        conflict: seen.conflict,
        source: event.source.clone(),
        id: event.id.clone(),
        identity: seen.identity.clone(),
        session: seen.session().to_owned(),
        chain: seen.chain.clone(),
        permission: event.permission(),
        class: class_word(event.class()),
        target: event.target.as_ref().map(|target| target.id.clone()).unwrap_or_default(),
        outcome: outcome_word(event.outcome()),
        error: event.error_code.clone(),
        account: event.account.clone(),
        region: event.region.clone(),
        address: event.client.address.clone(),
        client: event.client.family.clone(),
        key: event.actor.access_key_id.clone(),
        request: event.request_id.clone(),
        pep: made(|made| &made.pep),
        caller: seen.decision.as_ref().map_or("", |made| made.caller().word()),
        task: made(|made| &made.task),
        tool: made(|made| &made.tool),
    }
}

const fn class_word(class: ActionClass) -> &'static str {
    match class {
        ActionClass::Unknown => "unknown",
        ActionClass::Read => "read",
        ActionClass::List => "list",
        ActionClass::Write => "write",
        ActionClass::Permissions => "permissions",
        ActionClass::Credential => "credential",
        ActionClass::Data => "data",
        ActionClass::Execute => "execute",
    }
}

const fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Unknown => "unknown",
        Outcome::Success => "success",
        Outcome::Denied => "denied",
        Outcome::Throttled => "throttled",
        Outcome::Failed => "failed",
    }
}

/// How many rows one look reads: at most so long the writer is kept from its work.
pub const ROWS_LOOKED_AT: u64 = 8;
/// How often [`events`] looks at most, where nobody waits.
pub const LOOKS_MAX: usize = 10_000;
