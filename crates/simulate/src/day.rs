//! One day of the organisation: everybody's records, in the order of time.

pub(crate) mod drill;
pub(crate) mod machine;
pub(crate) mod person;
pub(crate) mod pipeline;
pub(crate) mod platform;

use std::sync::Arc;

use doorward_model::time::{Millis, Time};

use crate::calls::Call;
use crate::organisation::{Class, Organisation};
use crate::random::{Random, Stream};
use crate::record::{Caller, Detail, EventId, Fault, SimEvent};
use crate::words::HOME_REGIONS;

impl Organisation {
    /// The records of one day of the span, in the order of time and then of id. Days can be asked for in any order.
    #[must_use]
    pub fn day(&self, day: u32) -> Vec<SimEvent> {
        self.between(self.plan.day_start(day), self.plan.day_start(day + 1))
    }

    /// The records from one instant to before another, in the order of time and then of id: for organisations of
    /// which a whole day is too much at once. Each call derives the whole day anew.
    #[must_use]
    pub fn between(&self, from: Time, to: Time) -> Vec<SimEvent> {
        let first = (from.max(self.plan.day_start(0)) - self.plan.day_start(0)).0.div_euclid(Millis::DAY.0);
        let mut events = Vec::new();
        for day in u32::try_from(first).unwrap_or_default().. {
            let (begins, ends) = (self.plan.day_start(day), self.plan.day_start(day + 1));
            if begins >= to {
                break;
            }
            let mut log = Log { from: from.max(begins), to: to.min(ends), events };
            self.write_day(day, &mut log);
            events = log.events;
        }
        events.sort_unstable_by_key(|event| (event.at, event.id));
        events
    }

    fn write_day(&self, day: u32, log: &mut Log) {
        for member in self.members() {
            match member.class {
                Class::Person => self.person_day(member, day, log),
                Class::Pipeline => self.pipeline_day(member, day, log),
                Class::User
                | Class::Vendor
                | Class::Function
                | Class::Container
                | Class::Instance
                | Class::Agent => self.machine_day(member, day, log),
                // They act within their person's day.
                Class::CodingAgent => {}
            }
        }
        for account in self.accounts() {
            self.platform_day(account, day, log);
        }
        self.drill(day, log);
        for attack in self.attacks() {
            log.events
                .extend(attack.events.into_iter().filter(|event| (log.from..log.to).contains(&event.at)));
        }
    }
}

/// The records of one day as they are written down.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) from: Time,
    pub(crate) to: Time,
    pub(crate) events: Vec<SimEvent>,
}

/// Where a record goes and who calls.
pub(crate) type Scene<'a> = (&'a Place, &'a Arc<Caller>);

/// Writes the records of one thing within one span, each with an id of its own.
#[derive(Debug)]
pub(crate) struct Pen<'log> {
    log: &'log mut Log,
    ids: Random,
}

/// Where a record goes: whose log, and the resources that it speaks of.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) account: Arc<str>,
    pub(crate) region: &'static str,
    pub(crate) stem: Arc<str>,
}

impl<'log> Pen<'log> {
    /// The pen of a thing: what it writes depends on seed and name, and on nothing else that is written.
    pub(crate) fn new(log: &'log mut Log, seed: u64, name: &[u64]) -> Self {
        Self { log, ids: Random::of(seed, Stream::Event, name) }
    }

    /// Whether a record at this time would be kept.
    pub(crate) fn keeps(&self, at: Time) -> bool {
        (self.log.from..self.log.to).contains(&at)
    }

    /// An id that no record has.
    pub(crate) fn fresh_id(&mut self) -> EventId {
        EventId::draw(&mut self.ids)
    }

    /// Leaves out a record that is not kept; the next one has the id that it would have had.
    pub(crate) fn skip(&mut self) {
        self.fresh_id();
    }

    /// Writes a plain record.
    pub(crate) fn write(&mut self, at: Time, scene: Scene<'_>, call: Call) -> EventId {
        self.write_full(at, scene, call, Outcome::default())
    }

    /// Writes a record with detail.
    pub(crate) fn write_full(
        &mut self,
        at: Time,
        (place, caller): Scene<'_>,
        call: Call,
        outcome: Outcome,
    ) -> EventId {
        let id = self.fresh_id();
        let at = whole_seconds(at);
        if self.keeps(at) {
            self.log.events.push(SimEvent {
                at,
                id,
                account: Arc::clone(&place.account),
                region: region_of(call.service, place.region),
                caller: Arc::clone(caller),
                call,
                stem: Arc::clone(&place.stem),
                fault: outcome.fault,
                detail: outcome.detail.map(Box::new),
            });
        }
        id
    }
}

/// How a call ended and what else its record says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) fault: Fault,
    pub(crate) detail: Option<Detail>,
}

impl Outcome {
    /// It failed, or not.
    pub(crate) fn of(fault: Fault) -> Self {
        Self { fault, detail: None }
    }

    /// It succeeded and has more to say.
    pub(crate) fn with(detail: Detail) -> Self {
        Self { fault: Fault::None, detail: Some(detail) }
    }
}

pub(crate) fn whole_seconds(at: Time) -> Time {
    Time::from_ms(at.ms().div_euclid(Millis::SECOND.0) * Millis::SECOND.0)
}

/// The region in whose log a call to a service is: global services write to one.
pub(crate) fn region_of(service: &str, region: &'static str) -> &'static str {
    let global = ["iam", "organizations", "ce", "budgets", "route53", "support", "health", "invoicing"];
    let [first, ..] = HOME_REGIONS;
    if global.contains(&service) { first } else { region }
}
