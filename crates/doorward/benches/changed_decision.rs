//! The loop: one pushed record is read, recorded, judged and answered by an enforced hold, and the next decision about
//! that person is stricter. SQLite in a data folder, durable; CPU time of the one thread that does it all, and how
//! many commits it takes: each is one `fdatasync` of the write-ahead log.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark stops at what it did not expect, and prints"
)]

#[path = "../../../benches/asked.rs"]
mod asked;
#[path = "../../../benches/cpu_time.rs"]
mod cpu_time;
#[path = "../../../benches/median.rs"]
mod median;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use doorward::writer::{Moment, Writer};
use doorward_detect::{Judging, Settings as Detection};
use doorward_engine::{Engine, Judge, Rules};
use doorward_intake::{Item, Limits, Reader};
use doorward_journal::{Journal, Options, Sqlite};
use doorward_model::decision::{Effect, Mode};
use doorward_model::id::{FactNumber, TenantId};
use doorward_model::identity::Identity;
use doorward_model::time::Time;
use doorward_policy::decide;
use doorward_policy::decide::{Caller, Request};
use doorward_policy::evaluate::EntityRef;
use doorward_policy::world::{Settings, World};
use doorward_respond::{Ladder, ResponseMode};
use doorward_serve::policy_files;
use doorward_views::publish::{POLICY_PLATFORM, Publisher};
use doorward_views::snapshot::writer::EntityRow;

use crate::asked::asked;
use crate::cpu_time::CpuTime;
use crate::median::median;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROUNDS: usize = 8;
const LOOPS: usize = 50;
/// 2026-11-24T12:00:00Z.
const NOW: Time = Time::from_ms(1_795_521_600_000);

const SCHEMA: &str = "
type Context = { risk: { score: Long, level: String } };
entity group;
entity user in [group];
entity service;
@class(\"write\") action deploy appliesTo { principal: user, resource: service, context: Context };
";
const POLICY: &str = r#"@id("engineers") permit (principal in group::"engineers", action, resource);"#;
const LIST: &str = r#""eventSource":"ecs.amazonaws.com","eventName":"ListServices""#;
const KEY: &str = r#""eventSource":"iam.amazonaws.com","eventName":"CreateAccessKey","requestParameters":{"userName":"backup"},"responseElements":{"accessKey":{"userName":"backup","status":"Active","accessKeyId":"AKIAEXAMPLE000000099"}}"#;

struct Perimeter {
    writer: Writer<Sqlite>,
    publisher: Publisher,
    world: World,
}

impl Perimeter {
    fn open(folder: &Path) -> Self {
        let rules = Rules {
            judge: Judge { from: Time::MIN, judging: Judging::Full },
            settings: Detection::default(),
            // As many as are asked for here: the budget of an hour is another question.
            ladder: Ladder {
                mode: ResponseMode::Enforce,
                holds_per_hour_max: usize::MAX,
                ..Ladder::default()
            },
        };
        let tenant = TenantId::from("bench");
        let journal = Sqlite::open(folder, &tenant, Options::default()).unwrap();
        let mut writer = Writer::open(journal, Engine::new(tenant, rules, 1, 7)).unwrap();
        let (policy, people) = policy_files::read(&files()).unwrap();
        writer.introduce(people.iter().filter_map(identity), NOW).unwrap();
        let mut publisher = Publisher::new(7);
        publisher.put_entities(people, &writer.engine().state.control).unwrap();
        let settings = Settings { mode: Mode::Enforce, risk_max: 100 };
        let world = World::new(publisher.publish(FactNumber(0)), Arc::default(), Arc::new(policy), settings);
        Self { writer, publisher, world }
    }

    /// As the server takes a push: read, record, judge, answer, publish.
    fn push(&mut self, record: &str) {
        let mut events = Vec::new();
        let mut reader = Reader::new("push", Limits::default());
        let mut keep = |item| match item {
            Item::Event(event) => events.push(*event),
            other => assert!(matches!(other, Item::Event(_)), "{other:?}"),
        };
        reader.push(record.as_bytes(), &mut keep);
        reader.finish(&mut keep);
        for event in events {
            self.writer.take(Box::new(event), Moment::live(NOW)).unwrap();
        }
        self.writer.flush().unwrap();
        let told = self.writer.take_told();
        let control = &self.writer.engine().state.control;
        told.iter().for_each(|fact| self.publisher.fold(fact, control));
        let snapshot = self.publisher.publish(control.fact_number);
        self.world = self.world.later(snapshot, Arc::clone(&self.world.overlay));
    }

    fn effect(&self, person: &str) -> Effect {
        let subject = EntityRef { kind: "user", id: person };
        let caller = Caller::Replayed { pep: "gate", mode: Mode::Enforce, subject };
        let request = Request::new(caller, "deploy", EntityRef { kind: "service", id: "shop" });
        decide(&self.world, &request, NOW).effect()
    }

    fn commits(&self) -> u64 {
        self.writer.journal().head().position.0
    }
}

/// The identity that a policy set names, as the server makes it known.
fn identity(named: &EntityRow) -> Option<Identity> {
    let id = named.name.id.to_string();
    let name = id.clone();
    Some(Identity {
        id,
        name,
        kind: named.identity?.into(),
        platform: POLICY_PLATFORM.to_owned(),
        ..Identity::default()
    })
}

/// A policy under which everybody may deploy.
fn files() -> BTreeMap<String, String> {
    let mut people = "entities:\n  - {type: group, id: engineers}\n".to_owned();
    for number in 0..ROUNDS * LOOPS {
        let who = person(number);
        writeln!(people, "  - {{type: user, id: {who}, identity: human, parents: ['group::\"engineers\"']}}")
            .unwrap();
    }
    let texts = [
        ("schema.cedarschema", SCHEMA.to_owned()),
        ("all.cedar", POLICY.to_owned()),
        ("entities.yaml", people),
    ];
    texts.map(|(name, text)| (name.to_owned(), text)).into()
}

fn person(number: usize) -> String {
    format!("person-{number:04}@corp.example")
}

/// A record of a session of a person, as CloudTrail writes it.
fn record(number: usize, call: &str) -> String {
    let (who, id) = (person(number), call.len());
    format!(
        r#"{{"eventVersion":"1.11","eventID":"{id:08}-0000-4000-8000-{number:012}","eventTime":"2026-11-24T12:00:00Z","awsRegion":"eu-west-1","recipientAccountId":"111122223333","sourceIPAddress":"198.51.100.7","userAgent":"aws-cli/2.31.0 md/awscrt#0.27.6 ua/2.1 os/linux#6.8 md/arch#x86_64 lang/python#3.13.7","userIdentity":{{"type":"AssumedRole","principalId":"AROAEXAMPLEEXAMPLE01:{who}","arn":"arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/{who}","accountId":"111122223333","accessKeyId":"ASIAEXAMPLE{number:09}","sessionContext":{{"sessionIssuer":{{"type":"Role","principalId":"AROAEXAMPLEEXAMPLE01","arn":"arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0123456789abcdef","accountId":"111122223333","userName":"AWSReservedSSO_Admin_0123456789abcdef"}},"attributes":{{"creationDate":"2026-11-24T12:00:00Z","mfaAuthenticated":"false"}}}}}},{call}}}"#
    )
}

fn main() {
    if !asked(&std::env::args().collect::<Vec<_>>()) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut perimeter = Perimeter::open(folder.path());
    for number in 0..ROUNDS * LOOPS {
        perimeter.push(&record(number, LIST));
        assert_eq!(perimeter.effect(&person(number)), Effect::Permit);
    }
    let clock = CpuTime::default();
    let (mut rounds, mut commits) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let start = clock.now();
        for number in round * LOOPS..(round + 1) * LOOPS {
            let before = perimeter.commits();
            perimeter.push(&record(number, KEY));
            assert_ne!(perimeter.effect(&person(number)), Effect::Permit);
            commits.push(perimeter.commits() - before);
        }
        rounds.push((clock.now() - start) / u32::try_from(LOOPS).unwrap());
    }
    // Now and then a record comes with news of another kind: the one in the middle is the plain case.
    commits.sort_unstable();
    let (plain, most) = (commits.get(commits.len() / 2).unwrap(), commits.last().unwrap());
    let slowest = rounds.iter().max().map(Duration::as_nanos).unwrap();
    let cpu = median(rounds).as_nanos();
    println!("loop: cpu {cpu} slowest {slowest} fsyncs {plain} most {most}");
}
