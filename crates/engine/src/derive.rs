//! The inventory of a state, back as the rows of exports: what questions about privilege are asked of.

use std::collections::BTreeMap;

use doorward_model::hash::Hash16;
use doorward_model::inventory::row::{PolicyFound, Row, RowKind};
use doorward_model::inventory::{AccountExport, PolicyDocument, Scope, Seen};
use doorward_views::control::Control;
use doorward_views::inventory::Inventory;
use doorward_views::inventory::table::Table;
use doorward_views::state::State;

/// The rows of all accounts, by account, each row as of when it was seen last. A document has only its hash, and no
/// text: that is a blob. What has gone is not among them, nor who was never told of but by what it does.
#[must_use]
pub fn derive(state: &State) -> Vec<AccountExport> {
    let control = &state.control;
    let inventory = &control.inventory;
    let mut exports = Exports { control, by_account: BTreeMap::new() };
    for (account, import) in &inventory.imports {
        let export = exports.of(account);
        export.scope = Scope::Account;
        export.newest_at_ms = import.newest_at_ms;
        export.complete = import.confirmed_at_ms != 0;
    }
    exports.identities();
    exports.rows(&inventory.groups, |group| group.account.clone(), |export| &mut export.groups);
    exports.policies(&inventory.policies);
    exports.rows(
        &inventory.entitlements,
        |held| whose(control, &held.holder),
        |export| &mut export.entitlements,
    );
    for credential in control.credentials.values().filter(|credential| credential.seen.is_some()) {
        exports.of(&whose(control, &credential.identity)).credentials.push(credential.clone());
    }
    exports.rows(&inventory.resources, |row| row.account.clone(), |export| &mut export.resources);
    exports.rows(&inventory.nodes, |node| node.organisation.clone(), |export| &mut export.nodes);
    exports.rows(
        &inventory.permission_sets,
        |set| set.instance.clone(),
        |export| &mut export.permission_sets,
    );
    exports.rows(&inventory.assignments, |row| row.account.clone(), |export| &mut export.assignments);
    exports.rows(&inventory.memberships, |row| row.store.clone(), |export| &mut export.memberships);
    exports.rows(&inventory.findings, |finding| finding.account.clone(), |export| &mut export.findings);
    exports.by_account.into_values().collect()
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

    fn identities(&mut self) {
        for known in self.control.identities.values().filter(|known| known.gone().is_none()) {
            // Older releases did not keep who says so; only exports tell when one was made.
            if known.seen().is_none() && known.created_at_ms == 0 {
                continue;
            }
            let mut identity = known.told();
            let last = |seen| last_seen(&self.control.inventory, RowKind::Identity, (&known.id, seen));
            identity.seen = known.seen().map(last);
            self.of(&known.account).identities.push(identity);
        }
    }

    fn policies(&mut self, policies: &Table<PolicyFound>) {
        for PolicyFound { name, document, version, seen, .. } in policies.iter() {
            let Some(hash) = Hash16::from_slice(&document) else { continue };
            let holder = name.split_once(' ').map_or(&*name, |(holder, _)| holder);
            let account = whose(self.control, holder);
            let last = seen.map(|seen| last_seen(&self.control.inventory, RowKind::Policy, (&name, seen)));
            let document = PolicyDocument { name, text: String::new(), hash, version, seen: last };
            self.of(&account).policies.push(document);
        }
    }

    fn rows<T: Row>(
        &mut self,
        table: &Table<T>,
        whose: impl Fn(&T) -> String,
        rows: impl Fn(&mut AccountExport) -> &mut Vec<T>,
    ) {
        for mut row in table.iter() {
            let name = row.key().into_iter().next().unwrap_or_default();
            let last = row.seen().map(|seen| last_seen(&self.control.inventory, T::KIND, (&name, seen)));
            row.set_seen(last);
            rows(self.of(&whose(&row))).push(row);
        }
    }
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
