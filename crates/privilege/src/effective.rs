//! What every principal could do by its own policies within what limits it: all permissions at once, as sets.
//!
//! The answers are those that [`crate::evaluate`] gives for each known permission on each [`Target`] of a principal: a
//! resource, or resources, of its own account, under circumstances of which nothing is known. Where it says `only if`
//! here, it may know better: sets do not see that several policies speak of one unknown, nor to which region a request
//! goes. Policies of resources do not
//! count: neither what they add, nor that a key or a role must let the caller in itself. What needs no permission does
//! not count, either.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::catalog::Catalog;
use crate::estate::{Estate, PolicyId, Principal, PrincipalId};
use crate::pattern::Pattern;
use crate::permission_set::PermissionSet;
use crate::sets::{SetId, Sets};

mod join;
mod parts;

use self::join::Joined;
use self::parts::Parts;

/// What a principal could do. What is in none of the sets is denied, whatever the resource and the circumstances.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Effective {
    /// Allowed on some resource, whatever the circumstances.
    pub certain: SetId,
    /// Allowed on some resource, if something holds that is not known.
    pub only_if: SetId,
    /// Not known, because a document is missing or cannot be read. Then nothing is known to be allowed.
    pub unknown: SetId,
}

/// Resources that permissions of a principal are asked for: those that a statement names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Target {
    /// Which resources.
    pub resources: Pattern,
    /// For which permissions.
    pub permissions: PermissionSet,
}

/// A pattern of a policy that matches no known permission: it is new, or not written as it should be.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Unmatched<'a> {
    /// The policy.
    pub policy: PolicyId,
    /// The statement, from 1.
    pub statement: usize,
    /// What stands there, in lower case.
    pub pattern: &'a str,
}

/// The effective permissions of the principals of an estate, worked out as they are asked for.
#[derive(Debug)]
pub struct Effects<'a> {
    estate: &'a Estate,
    sets: Sets<'a>,
    /// What each policy says, by its id; nothing of those that bear on no principal.
    policies: Vec<Parts<'a>>,
    unmatched: Vec<Unmatched<'a>>,
    /// Principals with the same policies within the same limits are worked out once.
    known: HashMap<Bearing<'a>, Effective, FixedState>,
}

/// All that bears on what a principal could do.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Bearing<'a> {
    identity: &'a [PolicyId],
    boundary: Option<PolicyId>,
    /// Levels of service control policies.
    control: &'a [Vec<PolicyId>],
}

impl<'a> Effects<'a> {
    /// Of this estate; the seed is that of hash maps.
    #[must_use]
    pub fn new(estate: &'a Estate, catalog: &'a Catalog, seed: u64) -> Self {
        let mut sets = Sets::new(catalog, seed);
        let mut unmatched = Vec::new();
        let mut reading = parts::Reading::new(&mut sets, &mut unmatched);
        let bearing = policies_that_bear(estate);
        let policies = estate.policies().zip(bearing).map(|((id, policy), bears)| {
            match (bears, policy.document.document()) {
                (false, _) => Parts::default(),
                (true, Some(document)) => reading.document(id, document),
                (true, None) => Parts::unread(),
            }
        });
        let policies = policies.collect();
        Self { estate, sets, policies, unmatched, known: HashMap::with_hasher(FixedState::with_seed(seed)) }
    }

    /// What a principal could do; nothing, if it is not of the estate.
    pub fn of(&mut self, id: PrincipalId) -> Effective {
        let Some(principal) = self.estate.principal(id) else { return Effective::default() };
        let bearing = Bearing::of(self.estate, principal);
        if let Some(known) = self.known.get(&bearing) {
            return *known;
        }
        let joined = Joined::new(&self.sets, &self.policies, bearing);
        let (certain, possible) = joined.sets();
        let is_unread = joined.is_unread();
        let only_if = self.sets.intern(possible.minus(&certain));
        let effective = match is_unread {
            false => Effective { certain: self.sets.intern(certain), only_if, ..Effective::default() },
            true => Effective { unknown: self.sets.intern(possible), ..Effective::default() },
        };
        self.known.insert(bearing, effective);
        effective
    }

    /// What the sets are about: for each, what a principal's permissions are asked for.
    #[must_use]
    pub fn targets(&self, id: PrincipalId) -> Vec<Target> {
        let bearing = self.estate.principal(id).map(|principal| Bearing::of(self.estate, principal));
        bearing.map(|bearing| Joined::new(&self.sets, &self.policies, bearing).targets()).unwrap_or_default()
    }

    /// The sets by their numbers.
    #[must_use]
    pub fn sets(&self) -> &Sets<'a> {
        &self.sets
    }

    /// Patterns that match no known permission, in the order of policies and statements.
    #[must_use]
    pub fn unmatched(&self) -> &[Unmatched<'a>] {
        &self.unmatched
    }
}

impl<'a> Bearing<'a> {
    fn of(estate: &'a Estate, principal: &'a Principal) -> Self {
        // "Service control policies (SCPs)": they limit neither the management account nor service-linked roles.
        let account = estate.account(principal.account).filter(|account| account.management != account.id);
        let account = account.filter(|_| !principal.is_service_linked());
        Self {
            identity: &principal.policies,
            boundary: principal.boundary,
            control: account.map_or(&[], |account| &account.service_control),
        }
    }

    fn policies(&self) -> impl Iterator<Item = PolicyId> + use<'a> {
        self.identity.iter().copied().chain(self.boundary).chain(self.control.iter().flatten().copied())
    }
}

/// For each policy of the estate, whether it bears on what a principal could do: trust policies do not.
fn policies_that_bear(estate: &Estate) -> Vec<bool> {
    let mut bear = vec![false; estate.policies().count()];
    for (_, principal) in estate.principals() {
        for policy in Bearing::of(estate, principal).policies() {
            if let Some(bears) = bear.get_mut(policy.0 as usize) {
                *bears = true;
            }
        }
    }
    bear
}

#[cfg(test)]
mod tests;
