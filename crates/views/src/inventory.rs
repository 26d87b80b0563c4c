//! The inventory: what exports say, and events of the log that change it, as rows that can be asked for at any time.
//!
//! Identities and credentials are in [`crate::control`], because events make them known, too. Most of what is here
//! concerns few identities, so that it lies in [`table`]s of bytes.

pub mod changes;
pub mod table;

use std::collections::BTreeMap;

use doorward_model::inventory::center::{Assignment, Membership, PermissionSet};
use doorward_model::inventory::finding::AccessFinding;
use doorward_model::inventory::last_use::LastUse;
use doorward_model::inventory::organisation::OrganisationNode;
use doorward_model::inventory::resource::Resource;
use doorward_model::inventory::row::{PolicyFound, Row, RowKind, Withdrawn, account_in_whole};
use doorward_model::inventory::{Entitlement, Group};
use doorward_model::record::{Fact, ImportCommitted};

use crate::inventory::changes::Changes;
use crate::inventory::table::Table;
use crate::symbols::Symbols;

/// The rows of the inventory.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct Inventory {
    /// The latest import of each account.
    pub imports: BTreeMap<String, ImportCommitted>,
    /// Assigned rights, by holder.
    pub entitlements: Table<Entitlement>,
    /// Policies by name.
    pub policies: Table<PolicyFound>,
    /// Groups by id.
    pub groups: Table<Group>,
    /// Resources by id.
    pub resources: Table<Resource>,
    /// Nodes of organisations by id.
    pub nodes: Table<OrganisationNode>,
    /// Permission sets by id.
    pub permission_sets: Table<PermissionSet>,
    /// Who may use which permission set, by account.
    pub assignments: Table<Assignment>,
    /// Who is in which group of Identity Center, by group.
    pub memberships: Table<Membership>,
    /// Findings of Access Analyzer by id.
    pub findings: Table<AccessFinding>,
    /// When identities used services last.
    pub last_uses: Table<LastUse>,
    /// Which events changed them last.
    pub changes: Changes,
}

impl Inventory {
    /// When the account of a row was confirmed last by an export that was complete, if its rows of this kind are
    /// listed there in whole; 0 when never.
    #[must_use]
    pub fn confirmed_at_ms(&self, kind: RowKind, name: &str) -> i64 {
        let import = account_in_whole(kind, name).and_then(|account| self.imports.get(account));
        import.map_or(0, |import| import.confirmed_at_ms)
    }

    /// Takes in a fact of a row.
    pub(crate) fn fold(&mut self, fact: &Fact, symbols: &mut Symbols) {
        match fact {
            Fact::EntitlementObserved(found) => {
                let confirmed = self.confirmed_at_ms(RowKind::Entitlement, &found.holder);
                self.entitlements.fold(found, confirmed, symbols);
            }
            Fact::PolicyFound(found) => {
                let confirmed = self.confirmed_at_ms(RowKind::Policy, &found.name);
                self.policies.fold(found, confirmed, symbols);
            }
            Fact::GroupFound(found) => {
                let confirmed = self.confirmed_at_ms(RowKind::Group, &found.id);
                self.groups.fold(found, confirmed, symbols);
            }
            Fact::ResourceFound(found) => self.resources.fold(found, 0, symbols),
            Fact::OrganisationNodeFound(found) => self.nodes.fold(found, 0, symbols),
            Fact::PermissionSetFound(found) => self.permission_sets.fold(found, 0, symbols),
            Fact::AssignmentFound(found) => self.assignments.fold(found, 0, symbols),
            Fact::MembershipFound(found) => self.memberships.fold(found, 0, symbols),
            Fact::AccessFindingFound(found) => self.findings.fold(found, 0, symbols),
            Fact::LastUseFound(found) => self.last_uses.fold(found, 0, symbols),
            Fact::InventoryChanged(change) => self.changes.fold(change),
            Fact::ImportCommitted(import) => {
                self.imports.insert(import.account.clone(), import.clone());
            }
            _ => {}
        }
    }

    /// Forgets what is there no more.
    pub(crate) fn withdraw(&mut self, gone: &Withdrawn) {
        let key = gone.key.as_slice();
        match gone.kind() {
            RowKind::Entitlement => self.entitlements.withdraw(key),
            RowKind::Policy => self.policies.withdraw(key),
            RowKind::Group => self.groups.withdraw(key),
            RowKind::Resource => self.resources.withdraw(key),
            RowKind::OrganisationNode => self.nodes.withdraw(key),
            RowKind::PermissionSet => self.permission_sets.withdraw(key),
            RowKind::Assignment => self.assignments.withdraw(key),
            RowKind::Membership => self.memberships.withdraw(key),
            RowKind::AccessFinding => self.findings.withdraw(key),
            RowKind::LastUse => self.last_uses.withdraw(key),
            RowKind::Identity | RowKind::Credential | RowKind::Unknown => {}
        }
    }

    /// The facts that lead to it.
    pub(crate) fn facts(&self) -> Vec<Fact> {
        let mut facts = Vec::new();
        facts.extend(self.groups.iter().map(Row::found));
        facts.extend(self.policies.iter().map(Row::found));
        facts.extend(self.entitlements.iter().map(Row::found));
        facts.extend(self.resources.iter().map(Row::found));
        facts.extend(self.nodes.iter().map(Row::found));
        facts.extend(self.permission_sets.iter().map(Row::found));
        facts.extend(self.assignments.iter().map(Row::found));
        facts.extend(self.memberships.iter().map(Row::found));
        facts.extend(self.findings.iter().map(Row::found));
        facts.extend(self.last_uses.iter().map(Row::found));
        facts.extend(self.imports.values().cloned().map(Fact::ImportCommitted));
        facts.extend(self.changes.iter().cloned().map(Fact::InventoryChanged));
        facts
    }
}
