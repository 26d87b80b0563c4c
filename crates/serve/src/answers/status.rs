//! How the server or data folder itself is: how far it has come, and what it last heard of whom.

use doorward_journal::{Journal, JournalError, Kept, Position};
use doorward_model::time::Time;
use doorward_views::state::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::schema::Instant;

/// How it is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct Status {
    /// The release that answers.
    pub version: &'static str,
    /// By its clock.
    #[schema(value_type = Instant)]
    pub now: Time,
    /// How many records the journal has or has had.
    pub records: u64,
    /// In how many rows they stand.
    pub rows: u64,
    /// The last fact.
    pub facts: u64,
    /// When the last record was recorded; absent while there is none.
    #[schema(value_type = Option<Instant>)]
    pub recorded_at: Option<Time>,
    /// How many rows were written after the newest checkpoint: the next start reads them. Without a checkpoint, all.
    pub rows_since_checkpoint: u64,
    /// What has left the journal because its time was over: numbers that count it open into nothing any more.
    pub expired: ExpiredRow,
    /// When records of decisions were last lost, if ever.
    pub decisions_missing: Option<MissingRow>,
    /// Each account whose log arrives, with its newest event.
    pub accounts: Vec<AccountRow>,
}

/// Up to when what was recorded has expired; absent while nothing of its kind has.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct ExpiredRow {
    /// Audit events.
    #[schema(value_type = Option<Instant>)]
    pub events: Option<Time>,
    /// Decisions of our own.
    #[schema(value_type = Option<Instant>)]
    pub decisions: Option<Time>,
}

/// A run ended abruptly: what it decided in its last moments may have no record.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct MissingRow {
    /// Its end came after.
    #[schema(value_type = Instant)]
    pub from: Time,
    /// Its end came before.
    #[schema(value_type = Instant)]
    pub to: Time,
    /// For so long before its end.
    pub flush_ms: i64,
}

/// An account whose log arrives.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct AccountRow {
    /// The account; empty for events that name none.
    pub account: String,
    /// When the newest event from it happened.
    #[schema(value_type = Instant)]
    pub newest: Time,
}

/// How it is now.
///
/// # Errors
/// When the journal cannot be read.
pub fn status(state: &State, journal: &dyn Journal, now: Time) -> Result<Status, JournalError> {
    let head = journal.head();
    let newest = journal.checkpoints()?.into_iter().max().unwrap_or(Position(0));
    let accounts = state.arrivals.newest();
    Ok(Status {
        version: env!("CARGO_PKG_VERSION"),
        now,
        records: head.records(),
        rows: head.position.0,
        facts: head.fact.0,
        recorded_at: Some(head.recorded_at).filter(|at| *at != Time::MIN),
        rows_since_checkpoint: head.position.0.saturating_sub(newest.0),
        expired: ExpiredRow {
            events: journal.expired_to(Kept::Events)?,
            decisions: journal.expired_to(Kept::Decisions)?,
        },
        decisions_missing: state.control.decisions_missing.map(|missing| MissingRow {
            from: Time::from_ms(missing.from_ms),
            to: Time::from_ms(missing.to_ms),
            flush_ms: missing.flush_ms,
        }),
        accounts: (accounts.into_iter())
            .map(|(account, newest)| AccountRow { account: account.to_owned(), newest })
            .collect(),
    })
}
