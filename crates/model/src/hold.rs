//! A restriction in our own decision path, and what it restricts.

use crate::time::Time;

/// What a hold is placed on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, prost::Enumeration)]
#[repr(i32)]
pub enum HoldScope {
    /// An identity, with all its sessions and credentials.
    Identity = 0,
    /// One session.
    Session = 1,
    /// One credential.
    Credential = 2,
    /// One task of an agent.
    Task = 3,
    /// One tool, whoever calls it.
    Tool = 4,
}

impl HoldScope {
    /// The word used everywhere.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Session => "session",
            Self::Credential => "credential",
            Self::Task => "task",
            Self::Tool => "tool",
        }
    }

    /// All scopes, in the order in which they are listed.
    pub const ALL: [Self; 5] = [Self::Identity, Self::Session, Self::Credential, Self::Task, Self::Tool];
}

/// How much a hold takes away.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, prost::Enumeration)]
#[repr(i32)]
pub enum HoldProfile {
    /// Nothing passes.
    Deny = 0,
    /// Only actions of class `read` or `list` pass: nothing is changed, and no protected content is handed out.
    ReadOnly = 1,
    /// Only what was permitted on three distinct days passes; without such habits it is [`Self::StepUp`].
    BaselineOnly = 2,
    /// What passes, passes after a fresh proof of who asks.
    StepUp = 3,
    /// Nothing may be done for another, and no credential handed out.
    NoDelegation = 4,
}

impl HoldProfile {
    /// The word used everywhere.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::ReadOnly => "read-only",
            Self::BaselineOnly => "baseline-only",
            Self::StepUp => "step-up",
            Self::NoDelegation => "no-delegation",
        }
    }

    /// All profiles, strictest first.
    pub const ALL: [Self; 5] =
        [Self::Deny, Self::ReadOnly, Self::BaselineOnly, Self::StepUp, Self::NoDelegation];
}

/// What an identity has been permitted on [`Habit::DAYS_MIN`] distinct days.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, prost::Message)]
pub struct Habit {
    /// The action.
    #[prost(string, tag = "1")]
    pub action: String,
    /// The type of the resource.
    #[prost(string, tag = "2")]
    pub resource_type: String,
    /// The enforcement point that asked.
    #[prost(string, tag = "3")]
    pub pep: String,
}

impl Habit {
    /// On how many distinct days something must have been permitted to be a habit.
    pub const DAYS_MIN: u32 = 3;
}

/// A restriction, with what it is placed on, why, and until when.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Hold {
    /// Its id.
    #[prost(string, tag = "1")]
    pub id: String,
    /// What it is placed on.
    #[prost(enumeration = "HoldScope", tag = "2")]
    pub scope: i32,
    /// The id of what it is placed on.
    #[prost(string, tag = "3")]
    pub subject: String,
    /// How much it takes away.
    #[prost(enumeration = "HoldProfile", tag = "4")]
    pub profile: i32,
    /// Why, in a sentence.
    #[prost(string, tag = "5")]
    pub reason: String,
    /// When it was placed, milliseconds since the epoch.
    #[prost(int64, tag = "6")]
    pub placed_at_ms: i64,
    /// When it ends, milliseconds since the epoch; 0 when only a release ends it.
    #[prost(int64, tag = "7")]
    pub expires_at_ms: i64,
    /// The finding that caused it; empty when a person placed it.
    #[prost(string, tag = "8")]
    pub finding: String,
    /// For step-up: the authentication contexts of which one will do; any, when empty.
    #[prost(string, repeated, tag = "9")]
    pub acr_values: Vec<String>,
    /// For step-up: how old the authentication may be, seconds; 0 when any that is younger than the hold will do.
    #[prost(uint32, tag = "10")]
    pub max_age_s: u32,
    /// For baseline-only: the habits, so that every node can enforce it.
    #[prost(message, repeated, tag = "11")]
    pub habits: Vec<Habit>,
}

impl Hold {
    /// Whether it is in force at an instant.
    #[must_use]
    pub const fn in_force(&self, now: Time) -> bool {
        self.expires_at_ms == 0 || now.ms() < self.expires_at_ms
    }
}
