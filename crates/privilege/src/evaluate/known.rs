//! What an answer depends on, when more is known.

use super::Policies;
use super::logic::{Leaf, Requirement};
use super::matching;
use crate::request::{CallerKind, Request};
use crate::truth::Truth;

impl Requirement<'_> {
    /// Whether it holds in a request of which more is known. The policies are those that it comes from.
    #[must_use]
    pub fn holds(&self, request: &Request<'_>, policies: &Policies<'_>) -> Truth {
        match self {
            Self::Never => Truth::No,
            Self::Always => Truth::Yes,
            Self::Leaf { leaf, holds } => {
                let truth = leaf.holds(request, policies);
                if *holds { truth } else { truth.not() }
            }
            Self::All(parts) => {
                parts.iter().map(|part| part.holds(request, policies)).fold(Truth::Yes, Truth::and)
            }
            Self::Any(parts) => {
                parts.iter().map(|part| part.holds(request, policies)).fold(Truth::No, Truth::or)
            }
        }
    }
}

impl Leaf<'_> {
    pub(super) fn holds(&self, request: &Request<'_>, policies: &Policies<'_>) -> Truth {
        match *self {
            Self::Condition(condition, _) => condition.holds(request),
            Self::Session(arn, _) => match request.caller.kind {
                CallerKind::Session { name, .. } => Truth::of(arn.rsplit('/').next() == Some(name)),
                _ => Truth::Open,
            },
            Self::Resource(text, at) => {
                let resources = policies.statement(at).and_then(|statement| statement.resources.as_ref());
                let pattern =
                    resources.into_iter().flat_map(|own| own.named()).find(|own| own.text() == text);
                pattern.map_or(Truth::Open, |pattern| matching::one(pattern, request, at))
            }
            Self::CanonicalUser(id, _) => match request.caller.canonical_user {
                Some(own) => Truth::of(own == id),
                None => Truth::Open,
            },
            Self::SameAccount => match request.resource.account {
                Some(account) => Truth::of(account == request.caller.account),
                None => Truth::Open,
            },
            Self::Unread(_) => Truth::Open,
        }
    }
}
