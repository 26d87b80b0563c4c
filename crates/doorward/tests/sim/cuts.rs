//! A log that ends anywhere: whoever goes on from there records what was left to be recorded, once, and a release that
//! would have found something else finds nothing in what is old.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;

use doorward::writer::{Moment, Writer};
use doorward_detect::{Judging, Settings as Detection};
use doorward_engine::{Engine, Judge, Rules, follows};
use doorward_journal::{Batch, Content, Journal, Keep, Log, Memory, Position};
use doorward_model::command::Command;
use doorward_model::event::Event;
use doorward_model::finding::Finding;
use doorward_model::id::{FactNumber, TenantId};
use doorward_model::record::{CommandAnswered, Fact, Record, TokenIssued};
use doorward_model::time::{Millis, Time};
use doorward_policy::decide;
use doorward_policy::decide::Request;
use doorward_policy::evaluate::EntityRef;
use doorward_policy::world::Settings;
use doorward_respond::{Ladder, ResponseMode};
use doorward_serve::handle::{Terms, WorkError};
use serde_json::json;

use crate::disk::{Disk, End, Fault};
use crate::perimeter::{Gate, Perimeter, Way, mode};
use crate::scenarios::form::Call;
use crate::scenarios::record::{read, record};

const START: Time = Time::from_ms(1_772_409_600_000);
const ALICE: &str = "sso alice@corp.example";

/// One row of a log.
type Row = (Vec<Record>, FactNumber);

fn engine(judge_from: Time) -> Engine {
    let rules = Rules {
        judge: Judge { from: judge_from, judging: Judging::Full },
        settings: Detection::default(),
        ladder: Ladder { mode: ResponseMode::Enforce, holds_per_hour_max: 1, ..Ladder::default() },
    };
    Engine::new(TenantId::from("test"), rules, 1, 1)
}

fn event(id: &str, at: Time, action: &str, call: &Call) -> Event {
    let (mut events, _) = read(record(id, at, (ALICE, action), call).to_string().as_bytes());
    events.pop().unwrap()
}

/// A key made for somebody else.
fn key(id: &str, at: Time) -> Event {
    let call = Call {
        request: Some(json!({"userName": "backup"})),
        response: Some(json!({"accessKey": {"accessKeyId": "AKIAEXAMPLE000000044", "userName": "backup"}})),
        ..Call::default()
    };
    event(id, at, "iam:CreateAccessKey", &call)
}

/// Some days of the same, and then what nobody would expect.
fn story() -> Vec<Event> {
    let at = |day: i64, minute: i64| START + Millis::DAY.times(day) + Millis::MINUTE.times(minute);
    let usual = (0..8).flat_map(|day| (0..4).map(move |n| (day, n)));
    let mut events: Vec<_> = usual
        .map(|(day, n)| {
            event(&format!("usual-{day}-{n}"), at(day, 540 + n * 7), "s3:ListBuckets", &Call::default())
        })
        .collect();
    events.push(key("key", at(8, 541)));
    let odd =
        ["iam:CreateUser", "kms:Decrypt", "ec2:RunInstances", "iam:PutUserPolicy", "s3:PutBucketPolicy"];
    for (n, action) in (0..).zip(odd) {
        events.push(event(
            &format!("odd-{n}"),
            at(8, 542) + Millis::SECOND.times(n),
            action,
            &Call::default(),
        ));
    }
    events
}

fn rows(log: &Memory) -> Vec<Row> {
    let mut rows = Vec::new();
    log.read_from(Position(1), &mut |row| {
        if let Content::Records(records) = row.content {
            rows.push((records, row.facts_seen));
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    rows
}

/// What a run that is not disturbed writes, a few events to a batch.
fn written(judge_from: Time) -> Vec<Row> {
    let mut writer = Writer::new(Memory::new(Keep::All).unwrap(), engine(judge_from));
    for (at, event) in story().into_iter().enumerate() {
        let now = event.happened_at();
        writer.take(Box::new(event), Moment::live(now)).unwrap();
        if at % 3 == 0 {
            writer.flush().unwrap();
        }
    }
    writer.flush().unwrap();
    rows(writer.journal())
}

/// Goes on where a log ends.
fn opened(log: &[Row], judge_from: Time) -> Writer<Memory> {
    let mut memory = Memory::new(Keep::All).unwrap();
    for (records, facts_seen) in log {
        memory.append(Batch { records, facts_seen: *facts_seen }).unwrap();
    }
    Writer::open(memory, engine(judge_from)).unwrap()
}

fn flat(log: &[Row]) -> Vec<&Record> {
    log.iter().flat_map(|(records, _)| records).collect()
}

fn followed((records, _): &Row) -> bool {
    matches!(&records[0], Record::Fact(fact) if follows(fact.fact.as_ref().unwrap()))
}

fn raised(log: &[Row]) -> Vec<Finding> {
    let finding = |record: &Record| match record {
        Record::Fact(fact) => match &fact.fact {
            Some(Fact::FindingRaised(finding) | Fact::FindingGrown(finding)) => Some(finding.clone()),
            _ => None,
        },
        Record::Observation(_) => None,
    };
    flat(log).into_iter().filter_map(finding).collect()
}

#[test]
fn a_log_that_ends_anywhere_is_completed_and_nothing_is_recorded_twice() {
    let whole = written(Time::MIN);
    assert!(raised(&whole).len() > 1, "the story raises findings");
    // An append is a transaction: no log ends at the facts that an event in the middle of it has led to.
    let is_within = |cut: usize| {
        let (before, next) = (cut.checked_sub(1).map(|at| &whole[at]), whole.get(cut));
        let changes = |row: &Row| matches!(&row.0[0], Record::Fact(fact) if matches!(fact.fact, Some(Fact::InventoryChanged(_))));
        before
            .zip(next)
            .is_some_and(|(before, next)| before.1 == next.1 && (changes(before) || changes(next)))
    };
    for cut in (0..=whole.len()).filter(|cut| !is_within(*cut)) {
        let mut complete = cut;
        while cut > 0 && whole.get(complete).is_some_and(followed) {
            complete += 1;
        }
        let again = opened(&whole[..cut], Time::MIN);
        assert!(flat(&rows(again.journal())) == flat(&whole[..complete]), "cut after row {cut}");
    }
}

#[test]
fn a_release_that_finds_more_raises_nothing_on_what_is_old() {
    // The run before only learned; the next one judges everything.
    let whole = written(Time::MAX);
    assert_eq!(raised(&whole), Vec::<Finding>::new());
    let mut inspected_anew = 0;
    for cut in 1..=whole.len() {
        let again = rows(opened(&whole[..cut], Time::MIN).journal());
        // Only the last batch may not have been inspected before the log ended.
        let (_, seen) = &whole[cut - 1];
        let last = whole[..cut].iter().rev().take_while(|row| row.1 == *seen && !followed(row));
        let last: BTreeSet<&str> = last
            .flat_map(|(records, _)| records)
            .filter_map(|record| match record {
                Record::Observation(seen) => Some(seen.event.id.as_str()),
                Record::Fact(_) => None,
            })
            .collect();
        for finding in raised(&again[cut..]) {
            let newest = finding.evidence.last().unwrap();
            assert!(last.contains(newest.event.as_str()), "cut after row {cut}: {finding:?}");
            inspected_anew += 1;
        }
    }
    assert!(inspected_anew > 0, "a batch that was not inspected is");
}

#[test]
fn what_is_found_otherwise_spends_nothing_of_the_budget_of_holds() {
    let mut whole = written(Time::MAX);
    let now = START + Millis::DAY.times(8) + Millis::HOUR.times(10);
    let mut writer = opened(&whole, Time::MAX);
    writer.tick(now, now).unwrap();
    whole = rows(writer.journal());
    let mut again = opened(&whole, Time::MIN);
    assert_eq!(rows(again.journal()).len(), whole.len());
    again.take(Box::new(key("fresh", now)), Moment::live(now)).unwrap();
    again.flush().unwrap();
    let holds: Vec<_> =
        again.engine().state.control.holds.values().map(|hold| hold.reason.as_str()).collect();
    assert_eq!(holds, ["credential-for-another"]);
}

#[test]
fn a_command_that_found_no_room_is_forgotten_and_its_numbers_are_given_again() {
    let disk = Disk::new();
    let way = Way { ladder: Ladder::default(), judge_from: Time::MIN, shards: 1, seed: 1 };
    let mut writer = Perimeter::open(&disk, &way).live.writer;
    let issue = |id: &str| {
        Command::IssueToken(TokenIssued {
            id: id.to_owned(),
            secret_hash: vec![7; 32],
            scopes: vec!["read".to_owned()],
            ..TokenIssued::default()
        })
    };
    let answered = CommandAnswered { key_hash: vec![1; 32], ..CommandAnswered::default() };
    assert_eq!(writer.admit(&issue("first"), START).unwrap(), Ok(FactNumber(1)));
    for _ in 0..2 {
        disk.set_fault(Some(Fault { after: 0, end: End::Full }));
        let refused = writer.admit_under(&issue("refused"), Some(answered.clone()), START).unwrap_err();
        assert_eq!(refused.to_string(), "cannot append to simulated");
        assert_eq!(writer.waiting_holds().count(), 0);
    }
    writer.flush().unwrap();
    assert_eq!(writer.admit(&issue("second"), START).unwrap(), Ok(FactNumber(2)));
    let tokens: Vec<_> = writer.engine().state.control.tokens.keys().cloned().collect();
    assert_eq!(tokens, ["first", "second"]);
    let mut facts = Vec::new();
    let read = writer.journal().read_from(Position(1), &mut |row| {
        if let Content::Records(records) = row.content {
            for record in records {
                if let Record::Fact(fact) = record
                    && let Some(Fact::TokenIssued(token)) = fact.fact
                {
                    facts.push((fact.number, token.id));
                } else {
                    panic!("something else is recorded");
                }
            }
        }
        ControlFlow::Continue(())
    });
    read.unwrap();
    assert_eq!(facts, [(1, "first".to_owned()), (2, "second".to_owned())]);
}

#[test]
fn a_hold_that_follows_bites_before_it_is_durable() {
    let disk = Disk::new();
    let way = Way {
        ladder: Ladder { mode: ResponseMode::Enforce, ..Ladder::default() },
        judge_from: Time::MIN,
        shards: 1,
        seed: 1,
    };
    let mut perimeter = Perimeter::open(&disk, &way);
    let office = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/office");
    let files = ["policies.cedar", "schema.cedarschema", "entities.yaml"]
        .map(|name| (name.to_owned(), std::fs::read_to_string(office.join(name)).unwrap()));
    let settings = Settings { mode: mode("enforce"), ..Settings::default() };
    perimeter.publish_policy(files.into(), settings, Terms::of("test"), START).unwrap();
    for event in story().into_iter().filter(|event| event.id.starts_with("usual")) {
        let at = event.happened_at();
        perimeter.take(vec![event], at).unwrap();
    }
    let now = START + Millis::DAY.times(8) + Millis::HOUR.times(9);
    perimeter.tick(now).unwrap();
    let gate = Gate::new("gateway", mode("enforce"));
    let asks = |perimeter: &Perimeter, now: Time| {
        let subject = EntityRef { kind: "User", id: "alice@corp.example" };
        let caller = gate.about(subject);
        let decision = decide(
            &perimeter.world(),
            &Request::new(caller, "write", EntityRef { kind: "Doc", id: "plan" }),
            now,
        );
        (decision.effect().word(), decision.pending, decision.holds.len())
    };
    assert_eq!(asks(&perimeter, now), ("permit", false, 0));
    // The event itself is recorded; what follows from it finds no room.
    disk.set_fault(Some(Fault { after: 1, end: End::Full }));
    assert_eq!(
        perimeter.take(vec![key("key", now)], now),
        Err(WorkError::Journal("cannot append to simulated".to_owned()))
    );
    assert_eq!(asks(&perimeter, now), ("step-up", true, 1));
    assert!(perimeter.control().holds.is_empty());
    disk.set_fault(None);
    perimeter.tick(now + Millis::SECOND).unwrap();
    assert_eq!(asks(&perimeter, now + Millis::SECOND), ("step-up", false, 1));
}
