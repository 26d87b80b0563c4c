//! Behaviour state: the fold of the observations of some partitions. It speaks to the rest only through facts.

use std::collections::BTreeMap;

use doorward_model::event::Event;
use doorward_model::finding::Feature;
use doorward_model::identity::IdentityKind;
use doorward_model::record::{DecisionRecord, Observation, PeerFirst, PressureBin, Summary};
use doorward_model::time::{Day, Time};
use foldhash::fast::FixedState;

use crate::asked::Asked;
use crate::breadth::Sight;
use crate::bursts::Burst;
use crate::drift::Odd;
use crate::habits::{Habits, HalfLifeDays, NO_SLOTS, Slots};
use crate::keys::{KeyUse, Keys, Sighting};
use crate::peers::{First, by_name, pressure_bin, summaries};
use crate::symbols::{SeededMap, Symbol, Symbols};

/// The behaviour of the identities of some partitions.
#[derive(Clone, Debug)]
pub struct Shard {
    pub(crate) habits: SeededMap<Symbol, Box<Habits>>,
    pub(crate) asked: SeededMap<Symbol, Asked>,
    /// Where credentials were used.
    pub keys: Keys,
    pub(crate) pending: Pending,
    pub(crate) swept: Day,
    seed: u64,
}

/// Counts that cross identities and have not been told yet.
#[derive(Clone, Debug)]
pub struct Pending {
    /// By peer group, feature and value.
    pub(crate) firsts: SeededMap<First, u32>,
    pub(crate) pressures: BTreeMap<u32, u32>,
}

impl Pending {
    /// Nothing, with the seed of the hash map.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { firsts: SeededMap::with_hasher(FixedState::with_seed(seed)), pressures: BTreeMap::new() }
    }

    /// Adds what another shard has to tell.
    pub fn merge(&mut self, other: Self) {
        for (first, members) in other.firsts {
            *self.firsts.entry(first).or_insert(0) += members;
        }
        for (bin, days) in other.pressures {
            *self.pressures.entry(bin).or_insert(0) += days;
        }
    }

    /// Leaves out how surprising the days of identities were.
    pub fn forget_pressures(&mut self) {
        self.pressures.clear();
    }

    /// Firsts by name, in the order of names.
    pub(crate) fn firsts(&self, symbols: &Symbols) -> Vec<PeerFirst> {
        by_name(self.firsts.iter().map(|(first, members)| (*first, *members)), symbols)
    }

    /// The facts that tell it, in a fixed order, each bounded by [`Summary::FIRSTS_MAX`]; none when there is nothing.
    #[must_use]
    pub fn into_summaries(self, symbols: &Symbols) -> Vec<Summary> {
        let firsts = self.firsts(symbols);
        let pressures: Vec<_> =
            self.pressures.into_iter().map(|(bin, days)| PressureBin { bin, days }).collect();
        let mut summaries = summaries(firsts);
        match summaries.first_mut() {
            Some(summary) => summary.pressures = pressures,
            None if pressures.is_empty() => {}
            None => summaries.push(Summary { firsts: Vec::new(), pressures }),
        }
        summaries
    }
}

/// What is known of who acted, as far as it matters to how they are judged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Profile {
    /// What it is.
    pub kind: IdentityKind,
    /// The peer group it is compared with.
    pub peer_group: Symbol,
}

impl Profile {
    /// Somebody of whom nothing is known.
    pub const UNKNOWN: Self = Self { kind: IdentityKind::External, peer_group: Symbol::EMPTY };
}

/// What is known of an observation before it is folded: looked up once, for inspection and fold.
#[derive(Clone, Copy, Debug)]
pub struct Probe {
    /// Who acted.
    pub identity: Symbol,
    /// What is known of it.
    pub profile: Profile,
    /// What its habits say; nothing for what is kept out of them.
    pub slots: Slots,
    /// What it adds to the targets of the minutes that run, if it does.
    pub breadth: Option<Sight>,
    /// What it adds to the odd days of a machine, if it does.
    pub drift: Option<Odd>,
    /// The use of a key that it shows, if it shows one.
    pub key: Option<Sighting>,
}

impl Probe {
    /// Of an event that is kept out of habits.
    pub(crate) const fn bare(identity: Symbol, profile: Profile) -> Self {
        Self { identity, profile, slots: NO_SLOTS, breadth: None, drift: None, key: None }
    }
}

impl Shard {
    /// Nothing yet, with the seed of its hash maps.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            habits: SeededMap::with_hasher(FixedState::with_seed(seed)),
            asked: SeededMap::with_hasher(FixedState::with_seed(seed)),
            keys: Keys::new(seed),
            pending: Pending::new(seed),
            swept: Day(i32::MIN),
            seed,
        }
    }

    /// What is known of the key that an event shows, before the event is folded.
    #[must_use]
    pub fn key_use(&self, event: &Event, probe: &Probe) -> Option<&KeyUse> {
        probe.key.and_then(|seen| self.keys.peek(seen.identity, &event.actor.access_key_id))
    }

    /// The habits of an identity.
    #[must_use]
    pub fn habits(&self, identity: Symbol) -> Option<&Habits> {
        self.habits.get(&identity).map(Box::as_ref)
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
    pub fn fold(&mut self, event: &Event, probe: &Probe, bursts: Vec<Burst>) {
        let now = event.happened_at();
        let mut is_new = false;
        let habits = self.habits.entry(probe.identity).or_insert_with(|| {
            is_new = true;
            Box::new(Habits::new(now))
        });
        if now.day() != habits.last_day() && habits.day_peak_milli > 0 {
            count_peak(&mut self.pending.pressures, habits);
        }
        let learn = !habits.bursts.iter().any(|burst| burst.course.is_open(now));
        replace_bursts(habits, bursts, now);
        let firsts = habits.fold(event, &probe.slots, half_life(probe.profile.kind), learn);
        let breadth = probe.breadth.filter(|sight| habits.breadth.fold(sight, now, learn));
        let drift = probe.drift.filter(|odd| habits.drift.fold(odd, learn));
        if let Some(seen) = probe.key {
            self.keys.fold(event, seen);
        }
        if is_new {
            self.note_first(probe.profile.peer_group, None, Symbol::EMPTY);
        }
        for ((feature, slot), first) in Feature::ALL.into_iter().zip(probe.slots).zip(firsts) {
            if let Some(slot) = slot.filter(|_| first) {
                self.note_first(probe.profile.peer_group, Some(feature), slot.symbol);
            }
        }
        if let Some(slot) = breadth.and_then(|sight| sight.slot()) {
            self.note_first(probe.profile.peer_group, Some(Feature::Breadth), slot.symbol);
        }
        if let Some(slot) = drift.and_then(|odd| odd.slot()) {
            self.note_first(probe.profile.peer_group, Some(Feature::Drift), slot.symbol);
        }
    }

    /// Takes what has to be told to the rest since it was last taken.
    pub fn take_pending(&mut self) -> Pending {
        std::mem::replace(&mut self.pending, Pending::new(self.seed))
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
            habits.bursts.retain(|burst| burst.course.is_alive(now));
            habits.bursts.shrink_to_fit();
        }
    }

    fn note_first(&mut self, peer_group: Symbol, feature: Option<Feature>, value: Symbol) {
        *self.pending.firsts.entry((peer_group, feature, value)).or_insert(0) += 1;
    }
}

/// How fast the habits of a kind of identity fade: machines are more regular than people.
#[must_use]
pub const fn half_life(kind: IdentityKind) -> HalfLifeDays {
    if is_machine(kind) { HalfLifeDays(30) } else { HalfLifeDays(14) }
}

/// Whether it does what it was made for, day by day; people and their agents try something new every now and then.
pub(crate) const fn is_machine(kind: IdentityKind) -> bool {
    match kind {
        IdentityKind::Human | IdentityKind::Agent => false,
        IdentityKind::External | IdentityKind::Service | IdentityKind::Workload | IdentityKind::VendorApp => {
            true
        }
    }
}

fn replace_bursts(habits: &mut Habits, bursts: Vec<Burst>, now: Time) {
    for burst in bursts {
        let course = burst.course;
        habits.day_peak_milli = habits.day_peak_milli.max(course.pressure_milli);
        habits.bursts.retain(|old| old.course.is_alive(now) && !old.course.began_as(&course));
        habits.bursts.reserve_exact(1);
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
        shard.habits.iter().map(|(symbol, habits)| (symbols.name(*symbol), habits.as_ref())).collect();
    all.sort_by_key(|(name, _)| *name);
    all
}
