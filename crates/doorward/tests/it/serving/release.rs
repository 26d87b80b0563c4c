//! The data folders of earlier releases, which every later one must open, answer from, and go on with.
//!
//! `DOORWARD_WRITE_RELEASE=1 cargo test -p doorward --test it release` writes the folder of this version anew; one
//! that a release has shipped is never written again. Its token opens nothing else.

use std::fs;
use std::path::{Path, PathBuf};

use doorward_model::time::Millis;
use doorward_simulate::Plan;
use serde_json::{Value, json};

use crate::serving::server::{Server, ago, command, config, listing};
use crate::support::{organisation, put, record};

/// Nothing of the folder may expire, however late it is opened.
const SETTINGS: &str = "[retention]\nevents = \"36500d\"\ndecisions = \"36500d\"\nrejects = \"36500d\"\n";
/// What is kept of the folder; all else is made anew.
const FILES: [&str; 2] = ["journal.sqlite", "rejects.jsonl"];
/// What is asked, and which member names a row of the answer.
const LISTS: [(&str, &str); 8] = [
    ("/v1/identities?limit=1000", "id"),
    ("/v1/findings?limit=1000", "id"),
    ("/v1/holds?limit=1000", "id"),
    ("/v1/kills?limit=1000", "identity"),
    ("/v1/peps?limit=1000", "name"),
    ("/v1/tokens?limit=1000", "id"),
    ("/v1/rejects?limit=1000", "hash"),
    ("/v1/events?limit=100", "id"),
];

fn stored() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/release-0.1.0")
}

/// What a server says of all that it holds: the names of rows, and what decides.
fn told(server: &Server) -> Value {
    let rows = LISTS.map(|(path, name)| {
        let answer = server.get(path);
        let rows = answer["items"].as_array().unwrap().iter().map(|row| row[name].clone());
        json!({"path": path, "rows": rows.collect::<Vec<_>>()})
    });
    let alice = server.get("/v1/who?q=AKIAEXAMPLE000000001");
    json!({"lists": rows, "policy": server.get("/v1/policy")["hash"], "who": alice["identities"][0]["id"]})
}

fn start(folder: &Path, dir: &Path, token: &str) -> Server {
    let mut server = Server::start(folder, Some(&config(dir, SETTINGS)));
    token.clone_into(&mut server.token);
    server
}

#[test]
fn release_write() {
    if std::env::var_os("DOORWARD_WRITE_RELEASE").is_none() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (data, logs) = (dir.path().join("data"), organisation(&Plan::new(5, 10, 3)));
    put(&logs.path().join("alice.jsonl"), record("alice-1", "").as_bytes());
    put(&logs.path().join("half.jsonl"), b"{\"eventVersion\":");
    let mut serve = command(&data);
    serve.args(["--listen", "127.0.0.1:0", "--config"]).arg(config(dir.path(), SETTINGS));
    serve.current_dir(logs.path()).args(["--import", "."]);
    let mut server = Server::spawn(serve);
    let token = server.token.clone();
    let hold = json!({"subject": "alice", "profile": "step-up", "reason": "kept", "expires_at": "2100-01-01T00:00:00Z"});
    for (path, body) in [
        ("/v1/holds", hold),
        ("/v1/kills", json!({"identity": "arn:aws:iam::111122223333:user/alice", "reason": "kept"})),
        ("/v1/tokens", json!({"name": "gate", "scopes": ["decide"]})),
        ("/v1/policy", json!({"files": {}, "mode": "shadow"})),
    ] {
        let answer = server.post(path, &body);
        assert!(answer.status < 300, "{path}: {}", answer.text());
    }
    server.stopped();
    let mut server = start(&data, dir.path(), &token);
    let expected = told(&server);
    server.stopped();
    fs::create_dir_all(stored()).unwrap();
    for file in FILES {
        fs::copy(data.join(file), stored().join(file)).unwrap();
    }
    let expected = json!({"token": token, "told": expected});
    fs::write(stored().join("expected.json"), serde_json::to_vec_pretty(&expected).unwrap()).unwrap();
}

#[test]
fn the_data_folder_of_release_0_1_0_opens_answers_and_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    fs::create_dir(&data).unwrap();
    for file in FILES {
        fs::copy(stored().join(file), data.join(file)).unwrap();
    }
    let expected: Value = serde_json::from_slice(&fs::read(stored().join("expected.json")).unwrap()).unwrap();
    let token = expected["token"].as_str().unwrap();
    let mut server = start(&data, dir.path(), token);
    assert_eq!(told(&server), expected["told"]);
    let again = server.push(record("alice-1", "").as_bytes()).json();
    assert_eq!((&again["accepted"], &again["duplicate"]), (&json!(0), &json!(1)), "{again}");
    let next = server.push(listing("alice-2", ago(Millis::HOUR)).as_bytes()).json();
    assert_eq!(next["accepted"], json!(1), "{next}");
    server.stopped();
    let server = start(&data, dir.path(), token);
    let events = server.get("/v1/events?limit=1000");
    assert!(events["items"].as_array().unwrap().iter().any(|event| event["id"] == "alice-2"));
}
