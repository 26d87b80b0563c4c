//! What was noticed: typed, weighed, and explained with the numbers that raised it.

use crate::event::ActionClass;
use crate::inventory::change::ChangedRow;

/// How bad it would be if it is what it looks like.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, prost::Enumeration)]
#[repr(i32)]
pub enum Severity {
    /// Worth knowing.
    Info = 0,
    /// Worth a look some day.
    Low = 1,
    /// Worth a look today.
    Medium = 2,
    /// Worth a look now.
    High = 3,
    /// Worth waking somebody.
    Critical = 4,
}

impl Severity {
    /// The word used everywhere.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The weight in a risk score.
    #[must_use]
    pub const fn points(self) -> u32 {
        match self {
            Self::Info => 10,
            Self::Low => 25,
            Self::Medium => 50,
            Self::High => 75,
            Self::Critical => 100,
        }
    }
}

/// Which habit a value belongs to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, prost::Enumeration)]
#[repr(i32)]
pub enum Feature {
    /// The service that was called.
    Service = 0,
    /// The action, given the service.
    Action = 1,
    /// The network it came from.
    Network = 2,
    /// The family of the user agent.
    AgentFamily = 3,
    /// How many targets it reached within minutes.
    Breadth = 4,
    /// On how many of its latest days it did what neither it nor its peers do.
    Drift = 5,
}

impl Feature {
    /// The features that each event has a value of, in the order in which they are scored.
    pub const ALL: [Self; 4] = [Self::Service, Self::Action, Self::Network, Self::AgentFamily];

    /// The word used everywhere.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Action => "action",
            Self::Network => "network",
            Self::AgentFamily => "agent family",
            Self::Breadth => "breadth",
            Self::Drift => "drift",
        }
    }
}

/// One new value in the behaviour of an identity, with the counts that make it new.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Novelty {
    /// Which habit.
    #[prost(enumeration = "Feature", tag = "1")]
    pub feature: i32,
    /// The value.
    #[prost(string, tag = "2")]
    pub value: String,
    /// How often the identity had it before.
    #[prost(uint64, tag = "3")]
    pub own_count: u64,
    /// Of how many events of the identity.
    #[prost(uint64, tag = "4")]
    pub own_events: u64,
    /// Since when the identity is watched, milliseconds since the epoch.
    #[prost(int64, tag = "5")]
    pub since_ms: i64,
    /// How many of its peers have it.
    #[prost(uint32, tag = "6")]
    pub peers_with: u32,
    /// How many peers there are.
    #[prost(uint32, tag = "7")]
    pub peers: u32,
    /// The peer group it was compared with.
    #[prost(string, tag = "8")]
    pub peer_group: String,
    /// The surprise, in thousandths of a bit.
    #[prost(uint32, tag = "9")]
    pub bits_milli: u32,
}

/// A hard fact, which needs no habits: about a credential, or about what has become possible.
#[derive(Clone, PartialEq, Eq, prost::Oneof)]
pub enum Lineage {
    /// A credential was made for another identity than the one that made it.
    #[prost(message, tag = "1001")]
    KeyForAnother(KeyForAnother),
    /// One key was used from two networks in turn.
    #[prost(message, tag = "1002")]
    TwoNetworks(TwoNetworks),
    /// The credential of an instance was used from outside of where it was delivered.
    #[prost(message, tag = "1003")]
    InstanceKeyElsewhere(InstanceKeyElsewhere),
    /// The client says that the same key now comes from another place than before.
    #[prost(message, tag = "1004")]
    SourceChanged(SourceChanged),
    /// Something is possible that was not.
    #[prost(message, tag = "1005")]
    Opened(Box<Opened>),
}

/// See [`Lineage::KeyForAnother`].
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct KeyForAnother {
    /// The action that made it.
    #[prost(string, tag = "1")]
    pub action: String,
    /// The identity that got it.
    #[prost(string, tag = "2")]
    pub holder: String,
    /// How often the maker had done so before.
    #[prost(uint64, tag = "3")]
    pub before: u64,
}

/// See [`Lineage::TwoNetworks`].
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct TwoNetworks {
    /// The access key id.
    #[prost(string, tag = "1")]
    pub key: String,
    /// Where it was used before and after.
    #[prost(string, tag = "2")]
    pub first: String,
    /// Where it was used in between.
    #[prost(string, tag = "3")]
    pub second: String,
    /// How far the three uses lie apart, milliseconds.
    #[prost(int64, tag = "4")]
    pub within_ms: i64,
}

/// See [`Lineage::InstanceKeyElsewhere`].
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct InstanceKeyElsewhere {
    /// The access key id.
    #[prost(string, tag = "1")]
    pub key: String,
    /// The instance that the credential was delivered to.
    #[prost(string, tag = "2")]
    pub instance: String,
    /// Where the instance used it.
    #[prost(string, tag = "3")]
    pub home: String,
    /// Where it was used now.
    #[prost(string, tag = "4")]
    pub away: String,
}

/// See [`Lineage::SourceChanged`].
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct SourceChanged {
    /// The access key id.
    #[prost(string, tag = "1")]
    pub key: String,
    /// Where the client took it from before, in words.
    #[prost(string, tag = "2")]
    pub before: String,
    /// Where the client takes it from now, in words.
    #[prost(string, tag = "3")]
    pub after: String,
}

/// See [`Lineage::Opened`]: identities can become what they could not, or somebody is let in from outside.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Opened {
    /// The way of the first of those who have gained one, step by step.
    #[prost(message, repeated, tag = "1")]
    pub hops: Vec<OpenedHop>,
    /// Where the ways lead, in words; several where the same people are let into several things.
    #[prost(string, repeated, tag = "2")]
    pub to: Vec<String>,
    /// How many have gained a way.
    #[prost(uint64, tag = "3")]
    pub count: u64,
    /// How many of them need no condition for it.
    #[prost(uint64, tag = "4")]
    pub sure: u64,
    /// Some of them, those with the largest blast radius first.
    #[prost(message, repeated, tag = "5")]
    pub examples: Vec<OpenedFor>,
    /// Where the ways of all of them are cut.
    #[prost(string, tag = "6")]
    pub cut: String,
    /// The method that is closed there.
    #[prost(string, tag = "7")]
    pub method: String,
    /// How to close it; empty where the method does not say.
    #[prost(string, tag = "8")]
    pub fix: String,
    /// What opened it, oldest first.
    #[prost(message, repeated, tag = "9")]
    pub changes: Vec<OpenedBy>,
    /// Whether it is known that these changes opened it: where it is not, all are named that came together.
    #[prost(bool, tag = "10")]
    pub attributed: bool,
    /// When it was closed again, milliseconds since the epoch; 0 while it is open.
    #[prost(int64, tag = "11")]
    pub closed_at_ms: i64,
    /// The last fact of the inventory in which it was seen so: what came before need not be compared again.
    #[prost(uint64, tag = "12")]
    pub as_of_fact: u64,
    /// The name of the method that is closed; empty where it has none, and in what older releases wrote.
    #[prost(string, tag = "13")]
    pub name: String,
}

/// A step of a way that was opened.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct OpenedHop {
    /// Who takes it.
    #[prost(string, tag = "1")]
    pub from: String,
    /// What it leads to.
    #[prost(string, tag = "2")]
    pub to: String,
    /// The method.
    #[prost(string, tag = "3")]
    pub method: String,
    /// The statements by which it is allowed.
    #[prost(string, repeated, tag = "4")]
    pub statements: Vec<String>,
    /// What must hold for it that is not known.
    #[prost(string, repeated, tag = "5")]
    pub only_if: Vec<String>,
    /// The name of the method; empty in what older releases wrote.
    #[prost(string, tag = "6")]
    pub name: String,
}

/// Somebody for whom a way was opened.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct OpenedFor {
    /// The identity; from outside, who is let in.
    #[prost(string, tag = "1")]
    pub identity: String,
    /// Its blast radius before, in thousandths of a percent.
    #[prost(uint32, tag = "2")]
    pub before_millipercent: u32,
    /// The same with the way.
    #[prost(uint32, tag = "3")]
    pub after_millipercent: u32,
    /// What somebody from outside is called, such as `any branch of repository r of organisation o on GitHub`; empty for
    /// identities.
    #[prost(string, tag = "4")]
    pub words: String,
    /// How many somebody from outside may be: `anyone`, `tenant` for some of those who belong to one organisation, account
    /// or application, `exact` for one; empty for identities.
    #[prost(string, tag = "5")]
    pub breadth: String,
}

/// A change that opened a way: an event of the log, or an export, which does not tell who made it.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct OpenedBy {
    /// The source's id of the event; empty where an export tells of the change.
    #[prost(string, tag = "1")]
    pub event: String,
    /// When it happened, or as of when the export is, milliseconds since the epoch.
    #[prost(int64, tag = "2")]
    pub at_ms: i64,
    /// The account whose log or export it is.
    #[prost(string, tag = "3")]
    pub account: String,
    /// `service:Action` of the event.
    #[prost(string, tag = "4")]
    pub permission: String,
    /// The identity that acted; empty for an export.
    #[prost(string, tag = "5")]
    pub identity: String,
    /// The identities behind it, nearest first.
    #[prost(string, repeated, tag = "6")]
    pub chain: Vec<String>,
    /// The session it acted in; empty when there is none.
    #[prost(string, tag = "7")]
    pub session: String,
    /// The rows of the inventory that it changed and that opened the way.
    #[prost(message, repeated, tag = "8")]
    pub rows: Vec<ChangedRow>,
}

impl OpenedBy {
    /// Whether an event of the log tells of it, and so who made it.
    #[must_use]
    pub fn is_of_event(&self) -> bool {
        !self.event.is_empty()
    }
}

/// The event that a finding rests on, copied so that it outlives the log.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Evidence {
    /// The source's id of the record.
    #[prost(string, tag = "1")]
    pub event: String,
    /// When it happened, milliseconds since the epoch.
    #[prost(int64, tag = "2")]
    pub happened_at_ms: i64,
    /// `service:Action`.
    #[prost(string, tag = "3")]
    pub permission: String,
    /// What the action does.
    #[prost(enumeration = "ActionClass", tag = "4")]
    pub class: i32,
    /// What it was done to, as far as named.
    #[prost(string, tag = "5")]
    pub target: String,
    /// The address it came from.
    #[prost(string, tag = "6")]
    pub address: String,
    /// The user agent's family.
    #[prost(string, tag = "7")]
    pub family: String,
    /// The error code; empty on success.
    #[prost(string, tag = "8")]
    pub error_code: String,
    /// The key it was signed with.
    #[prost(string, tag = "9")]
    pub access_key_id: String,
    /// What was new in it.
    #[prost(message, repeated, tag = "10")]
    pub novelties: Vec<Novelty>,
}

/// How much of a finding's evidence is kept, in events.
pub const EVIDENCE_MAX: usize = 32;

/// How much of it is kept, in bytes as they are stored.
pub const EVIDENCE_BYTES_MAX: usize = 64 * 1024;

/// Something noticed about an identity.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Finding {
    /// Derived from detector, version and the record that raised it.
    #[prost(string, tag = "1")]
    pub id: String,
    /// The detector and its version: `novelty/1`.
    #[prost(string, tag = "2")]
    pub detector: String,
    /// What it is: `new-behaviour`, `key-for-another`, ...
    #[prost(string, tag = "3")]
    pub kind: String,
    /// The identity it is about.
    #[prost(string, tag = "4")]
    pub identity: String,
    /// The session it happened in, where there is one.
    #[prost(string, tag = "5")]
    pub session: String,
    /// How bad.
    #[prost(enumeration = "Severity", tag = "6")]
    pub severity: i32,
    /// How sure, in thousandths.
    #[prost(uint32, tag = "7")]
    pub confidence_milli: u32,
    /// When the first and the last event of the evidence happened, milliseconds since the epoch.
    #[prost(int64, tag = "8")]
    pub first_at_ms: i64,
    /// See `first_at_ms`.
    #[prost(int64, tag = "9")]
    pub last_at_ms: i64,
    /// The weighted surprise, in thousandths of a bit; 0 for hard evidence.
    #[prost(uint64, tag = "10")]
    pub score_milli: u64,
    /// The hard fact, if it is one.
    #[prost(oneof = "Lineage", tags = "1001, 1002, 1003, 1004, 1005")]
    pub lineage: Option<Lineage>,
    /// The identities behind it, nearest first: who assumed whom.
    #[prost(string, repeated, tag = "20")]
    pub chain: Vec<String>,
    /// The events, oldest first, at most [`EVIDENCE_MAX`] and [`EVIDENCE_BYTES_MAX`]; [`Finding::events`] counts those
    /// that were cut, too.
    #[prost(message, repeated, tag = "21")]
    pub evidence: Vec<Evidence>,
    /// How many events belong to it, kept as evidence or not.
    #[prost(uint64, tag = "22")]
    pub events: u64,
    /// Control and technique ids, with their catalogue: `attack:T1098.001`.
    #[prost(string, repeated, tag = "23")]
    pub controls: Vec<String>,
    /// Whether it was too old when it arrived to cause a response.
    #[prost(bool, tag = "24")]
    pub historical: bool,
    /// Whether the sources of its events are only taken at their word: it causes no more than step-up, and no risk.
    #[prost(bool, tag = "25")]
    pub asserted: bool,
}

impl Finding {
    /// Whether it counts in the risk of the identity that it is about: not where that is only taken at its word, nor
    /// where it is about what has become possible, which is no sign that somebody acts up.
    #[must_use]
    pub fn carries_risk(&self) -> bool {
        !self.asserted && self.opened().is_none()
    }

    /// What has become possible, where it is about that.
    #[must_use]
    pub fn opened(&self) -> Option<&Opened> {
        match &self.lineage {
            Some(Lineage::Opened(opened)) => Some(opened),
            _ => None,
        }
    }
}
