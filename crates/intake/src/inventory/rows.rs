//! Rows of several values put together.

use std::collections::BTreeMap;

use doorward_model::inventory::AccountExport;
use doorward_model::inventory::organisation::{NodeKind, OrganisationNode};
use doorward_model::inventory::resource::is_instance_profile;
use doorward_model::inventory::row::Row;

/// Of an organisation that is refused, which accounts are in it, wherever.
pub(super) fn members(export: AccountExport) -> AccountExport {
    let accounts = export.nodes.into_iter().filter(|node| node.kind() == NodeKind::Account);
    let nodes = accounts.map(|node| OrganisationNode { parent: String::new(), ..node }).collect();
    AccountExport { nodes, ..AccountExport::default() }
}

/// The same with one row of each thing, in the order of ids, and with roles in place of instance profiles that are
/// known.
pub(super) fn settled(mut export: AccountExport) -> AccountExport {
    export.identities = last_of_each(export.identities, |row| row.id.clone());
    export.groups = last_of_each(export.groups, |row| row.id.clone());
    export.policies = last_of_each(export.policies, |row| row.name.clone());
    export.credentials = joined(export.credentials, |row| row.id.clone(), Row::join);
    export.permission_sets =
        joined(export.permission_sets, |row| row.id.clone(), |one, other| one.join(other));
    export.findings = last_of_each(export.findings, |row| row.id.clone());
    export.last_uses = last_of_each(export.last_uses, |row| (row.identity.clone(), row.service.clone()));
    // One that only names a policy takes from none its document.
    export.entitlements =
        joined(export.entitlements, |row| (row.holder.clone(), row.policy.clone(), row.origin), Row::join);
    export.assignments = last_of_each(export.assignments, |row| {
        (row.principal.clone(), row.principal_kind, row.permission_set.clone())
    });
    export.memberships = last_of_each(export.memberships, |row| (row.group.clone(), row.member.clone()));
    export.nodes = joined(export.nodes, |row| row.id.clone(), |one, other| one.join(other));
    export.resources = joined(export.resources, |row| row.id.clone(), |one, other| one.join(other));
    resolve_profiles(&mut export);
    export.gone.sort();
    export
}

fn last_of_each<T, K: Ord>(rows: Vec<T>, key: impl Fn(&T) -> K) -> Vec<T> {
    let by_key: BTreeMap<K, T> = rows.into_iter().map(|row| (key(&row), row)).collect();
    by_key.into_values().collect()
}

fn joined<T, K: Ord>(rows: Vec<T>, key: impl Fn(&T) -> K, join: impl Fn(&mut T, T)) -> Vec<T> {
    let mut by_key: BTreeMap<K, T> = BTreeMap::new();
    for row in rows {
        let key = key(&row);
        match by_key.get_mut(&key) {
            Some(known) => join(known, row),
            None => drop(by_key.insert(key, row)),
        }
    }
    by_key.into_values().collect()
}

fn resolve_profiles(export: &mut AccountExport) {
    let profiles =
        export.resources.iter().filter(|one| is_instance_profile(&one.id) && !one.runs_as.is_empty());
    let roles: BTreeMap<String, String> = profiles.map(|one| (one.id.clone(), one.runs_as.clone())).collect();
    for resource in &mut export.resources {
        if let Some(role) = roles.get(&resource.runs_as) {
            resource.runs_as.clone_from(role);
        }
    }
}
