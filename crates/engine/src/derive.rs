//! The inventory of a state, back as the rows of exports: what questions about privilege are asked of.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use doorward_model::hash::Hash16;
use doorward_model::identity::Credential;
use doorward_model::inventory::center::{Assignment, Membership, PermissionSet};
use doorward_model::inventory::finding::AccessFinding;
use doorward_model::inventory::last_use::LastUse;
use doorward_model::inventory::organisation::OrganisationNode;
use doorward_model::inventory::resource::Resource;
use doorward_model::inventory::row::{PolicyFound, Row, RowKind, Withdrawn};
use doorward_model::inventory::{AccountExport, Entitlement, Group, PolicyDocument, Scope, Seen};
use doorward_views::control::Control;
use doorward_views::identities::KnownIdentity;
use doorward_views::inventory::Inventory;
use doorward_views::inventory::table::Table;

/// The rows of all accounts, by account, each row as of when it was seen last. A document has only its hash, and no
/// text: that is a blob, see [`fill`]. What has gone is not among them, nor who was never told of but by what it does.
#[must_use]
pub fn derive(control: &Control) -> Vec<AccountExport> {
    let inventory = &control.inventory;
    let mut exports = Exports { control, by_account: BTreeMap::new() };
    for (account, import) in &inventory.imports {
        let export = exports.of(account);
        export.scope = Scope::Account;
        export.newest_at_ms = import.newest_at_ms;
        export.complete = import.confirmed_at_ms != 0;
    }
    control.identities.values().for_each(|known| exports.identity(known));
    inventory.groups.iter().for_each(|row| exports.row(row));
    inventory.policies.iter().for_each(|row| exports.policy(row));
    inventory.entitlements.iter().for_each(|row| exports.row(row));
    control.credentials.values().for_each(|row| exports.credential(row));
    inventory.resources.iter().for_each(|row| exports.row(row));
    inventory.nodes.iter().for_each(|row| exports.row(row));
    inventory.permission_sets.iter().for_each(|row| exports.row(row));
    inventory.assignments.iter().for_each(|row| exports.row(row));
    inventory.memberships.iter().for_each(|row| exports.row(row));
    inventory.findings.iter().for_each(|row| exports.row(row));
    inventory.last_uses.iter().for_each(|row| exports.row(row));
    exports.by_account.into_values().collect()
}

/// Those of some rows that are there, as [`derive()`] tells them, and those that are not.
#[must_use]
pub fn derive_rows(
    control: &Control,
    keys: &BTreeSet<(RowKind, Vec<String>)>,
) -> (Vec<AccountExport>, Vec<Withdrawn>) {
    let mut exports = Exports { control, by_account: BTreeMap::new() };
    let mut gone = Vec::new();
    for (kind, key) in keys {
        if !exports.find(*kind, key) {
            gone.push(Withdrawn { kind: (*kind).into(), key: key.clone(), seen: None });
        }
    }
    (exports.by_account.into_values().collect(), gone)
}

/// Gives documents their texts, each looked up once by its hash. One that is not there leaves its documents without:
/// they cannot be read, and what depends on them is unknown.
///
/// # Errors
/// What looking up says.
pub fn fill<E>(
    exports: &mut [AccountExport],
    mut text: impl FnMut(Hash16) -> Result<Option<String>, E>,
) -> Result<(), E> {
    let mut texts: BTreeMap<Hash16, String> = BTreeMap::new();
    for document in exports.iter_mut().flat_map(|export| &mut export.policies) {
        let known = match texts.entry(document.hash) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(text(document.hash)?.unwrap_or_default()),
        };
        document.text.clone_from(known);
    }
    Ok(())
}

struct Exports<'a> {
    control: &'a Control,
    by_account: BTreeMap<String, AccountExport>,
}

impl Exports<'_> {
    /// The export of an account; one of which no whole statement is known holds rows and nothing more.
    fn of(&mut self, account: &str) -> &mut AccountExport {
        self.by_account.entry(account.to_owned()).or_insert_with(|| AccountExport {
            account: account.to_owned(),
            scope: Scope::Rows,
            ..AccountExport::default()
        })
    }

    /// Adds the row of a key, if there is one, and says whether there is.
    fn find(&mut self, kind: RowKind, key: &[String]) -> bool {
        let id = key.first().map_or("", String::as_str);
        let Control { identities, credentials, inventory, .. } = self.control;
        match kind {
            RowKind::Identity => match identities.get(id).filter(|known| is_told(known)) {
                Some(known) => self.identity(known),
                None => return false,
            },
            RowKind::Credential => match credentials.get(id).filter(|known| known.seen.is_some()) {
                Some(known) => self.credential(known),
                None => return false,
            },
            RowKind::Policy => match inventory.policies.get(key) {
                Some(found) => self.policy(found),
                None => return false,
            },
            RowKind::Entitlement => return self.of_table(&inventory.entitlements, key),
            RowKind::Group => return self.of_table(&inventory.groups, key),
            RowKind::Resource => return self.of_table(&inventory.resources, key),
            RowKind::OrganisationNode => return self.of_table(&inventory.nodes, key),
            RowKind::PermissionSet => return self.of_table(&inventory.permission_sets, key),
            RowKind::Assignment => return self.of_table(&inventory.assignments, key),
            RowKind::Membership => return self.of_table(&inventory.memberships, key),
            RowKind::AccessFinding => return self.of_table(&inventory.findings, key),
            RowKind::LastUse => return self.of_table(&inventory.last_uses, key),
            RowKind::Unknown => return false,
        }
        true
    }

    fn of_table<T: Listed>(&mut self, table: &Table<T>, key: &[String]) -> bool {
        let found = table.get(key);
        let is_there = found.is_some();
        found.into_iter().for_each(|row| self.row(row));
        is_there
    }

    fn identity(&mut self, known: &KnownIdentity) {
        if is_told(known) {
            let mut identity = known.told();
            let last = |seen| last_seen(&self.control.inventory, RowKind::Identity, (&known.id, seen));
            identity.seen = known.seen().map(last);
            self.of(&known.account).identities.push(identity);
        }
    }

    fn policy(&mut self, PolicyFound { name, document, version, seen, .. }: PolicyFound) {
        let Some(hash) = Hash16::from_slice(&document) else { return };
        let holder = name.split_once(' ').map_or(&*name, |(holder, _)| holder);
        let account = whose(self.control, holder);
        let last = seen.map(|seen| last_seen(&self.control.inventory, RowKind::Policy, (&name, seen)));
        let document = PolicyDocument { name, text: String::new(), hash, version, seen: last };
        self.of(&account).policies.push(document);
    }

    /// One that says where it is from: others are those that identities were seen to use.
    fn credential(&mut self, known: &Credential) {
        if known.seen.is_some() {
            self.of(&whose(self.control, &known.identity)).credentials.push(known.clone());
        }
    }

    fn row<T: Listed>(&mut self, mut row: T) {
        let name = row.key().into_iter().next().unwrap_or_default();
        let last = row.seen().map(|seen| last_seen(&self.control.inventory, T::KIND, (&name, seen)));
        row.set_seen(last);
        let account = row.account(self.control);
        T::rows(self.of(&account)).push(row);
    }
}

/// A row that exports list as it is.
trait Listed: Row {
    /// The export that it belongs to.
    fn account(&self, control: &Control) -> String;

    /// Where it stands there.
    fn rows(export: &mut AccountExport) -> &mut Vec<Self>;
}

/// Says where rows stand in which export.
macro_rules! listed {
    ($($row:ident in $rows:ident of $account:expr;)+) => {$(
        impl Listed for $row {
            fn account(&self, control: &Control) -> String {
                let account: fn(&Self, &Control) -> String = $account;
                account(self, control)
            }

            fn rows(export: &mut AccountExport) -> &mut Vec<Self> {
                &mut export.$rows
            }
        }
    )+};
}

listed! {
    Group in groups of |row, _| row.account.clone();
    Entitlement in entitlements of |row, control| whose(control, &row.holder);
    Resource in resources of |row, _| row.account.clone();
    OrganisationNode in nodes of |row, _| row.organisation.clone();
    PermissionSet in permission_sets of |row, _| row.instance.clone();
    Assignment in assignments of |row, _| row.account.clone();
    Membership in memberships of |row, _| row.store.clone();
    AccessFinding in findings of |row, _| row.account.clone();
    LastUse in last_uses of |row, control| whose(control, &row.identity);
}

/// Whether an inventory tells of somebody who is there. Older releases did not keep who says so; only exports tell when
/// one was made.
fn is_told(known: &KnownIdentity) -> bool {
    known.gone().is_none() && (known.seen().is_some() || known.created_at_ms != 0)
}

/// Who says so, as of the last time when its account was confirmed, if it was.
fn last_seen(inventory: &Inventory, kind: RowKind, (name, seen): (&str, Seen)) -> Seen {
    Seen { at_ms: seen.at_ms.max(inventory.confirmed_at_ms(kind, name)), ..seen }
}

/// The account that a holder lives in, or what else it belongs to.
fn whose(control: &Control, holder: &str) -> String {
    let key = [holder.to_owned()];
    let inventory = &control.inventory;
    let identity = || control.identities.get(holder).map(|known| known.account.to_string());
    let group = || inventory.groups.get(&key).map(|group| group.account);
    let resource = || inventory.resources.get(&key).map(|resource| resource.account);
    let node = || inventory.nodes.get(&key).map(|node| node.organisation);
    let set = || inventory.permission_sets.get(&key).map(|set| set.instance);
    let known = identity().or_else(group).or_else(resource).or_else(node).or_else(set);
    let told = known.filter(|account| !account.is_empty());
    told.unwrap_or_else(|| holder.split(':').nth(4).unwrap_or_default().to_owned())
}
