//! Who stands for all that could have any policy within the same limits: what they would be is one node.

mod asked;

use std::collections::BTreeSet;
use std::sync::Arc;

use doorward_model::hash::Hash16;
use doorward_model::time::Time;

use self::asked::{Ask, Asked, account_of, asks};
use crate::analysis::actor::{Actor, Masks};
use crate::analysis::administrators::would_administer;
use crate::analysis::draft::Variant;
use crate::analysis::ground::Ground;
use crate::analysis::question::caller;
use crate::analysis::trust::{names_of, role_named};
use crate::condition::Condition;
use crate::document::{Document, Effect};
use crate::estate::{AccountId, Estate, PolicyId, Principal, PrincipalId, PrincipalKind, Touched};
use crate::graph::NodeId;
use crate::request::{Context, Permission, Request, Resource};
use crate::shared::{Column, Map};
use crate::truth::Truth;

/// What limits a principal, whatever its policies, and by what other policies tell it apart.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Bound {
    limit: Limit,
    apart: Apart,
}

/// What limits a principal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct Limit {
    account: AccountId,
    boundary: Option<PolicyId>,
    kind: PrincipalKind,
    is_service_linked: bool,
    is_of_permission_set: bool,
}

/// By what policies tell a principal apart from others of the same limit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
enum Apart {
    /// By nothing but what it has in common with others: its tags and the like, hashed.
    Like(Option<Hash16>),
    /// By who it is.
    Itself(PrincipalId),
}

/// What a limit comes to.
#[derive(PartialEq, Eq, Debug)]
struct Limits {
    /// What the policies that limit go by.
    asks: BTreeSet<Ask>,
    /// Whether whoever has any policy within it administers its account. Then who else in the account trusts it does not
    /// matter.
    is_whole: bool,
}

/// What bounds are worked out from.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) ground: Ground<'a>,
    pub(super) masks: &'a Masks,
    pub(super) as_of: Time,
}

/// For all principals of a bound the first by ARN, and the node of what it would be, if there is one.
#[derive(Clone, Debug, Default)]
pub(super) struct Bounds {
    /// Of each principal.
    of: Column<Option<Bound>>,
    firsts: Map<Bound, (PrincipalId, Option<NodeId>)>,
    limits: Map<Limit, Arc<Limits>>,
    asked: Asked,
}

/// What is bound in another way than it was.
#[derive(Debug, Default)]
pub(super) struct Rebound {
    pub(super) principals: BTreeSet<PrincipalId>,
    /// The nodes whose principal is another now, with it if there is one.
    pub(super) nodes: Vec<(NodeId, Option<PrincipalId>)>,
}

impl Limit {
    fn of(principal: &Principal) -> Self {
        Self {
            account: principal.account,
            boundary: principal.boundary,
            kind: principal.kind,
            is_service_linked: principal.is_service_linked(),
            is_of_permission_set: principal.is_of_permission_set(),
        }
    }
}

impl Bounds {
    pub(super) fn new(scene: Scene<'_>) -> Self {
        let estate = scene.ground.estate;
        let mut bounds = Self { asked: Asked::new(estate), ..Self::default() };
        bounds.of.grow(estate.principals_end() as usize, &None);
        for (id, _) in estate.principals() {
            let bound = bounds.work_out(scene, id);
            bounds.set(id, bound);
            if let Some(bound) = bound.filter(|bound| bounds.firsts.get(bound).is_none()) {
                bounds.firsts.insert(bound, (id, None));
            }
        }
        bounds
    }

    /// How a principal is bound.
    pub(super) fn bound(&self, id: PrincipalId) -> Option<Bound> {
        self.of.get(id.0 as usize).copied().flatten()
    }

    /// Who stands for a principal, and the node.
    pub(super) fn of(&self, id: PrincipalId) -> Option<(PrincipalId, Option<NodeId>)> {
        self.firsts.get(&self.bound(id)?).copied()
    }

    /// Remembers the node of what all principals of the same bound would be, or forgets it.
    pub(super) fn set_node(&mut self, id: PrincipalId, node: Option<NodeId>) {
        let bound = self.bound(id);
        if let Some((_, own)) = bound.and_then(|bound| self.firsts.get_mut(&bound)) {
            *own = node;
        }
    }

    /// Takes in that some principals are others than they were, that policies are, and that some accounts are limited in
    /// another way.
    pub(super) fn change(
        &mut self,
        (old, scene): (&Estate, Scene<'_>),
        touched: &Touched,
        own: &BTreeSet<PrincipalId>,
        limited: impl Fn(AccountId) -> bool,
    ) -> Rebound {
        let new = scene.ground.estate;
        let turned = self.asked.change((old, new), &touched.policies);
        let is_other = |limit: &Limit| {
            limited(limit.account) || limit.boundary.is_some_and(|id| touched.policies.contains(&id))
        };
        let known = self.limits.iter().filter(|(limit, _)| is_other(limit));
        let known: Vec<(Limit, Arc<Limits>)> = known.map(|(limit, own)| (*limit, Arc::clone(own))).collect();
        known.iter().for_each(|(limit, _)| drop(self.limits.remove(limit)));
        let mut open = own.clone();
        for (limit, before) in known {
            let mut all = new.of_kind(limit.account, limit.kind).filter(|(_, one)| Limit::of(one) == limit);
            let Some((first, _)) = all.next() else { continue };
            if *self.limits(scene, (limit, first)) != *before {
                open.extend(all.map(|(id, _)| id).chain([first]));
            }
        }
        if turned.others {
            open.extend(new.principals().map(|(id, _)| id));
        }
        open.extend(turned.names.iter().flat_map(|name| called(new, name)));
        self.rebind((new, scene), open)
    }

    /// Works out anew how some principals are bound.
    fn rebind(&mut self, (new, scene): (&Estate, Scene<'_>), open: BTreeSet<PrincipalId>) -> Rebound {
        self.of.grow(new.principals_end() as usize, &None);
        let mut others = Vec::new();
        for id in open {
            let (before, after) = (self.bound(id), self.work_out(scene, id));
            if before != after {
                self.set(id, after);
                others.push((id, before, after));
            }
        }
        let mut nodes = Vec::new();
        for (id, before, _) in &others {
            let Some(before) = before else { continue };
            let first = self.firsts.get(before).copied().filter(|(first, _)| first == id);
            if let Some((_, node)) = first {
                let next = self.first_of(new, *before);
                match next {
                    Some(next) => drop(self.firsts.insert(*before, (next, node))),
                    None => drop(self.firsts.remove(before)),
                }
                nodes.extend(node.map(|node| (node, next)));
            }
        }
        let arn = |id: PrincipalId| new.principal(id).map(Principal::arn);
        for (id, _, after) in &others {
            let Some(after) = after else { continue };
            let known = self.firsts.get(after).copied();
            if known.is_none_or(|(first, _)| arn(*id) < arn(first)) {
                let node = known.and_then(|(_, node)| node);
                self.firsts.insert(*after, (*id, node));
                nodes.extend(node.map(|node| (node, Some(*id))));
            }
        }
        Rebound { principals: others.into_iter().map(|(id, ..)| id).collect(), nodes }
    }

    /// The first principal of a bound by ARN.
    fn first_of(&self, estate: &Estate, bound: Bound) -> Option<PrincipalId> {
        // Nobody else is bound as one that is told apart by who it is.
        let Apart::Like(_) = bound.apart else { return None };
        let mut all = estate.of_kind(bound.limit.account, bound.limit.kind).map(|(id, _)| id);
        all.find(|id| self.bound(*id) == Some(bound))
    }

    fn set(&mut self, id: PrincipalId, bound: Option<Bound>) {
        self.of.get_mut(id.0 as usize).into_iter().for_each(|own| *own = bound);
    }

    fn work_out(&mut self, scene: Scene<'_>, id: PrincipalId) -> Option<Bound> {
        let principal = scene.ground.estate.principal(id)?;
        let limit = Limit::of(principal);
        let limits = self.limits(scene, (limit, id));
        Some(Bound { limit, apart: self.apart(scene.ground.estate, (id, principal), &limits) })
    }

    /// What a limit comes to, by a principal that has it.
    fn limits(&mut self, scene: Scene<'_>, (limit, example): (Limit, PrincipalId)) -> Arc<Limits> {
        if let Some(known) = self.limits.get(&limit) {
            return Arc::clone(known);
        }
        let estate = scene.ground.estate;
        let account = estate.account(limit.account);
        let levels = account.into_iter().flat_map(|one| [&one.service_control, &one.resource_control]);
        let policies = levels.flatten().flatten().chain(&limit.boundary);
        let documents: Vec<&Document> =
            policies.filter_map(|id| estate.policy(*id)?.document.document()).collect();
        let asks = asks(&documents);
        let variant = Variant::AnyPolicy(example);
        let actor = Actor::variant((estate, scene.masks), variant, NodeId(example.0));
        let is_whole =
            asks.is_empty() && actor.is_some_and(|actor| would_administer(scene.ground, &actor, scene.as_of));
        let limits = Arc::new(Limits { asks, is_whole });
        self.limits.insert(limit, Arc::clone(&limits));
        limits
    }

    fn apart(&self, estate: &Estate, (id, principal): (PrincipalId, &Principal), limits: &Limits) -> Apart {
        let is_whole = limits.is_whole && account_of(principal.arn()) == principal.identity.account;
        if self.asked.names(principal, is_whole) {
            return Apart::Itself(id);
        }
        let asks: BTreeSet<&Ask> = self.asked.others().chain(&limits.asks).collect();
        let mut common = String::new();
        for ask in asks {
            match ask {
                Ask::Named(name) if !names_of(principal).contains(name) => {}
                Ask::UserName if principal.kind == PrincipalKind::Role => {}
                Ask::Named(_) | Ask::Arn | Ask::UserName => return Apart::Itself(id),
                Ask::Tag(tag) => {
                    let value = principal.tags.iter().find(|(own, _)| own == tag).map(|(_, value)| value);
                    common.extend(value.map(|value| format!("{tag}={value:?};")));
                }
                Ask::Condition(condition) => {
                    if holds(estate, principal, condition) {
                        common.push_str(&format!("{condition};"));
                    }
                }
            }
        }
        Apart::Like((!common.is_empty()).then(|| Hash16::of(common.as_bytes())))
    }
}

/// Whether a condition on who a caller is holds of a principal.
fn holds(estate: &Estate, principal: &Principal, condition: &Condition) -> bool {
    let request = Request {
        caller: caller(estate, principal),
        permission: &Permission::new("sts:AssumeRole"),
        resource: Resource::none(),
        context: &Context::unknown(),
    };
    condition.holds(&request, Effect::Allow) == Truth::Yes
}

/// Who is called by a name that policies give.
fn called(estate: &Estate, name: &str) -> Option<PrincipalId> {
    let role = || name.split_once(' ').and_then(|(account, role)| role_named(estate, account, role));
    estate.find(name).or_else(role)
}
