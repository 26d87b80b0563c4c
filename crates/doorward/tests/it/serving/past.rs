//! Questions as of an instant are answered by what facts said then.

use std::path::Path;

use doorward_model::time::{Millis, Time};
use serde_json::{Value, json};

use crate::serving::server::{Server, config, now, poll};

/// An instant that lies after all that was done, and before all that will be.
pub(crate) fn instant() -> Time {
    let then = now();
    poll(|| now() > then);
    then
}

fn hold(server: &Server, subject: &str) -> String {
    let placed = server.post("/v1/holds", &json!({"subject": subject, "profile": "deny", "reason": "r"}));
    placed.json()["id"].as_str().unwrap().to_owned()
}

fn mode(server: &Server, mode: &str) {
    let answer = server.ask("PUT", "/v1/peps/gate", json!({"mode": mode}).to_string().as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.text());
}

/// The holds, the mode of the enforcement point, and the policy as of an instant.
fn told(server: &Server, at: Time) -> (Vec<String>, Value, u16) {
    let list = server.get(&format!("/v1/holds?as_of={at}"));
    let subjects =
        list["items"].as_array().unwrap().iter().map(|hold| hold["subject"].as_str().unwrap().to_owned());
    let gate = server.ask("GET", &format!("/v1/peps/gate?as_of={at}"), b"").json();
    let policy = server.ask("GET", &format!("/v1/policy?as_of={at}"), b"").status;
    (subjects.collect(), gate["mode"].clone(), policy)
}

fn restart(data: &Path, token: &str, configured: Option<&Path>) -> Server {
    let mut server = Server::start(data, configured);
    token.clone_into(&mut server.token);
    server
}

#[test]
fn what_was_so_is_told_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let before = instant();
    let mut server = Server::start(&data, None);
    let token = server.token.clone();
    mode(&server, "learn");
    let first = hold(&server, "alice");
    let one = instant();
    let id = format!("/v1/holds/{first}");
    assert_eq!(server.post(&format!("{id}/release"), &json!({"reason": "known"})).status, 200);
    hold(&server, "bob");
    mode(&server, "enforce");
    assert_eq!(server.post("/v1/policy", &json!({"files": {}, "mode": "shadow"})).status, 200);
    let two = instant();
    let expected =
        [(vec!["alice".to_owned()], json!("learn"), 404), (vec!["bob".to_owned()], json!("enforce"), 200)];
    assert_eq!([told(&server, one), told(&server, two)], expected);
    assert_eq!(server.get(&format!("{id}?as_of={one}"))["in_force"], json!(true));
    assert_eq!(server.ask("GET", &format!("{id}?as_of={two}"), b"").status, 404);
    // The same from before the checkpoint, and from after it.
    assert!(server.stop().success());
    server = restart(&data, &token, None);
    hold(&server, "carol");
    let three = instant();
    assert_eq!([told(&server, one), told(&server, two)], expected);
    assert_eq!(told(&server, three).0.len(), 2);
    let early = server.ask("GET", &format!("/v1/holds?as_of={}", before - Millis::DAY), b"");
    assert!(early.status == 422 && early.text().contains("the log begins at"), "{}", early.text());
    server.kill();
    let limited = config(dir.path(), "[limits]\nas_of_rows_max = 1\n");
    server = restart(&data, &token, Some(&limited));
    let far = server.ask("GET", &format!("/v1/holds?as_of={one}"), b"");
    assert!(far.status == 422 && far.text().contains("limits.as_of_rows_max"), "{}", far.text());
}
