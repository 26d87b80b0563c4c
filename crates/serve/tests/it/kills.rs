//! Ending all sessions of an identity, and enforcement points that nobody has spoken of.

use doorward_model::time::{Millis, Time};
use http::{Method, StatusCode};
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
    assert_eq!(shown["kill"]["up_to"], row["up_to"]);
    server.stop().await;
}

#[tokio::test]
async fn a_kill_is_lifted_for_a_reason_by_who_may_and_as_it_was_seen() {
    let server = Server::start(Setup::default()).await;
    let kill = async |reason: &str| {
        server.post("/v1/kills", "root", &json!({"identity": "alice", "reason": reason})).await
    };
    let revive = async |token: &str, tag: &str, body: Value| {
        let request = server.with_token(Method::POST, "/v1/kills/alice/revive", token);
        let request = request.header("content-type", "application/json").header("if-match", tag);
        server.send(request, body.to_string()).await
    };
    let why = || json!({"reason": "it was found"});
    assert_eq!(revive("root", "*", why()).await.status, StatusCode::PRECONDITION_FAILED);
    assert_eq!(server.post("/v1/kills/alice/revive", "root", &why()).await.status, StatusCode::NOT_FOUND);
    kill("stolen").await;
    let tag = server.get("/v1/kills/alice", "eye").await.header("etag").to_owned();
    let refused = server.evaluate(&question(None)).await;
    assert_eq!(refused["context"]["reasons"], json!(["killed"]));
    let said = refused["context"]["reason_admin"]["killed"].as_str().unwrap();
    assert!(said.contains("doorward identity revive"), "{said}");
    for (token, body, status) in [
        ("eye", why(), StatusCode::FORBIDDEN),
        ("root", json!({"reason": " "}), StatusCode::BAD_REQUEST),
        ("root", json!({}), StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(revive(token, &tag, body).await.status, status);
    }
    kill("stolen again").await;
    assert_eq!(revive("root", &tag, why()).await.status, StatusCode::PRECONDITION_FAILED);
    let tag = server.get("/v1/kills/alice", "eye").await.header("etag").to_owned();
    let done = revive("root", &tag, why()).await;
    assert_eq!((done.status, &done.json()["id"]), (StatusCode::OK, &json!("alice")));
    assert_eq!(server.evaluate(&question(None)).await["decision"], json!(true));
    assert_eq!(server.get("/v1/kills/alice", "eye").await.status, StatusCode::NOT_FOUND);
    assert_eq!(server.get("/v1/identities/alice", "eye").await.json()["kill"], Value::Null);
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
