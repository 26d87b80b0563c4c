//! What was noticed.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use doorward_model::finding::{Evidence, Finding};
use doorward_model::hold::Hold;
use doorward_model::time::Time;
use doorward_views::state::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::answers::holds::{HoldRow, PLACED, hold_row};
use crate::answers::opened::OpenedRow;
use crate::answers::query::{Page, Query, QueryError, page};
use crate::schema::Instant;

/// What findings may be filtered by.
pub const FIELDS: [&str; 5] = ["type", "identity", "severity", "session", "q"];

/// Renders what a finding rests on, in sentences; given by who may use the detectors.
pub type Narrate = fn(&Finding) -> String;

/// A finding.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
pub struct FindingRow {
    /// The id: the same records give the same one.
    pub id: String,
    /// What it is.
    pub r#type: String,
    /// Whom it is about.
    pub identity: String,
    /// The session it happened in; empty where there is none.
    pub session: String,
    /// `info`, `low`, `medium`, `high` or `critical`.
    pub severity: &'static str,
    /// From 0 to 1.
    pub confidence: f64,
    /// What it rests on, and where the holds bite that came of it, in sentences.
    pub narrative: String,
    /// Its first event.
    #[schema(value_type = Instant)]
    pub first: Time,
    /// Its last event.
    #[schema(value_type = Instant)]
    pub last: Time,
    /// How many events belong to it.
    pub events: u64,
    /// The weighted surprise in bits; 0 for hard evidence.
    pub score: u64,
    /// Who is behind it, nearest first.
    pub chain: Vec<String>,
    /// Control and technique ids.
    pub controls: Vec<String>,
    /// The detector and its version.
    pub detector: String,
    /// Whether it was too old when it arrived to cause a response.
    pub historical: bool,
    /// Whether the sources of its events are only taken at their word: it causes no more than step-up, and no risk.
    pub asserted: bool,
    /// The holds that it caused or recommends, by id.
    pub holds: Vec<String>,
    /// What has become possible, where it is about that; in a list left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opened: Option<OpenedRow>,
    /// The events, oldest first, at most 32; in a list left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<EvidenceRow>,
}

/// An event that a finding rests on.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
pub struct EvidenceRow {
    /// The source's id of the record.
    pub event: String,
    /// When it happened.
    #[schema(value_type = Instant)]
    pub time: Time,
    /// `service:Action`.
    pub permission: String,
    /// What it was done to.
    pub target: String,
    /// Where it came from.
    pub address: String,
    /// The client.
    pub client: String,
    /// The error code; empty on success.
    pub error: String,
    /// What was new in it.
    pub new: Vec<NoveltyRow>,
}

/// A new value, with the counts that make it new.
#[derive(Clone, PartialEq, Debug, Serialize, ToSchema)]
pub struct NoveltyRow {
    /// Which habit.
    pub feature: &'static str,
    /// The value.
    pub value: String,
    /// How often the identity had it before.
    pub own_count: u64,
    /// Of how many events.
    pub own_events: u64,
    /// How many of its peers have it.
    pub peers_with: u32,
    /// How many peers there are.
    pub peers: u32,
    /// The surprise.
    pub bits: f64,
}

/// A page of findings, those with the newest events first.
///
/// # Errors
/// [`QueryError`] names what cannot be read.
pub fn findings(
    state: &State,
    query: &Query,
    (narrate, now): (Narrate, Time),
) -> Result<Page<FindingRow>, QueryError> {
    let control = &state.control;
    let teller = Teller::of(state, narrate, now);
    // As the keys sort, so do their texts: the cursor names a place among them even if its finding grows meanwhile.
    let place = |finding: &Finding| format!("{:016x}.{}", i64::MAX.abs_diff(finding.last_at_ms), finding.id);
    let newest: BTreeMap<_, _> = control.findings.values().map(|finding| (place(finding), finding)).collect();
    page(&newest, query, control.fact_number, |finding| {
        let asked = query.is("type", &finding.kind)
            && query.is("identity", &finding.identity)
            && query.is("severity", finding.severity().word())
            && query.is("session", &finding.session)
            && query.finds(&[&finding.id, &finding.identity, &finding.session]);
        asked.then(|| teller.row(finding))
    })
}

/// A finding with its evidence.
#[must_use]
pub fn finding(state: &State, id: &str, (narrate, now): (Narrate, Time)) -> Option<FindingRow> {
    let finding = state.control.findings.get(id)?;
    Some(Teller::of(state, narrate, now).with_evidence(finding))
}

/// All findings with their evidence, the most urgent first: for a report, not for a page.
#[must_use]
pub fn by_urgency(state: &State, (narrate, now): (Narrate, Time)) -> Vec<FindingRow> {
    let mut findings: Vec<_> = state.control.findings.values().collect();
    findings.sort_by_key(|finding| {
        let urgency = u64::from(finding.severity().points()) * u64::from(finding.confidence_milli);
        (Reverse(urgency), Reverse(finding.score_milli), &finding.id)
    });
    let teller = Teller::of(state, narrate, now);
    findings.into_iter().map(|finding| teller.with_evidence(finding)).collect()
}

/// Tells of findings: what they rest on, and what came of them.
struct Teller<'a> {
    state: &'a State,
    narrate: Narrate,
    now: Time,
    /// Which holds each finding caused or recommends.
    caused: BTreeMap<&'a str, Vec<&'a Hold>>,
}

impl<'a> Teller<'a> {
    fn of(state: &'a State, narrate: Narrate, now: Time) -> Self {
        let mut caused: BTreeMap<&str, Vec<&Hold>> = BTreeMap::new();
        for hold in state.control.holds.values().chain(state.control.recommended.values()) {
            caused.entry(&hold.finding).or_default().push(hold);
        }
        Self { state, narrate, now, caused }
    }

    fn with_evidence(&self, finding: &Finding) -> FindingRow {
        let evidence = finding.evidence.iter().map(evidence_row).collect();
        let opened = finding.opened().map(OpenedRow::of);
        FindingRow { evidence, opened, ..self.row(finding) }
    }

    fn row(&self, finding: &Finding) -> FindingRow {
        let holds = self.caused.get(finding.id.as_str()).map(Vec::as_slice).unwrap_or_default();
        let mut narrative = (self.narrate)(finding);
        for hold in holds {
            narrative.push_str(&came_of_it(&hold_row(self.state, hold, self.now)));
        }
        FindingRow {
            id: finding.id.clone(),
            r#type: finding.kind.clone(),
            identity: finding.identity.clone(),
            session: finding.session.clone(),
            severity: finding.severity().word(),
            confidence: f64::from(finding.confidence_milli) / 1_000.0,
            narrative,
            first: Time::from_ms(finding.first_at_ms),
            last: Time::from_ms(finding.last_at_ms),
            events: finding.events,
            score: finding.score_milli / 1_000,
            chain: finding.chain.clone(),
            controls: finding.controls.clone(),
            detector: finding.detector.clone(),
            historical: finding.historical,
            asserted: finding.asserted,
            holds: holds.iter().map(|hold| hold.id.clone()).collect(),
            opened: None,
            evidence: Vec::new(),
        }
    }
}

/// What is to be said of a hold: who is held how, and where that bites.
fn came_of_it(HoldRow { state, profile, subject, in_force, bites, .. }: &HoldRow) -> String {
    let mut letters = bites.chars();
    let first = letters.next().map(|letter| letter.to_ascii_lowercase());
    let bites: String = first.into_iter().chain(letters).collect();
    match (*state, in_force) {
        (PLACED, true) => format!(" A {profile} hold was placed on {subject}; it bites {bites}"),
        (PLACED, false) => format!(" A {profile} hold was placed on {subject} and has ended."),
        _ => format!(" A {profile} hold is recommended on {subject}; it would bite {bites}"),
    }
}

pub(crate) fn evidence_row(evidence: &Evidence) -> EvidenceRow {
    let novelties = evidence.novelties.iter().map(|novelty| NoveltyRow {
        feature: novelty.feature().word(),
        value: novelty.value.clone(),
        own_count: novelty.own_count,
        own_events: novelty.own_events,
        peers_with: novelty.peers_with,
        peers: novelty.peers,
        bits: f64::from(novelty.bits_milli) / 1_000.0,
    });
    EvidenceRow {
        event: evidence.event.clone(),
        time: Time::from_ms(evidence.happened_at_ms),
        permission: evidence.permission.clone(),
        target: evidence.target.clone(),
        address: evidence.address.clone(),
        client: evidence.family.clone(),
        error: evidence.error_code.clone(),
        new: novelties.collect(),
    }
}

#[cfg(test)]
mod tests {
    use doorward_model::finding::Finding;
    use doorward_model::id::TenantId;
    use doorward_model::time::Time;
    use doorward_views::state::State;

    use super::findings;
    use crate::answers::query::Query;

    #[test]
    fn the_newest_come_first_page_by_page() {
        let mut state = State::new(TenantId::from("t"), 1, 1);
        for (id, last_at_ms) in [("a", 5), ("b", 7), ("c", 5), ("d", 1_700_000_000_000)] {
            let finding = Finding { id: id.to_owned(), last_at_ms, ..Finding::default() };
            state.control.findings.insert(id.to_owned(), finding);
        }
        let mut query = Query::all();
        query.limit = 3;
        let mut pages = Vec::new();
        loop {
            let page = findings(&state, &query, (|_| String::new(), Time::MIN)).unwrap();
            pages.push(page.items.into_iter().map(|row| row.id).collect::<Vec<_>>());
            query.cursor = page.next_cursor;
            if query.cursor.is_none() {
                break;
            }
        }
        assert_eq!(pages, [vec!["d", "b", "a"], vec!["c"]]);
    }
}
