//! What is restricted, and where that bites.

use std::collections::BTreeMap;

use doorward_model::hold::{Hold, HoldScope};
use doorward_model::time::Time;
use doorward_views::state::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::answers::identities::told;
use crate::answers::query::{Page, Query, QueryError, page};
use crate::schema::Instant;

/// What holds may be filtered by.
pub const FIELDS: [&str; 6] = ["scope", "subject", "profile", "finding", "state", "q"];

/// A hold.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct HoldRow {
    /// Its id.
    pub id: String,
    /// `placed`, or `recommended` where responses are not enforced.
    pub state: &'static str,
    /// `identity`, `session`, `credential`, `task` or `tool`.
    pub scope: &'static str,
    /// What it is placed on.
    pub subject: String,
    /// `deny`, `read-only`, `baseline-only`, `step-up` or `no-delegation`.
    pub profile: &'static str,
    /// Why.
    pub reason: String,
    /// When it was placed.
    #[schema(value_type = Instant)]
    pub placed_at: Time,
    /// When it ends; only a release ends it when absent.
    #[schema(value_type = Option<Instant>)]
    pub expires_at: Option<Time>,
    /// The finding that caused it; empty when a person placed it.
    pub finding: String,
    /// Whether it is in force now.
    pub in_force: bool,
    /// For baseline-only: how many habits still pass.
    pub habits: usize,
    /// The enforcement points that asked about its subject, or told of its task or tool, in the last seven days. Where
    /// there is none, it stops nothing.
    pub bites_at: Vec<String>,
    /// The same in a sentence.
    pub bites: String,
}

/// A page of holds, or of those that are only recommended: `state=recommended`.
///
/// # Errors
/// [`QueryError`] names what cannot be read.
pub fn holds(state: &State, query: &Query, now: Time) -> Result<Page<HoldRow>, QueryError> {
    let control = &state.control;
    let things = match query.value("state") {
        None | Some(PLACED) => &control.holds,
        Some(RECOMMENDED) => &control.recommended,
        Some(other) => {
            let expected = "placed or recommended";
            return Err(QueryError::Value { field: "state", value: other.to_owned(), expected });
        }
    };
    page(things, query, control.fact_number, |hold| {
        let asked = query.is("scope", hold.scope().word())
            && query.is("subject", &hold.subject)
            && query.is("profile", hold.profile().word())
            && query.is("finding", &hold.finding)
            && query.finds(&[&hold.id, &hold.subject, &hold.reason]);
        asked.then(|| hold_row(state, hold, now))
    })
}

/// A hold, placed or recommended.
#[must_use]
pub fn hold(state: &State, id: &str, now: Time) -> Option<HoldRow> {
    let find = |holds: &BTreeMap<String, Hold>| holds.get(id).map(|hold| hold_row(state, hold, now));
    find(&state.control.holds).or_else(|| find(&state.control.recommended))
}

pub(crate) fn hold_row(state: &State, hold: &Hold, now: Time) -> HoldRow {
    let placed = state.control.holds.contains_key(&hold.id);
    let bites_at = state.bites(hold, now);
    HoldRow {
        id: hold.id.clone(),
        state: if placed { PLACED } else { RECOMMENDED },
        scope: hold.scope().word(),
        subject: hold.subject.clone(),
        profile: hold.profile().word(),
        reason: hold.reason.clone(),
        placed_at: Time::from_ms(hold.placed_at_ms),
        expires_at: told(hold.expires_at_ms),
        finding: hold.finding.clone(),
        in_force: placed && hold.in_force(now),
        habits: hold.habits.len(),
        bites: sentence(hold, state.behind(hold), &bites_at),
        bites_at,
    }
}

/// Where a hold bites, in a sentence.
fn sentence(hold: &Hold, behind: Option<&str>, bites_at: &[String]) -> String {
    let (word, peps) = (hold.scope().word(), bites_at.join(", "));
    match (hold.scope(), behind, bites_at.is_empty()) {
        (HoldScope::Session, Some(identity), false) => {
            format!("At {peps}, asked in the last 7 days about {identity}, whose session it is.")
        }
        (HoldScope::Session, None, _) => {
            "Nowhere that is known: no enforcement point has told whose session it is.".to_owned()
        }
        (HoldScope::Credential, None, _) => {
            "Nowhere that is known: nobody is known to have this credential.".to_owned()
        }
        (HoldScope::Identity | HoldScope::Credential, _, false) => {
            format!("At {peps}, asked about it in the last 7 days.")
        }
        (HoldScope::Identity | HoldScope::Credential | HoldScope::Session, _, true) => {
            "Nowhere: no enforcement point has asked about it in the last 7 days.".to_owned()
        }
        (HoldScope::Task | HoldScope::Tool, _, false) => {
            format!("At {peps}, which told of this {word} in the last 7 days.")
        }
        (HoldScope::Task | HoldScope::Tool, _, true) => format!(
            "Nowhere: no enforcement point has told of this {word} (context.doorward.{word}) in the last 7 days."
        ),
    }
}

pub(crate) const PLACED: &str = "placed";
const RECOMMENDED: &str = "recommended";
