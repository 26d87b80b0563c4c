//! Whom an attack hits, when, and how the attacker's calls look.

use std::sync::Arc;

use doorward_model::time::{Millis, Time};

use crate::attack::{Known, Side, Technique};
use crate::client;
use crate::day::person::Shift;
use crate::day::{Log, Place};
use crate::departments::department;
use crate::network::attacker;
use crate::organisation::{Class, Member, Organisation, product};
use crate::random::{Random, Stream, nth};
use crate::record::Caller;
use crate::words::UNUSED_REGIONS;

/// Whom an attack hits, and when it begins.
#[derive(Clone, Debug)]
pub(crate) struct Victim {
    pub(crate) member: Member,
    pub(crate) identity: String,
    pub(crate) at: Time,
    pub(crate) place: Place,
    /// The coding agent, if it is one.
    agent: Option<u32>,
    /// For people and their agents: the stretch of work whose session is used.
    shift: Option<Shift>,
}

impl Organisation {
    /// Whom the attack of a number hits. A sign-in that nobody would have made otherwise is written to the log.
    pub(crate) fn victim(&self, number: u32, known: Known, variant: (Side, Side), log: &mut Log) -> Victim {
        let name = [u64::from(number), known.technique as u64, variant.0 as u64, variant.1 as u64];
        let mut random = Random::of(self.plan.seed, Stream::Attack, &name);
        match known.technique {
            Technique::InstanceCredentialTheft => self.machine_victim(Class::Instance, &mut random),
            Technique::LeakedKey | Technique::ModelHijack => self.machine_victim(Class::User, &mut random),
            Technique::SecretsHarvest => self.machine_victim(Class::Function, &mut random),
            Technique::SlowDiscovery => self.slow_victim(&mut random),
            Technique::AgentDrift => {
                let agent = draw(&mut random, self.count(Class::CodingAgent));
                self.person_victim(Some(agent), self.person_behind(agent), (number, &mut random), log)
            }
            Technique::LoginProfileBackdoor
            | Technique::LoggingStopped
            | Technique::RoleTrustBackdoor
            | Technique::NewRegionCompute
            | Technique::SnapshotShared
            | Technique::CommandFanOut => {
                self.person_victim(None, self.administrator(number), (number, &mut random), log)
            }
        }
    }

    /// One of the people who may do everything, another one for each attack as long as there are more.
    fn administrator(&self, number: u32) -> u32 {
        let people = self.count(Class::Person);
        let administrators: Vec<u32> = (0..people)
            .filter(|&person| department(person).permission_set == "AdministratorAccess")
            .take(64)
            .collect();
        nth(&administrators, u64::from(number))
    }

    /// A machine, some minutes after a record of its own: the credential that the attacker has is in use.
    fn machine_victim(&self, class: Class, random: &mut Random) -> Victim {
        let member = self.member(class, draw(random, self.count(class)));
        let identity: Arc<str> = self.identity(member).into();
        let (from, to) = (self.attacks_from(), self.plan.end() - Millis::HOUR);
        let mut log = Log { from, to, events: Vec::new() };
        for day in 0..self.plan.days {
            if self.plan.day_start(day) >= from {
                self.machine_day(member, day, &mut log);
            }
        }
        let own: Vec<Time> = log
            .events
            .iter()
            .filter(|event| event.caller.identity == identity)
            .map(|event| event.at)
            .collect();
        let chosen = nth(&own, random.bits()).max(from);
        self.machine_at(member, chosen + Millis::SECOND.times(i64::from(300 + draw(random, 900))))
    }

    /// Two weeks of one call a day, or as many days as there are after the first.
    fn slow_victim(&self, random: &mut Random) -> Victim {
        let member = self.member(Class::Container, draw(random, self.count(Class::Container)));
        let days = i64::from(self.plan.days.saturating_sub(1).clamp(1, 14));
        let hour = i64::try_from(random.below(20)).unwrap_or_default();
        self.machine_at(member, self.plan.end() - Millis::DAY.times(days) + Millis::HOUR.times(hour))
    }

    fn machine_at(&self, member: Member, at: Time) -> Victim {
        let [place, _] = self.places(member, 0);
        Victim { member, identity: self.identity(member), at, place, agent: None, shift: None }
    }

    fn person_victim(
        &self,
        agent: Option<u32>,
        person: u32,
        (number, random): (u32, &mut Random),
        log: &mut Log,
    ) -> Victim {
        let member = self.member(Class::Person, person);
        let (from, to) = (self.attacks_from(), self.plan.end() - Millis::HOUR.times(3));
        let days = i64::from(self.plan.days);
        let fits = |shift: &Shift| (from..to).contains(&shift.begins) && !(agent.is_some() && shift.console);
        let shifts: Vec<Shift> = (-1..=days)
            .flat_map(|day| self.shifts(member, day))
            .filter(fits)
            .filter(|shift| shift.turn < 2)
            .collect();
        let turn = usize::try_from(number / 2).unwrap_or_default();
        let chosen = turn.checked_rem(shifts.len()).and_then(|turn| shifts.get(turn));
        let shift = chosen.cloned().unwrap_or_else(|| self.extra_shift(member, (number, to), log));
        let person = self.person_in(member, shift.account);
        let identity = match agent {
            Some(agent) => format!("agent:{person}/{}", product(agent)),
            None => person,
        };
        Victim {
            member,
            identity,
            at: shift.begins
                + Millis::SECOND.times(900 + i64::try_from(random.below(2_400)).unwrap_or_default()),
            place: self.desk_place(&shift),
            agent,
            shift: Some(shift),
        }
    }

    /// Nobody fitting is at work on the days of the attack: somebody comes in on the last one.
    fn extra_shift(&self, person: Member, (number, to): (u32, Time), log: &mut Log) -> Shift {
        let shift = Shift {
            person,
            local_day: i64::from(self.plan.days),
            turn: 9 + number,
            account: self.desk(person.ordinal, 0),
            begins: to - Millis::HOUR.times(6) - Millis::MINUTE.times(i64::from(number % 97)),
            lasts: Millis::HOUR,
            records: self.plan.events_per_identity_day.max(2) / 2,
            console: false,
        };
        self.write_shift(&shift, log);
        shift
    }

    /// Who seems to call: the victim, in whole, or from elsewhere, or with another program.
    pub(crate) fn attack_caller(
        &self,
        victim: &Victim,
        (network, agent): (Side, Side),
        (number, _, at): (u32, u32, Time),
    ) -> Arc<Caller> {
        let mut caller = match &victim.shift {
            Some(shift) => {
                let session = Arc::new(self.person_session(shift));
                match victim.agent {
                    Some(agent) => self.agent_caller(shift, &session, agent),
                    None => self.at_work(shift, &session),
                }
            }
            None => self.machine_caller(victim.member, at),
        };
        if network == Side::New {
            caller.address = attacker(number).into();
            caller.endpoint = None;
        }
        if agent == Side::New {
            caller.agent = client::foreign(number).into();
        }
        Arc::new(caller)
    }
}

/// Where an attack strikes: where the victim works, or in a region that nobody uses.
pub(crate) fn target_place(technique: Technique, victim: &Victim) -> Place {
    let region = if technique == Technique::NewRegionCompute {
        nth(&UNUSED_REGIONS, u64::from(victim.member.index))
    } else {
        victim.place.region
    };
    Place { region, ..victim.place.clone() }
}

fn draw(random: &mut Random, limit: u32) -> u32 {
    u32::try_from(random.below(u64::from(limit))).unwrap_or_default()
}
