//! What AWS itself keeps of when an identity tried what last, in terms of permissions: rows of the inventory.
//!
//! Attempts are kept, refused ones, too, for 400 days: of each service that a policy of the identity allows, by whatever
//! call; of some calls that manage, one by one; of those that handle data only that of their service. Of what is asked
//! along with another call, such as passing a role, nothing is kept. Source: "Refine permissions in AWS using last accessed
//! information", IAM User Guide.

use std::collections::BTreeMap;

use doorward_model::inventory::last_use::LastUse;
use doorward_model::time::{Millis, Time};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Usage;
use crate::catalog::PermissionId;
use crate::estate::{Estate, Principal};
use crate::permission_set::PermissionSet;

/// What AWS keeps of one identity.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Tracked {
    /// What it did not try.
    pub(super) never: PermissionSet,
    /// What it tried, and when last.
    pub(super) last: BTreeMap<PermissionId, Time>,
    pub(super) answer: TrackedAnswer,
}

/// What AWS keeps of when an identity tried what last.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct TrackedAnswer {
    /// So far back it was kept when AWS was asked, or since the identity was made.
    #[schema(value_type = String, format = DateTime)]
    pub from: Time,
    /// When AWS was asked.
    #[schema(value_type = String, format = DateTime)]
    pub to: Time,
    /// Of how many services it is kept.
    pub services: usize,
    /// Of how many of their actions one by one.
    pub actions: usize,
}

/// Whether an identity tried something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Tried {
    /// It did not.
    Never,
    /// It did, and then for the last time; perhaps it was refused.
    Last(Time),
    /// It is not kept.
    Untold,
}

impl Tracked {
    /// What is kept of a principal; nothing where AWS was not asked about it.
    pub(super) fn of(usage: &Usage, estate: &Estate, principal: &Principal) -> Option<Self> {
        let services = estate.last_uses(principal.arn())?;
        let asked = services.values().filter_map(|row| row.seen).map(|seen| seen.at_ms).min()?;
        let to = Time::from_ms(asked);
        let mut tracked = Self {
            answer: TrackedAnswer {
                from: (to - KEPT).max(Time::from_ms(principal.identity.created_at_ms)).min(to),
                to,
                services: services.len(),
                actions: services.values().map(|row| row.actions.len()).sum(),
            },
            ..Self::default()
        };
        let (mut actions, mut unused) = (Vec::new(), Vec::new());
        for LastUse { service, used_at_ms, actions: own, .. } in services.values() {
            for (action, used_at_ms) in own {
                let Some(permission) = usage.catalog.find(&format!("{service}:{action}")) else { continue };
                match *used_at_ms {
                    0 => actions.push(permission),
                    at => drop(tracked.last.insert(permission, Time::from_ms(at))),
                }
            }
            // Whoever did not try the service at all tried none of its calls, kept one by one or not.
            unused.extend(usage.callable.get(service).filter(|_| *used_at_ms == 0));
        }
        let never = PermissionSet::union(unused).or(&actions.into_iter().collect());
        tracked.never = never.minus(&tracked.tried());
        Some(tracked)
    }

    /// What it tried.
    pub(super) fn tried(&self) -> PermissionSet {
        self.last.keys().copied().collect()
    }

    /// Whether it tried something.
    pub(super) fn of_permission(&self, permission: PermissionId) -> Tried {
        match self.last.get(&permission) {
            Some(at) => Tried::Last(*at),
            None if self.never.contains(permission) => Tried::Never,
            None => Tried::Untold,
        }
    }
}

/// So far back AWS looks at most.
const KEPT: Millis = Millis::DAY.times(400);
