//! How much of its rights an identity uses: used power over granted power, each permission weighed by its level, over the
//! window of a log; and how much of the rest was at least tried, as AWS keeps it, or could not have been shown by anything.

use std::collections::BTreeMap;

use doorward_model::time::Time;
use doorward_model::usage::Span;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::tracked::{Tracked, TrackedAnswer};
use super::who::Who;
use super::{Log, Usage};
use crate::effective::{Effective, Effects};
use crate::estate::{AccountId, Estate, PrincipalId};
use crate::permission_set::PermissionSet;
use crate::sets::SetId;

/// How much of its rights an identity uses. The four shares add up to one, as far as they are not rounded.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct EfficiencyAnswer {
    /// The share of its granted power that it used in the window, permissions weighed by their levels: 0 to 1.
    pub efficiency: f64,
    /// The share of which AWS keeps that it was tried, and no log shows that it was used: perhaps it was refused.
    pub tried: f64,
    /// The share that it did not use, though the log, or what AWS keeps, would have shown it.
    pub unused: f64,
    /// The share of which nobody can tell: its use would not have been seen.
    pub unseen: f64,
    /// Its granted power: the sum of the levels of all permissions that it has somewhere, for sure or if something holds,
    /// in tenths.
    pub granted: u64,
    /// The part of it that it used.
    pub used: u64,
    /// When the first event of the log happened; absent where there is no log of its account.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Time>,
    /// When the last one happened.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Time>,
    /// What the log shows: management events that read or write, data events of services.
    pub sources: Vec<String>,
    /// What AWS keeps of when it tried what last; absent where the inventory does not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracked: Option<TrackedAnswer>,
}

/// Works out how much of their rights the principals of an estate use.
#[derive(Debug)]
pub struct Efficiencies<'a> {
    usage: &'a Usage,
    estate: &'a Estate,
    effects: Effects<'a>,
    used: BTreeMap<PrincipalId, PermissionSet>,
    /// What each account's log would show.
    seen: BTreeMap<AccountId, PermissionSet>,
    /// Power by what is granted in which account: all, and what would be seen.
    powers: HashMap<(Effective, AccountId), (u64, u64), FixedState>,
}

/// What is granted, how much of that would be seen or is known, and what was used or tried of it, in tenths.
#[derive(Clone, Copy)]
struct Powers {
    granted: u64,
    seen: u64,
    used: u64,
    tried: u64,
}

/// What a principal has, and what it did with it.
struct Held {
    granted: PermissionSet,
    /// Of what is granted, what would be seen.
    seen: PermissionSet,
    window: Span,
    account: AccountId,
}

impl<'a> Efficiencies<'a> {
    /// Of an estate, by a log; the seed is that of hash maps.
    #[must_use]
    pub fn new(usage: &'a Usage, estate: &'a Estate, seed: u64) -> Self {
        let mut used: BTreeMap<PrincipalId, PermissionSet> = BTreeMap::new();
        let who = Who::new(estate);
        for identity in usage.ledger.identities() {
            if let Some(id) = who.principal(identity) {
                let by_this_name = usage.used_by(identity);
                // One principal may have several names in a log.
                let known = used.entry(id).or_default();
                *known = known.or(&by_this_name);
            }
        }
        let seen = estate.accounts().map(|(id, account)| (id, usage.seen_in(&account.id))).collect();
        let effects = Effects::new(estate, &usage.catalog, seed);
        let powers = HashMap::with_hasher(FixedState::with_seed(seed));
        Self { usage, estate, effects, used, seen, powers }
    }

    /// How much of its rights a principal uses; nothing where there is no log of its account and AWS was not asked about
    /// it, where a policy of its own cannot be read, so that nobody knows what is granted, and where nothing is.
    pub fn of(&mut self, id: PrincipalId) -> Option<EfficiencyAnswer> {
        let principal = self.estate.principal(id)?;
        if principal.is_of_center() {
            let roles: Vec<PrincipalId> =
                self.estate.roles_of_person(id).into_iter().map(|one| one.role).collect();
            return self.of_person(id, &roles);
        }
        let account = principal.account;
        let tracked = Tracked::of(self.usage, self.estate, principal);
        let log = self.log(account);
        if log.is_none() && tracked.is_none() {
            return None;
        }
        let effective = self.effects.of(id);
        if effective.unknown != SetId::EMPTY {
            return None;
        }
        if let Some(tracked) = tracked {
            return self.of_tracked(id, (effective, account), &tracked);
        }
        let known = self.powers.get(&(effective, account)).copied();
        let (granted, seen) = known.unwrap_or_else(|| self.powers(effective, account));
        let used = self.used.get(&id).map(|used| self.of_granted(used, effective));
        let (used, used_unseen) = used.map_or((0, 0), |used| self.power(&used, account));
        told(Powers { granted, seen: seen + used_unseen, used, tried: 0 }, log.map(|log| (log, log.window)))
    }

    fn of_tracked(
        &self,
        id: PrincipalId,
        (effective, account): (Effective, AccountId),
        tracked: &Tracked,
    ) -> Option<EfficiencyAnswer> {
        let granted = self.granted(effective);
        let used = self.used.get(&id).map(|used| used.and(&granted)).unwrap_or_default();
        let tried = tracked.tried().and(&granted).minus(&used);
        let by_log = self.seen.get(&account).map(|seen| seen.and(&granted)).unwrap_or_default();
        let seen = by_log.or(&used).or(&tried).or(&tracked.never.and(&granted));
        let [granted, seen, used, tried] =
            [granted, seen, used, tried].map(|set| self.usage.catalog.tenths(&set));
        let log = self.log(account).map(|log| (log, log.window));
        let answer = told(Powers { granted, seen, used, tried }, log)?;
        Some(EfficiencyAnswer { tracked: Some(tracked.answer), ..answer })
    }

    /// Of a person only the log tells: what AWS keeps of a role does not say who used it.
    fn of_person(&mut self, id: PrincipalId, roles: &[PrincipalId]) -> Option<EfficiencyAnswer> {
        let mut held: Option<Held> = None;
        for role in roles {
            let account = self.estate.principal(*role)?.account;
            let window = self.log(account)?.window;
            let effective = self.effects.of(*role);
            if effective.unknown != SetId::EMPTY {
                return None;
            }
            let granted = self.granted(effective);
            let seen = self.seen.get(&account).map(|seen| seen.and(&granted)).unwrap_or_default();
            held = Some(match held {
                None => Held { granted, seen, window, account },
                Some(held) => held.join(&granted, &seen, window),
            });
        }
        let Held { granted, seen, window, account } = held?;
        let used = self.used.get(&id).map(|used| used.and(&granted)).unwrap_or_default();
        let [granted, seen, used] =
            [&granted, &seen.or(&used), &used].map(|set| self.usage.catalog.tenths(set));
        told(Powers { granted, seen, used, tried: 0 }, self.log(account).map(|log| (log, window)))
    }

    fn log(&self, account: AccountId) -> Option<&'a Log> {
        self.usage.log(&self.estate.account(account)?.id)
    }

    /// What is granted, for sure or if something holds.
    fn granted(&self, effective: Effective) -> PermissionSet {
        let sets = self.effects.sets();
        sets.get(effective.certain).or(sets.get(effective.only_if))
    }

    /// What of some permissions is granted.
    fn of_granted(&self, some: &PermissionSet, effective: Effective) -> PermissionSet {
        let sets = self.effects.sets();
        some.and(sets.get(effective.certain)).or(&some.and(sets.get(effective.only_if)))
    }

    /// The power of what is granted, and of that of it which would be seen.
    fn powers(&mut self, effective: Effective, account: AccountId) -> (u64, u64) {
        let granted = self.granted(effective);
        let (all, unseen) = self.power(&granted, account);
        self.powers.insert((effective, account), (all, all - unseen));
        (all, all - unseen)
    }

    /// The power of a set, and of that of it which would not be seen.
    fn power(&self, set: &PermissionSet, account: AccountId) -> (u64, u64) {
        let catalog = &self.usage.catalog;
        let all = catalog.tenths(set);
        let seen = self.seen.get(&account).map_or(0, |seen| catalog.tenths(&set.and(seen)));
        (all, all - seen)
    }
}

/// What the shares are told of; nothing where nothing is granted.
fn told(powers: Powers, log: Option<(&Log, Span)>) -> Option<EfficiencyAnswer> {
    let Powers { granted, seen, used, tried } = powers;
    let unseen = granted.saturating_sub(seen);
    let share = |part: u64| {
        // To the nearest, each by itself: what is nothing stays nothing.
        let share = (part * 2 * u64::from(WHOLE) + granted).checked_div(granted * 2)?;
        Some(f64::from(u32::try_from(share).ok()?) / f64::from(WHOLE))
    };
    Some(EfficiencyAnswer {
        efficiency: share(used)?,
        tried: share(tried)?,
        unused: share(granted.saturating_sub(unseen + used + tried))?,
        unseen: share(unseen)?,
        granted,
        used,
        from: log.map(|(_, window)| window.first),
        to: log.map(|(_, window)| window.last),
        sources: log.map(|(log, _)| log.sources()).unwrap_or_default(),
        tracked: None,
    })
}

impl Held {
    /// It with what another role gives. Only what each log would show is seen, as long as all of them do.
    fn join(self, granted: &PermissionSet, seen: &PermissionSet, window: Span) -> Self {
        let unseen = self.granted.minus(&self.seen).or(&granted.minus(seen));
        let granted = self.granted.or(granted);
        Self {
            seen: granted.minus(&unseen),
            granted,
            window: Span {
                first: self.window.first.max(window.first),
                last: self.window.last.min(window.last),
                ..self.window
            },
            account: self.account,
        }
    }
}

/// Shares are told in parts of so many.
const WHOLE: u32 = 10_000;
