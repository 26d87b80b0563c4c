//! What a principal holds that denies, and what it has left without it. A policy goes whole, with what it allows.

use super::{Estate, PolicyId, Principal, Way, Written};
use crate::document::Effect;

/// What statements there are in a policy, or in all of a group.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
struct Effects {
    denies: bool,
    /// What cannot be read may.
    allows: bool,
}

impl Estate {
    /// Whether something denies that comes to a principal in a way.
    #[must_use]
    pub fn is_denied_by(&self, principal: &Principal, way: Way) -> bool {
        match way {
            Way::Managed | Way::Inline => self.coming(own(principal).0, way).any(|one| one.denies),
            Way::Group(Some(_)) => self.coming(own(principal).1, way).any(|one| one.denies),
            Way::Group(None) => self.groups_of(principal).any(|(_, one)| one.denies),
        }
    }

    /// The policies that a principal has left without what denies and comes to it in a way. Where some does nothing but
    /// deny, that alone goes; else all goes that denies.
    #[must_use]
    pub fn without_denying(&self, principal: &Principal, way: Way) -> Vec<PolicyId> {
        let (own, joined) = own(principal);
        match way {
            Way::Managed | Way::Inline => [self.left(own, way), joined.to_vec()].concat(),
            Way::Group(Some(_)) => [own.to_vec(), self.left(joined, way)].concat(),
            Way::Group(None) => {
                let (groups, effects): (Vec<&Principal>, Vec<Effects>) = self.groups_of(principal).unzip();
                let stay = stays(&effects);
                let left = groups.into_iter().zip(stay).filter(|(_, stays)| *stays);
                own.iter().chain(left.flat_map(|(group, _)| &group.policies)).copied().collect()
            }
        }
    }

    fn left(&self, policies: &[PolicyId], way: Way) -> Vec<PolicyId> {
        let effects: Vec<Effects> = self.coming(policies, way).collect();
        policies.iter().zip(stays(&effects)).filter(|(_, stays)| *stays).map(|(id, _)| *id).collect()
    }

    /// What each policy does, as far as it comes in a way.
    fn coming(&self, policies: &[PolicyId], way: Way) -> impl Iterator<Item = Effects> {
        policies.iter().map(move |id| {
            let inline = self.policy(*id).is_some_and(|policy| policy.name.contains(" inline:"));
            let comes = match way {
                Way::Managed | Way::Group(Some(Written::Managed)) => !inline,
                Way::Inline | Way::Group(Some(Written::Inline)) => inline,
                Way::Group(None) => true,
            };
            if comes { self.effects(*id) } else { Effects::default() }
        })
    }

    fn groups_of<'a>(&'a self, principal: &'a Principal) -> impl Iterator<Item = (&'a Principal, Effects)> {
        principal.groups.iter().filter_map(|id| self.principal(*id)).map(|group| {
            let all = group.policies.iter().map(|id| self.effects(*id));
            (group, all.fold(Effects::default(), Effects::or))
        })
    }

    fn effects(&self, id: PolicyId) -> Effects {
        let Some(document) = self.policy(id).and_then(|policy| policy.document.document()) else {
            return Effects { denies: false, allows: true };
        };
        let has = |effect| document.statements.iter().any(|one| one.effect == effect);
        Effects { denies: has(Effect::Deny), allows: has(Effect::Allow) }
    }
}

impl Effects {
    const fn or(self, other: Self) -> Self {
        Self { denies: self.denies || other.denies, allows: self.allows || other.allows }
    }

    const fn only_denies(self) -> bool {
        self.denies && !self.allows
    }
}

/// The policies that a principal holds itself, and those that it has from groups.
fn own(principal: &Principal) -> (&[PolicyId], &[PolicyId]) {
    principal.policies.split_at_checked(principal.own as usize).unwrap_or((&principal.policies, &[]))
}

/// Which of several stay.
fn stays(all: &[Effects]) -> impl Iterator<Item = bool> {
    let some_only_denies = all.iter().any(|one| one.only_denies());
    all.iter().map(move |one| if some_only_denies { !one.only_denies() } else { !one.denies })
}
