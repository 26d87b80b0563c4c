//! Which version of a thing is known, how fresh an answer must be, and of which instant.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Answer, EVALUATION, Server, Setup};

async fn put(server: &Server, name: &str, mode: &str, headers: &[(&str, &str)]) -> Answer {
    let path = format!("/v1/peps/{name}");
    let mut request =
        server.with_token(Method::PUT, &path, "root").header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    server.send(request, json!({"mode": mode}).to_string()).await
}

async fn known(server: &Server, path: &str, tag: &str) -> (u16, usize) {
    let request = server.with_token(Method::GET, path, "eye").header("if-none-match", tag);
    let answer = server.send(request, "").await;
    (answer.status.as_u16(), answer.body.len())
}

fn question() -> Value {
    json!({"subject": {"type": "user", "id": "alice"}, "action": {"name": "read"},
        "resource": {"type": "record", "id": "record-1"}})
}

#[tokio::test]
async fn what_is_known_is_not_sent_again_until_it_changes() {
    let server = Server::start(Setup::default()).await;
    let paths = [
        "/v1/identities",
        "/v1/findings",
        "/v1/unusual",
        "/v1/holds",
        "/v1/peps",
        "/v1/tokens",
        "/v1/events",
    ];
    let things = ["/v1/peps/gateway", "/v1/policy", "/v1/identities/alice"];
    server.post("/v1/holds", "root", &json!({"subject": "bob", "profile": "deny", "reason": "r"})).await;
    for path in paths.into_iter().chain(things) {
        let first = server.get(path, "eye").await;
        if first.status == StatusCode::NOT_FOUND {
            assert_eq!(path, "/v1/identities/alice");
            continue;
        }
        let tag = first.header("etag").to_owned();
        assert_eq!(known(&server, path, &tag).await, (304, 0), "{path} {tag}");
        assert_eq!(known(&server, path, &format!("\"x\", W/{tag}")).await, (304, 0), "{path}");
        assert_eq!(known(&server, path, "\"x\"").await.0, 200, "{path}");
    }
    let tag = server.get("/v1/peps", "eye").await.header("etag").to_owned();
    assert_eq!(put(&server, "gateway", "learn", &[]).await.status, StatusCode::OK);
    assert_eq!(known(&server, "/v1/peps", &tag).await.0, 200);
    server.stop().await;
}

#[tokio::test]
async fn a_command_for_a_version_that_is_gone_does_nothing() {
    let server = Server::start(Setup::default()).await;
    let tag = server.get("/v1/peps/gateway", "eye").await.header("etag").to_owned();
    let mode = async || server.get("/v1/peps/gateway", "eye").await.json()["mode"].clone();
    let first = [("if-match", tag.as_str()), ("idempotency-key", "k-1")];
    assert_eq!(put(&server, "gateway", "shadow", &first).await.status, StatusCode::OK);
    let second = put(&server, "gateway", "learn", &[("if-match", &tag)]).await;
    assert_eq!((second.status, mode().await), (StatusCode::PRECONDITION_FAILED, json!("shadow")));
    assert_eq!(second.json()["detail"], json!("it has changed since: ask for it again, and decide anew"));
    // What was done is not done again, nor refused, under its key.
    assert_eq!(put(&server, "gateway", "shadow", &first).await.status, StatusCode::OK);
    let any = format!("\"x\", {}", server.get("/v1/peps/gateway", "eye").await.header("etag"));
    assert_eq!(put(&server, "gateway", "learn", &[("if-match", &any)]).await.status, StatusCode::OK);
    assert_eq!(
        put(&server, "nobody", "learn", &[("if-match", "*")]).await.status,
        StatusCode::PRECONDITION_FAILED
    );
    assert_eq!(server.get("/v1/peps/nobody", "eye").await.status, StatusCode::NOT_FOUND);
    assert_eq!(put(&server, "gateway", "enforce", &[("if-match", "*")]).await.status, StatusCode::OK);
    server.stop().await;
}

/// That time passes, or that somebody asks, makes no other version; but it is another answer.
#[tokio::test]
async fn a_version_is_what_was_commanded_and_not_how_it_looks() {
    let server = Server::start(Setup::default()).await;
    let hold = json!({"subject": "alice", "profile": "step-up", "reason": "r"});
    let placed = server.post("/v1/holds", "root", &hold).await.json();
    let path = format!("/v1/holds/{}", placed["id"].as_str().unwrap());
    let tag = server.get(&path, "eye").await.header("etag").to_owned();
    server.evaluate(&question()).await;
    server.get("/v1/holds", "eye").await;
    assert_eq!(known(&server, &path, &tag).await.0, 200, "it bites somewhere now");
    let release = |tag: &str| {
        server
            .with_token(Method::POST, &format!("{path}/release"), "root")
            .header("content-type", "application/json")
            .header("if-match", tag)
    };
    let why = json!({"reason": "known"}).to_string();
    assert_eq!(
        server.send(release("\"other-1\""), why.clone()).await.status,
        StatusCode::PRECONDITION_FAILED
    );
    assert_eq!(server.send(release(&tag), why).await.status, StatusCode::OK);
    server.stop().await;
}

#[tokio::test]
async fn an_answer_is_as_fresh_as_asked_for_or_none() {
    let server = Server::start(Setup::default()).await;
    let seen = server.evaluate(&question()).await["context"]["seen"].as_u64().unwrap();
    let ask = async |least: &str| {
        let decide = server.request(Method::POST, EVALUATION).header("content-type", "application/json");
        let decided = server.send(decide.header("doorward-min-fact", least), question().to_string()).await;
        let list = server.with_token(Method::GET, "/v1/holds", "eye").header("doorward-min-fact", least);
        let listed = server.send(list, "").await;
        (decided.status.as_u16(), listed.status.as_u16(), decided.json(), listed.json()["detail"].clone())
    };
    let (decided, listed, ..) = ask(&seen.to_string()).await;
    assert_eq!((decided, listed), (200, 200));
    let said = json!(format!("fact {} is not known here yet, only {seen}", seen + 1));
    assert_eq!(ask(&(seen + 1).to_string()).await, (503, 503, said.clone(), said));
    let said = json!("doorward-min-fact is no number of a fact");
    assert_eq!(ask("-1").await, (400, 400, said.clone(), said));
    let placed =
        server.post("/v1/holds", "root", &json!({"subject": "bob", "profile": "deny", "reason": "r"})).await;
    assert_eq!(placed.status, StatusCode::CREATED);
    assert_eq!(ask(&(seen + 1).to_string()).await.0, 200);
    server.stop().await;
}

#[tokio::test]
async fn an_instant_that_cannot_be_answered_for_is_said() {
    let server = Server::start(Setup::default()).await;
    let (early, now_only) =
        ("cannot answer as of 2000-01-01T00:00:00Z", "cannot answer this as of an instant");
    let ahead = "cannot answer as of 2999-01-01T00:00:00Z";
    for (path, status, said) in [
        ("holds?as_of=2000-01-01T00:00:00Z", 422, early),
        ("holds?as_of=2999-01-01T00:00:00Z", 400, ahead),
        (
            "holds?as_of=yesterday",
            400,
            "cannot read as_of \"yesterday\", expected RFC 3339 such as 2026-11-23T09",
        ),
        ("holds/h?as_of=2000-01-01T00:00:00Z", 422, early),
        ("policy?as_of=2999-01-01T00:00:00Z", 400, ahead),
        ("events?as_of=2000-01-01T00:00:00Z", 400, now_only),
        ("budget?as_of=2000-01-01T00:00:00Z", 400, now_only),
        ("unusual?as_of=2000-01-01T00:00:00Z", 400, now_only),
        ("identities/alice?colour=red", 400, "cannot filter by \"colour\", expected one of "),
    ] {
        let answer = server.get(&format!("/v1/{path}"), "eye").await;
        let told = answer.json();
        let detail = told["detail"].as_str().unwrap_or_default();
        assert!(
            answer.status.as_u16() == status && detail.starts_with(said),
            "{path}: {} {told}",
            answer.status
        );
    }
    server.stop().await;
}
