//! One event against the state before it.

use doorward_model::event::Event;
use doorward_model::finding::{Evidence, Novelty};
use doorward_model::identity::IdentityKind;
use doorward_model::record::{Fact, Observation};
use doorward_views::habits::{Burst, Probe};
use doorward_views::state::State;

use crate::burst::{self, Notice};
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
    /// The weighted surprise under which nothing is raised, in thousandths of a bit.
    pub floor_milli: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { cases_per_day: 5, floor_milli: 24_000 }
    }
}

/// What came of an event.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inspection {
    /// Bursts as they stand now, replacing those of the same kind.
    pub bursts: Vec<Burst>,
    /// Findings that were raised or have grown.
    pub facts: Vec<Fact>,
}

/// Inspects an observation that has not been folded, with what was probed for it. `threshold_milli` is the weighted
/// surprise from which novelty is raised.
#[must_use]
pub fn inspect(
    state: &State,
    seen: &Observation,
    probe: &Probe,
    judging: Judging,
    threshold_milli: u64,
) -> Inspection {
    let subject = Subject::of(state, seen);
    let novelties = novelty::of(state, &subject, probe);
    let score_milli = novelty::weighted_milli(&subject, &novelties, judging);
    let mut notices = lineage::of(state, &subject, probe);
    if score_milli > 0 {
        notices.push(Notice::novelty(score_milli, threshold_milli, &seen.event));
    }
    if notices.is_empty() {
        return Inspection::default();
    }
    let evidence = evidence(&seen.event, novelties);
    let mut inspection = Inspection::default();
    for notice in notices {
        let (burst, fact) = burst::gather(&subject, notice, &evidence, judging);
        inspection.bursts.push(burst);
        inspection.facts.extend(fact);
    }
    inspection
}

/// The identity that acted, with what is known of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'a> {
    /// The observation.
    pub seen: &'a Observation,
    /// What it is.
    pub kind: IdentityKind,
    /// The peer group it is compared with.
    pub peer_group: &'a str,
    /// Its habits; `None` when it has not acted before.
    pub habits: Option<&'a doorward_views::habits::Habits>,
}

impl<'a> Subject<'a> {
    fn of(state: &'a State, seen: &'a Observation) -> Self {
        let known = state.control.identities.get(&seen.identity);
        Self {
            seen,
            kind: state.kind(&seen.identity),
            peer_group: known.map_or("", |known| &known.peer_group),
            habits: state.habits(&seen.identity),
        }
    }

    /// The event.
    pub(crate) fn event(&self) -> &'a Event {
        &self.seen.event
    }

    /// On how many distinct days it has acted.
    pub(crate) fn days(&self) -> u16 {
        self.habits.map_or(0, |habits| habits.days)
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
