//! All that bears on a principal, joined: at each target, which permissions every layer lets through and no statement
//! denies.

use std::collections::BTreeMap;

use super::parts::{On, Part, Parts, widened};
use super::{Bearing, Target};
use crate::estate::PolicyId;
use crate::pattern::Pattern;
use crate::permission_set::PermissionSet;
use crate::sets::{SetId, Sets};
use crate::truth::Truth;

/// A resource that no policy names, where a statement speaks of all or of all others.
const ELSEWHERE: &str = "arn:aws:elsewhere:elsewhere:elsewhere:elsewhere";

/// What bears on a principal.
pub(super) struct Joined<'s, 'a> {
    sets: &'s Sets<'a>,
    /// The own policies, and what limits them: boundary and levels of control policies.
    identity: Layer<'s, 'a>,
    limits: Vec<Layer<'s, 'a>>,
    denies: Vec<&'s Part<'a>>,
}

/// Policies of which one must allow.
struct Layer<'s, 'a> {
    allows: Vec<&'s Part<'a>>,
    is_unread: bool,
}

/// Permissions that are so for certain, and that may be so.
struct Found {
    certain: PermissionSet,
    possible: PermissionSet,
}

impl<'s, 'a> Joined<'s, 'a> {
    pub(super) fn new(sets: &'s Sets<'a>, policies: &'s [Parts<'a>], bearing: Bearing<'a>) -> Self {
        let parts = |id: &PolicyId| policies.get(id.0 as usize);
        let layer = |ids: &[PolicyId]| Layer {
            allows: ids.iter().filter_map(parts).flat_map(|parts| &parts.allows).collect(),
            is_unread: ids.iter().any(|id| parts(id).is_none_or(|parts| parts.is_unread)),
        };
        let boundary = bearing.boundary.as_ref().map(std::slice::from_ref);
        let control = bearing.control.iter().map(Vec::as_slice);
        let limits = boundary.into_iter().chain(control).map(layer).filter(|layer| !layer.is_open());
        let all: Vec<PolicyId> = bearing.policies().collect();
        Self {
            sets,
            identity: layer(bearing.identity),
            limits: limits.collect(),
            denies: all.iter().filter_map(parts).flat_map(|parts| &parts.denies).collect(),
        }
    }

    /// Whether a document is missing or cannot be read.
    pub(super) fn is_unread(&self) -> bool {
        self.identity.is_unread || self.limits.iter().any(|layer| layer.is_unread)
    }

    /// Which permissions are allowed for certain, and which may be.
    pub(super) fn sets(&self) -> (PermissionSet, PermissionSet) {
        let Found { mut certain, mut possible } = self.at(|on| on.named(), |on| on.of_all());
        let open = self.told_apart().and(&possible);
        if open.is_empty() {
            return (certain, possible);
        }
        (certain, possible) = (certain.minus(&open), possible.minus(&open));
        for target in self.targets() {
            let asked = target.permissions.and(&open);
            if !asked.is_empty() {
                let covers = |on: &On<'_>| on.covers(&target.resources);
                let found = self.at(covers, covers);
                certain = certain.or(&found.certain.and(&asked));
                possible = possible.or(&found.possible.and(&asked));
            }
        }
        (certain, possible)
    }

    /// The permissions for which resources are told apart by what limits or denies: all others are allowed wherever a
    /// statement allows them.
    fn told_apart(&self) -> PermissionSet {
        if self.is_unread() {
            return self.sets.get(SetId::ALL).clone();
        }
        let limits = self.limits.iter().flat_map(|layer| &layer.allows);
        let tell = limits.chain(&self.denies).filter(|part| !matches!(part.on, On::Anything));
        let others = self.identity.allows.iter().filter(|part| matches!(part.on, On::AllBut(_)));
        PermissionSet::union(tell.chain(others).map(|part| self.sets.get(part.permissions)))
    }

    /// What is asked for: the resources that the policies of the principal name, and those that its limits name within.
    pub(super) fn targets(&self) -> Vec<Target> {
        let mut targets = Targets::default();
        if self.identity.is_unread {
            targets.ask("*", self.sets.get(SetId::ALL));
        }
        for part in &self.identity.allows {
            let permissions = self.sets.get(part.permissions);
            match part.on {
                On::Some(patterns) => {
                    patterns.iter().for_each(|one| targets.ask(widened(one).text(), permissions));
                }
                On::Anything | On::AllBut(_) => {
                    ["*", ELSEWHERE].iter().for_each(|one| targets.ask(one, permissions));
                }
            }
        }
        for pattern in self.limits.iter().flat_map(|layer| &layer.allows).filter_map(|part| match part.on {
            On::Some(patterns) => Some(patterns),
            On::Anything | On::AllBut(_) => None,
        }) {
            for wide in pattern.iter().map(widened) {
                for part in self.identity.allows.iter().filter(|part| part.on.covers(&wide) == Truth::Yes) {
                    targets.ask(wide.text(), self.sets.get(part.permissions));
                }
            }
        }
        targets.list()
    }

    /// What is allowed, where what allows or limits, and what denies, covers so much of the resources.
    fn at(&self, allows: impl Fn(&On<'_>) -> Truth, denies: impl Fn(&On<'_>) -> Truth) -> Found {
        let mut found = self.identity.at(self.sets, &allows);
        for layer in &self.limits {
            let layer = layer.at(self.sets, &allows);
            found.certain = found.certain.and(&layer.certain);
            found.possible = found.possible.and(&layer.possible);
        }
        let denied = at(&self.denies, self.sets, &denies);
        Found {
            certain: found.certain.minus(&denied.possible),
            possible: found.possible.minus(&denied.certain),
        }
    }
}

impl Layer<'_, '_> {
    /// Whether it lets everything through.
    fn is_open(&self) -> bool {
        let all = |part: &Part<'_>| part.permissions == SetId::ALL && matches!(part.on, On::Anything);
        !self.is_unread && self.allows.iter().any(|part| all(part) && part.holds == Truth::Yes)
    }

    fn at(&self, sets: &Sets<'_>, covers: impl Fn(&On<'_>) -> Truth) -> Found {
        let found = at(&self.allows, sets, covers);
        let possible = if self.is_unread { sets.get(SetId::ALL).clone() } else { found.possible };
        Found { possible, ..found }
    }
}

/// The permissions of parts that cover the resources, and those of parts that cover some of them.
fn at(parts: &[&Part<'_>], sets: &Sets<'_>, covers: impl Fn(&On<'_>) -> Truth) -> Found {
    let told = parts.iter().map(|part| (covers(&part.on).and(part.holds), sets.get(part.permissions)));
    let told: Vec<(Truth, &PermissionSet)> = told.filter(|(truth, _)| *truth != Truth::No).collect();
    let all = |least: Truth| told.iter().filter(move |(truth, _)| *truth >= least).map(|(_, set)| *set);
    let possible = PermissionSet::union(all(Truth::Open));
    let is_certain = told.iter().all(|(truth, _)| *truth == Truth::Yes);
    let certain = if is_certain { possible.clone() } else { PermissionSet::union(all(Truth::Yes)) };
    Found { certain, possible }
}

/// Resources with the permissions that they are asked for, in the order of their patterns.
#[derive(Default)]
struct Targets(BTreeMap<Box<str>, PermissionSet>);

impl Targets {
    fn ask(&mut self, resources: &str, permissions: &PermissionSet) {
        match self.0.get_mut(resources) {
            Some(asked) => *asked = asked.or(permissions),
            None => {
                self.0.insert(resources.into(), permissions.clone());
            }
        }
    }

    fn list(self) -> Vec<Target> {
        let target = |(resources, permissions): (Box<str>, _)| Target {
            resources: Pattern::new(&resources),
            permissions,
        };
        self.0.into_iter().map(target).collect()
    }
}
