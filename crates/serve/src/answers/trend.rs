//! How much the inventory made possible, point by point.

use std::collections::BTreeMap;

use doorward_model::inventory::measure::PrivilegeMeasured;
use doorward_model::time::Time;
use doorward_views::state::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::answers::query::{Page, Query, QueryError, page};
use crate::schema::Instant;

/// A point of the trend: one a day, and one after each import.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
pub struct TrendRow {
    /// When it was measured.
    #[schema(value_type = Instant)]
    pub at: Time,
    /// The last fact of the inventory that it takes in.
    pub fact: u64,
    /// Whether it was measured because an export had been taken in.
    pub after_import: bool,
    /// How many users and roles there were, but those that only a service uses.
    pub identities: u64,
    /// How many of them administered their account by their own policies.
    pub administrators: u64,
    /// How many others could come to administer an account.
    pub escalating: u64,
    /// How many more could, had something been there that was not.
    pub latent: u64,
    /// How many had a way to what matters most.
    pub toward_tier_zero: u64,
    /// How many doors were open to somebody outside.
    pub entrances: u64,
    /// How many policies were unknown.
    pub unknown_policies: u64,
    /// The blast radii of all identities together, in percent.
    pub blast_radius: f64,
}

/// A page of the trend, the newest point first.
///
/// # Errors
/// [`QueryError`] names what cannot be read.
pub fn trend(state: &State, query: &Query) -> Result<Page<TrendRow>, QueryError> {
    let control = &state.control;
    // As the keys sort, so do their texts: the cursor names a place that a later point does not move.
    let place = |one: &PrivilegeMeasured| {
        format!("{:016x}.{:016x}", i64::MAX.abs_diff(one.at_ms), u64::MAX - one.as_of_fact)
    };
    let points: BTreeMap<_, _> = control.trend.points().map(|point| (place(point), point)).collect();
    page(&points, query, control.fact_number, |point| Some(row(point)))
}

#[expect(clippy::cast_precision_loss, reason = "a sum of percentages is far below 2^52")]
fn row(point: &PrivilegeMeasured) -> TrendRow {
    TrendRow {
        at: Time::from_ms(point.at_ms),
        fact: point.as_of_fact,
        after_import: point.after_import,
        identities: point.identities,
        administrators: point.administrators,
        escalating: point.escalating,
        latent: point.latent,
        toward_tier_zero: point.toward_top,
        entrances: point.entrances,
        unknown_policies: point.unknown_policies,
        blast_radius: point.blast_millipercent as f64 / 1_000.0,
    }
}
