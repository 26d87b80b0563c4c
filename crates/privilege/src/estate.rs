//! Who and what there is, in a form that questions are answered from: principals with all their policies, accounts with
//! what limits them, resources with the roles they run as. Made from rows of the inventory, in any order.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use doorward_model::hash::Hash16;
use doorward_model::identity::Identity;
use doorward_model::inventory::last_use::LastUse;
use doorward_model::inventory::resource::Resource;

use crate::shared::{Column, List, Map};

mod build;
mod center;
mod change;
mod denying;
mod derive;
mod organise;
mod principal;
mod rows;

pub use build::Builder;
pub use center::{Assigned, AssignedBy, Center};
pub(crate) use change::Touched;
pub use principal::{Held, Policy, Principal, PrincipalKind, Way, Written};

use self::derive::Credits;
use self::organise::Organisation;
use self::principal::Right;

/// Names a principal of an [`Estate`]. One that comes later has a higher number, whatever its account.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PrincipalId(pub u32);

/// Names a policy of an [`Estate`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct PolicyId(pub u32);

/// Names an account of an [`Estate`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AccountId(pub u32);

/// An account with what limits it.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its number.
    pub id: Arc<str>,
    /// Its name in the organisation; empty when that is not known.
    pub name: Arc<str>,
    /// Its organisation; empty when that is not known.
    pub organisation: Arc<str>,
    /// The path to it in the organisation, as `aws:PrincipalOrgPaths` shows it.
    pub path: Arc<str>,
    /// The account that manages the organisation, which no control policy limits; empty when that is not known.
    pub management: Arc<str>,
    /// Service control policies by level, from the root to the account: one of each level must allow.
    pub service_control: Vec<Vec<PolicyId>>,
    /// Resource control policies, in the same way.
    pub resource_control: Vec<Vec<PolicyId>>,
    /// Its principals by kind, each in the order of their ARNs.
    principals: [List<PrincipalId>; PrincipalKind::ALL.len()],
}

/// Everything that questions are answered from. A later one shares what is the same.
#[derive(Clone, Debug, Default)]
pub struct Estate {
    accounts: Column<Account>,
    /// By id; nothing where one is gone.
    principals: Column<Option<Arc<Principal>>>,
    /// So many of the first have their numbers in their order.
    in_order: u32,
    policies: Column<Policy>,
    /// Who has each policy in its own right, in whichever way.
    holders: Column<List<PrincipalId>>,
    any_policy: PolicyId,
    /// By place; nothing where one is gone.
    resources: Column<Option<Arc<Resource>>>,
    /// The role that each resource runs as.
    roles: Column<Option<PrincipalId>>,
    /// The places of resources by account and kind, each in the order of their ARNs.
    by_kind: Arc<ByKind>,
    by_resource: Map<Arc<str>, u32>,
    /// The places of resources by what their rows say that they run as.
    by_role: Map<Arc<str>, List<u32>>,
    /// The policies of resources, by their ARNs: the last one counts.
    guards: Map<Arc<str>, Vec<PolicyId>>,
    /// Versions of managed policies that are not in force, by the ARN.
    other_versions: Map<Arc<str>, List<PolicyId>>,
    by_arn: Map<Arc<str>, PrincipalId>,
    by_account: Map<Arc<str>, AccountId>,
    by_policy: Map<Arc<str>, PolicyId>,
    /// Groups by account and name.
    by_group: Map<(AccountId, Arc<str>), BTreeSet<Arc<str>>>,
    /// Each different document that was read, by the hash of its text, and how many policies have it.
    documents: Map<Hash16, (Held, u32)>,
    /// Rights of holders that are not known.
    waiting: Map<Arc<str>, Vec<Right>>,
    credits: Credits,
    /// What AWS keeps of when each identity tried a service last, by service. No other answer rests on it.
    last_uses: Map<Arc<str>, Arc<BTreeMap<String, LastUse>>>,
    organisation: Arc<Organisation>,
    center: Arc<Center>,
}

type ByKind = BTreeMap<Arc<str>, BTreeMap<Arc<str>, List<u32>>>;

impl Estate {
    /// All principals, by account, kind and ARN.
    pub fn principals(&self) -> impl Iterator<Item = (PrincipalId, &Principal)> + Clone {
        let lists = self.accounts.iter().flat_map(|account| &account.principals);
        let ids = lists.flat_map(|list| list.iter().copied());
        ids.filter_map(|id| Some((id, self.principal(id)?)))
    }

    /// The first number that no principal has.
    #[must_use]
    pub fn principals_end(&self) -> u32 {
        number(self.principals.len())
    }

    /// The order of two principals: by account, kind and ARN.
    pub(crate) fn order(&self, one: PrincipalId, other: PrincipalId) -> Ordering {
        if one.max(other).0 < self.in_order {
            return one.cmp(&other);
        }
        let place = |id| self.principal(id).map(|one| place(one.kind, &one.identity));
        place(one).cmp(&place(other))
    }

    /// The number of a principal that comes now.
    fn next_principal(&mut self, (kind, identity): (PrincipalKind, &Identity)) -> PrincipalId {
        let next = self.principals_end();
        let last = next.checked_sub(1).map(|last| self.principal(PrincipalId(last)));
        let follows = |last: &Principal| place(last.kind, &last.identity) < place(kind, identity);
        if self.in_order == next && last.is_none_or(|last| last.is_some_and(follows)) {
            self.in_order += 1;
        }
        PrincipalId(next)
    }

    /// Whether most of what there ever was is gone.
    pub(crate) fn is_worn(&self) -> bool {
        let gone = |all: usize, left: usize| all - left > left + WORN_MIN;
        gone(self.principals.len(), self.by_arn.len()) || gone(self.resources.len(), self.by_resource.len())
    }

    /// All accounts, in the order of their ids.
    pub fn accounts(&self) -> impl Iterator<Item = (AccountId, &Account)> + Clone {
        (0u32..).map(AccountId).zip(self.accounts.iter())
    }

    /// All policies, in the order of their ids.
    pub fn policies(&self) -> impl Iterator<Item = (PolicyId, &Policy)> + Clone {
        (0u32..).map(PolicyId).zip(self.policies.iter())
    }

    /// A principal by its id.
    #[must_use]
    pub fn principal(&self, id: PrincipalId) -> Option<&Principal> {
        self.principals.get(id.0 as usize)?.as_deref()
    }

    /// A policy by its id.
    #[must_use]
    pub fn policy(&self, id: PolicyId) -> Option<&Policy> {
        self.policies.get(id.0 as usize)
    }

    /// An account by its id.
    #[must_use]
    pub fn account(&self, id: AccountId) -> Option<&Account> {
        self.accounts.get(id.0 as usize)
    }

    /// The principal of an ARN, or the person or group of Identity Center that a log or an identity store calls so.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<PrincipalId> {
        self.own(name).or_else(|| self.center.find(name))
    }

    /// The principal that is called so here.
    fn own(&self, name: &str) -> Option<PrincipalId> {
        self.by_arn.get(name).copied()
    }

    /// The account of a number.
    #[must_use]
    pub fn find_account(&self, id: &str) -> Option<AccountId> {
        self.by_account.get(id).copied()
    }

    /// The policy of a name.
    #[must_use]
    pub fn find_policy(&self, name: &str) -> Option<PolicyId> {
        self.by_policy.get(name).copied()
    }

    /// The principals of a kind in an account, in the order of their ARNs.
    pub fn of_kind(
        &self,
        account: AccountId,
        kind: PrincipalKind,
    ) -> impl Iterator<Item = (PrincipalId, &Principal)> + Clone {
        let list = self.account(account).and_then(|account| account.principals.get(kind as usize));
        let ids = list.into_iter().flat_map(|list| list.iter().copied());
        ids.filter_map(|id| self.principal(id).map(|principal| (id, principal)))
    }

    /// Who has a policy in its own right: in force, as a limit, or to say who may become it.
    pub(crate) fn holders(&self, policy: PolicyId) -> &[PrincipalId] {
        self.holders.get(policy.0 as usize).map_or(&[], |holders| holders)
    }

    /// The users that say that they are members of a group.
    pub(crate) fn members<'a>(
        &'a self,
        account: AccountId,
        group: &'a str,
    ) -> impl Iterator<Item = PrincipalId> + 'a {
        let users = self.of_kind(account, PrincipalKind::User);
        users.filter(move |(_, user)| user.identity.groups.iter().any(|own| own == group)).map(|(id, _)| id)
    }

    /// All resources with their places, by account, kind and ARN.
    pub fn resources(&self) -> impl Iterator<Item = (u32, &Resource)> + Clone {
        let places =
            self.by_kind.values().flat_map(BTreeMap::values).flat_map(|places| places.iter().copied());
        places.filter_map(|place| Some((place, self.resource(place)?)))
    }

    /// The resource of a place.
    #[must_use]
    pub fn resource(&self, place: u32) -> Option<&Resource> {
        self.resources.get(place as usize)?.as_deref()
    }

    /// The first place that no resource has.
    #[must_use]
    pub fn resources_end(&self) -> u32 {
        number(self.resources.len())
    }

    /// The resource of an ARN.
    #[must_use]
    pub fn find_resource(&self, arn: &str) -> Option<u32> {
        self.by_resource.get(arn).copied()
    }

    /// The policy of a resource, or of the bucket that an object is in, or the function that a version is of.
    #[must_use]
    pub fn guard(&self, arn: &str) -> Option<PolicyId> {
        self.guards.get(arn).or_else(|| self.guards.get(container(arn)?))?.last().copied()
    }

    /// The resource of an ARN, or the bucket that an object is in, or the function that a version is of.
    #[must_use]
    pub fn resource_of(&self, arn: &str) -> Option<&Resource> {
        let place = self.find_resource(arn).or_else(|| self.find_resource(container(arn)?))?;
        self.resource(place)
    }

    /// The resources of a kind in an account, with their places, in the order of their ARNs.
    pub fn things(&self, account: AccountId, kind: &str) -> impl Iterator<Item = (u32, &Resource)> + Clone {
        let places = self.account(account).and_then(|account| self.by_kind.get(&account.id)?.get(kind));
        let places = places.into_iter().flat_map(|places| places.iter().copied());
        places.filter_map(|place| Some((place, self.resource(place)?)))
    }

    /// The role that a resource runs as.
    #[must_use]
    pub fn role_of(&self, resource: u32) -> Option<PrincipalId> {
        self.roles.get(resource as usize).copied().flatten()
    }

    /// The resources that run as a role.
    pub(crate) fn running_as<'a>(&'a self, role: &Principal) -> impl Iterator<Item = u32> + use<'a> {
        let id = self.find(role.arn());
        self.saying_to_run_as(role.arn()).into_iter().filter(move |place| self.role_of(*place) == id)
    }

    /// The policy that allows everything, as whoever may write policies could give itself.
    #[must_use]
    pub const fn any_policy(&self) -> PolicyId {
        self.any_policy
    }

    /// The versions of a managed policy that are not in force, in the order of their names.
    #[must_use]
    pub fn other_versions(&self, arn: &str) -> &[PolicyId] {
        self.other_versions.get(arn).map_or(&[], |versions| versions)
    }

    /// The ARNs of managed policies that a principal holds and its account can change.
    pub fn changeable_policies<'a>(&'a self, principal: &'a Principal) -> impl Iterator<Item = &'a str> {
        let held = principal.policies.iter().filter_map(|id| self.policy(*id));
        held.filter(|policy| policy.is_changeable).map(|policy| &*policy.name)
    }

    /// What AWS keeps of when an identity tried each service last, by service.
    #[must_use]
    pub fn last_uses(&self, identity: &str) -> Option<&BTreeMap<String, LastUse>> {
        self.last_uses.get(identity).map(|services| &**services)
    }

    /// Whether AWS tells of anybody what it tried last.
    #[must_use]
    pub fn tells_last_uses(&self) -> bool {
        self.last_uses.iter().next().is_some()
    }

    fn change_last_uses(&mut self, identity: &str, change: impl FnOnce(&mut BTreeMap<String, LastUse>)) {
        let mut services = self.last_uses.remove(identity).unwrap_or_default();
        change(Arc::make_mut(&mut services));
        if !services.is_empty() {
            self.last_uses.insert(identity.into(), services);
        }
    }

    /// Policies that cannot be read or are missing, and that something depends on.
    pub fn unread(&self) -> impl Iterator<Item = &Policy> + '_ {
        let guards = self.guards.iter().flat_map(|(_, guards)| guards.iter().copied());
        let used: BTreeSet<PolicyId> = guards.chain(self.limits()).collect();
        let unread = self.policies().filter(|(_, policy)| policy.document.document().is_none());
        let is_used = move |id: PolicyId| !self.holders(id).is_empty() || used.contains(&id);
        let counts = move |(id, policy): &(PolicyId, &Policy)| policy.hash.is_some() || is_used(*id);
        unread.filter(counts).map(|(_, policy)| policy)
    }

    /// The resources that a policy guards.
    pub(crate) fn guarded_by(&self, policy: PolicyId) -> impl Iterator<Item = Arc<str>> {
        let guards = self.guards.iter().filter(move |(_, guards)| guards.contains(&policy));
        guards.map(|(holder, _)| Arc::clone(holder))
    }

    /// All control policies that are attached to accounts or above them.
    pub(crate) fn limits(&self) -> impl Iterator<Item = PolicyId> {
        let accounts = self.accounts.iter();
        let levels = accounts.flat_map(|account| [&account.service_control, &account.resource_control]);
        levels.flatten().flatten().copied()
    }

    /// How many different documents were read.
    #[must_use]
    pub fn documents_read(&self) -> usize {
        self.documents.len()
    }
}

/// Where a principal stands among others.
fn place(kind: PrincipalKind, identity: &Identity) -> (&str, PrincipalKind, &str) {
    (&identity.account, kind, &identity.id)
}

/// Fewer places that nothing is in are never too many.
const WORN_MIN: usize = 1000;

/// Whether a name is that of a managed policy that its account can change.
fn is_changeable(name: &str) -> bool {
    let is_policy = |name: &str| name.starts_with("policy/") && !name.contains(' ');
    name.starts_with("arn:")
        && !name.contains(":iam::aws:")
        && name.splitn(6, ':').nth(5).is_some_and(is_policy)
}

/// The ARN of what holds a thing: the bucket of an object, the function of a version, the group of a log stream.
pub(crate) fn container(arn: &str) -> Option<&str> {
    let name = arn.splitn(6, ':').nth(5)?;
    match arn.split(':').nth(2)? {
        "s3" => arn.split_once('/').map(|(bucket, _)| bucket),
        "logs" => arn.split_once(":log-stream:").map(|(group, _)| group),
        "lambda" if name.matches(':').count() > 1 => arn.rsplit_once(':').map(|(function, _)| function),
        _ => None,
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
