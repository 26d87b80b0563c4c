//! Rows of the inventory, each under its key: what exports say together, or what of it has changed.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use doorward_model::hash::Hash16;
use doorward_model::identity::{Credential, Identity};
use doorward_model::inventory::last_use::LastUse;
use doorward_model::inventory::organisation::OrganisationNode;
use doorward_model::inventory::resource::Resource;
use doorward_model::inventory::row::Row;
use doorward_model::inventory::{AccountExport, Entitlement, Group, Origin, PolicyDocument, Scope, Source};

use super::center::CenterRows;
use super::{Held, PrincipalKind};
use crate::document::Document;

/// Rows, each under its key.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) holders: BTreeMap<String, Holder>,
    /// What each holder has, whether the holder is known or not: how, and the name of the document.
    pub(super) rights: BTreeMap<String, BTreeSet<(Origin, String)>>,
    /// The document of each name.
    pub(super) texts: BTreeMap<String, Hash16>,
    /// Which version of it each policy of AWS has.
    versions: BTreeMap<String, String>,
    /// Each different document, read, by the hash of its text.
    pub(super) documents: BTreeMap<Hash16, Held>,
    pub(super) resources: BTreeMap<String, Resource>,
    pub(super) credentials: BTreeMap<String, Credential>,
    pub(super) nodes: BTreeMap<String, OrganisationNode>,
    /// Resource policies: the resource, and the name of the document.
    pub(super) guards: BTreeSet<(String, String)>,
    /// Control policies by node, as they are attached: the origin and the policy.
    pub(super) control: BTreeSet<(String, i32, String)>,
    /// By identity and service.
    pub(super) last_uses: BTreeMap<String, BTreeMap<String, LastUse>>,
    pub(super) center: CenterRows,
}

/// A user, role or group.
#[derive(Clone, Debug)]
pub(super) struct Holder {
    pub(super) kind: PrincipalKind,
    pub(super) identity: Arc<Identity>,
}

impl Rows {
    /// Takes in one export, over what older ones said.
    pub(super) fn join(&mut self, mut export: AccountExport) {
        export.policies.retain(|document| {
            let known = self.versions.get(&document.name).map_or("", String::as_str);
            !PolicyDocument::goes_back(&document.name, known, &document.version)
        });
        self.center.take(&mut export);
        let scope = export.scope;
        for (id, holder) in holders(&mut export) {
            // A newer statement of a holder tells all that it has, unless IAM was asked about nothing else.
            let by = holder.identity.seen.unwrap_or_default().source();
            if scope == Scope::Account || by != Source::Iam {
                self.rights.remove(&id);
            }
            self.holders.insert(id, holder);
        }
        self.hold(&mut export);
        export.resources.into_iter().for_each(|row| join(&mut self.resources, row.id.clone(), row));
        export.credentials.into_iter().for_each(|row| join(&mut self.credentials, row.id.clone(), row));
        export.nodes.into_iter().for_each(|row| join(&mut self.nodes, row.id.clone(), row));
        for row in export.last_uses {
            join(self.last_uses.entry(row.identity.clone()).or_default(), row.service.clone(), row);
        }
    }

    /// Puts the rows of an export in place of those that have the same keys.
    pub(super) fn put(&mut self, mut export: AccountExport) {
        self.center.take(&mut export);
        self.holders.extend(holders(&mut export));
        self.hold(&mut export);
        self.resources.extend(export.resources.into_iter().map(|row| (row.id.clone(), row)));
        self.credentials.extend(export.credentials.into_iter().map(|row| (row.id.clone(), row)));
        self.nodes.extend(export.nodes.into_iter().map(|row| (row.id.clone(), row)));
        for row in export.last_uses {
            self.last_uses.entry(row.identity.clone()).or_default().insert(row.service.clone(), row);
        }
    }

    /// Takes in who holds which documents, and what these say; equal ones are read once.
    fn hold(&mut self, export: &mut AccountExport) {
        for row in std::mem::take(&mut export.entitlements) {
            let name = row.document_name();
            let Entitlement { holder, policy, origin, .. } = row;
            match Origin::try_from(origin).unwrap_or(Origin::Unknown) {
                Origin::ServiceControl | Origin::ResourceControl => {
                    self.control.insert((holder, origin, policy));
                }
                Origin::Resource => {
                    self.guards.insert((holder, name));
                }
                origin => {
                    self.rights.entry(holder).or_default().insert((origin, name));
                }
            }
        }
        for PolicyDocument { name, text, hash, version, .. } in std::mem::take(&mut export.policies) {
            self.documents.entry(hash).or_insert_with(|| held(&text));
            if PolicyDocument::is_of_aws(&name) {
                self.versions.insert(name.clone(), version);
            }
            self.texts.insert(name, hash);
        }
    }
}

/// Users, roles and groups by their ARNs.
fn holders(export: &mut AccountExport) -> impl Iterator<Item = (String, Holder)> + use<> {
    let (identities, groups) = (std::mem::take(&mut export.identities), std::mem::take(&mut export.groups));
    let identities = identities.into_iter().filter(|one| one.id.starts_with("arn:")).map(|identity| {
        let kind = if identity.id.contains(":role/") { PrincipalKind::Role } else { PrincipalKind::User };
        (identity.id.clone(), Holder { kind, identity: Arc::new(identity) })
    });
    let groups = groups.into_iter().map(|Group { id, name, .. }| {
        let account = id.split(':').nth(4).unwrap_or_default().to_owned();
        let identity = Identity { id: id.clone(), name, account, ..Identity::default() };
        (id, Holder { kind: PrincipalKind::Group, identity: Arc::new(identity) })
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

/// A document, or why it cannot be read.
pub(super) fn held(text: &str) -> Held {
    match Document::read(text) {
        Ok(document) => Held::Read(Arc::new(document)),
        Err(error) => Held::Unreadable(Arc::new(error)),
    }
}
