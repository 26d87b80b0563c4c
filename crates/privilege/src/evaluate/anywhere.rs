//! Requests of which the caller picks the region.
//!
//! Where neither the service nor the resource tells to which region a request goes, whoever makes it does: it goes to the
//! endpoint that they name. So what they could do is what they could do in one region at least, and in one and the same
//! for all policies.

use super::answer::{Answer, Denial, Verdict};
use super::logic::{Leaf, Logic as _, Requirement};
use super::{Policies, evaluate};
use crate::condition::Condition;
use crate::pattern::Pattern;
use crate::region::{REQUESTED_REGION, Regions};
use crate::request::{Known, Looked, Request, Resource, Which};
use crate::truth::Truth;

/// Answers a request as [`evaluate`] does, in the region that the caller would pick where it is free to: the answer depends
/// on no region any more.
#[must_use]
pub fn evaluate_anywhere<'a>(request: &Request<'a>, policies: &Policies<'a>) -> Answer<'a> {
    let mut answer = evaluate(request, policies);
    if let Verdict::OnlyIf(requirement) = &answer.verdict
        && requirement.has(&Leaf::asks_for_region)
        && matches!(request.look(REQUESTED_REGION), Looked::Unknown | Looked::Present)
    {
        answer.verdict = match requirement.in_some_region(request, policies) {
            Requirement::Always => Verdict::Allowed,
            Requirement::Never => Verdict::Denied(Denial::Implicit),
            requirement => Verdict::OnlyIf(requirement),
        };
    }
    answer
}

/// The region that the caller would pick, where it matters: the first in which the request is allowed as surely as it can
/// be. `None` where the answer is the same in all, or another than the caller picks.
#[must_use]
pub fn picked_region(request: &Request<'_>, policies: &Policies<'_>) -> Option<String> {
    let answer = evaluate(request, policies);
    let best = evaluate_anywhere(request, policies);
    if answer.verdict == best.verdict || matches!(best.verdict, Verdict::Denied(_)) {
        return None;
    }
    let regions = Regions::known().of(request.partition()).iter();
    let mut context = request.context.clone();
    let picked = regions.map(|region| &**region).find(|region| {
        context.set(REQUESTED_REGION, Known::Values(vec![(*region).into()]));
        let there = evaluate_anywhere(&Request { context: &context, ..*request }, policies);
        matches!(
            (&there.verdict, &best.verdict),
            (Verdict::Allowed, _) | (Verdict::OnlyIf(_), Verdict::OnlyIf(_))
        )
    });
    picked.map(str::to_owned)
}

impl<'a> Requirement<'a> {
    /// What is left to hold in one of the regions that there are; the same where none is known. Of regions that nothing
    /// tells apart one is tried.
    fn in_some_region(&self, request: &Request<'a>, policies: &Policies<'a>) -> Self {
        let spanning = spanning(request.resource.text());
        let regions = Regions::known().of(request.partition());
        let is_apart = |region: &&str| self.has(&|leaf| leaf.tells_apart(region, spanning.is_some()));
        let (apart, alike): (Vec<&str>, Vec<&str>) = regions.iter().map(|one| &**one).partition(is_apart);
        let mut context = request.context.clone();
        let mut found = if regions.is_empty() { self.clone() } else { Self::Never };
        for region in apart.into_iter().chain(alike.into_iter().take(1)) {
            context.set(REQUESTED_REGION, Known::Values(vec![region.into()]));
            let within = spanning.map(|[before, after]| format!("{before}{region}{after}"));
            let which = match (request.resource.which, within.as_deref()) {
                (Which::Named(_), Some(within)) => Which::Named(within),
                (_, Some(within)) => Which::Some(within),
                (which, None) => which,
            };
            let resource = Resource { which, ..request.resource };
            let there = Request { resource, context: &context, ..*request };
            found = found.or(self.given(&|leaf| leaf.in_region(&there, policies)));
            if found == Self::Always {
                break;
            }
        }
        found.settled()
    }

    /// What is left of it where more is known of its parts.
    fn given(&self, known: &dyn Fn(&Leaf<'a>) -> Truth) -> Self {
        match self {
            Self::Never | Self::Always => self.clone(),
            Self::Leaf { leaf, holds } => match known(leaf) {
                Truth::Yes => Self::of(*holds),
                Truth::No => Self::of(!holds),
                Truth::Open => self.clone(),
            },
            Self::All(parts) => parts.iter().map(|part| part.given(known)).fold(Self::Always, Self::and),
            Self::Any(parts) => parts.iter().map(|part| part.given(known)).fold(Self::Never, Self::or),
        }
    }

    /// Whether one of its parts is such.
    fn has(&self, is_such: &dyn Fn(&Leaf<'a>) -> bool) -> bool {
        match self {
            Self::Never | Self::Always => false,
            Self::Leaf { leaf, .. } => is_such(leaf),
            Self::All(parts) | Self::Any(parts) => parts.iter().any(|part| part.has(is_such)),
        }
    }
}

impl Leaf<'_> {
    /// Whether it depends on the region.
    fn asks_for_region(&self) -> bool {
        match self {
            Self::Condition(condition, _) => *condition.key == *REQUESTED_REGION || is_filled_in(condition),
            Self::Resource(text, _) => text.to_ascii_lowercase().contains(REQUESTED_REGION),
            Self::Session(..) | Self::CanonicalUser(..) | Self::SameAccount | Self::Unread(_) => false,
        }
    }

    /// Whether it may be another in a region than in those that it does not name; some resources may span all regions.
    fn tells_apart(&self, region: &str, spans: bool) -> bool {
        match self {
            Self::Condition(condition, _) if *condition.key == *REQUESTED_REGION => {
                let names = |own: &Pattern| own.matches(region) || own.text().eq_ignore_ascii_case(region);
                is_filled_in(condition) || condition.patterns().any(|own| own.has_variables() || names(own))
            }
            Self::Resource(..) => spans || self.asks_for_region(),
            _ => self.asks_for_region(),
        }
    }

    /// Whether it holds in a request that goes to a region. That a pattern matches some resources there, or all, leaves open
    /// whether those are meant.
    fn in_region(&self, request: &Request<'_>, policies: &Policies<'_>) -> Truth {
        match self {
            Self::Resource(..) => self.holds(request, policies).min(Truth::Open),
            _ => self.holds(request, policies),
        }
    }
}

/// Whether the region stands in a value of a condition as a variable.
fn is_filled_in(condition: &Condition) -> bool {
    condition.patterns().flat_map(Pattern::variables).any(|key| key == REQUESTED_REGION)
}

/// What comes before and after the region in a pattern of ARNs that leaves it open.
fn spanning(pattern: &str) -> Option<[&str; 2]> {
    let (at, _) = pattern.match_indices(':').nth(2).filter(|_| pattern.starts_with("arn:"))?;
    let (before, after) = pattern.split_at_checked(at + 1)?;
    Some([before, after.strip_prefix('*').filter(|after| after.starts_with(':'))?])
}
