//! What came of a scan: the stable contract that programs read, and its rendering for people.

mod build;
mod table;

use doorward_model::time::{Millis, Time};
use serde::Serialize;

pub(crate) use build::of;
pub use table::table;

/// With less history than this nobody knows what is normal.
const HISTORY_MIN: Millis = Millis::DAY.times(7);
/// A value is normal after three days of use, so less than this teaches nothing.
const LEARNED_MIN: Millis = Millis::DAY.times(3);

/// The report of a scan. Field names and meanings are a contract: fields are added, never renamed or removed.
#[derive(Debug, Serialize)]
pub struct Report {
    /// How many records were read, and what became of them: `accepted + duplicate + rejected = read`.
    pub events: Events,
    /// What was read, by kind.
    pub sources: Vec<SourceRow>,
    /// Over which time, and which part of it was judged.
    pub coverage: Coverage,
    /// Everyone who acted or is in an export, by id.
    pub identities: Vec<IdentityRow>,
    /// What to look at, the most urgent first.
    pub findings: Vec<FindingRow>,
    /// What could not be read, by place: at most 10,000 of them.
    pub rejects: Vec<RejectRow>,
    /// What else is to be said, in sentences.
    pub notes: Vec<String>,
}

/// See [`Report::events`].
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Events {
    /// Records read.
    pub read: u64,
    /// Events recorded.
    pub accepted: u64,
    /// Events that were there already.
    pub duplicate: u64,
    /// Records that could not be read.
    pub rejected: u64,
    /// Accepted events whose id was there already with other content.
    pub conflicting: u64,
}

/// One kind of source.
#[derive(Debug, Serialize)]
pub struct SourceRow {
    /// `cloudtrail`, `iam export`, or the kind of what was skipped.
    pub kind: String,
    /// Whether it was read, skipped as no audit log, or is not supported yet.
    pub status: SourceStatus,
    /// Events, identities of an export, records of an unsupported family, or skipped files.
    pub count: u64,
    /// The accounts it is of.
    pub accounts: Vec<String>,
    /// The first instant.
    pub first: Option<Time>,
    /// The last instant.
    pub last: Option<Time>,
}

/// What was done with a source.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceStatus {
    /// Read.
    Read,
    /// An audit log of a family that is not read yet: its records are rejects.
    NotSupported,
    /// No audit log: skipped whole.
    Skipped,
}

/// Over which time the report speaks.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Coverage {
    /// The first event.
    pub first: Option<Time>,
    /// The last event.
    pub last: Option<Time>,
    /// From when on events were judged; the ones before were learned from.
    pub judged_from: Option<Time>,
    /// How many of the accepted events were judged.
    pub judged_events: u64,
    /// Whether there is too little history to know what is normal: then only hard evidence and firsts against
    /// peers are reported.
    pub short_history: bool,
}

impl Coverage {
    pub(crate) fn of(span: Option<(Time, Time)>, judge: Millis) -> Self {
        let Some((first, last)) = span else {
            return Self {
                first: None,
                last: None,
                judged_from: None,
                judged_events: 0,
                short_history: true,
            };
        };
        let learned = last - judge - first;
        let short_history = last - first < HISTORY_MIN || learned < LEARNED_MIN;
        let judged_from = if last - first < HISTORY_MIN { first } else { (last - judge).max(first) };
        Self {
            first: Some(first),
            last: Some(last),
            judged_from: Some(judged_from),
            judged_events: 0,
            short_history,
        }
    }
}

/// An identity, with what is known of it.
#[derive(Debug, Serialize)]
pub struct IdentityRow {
    /// The canonical id.
    pub id: String,
    /// `human`, `service`, `workload`, `agent`, `vendor_app` or `external`.
    pub kind: &'static str,
    /// The platform.
    pub platform: String,
    /// The account.
    pub account: String,
    /// The short name.
    pub name: String,
    /// The credentials that outlive a session.
    pub credentials: Vec<CredentialRow>,
    /// When it was made, if an export says.
    pub created: Option<Time>,
    /// Its first event.
    pub first_seen: Option<Time>,
    /// Its last event, or the last use that an export says.
    pub last_seen: Option<Time>,
    /// How many events it had.
    pub events: u64,
    /// How many of them were denied.
    pub denied: u64,
    /// The services it uses most.
    pub services: Vec<String>,
    /// The networks it comes from most.
    pub networks: Vec<String>,
    /// The peer group it is compared with.
    pub peer_group: String,
    /// How many policies it holds, if an export says.
    pub policies: u64,
    /// Whom it assumed, by id.
    pub assumed: Vec<String>,
    /// Who assumed it, by id.
    pub assumed_by: Vec<String>,
    /// What shows that it is an AI agent, and for whom it acts.
    pub agent: Option<AgentRow>,
}

/// A credential.
#[derive(Debug, Serialize)]
pub struct CredentialRow {
    /// Its id.
    pub id: String,
    /// `access_key`, `session_key`, `password` or `unknown`.
    pub kind: &'static str,
    /// When it was made or first seen.
    pub since: Time,
}

/// What shows an AI agent.
#[derive(Debug, Serialize)]
pub struct AgentRow {
    /// The product.
    pub product: String,
    /// The identity it acts for; `None` for an agent with an identity of its own.
    pub acts_for: Option<String>,
    /// How sure that is, from 0 to 1.
    pub confidence: f64,
    /// The text that shows it.
    pub evidence: String,
}

/// A finding.
#[derive(Debug, Serialize)]
pub struct FindingRow {
    /// The id: the same records give the same one.
    pub id: String,
    /// What it is.
    pub r#type: String,
    /// Whom it is about.
    pub identity: String,
    /// `info`, `low`, `medium`, `high` or `critical`.
    pub severity: &'static str,
    /// From 0 to 1.
    pub confidence: f64,
    /// What it rests on, in sentences.
    pub narrative: String,
    /// Its first and last event.
    pub first: Time,
    /// See `first`.
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
    /// The events, oldest first, at most 32.
    pub evidence: Vec<EvidenceRow>,
}

/// An event that a finding rests on.
#[derive(Debug, Serialize)]
pub struct EvidenceRow {
    /// The source's id of the record.
    pub event: String,
    /// When it happened.
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
#[derive(Debug, Serialize)]
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
    /// The surprise, in bits.
    pub bits: f64,
}

/// Something that could not be read.
#[derive(Debug, Serialize)]
pub struct RejectRow {
    /// The file.
    pub source: String,
    /// Which record of it, from 1; 0 is the file as a whole.
    pub record: u64,
    /// Why.
    pub reason: String,
}
