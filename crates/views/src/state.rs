//! All of the state, with one way to change it: fold a record.

use doorward_model::finding::{Feature, Finding};
use doorward_model::id::{Partition, TenantId};
use doorward_model::identity::IdentityKind;
use doorward_model::record::{FactRecord, Observation};
use doorward_model::time::Time;

use crate::arrivals::Arrivals;
use crate::asked::Asked;
use crate::bursts::Burst;
use crate::control::Control;
use crate::habits::Habits;
use crate::keys::Sighting;
use crate::resolver::Resolver;
use crate::shard::{Probe, Profile, Shard, half_life, is_machine, sorted_by_name};
use crate::symbols::{Symbol, Symbols};
use crate::told::Told;
use crate::unusual::{Unusual, UnusualDay};

/// The fold of all records so far.
#[derive(Clone, Debug)]
pub struct State {
    /// What facts say.
    pub control: Control,
    /// Who is behind a session or a key.
    pub resolver: Resolver,
    /// How far the log of each account has come.
    pub arrivals: Arrivals,
    /// What enforcement points have told of.
    pub told: Told,
    /// How many cases are wanted, and what follows from that.
    pub budget: Budget,
    /// What is unusual and stays under the threshold, by day.
    pub unusual: Unusual,
    /// Names as numbers, within this process.
    pub symbols: Symbols,
    /// What is known of identities, by the number of their name; of other names it is as of somebody unknown.
    profiles: Vec<Profile>,
    shards: Vec<Shard>,
    /// The latest observation folded, by partition.
    folded: Vec<u64>,
}

/// How much attention there is for cases, and what that makes of surprise.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Budget {
    /// How many cases the tenant wants to look at in a day.
    pub cases_per_day: u32,
    /// The weighted surprise from which new behaviour becomes a finding, in thousandths of a bit.
    pub threshold_milli: u64,
    /// Since when there are ticks.
    pub since: Option<Time>,
}

impl State {
    /// Nothing yet. `shards` is how many folds share the partitions; it changes no result. `seed` is that of the
    /// hash maps; it changes no result either.
    #[must_use]
    pub fn new(tenant: TenantId, shards: usize, seed: u64) -> Self {
        Self {
            control: Control::new(seed),
            resolver: Resolver::new(tenant, seed),
            arrivals: Arrivals::new(seed),
            told: Told::new(seed),
            budget: Budget::default(),
            unusual: Unusual::default(),
            symbols: Symbols::new(seed),
            profiles: Vec::new(),
            shards: vec![Shard::new(seed); shards.max(1)],
            folded: vec![0; usize::from(Partition::COUNT)],
        }
    }

    /// Whose state it is.
    #[must_use]
    pub fn tenant(&self) -> &TenantId {
        self.resolver.tenant()
    }

    /// Takes in a fact. A fact that was folded before changes nothing.
    pub fn fold_fact(&mut self, record: &FactRecord) {
        if record.number() <= self.control.fact_number {
            return;
        }
        self.control.fact_number = record.number();
        let Some(fact) = &record.fact else { return };
        self.control.fold(fact, &mut self.symbols);
        if let doorward_model::record::Fact::IdentityFound(found) = fact {
            let identity = self.symbols.intern(&found.id);
            self.resolver.learn_unique_id(&found.unique_id, identity, &self.symbols);
            self.learn_profile(&found.id, identity);
        }
    }

    /// What is known of an observation before it is folded. `who` is the number of its identity, if that was just looked
    /// up.
    pub fn probe(&mut self, seen: &Observation, who: Option<Symbol>) -> Probe {
        let identity = who.unwrap_or_else(|| self.symbols.intern(&seen.identity));
        let profile = self.profiles.get(identity.place()).copied().unwrap_or(Profile::UNKNOWN);
        let mut probe = Probe::bare(identity, profile);
        if seen.by_platform || seen.decision.is_some() {
            return probe;
        }
        let (event, fade) = (&seen.event, half_life(profile.kind));
        let habits =
            self.shards.get(self.shard_at(seen.partition())).and_then(|shard| shard.habits(identity));
        let none = Habits::new(event.happened_at());
        let habits = habits.unwrap_or(&none);
        probe.slots = habits.probe(event, fade, &mut self.symbols);
        probe.breadth = habits.breadth.probe(event, habits.days, &mut self.symbols);
        let [_, action, network, _] = probe.slots;
        probe.drift = action
            .filter(|slot| slot.days == 0 && habits.days >= KNOWN_DAYS && is_machine(profile.kind))
            .filter(|_| !self.control.has_person(&seen.chain))
            .filter(|slot| self.control.peers.is_odd(profile.peer_group, Feature::Action, slot.symbol))
            .and_then(|_| habits.drift.probe(event.happened_at(), habits.days, &mut self.symbols));
        probe.key = network.filter(|_| !event.actor.access_key_id.is_empty()).map(|network| Sighting {
            identity,
            network: network.symbol,
            source: self.symbols.intern(&event.client.credential_source),
        });
        probe
    }

    /// Whether an observation has been folded before.
    #[must_use]
    pub fn has_folded(&self, seen: &Observation) -> bool {
        self.folded.get(usize::from(seen.partition().0)).is_some_and(|n| seen.n <= *n)
    }

    /// Takes in an observation with what was probed and what was noticed for it. One that was folded before changes
    /// nothing.
    pub fn fold_observation(&mut self, seen: &Observation, probe: &Probe, bursts: Vec<Burst>) {
        if self.has_folded(seen) {
            return;
        }
        if let Some(n) = self.folded.get_mut(usize::from(seen.partition().0)) {
            *n = seen.n;
        }
        if let Some(made) = &seen.decision {
            self.told.fold(seen, made);
        }
        bursts.iter().for_each(|burst| self.unusual.note(&seen.identity, &burst.course));
        let at = self.shard_at(seen.partition());
        let Some(shard) = self.shards.get_mut(at) else { return };
        match &seen.decision {
            Some(made) => shard.fold_decision(probe.identity, seen, made),
            None => shard.fold(&seen.event, probe, bursts),
        }
    }

    /// Ends the day that is over, if one is: its list of what was unusual is kept.
    pub fn end_day(&mut self, now: Time) {
        if now.day() > self.unusual.day {
            let ended = self.unusual_today();
            self.unusual.begin(now.day(), ended);
        }
    }

    /// What has been unusual on the day that runs and is no finding, so far.
    #[must_use]
    pub fn unusual_today(&self) -> UnusualDay {
        let bursts = |identity: &str| self.habits(identity).map_or(&[][..], |habits| &habits.bursts);
        self.unusual.today(self.budget.threshold_milli, bursts)
    }

    /// Forgets what gathered to a finding that was not raised after all.
    pub fn forget_burst(&mut self, finding: &Finding) {
        let Some(symbol) = self.symbols.find(&finding.identity) else { return };
        for habits in self.shards.iter_mut().filter_map(|shard| shard.habits.get_mut(&symbol)) {
            habits.bursts.retain(|burst| burst.finding().id != finding.id);
        }
    }

    /// The shards, for checkpoints.
    pub(crate) fn shards(&self) -> &[Shard] {
        &self.shards
    }

    /// The latest observation folded, by partition.
    pub(crate) fn folded(&self) -> &[u64] {
        &self.folded
    }

    /// Puts behaviour back from a checkpoint.
    pub(crate) fn restore_behaviour(&mut self, shards: Vec<Shard>, folded: Vec<u64>) {
        self.shards = shards;
        self.folded = folded;
    }

    /// The shards, for sweeps and summaries.
    pub fn shards_mut(&mut self) -> &mut [Shard] {
        &mut self.shards
    }

    /// The shard that folds an observation.
    #[must_use]
    pub fn shard(&self, seen: &Observation) -> Option<&Shard> {
        self.shards.get(self.shard_at(seen.partition()))
    }

    /// The habits of an identity.
    #[must_use]
    pub fn habits(&self, identity: &str) -> Option<&Habits> {
        let symbol = self.symbols.find(identity)?;
        self.shards.iter().find_map(|shard| shard.habits(symbol))
    }

    /// What enforcement points asked about an identity.
    #[must_use]
    pub fn asked(&self, identity: &str) -> Option<&Asked> {
        let symbol = self.symbols.find(identity)?;
        self.shards.iter().find_map(|shard| shard.asked(symbol))
    }

    /// The habits of everyone who has acted, by name.
    #[must_use]
    pub fn all_habits(&self) -> Vec<(&str, &Habits)> {
        let mut all: Vec<_> =
            self.shards.iter().flat_map(|shard| sorted_by_name(shard, &self.symbols)).collect();
        all.sort_by_key(|(name, _)| *name);
        all
    }

    /// What an identity is; `External` when it is not known.
    #[must_use]
    pub fn kind(&self, identity: &str) -> IdentityKind {
        self.control.identities.get(identity).map_or(IdentityKind::External, |known| known.kind())
    }

    fn learn_profile(&mut self, id: &str, identity: Symbol) {
        if let Some(known) = self.control.identities.get(id) {
            let peer_group = self.symbols.intern(&known.peer_group);
            if self.profiles.len() <= identity.place() {
                self.profiles.resize(identity.place() + 1, Profile::UNKNOWN);
            }
            if let Some(profile) = self.profiles.get_mut(identity.place()) {
                *profile = Profile { kind: known.kind(), peer_group };
            }
        }
    }

    fn shard_at(&self, partition: Partition) -> usize {
        usize::from(partition.0) % self.shards.len().max(1)
    }
}

/// On so many days a machine has to have acted before what it does can be odd.
const KNOWN_DAYS: u16 = 3;
