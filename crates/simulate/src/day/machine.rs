//! The day of a machine: the same few calls round the clock, with a new credential every few hours.

use std::collections::BTreeMap;
use std::sync::Arc;

use doorward_model::time::{Millis, Time};

use crate::calls::{Call, ELSEWHERE, Effect, read, write};
use crate::client;
use crate::day::{Log, Outcome, Pen, Place, whole_seconds};
use crate::organisation::{Class, Member, Organisation};
use crate::random::{Random, Stream, nth};
use crate::record::{Caller, Detail, Fault, Who};
use crate::session::{self, Session, unique_id};

/// A call that opens a session.
pub(crate) const ASSUME: Call = read("sts", "AssumeRole", "");

/// How a machine has changed up to a day.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Changes {
    pub(crate) actions: u32,
    pub(crate) services: u32,
    pub(crate) moves: u32,
    pub(crate) upgrades: u32,
}

/// What a machine is on one day.
#[derive(Debug)]
struct Machine {
    member: Member,
    changes: Changes,
    identity: Arc<str>,
    agent: Arc<str>,
    endpoint: Option<Arc<str>>,
    places: [Place; 2],
    calls: Vec<Call>,
}

impl Organisation {
    /// Writes the day of a machine.
    pub(crate) fn machine_day(&self, member: Member, day: u32, log: &mut Log) {
        let (seed, index) = (self.plan.seed, u64::from(member.index));
        let mut random = Random::of(seed, Stream::Day, &[index, u64::from(day)]);
        let machine = self.machine(member, day);
        let mut pen = Pen::new(log, seed, &[index, u64::from(day)]);
        let (start, records) = (self.plan.day_start(day), self.rate(member));
        let sessions = self.write_openings(&machine, day, &mut pen);
        let mut current: Option<(i64, Arc<Caller>)> = None;
        for nth_record in 0..records {
            let slot = Millis::DAY.0 / i64::from(records);
            let jitter = i64::try_from(random.below(u64::try_from(slot).unwrap_or(1))).unwrap_or_default();
            let at = whole_seconds(start + Millis(slot * i64::from(nth_record) + jitter));
            let fault = self.machine_fault(&mut random);
            if !pen.keeps(at) {
                pen.skip();
                continue;
            }
            let number = self.session_number(member, at);
            let caller = match current.take() {
                Some((of, caller)) if of == number => caller,
                _ => Arc::new(self.caller_of(&machine, at, sessions.get(&number))),
            };
            let turn = u64::from(day) * u64::from(records) + u64::from(nth_record);
            let [home, elsewhere] = &machine.places;
            let place = if turn.is_multiple_of(3) { elsewhere } else { home };
            pen.write_full(at, (place, &caller), nth(&machine.calls, turn), Outcome::of(fault));
            current = Some((number, caller));
        }
        if member.class == Class::User {
            self.rotation(&machine, day, &mut pen);
        }
    }

    /// What a machine is on a day.
    fn machine(&self, member: Member, day: u32) -> Machine {
        let changes = self.changes(member, day);
        let taste = self.hash(Stream::Pattern, self.app(member.ordinal).0);
        Machine {
            member,
            changes,
            identity: self.identity(member).into(),
            agent: client::machine(member, taste, changes.upgrades).into(),
            endpoint: self.endpoint(member).filter(|_| changes.moves == 0).map(Into::into),
            places: self.places(member, day),
            calls: self.calls_of(member, changes),
        }
    }

    fn machine_fault(&self, random: &mut Random) -> Fault {
        if random.chance(self.plan.noise.machine_denied) {
            Fault::Denied
        } else if random.chance(self.plan.noise.throttled) {
            Fault::Throttled
        } else {
            Fault::None
        }
    }

    /// How many records a machine writes on a day: half, three quarters, all or seven quarters of the plan's rate.
    pub(crate) fn rate(&self, member: Member) -> u32 {
        let quarters = nth(&[2, 3, 4, 7], self.hash(Stream::Member, member.index) >> 8);
        (self.plan.events_per_identity_day * quarters / 4).max(1)
    }

    /// How a machine has changed since the span began.
    pub(crate) fn changes(&self, member: Member, day: u32) -> Changes {
        let noise = &self.plan.noise;
        let count = |kind: u64, rate: u32| {
            (0..=day / 30).map(|month| u32::from(self.changed(member, kind, rate, (month, day)))).sum()
        };
        Changes {
            actions: count(1, noise.machine_new_action),
            services: count(2, noise.machine_new_service),
            moves: count(3, noise.machine_new_network),
            upgrades: count(4, noise.machine_new_client),
        }
    }

    fn changed(&self, member: Member, kind: u64, rate: u32, (month, day): (u32, u32)) -> bool {
        let parts = [u64::from(member.index), kind, u64::from(month)];
        let mut random = Random::of(self.plan.seed, Stream::Month, &parts);
        random.chance(rate) && u64::from(month) * 30 + random.below(30) <= u64::from(day)
    }

    /// What a machine does in turn: its habit, and what it has taken up since.
    pub(crate) fn calls_of(&self, member: Member, changes: Changes) -> Vec<Call> {
        let (habit, taste) = (self.habit(member), self.hash(Stream::Pattern, member.index));
        let mut calls = habit.core.to_vec();
        let own = habit.later.len() as u64;
        calls.extend(
            (0..u64::from(changes.actions).min(own))
                .map(|more| nth(habit.later, (taste >> 4).wrapping_add(more))),
        );
        // Data events are recorded of some buckets only.
        if taste % 5 > 1 {
            calls.retain(|call| call.service != "s3" || matches!(call.effect, Effect::Read | Effect::Write));
        }
        calls.extend(
            (0..u64::from(changes.services)).map(|more| nth(ELSEWHERE, (taste >> 8).wrapping_add(more))),
        );
        calls
    }

    /// Where a machine works: at home, and, for some, in the region into which the account has expanded.
    pub(crate) fn places(&self, member: Member, day: u32) -> [Place; 2] {
        let account = self.account_at(member.account);
        let hash = self.hash(Stream::Member, member.index);
        let stem: Arc<str> = self.stem(member).into();
        let home = nth(&account.regions, hash >> 16 & 1);
        let place = |region| Place { account: Arc::clone(&account.id), region, stem: Arc::clone(&stem) };
        let moved = account.expansion.filter(|&(since, _)| day >= since && hash >> 20 & 3 == 0);
        [place(home), place(moved.map_or(home, |(_, region)| region))]
    }

    /// How long a machine's credential holds.
    fn holds(member: Member) -> Millis {
        match member.class {
            Class::Vendor | Class::Agent => Millis::HOUR.times(8),
            Class::Instance => Millis::HOUR.times(6),
            _ => Millis::HOUR.times(12),
        }
    }

    /// Which of a machine's sessions, counted from the epoch, an instant lies in.
    pub(crate) fn session_number(&self, member: Member, at: Time) -> i64 {
        (at.ms() + self.phase(member)).div_euclid(Self::holds(member).0)
    }

    fn phase(&self, member: Member) -> i64 {
        let seconds = self.hash(Stream::Session, member.index) % 21_600;
        i64::try_from(seconds).unwrap_or_default() * Millis::SECOND.0
    }

    /// A session of a machine's role.
    pub(crate) fn machine_session(&self, member: Member, number: i64) -> Session {
        let (seed, index) = (self.plan.seed, u64::from(member.index));
        let holds = Self::holds(member);
        let own = self.hash(Stream::Session, member.index);
        let name = match member.class {
            Class::Instance => format!("i-0{own:016x}"),
            Class::Container => format!("{own:016x}{:016x}", own.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            Class::Vendor => self.vendor(member.ordinal).name.to_owned(),
            Class::Agent => format!("agent-runtime-{:08x}", own & 0xffff_ffff),
            _ => self.stem(member),
        };
        let delivery = if member.class == Class::Instance { r#","ec2RoleDelivery":"2.0""# } else { "" };
        Session {
            account: self.account_id(member),
            role: format!("/{}", self.name(member)).into(),
            role_id: self.unique_id(member).into(),
            name: name.into(),
            key: unique_id("ASIA", seed, Stream::Session, &[index, number.unsigned_abs()]),
            since: Time::from_ms(number * holds.0 - self.phase(member)),
            holds,
            context: delivery.into(),
            beside: "",
        }
    }

    /// The platform's unique id of a member's role or user.
    pub(crate) fn unique_id(&self, member: Member) -> String {
        let prefix = if member.class == Class::User { "AIDA" } else { "AROA" };
        unique_id(prefix, self.plan.seed, Stream::UniqueId, &[u64::from(member.index)])
    }

    /// The caller who is a machine, within the session it has at an instant.
    pub(crate) fn machine_caller(&self, member: Member, at: Time) -> Caller {
        let since = (at - self.plan.day_start(0)).0.div_euclid(Millis::DAY.0);
        let machine = self.machine(member, u32::try_from(since).unwrap_or_default());
        self.caller_of(&machine, at, None)
    }

    fn caller_of(&self, machine: &Machine, at: Time, session: Option<&Arc<Session>>) -> Caller {
        let member = machine.member;
        let number = self.session_number(member, at);
        let [home, _] = &machine.places;
        let address =
            self.machine_address(member, home.region, number.unsigned_abs(), machine.changes.moves).into();
        let (agent, endpoint) = (Arc::clone(&machine.agent), machine.endpoint.clone());
        if member.class == Class::User {
            let (name, key) = (self.name(member), self.user_key(member, at));
            let user = session::user(&home.account, &name, &self.unique_id(member), &key);
            return Caller { address, agent, ..user };
        }
        let session = session.map_or_else(|| Arc::new(self.machine_session(member, number)), Arc::clone);
        let who = Who::Session(session);
        Caller {
            who,
            identity: Arc::clone(&machine.identity),
            address,
            agent,
            tls: true,
            console: false,
            endpoint,
        }
    }

    /// The calls with which the platform, or another company, opens a machine's sessions of a day; the sessions.
    fn write_openings(&self, machine: &Machine, day: u32, pen: &mut Pen<'_>) -> BTreeMap<i64, Arc<Session>> {
        let (member, mut sessions) = (machine.member, BTreeMap::new());
        if member.class == Class::User {
            return sessions;
        }
        let (from, to) = (self.plan.day_start(day), self.plan.day_start(day + 1));
        let [home, _] = &machine.places;
        let (caller, more) = self.opener(member);
        let caller = Arc::new(caller);
        for number in self.session_number(member, from)..=self.session_number(member, to) {
            let session = Arc::new(self.machine_session(member, number));
            let shared = Some(pen.fresh_id());
            if pen.keeps(session.since) {
                let detail = Detail { shared, ..session.opening(&more) };
                pen.write_full(session.since, (home, &caller), ASSUME, Outcome::with(detail));
            } else {
                pen.skip();
            }
            sessions.insert(number, session);
        }
        sessions
    }

    fn opener(&self, member: Member) -> (Caller, String) {
        let service = match member.class {
            Class::Function => "lambda",
            Class::Container => "ecs-tasks",
            Class::Instance => "ec2",
            Class::Agent => "bedrock-agentcore",
            _ => {
                let vendor = self.vendor(member.ordinal);
                let principal =
                    unique_id("AROA", 1, Stream::UniqueId, &[vendor.account.parse().unwrap_or_default()]);
                let caller = Caller {
                    address: self.machine_address(member, "us-east-1", 0, 0).into(),
                    agent: client::machine(member, 0, 0).into(),
                    ..session::other_account(vendor.account, &format!("{principal}:{}", vendor.name))
                };
                return (caller, format!(r#","externalId":"{}""#, self.external_id(member)));
            }
        };
        (session::service(service), String::new())
    }

    /// The id that a vendor must name to be let in.
    pub(crate) fn external_id(&self, member: Member) -> String {
        format!("{:016x}", self.hash(Stream::Policy, member.index))
    }
}

/// Keys of users.
impl Organisation {
    /// How often a user's key had been changed at an instant.
    fn key_number(&self, member: Member, at: Time) -> u64 {
        let every = i64::from(self.plan.noise.key_rotation_days);
        let phase = i64::try_from(self.hash(Stream::Session, member.index) % 10_000).unwrap_or_default();
        let day = at.ms().div_euclid(Millis::DAY.0) + phase;
        day.checked_div(every).unwrap_or_default().unsigned_abs()
    }

    /// The access key of a user at an instant.
    pub(crate) fn user_key(&self, member: Member, at: Time) -> String {
        self.key(member, self.key_number(member, at))
    }

    fn key(&self, member: Member, number: u64) -> String {
        unique_id("AKIA", self.plan.seed, Stream::Session, &[u64::from(member.index), number])
    }

    /// On the day of a rotation the user makes the new key and puts away the old one.
    fn rotation(&self, machine: &Machine, day: u32, pen: &mut Pen<'_>) {
        let (member, start) = (machine.member, self.plan.day_start(day));
        let (old, new) = (self.key_number(member, start - Millis(1)), self.key_number(member, start));
        if old == new {
            return;
        }
        let ([place, _], name) = (&machine.places, self.name(member));
        let caller = |number| {
            let (account, id) = (&place.account, self.unique_id(member));
            let who = session::user(account, &name, &id, &self.key(member, number)).who;
            Arc::new(Caller { who, ..self.caller_of(machine, start, None) })
        };
        let (old_key, new_key) = (self.key(member, old), self.key(member, new));
        let created = start.to_string();
        let made = format!(
            r#"{{"accessKey":{{"userName":"{name}","accessKeyId":"{new_key}","status":"Active","createDate":"{created}"}}}}"#
        );
        let steps = [
            (old, write("iam", "CreateAccessKey", ""), format!(r#"{{"userName":"{name}"}}"#), Some(made)),
            (
                new,
                write("iam", "UpdateAccessKey", ""),
                format!(r#"{{"userName":"{name}","accessKeyId":"{old_key}","status":"Inactive"}}"#),
                None,
            ),
            (
                new,
                write("iam", "DeleteAccessKey", ""),
                format!(r#"{{"userName":"{name}","accessKeyId":"{old_key}"}}"#),
                None,
            ),
        ];
        for (step, (number, call, request, response)) in (0..).zip(steps) {
            let detail = Detail {
                request: Some(request.into()),
                response: response.map(Into::into),
                ..Detail::default()
            };
            pen.write_full(
                start + Millis::MINUTE.times(step),
                (place, &caller(number)),
                call,
                Outcome::with(detail),
            );
        }
    }
}
