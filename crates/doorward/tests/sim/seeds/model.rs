//! What the log says, read apart from all folds of the program: the other side of every comparison.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use doorward_detect::TYPES;
use doorward_journal::{Content, Journal, Position};
use doorward_model::hold::Hold;
use doorward_model::record::{Fact, FactRecord, Observation, Record, TokenIssued};
use doorward_model::time::{Millis, Time};

/// The log so far.
#[derive(Default)]
pub(crate) struct Model {
    read: Position,
    pub(crate) records: Vec<Record>,
    holds: BTreeMap<String, Hold>,
    findings: BTreeSet<String>,
    /// When automatic holds were placed.
    automatic: Vec<i64>,
    /// How often each event is there.
    pub(crate) events: BTreeMap<(String, String), u32>,
    /// The questions that were recorded.
    asked: BTreeSet<String>,
    pub(crate) issued: BTreeMap<String, TokenIssued>,
    pub(crate) revoked: BTreeSet<String>,
}

impl Model {
    /// Reads what was appended since.
    pub(crate) fn follow(&mut self, journal: &impl Journal, holds_per_hour_max: usize) {
        let mut fresh = Vec::new();
        let mut last = self.read;
        let visit = &mut |row: doorward_journal::Row| {
            last = row.position;
            if let Content::Records(records) = row.content {
                fresh.extend(records);
            }
            ControlFlow::Continue(())
        };
        journal.read_from(self.read.next(), visit).unwrap();
        self.read = last;
        for record in fresh {
            match &record {
                Record::Fact(fact) => self.fact(fact, holds_per_hour_max),
                Record::Observation(seen) => self.observation(seen),
            }
            self.records.push(record);
        }
    }

    /// The holds in force at an instant.
    pub(crate) fn in_force(&self, now: Time) -> impl Iterator<Item = &Hold> {
        self.holds.values().filter(move |hold| hold.expires_at_ms == 0 || now.ms() < hold.expires_at_ms)
    }

    /// Whether a question is recorded.
    pub(crate) fn was_asked(&self, id: &str) -> bool {
        self.asked.contains(id)
    }

    fn fact(&mut self, record: &FactRecord, holds_per_hour_max: usize) {
        match record.fact.as_ref().unwrap() {
            Fact::FindingRaised(finding) | Fact::FindingGrown(finding) => {
                assert!(!finding.evidence.is_empty(), "a finding without evidence: {finding:?}");
                assert!(
                    TYPES.iter().any(|known| known.name == finding.kind),
                    "a type that is not listed: {finding:?}"
                );
                self.findings.insert(finding.id.clone());
            }
            Fact::HoldPlaced(hold) => {
                if !hold.finding.is_empty() {
                    assert!(self.findings.contains(&hold.finding), "a hold without a finding: {hold:?}");
                    self.automatic.push(hold.placed_at_ms);
                    let recent = |at: &&i64| hold.placed_at_ms - **at < Millis::HOUR.0;
                    let recent = self.automatic.iter().filter(recent).count();
                    assert!(recent <= holds_per_hour_max, "{recent} automatic holds within an hour");
                }
                self.holds.insert(hold.id.clone(), hold.clone());
            }
            Fact::HoldReleased(released) => {
                self.holds.remove(&released.id);
            }
            Fact::TokenIssued(token) => {
                self.issued.insert(token.id.clone(), token.clone());
            }
            Fact::TokenRevoked(token) => {
                self.revoked.insert(token.id.clone());
            }
            _ => {}
        }
    }

    fn observation(&mut self, seen: &Observation) {
        let key = (seen.event.source.clone(), seen.event.id.clone());
        *self.events.entry(key).or_insert(0) += 1;
        if seen.decision.is_some() {
            self.asked.insert(seen.event.request_id.clone());
        }
    }
}
