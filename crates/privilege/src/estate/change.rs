//! An estate after a change of its rows: what is the same is shared, and what other answers rest on is told.

use std::collections::BTreeSet;
use std::sync::Arc;

use doorward_model::inventory::resource::{INSTANCE_PROFILE, Resource, is_instance_profile};
use doorward_model::inventory::row::{RowKind, Withdrawn};
use doorward_model::inventory::{Entitlement, Origin};

use super::center::is_permission_set;
use super::derive::Credit;
use super::principal::Right;
use super::rows::{Holder, Rows};
use super::{AccountId, Estate, Held, PolicyId, Principal, PrincipalId, PrincipalKind, number, place};
use crate::change::Change;

/// What is not as it was. What is new or gone is among it.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    /// Principals: who they are, and what they hold by name.
    pub(crate) principals: BTreeSet<PrincipalId>,
    /// Policies with another document.
    pub(crate) policies: BTreeSet<PolicyId>,
    /// Resources, by place: what they are, and which role they run as.
    pub(crate) resources: BTreeSet<u32>,
    /// The ARNs of resources with another policy.
    pub(crate) guards: BTreeSet<Arc<str>>,
    /// Whether accounts have other places or limits in their organisation.
    pub(crate) organisation: bool,
    /// Whether an account is new, empty, or has what was another's.
    pub(crate) accounts: bool,
}

impl Estate {
    /// The estate after a change of its rows, and what is not as it was.
    pub(crate) fn later(&self, change: &Change) -> (Self, Touched) {
        let mut update = Update::new(self);
        change.gone.iter().for_each(|gone| update.withdraw(gone));
        let mut rows = Rows::default();
        change.now.iter().cloned().for_each(|export| rows.put(export));
        update.take(rows);
        update.finish()
    }
}

/// An estate while rows of it change.
pub(super) struct Update<'a> {
    /// As it was.
    pub(super) base: &'a Estate,
    pub(super) estate: Estate,
    pub(super) touched: Touched,
    /// Principals that are to be derived again.
    pub(super) stale: BTreeSet<PrincipalId>,
    /// Resources whose roles are to be found again.
    pub(super) unresolved: BTreeSet<u32>,
    /// Whether people of Identity Center, or what they may use, may be others.
    people: bool,
}

impl<'a> Update<'a> {
    pub(super) fn new(base: &'a Estate) -> Self {
        Self {
            base,
            estate: base.clone(),
            touched: Touched::default(),
            stale: BTreeSet::new(),
            unresolved: BTreeSet::new(),
            people: false,
        }
    }

    /// Takes in rows as they are now.
    pub(super) fn take(&mut self, rows: Rows) {
        self.people |= !rows.center.is_empty() || !rows.nodes.is_empty();
        Arc::make_mut(&mut self.estate.center).rows.put(rows.center);
        for (name, hash) in &rows.texts {
            if let Some(held) = rows.documents.get(hash) {
                let held =
                    self.estate.documents.get(hash).map_or_else(|| held.clone(), |(held, _)| held.clone());
                self.write(name, Some((*hash, held)));
            }
        }
        let mut holders: Vec<Holder> = rows.holders.into_values().collect();
        holders.sort_by(|one, other| place(one.kind, &one.identity).cmp(&place(other.kind, &other.identity)));
        holders.into_iter().for_each(|holder| self.put(holder));
        for (holder, rights) in rows.rights {
            let rights = rights.into_iter().map(|(origin, name)| (origin, self.estate.named(&name)));
            let rights = rights.map(|(origin, policy)| Right { origin, policy }).collect();
            self.entitle(&holder, rights);
        }
        let mut resources: Vec<Resource> = rows.resources.into_values().collect();
        resources.sort_by(|one, other| {
            (&one.account, &one.kind, &one.id).cmp(&(&other.account, &other.kind, &other.id))
        });
        resources.into_iter().for_each(|resource| self.put_resource(resource));
        for credential in rows.credentials.into_values() {
            self.credit(&credential.id, Some(Credit::of(&credential)));
        }
        for (holder, name) in rows.guards {
            let policy = self.estate.named(&name);
            self.guard(&holder, |guards| guards.push(policy));
        }
        for (identity, rows) in rows.last_uses {
            self.estate.change_last_uses(&identity, |services| services.extend(rows));
        }
        if !rows.nodes.is_empty() || !rows.control.is_empty() {
            let organisation = Arc::make_mut(&mut self.estate.organisation);
            organisation.nodes.extend(rows.nodes);
            organisation.control.extend(rows.control);
            self.touched.organisation = true;
        }
    }

    /// Takes out a row that is gone.
    fn withdraw(&mut self, gone: &Withdrawn) {
        let Some(name) = gone.key.first() else { return };
        if Arc::make_mut(&mut self.estate.center).rows.withdraw(gone) {
            self.people = true;
            return;
        }
        match gone.kind() {
            RowKind::Identity | RowKind::Group => self.remove(name),
            RowKind::Credential => self.credit(name, None),
            RowKind::Entitlement => {
                let [holder, policy] = [0, 1].map(|at| gone.key.get(at).cloned().unwrap_or_default());
                let origin = gone.key.get(2).and_then(|origin| origin.parse().ok()).unwrap_or(0);
                self.let_go(Entitlement { holder, policy, origin, ..Entitlement::default() });
            }
            RowKind::Policy => self.write(name, None),
            RowKind::Resource => self.remove_resource(name),
            RowKind::OrganisationNode => {
                Arc::make_mut(&mut self.estate.organisation).nodes.remove(name);
                (self.touched.organisation, self.people) = (true, true);
            }
            RowKind::LastUse => {
                let service = gone.key.get(1).map_or("", String::as_str);
                self.estate.change_last_uses(name, |services| drop(services.remove(service)));
            }
            RowKind::PermissionSet
            | RowKind::Assignment
            | RowKind::Membership
            | RowKind::AccessFinding
            | RowKind::Unknown => {}
        }
    }

    /// Gives a policy a document, or takes it away.
    fn write(&mut self, name: &str, document: Option<(doorward_model::hash::Hash16, Held)>) {
        let estate = &mut self.estate;
        let id = estate.named(name);
        let hash = document.as_ref().map(|(hash, _)| *hash);
        let Some(policy) = estate.policies.get_mut(id.0 as usize).filter(|policy| policy.hash != hash) else {
            return;
        };
        let before = std::mem::replace(&mut policy.hash, hash);
        policy.document = document.as_ref().map_or(Held::Missing, |(_, held)| held.clone());
        if let Some((hash, held)) = document {
            let count = estate.documents.get(&hash).map_or(0, |(_, count)| *count);
            estate.documents.insert(hash, (held, count + 1));
        }
        if let Some(before) = before
            && let Some((_, count)) = estate.documents.get_mut(&before)
        {
            *count -= 1;
            if *count == 0 {
                estate.documents.remove(&before);
            }
        }
        if let Some((arn, _)) = doorward_model::inventory::PolicyDocument::not_in_force_of(name) {
            let mut versions: Vec<PolicyId> = estate.other_versions(arn).to_vec();
            versions.retain(|version| *version != id);
            if hash.is_some() {
                versions.push(id);
                estate.sort_by_name(&mut versions);
            }
            estate.other_versions.insert(arn.into(), Arc::new(versions));
        }
        self.touched.policies.insert(id);
    }

    /// Takes in who a principal is.
    pub(super) fn put(&mut self, Holder { kind, identity }: Holder) {
        self.people |= identity.name.starts_with("AWSReservedSSO_");
        let account = self.account_of(&identity.account);
        let known = self.estate.own(&identity.id);
        let id = known.unwrap_or_else(|| {
            let name: Arc<str> = identity.id.as_str().into();
            let id = self.estate.next_principal((kind, &identity));
            let rights = self.estate.waiting.remove(&name).unwrap_or_default();
            self.estate.by_arn.insert(Arc::clone(&name), id);
            let principal = Principal::bare((kind, account), Arc::clone(&identity), (name, rights));
            self.estate.principals.push(Some(Arc::new(principal)));
            self.look_for_roles_again(&identity.id);
            id
        });
        self.stale.insert(id);
        if known.is_some() {
            self.estate.unlist(id);
            if let Some(principal) = self.estate.principal_mut(id) {
                let is_elsewhere = (principal.account, principal.kind) != (account, kind);
                (principal.account, principal.kind, principal.identity) = (account, kind, identity);
                if is_elsewhere {
                    self.touched.accounts = true;
                    self.estate.in_order = self.estate.in_order.min(id.0);
                }
            }
        }
        self.estate.list(id);
    }

    pub(super) fn remove(&mut self, arn: &str) {
        let Some(id) = self.estate.own(arn) else { return };
        self.people |= self.estate.principal(id).is_some_and(Principal::is_of_permission_set);
        let account = self.estate.unlist(id);
        let is_empty = |account: &super::Account| account.principals.iter().all(|list| list.is_empty());
        self.touched.accounts |= account.and_then(|id| self.estate.account(id)).is_none_or(is_empty);
        self.estate.by_arn.remove(arn);
        let place = self.estate.principals.get_mut(id.0 as usize);
        if let Some(principal) = place.and_then(Option::take).filter(|one| !one.rights.is_empty()) {
            self.estate.waiting.insert(principal.shared_arn(), principal.rights.clone());
        }
        self.look_for_roles_again(arn);
        self.stale.insert(id);
    }

    fn look_for_roles_again(&mut self, arn: &str) {
        self.unresolved.extend(self.estate.saying_to_run_as(arn));
    }

    /// Adds to what a holder has.
    fn entitle(&mut self, holder: &str, more: Vec<Right>) {
        let estate = &mut self.estate;
        let id = estate.own(holder);
        let known = match id.and_then(|id| estate.principal(id)) {
            Some(principal) => &principal.rights,
            None => estate.waiting.get(holder).map_or(&[][..], Vec::as_slice),
        };
        // They come in the order in which they are kept.
        let rights = if known.is_empty() { more } else { estate.joined(known, more) };
        self.set_rights(holder, rights);
    }

    pub(super) fn set_rights(&mut self, holder: &str, rights: Vec<Right>) {
        self.people |= is_permission_set(holder);
        match self.estate.own(holder) {
            Some(id) => {
                if let Some(principal) = self.estate.principal_mut(id) {
                    principal.rights = rights;
                }
                self.stale.insert(id);
            }
            None if rights.is_empty() => drop(self.estate.waiting.remove(holder)),
            None => drop(self.estate.waiting.insert(holder.into(), rights)),
        }
    }

    fn let_go(&mut self, row: Entitlement) {
        let origin = row.origin();
        if matches!(origin, Origin::ServiceControl | Origin::ResourceControl) {
            // Where no account stands below the node, the policy has no id.
            let organisation = Arc::make_mut(&mut self.estate.organisation);
            organisation.control.remove(&(row.holder, row.origin, row.policy));
            self.touched.organisation = true;
            return;
        }
        let Some(policy) = self.estate.find_policy(&row.document_name()) else { return };
        if origin == Origin::Resource {
            self.guard(&row.holder, |guards| guards.retain(|own| *own != policy));
            return;
        }
        let id = self.estate.own(&row.holder);
        let known = match id.and_then(|id| self.estate.principal(id)) {
            Some(principal) => &principal.rights,
            None => self.estate.waiting.get(&*row.holder).map_or(&[][..], Vec::as_slice),
        };
        let gone = Right { origin, policy };
        let left = known.iter().copied().filter(|right| *right != gone).collect();
        self.set_rights(&row.holder, left);
    }

    /// Changes which policies a resource has.
    fn guard(&mut self, holder: &str, change: impl FnOnce(&mut Vec<PolicyId>)) {
        let mut guards = self.estate.guards.get(holder).cloned().unwrap_or_default();
        change(&mut guards);
        self.estate.sort_by_name(&mut guards);
        guards.dedup();
        let holder: Arc<str> = holder.into();
        if guards.is_empty() {
            self.estate.guards.remove(&holder);
        } else {
            self.estate.guards.insert(Arc::clone(&holder), guards);
        }
        self.touched.guards.insert(holder);
    }

    fn account_of(&mut self, number: &str) -> AccountId {
        self.estate.find_account(number).unwrap_or_else(|| {
            (self.touched.accounts, self.touched.organisation) = (true, true);
            self.estate.add_account(number)
        })
    }
}

impl Update<'_> {
    fn put_resource(&mut self, resource: Resource) {
        let estate = &mut self.estate;
        let known = estate.find_resource(&resource.id);
        if known.and_then(|place| estate.resource(place)).is_some_and(|known| *known == resource) {
            return;
        }
        let place = known.unwrap_or_else(|| number(estate.resources.len()));
        if known.is_some() {
            estate.unlist_resource(place);
        } else {
            estate.by_resource.insert(resource.id.as_str().into(), place);
            estate.resources.push(None);
            estate.roles.push(None);
        }
        self.changed_resource(place, &resource.id);
        if let Some(own) = self.estate.resources.get_mut(place as usize) {
            *own = Some(Arc::new(resource));
        }
        self.estate.list_resource(place);
    }

    fn remove_resource(&mut self, id: &str) {
        let Some(place) = self.estate.find_resource(id) else { return };
        self.estate.unlist_resource(place);
        self.estate.by_resource.remove(id);
        if let Some(own) = self.estate.resources.get_mut(place as usize) {
            *own = None;
        }
        self.changed_resource(place, id);
    }

    fn changed_resource(&mut self, place: u32, id: &str) {
        self.touched.resources.insert(place);
        self.unresolved.insert(place);
        if is_instance_profile(id) {
            self.unresolved.extend(self.estate.by_role.get(id).into_iter().flat_map(|places| places.iter()));
        }
    }

    /// Finds the role again that a resource runs as.
    fn resolve(&mut self, place: u32) {
        let estate = &mut self.estate;
        let resource = estate.resource(place);
        let profile = |arn: &str| estate.resource(estate.find_resource(arn)?);
        let role = resource.and_then(|one| one.role(profile)).and_then(|arn| estate.find(arn));
        let before = estate.role_of(place);
        let is_profile = |one: &Resource| one.kind == INSTANCE_PROFILE;
        let was_profile = self.base.resource(place).is_some_and(is_profile);
        let is_profile = estate.resource(place).is_some_and(is_profile);
        if role != before {
            if let Some(own) = estate.roles.get_mut(place as usize) {
                *own = role;
            }
            self.touched.resources.insert(place);
        }
        if is_profile || was_profile {
            self.stale.extend(role.into_iter().chain(before));
        }
    }

    /// Derives what rests on the changed rows.
    pub(super) fn finish(mut self) -> (Estate, Touched) {
        if self.people {
            self.assign();
        }
        for place in std::mem::take(&mut self.unresolved) {
            self.resolve(place);
        }
        if self.touched.organisation {
            self.estate.organise();
        }
        let stale = std::mem::take(&mut self.stale);
        let kind = |estate: &Estate, id| estate.principal(id).map(|one| one.kind);
        let is_group = |own: &Self, id: PrincipalId| {
            [kind(&own.estate, id), kind(own.base, id)].contains(&Some(PrincipalKind::Group))
        };
        let (groups, mut others): (BTreeSet<_>, BTreeSet<_>) =
            stale.into_iter().partition(|id| is_group(&self, *id));
        for id in groups {
            self.derive(id);
            others.extend(self.members_of(id));
        }
        others.into_iter().for_each(|id| self.derive(id));
        (self.estate, self.touched)
    }

    /// Who was or is a member of a group.
    fn members_of(&self, group: PrincipalId) -> Vec<PrincipalId> {
        let groups = [self.base.principal(group), self.estate.principal(group)];
        let members =
            |group: &'_ Principal| self.base.members(group.account, &group.identity.name).collect::<Vec<_>>();
        let members = groups.into_iter().flatten().flat_map(members);
        members.filter(|id| self.estate.principal(*id).is_some()).collect()
    }
}
