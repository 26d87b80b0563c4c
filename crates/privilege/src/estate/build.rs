//! Rows of the inventory into an estate.

use std::collections::BTreeMap;
use std::sync::Arc;

use doorward_model::identity::Identity;
use doorward_model::inventory::{AccountExport, Entitlement, Origin, PolicyDocument};

use super::{Account, AccountId, Estate, Held, Policy, PolicyId, Principal, PrincipalId, PrincipalKind};
use crate::document::Document;

/// Collects what exports say. Where two speak of the same holder or document, the newer one is right.
#[derive(Debug, Default)]
pub struct Builder {
    exports: Vec<AccountExport>,
}

/// What is known of one holder before ids are given.
struct Row {
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
        let mut rows = BTreeMap::new();
        let mut texts = BTreeMap::new();
        for export in self.exports {
            take(export, &mut rows, &mut texts);
        }
        estate.read(texts);
        let mut rows: Vec<Row> = rows.into_values().collect();
        let place = |row: &Row| (row.identity.account.clone(), row.kind);
        rows.sort_by_cached_key(|row| (place(row), row.identity.id.clone()));
        estate.place(&rows);
        estate.entitle(rows);
        estate.join_groups();
        estate
    }
}

/// Takes in one export, over what older ones said.
fn take(
    export: AccountExport,
    rows: &mut BTreeMap<String, Row>,
    texts: &mut BTreeMap<String, PolicyDocument>,
) {
    for identity in export.identities {
        let kind = if identity.id.contains(":role/") { PrincipalKind::Role } else { PrincipalKind::User };
        put(rows, kind, identity);
    }
    for group in export.groups {
        let account = group.id.split(':').nth(4).unwrap_or_default().to_owned();
        let identity = Identity { id: group.id, name: group.name, account, ..Identity::default() };
        put(rows, PrincipalKind::Group, identity);
    }
    for entitlement in export.entitlements {
        if let Some(row) = rows.get_mut(&entitlement.holder) {
            row.entitlements.push(entitlement);
        }
    }
    texts.extend(export.policies.into_iter().map(|document| (document.name.clone(), document)));
}

fn put(rows: &mut BTreeMap<String, Row>, kind: PrincipalKind, identity: Identity) {
    let row = Row { kind, identity: Arc::new(identity), entitlements: Vec::new() };
    rows.insert(row.identity.id.clone(), row);
}

impl Estate {
    /// Reads the documents; equal ones once.
    fn read(&mut self, texts: BTreeMap<String, PolicyDocument>) {
        for (name, PolicyDocument { text, hash, .. }) in texts {
            let document = self.documents.entry(hash).or_insert_with(|| held(&text)).clone();
            self.add_policy(name.into(), document);
        }
    }

    fn add_policy(&mut self, name: Arc<str>, document: Held) -> PolicyId {
        let id = PolicyId(u32::try_from(self.policies.len()).unwrap_or(u32::MAX));
        self.by_policy.insert(Arc::clone(&name), id);
        self.policies.push(Policy { name, document });
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
    fn place(&mut self, rows: &[Row]) {
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
            is_shown: true,
            organisation: Arc::default(),
            is_management: false,
            service_control: Vec::new(),
            resource_control: Vec::new(),
            principals: Default::default(),
        });
        id
    }

    /// Gives each principal what it holds.
    fn entitle(&mut self, rows: Vec<Row>) {
        for Row { kind, identity, entitlements } in rows {
            let account = self.account_of(&identity.account);
            let mut principal = Principal {
                kind,
                account,
                identity,
                policies: Vec::new(),
                own: 0,
                boundary: None,
                trust: None,
                groups: Vec::new(),
            };
            for Entitlement { holder, policy, origin, .. } in entitlements {
                match Origin::try_from(origin).unwrap_or(Origin::Unknown) {
                    Origin::Inline => {
                        let id = self.named(&format!("{holder} {policy}"));
                        principal.policies.push(id);
                    }
                    // A way of assigning that this release does not know is taken for one that gives.
                    Origin::Attached | Origin::Unknown => principal.policies.push(self.named(&policy)),
                    Origin::Boundary => principal.boundary = Some(self.named(&policy)),
                    Origin::Trust => principal.trust = Some(self.named(&format!("{holder} {policy}"))),
                    // Principals hold none of these.
                    Origin::Resource
                    | Origin::ServiceControl
                    | Origin::ResourceControl
                    | Origin::PermissionSet => {}
                }
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

fn held(text: &str) -> Held {
    match Document::read(text) {
        Ok(document) => Held::Read(Arc::new(document)),
        Err(error) => Held::Unreadable(Arc::new(error)),
    }
}
