//! People of Identity Center: from them, and from their groups, to the roles that they are assigned.

use std::collections::BTreeSet;

use crate::analysis::Drawing;
use crate::analysis::draft::{Board, Cause};
use crate::analysis::explain::Evidence;
use crate::analysis::method::Latent;
use crate::analysis::part::Parts;
use crate::estate::{AssignedBy, Estate, PrincipalId, PrincipalKind};
use crate::targets::Certainty;

impl Drawing<'_> {
    /// Leads a person to its groups, and a person or a group to its roles.
    pub(super) fn assign(&mut self, holder: PrincipalId) {
        let estate = self.estate;
        let Some(principal) = estate.principal(holder) else { return };
        let from = Board::principal(holder);
        for group in &principal.groups {
            self.lead(from, Board::principal(*group), (Certainty::Certain, Cause::InGroup));
        }
        for one in estate.center().roles(holder) {
            self.lead(from, Board::principal(one.role), (certainty(one.by), Cause::Assigned));
        }
    }

    /// The same when it is drawn again. What leaves it is in no part of its own.
    pub(super) fn assign_again(&mut self, holder: PrincipalId, parts: Parts) {
        if parts == Parts::ALL {
            self.assign(holder);
        }
    }

    /// Tells what people are who may be others, and those behind principals that were drawn again: what they are follows
    /// from their roles.
    pub(super) fn settle_all(
        &mut self,
        own: &BTreeSet<PrincipalId>,
        drawn: impl Iterator<Item = PrincipalId>,
    ) {
        let estate = self.estate;
        let people: BTreeSet<PrincipalId> = drawn.flat_map(|id| estate.people_behind(id)).collect();
        for id in own.union(&people) {
            self.settle(*id);
        }
    }

    /// Tells what a person is when its roles are drawn: who may use the role of an administrator is one, and what would
    /// work for a role in another state of its account would work for the person.
    pub(super) fn settle(&mut self, person: PrincipalId) {
        let estate = self.estate;
        if estate.principal(person).is_none_or(|one| one.kind != PrincipalKind::Person) {
            return;
        }
        let roles = estate.roles_of_person(person);
        let is_administrator =
            |role: PrincipalId| self.drawn.administrators.get(role.0 as usize) == Some(&true);
        let mut sure = roles.iter().filter(|one| certainty(one.by) == Certainty::Certain);
        let administers = sure.any(|one| is_administrator(one.role));
        let latent = roles.iter().filter_map(|one| self.drawn.latent.get(one.role.0 as usize));
        let latent: BTreeSet<Latent> = latent.flat_map(|latent| latent.iter().cloned()).collect();
        self.drawn.set_administrator(person, administers);
        self.drawn.clear_latent(person, Parts::ALL);
        for one in latent {
            self.drawn.add_latent(person, one);
        }
    }
}

fn certainty(by: AssignedBy) -> Certainty {
    match by {
        AssignedBy::Assignment | AssignedBy::SetAlone => Certainty::Certain,
        AssignedBy::Use => Certainty::OnlyIf,
    }
}

/// What lets a person or a group use a role.
pub(super) fn assigned(estate: &Estate, holder: PrincipalId, role: PrincipalId) -> Evidence {
    let mut evidence = Evidence::default();
    let name = estate.principal(holder).map_or("", |one| one.arn());
    let account = estate.principal(role).and_then(|role| estate.account(role.account));
    let account = account.map_or("", |account| &account.id);
    for one in estate.center().roles(holder).filter(|one| one.role == role) {
        let set = &one.set;
        match one.by {
            AssignedBy::Assignment | AssignedBy::SetAlone => {
                evidence.statements.push(format!("permission set {set} is assigned to {name} in {account}"));
            }
            AssignedBy::Use => evidence.only_if.push(format!(
                "permission set {set} is still assigned to {name} in {account}, where it was used"
            )),
        }
        if one.by == AssignedBy::SetAlone {
            let said =
                format!("no export holds the role in {account}; it has what permission set {set} gives");
            evidence.statements.push(said);
        }
    }
    evidence
}

/// That a person is in a group.
pub(super) fn in_group(estate: &Estate, person: PrincipalId, group: PrincipalId) -> Evidence {
    let [person, group] = [person, group].map(|id| estate.principal(id).map_or("", |one| one.arn()));
    Evidence { statements: vec![format!("{person} is in {group}")], ..Evidence::default() }
}
