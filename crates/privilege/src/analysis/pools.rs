//! Which targets methods have: of each method and account those that are in the right state, whoever acts.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::analysis::draft::PoolKey;
use crate::analysis::trust::Trust;
use crate::analysis::trusts::trusts;
use crate::document::Effect;
use crate::escalation::{Kind, Rule, State, Target};
use crate::estate::{AccountId, Estate, PolicyId, Principal, PrincipalId, PrincipalKind};
use crate::shared::Map;
use crate::targets::{Certainty, Extent, Numbered, Own, Pool};

/// A member of a pool.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Member {
    /// A user, role or group.
    Principal(PrincipalId),
    /// A resource, by its place.
    Resource(u32),
}

impl Numbered for Member {
    fn number(self) -> usize {
        match self {
            Self::Principal(PrincipalId(id)) => 2 * id as usize,
            Self::Resource(place) => 2 * place as usize + 1,
        }
    }
}

impl Numbered for PolicyId {
    fn number(self) -> usize {
        self.0 as usize
    }
}

/// Pools that were asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pools {
    pools: Map<PoolKey, Arc<Pool<Member>>>,
    /// All things of a kind in an account.
    kinds: Map<(AccountId, Kind), Arc<Pool<Member>>>,
    /// The policies of the targets of a method that their account can change.
    policies: Map<PoolKey, Arc<Held>>,
}

impl Turned {
    pub(super) const fn is_empty(&self) -> bool {
        self.come.is_empty() && self.gone.is_empty() && self.other.is_empty()
    }

    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &PrincipalId> {
        self.come.iter().chain(&self.gone).chain(&self.other)
    }
}

/// Policies that targets hold.
#[derive(Clone, Debug)]
struct Held {
    /// So many hold each.
    counts: BTreeMap<PolicyId, u32>,
    pool: Arc<Pool<PolicyId>>,
}

/// Targets that are others than they were.
#[derive(Debug, Default)]
pub(super) struct Turned {
    /// Those that were none.
    pub(super) come: Vec<PrincipalId>,
    /// Those that are none any more.
    pub(super) gone: Vec<PrincipalId>,
    /// Those that were and are targets, and in which a method finds something else.
    pub(super) other: Vec<PrincipalId>,
}

impl Pools {
    /// The pool of a method in an account.
    pub(super) fn of_rule(
        &mut self,
        (estate, trust): (&Estate, &Trust),
        key: PoolKey,
        rule: &Rule,
    ) -> Arc<Pool<Member>> {
        if let Some(pool) = self.pools.get(&key) {
            return Arc::clone(pool);
        }
        let members = match rule.target {
            // Those that name the service, and not all one by one, are asked whether they let it in.
            Target::Role if !rule.trusts.is_empty() => {
                let mut roles = trust.letting_in((estate, key.account), &rule.trusts);
                roles.retain(|(_, member)| match member {
                    Member::Principal(id) => {
                        estate.principal(*id).is_some_and(|role| may_be_target(role, rule))
                            && is_in_state((estate, trust), *member, rule)
                    }
                    Member::Resource(_) => false,
                });
                roles
            }
            target => {
                let mut members = members(estate, key.account, target);
                members.retain(|(_, member)| is_right((estate, trust), *member, rule));
                members
            }
        };
        let pool = Arc::new(pool(estate, members));
        self.pools.insert(key, Arc::clone(&pool));
        pool
    }

    /// The things of a kind in an account.
    pub(super) fn of_kind(&mut self, estate: &Estate, key: (AccountId, Kind)) -> Arc<Pool<Member>> {
        if let Some(pool) = self.kinds.get(&key) {
            return Arc::clone(pool);
        }
        let pool = Arc::new(pool(estate, members(estate, key.0, Target::Thing(key.1))));
        self.kinds.insert(key, Arc::clone(&pool));
        pool
    }

    /// The policies of the targets of a method that their account can change.
    pub(super) fn of_policies(
        &mut self,
        estate: &Estate,
        key: PoolKey,
        targets: &Pool<Member>,
    ) -> Arc<Pool<PolicyId>> {
        if let Some(held) = self.policies.get(&key) {
            return Arc::clone(&held.pool);
        }
        let mut counts = BTreeMap::new();
        for (_, member) in targets.members() {
            if let Member::Principal(id) = member {
                changeable(estate, *id).for_each(|(_, policy)| *counts.entry(policy).or_default() += 1);
            }
        }
        let name = |id: &PolicyId| Some((Arc::clone(&estate.policy(*id)?.name), *id));
        let pool = Arc::new(Pool::new(counts.keys().filter_map(name).collect()));
        self.policies.insert(key, Arc::new(Held { counts, pool: Arc::clone(&pool) }));
        pool
    }

    /// Takes in that targets of a method are others than they were.
    pub(super) fn turn(&mut self, key: &PoolKey, (old, new): (&Estate, &Estate), turned: &Turned) {
        let named = |estate: &Estate, ids: &[PrincipalId]| -> Vec<(Arc<str>, Member)> {
            let arn = |id: &PrincipalId| Some((estate.principal(*id)?.shared_arn(), Member::Principal(*id)));
            ids.iter().filter_map(arn).collect()
        };
        if let Some(pool) = self.pools.get_mut(key) {
            *pool = Arc::new(pool.changed(&named(new, &turned.come), &named(old, &turned.gone)));
        }
        let Some(held) = self.policies.get_mut(key).map(Arc::make_mut) else { return };
        let held_by = |estate, ids: [&'_ [PrincipalId]; 2]| -> Vec<(Arc<str>, PolicyId)> {
            ids.into_iter().flatten().flat_map(|id| changeable(estate, *id)).collect()
        };
        let (mut come, mut gone) = (Vec::new(), Vec::new());
        for policy in held_by(new, [&turned.come, &turned.other]) {
            let count = held.counts.entry(policy.1).or_default();
            *count += 1;
            if *count == 1 {
                come.push(policy);
            }
        }
        for policy in held_by(old, [&turned.gone, &turned.other]) {
            let count = held.counts.entry(policy.1).or_default();
            *count = count.saturating_sub(1);
            if *count == 0 {
                held.counts.remove(&policy.1);
                gone.push(policy);
            }
        }
        if !come.is_empty() || !gone.is_empty() {
            held.pool = Arc::new(held.pool.changed(&come, &gone));
        }
    }

    /// A pool that was asked for.
    pub(super) fn known(&self, key: &PoolKey) -> Option<&Arc<Pool<Member>>> {
        self.pools.get(key)
    }

    /// The things of a kind, if they were asked for.
    pub(super) fn known_kind(&self, key: (AccountId, Kind)) -> Option<&Arc<Pool<Member>>> {
        self.kinds.get(&key)
    }

    /// Forgets a pool, so that it is made again when it is asked for.
    pub(super) fn forget(&mut self, key: &PoolKey) {
        self.pools.remove(key);
        self.policies.remove(key);
    }

    /// Forgets the things of a kind.
    pub(super) fn forget_kind(&mut self, key: (AccountId, Kind)) {
        self.kinds.remove(&key);
    }
}

/// The policies that a principal holds and its account can change, with their names.
pub(super) fn changeable(
    estate: &Estate,
    id: PrincipalId,
) -> impl Iterator<Item = (Arc<str>, PolicyId)> + use<'_> {
    let held = estate.principal(id).map_or(&[][..], |one| &one.policies);
    let known = held.iter().filter_map(|id| Some((estate.policy(*id)?, *id)));
    known.filter(|(policy, _)| policy.is_changeable).map(|(policy, id)| (Arc::clone(&policy.name), id))
}

fn pool(estate: &Estate, members: Vec<(Arc<str>, Member)>) -> Pool<Member> {
    let is_guarded = members
        .iter()
        .any(|(arn, member)| matches!(member, Member::Resource(_)) && estate.guard(arn).is_some());
    Pool::new(members).with(if is_guarded { Own::Different } else { Own::None })
}

/// Whether a possible target of a method is one, whoever acts.
pub(super) fn is_right((estate, trust): (&Estate, &Trust), member: Member, rule: &Rule) -> bool {
    is_trusting(estate, member, rule) && is_in_state((estate, trust), member, rule)
}

/// Whether a possible target is in the state that a method needs, as far as that does not depend on who acts.
fn is_in_state((estate, trust): (&Estate, &Trust), member: Member, rule: &Rule) -> bool {
    rule.states.iter().all(|state| holds((estate, trust), *state, member))
}

/// Whether a principal may be among the targets of a method in its account.
pub(super) fn may_be_target(principal: &Principal, rule: &Rule) -> bool {
    let kind = match rule.target {
        Target::Role => PrincipalKind::Role,
        Target::User => PrincipalKind::User,
        Target::Group => PrincipalKind::Group,
        _ => return false,
    };
    principal.kind == kind && !principal.is_service_linked()
}

/// Whether an account holds a thing of a kind.
pub(crate) fn exists(estate: &Estate, account: AccountId, kind: Kind) -> bool {
    estate.things(account, kind.word()).next().is_some()
}

fn members(estate: &Estate, account: AccountId, target: Target) -> Vec<(Arc<str>, Member)> {
    let principals = |kind| {
        let own = estate.of_kind(account, kind).filter(|(_, one)| !one.is_service_linked());
        own.map(|(id, one)| (one.shared_arn(), Member::Principal(id))).collect()
    };
    let things = |kind: &str| {
        let things = estate.things(account, kind);
        things.map(|(place, one)| (one.id.as_str().into(), Member::Resource(place))).collect()
    };
    match target {
        Target::Role => principals(PrincipalKind::Role),
        Target::User => principals(PrincipalKind::User),
        Target::Group => principals(PrincipalKind::Group),
        Target::SamlProvider => things("iam:saml-provider"),
        Target::Thing(kind) => things(kind.word()),
        Target::Itself | Target::OwnGroup | Target::OwnPolicy | Target::OwnPermissionSet => Vec::new(),
    }
}

/// Whether a target trusts one of the services that a method goes through.
fn is_trusting(estate: &Estate, member: Member, rule: &Rule) -> bool {
    let role = |member| match member {
        Member::Principal(id) => Some(id),
        Member::Resource(_) => None,
    };
    rule.trusts.is_empty() || role(member).is_some_and(|role| trusts(estate, role, &rule.trusts))
}

/// Whether a target is in a state that does not depend on who acts.
fn holds((estate, trust): (&Estate, &Trust), state: State, member: Member) -> bool {
    match member {
        Member::Principal(id) => {
            estate.principal(id).is_some_and(|principal| principal_holds(estate, state, principal))
        }
        Member::Resource(place) => match state {
            State::RunsAsRole => estate.role_of(place).is_some(),
            State::InSystemsManager => estate.role_of(place).is_some_and(|role| registers(estate, role)),
            State::Trusted => estate.resource(place).is_some_and(|one| trust.is_trusted(&one.id)),
            // Nothing that is exported tells what starts from a template.
            State::Launched => false,
            _ => true,
        },
    }
}

/// Whether a role may register an instance with Systems Manager ("Configure instance permissions required for Systems
/// Manager"): whether a policy of its allows it at all.
pub(super) fn registers(estate: &Estate, role: PrincipalId) -> bool {
    let policies = estate.principal(role).into_iter().flat_map(|role| &role.policies);
    let documents = policies.filter_map(|id| estate.policy(*id)?.document.document());
    documents.flat_map(|document| &document.statements).any(|statement| {
        statement.effect == Effect::Allow && statement.names("ssm:updateinstanceinformation")
    })
}

fn principal_holds(estate: &Estate, state: State, principal: &Principal) -> bool {
    let known = |known: Option<bool>| known.unwrap_or_else(|| state.holds_when_unknown());
    match state {
        State::Changeable => !principal.is_kept_by_aws(),
        State::InInstanceProfile => principal.in_instance_profile,
        State::InNoInstanceProfile => !principal.in_instance_profile,
        State::WithPassword => known(principal.has_password),
        State::WithoutPassword => known(principal.has_password.map(|has| !has)),
        State::WithTwoKeys => known(principal.keys.map(|keys| keys >= 2)),
        State::WithFewerKeys => known(principal.keys.map(|keys| keys < 2)),
        State::WithOwnPolicy => estate.changeable_policies(principal).next().is_some(),
        State::Bounded => principal.boundary.is_some(),
        State::OfPermissionSet => principal.is_of_permission_set(),
        // Judged for each actor, or of something else than principals.
        State::Assumable
        | State::AssumableWithTags
        | State::Foreign
        | State::Trusted
        | State::WithOtherVersion
        | State::RunsAsRole
        | State::InSystemsManager
        | State::Launched
        | State::WithManagedDenial
        | State::WithInlineDenial
        | State::WithDenial => true,
    }
}

impl Pool<Member> {
    /// The members of an extent, each with how sure it is.
    pub(crate) fn each(&self, extent: Extent<Member>) -> Vec<(Member, Certainty)> {
        match extent {
            Extent::All(sure) => self.members().map(|(_, member)| (*member, sure)).collect(),
            Extent::Some(members) => members,
        }
    }
}

/// What is in two extents of one pool.
pub(crate) fn both<T: Copy + Ord>(one: Extent<T>, other: Extent<T>) -> Extent<T> {
    match (one, other) {
        (Extent::All(one), Extent::All(other)) => Extent::All(one.min(other)),
        (Extent::All(sure), Extent::Some(members)) | (Extent::Some(members), Extent::All(sure)) => {
            Extent::Some(members.into_iter().map(|(member, own)| (member, own.min(sure))).collect())
        }
        (Extent::Some(one), Extent::Some(mut other)) => {
            other.sort_unstable();
            let of_both = |(member, sure): (T, Certainty)| {
                let place = other.binary_search_by(|(own, _)| own.cmp(&member)).ok()?;
                Some((member, sure.min(other.get(place)?.1)))
            };
            Extent::Some(one.into_iter().filter_map(of_both).collect())
        }
    }
}
