//! The rows of Identity Center, each under its key.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use doorward_model::identity::Identity;
use doorward_model::inventory::center::{Assignment, Membership, PermissionSet};
use doorward_model::inventory::row::{Row, RowKind, Withdrawn};
use doorward_model::inventory::{AccountExport, Group};

/// What exports say of Identity Center together.
#[derive(Clone, Debug, Default)]
pub(crate) struct CenterRows {
    /// People, those of a log among them, by id.
    pub(super) people: BTreeMap<String, Identity>,
    /// Groups by id.
    pub(super) groups: BTreeMap<String, Group>,
    /// Permission sets by ARN.
    pub(super) sets: BTreeMap<String, PermissionSet>,
    pub(super) assignments: BTreeMap<Vec<String>, Assignment>,
    pub(super) memberships: BTreeMap<Vec<String>, Membership>,
}

impl CenterRows {
    /// Takes its rows out of an export, over what older ones said.
    pub(crate) fn take(&mut self, export: &mut AccountExport) {
        for person in export.identities.extract_if(.., |one| is_of_center(&one.id)) {
            // What a log knows of a person is less than what an identity store does.
            let known = self.people.get(&person.id);
            if person.unique_id.is_empty() && known.is_some_and(|known| !known.unique_id.is_empty()) {
                continue;
            }
            self.people.insert(person.id.clone(), person);
        }
        for group in export.groups.extract_if(.., |one| is_of_center(&one.id)) {
            self.groups.insert(group.id.clone(), group);
        }
        for set in export.permission_sets.drain(..) {
            match self.sets.entry(set.id.clone()) {
                Entry::Vacant(place) => drop(place.insert(set)),
                Entry::Occupied(mut known) => known.get_mut().join(set),
            }
        }
        self.assignments.extend(export.assignments.drain(..).map(|row| (row.key(), row)));
        self.memberships.extend(export.memberships.drain(..).map(|row| (row.key(), row)));
    }

    /// Puts rows as they are now in place of what was known.
    pub(crate) fn put(&mut self, rows: Self) {
        let Self { people, groups, sets, assignments, memberships } = rows;
        self.people.extend(people);
        self.groups.extend(groups);
        self.sets.extend(sets);
        self.assignments.extend(assignments);
        self.memberships.extend(memberships);
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.people.is_empty()
            && self.groups.is_empty()
            && self.sets.is_empty()
            && self.assignments.is_empty()
            && self.memberships.is_empty()
    }

    /// Takes out what is gone; tells whether it was of Identity Center.
    pub(crate) fn withdraw(&mut self, gone: &Withdrawn) -> bool {
        let Some(name) = gone.key.first() else { return false };
        match gone.kind() {
            RowKind::Identity if is_of_center(name) => drop(self.people.remove(name)),
            RowKind::Group if is_of_center(name) => drop(self.groups.remove(name)),
            RowKind::PermissionSet => drop(self.sets.remove(name)),
            RowKind::Assignment => drop(self.assignments.remove(&gone.key)),
            RowKind::Membership => drop(self.memberships.remove(&gone.key)),
            _ => return false,
        }
        true
    }
}

fn is_of_center(id: &str) -> bool {
    id.starts_with("idc:")
}
