//! The organisations that are judged.

use std::collections::BTreeMap;

use doorward_detect::{Judging, Settings};
use doorward_engine::{Arrival, Engine, Identified, Judge, Rules};
use doorward_intake::{Item, Limits, Reader};
use doorward_model::event::Event;
use doorward_model::id::{Partition, TenantId};
use doorward_model::record::{Fact, FactRecord, Record};
use doorward_model::time::Time;
use doorward_respond::{Ladder, ResponseMode};
use doorward_simulate::{AttackPlan, Class, Label, Plan, delivered, organisation};

/// How many identities a quiet organisation has, and one that is attacked.
pub(crate) const QUIET_IDENTITIES: u32 = 800;
const ATTACKED_IDENTITIES: u32 = 300;
/// How many days of events there are, and how many of them are only learned from.
pub(crate) const DAYS: u32 = 28;
pub(crate) const LEARNED: u32 = 7;

/// Some weeks of an organisation, ready to be judged.
pub(crate) struct World {
    /// In order. Who acted is found out once: no number that is varied bears on it.
    pub(crate) moments: Vec<Moment>,
    /// Before this nothing is raised.
    pub(crate) judged_from: Time,
    pub(crate) labels: Vec<Label>,
    /// Which label an event belongs to.
    pub(crate) label_of: BTreeMap<String, usize>,
    /// How many of its members are no people.
    pub(crate) machines: u32,
}

/// An event whose identity is known.
pub(crate) struct Moment {
    pub(crate) at: Time,
    /// What it makes known for the first time.
    pub(crate) facts: Vec<Fact>,
    /// The observation.
    pub(crate) seen: Record,
}

impl World {
    /// One attack of each kind within the judged days, in other variants at each turn: many in one organisation would
    /// teach its peers.
    pub(crate) fn attacked(seed: u64, turn: u32) -> Self {
        let attack_days = DAYS - LEARNED;
        let attacks = AttackPlan::OneTurn(turn);
        Self::of(&Plan { attacks, attack_days, ..Plan::new(seed, ATTACKED_IDENTITIES, DAYS) })
    }

    /// No attack: whatever is raised is false.
    pub(crate) fn quiet(seed: u64) -> Self {
        Self::of(&Plan { attacks: AttackPlan::None, ..Plan::new(seed, QUIET_IDENTITIES, DAYS) })
    }

    fn of(plan: &Plan) -> Self {
        let organisation = organisation(plan);
        let labels = organisation.labels();
        let mut label_of = BTreeMap::new();
        for (at, label) in labels.iter().enumerate() {
            label_of.extend(label.events.iter().map(|event| (event.to_string(), at)));
        }
        let mut events = Vec::new();
        for day in 0..plan.days {
            let mut reader = Reader::new("ablation", Limits::default());
            let mut take = |item| {
                if let Item::Event(event) = item {
                    events.push(*event);
                }
            };
            reader.push(&delivered(&organisation.day(day)), &mut take);
            reader.finish(&mut take);
        }
        events.sort_by(Event::order);
        Self {
            moments: identified(events),
            judged_from: plan.day_start(LEARNED),
            labels,
            label_of,
            machines: organisation.len() - organisation.count(Class::Person),
        }
    }
}

/// Names the identity of each event.
fn identified(events: Vec<Event>) -> Vec<Moment> {
    let mut engine = Engine::new(TenantId::from(TENANT), rules(Time::MAX, Settings::default()), 1, 7);
    let (mut number, mut places) = (0, vec![0; usize::from(Partition::COUNT)]);
    let mut moments = Vec::with_capacity(events.len());
    for event in events {
        let at = event.happened_at();
        let Identified { facts, mut seen, .. } = engine.identify(Box::new(event), at, Arrival::Filed);
        for fact in &facts {
            number += 1;
            let record = FactRecord { number, recorded_at_ms: at.ms(), fact: Some(fact.clone()) };
            engine.state.fold_fact(&record);
        }
        let place = places.get_mut(usize::from(seen.partition().0)).unwrap();
        *place += 1;
        seen.n = *place;
        moments.push(Moment { at, facts, seen: Record::Observation(seen) });
    }
    moments
}

/// Judges what happened from an instant on.
pub(crate) fn rules(from: Time, settings: Settings) -> Rules {
    Rules {
        judge: Judge { from, judging: Judging::Full },
        settings,
        ladder: Ladder { mode: ResponseMode::Record, ..Ladder::default() },
    }
}

pub(crate) const TENANT: &str = "ablation";
