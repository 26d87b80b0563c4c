//! What the policies of one layer say together.

use super::answer::{At, Because, LayerKind, Said};
use super::logic::{Leaf, Logic};
use super::{Level, Policies, Policy, matching, principals};
use crate::document::{Effect, Statement};
use crate::request::Request;
use crate::truth::Truth;

/// What a layer says.
pub(super) struct Layer<L> {
    /// Whether it allows.
    pub(super) allows: L,
    /// Whether it denies.
    pub(super) denies: L,
}

/// How a resource names the caller.
pub(super) struct Named<L> {
    /// By the ARN of the user or session, or as everybody: nothing that limits the caller's own policies limits this.
    pub(super) directly: L,
    /// By the ARN of the role: boundary and session policies limit this.
    pub(super) role: L,
    /// By the account: the caller's own policies must allow it, too.
    pub(super) account: L,
}

impl<'a, L: Logic<'a>> Named<L> {
    /// Not at all.
    pub(super) fn nobody() -> Self {
        Self { directly: L::NO, role: L::NO, account: L::NO }
    }
}

/// What is gone through for a request.
pub(super) struct Walk<'w, 'a> {
    pub(super) request: &'w Request<'a>,
    pub(super) policies: &'w Policies<'a>,
    /// The first statement of each layer and level that allows.
    pub(super) allowing: &'w mut Because,
    /// The statements that deny.
    pub(super) denying: &'w mut Because,
    /// The documents that are missing or cannot be read.
    pub(super) unread: &'w mut Because,
}

impl<'a, L: Logic<'a>> Layer<L> {
    /// Lets everything through.
    pub(super) fn absent() -> Self {
        Self { allows: L::YES, denies: L::NO }
    }

    /// Of what is known that it says; `None` where part of it is open.
    pub(super) fn settled(said: Said) -> Option<Self> {
        let of = |truth| match truth {
            Truth::Yes => Some(L::YES),
            Truth::No => Some(L::NO),
            Truth::Open => None,
        };
        Some(Self { allows: of(said.allows)?, denies: of(said.denies)? })
    }

    pub(super) fn said(&self) -> Said {
        Said { allows: self.allows.truth(), denies: self.denies.truth() }
    }
}

impl<'a> Walk<'_, 'a> {
    /// What policies say that speak of the caller's own requests.
    pub(super) fn layer<L: Logic<'a>>(
        &mut self,
        layer: LayerKind,
        level: usize,
        policies: &'a [Policy<'a>],
    ) -> Layer<L> {
        let mut said = Layer { allows: L::NO, denies: L::NO };
        let mut first = None;
        self.each(layer, level, policies, |walk, step| match step {
            Step::Unread(at) => {
                said.allows = std::mem::replace(&mut said.allows, L::NO).or(L::open(Leaf::Unread(at)));
                said.denies = std::mem::replace(&mut said.denies, L::NO).or(L::open(Leaf::Unread(at)));
            }
            Step::Statement(statement, at) => {
                let own = match statement.effect {
                    Effect::Allow => &mut said.allows,
                    Effect::Deny => &mut said.denies,
                };
                if own.truth() == Truth::Yes {
                    return;
                }
                let applies: L = walk.applies(statement, at);
                walk.note(statement.effect, applies.truth(), at, &mut first);
                *own = std::mem::replace(own, L::NO).or(applies);
            }
        });
        if let Some((at, _)) = first {
            self.allowing.push(at);
        }
        said
    }

    /// What the policies of a resource say.
    pub(super) fn resource<L: Logic<'a>>(&mut self) -> (Named<L>, L) {
        let mut allows = Named::nobody();
        let mut denies = L::NO;
        let mut first = None;
        self.each(LayerKind::Resource, 0, self.policies.resource, |walk, step| match step {
            Step::Unread(at) => {
                let unread = || L::open(Leaf::Unread(at));
                join(&mut allows, Named { directly: unread(), role: L::NO, account: unread() });
                denies = std::mem::replace(&mut denies, L::NO).or(unread());
            }
            Step::Statement(statement, at) => {
                let named = principals::named::<L>(statement, walk.request, walk.policies, at);
                let rest = walk.rest::<L>(statement, at);
                let named = Named {
                    directly: named.directly.and(rest.again()),
                    role: named.role.and(rest.again()),
                    account: named.account.and(rest),
                };
                let most = named.directly.truth().or(named.role.truth()).or(named.account.truth());
                walk.note(statement.effect, most, at, &mut first);
                match statement.effect {
                    Effect::Allow => join(&mut allows, named),
                    Effect::Deny => {
                        let named = named.directly.or(named.role).or(named.account);
                        denies = std::mem::replace(&mut denies, L::NO).or(named);
                    }
                }
            }
        });
        if let Some((at, _)) = first {
            self.allowing.push(at);
        }
        (allows, denies)
    }

    /// What control policies say: each level must let through.
    pub(super) fn levels<L: Logic<'a>>(&mut self, layer: LayerKind, levels: &'a [Level<'a>]) -> Layer<L> {
        let mut all = Layer::<L>::absent();
        for (number, level) in levels.iter().enumerate() {
            let one = self.layer::<L>(layer, number, level.policies);
            all.denies = all.denies.or(one.denies);
            // "RCP evaluation": the policy that lets everything through is attached everywhere and cannot be detached.
            if layer == LayerKind::ServiceControl {
                all.allows = all.allows.and(one.allows);
            }
        }
        all
    }

    /// Goes through the statements that name the permission, and the documents that cannot be read.
    fn each(
        &mut self,
        layer: LayerKind,
        level: usize,
        policies: &'a [Policy<'a>],
        mut take: impl FnMut(&mut Self, Step<'a>),
    ) {
        for (place, policy) in policies.iter().enumerate() {
            let Some(document) = policy.document else {
                let at = At::new(layer, level, place, 0);
                self.unread.push(at);
                take(self, Step::Unread(at));
                continue;
            };
            for (number, statement) in document.statements.iter().enumerate() {
                if statement.names(self.request.permission.name()) {
                    let at = At::new(layer, level, place, number + 1);
                    take(self, Step::Statement(statement, at));
                }
            }
        }
    }

    /// Whether a statement that names the permission applies.
    fn applies<L: Logic<'a>>(&self, statement: &'a Statement, at: At) -> L {
        let named = principals::names::<L>(statement, self.request, self.policies, at);
        if named.truth() == Truth::No {
            return named;
        }
        named.and(self.rest(statement, at))
    }

    /// Whether resource and conditions of a statement are those of the request.
    fn rest<L: Logic<'a>>(&self, statement: &'a Statement, at: At) -> L {
        let resource: L = matching::resource(statement, self.request, at);
        if resource.truth() == Truth::No {
            return resource;
        }
        resource.and(matching::conditions(statement, self.request, at))
    }

    fn note(&mut self, effect: Effect, applies: Truth, at: At, first: &mut Option<(At, Truth)>) {
        match (effect, applies) {
            (_, Truth::No) => {}
            (Effect::Allow, Truth::Yes) => {
                if first.is_none_or(|(_, truth)| truth != Truth::Yes) {
                    *first = Some((at, Truth::Yes));
                }
            }
            (Effect::Allow, Truth::Open) => {
                first.get_or_insert((at, Truth::Open));
            }
            (Effect::Deny, Truth::Yes) => self.denying.push(at),
            (Effect::Deny, Truth::Open) => {}
        }
    }
}

/// Takes in how another statement names the caller.
fn join<'a, L: Logic<'a>>(all: &mut Named<L>, one: Named<L>) {
    let put = |own: &mut L, one: L| *own = std::mem::replace(own, L::NO).or(one);
    put(&mut all.directly, one.directly);
    put(&mut all.role, one.role);
    put(&mut all.account, one.account);
}

/// What comes next in a walk.
enum Step<'a> {
    /// A document that is missing or cannot be read.
    Unread(At),
    /// A statement that names the permission.
    Statement(&'a Statement, At),
}
