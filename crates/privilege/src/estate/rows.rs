//! The rows that an estate is made of, each under its key, so that some of them can change.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use doorward_model::hash::Hash16;
use doorward_model::identity::{Credential, Identity};
use doorward_model::inventory::organisation::OrganisationNode;
use doorward_model::inventory::resource::Resource;
use doorward_model::inventory::row::{Row, RowKind, Withdrawn};
use doorward_model::inventory::{AccountExport, Entitlement, Origin, PolicyDocument};

use super::{Held, PrincipalKind};
use crate::change::Change;
use crate::document::Document;

/// What exports say together.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    pub(super) holders: BTreeMap<String, Holder>,
    /// What each holder has, whether the holder is known or not: how, and the name of the document.
    pub(super) rights: BTreeMap<String, BTreeSet<(Origin, String)>>,
    /// The document of each name.
    pub(super) texts: BTreeMap<String, Hash16>,
    /// Which version of it each policy of AWS has.
    pub(super) versions: BTreeMap<String, String>,
    /// Each different document, read, by the hash of its text.
    pub(super) documents: BTreeMap<Hash16, Held>,
    pub(super) resources: BTreeMap<String, Resource>,
    pub(super) credentials: BTreeMap<String, Credential>,
    pub(super) nodes: BTreeMap<String, OrganisationNode>,
    /// The holders of resource policies, by the names of these.
    pub(super) guards: BTreeMap<String, String>,
    /// Control policies by node, as they are attached: the origin and the policy.
    pub(super) control: BTreeSet<(String, i32, String)>,
}

/// A user, role or group.
#[derive(Clone, Debug)]
pub(super) struct Holder {
    pub(super) kind: PrincipalKind,
    pub(super) identity: Arc<Identity>,
}

impl Rows {
    /// Takes in one export, over what older ones said.
    pub(super) fn take(&mut self, export: AccountExport) {
        for (id, holder) in holders(export.identities, export.groups) {
            // A newer statement of a holder tells all that it has.
            self.rights.remove(&id);
            self.holders.insert(id, holder);
        }
        export.entitlements.into_iter().for_each(|row| self.hold(row));
        for document in export.policies {
            let known = self.versions.get(&document.name).map_or("", String::as_str);
            if !PolicyDocument::goes_back(&document.name, known, &document.version) {
                self.read(document);
            }
        }
        export.resources.into_iter().for_each(|row| join(&mut self.resources, row.id.clone(), row));
        export.credentials.into_iter().for_each(|row| join(&mut self.credentials, row.id.clone(), row));
        export.nodes.into_iter().for_each(|row| join(&mut self.nodes, row.id.clone(), row));
    }

    /// Puts rows as they are now in place of what was known, and takes out what is gone.
    pub(super) fn change(&mut self, change: &Change) {
        for gone in &change.gone {
            self.withdraw(gone);
        }
        for export in change.now.iter().cloned() {
            self.holders.extend(holders(export.identities, export.groups));
            export.entitlements.into_iter().for_each(|row| self.hold(row));
            export.policies.into_iter().for_each(|document| self.read(document));
            self.resources.extend(export.resources.into_iter().map(|row| (row.id.clone(), row)));
            self.credentials.extend(export.credentials.into_iter().map(|row| (row.id.clone(), row)));
            self.nodes.extend(export.nodes.into_iter().map(|row| (row.id.clone(), row)));
        }
    }

    fn hold(&mut self, row: Entitlement) {
        match row.origin() {
            Origin::ServiceControl | Origin::ResourceControl => {
                self.control.insert((row.holder, row.origin, row.policy));
            }
            Origin::Resource => drop(self.guards.insert(row.document_name(), row.holder)),
            origin => {
                let name = row.document_name();
                self.rights.entry(row.holder).or_default().insert((origin, name));
            }
        }
    }

    /// Reads a document; equal ones once.
    fn read(&mut self, PolicyDocument { name, text, hash, version, .. }: PolicyDocument) {
        self.documents.entry(hash).or_insert_with(|| held(&text));
        if PolicyDocument::is_of_aws(&name) {
            self.versions.insert(name.clone(), version);
        }
        self.texts.insert(name, hash);
    }

    fn withdraw(&mut self, gone: &Withdrawn) {
        let Some(name) = gone.key.first() else { return };
        match gone.kind() {
            RowKind::Identity | RowKind::Group => drop(self.holders.remove(name)),
            RowKind::Credential => drop(self.credentials.remove(name)),
            RowKind::Entitlement => {
                let mut row = Entitlement::default();
                row.set_names(&gone.key.iter().map(String::as_str).collect::<Vec<_>>());
                row.origin = gone.key.get(2).and_then(|origin| origin.parse().ok()).unwrap_or(0);
                self.let_go(row);
            }
            RowKind::Policy => drop(self.texts.remove(name)),
            RowKind::Resource => drop(self.resources.remove(name)),
            RowKind::OrganisationNode => drop(self.nodes.remove(name)),
            RowKind::PermissionSet
            | RowKind::Assignment
            | RowKind::Membership
            | RowKind::AccessFinding
            | RowKind::Unknown => {}
        }
    }

    fn let_go(&mut self, row: Entitlement) {
        match row.origin() {
            Origin::ServiceControl | Origin::ResourceControl => {
                self.control.remove(&(row.holder, row.origin, row.policy));
            }
            Origin::Resource => drop(self.guards.remove(&row.document_name())),
            origin => {
                let right = (origin, row.document_name());
                if let Entry::Occupied(mut rights) = self.rights.entry(row.holder) {
                    rights.get_mut().remove(&right);
                    if rights.get().is_empty() {
                        rights.remove();
                    }
                }
            }
        }
    }
}

/// Users, roles and groups by their ARNs.
fn holders(
    identities: Vec<Identity>,
    groups: Vec<doorward_model::inventory::Group>,
) -> impl Iterator<Item = (String, Holder)> {
    // A person of Identity Center holds nothing itself: what it may do stands in the roles it is assigned.
    let identities = identities.into_iter().filter(|one| one.id.starts_with("arn:")).map(|identity| {
        let kind = if identity.id.contains(":role/") { PrincipalKind::Role } else { PrincipalKind::User };
        (identity.id.clone(), Holder { kind, identity: Arc::new(identity) })
    });
    let groups = groups.into_iter().map(|group| {
        let account = group.id.split(':').nth(4).unwrap_or_default().to_owned();
        let identity = Identity { id: group.id, name: group.name, account, ..Identity::default() };
        (identity.id.clone(), Holder { kind: PrincipalKind::Group, identity: Arc::new(identity) })
    });
    identities.chain(groups)
}

/// Takes in what a row says over what others said of the same thing.
fn join<T: Row>(rows: &mut BTreeMap<String, T>, id: String, row: T) {
    match rows.entry(id) {
        Entry::Vacant(place) => drop(place.insert(row)),
        Entry::Occupied(mut known) => known.get_mut().join(row),
    }
}

pub(super) fn held(text: &str) -> Held {
    match Document::read(text) {
        Ok(document) => Held::Read(Arc::new(document)),
        Err(error) => Held::Unreadable(Arc::new(error)),
    }
}
