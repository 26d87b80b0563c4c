//! The search index beside a log.

use std::fs;

use doorward_journal::{Expired, Indexer, Journal, Kept, Log, Position, Standing, Term};
use doorward_model::event::{Actor, ActorKind, Client, Event, Outcome, Target};
use doorward_model::record::{Observation, Record};
use doorward_model::time::{Millis, Time};
use doorward_model::usage::{Ledger, RESOURCES_MAX};

use crate::engines::{all_events, append, open, scratch};
use crate::samples::{Numbering, START, event};

const ALICE: Term<'_> = Term::Identity("alice");

fn rows(positions: &[u64], through: u64) -> Option<Standing> {
    let rows = positions.iter().map(|row| Position(*row)).collect();
    Some(Standing { rows, through: Position(through) })
}

fn of(seen: Record, identity: &str, session: &str) -> Record {
    match seen {
        Record::Observation(seen) => Record::Observation(Box::new(Observation {
            identity: identity.to_owned(),
            told_session: session.to_owned(),
            ..*seen
        })),
        fact @ Record::Fact(_) => fact,
    }
}

#[test]
fn a_term_leads_to_its_rows_the_newest_first() {
    let (_folder, path) = scratch();
    let mut log = open(&path);
    let mut next = Numbering::after(log.head());
    for round in 0..5 {
        let told = Event {
            actor: Actor { access_key_id: format!("KEY{round}"), ..Actor::default() },
            client: Client { address: "10.9.9.9".to_owned(), ..Client::default() },
            request_id: format!("request-{round}"),
            ..event(&format!("id-{round}"), "x", 0)
        };
        let (who, session) = if round % 2 == 0 { ("alice", "arn/role/a") } else { ("bob", "") };
        let seen = next.observation(0, told, START);
        append(&mut log, &[next.fact(START), of(seen, who, session)]).unwrap();
    }
    assert_eq!(log.standing(ALICE, Position(99), 9), None, "there is no index");
    let mut indexer = Indexer::new(log.follower().unwrap(), &path).unwrap();
    assert_eq!(log.standing(ALICE, Position(99), 9), rows(&[], 0));
    assert_eq!(indexer.step().unwrap(), Position(10));
    assert_eq!(indexer.step().unwrap(), Position(10));
    let cases = [
        (ALICE, 99, 9, &[10, 6, 2][..]),
        (ALICE, 9, 9, &[6, 2]),
        (ALICE, 99, 2, &[10, 6]),
        (Term::Identity("bob"), 99, 9, &[8, 4]),
        (Term::Identity("carol"), 99, 9, &[]),
        (Term::Session("arn/role/a"), 99, 9, &[10, 6, 2]),
        (Term::Session("a"), 99, 9, &[10, 6, 2]),
        (Term::Session(""), 99, 9, &[]),
        (Term::Key("KEY3"), 99, 9, &[8]),
        (Term::Address("10.9.9.9"), 99, 9, &[10, 8, 6, 4, 2]),
        (Term::Request("request-1"), 99, 9, &[4]),
        (Term::Request("id-1"), 99, 9, &[4]),
        (Term::Key("id-1"), 99, 9, &[]),
    ];
    let follower = log.follower().unwrap();
    for (term, up_to, limit, expected) in cases {
        for log in [&log as &dyn Log, &follower] {
            let standing = log.standing(term, Position(up_to), limit);
            assert_eq!(standing, rows(expected, 10), "{term:?} {up_to} {limit}");
        }
    }
}

#[test]
fn one_that_does_not_fit_is_made_anew() {
    let (_folder, path) = scratch();
    let mut log = open(&path);
    let mut next = Numbering::after(log.head());
    append(&mut log, &[of(next.observation(0, event("a", "x", 0), START), "alice", "")]).unwrap();
    let index = path.join("index.sqlite");
    let filled = || {
        let mut indexer = Indexer::new(log.follower().unwrap(), &path).unwrap();
        assert_eq!(indexer.step().unwrap(), Position(1));
        assert_eq!(log.standing(ALICE, Position(9), 9), rows(&[1], 1));
    };
    filled();
    fs::write(&index, vec![b'x'; 50_000]).unwrap();
    assert_eq!(log.standing(ALICE, Position(9), 9), None);
    filled();
    // Of a log that was longer, or of another release.
    for change in ["position = 7", "format = 99"] {
        let change = format!("UPDATE through SET {change}; DROP TABLE term_0");
        rusqlite::Connection::open(&index).unwrap().execute_batch(&change).unwrap();
        filled();
    }
    fs::remove_file(&index).unwrap();
    filled();
}

#[test]
fn what_only_leads_to_expired_rows_goes() {
    let (_folder, path) = scratch();
    let mut log = open(&path);
    let mut next = Numbering::after(log.head());
    // A fact and an event in turn: each is a row.
    let mut records = Vec::new();
    for _ in 0..2_100 {
        records.push(next.fact(START));
        records.push(of(next.observation(0, event("a", "x", 0), START), "alice", ""));
    }
    append(&mut log, &records).unwrap();
    append(&mut log, &[of(next.observation(0, event("b", "x", 0), START + Millis::DAY), "bob", "")]).unwrap();
    let mut indexer = Indexer::new(log.follower().unwrap(), &path).unwrap();
    let mut reached = indexer.step().unwrap();
    assert!(reached < Position(100), "a few rows at a time: {reached}");
    while reached < log.head().position {
        reached = indexer.step().unwrap();
    }
    let first = |log: &dyn Log| log.standing(ALICE, Position(4_000), 1).unwrap().rows;
    // Over the end of a group of rows, the newest first, and no more than are asked for.
    let across: Vec<_> = (0..60).map(|at| 4_200 - at * 2).collect();
    assert_eq!(log.standing(ALICE, Position(4_200), 60), rows(&across, 4_201));
    indexer.expire().unwrap();
    assert_eq!(first(&log), [Position(4_000)]);
    let events = all_events(START + Millis::HOUR);
    log.prune(&events).unwrap();
    indexer.expire().unwrap();
    assert_eq!(first(&log), [Position(4_000)], "decisions may still lie there");
    log.prune(&Expired { kind: Kept::Decisions, ..events }).unwrap();
    indexer.expire().unwrap();
    assert_eq!(first(&log), []);
    assert_eq!(log.standing(Term::Identity("bob"), Position(9_999), 9), rows(&[4_201], 4_201));
}

/// An event that shows the use of a permission on a role.
fn used(round: usize, (who, action): (&str, &str), (on, at): (usize, Time)) -> Event {
    Event {
        source: "cloudtrail".to_owned(),
        account: "111122223333".to_owned(),
        service: "iam".to_owned(),
        action: action.to_owned(),
        actor: Actor { kind: ActorKind::IamUser.into(), arn: who.to_owned(), ..Actor::default() },
        target: Some(Target { kind: "roleName".to_owned(), id: format!("role-{on:03}") }),
        outcome: Outcome::Success.into(),
        happened_at_ms: at.ms(),
        ..event(&format!("id-{round}"), "x", 0)
    }
}

#[test]
fn the_ledger_is_what_folding_the_log_makes_and_outlives_what_expired() {
    let (_folder, path) = scratch();
    let mut log = open(&path);
    assert_eq!(log.usage(), None, "there is no index");
    let mut indexer = Indexer::new(log.follower().unwrap(), &path).unwrap();
    let mut next = Numbering::after(log.head());
    let mut expected = Ledger::default();
    for round in 0..RESOURCES_MAX + 20 {
        let at = START + Millis::MINUTE.times(i64::try_from((round * 7) % 50).unwrap());
        // More than are kept, and those first that are not.
        let on = RESOURCES_MAX + 20 - round;
        let events = [
            used(round * 2, ("arn:alice", "GetRole"), (on, at)),
            used(round * 2 + 1, ([("arn:alice"), ("arn:bob")][round % 2], "PassRole"), (round % 3, at)),
        ];
        events.iter().for_each(|event| expected.take(event));
        for event in events {
            append(&mut log, &[next.observation(0, event, START)]).unwrap();
        }
        if round % 5 == 0 {
            indexer.step().unwrap();
        }
    }
    while log.usage().unwrap().1 < log.head().position {
        indexer.step().unwrap();
    }
    assert_eq!(log.usage().unwrap(), (expected.clone(), log.head().position));
    // What is not kept takes no room: for each identity and action what is kept, and one for all.
    let index = rusqlite::Connection::open(path.join("index.sqlite")).unwrap();
    let rows: i64 = index.query_row("SELECT count(*) FROM used", [], |row| row.get(0)).unwrap();
    let kept: usize = expected.uses().map(|(_, _, used)| used.on.len() + 1).sum();
    assert_eq!(usize::try_from(rows), Ok(kept));
    // What comes again is no second use, and what has expired was used all the same.
    indexer.step().unwrap();
    assert!(log.prune(&all_events(START + Millis::DAY)).unwrap().observations > 0);
    indexer.expire().unwrap();
    assert_eq!(log.usage().unwrap().0, expected);
    assert_eq!(log.follower().unwrap().usage().unwrap().0, expected);
}

#[test]
fn what_was_last_used_long_before_the_end_of_the_log_is_dropped() {
    let (_folder, path) = scratch();
    let mut log = open(&path);
    let mut indexer = Indexer::new(log.follower().unwrap(), &path).unwrap();
    let mut next = Numbering::after(log.head());
    let day = |day: i64| START + Millis::DAY.times(day);
    let events = [("GetRole", 0), ("ListRoles", 0), ("ListRoles", 450), ("GetUser", 500)];
    for (round, (action, at)) in events.into_iter().enumerate() {
        let event = used(round, ("arn:alice", action), (1, day(at)));
        append(&mut log, &[next.observation(0, event, START)]).unwrap();
    }
    indexer.step().unwrap();
    indexer.expire().unwrap();
    let (ledger, _) = log.usage().unwrap();
    let told = |(action, used): (&str, &doorward_model::usage::Use)| {
        let on: Vec<_> = used.on.values().copied().collect();
        (action.to_owned(), used.all.first, used.all.last, on == [used.all])
    };
    let expected = [
        ("iam:GetUser".to_owned(), day(500), day(500), true),
        ("iam:ListRoles".to_owned(), day(100), day(450), true),
    ];
    assert_eq!(ledger.of("arn:alice").map(told).collect::<Vec<_>>(), expected);
    let logged: Vec<_> = ledger.logged().map(|(_, action, span)| (action, span.first)).collect();
    assert_eq!(logged, [("iam:GetUser", day(500)), ("iam:ListRoles", day(100))]);
}
