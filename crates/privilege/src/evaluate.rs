//! All policies of a request together: allowed, denied, allowed only if something holds that is not known, or unknown.
//!
//! Sources: IAM User Guide, "Policy evaluation logic" with "How AWS enforcement code logic evaluates requests to allow
//! or deny access", "Cross-account policy evaluation logic", "Permissions boundaries for IAM entities", "Session
//! policies", "IAM JSON policy elements: Principal"; AWS Organizations User Guide, "SCP evaluation" and "RCP
//! evaluation"; AWS KMS Developer Guide, "Key policies in AWS KMS".
//!
//! The rules are written once, over a logic. In three values they cost little, and most questions end there; only where
//! the answer is open they are gone through again to say on what it depends.

use crate::document::{Document, Statement};
use crate::request::Request;
use crate::truth::Truth;

mod answer;
mod anywhere;
mod known;
mod layers;
mod logic;
mod matching;
mod principals;
mod public;
mod rules;
mod settle;
mod specials;

pub use answer::{Answer, At, Because, Denial, LayerKind, Layers, Said, Verdict};
pub use anywhere::{evaluate_anywhere, picked_region};
pub use logic::{Leaf, Requirement};
pub use matching::{Applied, applied};

/// All policies that speak of a request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Policies<'a> {
    /// Those of the caller and of its groups.
    pub identity: &'a [Policy<'a>],
    /// The permissions boundary of the caller; none when it has none.
    pub boundary: &'a [Policy<'a>],
    /// Those that were passed when the session was made; none when none were.
    pub session: &'a [Policy<'a>],
    /// Service control policies of the caller's account by level, from the root to the account; none outside of an
    /// organisation. A level without a policy lets nothing through.
    pub service_control: &'a [Level<'a>],
    /// Resource control policies of the resource's account, in the same way. AWS lets everything through at each level.
    /// They count only where the service of the permission supports them.
    pub resource_control: &'a [Level<'a>],
    /// Those of the endpoint that the request comes through; none when it comes through none.
    pub endpoint: &'a [Policy<'a>],
    /// Those of the resource; of a role, its trust policy.
    pub resource: &'a [Policy<'a>],
}

/// A policy by its name.
#[derive(Clone, Copy, Debug)]
pub struct Policy<'a> {
    /// The name, as answers show it.
    pub name: &'a str,
    /// The document; `None` when it is missing or cannot be read, and then what depends on it is unknown.
    pub document: Option<&'a Document>,
}

/// The control policies of one level of an organisation.
#[derive(Clone, Copy, Debug)]
pub struct Level<'a> {
    /// The name of the root, unit or account.
    pub name: &'a str,
    /// Its policies.
    pub policies: &'a [Policy<'a>],
}

impl<'a> Policies<'a> {
    /// The policies of one layer, at one level of it.
    #[must_use]
    pub fn of(&self, layer: LayerKind, level: usize) -> &'a [Policy<'a>] {
        let levels = match layer {
            LayerKind::Identity => return self.identity,
            LayerKind::Boundary => return self.boundary,
            LayerKind::Session => return self.session,
            LayerKind::Endpoint => return self.endpoint,
            LayerKind::Resource => return self.resource,
            LayerKind::ServiceControl => self.service_control,
            LayerKind::ResourceControl => self.resource_control,
        };
        levels.get(level).map_or(&[], |level| level.policies)
    }

    /// The name of a policy that an answer speaks of.
    #[must_use]
    pub fn name(&self, at: At) -> &'a str {
        self.of(at.layer, at.level.into()).get(usize::from(at.policy)).map_or("", |policy| policy.name)
    }

    /// A statement that an answer speaks of; none where that is a policy as a whole.
    #[must_use]
    pub fn statement(&self, at: At) -> Option<&'a Statement> {
        let policy = self.of(at.layer, at.level.into()).get(usize::from(at.policy))?;
        policy.document?.statements.get(usize::from(at.statement).checked_sub(1)?)
    }

    /// The name of a statement that an answer speaks of, if it has one.
    #[must_use]
    pub fn sid(&self, at: At) -> Option<&'a str> {
        self.statement(at)?.sid.as_deref()
    }
}

/// Answers a request from all policies that speak of it.
#[must_use]
pub fn evaluate<'a>(request: &Request<'a>, policies: &Policies<'a>) -> Answer<'a> {
    let mut because = Because::default();
    let found = rules::decide::<Truth>(request, policies, &mut because, None);
    let verdict = match found.allowed {
        Truth::Yes => Verdict::Allowed,
        Truth::No if found.layers.denies() == Truth::Yes => Verdict::Denied(Denial::Explicit),
        Truth::No => Verdict::Denied(Denial::Implicit),
        Truth::Open if found.is_unread => Verdict::Unknown,
        Truth::Open => match requirement(request, policies, &found.layers) {
            Requirement::Always => Verdict::Allowed,
            Requirement::Never => Verdict::Denied(Denial::Implicit),
            requirement => Verdict::OnlyIf(requirement),
        },
    };
    Answer { verdict, because, layers: found.layers }
}

/// What an open answer depends on. Layers that are not open are not gone through once more.
fn requirement<'a>(request: &Request<'a>, policies: &Policies<'a>, layers: &Layers) -> Requirement<'a> {
    let found = rules::decide::<Requirement<'a>>(request, policies, &mut Because::default(), Some(layers));
    found.allowed.settled()
}
