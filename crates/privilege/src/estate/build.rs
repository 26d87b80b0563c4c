//! Rows of the inventory into an estate.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use doorward_model::identity::{Credential, CredentialKind, CredentialState, Identity};
use doorward_model::inventory::organisation::{self, OrganisationNode};
use doorward_model::inventory::resource::{INSTANCE_PROFILE, Resource};
use doorward_model::inventory::row::Row;
use doorward_model::inventory::{AccountExport, Entitlement, Origin, PolicyDocument};

use super::{
    Account, AccountId, Estate, Held, Policy, PolicyId, Principal, PrincipalId, PrincipalKind, is_changeable,
};
use crate::document::Document;

/// Collects what exports say. Where two speak of the same holder or document, the newer one is right.
#[derive(Debug, Default)]
pub struct Builder {
    exports: Vec<AccountExport>,
}

/// What is known of one holder before ids are given.
struct Holder {
    kind: PrincipalKind,
    identity: Arc<Identity>,
    entitlements: Vec<Entitlement>,
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
        let mut estate = Estate::default();
        estate.any_policy = estate.add_policy("any policy".into(), held(ANY_POLICY));
        let mut all = Rows::default();
        for export in self.exports {
            all.take(export);
        }
        estate.read(all.texts);
        let mut rows: Vec<Holder> = all.holders.into_values().collect();
        let place = |row: &Holder| (row.identity.account.clone(), row.kind);
        rows.sort_by_cached_key(|row| (place(row), row.identity.id.clone()));
        estate.place(&rows);
        estate.entitle(rows);
        estate.join_groups();
        estate.add_resources(&all.resources);
        for (name, holder) in all.guards {
            let id = estate.named(&name);
            estate.guards.insert(holder.into(), id);
        }
        estate.credit(&all.credentials);
        estate.organise(&all.nodes, &all.control);
        estate
    }
}

/// What exports say together.
#[derive(Default)]
struct Rows {
    holders: BTreeMap<String, Holder>,
    texts: BTreeMap<String, PolicyDocument>,
    resources: BTreeMap<String, Resource>,
    credentials: BTreeMap<String, Credential>,
    nodes: BTreeMap<String, OrganisationNode>,
    /// The holders of resource policies, by the names of these.
    guards: BTreeMap<String, String>,
    /// Control policies by node, as they are attached: the origin and the policy.
    control: BTreeSet<(String, i32, String)>,
}

impl Rows {
    /// Takes in one export, over what older ones said.
    fn take(&mut self, export: AccountExport) {
        // A person of Identity Center holds nothing itself: what it may do stands in the roles it is assigned.
        for identity in export.identities.into_iter().filter(|one| one.id.starts_with("arn:")) {
            let kind = if identity.id.contains(":role/") { PrincipalKind::Role } else { PrincipalKind::User };
            put(&mut self.holders, kind, identity);
        }
        for group in export.groups {
            let account = group.id.split(':').nth(4).unwrap_or_default().to_owned();
            let identity = Identity { id: group.id, name: group.name, account, ..Identity::default() };
            put(&mut self.holders, PrincipalKind::Group, identity);
        }
        for entitlement in export.entitlements {
            if matches!(entitlement.origin(), Origin::ServiceControl | Origin::ResourceControl) {
                self.control.insert((entitlement.holder, entitlement.origin, entitlement.policy));
            } else if entitlement.origin() == Origin::Resource {
                self.guards.insert(entitlement.document_name(), entitlement.holder);
            } else if let Some(row) = self.holders.get_mut(&entitlement.holder) {
                row.entitlements.push(entitlement);
            }
        }
        self.texts.extend(export.policies.into_iter().map(|document| (document.name.clone(), document)));
        export.resources.into_iter().for_each(|row| join(&mut self.resources, row.id.clone(), row));
        export.credentials.into_iter().for_each(|row| join(&mut self.credentials, row.id.clone(), row));
        export.nodes.into_iter().for_each(|row| join(&mut self.nodes, row.id.clone(), row));
    }
}

/// Takes in what a row says over what others said of the same thing.
fn join<T: Row>(rows: &mut BTreeMap<String, T>, id: String, row: T) {
    match rows.entry(id) {
        Entry::Vacant(place) => drop(place.insert(row)),
        Entry::Occupied(mut known) => known.get_mut().join(row),
    }
}

fn put(rows: &mut BTreeMap<String, Holder>, kind: PrincipalKind, identity: Identity) {
    let row = Holder { kind, identity: Arc::new(identity), entitlements: Vec::new() };
    rows.insert(row.identity.id.clone(), row);
}

impl Estate {
    /// Reads the documents; equal ones once.
    fn read(&mut self, texts: BTreeMap<String, PolicyDocument>) {
        for (name, document) in texts {
            let held = self.documents.entry(document.hash).or_insert_with(|| held(&document.text)).clone();
            let other = document.not_in_force().map(|(arn, _)| arn.into());
            let id = self.add_policy(name.into(), held);
            if let Some(arn) = other {
                self.other_versions.entry(arn).or_default().push(id);
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
    fn place(&mut self, rows: &[Holder]) {
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
    fn entitle(&mut self, rows: Vec<Holder>) {
        for Holder { kind, identity, entitlements } in rows {
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
            for Entitlement { holder, policy, origin, .. } in entitlements {
                match Origin::try_from(origin).unwrap_or(Origin::Unknown) {
                    Origin::Inline => {
                        let id = self.named(&format!("{holder} {policy}"));
                        principal.policies.push(id);
                    }
                    // A way of assigning that this release does not know is taken for one that gives.
                    Origin::Attached | Origin::Unknown => {
                        principal.policies.push(self.named(&policy));
                    }
                    Origin::Boundary => principal.boundary = Some(self.named(&policy)),
                    Origin::Trust => principal.trust = Some(self.named(&format!("{holder} {policy}"))),
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

fn held(text: &str) -> Held {
    match Document::read(text) {
        Ok(document) => Held::Read(Arc::new(document)),
        Err(error) => Held::Unreadable(Arc::new(error)),
    }
}
