//! How the layers go together.

use super::Policies;
use super::answer::{Because, LayerKind, Layers};
use super::layers::{Layer, Named, Walk};
use super::logic::{Leaf, Logic};
use super::{public, specials};
use crate::request::{AWS, CallerKind, PublicAccess, Request};
use crate::truth::Truth;

/// What was found.
pub(super) struct Found<L> {
    /// Whether the request is allowed.
    pub(super) allowed: L,
    /// What each layer says.
    pub(super) layers: Layers,
    /// Whether a document is missing or cannot be read.
    pub(super) is_unread: bool,
}

/// What the caller has by its own policies.
struct Own<L> {
    /// What limits it: boundary and session policies.
    limits: L,
    /// What its policies allow within these limits.
    within: L,
}

/// Goes through all policies of a request; where it is known what a layer says, not once more.
pub(super) fn decide<'a, L: Logic<'a>>(
    request: &Request<'a>,
    policies: &Policies<'a>,
    because: &mut Because,
    known: Option<&Layers>,
) -> Found<L> {
    if specials::needs_no_permission(request) {
        return Found { allowed: L::YES, layers: Layers::default(), is_unread: false };
    }
    let (mut denying, mut unread) = (Because::default(), Because::default());
    let mut walk = Walk { request, policies, allowing: because, denying: &mut denying, unread: &mut unread };
    let mut layers = Layers::default();
    let mut denies = L::NO;
    let mut through = L::of(!specials::is_protected(request) && !specials::is_refused(request));
    let mut put = |kind: LayerKind, layer: Layer<L>| {
        layers.set(kind, layer.said());
        denies = std::mem::replace(&mut denies, L::NO).or(layer.denies);
        layer.allows
    };
    let settled = |kind: LayerKind| known.and_then(|known| Layer::settled(known.of(kind)));
    let control = [
        (LayerKind::ServiceControl, specials::has_service_control(request), policies.service_control),
        (LayerKind::ResourceControl, specials::has_resource_control(request), policies.resource_control),
    ];
    for (kind, _, levels) in control.into_iter().filter(|(_, applies, _)| *applies) {
        let layer = settled(kind).unwrap_or_else(|| walk.levels(kind, levels));
        through = through.and(put(kind, layer));
    }
    let mut limited = |kind: LayerKind, walk: &mut Walk<'_, 'a>| {
        let own = policies.of(kind, 0);
        if own.is_empty() {
            return L::YES;
        }
        put(kind, settled(kind).unwrap_or_else(|| walk.layer(kind, 0, own)))
    };
    through = through.and(limited(LayerKind::Endpoint, &mut walk));
    let limits = limited(LayerKind::Boundary, &mut walk).and(limited(LayerKind::Session, &mut walk));
    let limits = limits.and(L::of(!specials::is_powerless(request, policies)));
    let identity = settled(LayerKind::Identity);
    let mut identity = identity.unwrap_or_else(|| walk.layer(LayerKind::Identity, 0, policies.identity));
    if matches!(request.caller.kind, CallerKind::Root(_)) {
        identity.allows = L::YES;
    }
    let within = put(LayerKind::Identity, identity).and(limits.again());
    let (named, denied) = walk.resource::<L>();
    let most = named.directly.truth().or(named.role.truth()).or(named.account.truth());
    let said = super::Said { allows: most, denies: denied.truth() };
    denies = denies.or(denied);
    layers.set(LayerKind::Resource, said);
    let granted = granted(request, policies, &Own { limits, within }, &named);
    let is_unread = unread.iter().next().is_some();
    let allowed = through.and(granted).and(denies.not());
    match allowed.truth() {
        Truth::Open if is_unread => *because = unread,
        Truth::No => *because = denying,
        Truth::Yes | Truth::Open => {}
    }
    Found { allowed, layers, is_unread }
}

/// What the caller's own policies and those of the resource give together.
fn granted<'a, L: Logic<'a>>(
    request: &Request<'a>,
    policies: &Policies<'a>,
    own: &Own<L>,
    named: &Named<L>,
) -> L {
    let is_public = || policies.resource.iter().any(|policy| policy.document.is_some_and(public::is_public));
    let is_shut = request.resource.public_access == PublicAccess::Restricted && is_public();
    let caller = &request.caller;
    if !caller.is_identity() {
        let is_let_in = matches!(caller.kind, CallerKind::Service(_)) || !is_shut;
        return if is_let_in { named.directly.again() } else { L::NO };
    }
    let other = if is_shut { L::NO } else { in_other_account(own, named) };
    match request.resource.account {
        Some(account) if account == caller.account => in_own_account(request, own, named),
        // What AWS provides to all accounts has no policy of its own.
        Some(AWS) => own.within.again(),
        Some(_) => other,
        None if request.resource.which == crate::request::Which::None => in_own_account(request, own, named),
        None => {
            let is_same = || L::open(Leaf::SameAccount);
            let same = in_own_account(request, own, named);
            is_same().and(same).or(is_same().not().and(other))
        }
    }
}

/// "Policy evaluation for requests within a single account": either side suffices. A key of KMS and the trust policy of
/// a role must let the caller in themselves, if only by its account.
fn in_own_account<'a, L: Logic<'a>>(request: &Request<'a>, own: &Own<L>, named: &Named<L>) -> L {
    let by_resource = named.directly.again().or(named.role.again().and(own.limits.again()));
    let by_identity = match specials::is_resource_decisive(request) {
        true => named.account.again().and(own.within.again()),
        false => own.within.again(),
    };
    by_resource.or(by_identity)
}

/// "Cross-account policy evaluation logic": both sides must allow.
fn in_other_account<'a, L: Logic<'a>>(own: &Own<L>, named: &Named<L>) -> L {
    let named = named.directly.again().or(named.role.again()).or(named.account.again());
    own.within.again().and(named)
}
