//! Who is another than it was.

use std::collections::BTreeSet;

use doorward_model::inventory::PolicyDocument;

use crate::estate::{Estate, PrincipalId, PrincipalKind, Touched};

/// Principals that are others than they were, or hold policies that are: in force, as a limit, by a group, or as a version
/// that is not in force.
pub(super) fn actors(old: &Estate, new: &Estate, touched: &Touched) -> BTreeSet<PrincipalId> {
    let mut actors = touched.principals.clone();
    for policy in &touched.policies {
        let name = new.policy(*policy).map_or("", |policy| &policy.name);
        let in_force = PolicyDocument::not_in_force_of(name).map(|(arn, _)| arn);
        for estate in [old, new] {
            let policies = std::iter::once(*policy).chain(in_force.and_then(|arn| estate.find_policy(arn)));
            for holder in policies.flat_map(|policy| estate.holders(policy)) {
                actors.insert(*holder);
                let group = estate.principal(*holder).filter(|one| one.kind == PrincipalKind::Group);
                actors.extend(
                    group.into_iter().flat_map(|one| estate.members(one.account, &one.identity.name)),
                );
            }
        }
    }
    actors
}

/// The people of Identity Center who were or are behind some principals, as who uses the role or is in the group.
pub(super) fn people(old: &Estate, new: &Estate, own: &BTreeSet<PrincipalId>) -> BTreeSet<PrincipalId> {
    let of = |estate: &Estate, id: PrincipalId| {
        let mut people = estate.people_behind(id);
        people.extend(estate.people_in(id));
        people
    };
    own.iter().flat_map(|id| [of(old, *id), of(new, *id)]).flatten().collect()
}
