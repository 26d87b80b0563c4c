//! What is unusual and no finding: it stays under the threshold, and is ranked day by day.

use std::collections::BTreeMap;

use doorward_model::finding::Finding;
use doorward_model::time::{Day, Time};
use doorward_views::state::State;
use doorward_views::unusual::UnusualDay;
use serde::Serialize;
use utoipa::ToSchema;

use crate::answers::findings::{EvidenceRow, Narrate, evidence_row};
use crate::answers::query::{Page, Query, QueryError, page};
use crate::schema::Instant;

/// What the lists may be filtered by.
pub const FIELDS: [&str; 3] = ["day", "identity", "q"];

/// An identity in the list of a day.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
pub struct UnusualRow {
    /// The UTC day.
    #[schema(value_type = String, format = Date)]
    pub day: Day,
    /// Its place among the surprises of that day, from 1.
    pub rank: u32,
    /// Whom it is about.
    pub identity: String,
    /// The session in which it began; empty where there is none.
    pub session: String,
    /// The highest weighted surprise of the day, in bits.
    pub score: f64,
    /// From how many bits on it would have been a finding.
    pub threshold: f64,
    /// What it rests on, in sentences.
    pub narrative: String,
    /// The first event that surprised.
    #[schema(value_type = Instant)]
    pub first: Time,
    /// The last event that surprised.
    #[schema(value_type = Instant)]
    pub last: Time,
    /// How many events surprised.
    pub events: u64,
    /// Who is behind it, nearest first.
    pub chain: Vec<String>,
    /// The events that surprised most, oldest first, at most 4.
    pub evidence: Vec<EvidenceRow>,
}

/// A page of the lists, the newest day first, each by rank.
///
/// # Errors
/// [`QueryError`] names what cannot be read.
pub fn unusual(state: &State, query: &Query, narrate: Narrate) -> Result<Page<UnusualRow>, QueryError> {
    query.now_only()?;
    let days = days(state);
    // As the keys sort, so do their texts: the cursor names a place that a later day does not move.
    let place = |day: Day, rank: u32| format!("{:08x}.{rank:04}", i32::MAX.abs_diff(day.0));
    let ranked: BTreeMap<_, _> = ranked(&days).map(|row| (place(row.day.day, row.rank), row)).collect();
    page(&ranked, query, state.control.fact_number, |row| {
        let Ranked { day, finding, .. } = row;
        let asked = query.is("day", &day.day.to_string())
            && query.is("identity", &finding.identity)
            && query.finds(&[&finding.identity, &finding.session]);
        asked.then(|| unusual_row(row, narrate))
    })
}

/// All lists, the newest day first: for a report, not for a page.
#[must_use]
pub fn by_day(state: &State, narrate: Narrate) -> Vec<UnusualRow> {
    ranked(&days(state)).map(|row| unusual_row(&row, narrate)).collect()
}

/// The newest first.
fn days(state: &State) -> Vec<UnusualDay> {
    std::iter::once(state.unusual_today()).chain(state.unusual.past().rev().cloned()).collect()
}

/// A finding that was not raised, with its place.
struct Ranked<'a> {
    day: &'a UnusualDay,
    rank: u32,
    finding: &'a Finding,
}

fn ranked(days: &[UnusualDay]) -> impl Iterator<Item = Ranked<'_>> {
    days.iter().flat_map(|day| (1..).zip(&day.rows).map(move |(rank, finding)| Ranked { day, rank, finding }))
}

fn unusual_row(row: &Ranked<'_>, narrate: Narrate) -> UnusualRow {
    let Ranked { day, rank, finding } = row;
    UnusualRow {
        day: day.day,
        rank: *rank,
        identity: finding.identity.clone(),
        session: finding.session.clone(),
        score: bits(finding.score_milli),
        threshold: bits(day.threshold_milli),
        narrative: narrate(finding),
        first: Time::from_ms(finding.first_at_ms),
        last: Time::from_ms(finding.last_at_ms),
        events: finding.events,
        chain: finding.chain.clone(),
        evidence: finding.evidence.iter().map(evidence_row).collect(),
    }
}

/// Thousandths as a number of bits.
pub(crate) fn bits(milli: u64) -> f64 {
    f64::from(u32::try_from(milli).unwrap_or(u32::MAX)) / 1_000.0
}

#[cfg(test)]
mod tests {
    use doorward_model::event::Event;
    use doorward_model::finding::Finding;
    use doorward_model::id::TenantId;
    use doorward_model::record::Observation;
    use doorward_model::time::{Millis, Time};
    use doorward_views::bursts::{Burst, Course};
    use doorward_views::state::State;

    use super::{by_day, unusual};
    use crate::answers::query::{Query, QueryError};

    /// Two identities on each of two days, the second of which runs.
    fn state() -> State {
        state_of(&[("ann", 0, 7_500), ("bob", 0, 9_000), ("ann", 1, 8_000), ("cat", 1, 3_000)])
    }

    /// What has gathered against whom on which day, in order.
    fn state_of(gathered: &[(&str, i64, u64)]) -> State {
        let mut state = State::new(TenantId::from("t"), 1, 1);
        state.budget.threshold_milli = 24_000;
        for (n, &(identity, day, pressure_milli)) in (1..).zip(gathered) {
            let last_at = Time::from_ms(1_700_000_000_000) + Millis::DAY.times(day);
            state.end_day(last_at);
            let event = Box::new(Event { happened_at_ms: last_at.ms(), ..Event::default() });
            let seen = Observation { n, identity: identity.to_owned(), event, ..Observation::default() };
            let finding = Finding { identity: identity.to_owned(), ..Finding::default() };
            let mut course = Course::begin(&n.to_string(), last_at);
            (course.pressure_milli, course.judged) = (pressure_milli, true);
            let probe = state.probe(&seen, None);
            state.fold_observation(&seen, &probe, vec![Burst::new(finding, course)]);
        }
        state
    }

    fn asked(pairs: &[(&str, &str)]) -> Query {
        let pairs = pairs.iter().map(|(field, value)| ((*field).to_owned(), (*value).to_owned()));
        Query::read(pairs, &super::FIELDS, 100).unwrap()
    }

    #[test]
    fn the_newest_day_comes_first_and_each_is_ranked() {
        let state = state();
        let said: Vec<_> = (by_day(&state, |_| String::new()).into_iter())
            .map(|row| (row.day.to_string(), row.rank, row.identity, row.score, row.threshold))
            .collect();
        let row =
            |day: &str, rank, identity: &str, score| (day.to_owned(), rank, identity.to_owned(), score, 24.0);
        assert_eq!(
            said,
            [
                row("2023-11-15", 1, "ann", 8.0),
                row("2023-11-15", 2, "cat", 3.0),
                row("2023-11-14", 1, "bob", 9.0),
                row("2023-11-14", 2, "ann", 7.5),
            ]
        );
    }

    #[test]
    fn pages_and_filters_see_the_same_lists() {
        let state = state();
        let said = |query: &Query| {
            let page = unusual(&state, query, |_| String::new()).unwrap();
            let items: Vec<_> = page.items.into_iter().map(|row| (row.identity, row.rank)).collect();
            (items, page.next_cursor)
        };
        let row = |identity: &str, rank: u32| (identity.to_owned(), rank);
        assert_eq!(said(&asked(&[("day", "2023-11-14")])).0, [row("bob", 1), row("ann", 2)]);
        assert_eq!(said(&asked(&[("identity", "ann")])).0, [row("ann", 1), row("ann", 2)]);
        assert_eq!(said(&asked(&[("q", "CA")])).0, [row("cat", 2)]);
        let (first, cursor) = said(&asked(&[("limit", "3")]));
        assert_eq!(first, [row("ann", 1), row("cat", 2), row("bob", 1)]);
        let rest = said(&asked(&[("limit", "3"), ("cursor", &cursor.unwrap())]));
        assert_eq!(rest, (vec![row("ann", 2)], None));
        let then = unusual(&state, &asked(&[("as_of", "2023-11-14T00:00:00Z")]), |_| String::new());
        assert_eq!(then.unwrap_err(), QueryError::AsOf);
    }

    #[test]
    fn the_tenth_comes_after_the_ninth_whatever_the_page() {
        let names: Vec<_> = (0..32).map(|at| format!("{at:02}")).collect();
        let gathered: Vec<_> = (1..).zip(&names).map(|(bits, name)| (&**name, 0, bits * 500)).collect();
        let state = state_of(&gathered);
        let (mut ranks, mut cursor) = (Vec::new(), None);
        while ranks.len() < names.len() {
            let from = cursor.as_deref().map(|cursor| ("cursor", cursor));
            let query = asked(&[("limit", "5")].into_iter().chain(from).collect::<Vec<_>>());
            let page = unusual(&state, &query, |_| String::new()).unwrap();
            ranks.extend(page.items.iter().map(|row| row.rank));
            cursor = page.next_cursor;
        }
        assert_eq!((ranks, cursor), ((1..=32).collect(), None));
    }
}
