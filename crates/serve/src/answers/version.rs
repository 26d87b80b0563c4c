//! Which version of a thing that can be commanded is known: the hash of it as facts say it, whatever the time.

use std::fmt;

use doorward_model::hash::Hash16;
use doorward_views::state::State;
use prost::Message;

/// A version of a thing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Version(Hash16);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Version {
    fn of(kind: &str, thing: &impl Message) -> Self {
        Self(Hash16::of_parts(&[kind.as_bytes(), &thing.encode_to_vec()]))
    }
}

/// The version of a hold.
#[must_use]
pub fn hold(state: &State, id: &str) -> Option<Version> {
    let control = &state.control;
    let placed = control.holds.get(id).map(|hold| Version::of("placed", hold));
    placed.or_else(|| control.recommended.get(id).map(|hold| Version::of("recommended", hold)))
}

/// The version of the kill of an identity.
#[must_use]
pub fn kill(state: &State, identity: &str) -> Option<Version> {
    state.control.kills.get(identity).map(|killed| Version::of("kill", killed))
}

/// The version of an enforcement point.
#[must_use]
pub fn pep(state: &State, name: &str) -> Option<Version> {
    state.control.peps.get(name).map(|pep| Version::of("pep", pep))
}

/// The version of a token.
#[must_use]
pub fn token(state: &State, id: &str) -> Option<Version> {
    state.control.tokens.get(id).map(|token| Version::of("token", token))
}

/// The version of the policy set that decides.
#[must_use]
pub fn policy(state: &State) -> Option<Version> {
    state.control.policy.as_ref().map(|policy| Version::of("policy", policy))
}
