//! Behaviour state: the fold of the observations of some partitions. It speaks to the rest only through facts.

use std::collections::BTreeMap;

use doorward_model::finding::Feature;
use doorward_model::identity::IdentityKind;
use doorward_model::record::{DecisionRecord, Observation, PeerFirst, PressureBin, Summary};
use doorward_model::time::{Day, Time};
use foldhash::fast::FixedState;

use crate::asked::Asked;
use crate::habits::{Burst, Habits, HalfLifeDays, Probe};
use crate::keys::Keys;
use crate::peers::{TENANT_GROUP, pressure_bin};
use crate::symbols::{SeededMap, Symbol, Symbols};

/// The behaviour of the identities of some partitions.
#[derive(Clone, Debug)]
pub struct Shard {
    pub(crate) habits: SeededMap<Symbol, Habits>,
    pub(crate) asked: SeededMap<Symbol, Asked>,
    /// Where credentials were used.
    pub keys: Keys,
    pub(crate) pending: Pending,
    pub(crate) swept: Day,
}

/// Counts that cross identities and have not been told yet.
#[derive(Clone, Debug, Default)]
pub struct Pending {
    pub(crate) firsts: BTreeMap<(String, Option<Feature>, String), u32>,
    pub(crate) pressures: BTreeMap<u32, u32>,
}

impl Pending {
    /// Adds what another shard has to tell.
    pub fn merge(&mut self, other: Self) {
        for (first, members) in other.firsts {
            *self.firsts.entry(first).or_insert(0) += members;
        }
        for (bin, days) in other.pressures {
            *self.pressures.entry(bin).or_insert(0) += days;
        }
    }

    /// The facts that tell it, in a fixed order, each bounded by [`Summary::FIRSTS_MAX`]; none when there is nothing.
    #[must_use]
    pub fn into_summaries(self) -> Vec<Summary> {
        let firsts: Vec<_> = (self.firsts.into_iter())
            .map(|((peer_group, feature, value), members)| PeerFirst {
                peer_group,
                feature: feature.map(i32::from),
                value,
                members,
            })
            .collect();
        let pressures: Vec<_> =
            self.pressures.into_iter().map(|(bin, days)| PressureBin { bin, days }).collect();
        let mut summaries: Vec<_> = (firsts.chunks(Summary::FIRSTS_MAX))
            .map(|firsts| Summary { firsts: firsts.to_vec(), pressures: Vec::new() })
            .collect();
        match summaries.first_mut() {
            Some(summary) => summary.pressures = pressures,
            None if pressures.is_empty() => {}
            None => summaries.push(Summary { firsts, pressures }),
        }
        summaries
    }
}

/// How an observation is folded.
#[derive(Clone, Copy, Debug)]
pub struct Folding<'a> {
    /// What was probed for it; [`Probe::NONE`] keeps it out of habits.
    pub probe: &'a Probe,
    /// How fast its identity's habits fade.
    pub half_life: HalfLifeDays,
    /// The peer group of the identity.
    pub peer_group: &'a str,
}

impl Shard {
    /// Nothing yet, with the seed of its hash maps.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            habits: SeededMap::with_hasher(FixedState::with_seed(seed)),
            asked: SeededMap::with_hasher(FixedState::with_seed(seed)),
            keys: Keys::new(seed),
            pending: Pending::default(),
            swept: Day(i32::MIN),
        }
    }

    /// The habits of an identity.
    #[must_use]
    pub fn habits(&self, identity: Symbol) -> Option<&Habits> {
        self.habits.get(&identity)
    }

    /// What enforcement points asked about an identity.
    #[must_use]
    pub fn asked(&self, identity: Symbol) -> Option<&Asked> {
        self.asked.get(&identity)
    }

    /// Takes in a decision of our own: it is not behaviour of the identity, but tells who asks about it.
    pub fn fold_decision(&mut self, identity: Symbol, seen: &Observation, made: &DecisionRecord) {
        self.asked.entry(identity).or_default().fold(&seen.event.action, made, seen.event.happened_at());
    }

    /// How many identities have acted.
    #[must_use]
    pub fn len(&self) -> usize {
        self.habits.len()
    }

    /// Whether none has.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.habits.is_empty()
    }

    /// Takes in an observation. `bursts` replace the ones that began with the same event.
    pub fn fold(&mut self, identity: Symbol, seen: &Observation, how: &Folding<'_>, bursts: Vec<Burst>) {
        let now = seen.event.happened_at();
        let mut is_new = false;
        let habits = self.habits.entry(identity).or_insert_with(|| {
            is_new = true;
            Habits::new(now)
        });
        if now.day() != habits.last_day() && habits.day_peak_milli > 0 {
            count_peak(&mut self.pending.pressures, habits);
        }
        let learn = !habits.bursts.iter().any(|burst| burst.is_open(now));
        replace_bursts(habits, bursts, now);
        let firsts = habits.fold(&seen.event, how.probe, how.half_life, learn);
        self.keys.fold(seen);
        if is_new {
            self.note_first(how.peer_group, None, "");
        }
        for (feature, first) in Feature::ALL.into_iter().zip(firsts) {
            if let Some(value) = first.then(|| crate::habits::feature_value(feature, &seen.event)).flatten() {
                self.note_first(how.peer_group, Some(feature), &value);
            }
        }
    }

    /// Takes what has to be told to the rest since it was last taken.
    pub fn take_pending(&mut self) -> Pending {
        std::mem::take(&mut self.pending)
    }

    /// Ends the day of identities that have not acted since: their peaks are counted, their old bursts dropped.
    pub fn sweep(&mut self, now: Time) {
        if now.day() == self.swept {
            return;
        }
        self.swept = now.day();
        for habits in self.habits.values_mut() {
            if habits.day_peak_milli > 0 && habits.last_day() < now.day() {
                count_peak(&mut self.pending.pressures, habits);
            }
            habits.bursts.retain(|burst| burst.is_alive(now));
            habits.bursts.shrink_to_fit();
        }
    }

    fn note_first(&mut self, peer_group: &str, feature: Option<Feature>, value: &str) {
        for group in [TENANT_GROUP, peer_group] {
            *self.pending.firsts.entry((group.to_owned(), feature, value.to_owned())).or_insert(0) += 1;
        }
    }
}

/// How fast the habits of a kind of identity fade: machines are more regular than people.
#[must_use]
pub const fn half_life(kind: IdentityKind) -> HalfLifeDays {
    match kind {
        IdentityKind::Human | IdentityKind::Agent => HalfLifeDays(14),
        IdentityKind::External | IdentityKind::Service | IdentityKind::Workload | IdentityKind::VendorApp => {
            HalfLifeDays(30)
        }
    }
}

fn replace_bursts(habits: &mut Habits, bursts: Vec<Burst>, now: Time) {
    for burst in bursts {
        habits.day_peak_milli = habits.day_peak_milli.max(burst.pressure_milli);
        habits.bursts.retain(|old| old.is_alive(now) && !old.began_as(&burst));
        habits.bursts.push(burst);
    }
}

fn count_peak(pressures: &mut BTreeMap<u32, u32>, habits: &mut Habits) {
    *pressures.entry(pressure_bin(habits.day_peak_milli)).or_insert(0) += 1;
    habits.day_peak_milli = 0;
}

/// The keys of symbols that one shard has seen, sorted by name: for reports, which must not depend on map order.
#[must_use]
pub fn sorted_by_name<'a>(shard: &'a Shard, symbols: &'a Symbols) -> Vec<(&'a str, &'a Habits)> {
    let mut all: Vec<_> =
        shard.habits.iter().map(|(symbol, habits)| (symbols.name(*symbol), habits)).collect();
    all.sort_by_key(|(name, _)| *name);
    all
}
