//! The day of a person: sign in, look around, change something, go home; sometimes called at night.

use std::sync::Arc;

use doorward_model::time::{Millis, Time};

use crate::calls::{CODING, Call, read, write};
use crate::client;
use crate::day::machine::ASSUME;
use crate::day::{Log, Outcome, Pen, Place};
use crate::departments::{DEPARTMENTS, Department, department};
use crate::network::road;
use crate::organisation::{Member, Organisation};
use crate::random::{Random, Stream, letters, nth};
use crate::record::{Caller, Detail, EventType, Fault};
use crate::session::{self, Session, unique_id};

/// The role that the platform team takes in other accounts.
pub(crate) const ADMIN_ROLE: &str = "platform-admin";

/// The place of the directory of people in its list of names.
const STORE: &str = "d-9367a1b2c3";

/// A stretch of work of one person in one account.
#[derive(Clone, Debug)]
pub(crate) struct Shift {
    pub(crate) person: Member,
    /// The day where the person lives, counted from the first of the span; may lie before it.
    pub(crate) local_day: i64,
    /// Which of the day's stretches: 0 and 1 by day, 2 in the night, 3 of an audit and on.
    pub(crate) turn: u32,
    pub(crate) account: u32,
    pub(crate) begins: Time,
    pub(crate) lasts: Millis,
    pub(crate) records: u32,
    pub(crate) console: bool,
}

impl Organisation {
    /// Writes what a person does within one day of UTC: parts of up to three days where the person lives.
    pub(crate) fn person_day(&self, member: Member, day: u32, log: &mut Log) {
        for local_day in i64::from(day) - 2..=i64::from(day) + 1 {
            let midnight = self.local_midnight(member, local_day);
            if midnight + Millis::HOUR.times(32) <= log.from || midnight + Millis::HOUR.times(7) >= log.to {
                continue;
            }
            for shift in self.shifts(member, local_day) {
                self.write_shift(&shift, log);
            }
        }
    }

    /// When a day begins where a person lives.
    fn local_midnight(&self, member: Member, local_day: i64) -> Time {
        let offset = self.site(member.ordinal).offset_min;
        self.plan.day_start(0) + Millis::DAY.times(local_day) - Millis::MINUTE.times(offset)
    }

    /// Whether a person works on a day: not on weekends, not before the first day, and not always otherwise.
    pub(crate) fn works(&self, member: Member, local_day: i64) -> bool {
        // The epoch was a Thursday.
        let epoch_day = i64::from(self.plan.day_start(0).day().0) + local_day;
        let weekend = matches!((epoch_day + 3).rem_euclid(7), 5 | 6);
        let parts = [u64::from(member.index), local_day.unsigned_abs(), 1];
        let away = Random::of(self.plan.seed, Stream::Day, &parts).below(10) == 0;
        !weekend && !away && local_day >= i64::from(self.first_day(member))
    }

    /// A person's stretches of work on one day.
    pub(crate) fn shifts(&self, member: Member, local_day: i64) -> Vec<Shift> {
        let parts = [u64::from(member.index), local_day.unsigned_abs()];
        let mut random = Random::of(self.plan.seed, Stream::Day, &parts);
        let midnight = self.local_midnight(member, local_day);
        let department = department(member.ordinal);
        let per_day = u64::from(self.plan.events_per_identity_day);
        let mut shifts = Vec::new();
        let mut add = |random: &mut Random, turn, account, from_min: u64, records: u64| {
            let seconds = from_min * 60 + random.below(60);
            let begins = midnight + Millis::SECOND.times(i64::try_from(seconds).unwrap_or_default());
            let lasts = Millis::MINUTE.times(60 + i64::try_from(random.below(150)).unwrap_or_default());
            let records = u32::try_from(records).unwrap_or(u32::MAX).max(1);
            let console = random.below(10) < department.console_of_ten;
            shifts.push(Shift { person: member, local_day, turn, account, begins, lasts, records, console });
        };
        if self.works(member, local_day) {
            let main = self.desk(member.ordinal, 0);
            let morning = 480 + random.below(120);
            let records = per_day / 2 + random.below(per_day / 2 + 1);
            add(&mut random, 0, main, morning, records);
            if random.below(10) < 6 {
                let other = if random.below(10) < 7 { main } else { self.desk(member.ordinal, 1) };
                let afternoon = 780 + random.below(150);
                let records = per_day / 3 + random.below(per_day / 2 + 1);
                add(&mut random, 1, other, afternoon, records);
            }
            if self.audit(local_day) && department.permission_set == "SecurityAudit" {
                for turn in 3..6 {
                    let account = self
                        .desk(member.ordinal, turn + u32::try_from(local_day.unsigned_abs()).unwrap_or(0));
                    let from = 560 + u64::from(turn) * 40 + random.below(30);
                    add(&mut random, turn, account, from, 2 * per_day + 10);
                }
            }
        }
        if self.on_call(member, local_day) && random.chance(self.plan.noise.on_call_night) {
            let night = 1_350 + random.below(330);
            add(&mut random, 2, self.desk(member.ordinal, 0), night, per_day);
        }
        shifts
    }

    /// Whether there is an audit on a day.
    fn audit(&self, local_day: i64) -> bool {
        let every = i64::from(self.plan.noise.audit_every_days);
        let phase = i64::try_from(self.hash(Stream::Month, 7) % 10_000).unwrap_or_default();
        (local_day + phase).checked_rem_euclid(every).is_some_and(|place| place < 5)
    }

    /// Whether a person is on call: one week in four, for those who write programs.
    fn on_call(&self, member: Member, local_day: i64) -> bool {
        let week = local_day.div_euclid(7) + i64::from(member.ordinal);
        department(member.ordinal).writes_code
            && week.rem_euclid(4) == 0
            && local_day >= i64::from(self.first_day(member))
    }

    pub(crate) fn write_shift(&self, shift: &Shift, log: &mut Log) {
        let Shift { person, local_day, turn, .. } = *shift;
        let name = [u64::from(person.index), local_day.unsigned_abs(), u64::from(turn), 7];
        let mut random = Random::of(self.plan.seed, Stream::Burst, &name);
        let mut pen = Pen::new(log, self.plan.seed, &name);
        let session = self.sign_in(shift, &mut pen);
        let caller = Arc::new(self.at_work(shift, &session));
        let place = self.desk_place(shift);
        let department = department(person.ordinal);
        for _ in 0..shift.records {
            let at = shift.begins + Millis::MINUTE.times(2) + random_span(&mut random, shift.lasts);
            let call = self.person_call(person, department, &mut random);
            let fault = self.person_fault(&mut random);
            pen.write_full(at, (&place, &caller), call, Outcome::of(fault));
            if shift.console && random.below(5) == 0 {
                self.console_page(at, &place, &caller, (&mut random, &mut pen));
            }
        }
        if let Some(agent) = self.agent_of(person.ordinal).filter(|_| !shift.console && turn < 2) {
            self.agent_at_work(shift, &session, agent, &mut pen);
        }
        if department.permission_set == "AdministratorAccess" && random.below(6) == 0 {
            self.hop(shift, &session, &mut random, &mut pen);
        }
    }

    /// What a person does next: mostly the own favourites among what the department does.
    fn person_call(&self, person: Member, department: Department, random: &mut Random) -> Call {
        if random.chance(self.plan.noise.person_odd_call) {
            let other = nth(&DEPARTMENTS, random.bits());
            return random.pick(other.calls);
        }
        let favourite = self.hash(Stream::Person, person.index) % 5;
        let most = department.calls.len() as u64;
        nth(department.calls, favourite + random.skewed(most).min(random.below(most)))
    }

    /// One page of the console asks many services at once.
    fn console_page(
        &self,
        at: Time,
        place: &Place,
        caller: &Arc<Caller>,
        (random, pen): (&mut Random, &mut Pen<'_>),
    ) {
        const PAGE: [Call; 6] = [
            read("ec2", "DescribeRegions", r#"{"regionSet":{},"allRegions":true}"#),
            read("ec2", "DescribeAvailabilityZones", r#"{"availabilityZoneSet":{}}"#),
            read("monitoring", "DescribeAlarms", ""),
            read("health", "DescribeEventAggregates", r#"{"aggregateField":"eventTypeCategory"}"#),
            read("ce", "GetCostAndUsage", r#"{"granularity":"MONTHLY"}"#),
            read("notifications", "ListNotificationHubs", ""),
        ];
        for call in PAGE.into_iter().take(2 + usize::try_from(random.below(5)).unwrap_or_default()) {
            pen.write_full(at, (place, caller), call, Outcome::of(self.person_fault(random)));
        }
    }

    fn person_fault(&self, random: &mut Random) -> Fault {
        if random.chance(self.plan.noise.person_denied) { Fault::Denied } else { Fault::None }
    }

    /// The session of a stretch of work: it begins a minute before, and holds for eight or twelve hours.
    pub(crate) fn person_session(&self, shift: &Shift) -> Session {
        let set = department(shift.person.ordinal).permission_set;
        let account = self.account_at(shift.account);
        let parts = [
            u64::from(shift.person.index),
            shift.local_day.unsigned_abs(),
            u64::from(shift.turn),
            u64::from(shift.account),
        ];
        Session {
            account: Arc::clone(&account.id),
            role: self.reserved_role(shift.account, set).into(),
            role_id: self.reserved_role_id(shift.account, set).into(),
            name: self.name(shift.person).into(),
            key: unique_id("ASIA", self.plan.seed, Stream::Session, &parts),
            since: crate::day::whole_seconds(shift.begins),
            holds: Millis::HOUR.times(if set == "AdministratorAccess" { 8 } else { 12 }),
            context: "".into(),
            beside: "",
        }
    }

    /// Path and name of the role that stands for a permission set in an account.
    pub(crate) fn reserved_role(&self, account: u32, set: &str) -> String {
        let hash = Random::of(self.plan.seed, Stream::Policy, &[u64::from(account), letters(set)]).bits();
        format!("/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_{set}_{hash:016x}")
    }

    /// The unique id of that role.
    pub(crate) fn reserved_role_id(&self, account: u32, set: &str) -> String {
        unique_id("AROA", self.plan.seed, Stream::Policy, &[u64::from(account), letters(set), 1])
    }

    /// Where a person is on a day: office, home or on the road.
    pub(crate) fn whereabouts(&self, shift: &Shift) -> String {
        let person = shift.person;
        let parts = [u64::from(person.index), shift.local_day.unsigned_abs(), 2];
        let mut random = Random::of(self.plan.seed, Stream::Address, &parts);
        let site = self.site(person.ordinal);
        if random.chance(self.plan.noise.person_travel) {
            road(random.bits())
        } else if shift.turn == 2 || random.chance(self.plan.noise.person_home) {
            self.home(person.ordinal)
        } else {
            format!("{}.{}", site.office, 10 + person.ordinal % 4)
        }
    }

    /// The caller who is a person within a session.
    pub(crate) fn at_work(&self, shift: &Shift, session: &Arc<Session>) -> Caller {
        let taste = self.hash(Stream::Person, shift.person.index);
        let agent = if shift.console {
            client::browser(taste)
        } else if taste.is_multiple_of(7) && shift.turn == 1 {
            client::terraform("r")
        } else {
            client::command_line(taste)
        };
        let identity = self.person_in(shift.person, shift.account);
        Caller {
            console: shift.console,
            ..session::within(session, &identity, self.whereabouts(shift).into(), agent.into())
        }
    }

    /// The canonical id of a person at work in an account.
    pub(crate) fn person_in(&self, person: Member, account: u32) -> String {
        format!("idc:{}/{}", self.account_at(account).id, self.name(person))
    }

    pub(crate) fn desk_place(&self, shift: &Shift) -> Place {
        let account = self.account_at(shift.account);
        let liked = self.site(shift.person.ordinal).region;
        let region = if account.regions.contains(&liked) { liked } else { nth(&account.regions, 0) };
        Place { account: Arc::clone(&account.id), region, stem: self.stem(shift.person).into() }
    }

    /// Signing in: at Identity Center, into the role, and, where it is the console, into the console.
    fn sign_in(&self, shift: &Shift, pen: &mut Pen<'_>) -> Arc<Session> {
        let session = Arc::new(self.person_session(shift));
        let (email, taste) = (self.name(shift.person), self.hash(Stream::Person, shift.person.index));
        let address: Arc<str> = self.whereabouts(shift).into();
        let agent: Arc<str> = client::browser(taste).into();
        let portal = &self.account_at(0).id;
        let at_portal = Place { account: Arc::clone(portal), region: "eu-west-1", stem: "portal".into() };
        let user_id = format!(
            "{:010x}-{:08x}-0000-4000-8000-{:012x}",
            taste & 0xff_ffff_ffff,
            taste >> 32,
            taste & 0xffff_ffff_ffff
        );
        let person = Arc::new(Caller {
            address: Arc::clone(&address),
            agent: Arc::clone(&agent),
            ..session::directory_person(portal, &user_id, STORE)
        });
        let before = |seconds| shift.begins - Millis::SECOND.times(seconds);
        let additional = Some(r#"{"CredentialType":"EXTERNAL_IDP","AuthWorkflowID":"$h","UserName":"HIDDEN"}"#.replace("HIDDEN", &email).replace("$h", "0").into());
        let detail = Detail { additional, event_type: EventType::ServiceEvent, ..Detail::default() };
        pen.write_full(
            before(20),
            (&at_portal, &person),
            read("signin", "UserAuthentication", ""),
            Outcome::with(detail),
        );
        let (service, action) =
            if shift.console { ("sso", "Federate") } else { ("sso", "GetRoleCredentials") };
        let set = department(shift.person.ordinal).permission_set;
        let request = format!(r#"{{"account_id":"{}","role_name":"{set}"}}"#, session.account);
        let detail = Detail {
            request: Some(request.into()),
            event_type: EventType::ServiceEvent,
            ..Detail::default()
        };
        pen.write_full(before(4), (&at_portal, &person), read(service, action, ""), Outcome::with(detail));
        self.open(shift, &session, &address, pen);
        if shift.console {
            self.console_login(shift, &session, (address, agent), pen);
        }
        session
    }

    fn open(&self, shift: &Shift, session: &Arc<Session>, address: &Arc<str>, pen: &mut Pen<'_>) {
        let provider_id = format!(
            "arn:aws:iam::{}:saml-provider/AWSSSO_{:016x}_DO_NOT_DELETE",
            session.account,
            self.hash(Stream::Policy, shift.account)
        );
        let caller = Caller {
            address: Arc::clone(address),
            agent: "aws-internal/3 aws-sdk-java/1.12.780 Linux/5.10.230-202.885.amzn2int.x86_64 OpenJDK_64-Bit_Server_VM/25.432-b06 java/1.8.0_432 vendor/Oracle_Corporation cfg/retry-mode/standard".into(),
            ..session::saml(&session.account, &session.name, &provider_id)
        };
        let more = format!(r#","principalArn":"{provider_id}""#);
        let call = read("sts", "AssumeRoleWithSAML", "");
        pen.write_full(
            session.since,
            (&self.desk_place(shift), &Arc::new(caller)),
            call,
            Outcome::with(session.opening(&more)),
        );
    }

    fn console_login(
        &self,
        shift: &Shift,
        session: &Arc<Session>,
        (address, agent): (Arc<str>, Arc<str>),
        pen: &mut Pen<'_>,
    ) {
        let identity = self.person_in(shift.person, shift.account);
        let caller = Caller { console: false, ..session::within(session, &identity, address, agent) };
        let detail = Detail {
            response: Some(r#"{"ConsoleLogin":"Success"}"#.into()),
            additional: Some(r#"{"LoginTo":"https://console.aws.amazon.com/console/home","MobileVersion":"No","MFAUsed":"No"}"#.into()),
            event_type: EventType::ConsoleSignIn,
            ..Detail::default()
        };
        let call = write("signin", "ConsoleLogin", "");
        pen.write_full(
            session.since + Millis::SECOND,
            (&self.desk_place(shift), &Arc::new(caller)),
            call,
            Outcome::with(detail),
        );
    }

    /// A coding agent does its bursts under the person's session.
    fn agent_at_work(&self, shift: &Shift, session: &Arc<Session>, agent: u32, pen: &mut Pen<'_>) {
        let parts =
            [u64::from(shift.person.index), shift.local_day.unsigned_abs(), u64::from(shift.turn), 11];
        let mut random = Random::of(self.plan.seed, Stream::Burst, &parts);
        let (caller, place) = (Arc::new(self.agent_caller(shift, session, agent)), self.desk_place(shift));
        let favourites = CODING.len() as u64;
        for _ in 0..1 + random.below(3) {
            let mut at = shift.begins + Millis::MINUTE.times(4) + random_span(&mut random, shift.lasts);
            for _ in 0..2 + random.below(u64::from(self.plan.events_per_identity_day)) {
                let call = nth(CODING, u64::from(agent) + random.skewed(favourites));
                pen.write(at, (&place, &caller), call);
                let thinks = if random.below(4) == 0 { 20 } else { 2 };
                at = at + Millis::SECOND.times(1 + i64::try_from(random.below(thinks)).unwrap_or_default());
            }
        }
    }

    /// The caller who is a coding agent under a person's session.
    pub(crate) fn agent_caller(&self, shift: &Shift, session: &Arc<Session>, agent: u32) -> Caller {
        let identity = format!(
            "agent:{}/{}",
            self.person_in(shift.person, shift.account),
            crate::organisation::product(agent)
        );
        session::within(
            session,
            &identity,
            self.whereabouts(shift).into(),
            client::coding_agent(agent).into(),
        )
    }

    /// A step into another account, as its administrator, for an hour: two records of one call.
    fn hop(&self, shift: &Shift, session: &Arc<Session>, random: &mut Random, pen: &mut Pen<'_>) {
        let target = self.desk(shift.person.ordinal, 2);
        if target == shift.account {
            return;
        }
        let at = shift.begins + Millis::MINUTE.times(30) + random_span(random, Millis::HOUR);
        let caller = Arc::new(Caller {
            console: false,
            agent: client::command_line(self.hash(Stream::Person, shift.person.index)).into(),
            ..self.at_work(shift, session)
        });
        let there = Arc::new(self.admin_session(shift, target, at));
        let shared = Some(pen.fresh_id());
        let more = format!(r#","sourceIdentity":"{}""#, there.name);
        let detail = || Detail { shared, ..there.opening(&more) };
        let place = Place { account: Arc::clone(&there.account), ..self.desk_place(shift) };
        pen.write_full(at, (&self.desk_place(shift), &caller), ASSUME, Outcome::with(detail()));
        let principal = format!("{}:{}", session.role_id, session.name);
        let seen_there = session::other_account(&session.account, &principal);
        let seen_there =
            Caller { address: Arc::clone(&caller.address), agent: Arc::clone(&caller.agent), ..seen_there };
        pen.write_full(at, (&place, &Arc::new(seen_there)), ASSUME, Outcome::with(detail()));
        let admin = Arc::new(session::within(
            &there,
            &there.role_arn(),
            Arc::clone(&caller.address),
            Arc::clone(&caller.agent),
        ));
        for step in 1..=3 + random.below(6) {
            let call = self.person_call(shift.person, department(shift.person.ordinal), random);
            pen.write(
                at + Millis::SECOND.times(i64::try_from(step * 40).unwrap_or_default()),
                (&place, &admin),
                call,
            );
        }
    }

    fn admin_session(&self, shift: &Shift, account: u32, at: Time) -> Session {
        let name = self.name(shift.person);
        let parts = [u64::from(shift.person.index), at.ms().unsigned_abs(), u64::from(account)];
        Session {
            account: Arc::clone(&self.account_at(account).id),
            role: format!("/{ADMIN_ROLE}").into(),
            role_id: self.fixed_role_id(account, ADMIN_ROLE).into(),
            key: unique_id("ASIA", self.plan.seed, Stream::Session, &parts),
            since: crate::day::whole_seconds(at),
            holds: Millis::HOUR,
            context: format!(r#","sourceIdentity":"{name}""#).into(),
            beside: "",
            name: name.into(),
        }
    }

    /// The unique id of a role that every account has.
    pub(crate) fn fixed_role_id(&self, account: u32, role: &str) -> String {
        unique_id("AROA", self.plan.seed, Stream::Policy, &[u64::from(account), letters(role), 2])
    }
}

fn random_span(random: &mut Random, most: Millis) -> Millis {
    let most = u64::try_from(most.0).unwrap_or_default();
    Millis(i64::try_from(random.below(most)).unwrap_or_default())
}
