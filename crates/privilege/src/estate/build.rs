//! Rows of the inventory into an estate.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use doorward_model::identity::{Credential, CredentialKind, CredentialState};
use doorward_model::inventory::organisation::{self, OrganisationNode};
use doorward_model::inventory::resource::{INSTANCE_PROFILE, Resource};
use doorward_model::inventory::{AccountExport, Origin, PolicyDocument};

use super::rows::{Holder, Rows, held};
use super::{
    Account, AccountId, Estate, Held, Policy, PolicyId, Principal, PrincipalId, PrincipalKind, is_changeable,
};
use crate::change::Change;

/// Collects what exports say. Where two speak of the same holder or document, the newer one is right.
#[derive(Debug, Default)]
pub struct Builder {
    exports: Vec<AccountExport>,
}

impl Builder {
    /// Takes in an export.
    pub fn add(&mut self, export: AccountExport) {
        self.exports.push(export);
    }

    /// The estate. It does not depend on the order in which exports were added.
    #[must_use]
    pub fn build(mut self) -> Estate {
        self.exports.sort_by(AccountExport::order);
        let mut rows = Rows::default();
        for export in self.exports {
            rows.take(export);
        }
        Estate::of(rows)
    }
}

impl Estate {
    /// Of rows.
    fn of(rows: Rows) -> Self {
        let mut estate = Self::default();
        estate.any_policy = estate.add_policy("any policy".into(), held(ANY_POLICY));
        estate.name_documents(&rows);
        let mut holders: Vec<&Holder> = rows.holders.values().collect();
        holders.sort_by_key(|row| (&row.identity.account, row.kind, &row.identity.id));
        estate.place(&holders);
        estate.entitle(&holders, &rows.rights);
        estate.join_groups();
        estate.add_resources(&rows.resources);
        for (name, holder) in &rows.guards {
            let id = estate.named(name);
            estate.guards.insert(holder.as_str().into(), id);
        }
        estate.credit(&rows.credentials);
        estate.organise(&rows.nodes, &rows.control);
        estate.rows = Arc::new(rows);
        estate
    }

    /// The estate after a change of its rows.
    #[must_use]
    pub fn later(&self, change: &Change) -> Self {
        let mut rows = Rows::clone(&self.rows);
        rows.change(change);
        Self::of(rows)
    }

    fn name_documents(&mut self, rows: &Rows) {
        for (name, hash) in &rows.texts {
            let held = rows.documents.get(hash).cloned().unwrap_or(Held::Missing);
            let id = self.add_policy(name.as_str().into(), held);
            if let Some((arn, _)) = PolicyDocument::not_in_force_of(name) {
                self.other_versions.entry(arn.into()).or_default().push(id);
            }
        }
    }

    fn add_policy(&mut self, name: Arc<str>, document: Held) -> PolicyId {
        let id = PolicyId(u32::try_from(self.policies.len()).unwrap_or(u32::MAX));
        self.by_policy.insert(Arc::clone(&name), id);
        let is_changeable = is_changeable(&name);
        self.policies.push(Policy { name, document, is_changeable });
        id
    }

    /// The policy of a name; one that no export holds is missing.
    fn named(&mut self, name: &str) -> PolicyId {
        match self.by_policy.get(name) {
            Some(id) => *id,
            None => self.add_policy(name.into(), Held::Missing),
        }
    }

    /// Gives ids to principals and accounts, which come sorted.
    fn place(&mut self, rows: &[&Holder]) {
        for (place, row) in rows.iter().enumerate() {
            let id = PrincipalId(u32::try_from(place).unwrap_or(u32::MAX));
            self.by_arn.insert(row.identity.id.as_str().into(), id);
            let account = self.account_of(&row.identity.account);
            let kind = PrincipalKind::ALL.iter().position(|one| *one == row.kind).unwrap_or(0);
            let range =
                self.accounts.get_mut(account.0 as usize).and_then(|one| one.principals.get_mut(kind));
            if let Some(range) = range {
                range.start = if range.end == 0 { id.0 } else { range.start };
                range.end = id.0 + 1;
            }
        }
    }

    fn account_of(&mut self, number: &str) -> AccountId {
        if let Some(id) = self.by_account.get(number) {
            return *id;
        }
        let id = AccountId(u32::try_from(self.accounts.len()).unwrap_or(u32::MAX));
        let number: Arc<str> = number.into();
        self.by_account.insert(Arc::clone(&number), id);
        self.accounts.push(Account {
            id: number,
            name: Arc::default(),
            organisation: Arc::default(),
            path: Arc::default(),
            management: Arc::default(),
            service_control: Vec::new(),
            resource_control: Vec::new(),
            principals: Default::default(),
        });
        id
    }

    /// Gives each principal what it holds.
    fn entitle(&mut self, rows: &[&Holder], rights: &BTreeMap<String, BTreeSet<(Origin, String)>>) {
        for Holder { kind, identity } in rows {
            let (kind, identity) = (*kind, Arc::clone(identity));
            let account = self.account_of(&identity.account);
            let tags = identity
                .tags
                .iter()
                .map(|(name, value)| (name.to_ascii_lowercase().into(), value.as_str().into()));
            let tags = tags.collect();
            // Who has signed in has a password.
            let has_password = (kind == PrincipalKind::User && identity.last_used_at_ms != 0).then_some(true);
            let mut principal = Principal {
                kind,
                account,
                identity,
                policies: Vec::new(),
                own: 0,
                boundary: None,
                trust: None,
                groups: Vec::new(),
                tags,
                in_instance_profile: false,
                has_password,
                keys: None,
            };
            for (origin, name) in rights.get(principal.arn()).into_iter().flatten() {
                match origin {
                    // A way of assigning that this release does not know is taken for one that gives.
                    Origin::Inline | Origin::Attached | Origin::Unknown => {
                        principal.policies.push(self.named(name));
                    }
                    Origin::Boundary => principal.boundary = Some(self.named(name)),
                    Origin::Trust => principal.trust = Some(self.named(name)),
                    // Principals hold none of these.
                    Origin::Resource
                    | Origin::ServiceControl
                    | Origin::ResourceControl
                    | Origin::PermissionSet => {}
                }
            }
            // The root user may do whatever its account may.
            if principal.is_root() {
                principal.policies.push(self.any_policy);
            }
            principal.policies.sort_unstable();
            principal.policies.dedup();
            principal.own = u32::try_from(principal.policies.len()).unwrap_or(u32::MAX);
            self.principals.push(principal);
        }
    }

    /// Users hold what their groups hold. A group is named within its account.
    fn join_groups(&mut self) {
        let groups: BTreeMap<(AccountId, String), PrincipalId> = (0u32..)
            .map(PrincipalId)
            .zip(&self.principals)
            .filter(|(_, principal)| principal.kind == PrincipalKind::Group)
            .map(|(id, principal)| ((principal.account, principal.identity.name.clone()), id))
            .collect();
        for place in 0..self.principals.len() {
            let Some(member) = self.principals.get(place).filter(|one| !one.identity.groups.is_empty())
            else {
                continue;
            };
            let names = member.identity.groups.iter().map(|name| (member.account, name.clone()));
            let joined: Vec<PrincipalId> = names.filter_map(|key| groups.get(&key).copied()).collect();
            let held = joined.iter().filter_map(|group| self.principal(*group));
            let held: Vec<PolicyId> = held.flat_map(|group| group.policies.clone()).collect();
            if let Some(member) = self.principals.get_mut(place) {
                member.policies.extend(held);
                member.groups = joined;
            }
        }
    }
}

impl Estate {
    /// Takes in resources, with the roles that they run as.
    fn add_resources(&mut self, resources: &BTreeMap<String, Resource>) {
        let role = |resource: &Resource| {
            resource.role(|profile| resources.get(profile)).and_then(|arn| self.find(arn))
        };
        let mut rows: Vec<(Option<PrincipalId>, Resource)> =
            resources.values().map(|resource| (role(resource), resource.clone())).collect();
        rows.sort_by(|(_, one), (_, other)| {
            (&one.account, &one.kind, &one.id).cmp(&(&other.account, &other.kind, &other.id))
        });
        for (place, (role, resource)) in (0u32..).zip(rows) {
            if resource.kind == INSTANCE_PROFILE
                && let Some(held) = role.and_then(|role| self.principals.get_mut(role.0 as usize))
            {
                held.in_instance_profile = true;
            }
            self.by_resource.insert(resource.id.clone(), place);
            self.roles.push(role);
            self.resources.push(resource);
        }
    }

    /// Takes in who has which credentials.
    fn credit(&mut self, credentials: &BTreeMap<String, Credential>) {
        for credential in credentials.values() {
            let active = credential.state() != CredentialState::Inactive;
            let id = self.find(&credential.identity);
            let Some(holder) = id.and_then(|id| self.principals.get_mut(id.0 as usize)) else { continue };
            match credential.kind() {
                CredentialKind::Password => holder.has_password = Some(active),
                CredentialKind::AccessKey => holder.keys = Some(holder.keys.unwrap_or(0) + 1),
                CredentialKind::Unknown
                | CredentialKind::SessionKey
                | CredentialKind::SecondFactor
                | CredentialKind::Certificate => {}
            }
        }
    }

    /// An account belongs to an organisation, and nobody can tell what limits it there.
    fn limit_unknown(&mut self, place: usize, id: &str) {
        let unknown = self.named(&format!("control policies of {id}"));
        if let Some(account) = self.accounts.get_mut(place) {
            account.service_control = vec![vec![unknown]];
        }
    }

    /// Gives accounts their places in their organisation, and the control policies from the root down to them.
    fn organise(
        &mut self,
        nodes: &BTreeMap<String, OrganisationNode>,
        control: &BTreeSet<(String, i32, String)>,
    ) {
        let management = nodes.values().find(|node| node.is_management);
        let management: Arc<str> = management.map_or("", |node| &node.id).into();
        let limits = |origin: Origin| control.iter().any(|(_, own, _)| *own == i32::from(origin));
        let (by_service, by_resource) = (limits(Origin::ServiceControl), limits(Origin::ResourceControl));
        for place in 0..self.accounts.len() {
            let Some(id) = self.accounts.get(place).map(|account| Arc::clone(&account.id)) else { continue };
            let Some(path) = organisation::path(&id, |id| nodes.get(id)) else {
                if nodes.contains_key(&*id) {
                    self.limit_unknown(place, &id);
                }
                continue;
            };
            let mut levels = |origin: Origin| {
                let attached = path.iter().map(|node| {
                    let of_node = control.range((node.id.clone(), origin.into(), String::new())..);
                    let own = of_node
                        .take_while(|(holder, own, _)| *holder == node.id && *own == i32::from(origin));
                    own.map(|(_, _, policy)| policy.clone()).collect::<Vec<_>>()
                });
                let attached: Vec<Vec<String>> = attached.collect();
                attached.iter().map(|names| names.iter().map(|name| self.named(name)).collect()).collect()
            };
            // Where no control policy is shown at all, they are not in use, or were not exported: nothing is known to limit.
            let service = if by_service { levels(Origin::ServiceControl) } else { Vec::new() };
            let resource = if by_resource { levels(Origin::ResourceControl) } else { Vec::new() };
            let organisation = path.first().map_or("", |root| &root.organisation);
            let units = path.iter().take(path.len().saturating_sub(1)).map(|node| format!("{}/", node.id));
            let text: String = std::iter::once(format!("{organisation}/")).chain(units).collect();
            if let Some(account) = self.accounts.get_mut(place) {
                account.name = path.last().map_or("", |node| &node.name).into();
                account.organisation = organisation.into();
                account.path = text.into();
                account.management = Arc::clone(&management);
                (account.service_control, account.resource_control) = (service, resource);
            }
        }
    }
}

/// What whoever may write policies could give itself.
const ANY_POLICY: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
