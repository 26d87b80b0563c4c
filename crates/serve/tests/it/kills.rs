//! Ending all sessions of an identity, and enforcement points that nobody has spoken of.

use doorward_model::time::{Millis, Time};
use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Server, Setup, now};

fn question(began_at: Option<Time>) -> Value {
    let told = began_at.map(|at| json!({"credential": {"id": "session", "iat": at.ms() / 1_000}}));
    json!({"subject": {"type": "user", "id": "alice"}, "action": {"name": "read"},
        "resource": {"type": "record", "id": "record-1"}, "context": {"doorward": told.unwrap_or_else(|| json!({}))}})
}

#[tokio::test]
async fn a_kill_refuses_what_began_before_it_and_what_does_not_say() {
    let server = Server::start(Setup::default()).await;
    let before = now();
    let killed =
        server.post("/v1/kills", "root", &json!({"identity": "alice", "reason": "laptop stolen"})).await;
    assert_eq!(killed.status, StatusCode::CREATED);
    let row = killed.json();
    let up_to = Time::parse(row["up_to"].as_str().unwrap()).unwrap();
    // The writer's clock is a second behind in these tests.
    assert!(up_to >= before - Millis::SECOND && up_to <= now(), "{row}");
    let rest = [&row["identity"], &row["by"], &row["reason"]];
    assert_eq!(rest, [&json!("alice"), &json!("root"), &json!("laptop stolen")]);
    let mut answers = Vec::new();
    for at in [None, Some(before - Millis::HOUR), Some(up_to + Millis::SECOND.times(2))] {
        let answer = server.evaluate(&question(at)).await;
        answers.push((answer["decision"].clone(), answer["context"]["reasons"][0].clone()));
    }
    let refused = (json!(false), json!("killed"));
    assert_eq!(answers, [refused.clone(), refused, (json!(true), json!("policy-permit"))]);
    let list = server.get("/v1/kills?by=root", "eye").await.json();
    assert_eq!(list["items"][0]["identity"], json!("alice"));
    assert_eq!(server.get("/v1/kills?by=nobody", "eye").await.json()["items"], json!([]));
    let shown = server.get("/v1/identities/alice", "eye").await.json();
    assert_eq!(shown["killed_up_to"], row["up_to"]);
    server.stop().await;
}

#[tokio::test]
async fn a_kill_needs_the_right_a_reason_and_somebody() {
    let server = Server::start(Setup::default()).await;
    let cases = [
        ("eye", json!({"identity": "alice", "reason": "stolen"}), StatusCode::FORBIDDEN),
        ("root", json!({"identity": "alice", "reason": " "}), StatusCode::BAD_REQUEST),
        ("root", json!({"identity": "", "reason": "stolen"}), StatusCode::BAD_REQUEST),
        ("root", json!({"identity": "alice", "reason": "stolen", "until": 5}), StatusCode::BAD_REQUEST),
        ("root", json!({"identity": "nobody", "reason": "stolen"}), StatusCode::NOT_FOUND),
    ];
    for (token, body, status) in cases {
        assert_eq!(server.post("/v1/kills", token, &body).await.status, status, "{body}");
    }
    assert_eq!(server.get("/v1/kills", "eye").await.json()["items"], json!([]));
    assert_eq!(server.evaluate(&question(None)).await["decision"], json!(true));
    server.stop().await;
}

#[tokio::test]
async fn nobody_may_speak_as_the_settings() {
    let server = Server::start(Setup::default()).await;
    let asked = json!({"name": "configuration", "scopes": ["admin"]});
    assert_eq!(server.post("/v1/tokens", "root", &asked).await.status, StatusCode::BAD_REQUEST);
    server.stop().await;
}
