//! What is answered to a question, and why.

/// What a decision says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, prost::Enumeration)]
#[repr(i32)]
pub enum Effect {
    /// No.
    Deny = 0,
    /// Not yet: after the step-up that the obligations describe. On the wire this is no.
    StepUp = 1,
    /// Yes.
    Permit = 2,
}

impl Effect {
    /// The word used everywhere.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::StepUp => "step-up",
            Self::Permit => "permit",
        }
    }
}

/// Whether a decision bites.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, prost::Enumeration)]
#[repr(i32)]
pub enum Mode {
    /// What is answered is what was decided.
    Enforce = 0,
    /// Permit, and record what would have been answered and why.
    Shadow = 1,
    /// Permit, and record.
    Learn = 2,
}

impl Mode {
    /// The word used everywhere.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Shadow => "shadow",
            Self::Learn => "learn",
        }
    }

    /// The mode in force where two are set: the one that bites less.
    #[must_use]
    pub fn weakest(self, other: Self) -> Self {
        self.max(other)
    }

    /// The one of two that bites more.
    #[must_use]
    pub fn strictest(self, other: Self) -> Self {
        self.min(other)
    }
}

/// How far it is known who asks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, prost::Enumeration)]
#[repr(i32)]
pub enum CallerKind {
    /// The record does not say.
    Unknown = 0,
    /// An enforcement point that was let in says so.
    Asserted = 1,
    /// The caller has shown a credential of its own.
    Verified = 2,
}

impl CallerKind {
    /// The word used everywhere; empty where that is not known.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unknown => "",
            Self::Asserted => "asserted",
            Self::Verified => "verified",
        }
    }
}

/// Why a decision is as it is: the closed list of reason codes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, prost::Enumeration)]
#[repr(i32)]
pub enum Reason {
    /// Not known to this release.
    Unknown = 0,
    /// The question is not well formed.
    Malformed = 1,
    /// Nobody is known by the name of the caller.
    UnknownCaller = 2,
    /// The schema has no such action.
    UnknownAction = 3,
    /// The schema has no such resource type.
    UnknownResourceType = 4,
    /// All sessions of the identity that began before an instant were ended.
    Killed = 5,
    /// The credential has expired.
    CredentialExpired = 6,
    /// The credential was revoked.
    CredentialRevoked = 7,
    /// A hold lets nothing pass.
    HoldDeny = 8,
    /// A hold lets only reading pass.
    HoldReadOnly = 9,
    /// A hold lets only habits pass, and this is none.
    HoldBaselineOnly = 10,
    /// A hold asks for a fresh proof of who asks.
    HoldStepUp = 11,
    /// A hold lets nothing be done for another.
    HoldNoDelegation = 12,
    /// A policy forbids it.
    PolicyForbid = 13,
    /// No policy permits it.
    NoPermit = 14,
    /// A policy that applies could not be evaluated.
    PolicyError = 15,
    /// More entities would be needed than a decision may read.
    TooWide = 16,
    /// The risk of the identity is above what the action or the policy set allows.
    RiskCeiling = 17,
    /// A policy permits it after a step-up.
    PolicyStepUp = 18,
    /// A policy permits it.
    PolicyPermit = 19,
    /// The mode in force lets pass what would have been refused.
    NotEnforced = 20,
    /// The enforcement point showed up by itself: it is in `shadow` until somebody sets its mode.
    NewPep = 21,
}

impl Reason {
    /// The code used everywhere.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Malformed => "malformed",
            Self::UnknownCaller => "unknown-caller",
            Self::UnknownAction => "unknown-action",
            Self::UnknownResourceType => "unknown-resource-type",
            Self::Killed => "killed",
            Self::CredentialExpired => "credential-expired",
            Self::CredentialRevoked => "credential-revoked",
            Self::HoldDeny => "hold-deny",
            Self::HoldReadOnly => "hold-read-only",
            Self::HoldBaselineOnly => "hold-baseline-only",
            Self::HoldStepUp => "hold-step-up",
            Self::HoldNoDelegation => "hold-no-delegation",
            Self::PolicyForbid => "policy-forbid",
            Self::NoPermit => "no-permit",
            Self::PolicyError => "policy-error",
            Self::TooWide => "too-wide",
            Self::RiskCeiling => "risk-ceiling",
            Self::PolicyStepUp => "policy-step-up",
            Self::PolicyPermit => "policy-permit",
            Self::NotEnforced => "not-enforced",
            Self::NewPep => "new-pep",
        }
    }

    /// Whether it refuses in every mode, `learn` and `shadow` included.
    #[must_use]
    pub const fn binds_in_every_mode(self) -> bool {
        matches!(self, Self::Malformed | Self::Killed | Self::CredentialExpired | Self::CredentialRevoked)
    }
}

/// What the enforcement point must do besides: the words of the AuthZEN obligations profile.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, prost::Enumeration)]
#[repr(i32)]
pub enum ObligationType {
    /// What only this enforcement point understands; who does not must refuse.
    Custom = 0,
    /// Have the subject authenticate again, at one of `acr_values`, within `max_age`.
    StepUp = 1,
    /// Send a message.
    Notification = 2,
    /// End the session.
    SessionTermination = 3,
}

impl ObligationType {
    /// The word of the profile.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Custom => "custom",
            Self::StepUp => "step-up",
            Self::Notification => "notification",
            Self::SessionTermination => "session_termination",
        }
    }

    /// Reads the word of the profile.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Custom, Self::StepUp, Self::Notification, Self::SessionTermination]
            .into_iter()
            .find(|kind| kind.word() == word)
    }
}

/// Something the enforcement point must do.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Obligation {
    /// Its id, unique within the decision: the hold or policy that asks for it.
    #[prost(string, tag = "1")]
    pub id: String,
    /// What is to be done.
    #[prost(enumeration = "ObligationType", tag = "2")]
    pub kind: i32,
    /// For step-up: the authentication contexts of which one will do.
    #[prost(string, repeated, tag = "3")]
    pub acr_values: Vec<String>,
    /// For step-up: how old the authentication may be, seconds; 0 when not said.
    #[prost(uint32, tag = "4")]
    pub max_age_s: u32,
    /// What else its type asks for.
    #[prost(btree_map = "string, string", tag = "5")]
    pub properties: std::collections::BTreeMap<String, String>,
}

/// A policy that applied and could not be evaluated.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct PolicyFailure {
    /// The policy.
    #[prost(string, tag = "1")]
    pub policy: String,
    /// What went wrong.
    #[prost(string, tag = "2")]
    pub message: String,
}

/// The answer to a question, with what settled it.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Decision {
    /// What is answered.
    #[prost(enumeration = "Effect", tag = "1")]
    pub effect: i32,
    /// What `enforce` would have answered.
    #[prost(enumeration = "Effect", tag = "2")]
    pub decided: i32,
    /// The mode in force.
    #[prost(enumeration = "Mode", tag = "3")]
    pub mode: i32,
    /// Why, the deciding one first.
    #[prost(enumeration = "Reason", repeated, tag = "4")]
    pub reasons: Vec<i32>,
    /// The policies that settled it.
    #[prost(string, repeated, tag = "5")]
    pub policies: Vec<String>,
    /// The holds that settled it.
    #[prost(string, repeated, tag = "6")]
    pub holds: Vec<String>,
    /// The policies that applied and could not be evaluated.
    #[prost(message, repeated, tag = "7")]
    pub failures: Vec<PolicyFailure>,
    /// What the enforcement point must do besides.
    #[prost(message, repeated, tag = "8")]
    pub obligations: Vec<Obligation>,
    /// The last fact that the decision saw.
    #[prost(uint64, tag = "9")]
    pub fact_number: u64,
    /// Whether a denial took part that is not durable yet.
    #[prost(bool, tag = "10")]
    pub pending: bool,
    /// The risk of the caller at the instant of the decision, 0-100.
    #[prost(uint32, tag = "11")]
    pub risk_score: u32,
    /// The identity that the caller was resolved to; empty when to none.
    #[prost(string, tag = "12")]
    pub identity: String,
    /// How many policies had to be evaluated.
    #[prost(uint32, tag = "13")]
    pub candidates: u32,
}

/// Who asks and for whom: an enforcement point that is known, with its mode.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Pep {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Its mode.
    #[prost(enumeration = "Mode", tag = "2")]
    pub mode: i32,
}

impl Pep {
    /// A new enforcement point: it starts in `shadow`.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), mode: Mode::Shadow.into() }
    }
}
