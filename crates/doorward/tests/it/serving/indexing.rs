//! `who` finds what lies far back in the journal, while the server works and after it.

use doorward_model::time::Millis;
use serde_json::Value;

use crate::serving::server::{Server, ago, listing, poll};

#[test]
fn what_happened_far_back_is_found_at_once() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Server::start(data.path(), None);
    let token = server.token.clone();
    let at = ago(Millis::HOUR);
    let bob = listing("far-back", at)
        .replace("user/alice", "user/bob")
        .replace("AKIAEXAMPLE000000001", "AKIAEXAMPLE000000002");
    server.push(bob.as_bytes());
    // More rows than one question looks at without an index.
    for id in 0..60 {
        server.push(listing(&format!("near-{id}"), at).as_bytes());
    }
    let indexed = |server: &Server| {
        let status = server.get("/v1/status");
        status["upkeep"]["indexed_row"].as_u64() >= status["rows"].as_u64()
    };
    poll(|| indexed(&server));
    let found = |server: &Server, asked: &str| {
        let who = server.get(&format!("/v1/who?q={asked}"));
        let ids: Vec<_> = who["events"].as_array().unwrap().iter().map(|event| event["id"].clone()).collect();
        (ids, who["looked_at_all"].clone())
    };
    let expected = (vec![Value::from("far-back")], Value::Bool(true));
    for asked in ["far-back", "AKIAEXAMPLE000000002", "bob"] {
        assert_eq!(found(&server, asked), expected, "{asked}");
    }
    assert!(server.stop().success());
    // One that is missing is made again.
    std::fs::remove_file(data.path().join("index.sqlite")).unwrap();
    let mut server = Server::start(data.path(), None);
    server.token = token;
    poll(|| indexed(&server));
    assert_eq!(found(&server, "far-back"), expected);
}
