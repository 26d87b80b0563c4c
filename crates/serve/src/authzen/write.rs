//! Answers in, the bytes of a response out.

use std::collections::BTreeMap;

use doorward_model::decision::{Decision, Effect, Obligation, ObligationType, Reason};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use crate::authzen::ask::Unanswered;

/// The answer to one question, as AuthZEN writes it.
pub(crate) struct Answer<'a>(pub(crate) &'a Result<Decision, Unanswered>);

/// The answer to several.
#[derive(Serialize)]
pub(crate) struct Answers<'a> {
    pub(crate) evaluations: Vec<Answer<'a>>,
}

/// Whether an answer is a yes on the wire.
pub(crate) fn is_yes(answer: &Result<Decision, Unanswered>) -> bool {
    answer.as_ref().is_ok_and(|decision| decision.effect() == Effect::Permit)
}

impl Serialize for Answer<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("decision", &is_yes(self.0))?;
        match self.0 {
            Ok(decision) => map.serialize_entry("context", &Context::of(decision))?,
            Err(why) => {
                let error = Error { status: why.status().as_u16(), message: why.message() };
                map.serialize_entry("context", &Failed { error })?;
            }
        }
        map.end()
    }
}

#[derive(Serialize)]
struct Failed<'a> {
    error: Error<'a>,
}

#[derive(Serialize)]
struct Error<'a> {
    status: u16,
    message: &'a str,
}

#[derive(Serialize)]
struct Context<'a> {
    effect: &'static str,
    reasons: Reasons<'a>,
    reason_admin: Sentences<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason_user: Option<UserReason>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    policies: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    holds: &'a [String],
    #[serde(skip_serializing_if = "Obligations::is_empty")]
    obligations: Obligations<'a>,
    #[serde(skip_serializing_if = "str::is_empty")]
    identity: &'a str,
    mode: &'static str,
    /// What `enforce` would have answered, where it is something else.
    #[serde(skip_serializing_if = "Option::is_none")]
    would_be: Option<&'static str>,
    seen: u64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pending: bool,
}

impl<'a> Context<'a> {
    fn of(decision: &'a Decision) -> Self {
        Self {
            effect: decision.effect().word(),
            reasons: Reasons(decision),
            reason_admin: Sentences(decision),
            reason_user: UserReason::of(decision),
            policies: &decision.policies,
            holds: &decision.holds,
            obligations: Obligations(&decision.obligations),
            identity: &decision.identity,
            mode: decision.mode().word(),
            would_be: (decision.decided != decision.effect).then(|| decision.decided().word()),
            seen: decision.fact_number,
            pending: decision.pending,
        }
    }
}

/// The reason codes, the deciding one first.
struct Reasons<'a>(&'a Decision);

impl Serialize for Reasons<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.reasons().map(Reason::code))
    }
}

/// For who runs the enforcement point: a sentence by reason code.
struct Sentences<'a>(&'a Decision);

impl Serialize for Sentences<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for reason in self.0.reasons() {
            match (reason, self.0.failures.first()) {
                (Reason::PolicyError, Some(failure)) => {
                    let said =
                        format!("policy {:?} could not be evaluated: {}", failure.policy, failure.message);
                    map.serialize_entry(reason.code(), &said)?;
                }
                _ => map.serialize_entry(reason.code(), sentence(reason))?,
            }
        }
        map.end()
    }
}

/// For the person at the other end: what to do, without what decided.
#[derive(Serialize)]
struct UserReason(BTreeMap<&'static str, &'static str>);

impl UserReason {
    fn of(decision: &Decision) -> Option<Self> {
        let reason = decision.reasons().next()?;
        let said = match decision.effect() {
            Effect::Permit => return None,
            Effect::StepUp => "Sign in again to go on.",
            Effect::Deny => "You are not allowed to do this now.",
        };
        Some(Self(BTreeMap::from([(reason.code(), said)])))
    }
}

/// What a reason means, in a sentence.
pub(crate) const fn sentence(reason: Reason) -> &'static str {
    match reason {
        Reason::Unknown => "the reason is not known to this release",
        Reason::Malformed => "the question is not well formed",
        Reason::UnknownCaller => "nobody is known by the name of the subject",
        Reason::UnknownAction => "the schema has no such action",
        Reason::UnknownResourceType => "the schema has no such resource type",
        Reason::Killed => {
            "all sessions and credentials of the identity that began before an instant were ended, and so are those \
             that do not say when they began (iat, auth_time): doorward identity revive takes that back"
        }
        Reason::CredentialExpired => "the credential has expired",
        Reason::CredentialRevoked => "the credential was revoked",
        Reason::HoldDeny => "a hold lets nothing pass",
        Reason::HoldReadOnly => "a hold lets only reading pass",
        Reason::HoldBaselineOnly => "a hold lets only habits pass, and this is none",
        Reason::HoldStepUp => "a hold asks for a fresh proof of who asks",
        Reason::HoldNoDelegation => "a hold lets nothing be done for another",
        Reason::PolicyForbid => "a policy forbids it",
        Reason::NoPermit => "no policy permits it",
        Reason::PolicyError => "a policy that applies could not be evaluated",
        Reason::TooWide => "more entities would be needed than a decision may read",
        Reason::RiskCeiling => "the risk of the identity is above what is allowed",
        Reason::PolicyStepUp => "a policy permits it after a step-up",
        Reason::PolicyPermit => "a policy permits it",
        Reason::NotEnforced => "the mode in force lets pass what would have been refused",
        Reason::NewPep => "the enforcement point is new: it is in shadow until its mode is set",
    }
}

/// Obligations in the form of their profile.
struct Obligations<'a>(&'a [Obligation]);

impl Obligations<'_> {
    const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Obligations<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for obligation in self.0 {
            list.serialize_element(&Written {
                id: &obligation.id,
                kind: obligation.kind().word(),
                properties: ObligationProperties(obligation),
            })?;
        }
        list.end()
    }
}

#[derive(Serialize)]
struct Written<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    properties: ObligationProperties<'a>,
}

struct ObligationProperties<'a>(&'a Obligation);

impl Serialize for ObligationProperties<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let obligation = self.0;
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in &obligation.properties {
            map.serialize_entry(name, value)?;
        }
        if obligation.kind() == ObligationType::StepUp {
            map.serialize_entry("acr_values", &obligation.acr_values)?;
            if obligation.max_age_s > 0 {
                map.serialize_entry("max_age", &obligation.max_age_s)?;
            }
        }
        map.end()
    }
}
