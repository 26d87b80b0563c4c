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
    /// The enforcement points that asked about its subject in the last seven days. Where there is none, it stops
    /// nothing.
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
    let identity = identity_of(state, hold);
    let asked = identity.and_then(|identity| state.asked(identity));
    // For an identity, those that asked about it; for its session or credential, those that might have.
    let bites_at = asked.map(|asked| asked.bites(now)).unwrap_or_default();
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
        bites: sentence(hold, identity, &bites_at),
        bites_at,
    }
}

/// Who is behind the subject of a hold; none when that is not known.
fn identity_of<'a>(state: &'a State, hold: &'a Hold) -> Option<&'a str> {
    match hold.scope() {
        HoldScope::Identity => Some(&hold.subject),
        HoldScope::Credential => {
            state.control.credentials.get(&hold.subject).map(|credential| credential.identity.as_str())
        }
        HoldScope::Session => state.sessions.peek(&hold.subject).map(String::as_str),
        HoldScope::Task | HoldScope::Tool => None,
    }
}

/// Where a hold bites, in a sentence.
fn sentence(hold: &Hold, identity: Option<&str>, bites_at: &[String]) -> String {
    match (hold.scope(), identity, bites_at) {
        (HoldScope::Session, Some(identity), [_, ..]) => {
            format!(
                "At {}, asked in the last 7 days about {identity}, whose session it is.",
                bites_at.join(", ")
            )
        }
        (_, Some(_), [_, ..]) => format!("At {}, asked about it in the last 7 days.", bites_at.join(", ")),
        (_, Some(_), []) => "Nowhere: no enforcement point has asked about it in the last 7 days.".to_owned(),
        (HoldScope::Session, None, _) => {
            "Nowhere that is known: no enforcement point has told whose session it is.".to_owned()
        }
        (HoldScope::Credential, None, _) => {
            "Nowhere that is known: nobody is known to have this credential.".to_owned()
        }
        (scope, None, _) => {
            let word = scope.word();
            format!(
                "Nowhere that is known: it stops what tells of this {word} (context.doorward.{word}), and who does is \
                 not counted."
            )
        }
    }
}

pub(crate) const PLACED: &str = "placed";
const RECOMMENDED: &str = "recommended";
