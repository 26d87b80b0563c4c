//! What a principal holds, from the rows that bear on it; and lists that are kept in order.

use std::collections::BTreeSet;
use std::sync::Arc;

use doorward_model::identity::{Credential, CredentialKind, CredentialState, Identity};
use doorward_model::inventory::Origin;
use doorward_model::inventory::resource::{INSTANCE_PROFILE, is_instance_profile};

use super::change::Update;
use super::principal::Right;
use super::{
    Account, AccountId, Estate, Held, Policy, PolicyId, Principal, PrincipalId, PrincipalKind, is_changeable,
    number,
};
use crate::shared::{List, Map};

/// Who has which credentials.
#[derive(Clone, Debug, Default)]
pub(super) struct Credits {
    pub(super) by_id: Map<Arc<str>, Credit>,
    by_holder: Map<Arc<str>, BTreeSet<Arc<str>>>,
}

/// A credential.
#[derive(Clone, Debug)]
pub(super) struct Credit {
    pub(super) holder: Arc<str>,
    pub(super) kind: CredentialKind,
    pub(super) is_active: bool,
}

impl Credit {
    pub(super) fn of(row: &Credential) -> Self {
        let is_active = row.state() != CredentialState::Inactive;
        Self { holder: row.identity.as_str().into(), kind: row.kind(), is_active }
    }
}

impl Principal {
    /// One of which nothing is derived yet.
    pub(super) fn bare(
        (kind, account): (PrincipalKind, AccountId),
        identity: Arc<Identity>,
        (name, rights): (Arc<str>, Vec<Right>),
    ) -> Self {
        let of_service =
            name.split(':').nth(5).is_some_and(|name| name.starts_with("role/aws-service-role/"));
        Self {
            kind,
            account,
            policies: Vec::new(),
            own: 0,
            boundary: None,
            trust: None,
            groups: Vec::new(),
            tags: Vec::new(),
            in_instance_profile: false,
            has_password: None,
            keys: None,
            rights,
            service_linked: of_service || identity.name.starts_with("AWSServiceRoleFor"),
            name,
            identity,
        }
    }

    /// Whether answers about the other are those about this one.
    fn is_like(&self, other: &Self) -> bool {
        let names = |one: &Self| (one.kind, one.account, one.own, one.boundary, one.trust);
        let state = |one: &Self| (one.in_instance_profile, one.has_password, one.keys);
        names(self) == names(other)
            && state(self) == state(other)
            && self.identity.name == other.identity.name
            && self.policies == other.policies
            && self.groups == other.groups
            && self.tags == other.tags
    }
}

impl Account {
    /// One in no organisation.
    pub(super) fn of(id: Arc<str>) -> Self {
        Self {
            id,
            name: Arc::default(),
            organisation: Arc::default(),
            path: Arc::default(),
            management: Arc::default(),
            service_control: Vec::new(),
            resource_control: Vec::new(),
            principals: Default::default(),
        }
    }
}

impl Update<'_> {
    /// Takes in a credential, or takes it out.
    pub(super) fn credit(&mut self, id: &str, credit: Option<Credit>) {
        let credits = &mut self.estate.credits;
        let id: Arc<str> = id.into();
        let mut holders = Vec::new();
        if let Some(before) = credits.by_id.remove(&id) {
            if let Some(own) = credits.by_holder.get_mut(&before.holder) {
                own.remove(&id);
            }
            holders.push(before.holder);
        }
        if let Some(credit) = credit {
            let holder = Arc::clone(&credit.holder);
            let mut own = credits.by_holder.get(&holder).cloned().unwrap_or_default();
            own.insert(Arc::clone(&id));
            credits.by_holder.insert(Arc::clone(&holder), own);
            credits.by_id.insert(id, credit);
            holders.push(holder);
        }
        self.stale.extend(holders.iter().filter_map(|holder| self.estate.find(holder)));
    }

    /// Derives a principal from its rows, and tells whether it is another than it was.
    pub(super) fn derive(&mut self, id: PrincipalId) {
        let derived = self.estate.principal(id).map(|known| self.estate.derived(id, known));
        let before = self.base.principal(id);
        let rights = |one: &Principal| one.rights.iter().map(|right| right.policy).collect::<BTreeSet<_>>();
        let (old, new) =
            (before.map(rights).unwrap_or_default(), derived.as_ref().map(rights).unwrap_or_default());
        self.estate.refer(id, old.difference(&new), new.difference(&old));
        let is_alike = match (before, &derived) {
            (Some(before), Some(derived)) => before.is_like(derived),
            (before, derived) => before.is_none() && derived.is_none(),
        };
        if !is_alike {
            self.touched.principals.insert(id);
        }
        if let Some(own) = self.estate.principals.get_mut(id.0 as usize) {
            *own = derived.map(Arc::new);
        }
    }
}

impl Estate {
    /// What a principal holds.
    fn derived(&self, id: PrincipalId, known: &Principal) -> Principal {
        let identity = Arc::clone(&known.identity);
        let place = (known.kind, known.account);
        let mut derived =
            Principal::bare(place, Arc::clone(&identity), (known.shared_arn(), known.rights.clone()));
        let lower = |(name, value): (&String, &String)| {
            (name.to_ascii_lowercase().into_boxed_str(), value.as_str().into())
        };
        derived.tags = identity.tags.iter().map(lower).collect();
        for Right { origin, policy } in &known.rights {
            match origin {
                // A way of assigning that this release does not know is taken for one that gives.
                Origin::Inline | Origin::Attached | Origin::Unknown => derived.policies.push(*policy),
                Origin::Boundary => derived.boundary = Some(*policy),
                Origin::Trust => derived.trust = Some(*policy),
                // Principals hold none of these.
                Origin::Resource
                | Origin::ServiceControl
                | Origin::ResourceControl
                | Origin::PermissionSet => {}
            }
        }
        // The root user may do whatever its account may.
        if derived.is_root() {
            derived.policies.push(self.any_policy);
        }
        self.sort_by_name(&mut derived.policies);
        derived.policies.dedup();
        derived.own = number(derived.policies.len());
        match known.kind {
            PrincipalKind::User => self.join_groups(&mut derived),
            PrincipalKind::Person => {
                derived.groups =
                    self.center.groups(known.arn()).filter_map(|group| self.own(group)).collect();
            }
            PrincipalKind::Role | PrincipalKind::Group => {}
        }
        let is_profile = |place: &u32| self.resource(*place).is_some_and(|one| one.kind == INSTANCE_PROFILE);
        let runs = self.saying_to_run_as(known.arn()).into_iter().filter(is_profile);
        derived.in_instance_profile = runs.into_iter().any(|place| self.role_of(place) == Some(id));
        self.credit(&mut derived);
        derived
    }

    /// A user holds what its groups hold. A group is named within its account.
    fn join_groups(&self, member: &mut Principal) {
        for name in &member.identity.groups {
            let arns = self.by_group.get(&(member.account, name.as_str().into()));
            let group = arns.and_then(BTreeSet::last).and_then(|arn| self.find(arn));
            if let Some((id, group)) = group.and_then(|id| Some((id, self.principal(id)?))) {
                member.policies.extend(&group.policies);
                member.groups.push(id);
            }
        }
    }

    fn credit(&self, holder: &mut Principal) {
        // Who has signed in has a password.
        let has_signed_in = holder.kind == PrincipalKind::User && holder.identity.last_used_at_ms != 0;
        holder.has_password = has_signed_in.then_some(true);
        let own = self.credits.by_holder.get(holder.arn()).into_iter().flatten();
        // A credential report tells the places of keys, and other sources their ids: of one key there may be both.
        let (mut places, mut ids) = (0, 0);
        for (id, credit) in own.filter_map(|id| Some((id, self.credits.by_id.get(id)?))) {
            match credit.kind {
                CredentialKind::Password => holder.has_password = Some(credit.is_active),
                CredentialKind::AccessKey if id.starts_with("access-key-") => places += 1,
                CredentialKind::AccessKey => ids += 1,
                CredentialKind::Unknown
                | CredentialKind::SessionKey
                | CredentialKind::SecondFactor
                | CredentialKind::Certificate => {}
            }
        }
        holder.keys = Some(places.max(ids)).filter(|keys| *keys > 0);
    }

    /// The policy of a name; one that no row holds is missing.
    pub(super) fn named(&mut self, name: &str) -> PolicyId {
        if let Some(id) = self.by_policy.get(name) {
            return *id;
        }
        let id = PolicyId(number(self.policies.len()));
        let name: Arc<str> = name.into();
        self.by_policy.insert(Arc::clone(&name), id);
        let is_changeable = is_changeable(&name);
        self.policies.push(Policy { name, document: Held::Missing, is_changeable, hash: None });
        self.holders.push(Arc::default());
        id
    }

    /// Whom a policy is held by.
    fn refer<'p>(
        &mut self,
        holder: PrincipalId,
        gone: impl Iterator<Item = &'p PolicyId>,
        come: impl Iterator<Item = &'p PolicyId>,
    ) {
        for policy in gone {
            if let Some(holders) = self.holders.get_mut(policy.0 as usize) {
                Arc::make_mut(holders).retain(|own| *own != holder);
            }
        }
        for policy in come {
            if let Some(holders) = self.holders.get_mut(policy.0 as usize) {
                Arc::make_mut(holders).push(holder);
            }
        }
    }

    pub(super) fn sort_by_name(&self, policies: &mut [PolicyId]) {
        policies.sort_by_key(|id| self.policy(*id).map(|policy| &policy.name));
    }

    /// Rights that are there and others, each once, as they are kept: by origin and name.
    pub(super) fn joined(&self, known: &[Right], more: Vec<Right>) -> Vec<Right> {
        let mut rights = more;
        rights.extend(known);
        rights.sort_by_key(|right| (right.origin, self.policy(right.policy).map(|policy| &policy.name)));
        rights.dedup();
        rights
    }

    /// The resources whose rows say that they run as a role, or as an instance profile of its.
    pub(super) fn saying_to_run_as(&self, arn: &str) -> Vec<u32> {
        let mut places: Vec<u32> = self.by_role.get(arn).map(|places| places.to_vec()).unwrap_or_default();
        for place in 0..places.len() {
            let profile = places.get(place).and_then(|place| self.resource(*place));
            let by_profile = profile.filter(|one| is_instance_profile(&one.id));
            let by_profile = by_profile.and_then(|profile| self.by_role.get(&*profile.id));
            places.extend(by_profile.into_iter().flat_map(|places| places.iter()));
        }
        places
    }
}

/// Lists that are kept in order.
impl Estate {
    pub(super) fn principal_mut(&mut self, id: PrincipalId) -> Option<&mut Principal> {
        self.principals.get_mut(id.0 as usize)?.as_mut().map(Arc::make_mut)
    }

    pub(super) fn add_account(&mut self, name: &str) -> AccountId {
        let id = AccountId(number(self.accounts.len()));
        let name: Arc<str> = name.into();
        self.by_account.insert(Arc::clone(&name), id);
        self.accounts.push(Account::of(name));
        id
    }

    /// Puts a principal in the list of its account and kind, and a group among the names of groups.
    pub(super) fn list(&mut self, id: PrincipalId) {
        let Some(principal) = self.principals.get(id.0 as usize).cloned().flatten() else { return };
        let arn = |id: &PrincipalId| self.principal(*id).map_or("", Principal::arn);
        let Some(list) = self.list_of(&principal) else { return };
        let is_last = list.last().is_none_or(|last| arn(last) < principal.arn());
        let at = if is_last { list.len() } else { list.partition_point(|one| arn(one) < principal.arn()) };
        if let Some(list) = self.list_of_mut(&principal) {
            Arc::make_mut(list).insert(at, id);
        }
        if principal.kind == PrincipalKind::Group {
            let key = (principal.account, principal.identity.name.as_str().into());
            let mut arns = self.by_group.get(&key).cloned().unwrap_or_default();
            arns.insert(principal.shared_arn());
            self.by_group.insert(key, arns);
        }
    }

    /// Takes a principal out of these; tells its account.
    pub(super) fn unlist(&mut self, id: PrincipalId) -> Option<AccountId> {
        let principal = self.principals.get(id.0 as usize).cloned().flatten()?;
        if let Some(list) = self.list_of_mut(&principal) {
            Arc::make_mut(list).retain(|own| *own != id);
        }
        let key: (AccountId, Arc<str>) = (principal.account, principal.identity.name.as_str().into());
        if principal.kind == PrincipalKind::Group
            && let Some(arns) = self.by_group.get_mut(&key)
        {
            arns.remove(principal.arn());
        }
        Some(principal.account)
    }

    fn list_of(&self, principal: &Principal) -> Option<&List<PrincipalId>> {
        self.account(principal.account)?.principals.get(principal.kind as usize)
    }

    fn list_of_mut(&mut self, principal: &Principal) -> Option<&mut List<PrincipalId>> {
        let account = self.accounts.get_mut(principal.account.0 as usize)?;
        account.principals.get_mut(principal.kind as usize)
    }

    /// Puts a resource among those of its account and kind, and among those that say what they run as.
    pub(super) fn list_resource(&mut self, place: u32) {
        let Some(resource) = self.resources.get(place as usize).cloned().flatten() else { return };
        let id = |place: &u32| self.resource(*place).map_or("", |one| &one.id);
        let listed = self.by_kind.get(&*resource.account).and_then(|kinds| kinds.get(&*resource.kind));
        let listed = listed.map_or(&[][..], |listed| listed);
        let is_last = listed.last().is_none_or(|last| id(last) < &*resource.id);
        let at = if is_last { listed.len() } else { listed.partition_point(|one| id(one) < &*resource.id) };
        let kinds = Arc::make_mut(&mut self.by_kind).entry(resource.account.as_str().into()).or_default();
        Arc::make_mut(kinds.entry(resource.kind.as_str().into()).or_default()).insert(at, place);
        if !resource.runs_as.is_empty() {
            let mut places = self.by_role.remove(&*resource.runs_as).unwrap_or_default();
            Arc::make_mut(&mut places).push(place);
            self.by_role.insert(resource.runs_as.as_str().into(), places);
        }
    }

    /// Takes a resource out of these.
    pub(super) fn unlist_resource(&mut self, place: u32) {
        let Some(resource) = self.resources.get(place as usize).cloned().flatten() else { return };
        let kinds = Arc::make_mut(&mut self.by_kind).get_mut(&*resource.account);
        if let Some(list) = kinds.and_then(|kinds| kinds.get_mut(&*resource.kind)) {
            Arc::make_mut(list).retain(|own| *own != place);
        }
        if let Some(places) = self.by_role.get_mut(&*resource.runs_as) {
            Arc::make_mut(places).retain(|own| *own != place);
        }
    }
}
