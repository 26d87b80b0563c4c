//! Whether a statement applies to a request.
//!
//! Sources: IAM User Guide, "IAM JSON policy elements: Action", "NotAction", "Resource", "NotResource"; Service
//! Authorization Reference, "Actions, resources, and condition keys for AWS services".

use super::answer::{At, LayerKind};
use super::logic::{Leaf, Logic};
use super::{Policies, principals};
use crate::condition::Condition;
use crate::document::{Effect, Selection, Statement};
use crate::pattern::units::{self, Unit};
use crate::pattern::{self, Pattern};
use crate::request::{Request, Which};
use crate::truth::Truth;
use crate::variables::{self, Resolved};

/// Whether a statement names the resource.
pub(super) fn resource<'a, L: Logic<'a>>(statement: &'a Statement, request: &Request<'a>, at: At) -> L {
    let Some(resources) = &statement.resources else {
        // A policy of a resource speaks of that one; elsewhere the element must be there, and a statement without it
        // can only forbid.
        let is_own = matches!(at.layer, LayerKind::Resource | LayerKind::Endpoint);
        return L::of(is_own || statement.effect == Effect::Deny);
    };
    let mut named = L::NO;
    for pattern in resources.named() {
        named = named.or(one(pattern, request, at));
        if named.truth() == Truth::Yes {
            break;
        }
    }
    match resources {
        Selection::Only(_) => named,
        Selection::AllBut(_) => named.not(),
    }
}

/// Whether a pattern matches the resource. "Policy variables with no value": it matches none where a variable of it stands
/// for nothing.
pub(super) fn one<'a, L: Logic<'a>>(pattern: &'a Pattern, request: &Request<'a>, at: At) -> L {
    let is_short = || at.layer != LayerKind::Resource && pattern.is_short_arn();
    let leaf = || Leaf::Resource(pattern.text(), at);
    match request.resource.which {
        Which::None => L::of(pattern.is_any()),
        Which::One(arn) if !pattern.has_variables() && !is_short() => L::of(pattern.matches(arn)),
        Which::One(_) | Which::Some(_) | Which::Named(_) => {
            let (mut own, is_known) = match variables::resolve(pattern, request) {
                Resolved::Known(own) => (own, true),
                Resolved::Open(own) => (own, false),
                Resolved::Nothing => return L::NO,
            };
            if is_short() {
                pattern::complete(&mut own);
            }
            let (matches, covers) = compare(&own, request.resource.which);
            match (matches, covers && is_known) {
                (false, _) => L::NO,
                (true, true) => L::YES,
                (true, false) => L::open(leaf()),
            }
        }
    }
}

/// Whether a pattern matches some of the resources, and whether all.
fn compare(own: &[Unit], which: Which<'_>) -> (bool, bool) {
    match which {
        Which::None => (false, false),
        Which::One(arn) => {
            let matches = units::matches(own, |unit| unit, arn.as_bytes());
            (matches, matches)
        }
        Which::Some(text) => among(own, &units::of_resource(text).collect::<Vec<_>>()),
        Which::Named(text) => among(own, &units::of_names(text).collect::<Vec<_>>()),
    }
}

fn among(own: &[Unit], asked: &[Unit]) -> (bool, bool) {
    let matches = units::intersect(own, asked);
    (matches, matches && units::covers(own, asked))
}

/// Whether all conditions of a statement hold.
pub(super) fn conditions<'a, L: Logic<'a>>(statement: &'a Statement, request: &Request<'a>, at: At) -> L {
    let mut hold = L::YES;
    for condition in &statement.conditions {
        hold = match condition.holds(request) {
            Truth::Yes => hold,
            Truth::No => return L::NO,
            Truth::Open => hold.and(L::open(Leaf::Condition(condition, at))),
        };
    }
    hold
}

/// A statement that applies to a request, or may.
#[derive(Clone, PartialEq, Debug)]
pub struct Applied<'a> {
    /// Where it stands.
    pub at: At,
    /// The statement.
    pub statement: &'a Statement,
    /// Whether it applies.
    pub applies: Truth,
    /// Its conditions of which that depends.
    pub open: Vec<&'a Condition>,
}

/// The statements that apply to a request or may, whether they decide or not, layer by layer.
#[must_use]
pub fn applied<'a>(request: &Request<'a>, policies: &Policies<'a>) -> Vec<Applied<'a>> {
    let mut applied = Vec::new();
    for layer in LayerKind::ALL {
        let levels = match layer {
            LayerKind::ServiceControl => policies.service_control.len(),
            LayerKind::ResourceControl => policies.resource_control.len(),
            _ => 1,
        };
        for level in 0..levels {
            for (place, policy) in policies.of(layer, level).iter().enumerate() {
                let statements = policy.document.map_or(&[][..], |document| &document.statements);
                for (number, statement) in statements.iter().enumerate() {
                    let at = At::new(layer, level, place, number + 1);
                    applied.extend(apply(request, policies, statement, at));
                }
            }
        }
    }
    applied
}

fn apply<'a>(
    request: &Request<'a>,
    policies: &Policies<'a>,
    statement: &'a Statement,
    at: At,
) -> Option<Applied<'a>> {
    if !statement.names(request.permission.name()) {
        return None;
    }
    let applies = principals::names::<Truth>(statement, request, policies, at)
        .and(resource(statement, request, at))
        .and(conditions(statement, request, at));
    let is_open = |condition: &&Condition| condition.holds(request) == Truth::Open;
    let open = || statement.conditions.iter().filter(is_open).collect();
    (applies != Truth::No).then(|| Applied { at, statement, applies, open: open() })
}
