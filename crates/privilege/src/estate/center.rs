//! People and groups of Identity Center: who they are, by whatever name an identity store or a log calls them, and
//! which roles they are assigned.
//!
//! An identity store knows a person by an id; a log knows one by the account and the user name, because that is what
//! sessions of such roles are called. Here one is called by the organisation, or the account, and the user name, and is
//! found by the other names, too.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use doorward_model::inventory::Origin;
use doorward_model::inventory::center;

use self::drawn::{Drawn, Roles, Source};
use super::change::Update;
use super::principal::Right;
use super::{Estate, PrincipalId, PrincipalKind};

mod drawn;
mod rows;

pub(super) use self::rows::CenterRows;

/// That a person or a group may use a role.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Assigned {
    /// The role.
    pub role: PrincipalId,
    /// The name of the permission set that the role comes of.
    pub set: Arc<str>,
    /// By what that is known.
    pub by: AssignedBy,
}

/// By what it is known that somebody may use a role.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum AssignedBy {
    /// By an assignment. The role is in the inventory.
    Assignment,
    /// By an assignment. The role is not in the inventory, and has what its permission set gives.
    SetAlone,
    /// By a log alone: it was used.
    Use,
}

/// Who is assigned what.
#[derive(Clone, Debug, Default)]
pub struct Center {
    pub(super) rows: CenterRows,
    drawn: Drawn,
    /// Other names of people and groups.
    names: BTreeMap<String, PrincipalId>,
    roles: BTreeMap<PrincipalId, BTreeSet<Assigned>>,
    /// The same by role.
    holders: BTreeMap<PrincipalId, BTreeSet<PrincipalId>>,
    members: BTreeMap<PrincipalId, BTreeSet<PrincipalId>>,
}

impl Center {
    /// The roles of a person or a group itself, in order.
    pub fn roles(&self, holder: PrincipalId) -> impl Iterator<Item = &Assigned> {
        self.roles.get(&holder).into_iter().flatten()
    }

    /// All people and groups that are assigned a role, in order.
    pub fn assigned(&self) -> impl Iterator<Item = (PrincipalId, &Assigned)> {
        self.roles.iter().flat_map(|(holder, roles)| roles.iter().map(|one| (*holder, one)))
    }
}

impl Center {
    /// The person or group that somebody calls by another name.
    pub(super) fn find(&self, name: &str) -> Option<PrincipalId> {
        self.names.get(name).copied()
    }

    /// Whether a principal is in no row of its own, but follows from those of Identity Center.
    pub(super) fn makes(&self, name: &str) -> bool {
        self.drawn.holders.contains_key(name)
    }

    /// The groups of a person, by name.
    pub(super) fn groups<'a>(&'a self, person: &'a str) -> impl Iterator<Item = &'a str> {
        let groups = self.drawn.groups.get(person);
        groups.into_iter().flatten().map(String::as_str)
    }
}

impl Estate {
    /// Who is assigned what in Identity Center.
    #[must_use]
    pub fn center(&self) -> &Center {
        &self.center
    }

    /// The roles that a person may use, by itself or by its groups, in order.
    #[must_use]
    pub fn roles_of_person(&self, person: PrincipalId) -> BTreeSet<&Assigned> {
        let groups = self.principal(person).into_iter().flat_map(|one| &one.groups).copied();
        std::iter::once(person).chain(groups).flat_map(|holder| self.center.roles(holder)).collect()
    }

    /// The people who may use a role, by themselves or by their groups, in order.
    #[must_use]
    pub fn people_behind(&self, role: PrincipalId) -> BTreeSet<PrincipalId> {
        let mut people = BTreeSet::new();
        for holder in self.center.holders.get(&role).into_iter().flatten() {
            match self.principal(*holder).map(|one| one.kind) {
                Some(PrincipalKind::Person) => drop(people.insert(*holder)),
                _ => people.extend(self.center.members.get(holder).into_iter().flatten()),
            }
        }
        people
    }

    /// The people in a group of Identity Center.
    pub fn people_in(&self, group: PrincipalId) -> impl Iterator<Item = PrincipalId> + '_ {
        self.center.members.get(&group).into_iter().flatten().copied()
    }

    /// Roles of permission sets that rows tell of, by account and set.
    fn roles_of_sets(&self) -> Roles<'_> {
        let mut roles = Roles::new();
        let told = self.principals().filter(|(_, one)| one.kind == PrincipalKind::Role);
        for (_, one) in told.filter(|(_, one)| !self.center.makes(one.arn())) {
            if let Some(set) = center::of_role(&one.identity.name) {
                roles.entry((&one.identity.account, set)).or_default().push(one.arn());
            }
        }
        roles
    }

    /// What permission sets give, by their ARNs.
    fn given_by_sets(&self) -> BTreeMap<String, BTreeSet<(Origin, String)>> {
        let told = |right: &Right| Some((right.origin, self.policy(right.policy)?.name.to_string()));
        let sets: BTreeSet<&str> =
            self.center.rows.assignments.values().map(|row| row.permission_set.as_str()).collect();
        let given = sets.into_iter().filter_map(|set| Some((set, self.waiting.get(set)?)));
        given.map(|(set, rights)| (set.to_owned(), rights.iter().filter_map(told).collect())).collect()
    }
}

/// Whether what a holder has matters to Identity Center.
pub(super) fn is_permission_set(holder: &str) -> bool {
    holder.contains(":permissionSet/")
}

impl Update<'_> {
    /// Makes principals of the people and groups of Identity Center, and of roles that only follow from it.
    pub(super) fn assign(&mut self) {
        let drawn = Drawn::of(&Source {
            center: &self.estate.center.rows,
            nodes: &self.estate.organisation.nodes,
            given: &self.estate.given_by_sets(),
            roles: self.estate.roles_of_sets(),
        });
        let before = Arc::clone(&self.estate.center);
        for name in before.drawn.holders.keys().filter(|name| !drawn.holders.contains_key(*name)) {
            self.set_rights(name, Vec::new());
            self.remove(name);
        }
        for (name, holder) in &drawn.holders {
            let known = before.drawn.holders.get(name);
            if known.is_none_or(|known| known.identity != holder.identity || known.kind != holder.kind) {
                self.put(holder.clone());
            }
        }
        for (role, rights) in &drawn.rights {
            if before.drawn.rights.get(role) != Some(rights) {
                let named = rights.iter().map(|(origin, name)| (*origin, self.estate.named(name)));
                let rights = named.map(|(origin, policy)| Right { origin, policy }).collect();
                self.set_rights(role, rights);
            }
        }
        self.resolve_center(drawn);
    }

    /// Gives ids to what was drawn, and tells who is assigned something else than before.
    fn resolve_center(&mut self, drawn: Drawn) {
        let mut next = Center { rows: self.estate.center.rows.clone(), ..Center::default() };
        let id = |name: &str| self.estate.own(name);
        for (group, member) in &drawn.members {
            if let Some((group, member)) = id(group).zip(id(member)) {
                next.members.entry(group).or_default().insert(member);
            }
        }
        for (holder, role, set, by) in &drawn.assigned {
            let Some((holder, role)) = id(holder).zip(id(role)) else { continue };
            next.holders.entry(role).or_default().insert(holder);
            let assigned = Assigned { role, set: set.as_str().into(), by: *by };
            next.roles.entry(holder).or_default().insert(assigned);
        }
        let names = drawn.names.iter().filter_map(|(name, known)| Some((name.clone(), id(known)?)));
        next.names = names.collect();
        let before = Arc::clone(&self.base.center);
        let holders: BTreeSet<PrincipalId> = before.roles.keys().chain(next.roles.keys()).copied().collect();
        let others = holders.into_iter().filter(|id| before.roles.get(id) != next.roles.get(id));
        self.touched.principals.extend(others);
        let people: BTreeSet<&String> = before.drawn.groups.keys().chain(drawn.groups.keys()).collect();
        let moved =
            people.into_iter().filter(|name| before.drawn.groups.get(*name) != drawn.groups.get(*name));
        self.stale.extend(moved.filter_map(|name| self.estate.own(name)));
        next.drawn = drawn;
        self.estate.center = Arc::new(next);
    }
}
