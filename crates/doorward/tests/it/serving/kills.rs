//! `kill -9` at any moment loses nothing that was acknowledged, and nothing is there twice.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::OnceLock;
use std::sync::mpsc::channel;
use std::time::Duration;

use doorward_model::time::{Millis, Time};
use serde_json::Value;

use crate::serving::server::{Answer, DEADLINE, Server, ago, listing, try_request};

const ROUNDS: u64 = 12;
const PUSHERS: u64 = 3;
const BATCH: u64 = 20;

/// What a pusher was told of its batches: acknowledged, or not.
type Told = (BTreeSet<String>, BTreeSet<String>);

#[test]
fn what_was_acknowledged_is_there_exactly_once_after_any_kill() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Server::start(data.path(), None);
    let token = server.token.clone();
    let trail = server.token("trail", "ingest:trail");
    let (mut acknowledged, mut open) = (BTreeSet::new(), BTreeSet::new());
    for round in 0..ROUNDS {
        let told = killed_under_load(server, round, &trail);
        acknowledged.extend(told.0);
        open.extend(told.1);
        server = restart(data.path(), &token);
    }
    let mut there = BTreeMap::new();
    let mut path = "/v1/events?limit=1000".to_owned();
    loop {
        let page = server.get(&path);
        for event in page["items"].as_array().unwrap() {
            *there.entry(event["id"].as_str().unwrap().to_owned()).or_insert(0) += 1;
        }
        let Value::String(next) = &page["next_cursor"] else { break };
        path = format!("/v1/events?limit=1000&cursor={next}");
    }
    assert!(acknowledged.len() as u64 > ROUNDS * BATCH, "too little was pushed: {}", acknowledged.len());
    let twice: Vec<_> = there.iter().filter(|(_, count)| **count != 1).collect();
    let lost: Vec<_> = acknowledged.iter().filter(|id| !there.contains_key(*id)).collect();
    let foreign: Vec<_> =
        there.keys().filter(|id| !acknowledged.contains(*id) && !open.contains(*id)).collect();
    assert!(twice.is_empty() && lost.is_empty() && foreign.is_empty(), "{twice:?} {lost:?} {foreign:?}");
    // A batch is one commit here: it is there whole or not at all.
    let half = open.iter().filter(|id| there.contains_key(*id)).count() as u64 % BATCH;
    assert_eq!(half, 0);
    let again: Vec<_> = acknowledged.iter().take(50).map(|id| listing(id, at_of(id))).collect();
    let answer = server.push(again.join("\n").as_bytes()).json();
    assert_eq!((answer["accepted"].as_u64(), answer["duplicate"].as_u64()), (Some(0), Some(50)));
}

fn restart(data: &Path, token: &str) -> Server {
    let mut server = Server::start(data, None);
    assert_eq!(server.token, "");
    token.clone_into(&mut server.token);
    server
}

/// Pushes from several threads and kills the server in the middle.
fn killed_under_load(mut server: Server, round: u64, token: &str) -> Told {
    let (begun, begins) = channel();
    let pushers: Vec<_> = (0..PUSHERS)
        .map(|pusher| {
            let (address, token, begun) = (server.address.clone(), token.to_owned(), begun.clone());
            std::thread::spawn(move || push_until_it_is_gone(&address, &token, (round, pusher), &begun))
        })
        .collect();
    // Another moment in each round: counted in acknowledgements, and a little further.
    for _ in 0..=(round % 4) * PUSHERS {
        begins.recv_timeout(DEADLINE).unwrap();
    }
    std::thread::sleep(Duration::from_micros(round * 1_371 % 9_000));
    server.kill();
    let mut all = Told::default();
    for pusher in pushers {
        let (acknowledged, open) = pusher.join().unwrap();
        all.0.extend(acknowledged);
        all.1.extend(open);
    }
    all
}

fn push_until_it_is_gone(
    address: &str,
    token: &str,
    (round, pusher): (u64, u64),
    begun: &std::sync::mpsc::Sender<()>,
) -> Told {
    let bearer = format!("Bearer {token}");
    let mut acknowledged = BTreeSet::new();
    for batch in 0.. {
        let ids: Vec<_> = (0..BATCH).map(|at| format!("{round}-{pusher}-{batch}-{at}")).collect();
        let lines: Vec<_> = ids.iter().map(|id| listing(id, at_of(id))).collect();
        let target = ("POST", "/v1/events/trail");
        match try_request(address, target, &[("Authorization", &bearer)], lines.join("\n").as_bytes()) {
            Ok(Answer { status: 200, body, .. }) => {
                let told: Value = serde_json::from_slice(&body).unwrap();
                assert_eq!(told["accepted"].as_u64(), Some(BATCH), "{told}");
                acknowledged.extend(ids);
                begun.send(()).unwrap();
            }
            Ok(other) => panic!("{other:?}"),
            Err(_) => return (acknowledged, ids.into_iter().collect()),
        }
    }
    (acknowledged, BTreeSet::new())
}

/// The same id is of the same time, whenever it is sent.
fn at_of(id: &str) -> Time {
    static DAY: OnceLock<Time> = OnceLock::new();
    let spread = id.bytes().map(i64::from).sum::<i64>();
    *DAY.get_or_init(|| ago(Millis::DAY)) + Millis::MINUTE.times(spread)
}
