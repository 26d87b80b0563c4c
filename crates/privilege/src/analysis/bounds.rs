//! Who stands for all that could have any policy within the same limits: what they would be is one node.

mod asked;
mod rebind;

use std::collections::BTreeSet;
use std::sync::Arc;

use doorward_model::hash::Hash16;
use doorward_model::time::Time;

use self::asked::{Ask, Asked, account_of, asks};
use crate::analysis::actor::{Actor, Masks};
use crate::analysis::administrators::may_administer;
use crate::analysis::draft::Variant;
use crate::analysis::ground::Ground;
use crate::analysis::question::caller;
use crate::analysis::trust::{names_of, role_named};
use crate::condition::Condition;
use crate::document::Document;
use crate::estate::{AccountId, Estate, PolicyId, Principal, PrincipalId, PrincipalKind, Touched};
use crate::graph::NodeId;
use crate::request::{Context, Permission, Request, Resource};
use crate::shared::{Column, Map};
use crate::truth::Truth;

/// What limits a principal, whatever its policies, and by what other policies tell it apart.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Bound {
    limit: Limit,
    /// What it has in common with others of what its limits go by; `None` where these tell it apart by who it is.
    limited: Option<Common>,
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
    Like(Common),
    /// By who it is.
    Itself(PrincipalId),
}

/// What tells principals of a limit apart by what they have in common with others.
pub(super) type Common = Option<Hash16>;

/// What bounds are worked out from.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) ground: Ground<'a>,
    pub(super) masks: &'a Masks,
    pub(super) as_of: Time,
}

/// All principals of a bound.
#[derive(Clone, Copy, Debug)]
struct Group {
    /// The first by ARN, which stands for all.
    first: PrincipalId,
    /// The node of what it would be, if there is one.
    node: Option<NodeId>,
    count: usize,
}

/// For all principals how they are bound, and who stands for those of one bound.
#[derive(Clone, Debug, Default)]
pub(super) struct Bounds {
    /// Of each principal.
    of: Column<Option<Bound>>,
    groups: Map<Bound, Group>,
    /// What the policies go by that limit.
    limits: Map<Limit, Arc<BTreeSet<Ask>>>,
    /// Whether whoever has any policy within a limit administers its account, or may, and who showed it. Then who else in
    /// the account trusts it does not matter.
    wholes: Map<(Limit, Common), (bool, PrincipalId)>,
    asked: Asked,
}

/// What is bound in another way than it was.
#[derive(Debug, Default)]
pub(super) struct Rebound {
    /// The nodes of which some of those who stood there with others are at another now. Who led there may lead on otherwise.
    pub(super) parted: BTreeSet<NodeId>,
    /// The nodes whose principal is another now, with it if there is one.
    pub(super) nodes: Vec<(NodeId, Option<PrincipalId>)>,
    /// Whom policies may describe otherwise than they did.
    pub(super) described: Described,
}

/// Whom policies may describe otherwise than they did.
#[derive(Debug, Default)]
pub(super) struct Described {
    /// These.
    pub(super) principals: BTreeSet<PrincipalId>,
    /// All of these accounts.
    pub(super) accounts: BTreeSet<AccountId>,
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
            bound.into_iter().for_each(|bound| bounds.join(estate, bound, id));
        }
        bounds
    }

    /// How a principal is bound.
    pub(super) fn bound(&self, id: PrincipalId) -> Option<Bound> {
        self.of.get(id.0 as usize).copied().flatten()
    }

    /// Whether a principal is one of those that policies do not tell apart by who they are, but for trust within an account
    /// that they would administer, or might.
    pub(super) fn is_like_others(&self, id: PrincipalId) -> bool {
        self.bound(id).is_some_and(|bound| matches!(bound.apart, Apart::Like(_)))
    }

    /// What a principal has in common with all whom its limits do not tell apart from it; `None` where they may.
    pub(super) fn common(&self, id: PrincipalId) -> Option<Common> {
        self.bound(id)?.limited
    }

    /// What is true of a principal of all that policies go by which limit it or say to whom they apply; `None` where they
    /// may mean it alone.
    pub(super) fn description(&self, estate: &Estate, principal: &Principal) -> Option<String> {
        let limits = self.limits.get(&Limit::of(principal)).into_iter().flat_map(|asks| asks.iter());
        let is_named = self.asked.names(principal).contains(&true);
        let mut asks = limits.chain(self.asked.others(None));
        if is_named { None } else { common(estate, principal, &mut asks) }
    }

    /// Who stands for a principal, and the node.
    pub(super) fn of(&self, id: PrincipalId) -> Option<(PrincipalId, Option<NodeId>)> {
        self.groups.get(&self.bound(id)?).map(|group| (group.first, group.node))
    }

    /// Remembers the node of what all principals of the same bound would be, or forgets it.
    pub(super) fn set_node(&mut self, id: PrincipalId, node: Option<NodeId>) {
        let bound = self.bound(id);
        bound.and_then(|bound| self.groups.get_mut(&bound)).into_iter().for_each(|group| group.node = node);
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
        let mut others: BTreeSet<Limit> = BTreeSet::new();
        let known = self.limits.iter().filter(|(limit, _)| is_other(limit));
        let known: Vec<(Limit, Arc<BTreeSet<Ask>>)> =
            known.map(|(limit, asks)| (*limit, Arc::clone(asks))).collect();
        for (limit, before) in known {
            self.limits.remove(&limit);
            if *self.asks_of(new, limit) != *before {
                others.insert(limit);
            }
        }
        let known = self.wholes.iter().filter(|((limit, _), _)| is_other(limit));
        let known: Vec<((Limit, Common), (bool, PrincipalId))> =
            known.map(|(key, before)| (*key, *before)).collect();
        for ((limit, common), (before, shown_by)) in known {
            self.wholes.remove(&(limit, common));
            let is_there = new.principal(shown_by).is_some_and(|one| Limit::of(one) == limit);
            if !is_there || self.is_whole(scene, (limit, common, shown_by)) != before {
                others.insert(limit);
            }
        }
        let mut open = own.clone();
        let kinds: BTreeSet<_> = others.iter().map(|limit| (limit.account, limit.kind)).collect();
        let all = kinds.into_iter().flat_map(|(account, kind)| new.of_kind(account, kind));
        open.extend(all.filter(|(_, one)| others.contains(&Limit::of(one))).map(|(id, _)| id));
        let mut described = Described {
            principals: turned.names.iter().filter_map(|name| called(new, name)).collect(),
            accounts: others.iter().map(|limit| limit.account).collect(),
        };
        if turned.others {
            open.extend(new.principals().map(|(id, _)| id));
            described.accounts.extend(new.accounts().map(|(id, _)| id));
        }
        open.extend(&described.principals);
        Rebound { described, ..self.rebind((new, scene), open) }
    }

    /// Counts a principal to a bound.
    fn join(&mut self, estate: &Estate, bound: Bound, id: PrincipalId) {
        match self.groups.get_mut(&bound) {
            Some(group) => {
                group.count += 1;
                if estate.order(id, group.first).is_lt() {
                    group.first = id;
                }
            }
            None => drop(self.groups.insert(bound, Group { first: id, node: None, count: 1 })),
        }
    }

    fn set(&mut self, id: PrincipalId, bound: Option<Bound>) {
        self.of.get_mut(id.0 as usize).into_iter().for_each(|own| *own = bound);
    }

    fn work_out(&mut self, scene: Scene<'_>, id: PrincipalId) -> Option<Bound> {
        let principal = scene.ground.estate.principal(id)?;
        let limit = Limit::of(principal);
        let own = self.asks_of(scene.ground.estate, limit);
        let limited = common(scene.ground.estate, principal, &mut own.iter());
        let apart = limited.as_ref().map(|limited| self.apart(scene, (id, principal), (limit, limited)));
        let limited = limited.map(|limited| hashed(&limited));
        Some(Bound { limit, limited, apart: apart.unwrap_or(Apart::Itself(id)) })
    }

    /// What the policies go by that limit principals.
    fn asks_of(&mut self, estate: &Estate, limit: Limit) -> Arc<BTreeSet<Ask>> {
        if let Some(known) = self.limits.get(&limit) {
            return Arc::clone(known);
        }
        let account = estate.account(limit.account);
        let levels = account.into_iter().flat_map(|one| [&one.service_control, &one.resource_control]);
        let policies = levels.flatten().flatten().chain(&limit.boundary);
        let documents: Vec<&Document> =
            policies.filter_map(|id| estate.policy(*id)?.document.document()).collect();
        let asks = Arc::new(asks(&documents));
        self.limits.insert(limit, Arc::clone(&asks));
        asks
    }

    /// Whether a principal, with any policy within its limit, administers its account or may, as all do that have the same in
    /// common.
    fn is_whole(&mut self, scene: Scene<'_>, (limit, common, id): (Limit, Common, PrincipalId)) -> bool {
        // What goes by nothing is the same for all.
        let common = common.filter(|_| !self.asks_of(scene.ground.estate, limit).is_empty());
        if let Some((known, _)) = self.wholes.get(&(limit, common)) {
            return *known;
        }
        let known = (scene.ground.estate, scene.masks);
        let actor = Actor::variant(known, Variant::AnyPolicy(id), NodeId(id.0));
        let is_whole = actor.is_some_and(|actor| may_administer(scene.ground, &actor, scene.as_of));
        self.wholes.insert((limit, common), (is_whole, id));
        is_whole
    }

    /// By what a principal is told apart that has so much in common with others of its limit.
    fn apart(
        &mut self,
        scene: Scene<'_>,
        (id, principal): (PrincipalId, &Principal),
        (limit, limited): (Limit, &str),
    ) -> Apart {
        let estate = scene.ground.estate;
        // Who else in the account trusts whoever administers it does not matter.
        let account = Some(account_of(principal.arn())).filter(|own| *own == &*principal.identity.account);
        let home = account.filter(|_| self.is_whole(scene, (limit, hashed(limited), id)));
        let [within, across] = self.asked.names(principal);
        let common = common(estate, principal, &mut self.asked.others(home))
            .map(|others| limited.to_owned() + &others);
        match common.filter(|_| !across && (!within || home.is_some())) {
            Some(common) => Apart::Like(hashed(&common)),
            None => Apart::Itself(id),
        }
    }
}

fn hashed(common: &str) -> Common {
    (!common.is_empty()).then(|| Hash16::of(common.as_bytes()))
}

/// What a principal has in common with others, of what policies go by; `None` where they tell it apart by who it is.
fn common(estate: &Estate, principal: &Principal, asks: &mut dyn Iterator<Item = &Ask>) -> Option<String> {
    let mut common = String::new();
    for ask in asks {
        match ask {
            Ask::Named(name) if !names_of(principal).contains(name) => {}
            Ask::UserName if principal.kind == PrincipalKind::Role => {}
            Ask::Named(_) | Ask::Arn | Ask::UserName => return None,
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
    Some(common)
}

/// Whether a condition on who a caller is holds of a principal.
fn holds(estate: &Estate, principal: &Principal, condition: &Condition) -> bool {
    let Some(caller) = caller(estate, principal) else { return false };
    let request = Request {
        caller,
        permission: &Permission::new("sts:AssumeRole"),
        resource: Resource::none(),
        context: &Context::unknown(),
    };
    condition.holds(&request) == Truth::Yes
}

/// Who is called by a name that policies give.
fn called(estate: &Estate, name: &str) -> Option<PrincipalId> {
    let role = || name.split_once(' ').and_then(|(account, role)| role_named(estate, account, role));
    estate.find(name).or_else(role)
}
