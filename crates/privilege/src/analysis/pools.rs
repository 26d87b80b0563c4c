//! Which targets methods have: of each method and account those that are in the right state, whoever acts.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::analysis::draft::PoolKey;
use crate::analysis::trusts::trusts;
use crate::document::Effect;
use crate::escalation::{Kind, Rule, State, Target};
use crate::estate::{AccountId, Estate, Principal, PrincipalId, PrincipalKind};
use crate::targets::{Certainty, Extent, Own, Pool};

/// A member of a pool.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Member {
    /// A user, role or group.
    Principal(PrincipalId),
    /// A resource, by its place.
    Resource(u32),
}

/// Pools that were asked for.
#[derive(Debug, Default)]
pub(crate) struct Pools {
    pools: BTreeMap<PoolKey, Rc<Pool<Member>>>,
    /// All things of a kind in an account.
    kinds: BTreeMap<(AccountId, Kind), Rc<Pool<Member>>>,
}

impl Pools {
    /// The pool of a method in an account.
    pub(crate) fn of_rule(&mut self, estate: &Estate, key: PoolKey, rule: &Rule) -> Rc<Pool<Member>> {
        if let Some(pool) = self.pools.get(&key) {
            return Rc::clone(pool);
        }
        let members = members(estate, key.account, rule.target);
        let is_right = |(_, member): &(Box<str>, Member)| {
            is_trusting(estate, *member, rule)
                && rule.states.iter().all(|state| holds(estate, *state, *member))
        };
        let members: Vec<(Box<str>, Member)> = members.into_iter().filter(is_right).collect();
        let pool = Rc::new(pool(estate, members));
        self.pools.insert(key, Rc::clone(&pool));
        pool
    }

    /// The things of a kind in an account.
    pub(crate) fn of_kind(&mut self, estate: &Estate, key: (AccountId, Kind)) -> Rc<Pool<Member>> {
        let new = || Rc::new(pool(estate, members(estate, key.0, Target::Thing(key.1))));
        Rc::clone(self.kinds.entry(key).or_insert_with(new))
    }
}

fn pool(estate: &Estate, members: Vec<(Box<str>, Member)>) -> Pool<Member> {
    let is_guarded = members.iter().any(|(arn, _)| estate.guard(arn).is_some());
    Pool::new(members).with(if is_guarded { Own::Different } else { Own::None })
}

/// Whether an account holds a thing of a kind.
pub(crate) fn exists(estate: &Estate, account: AccountId, kind: Kind) -> bool {
    estate.things(account, kind.word()).next().is_some()
}

fn members(estate: &Estate, account: AccountId, target: Target) -> Vec<(Box<str>, Member)> {
    let principals = |kind| {
        let own = estate.of_kind(account, kind).filter(|(_, one)| !one.is_service_linked());
        own.map(|(id, one)| (one.arn().into(), Member::Principal(id))).collect()
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
fn holds(estate: &Estate, state: State, member: Member) -> bool {
    match member {
        Member::Principal(id) => {
            estate.principal(id).is_some_and(|principal| principal_holds(estate, state, principal))
        }
        Member::Resource(place) => match state {
            State::RunsAsRole => estate.role_of(place).is_some(),
            State::InSystemsManager => estate.role_of(place).is_some_and(|role| registers(estate, role)),
            State::Trusted => {
                estate.resources().get(place as usize).is_some_and(|one| estate.is_trusted(&one.id))
            }
            // Nothing that is exported tells what starts from a template.
            State::Launched => false,
            _ => true,
        },
    }
}

/// Whether a role may register an instance with Systems Manager ("Configure instance permissions required for Systems
/// Manager"): whether a policy of its allows it at all.
fn registers(estate: &Estate, role: PrincipalId) -> bool {
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
    /// Whether it is a member. Members of one account and kind have their ids in the order of their ARNs.
    pub(crate) fn has(&self, member: Member) -> bool {
        self.members().binary_search_by(|(_, own)| own.cmp(&member)).is_ok()
    }

    /// The members of an extent, each with how sure it is.
    pub(crate) fn each(&self, extent: Extent<Member>) -> Vec<(Member, Certainty)> {
        match extent {
            Extent::All(sure) => self.members().iter().map(|(_, member)| (*member, sure)).collect(),
            Extent::Some(members) => members,
        }
    }
}

/// What is in two extents of one pool.
pub(crate) fn both(one: Extent<Member>, other: Extent<Member>) -> Extent<Member> {
    match (one, other) {
        (Extent::All(one), Extent::All(other)) => Extent::All(one.min(other)),
        (Extent::All(sure), Extent::Some(members)) | (Extent::Some(members), Extent::All(sure)) => {
            Extent::Some(members.into_iter().map(|(member, own)| (member, own.min(sure))).collect())
        }
        // Both are in the order of the pool.
        (Extent::Some(one), Extent::Some(other)) => {
            let of_both = |(member, sure): (Member, Certainty)| {
                let place = other.binary_search_by(|(own, _)| own.cmp(&member)).ok()?;
                Some((member, sure.min(other.get(place)?.1)))
            };
            Extent::Some(one.into_iter().filter_map(of_both).collect())
        }
    }
}
