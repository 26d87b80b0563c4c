//! Whose sessions were ended, and where that bites.

use doorward_model::record::IdentityKilled;
use doorward_model::time::Time;
use doorward_views::state::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::answers::query::{Page, Query, QueryError, page};
use crate::schema::Instant;

/// What kills may be filtered by.
pub const FIELDS: [&str; 3] = ["identity", "by", "q"];

/// That all sessions and credentials of an identity were ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct KillRow {
    /// The identity.
    pub identity: String,
    /// What was issued or authenticated up to then is refused.
    #[schema(value_type = Instant)]
    pub up_to: Time,
    /// Who ended them.
    pub by: String,
    /// Why.
    pub reason: String,
    /// The enforcement points that asked about it in the last seven days. Where there is none, it stops nothing.
    pub bites_at: Vec<String>,
    /// The same in a sentence.
    pub bites: String,
}

/// A page of kills.
///
/// # Errors
/// [`QueryError`] names what cannot be read.
pub fn kills(state: &State, query: &Query, now: Time) -> Result<Page<KillRow>, QueryError> {
    let control = &state.control;
    page(&control.kills, query, control.fact_number, |killed| {
        let asked = query.is("identity", &killed.identity)
            && query.is("by", &killed.by)
            && query.finds(&[&killed.identity, &killed.reason]);
        asked.then(|| row(state, killed, now))
    })
}

/// The kill of an identity.
#[must_use]
pub fn kill(state: &State, identity: &str, now: Time) -> Option<KillRow> {
    state.control.kills.get(identity).map(|killed| row(state, killed, now))
}

fn row(state: &State, killed: &IdentityKilled, now: Time) -> KillRow {
    let bites_at = state.asked(&killed.identity).map(|asked| asked.askers.recent(now)).unwrap_or_default();
    KillRow {
        identity: killed.identity.clone(),
        up_to: Time::from_ms(killed.up_to_ms),
        by: killed.by.clone(),
        reason: killed.reason.clone(),
        bites: match bites_at.as_slice() {
            [] => "Nowhere: no enforcement point has asked about it in the last 7 days.".to_owned(),
            peps => format!(
                "At {}, in every mode, until it is revived: refused is what was issued or authenticated up to then, and what says neither.",
                peps.join(", ")
            ),
        },
        bites_at,
    }
}
