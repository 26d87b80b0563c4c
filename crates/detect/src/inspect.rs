//! One event against the state before it.

use doorward_model::event::Event;
use doorward_model::finding::{Evidence, Novelty};
use doorward_model::record::{Fact, Observation};
use doorward_views::bursts::Burst;
use doorward_views::shard::{Probe, Profile};
use doorward_views::state::State;

use crate::burst::{self, Notice};
use crate::parameters::Parameters;
use crate::{lineage, novelty};

/// What may be raised from an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Judging {
    /// Nothing: the event is only learned from.
    Learn,
    /// Hard evidence, and firsts against peers: there is not enough history to know what is normal.
    Short,
    /// Everything.
    Full,
}

/// How eager the detectors are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settings {
    /// How many cases the tenant wants to look at in a day. The threshold follows from it.
    pub cases_per_day: u32,
    /// The numbers behind the score.
    pub parameters: Parameters,
}

impl Default for Settings {
    fn default() -> Self {
        Self { cases_per_day: 5, parameters: Parameters::default() }
    }
}

/// What an event is judged by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Standard<'a> {
    /// What may be raised.
    pub judging: Judging,
    /// The weighted surprise from which novelty is raised, in thousandths of a bit.
    pub threshold_milli: u64,
    /// The numbers behind the score.
    pub parameters: &'a Parameters,
}

/// What came of an event.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inspection {
    /// Bursts as they stand now, replacing those that began with the same event.
    pub bursts: Vec<Burst>,
    /// Findings that were raised or have grown.
    pub facts: Vec<Fact>,
}

/// Inspects an observation that has not been folded, with what was probed for it.
#[must_use]
pub fn inspect(state: &State, seen: &Observation, probe: &Probe, standard: &Standard<'_>) -> Inspection {
    let subject = Subject::of(state, seen, probe, standard.parameters);
    let novelties = novelty::of(state, &subject, probe);
    let score_milli = novelty::weighted_milli(&subject, &novelties, standard.judging);
    let notice = match lineage::of(state, &subject, probe) {
        Some(proven) => Notice { score_milli, ..proven },
        None if score_milli > 0 => Notice::novelty(score_milli, &seen.event),
        None => return Inspection::default(),
    };
    let (burst, fact) = burst::gather(&subject, notice, evidence(&seen.event, novelties), standard);
    Inspection { bursts: vec![burst], facts: fact.into_iter().collect() }
}

/// The identity that acted, with what is known of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'a> {
    /// The observation.
    pub seen: &'a Observation,
    /// What it is, and whom it is compared with.
    pub profile: Profile,
    /// Its habits; `None` when it has not acted before.
    pub habits: Option<&'a doorward_views::habits::Habits>,
    /// The numbers behind the score.
    pub parameters: &'a Parameters,
}

impl<'a> Subject<'a> {
    fn of(state: &'a State, seen: &'a Observation, probe: &Probe, parameters: &'a Parameters) -> Self {
        let habits = state.shard(seen).and_then(|shard| shard.habits(probe.identity));
        Self { seen, profile: probe.profile, habits, parameters }
    }

    /// The event.
    pub(crate) fn event(&self) -> &'a Event {
        &self.seen.event
    }

    /// Whether it has acted on enough distinct days to know what is normal for it.
    pub(crate) fn is_known(&self) -> bool {
        self.habits.map_or(0, |habits| habits.days) >= u16::from(self.parameters.normal_days)
    }
}

fn evidence(event: &Event, novelties: Vec<Novelty>) -> Evidence {
    Evidence {
        event: event.id.clone(),
        happened_at_ms: event.happened_at_ms,
        permission: event.permission(),
        class: event.class,
        target: event.target.as_ref().map(|target| target.id.clone()).unwrap_or_default(),
        address: event.client.address.clone(),
        family: event.client.family.clone(),
        error_code: event.error_code.clone(),
        access_key_id: event.actor.access_key_id.clone(),
        novelties,
    }
}
