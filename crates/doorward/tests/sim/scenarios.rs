//! Stories, one per file of `scenarios/`: what happens and is asked, and what must be found, held and answered.

mod coverage;
pub(crate) mod form;
pub(crate) mod record;
mod told;

use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use doorward_journal::{Batch, Journal};
use doorward_model::command::Command;
use doorward_model::decision::Pep;
use doorward_model::hold::{Hold, HoldProfile, HoldScope};
use doorward_model::identity::{Edge, EdgeKind};
use doorward_model::record::{
    Fact, FactRecord, HoldReleased, IdentityKilled, IdentityRevived, PepSet, Record, TokenIssued,
    TokenRevoked,
};
use doorward_model::time::{Millis, Time};
use doorward_policy::Properties;
use doorward_policy::decide::{Authentication, CredentialUse, Request};
use doorward_policy::evaluate::EntityRef;
use doorward_policy::world::Settings;
use doorward_serve::handle::Terms;
use yaml_serde::Value;

use crate::disk::{Disk, End, Fault};
use crate::perimeter::{ASSERTED, Files, Perimeter, VERIFIED, Way, mode};
use crate::scenarios::form::{
    Call, Counts, Happening, History, NewHold, Policies, Question, SameAs, Scenario, Step,
};
use crate::scenarios::record::{read, record};
use crate::scenarios::told::{Told, answer, ladder};

/// Day 0 of every scenario: a Monday.
const START: Time = Time::from_ms(1_772_409_600_000);

/// Who gives the commands of a scenario.
const BY: &str = "scenario";

/// A scenario as it is played.
struct Stage {
    disk: Disk,
    way: Way,
    perimeter: Perimeter,
    now: Time,
    /// How many records were made.
    made: u32,
    rejected: u64,
}

#[test]
fn every_scenario_ends_as_it_is_written() {
    let mut failures = Vec::new();
    let mut names = BTreeMap::new();
    for path in files(&folder("scenarios"), "yaml") {
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        match play(&path) {
            Ok(name) => assert_eq!(names.insert(name, file.clone()), None, "{file} has the name of another"),
            Err(message) => failures.push(format!("{file}: {message}")),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    assert!(names.len() >= 25, "only {} scenarios are there", names.len());
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name)
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|found| found == extension)).collect();
    found.sort();
    found
}

/// Plays one; tells its name, or the step that went wrong.
fn play(path: &Path) -> Result<String, String> {
    let text = fs::read_to_string(path).unwrap();
    let mut value: Value = yaml_serde::from_str(&text).map_err(|error| error.to_string())?;
    value.apply_merge().map_err(|error| error.to_string())?;
    let scenario: Scenario = yaml_serde::from_value(value).map_err(|error| error.to_string())?;
    if scenario.why.trim().is_empty() {
        return Err("says nowhere why it is there".to_owned());
    }
    let mut stage = caught(|| Stage::set(&scenario)).map_err(|message| format!("set-up: {message}"))?;
    for (at, step) in scenario.steps.iter().enumerate() {
        let played = caught(|| stage.play(step)).and_then(|played| played);
        played.map_err(|message| format!("step {} at {}: {message}", at + 1, stage.clock()))?;
    }
    Ok(scenario.name)
}

/// A panic as a message, so that the other scenarios are played, too.
fn caught<T>(act: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(act)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
    })
}

impl Stage {
    fn set(scenario: &Scenario) -> Self {
        let disk = Disk::new();
        let judge_from = START + Millis::DAY.times(scenario.learn_days);
        let way = Way { ladder: ladder(&scenario.response), judge_from, shards: 1, seed: 1 };
        let perimeter = Perimeter::open(&disk, &way);
        let mut stage = Self { disk, way, perimeter, now: START, made: 0, rejected: 0 };
        if let Some(policies) = &scenario.policies {
            stage.publish(policies);
        }
        stage.set_peps(&scenario.peps);
        stage.live_through(&scenario.history);
        stage
    }

    fn play(&mut self, step: &Step) -> Result<(), String> {
        self.now = step.at.as_deref().map_or(self.now + Millis::SECOND, time);
        self.perimeter.tick(self.now).unwrap();
        let told = Told::of(self.perimeter.engine());
        let mut seen = 0;
        let mut check = |expected: &Option<Vec<String>>, found: &dyn Fn() -> Vec<String>| {
            let Some(expected) = expected else { return Ok(()) };
            seen += 1;
            same(expected, &found())
        };
        check(&step.expect_findings, &|| told.findings())?;
        check(&step.expect_holds, &|| told.holds(self.now))?;
        check(&step.expect_recommended, &|| told.recommended(self.now))?;
        if let Some(expected) = &step.expect_counts {
            seen += 1;
            same(expected, &self.counts())?;
        }
        seen += self.act(step)?;
        if seen == 1 { Ok(()) } else { Err(format!("a step is one thing, and this is {seen}")) }
    }

    fn act(&mut self, step: &Step) -> Result<usize, String> {
        let mut done = 0;
        let mut does = |asked: bool| {
            done += usize::from(asked);
            asked
        };
        does(step.tick.is_some());
        if does(step.restart.is_some()) {
            self.restart();
        }
        if let Some(happening) = step.event.as_ref().filter(|_| does(true)) {
            self.happen(happening);
        }
        if let Some(text) = step.bytes.as_ref().filter(|_| does(true)) {
            self.arrive(text.as_bytes());
        }
        if let Some(hold) = step.hold.as_ref().filter(|_| does(true)) {
            self.admit(Command::PlaceHold(new_hold(hold)));
        }
        if let Some(identity) = step.kill.as_ref().filter(|_| does(true)) {
            let (by, reason) = (BY.to_owned(), "stolen".to_owned());
            let killed = IdentityKilled { identity: identity.clone(), up_to_ms: self.now.ms(), by, reason };
            self.admit(Command::KillIdentity(killed));
        }
        if let Some(identity) = step.revive.as_ref().filter(|_| does(true)) {
            let (by, reason) = (BY.to_owned(), "found again".to_owned());
            let revived = IdentityRevived { identity: identity.clone(), by, reason };
            self.admit(Command::ReviveIdentity(revived));
        }
        if let Some(credential) = step.revoke.as_ref().filter(|_| does(true)) {
            self.revoke(credential);
        }
        if let Some(subject) = step.release.as_ref().filter(|_| does(true)) {
            self.release(subject)?;
        }
        if let Some(same_as) = step.same_as.as_ref().filter(|_| does(true)) {
            self.record(same_as);
        }
        if let Some(policies) = step.policies.as_ref().filter(|_| does(true)) {
            self.publish(policies);
        }
        if let Some(peps) = step.pep.as_ref().filter(|_| does(true)) {
            self.set_peps(peps);
        }
        if let Some(question) = step.request.as_ref().filter(|_| does(true)) {
            self.ask(question)?;
        }
        Ok(done)
    }

    fn publish(&mut self, policies: &Policies) {
        let settings = Settings { mode: mode(&policies.mode), risk_max: policies.risk_max };
        self.perimeter.publish_policy(texts(policies), settings, Terms::of(BY), self.now).unwrap();
    }

    fn set_peps(&mut self, peps: &BTreeMap<String, String>) {
        for (name, word) in peps {
            let pep = Pep { name: name.clone(), mode: mode(word).into() };
            self.admit(Command::SetPep(PepSet { pep, by: BY.to_owned() }));
        }
    }

    fn admit(&mut self, command: Command) {
        self.perimeter.admit(command, Terms::of(BY), self.now).unwrap();
    }

    /// Days of the same, in the order of time.
    fn live_through(&mut self, history: &[History]) {
        let mut calls = Vec::new();
        for line in history {
            for (copy, day) in (0..line.copies).flat_map(|copy| (0..line.days).map(move |day| (copy, day))) {
                let who = line.who.replace("{n}", &copy.to_string());
                for at in &line.at {
                    let begin = time(&format!("{day}d {at}"));
                    let times = (0..).map(|n| begin + Millis::SECOND.times(n));
                    let each = times.zip(&line.actions);
                    calls.extend(each.map(|(at, action)| (at, who.clone(), action.as_str(), &line.call)));
                }
            }
        }
        calls.sort_by_key(|(at, ..)| *at);
        for (at, who, action, call) in calls {
            self.now = at;
            self.take(at, (&who, action), call);
        }
    }

    fn take(&mut self, happened: Time, what: (&str, &str), call: &Call) {
        self.made += 1;
        let record = record(&format!("event-{}", self.made), happened, what, call);
        self.arrive(record.to_string().as_bytes());
    }

    fn arrive(&mut self, bytes: &[u8]) {
        let (events, rejected) = read(bytes);
        self.rejected += rejected;
        if self.perimeter.take(events.clone(), self.now).is_err() {
            // The process ends; the sender, who has had no answer, sends again to the next one.
            self.restart();
            self.perimeter.take(events, self.now).unwrap();
        }
    }

    fn happen(&mut self, happening: &Happening) {
        let happened = happening.happened.as_deref().map_or(self.now, time);
        self.perimeter.source = if happening.asserted { ASSERTED } else { VERIFIED };
        let what = (happening.who.as_str(), happening.action.as_str());
        let end = happening.crash.as_deref().map(|word| match word {
            "durable" => End::Durable,
            "lost" => End::Lost,
            _ => panic!("{word:?} is neither lost nor durable"),
        });
        self.disk.set_fault(end.map(|end| Fault { after: 0, end }));
        for before in 0..happening.times {
            self.take(happened, what, &happening.call.after(before));
        }
        assert!(!self.disk.set_fault(None), "nothing was appended that could fail");
    }

    fn restart(&mut self) {
        self.perimeter = Perimeter::open(&self.disk, &self.way);
    }

    /// Puts an edge into the log that no record of this release would lead to.
    fn record(&mut self, same_as: &SameAs) {
        let edge = Edge {
            kind: EdgeKind::SameAs.into(),
            from: same_as.from.clone(),
            to: same_as.to.clone(),
            confidence_milli: same_as.confidence * 10,
            evidence: "the same first name".to_owned(),
        };
        let mut tape = self.disk.tape();
        let facts_seen = tape.head().fact;
        let fact = FactRecord {
            number: facts_seen.next().0,
            recorded_at_ms: self.now.ms(),
            fact: Some(Fact::EdgeFound(edge)),
        };
        tape.append(Batch { records: &[Record::Fact(Box::new(fact))], facts_seen }).unwrap();
        self.restart();
    }

    fn release(&mut self, subject: &str) -> Result<(), String> {
        let holds = self.perimeter.control().holds.values();
        let ids: Vec<_> = holds.filter(|hold| hold.subject == subject).map(|hold| hold.id.clone()).collect();
        for id in &ids {
            let (by, reason) = (BY.to_owned(), "reviewed".to_owned());
            self.admit(Command::ReleaseHold(HoldReleased { id: id.clone(), by, reason }));
        }
        if ids.is_empty() { Err(format!("no hold is on {subject:?}")) } else { Ok(()) }
    }

    fn revoke(&mut self, credential: &str) {
        let issued = TokenIssued {
            id: credential.to_owned(),
            secret_hash: vec![7; 32],
            scopes: vec!["read".to_owned()],
            ..TokenIssued::default()
        };
        self.admit(Command::IssueToken(issued));
        self.admit(Command::RevokeToken(TokenRevoked { id: credential.to_owned(), by: BY.to_owned() }));
    }

    fn ask(&mut self, question: &Question) -> Result<(), String> {
        let gate = self.perimeter.gate(question.pep.as_deref().unwrap_or("gateway"));
        let (subject, resource) = (entity(&question.subject), entity(&question.resource));
        let authentication = question.authenticated.as_ref();
        let request = Request {
            context: question.context.as_ref(),
            properties: Properties { resource: question.properties.as_ref(), ..Properties::default() },
            session: question.session.as_deref(),
            task: question.task.as_deref(),
            tool: question.tool.as_deref(),
            on_behalf_of: question.on_behalf_of.as_deref(),
            credential: question.credential.as_ref().map(|used| CredentialUse {
                id: &used.id,
                issued_at: Some(time(&used.issued)),
                expires_at: used.expires.as_deref().map(time),
            }),
            authentication: authentication.map(|done| Authentication { acr: &done.acr, at: time(&done.at) }),
            ..Request::new(gate.about(subject), &question.action, resource)
        };
        self.made += 1;
        let id = format!("decision-{}", self.made);
        let decision = self.perimeter.ask(&request, &id, self.now).unwrap();
        same(&question.expect, &answer(&decision, self.perimeter.control(), &question.expect))
    }

    fn counts(&self) -> Counts {
        let counts = self.perimeter.live.writer.counts;
        Counts {
            accepted: counts.accepted,
            duplicate: counts.duplicate,
            conflict: counts.conflict,
            rejected: self.rejected,
            late: counts.late,
        }
    }

    /// The time in the words of the file.
    fn clock(&self) -> String {
        told::clock(self.now)
    }
}

fn same<T: PartialEq + std::fmt::Debug>(expected: &T, found: &T) -> Result<(), String> {
    if expected == found { Ok(()) } else { Err(format!("expected {expected:#?}\nfound {found:#?}")) }
}

/// Reads `10d 09:30` or `10d 09:30:15`.
fn time(text: &str) -> Time {
    let (day, clock) = text.split_once("d ").expect("a time is written DAYd HH:MM");
    let units = [Millis::HOUR, Millis::MINUTE, Millis::SECOND];
    let parts = clock.split(':').zip(units).map(|(part, unit)| unit.times(part.parse().unwrap()));
    parts.fold(START + Millis::DAY.times(day.parse().unwrap()), |at, part| at + part)
}

/// Reads `type::"id"`.
fn entity(text: &str) -> EntityRef<'_> {
    let (kind, id) = text.split_once("::\"").expect("a name is written type::\"id\"");
    EntityRef { kind, id: id.strip_suffix('"').expect("an id ends with a quote") }
}

fn texts(policies: &Policies) -> Files {
    if let Some(root) = &policies.folder {
        let root = folder(root);
        let nested = root.join("policies");
        let paths = files(if nested.is_dir() { &nested } else { &root }, "cedar").into_iter();
        let paths = paths.chain(["schema.cedarschema", "entities.yaml"].map(|name| root.join(name)));
        let named = |path: PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
        return paths.map(|path| (named(path.clone()), fs::read_to_string(&path).unwrap())).collect();
    }
    let texts = [
        ("policies.cedar", &policies.cedar),
        ("schema.cedarschema", &policies.schema),
        ("entities.yaml", &policies.entities),
    ];
    texts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text.clone()?))).collect()
}

fn new_hold(new: &NewHold) -> Hold {
    let scope = new.scope.as_deref().unwrap_or("identity");
    let profile = HoldProfile::ALL.into_iter().find(|profile| profile.word() == new.profile);
    Hold {
        id: format!("{} on {}", new.profile, new.subject),
        scope: HoldScope::ALL.into_iter().find(|known| known.word() == scope).unwrap().into(),
        subject: new.subject.clone(),
        profile: profile.expect("no such profile").into(),
        reason: "placed by a person".to_owned(),
        expires_at_ms: new.until.as_deref().map_or(0, |until| time(until).ms()),
        acr_values: new.acr_values.clone(),
        max_age_s: new.max_age_s,
        ..Hold::default()
    }
}
