//! A token that names its subject: who holds it asks about itself, and about nobody else.

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Answer, EVALUATION, EVALUATIONS, Server, Setup};

/// A token that alice holds; the enforcement point that she is for herself enforces.
async fn of_alice(server: &Server) -> String {
    let asked =
        json!({"name": "alice-cli", "scopes": ["decide"], "subject": {"type": "user", "id": "alice"}});
    let issued = server.post("/v1/tokens", "root", &asked).await;
    assert_eq!(issued.status, StatusCode::CREATED, "{:?}", issued.body);
    let mode = server.with_token(Method::PUT, "/v1/peps/alice-cli", "root");
    let mode = mode.header("content-type", "application/json");
    assert_eq!(server.send(mode, json!({"mode": "enforce"}).to_string()).await.status, StatusCode::OK);
    issued.json()["token"].as_str().unwrap().to_owned()
}

async fn asks(server: &Server, path: &str, token: &str, question: &Value) -> Answer {
    let request = server.request(Method::POST, path).header("authorization", format!("Bearer {token}"));
    server.send(request.header("content-type", "application/json"), question.to_string()).await
}

fn about(id: &str) -> Value {
    json!({"subject": {"type": "user", "id": id}, "action": {"name": "read"},
        "resource": {"type": "record", "id": "record-1"}})
}

#[tokio::test]
async fn it_asks_about_itself_and_about_nobody_else() {
    let server = Server::start(Setup::default()).await;
    let token = of_alice(&server).await;
    let mut said = Vec::new();
    let other_type = json!({"subject": {"type": "record", "id": "alice"}, "action": {"name": "read"},
        "resource": {"type": "record", "id": "record-1"}});
    for question in [about("alice"), about("bob"), about("mallory"), other_type] {
        let answer = asks(&server, EVALUATION, &token, &question).await;
        let body = answer.json();
        said.push((answer.status.as_u16(), body.get("decision").unwrap_or(&body).clone()));
    }
    let no = || (403, json!("subject: the token may ask about its own subject only"));
    assert_eq!(said, [(200, json!(true)), no(), no(), no()]);
    // No subject is no question, as AuthZEN has it: it is not filled in.
    let mut without = about("alice");
    without.as_object_mut().unwrap().remove("subject");
    assert_eq!(asks(&server, EVALUATION, &token, &without).await.status, StatusCode::BAD_REQUEST);
    server.stop().await;
}

#[tokio::test]
async fn another_name_of_it_is_itself() {
    let server = Server::start(Setup { example: "authzen-todo", ..Setup::default() }).await;
    let asked = json!({"name": "rick", "scopes": ["decide"],
        "subject": {"type": "user", "id": "rick@the-citadel.com"}});
    let issued = server.post("/v1/tokens", "root", &asked).await.json();
    let alias = |person: char| format!("CiRmZD{person}2MTRkMy1jMzlhLTQ3ODEtYjdiZC04Yjk2ZjVhNTEwMGQSBWxvY2Fs");
    let mut said = Vec::new();
    for id in ["rick@the-citadel.com".to_owned(), alias('A'), alias('E')] {
        let question = json!({"subject": {"type": "user", "id": id}, "action": {"name": "can_read_todos"},
            "resource": {"type": "todo", "id": "todo-1"}});
        let answer = asks(&server, EVALUATION, issued["token"].as_str().unwrap(), &question).await;
        said.push(answer.status.as_u16());
    }
    assert_eq!(said, [200, 200, 403]);
    server.stop().await;
}

#[tokio::test]
async fn one_item_of_a_batch_about_another_is_no_answer_to_it() {
    let server = Server::start(Setup::default()).await;
    let token = of_alice(&server).await;
    let mut batch = about("alice");
    batch["evaluations"] = json!([{}, {"subject": {"type": "user", "id": "bob"}}, {}]);
    let answer = asks(&server, EVALUATIONS, &token, &batch).await;
    assert_eq!(answer.status, StatusCode::OK);
    let body = answer.json();
    let items = body["evaluations"].as_array().unwrap().iter();
    let said: Vec<_> =
        items.map(|item| (item["decision"].clone(), item["context"]["error"]["status"].clone())).collect();
    let yes = (json!(true), Value::Null);
    assert_eq!(said, [yes.clone(), (json!(false), json!(403)), yes]);
    // Of an item that is not answered nothing is recorded.
    let events = server.get("/v1/events?identity=bob", "root").await.json();
    assert_eq!(events["items"], json!([]), "{events}");
    // The records tell who has shown a credential, and who is only spoken for.
    assert_eq!(asks(&server, EVALUATION, &server.tokens["gateway"], &about("alice")).await.status, 200);
    let events = server.get("/v1/events?identity=alice", "root").await.json();
    let callers = events["items"].as_array().unwrap().iter();
    let callers: Vec<_> = callers.map(|event| [&event["pep"], &event["caller"]]).collect();
    assert_eq!(callers, [["gateway", "asserted"], ["alice-cli", "verified"], ["alice-cli", "verified"]]);
    server.stop().await;
}

#[tokio::test]
async fn it_cannot_vouch_for_itself() {
    let server = Server::start(Setup::default()).await;
    let token = of_alice(&server).await;
    let told = |member: &str, value: Value| {
        let mut question = about("alice");
        question["context"] = json!({"doorward": {}});
        question["context"]["doorward"][member] = value;
        question
    };
    let mut properties = about("alice");
    properties["subject"]["properties"] = json!({"role": "admin"});
    let mut nothing = about("alice");
    nothing["subject"]["properties"] = json!({});
    let cases = [
        (nothing, 200),
        (told("session", json!("s")), 200),
        (told("authentication", json!({"acr": "mfa", "auth_time": 1_760_000_000})), 403),
        (told("credential", json!({"id": "another"})), 403),
        (properties, 403),
    ];
    for (question, expected) in cases {
        let status = asks(&server, EVALUATION, &token, &question).await.status;
        assert_eq!(status.as_u16(), expected, "{question}");
        // Whoever asks about others is believed.
        assert_eq!(asks(&server, EVALUATION, &server.tokens["gateway"], &question).await.status, 200);
    }
    server.stop().await;
}

#[tokio::test]
async fn a_kill_ends_its_token_for_decisions_and_a_revocation_for_all() {
    let server = Server::start(Setup::default()).await;
    let token = of_alice(&server).await;
    let kill = json!({"identity": "alice", "reason": "laptop stolen"});
    assert_eq!(server.post("/v1/kills", "root", &kill).await.status, StatusCode::CREATED);
    let answer = asks(&server, EVALUATION, &token, &about("alice")).await.json();
    assert_eq!(
        (&answer["decision"], &answer["context"]["reasons"]),
        (&json!(false), &json!(["killed"])),
        "{answer}"
    );
    let list = server.get("/v1/tokens?name=alice-cli", "eye").await.json();
    let row = &list["items"][0];
    assert_eq!(row["subject"], json!({"type": "user", "id": "alice"}), "{list}");
    let path = format!("/v1/tokens/{}/revoke", row["id"].as_str().unwrap());
    assert_eq!(server.post(&path, "root", &json!({})).await.status, StatusCode::OK);
    assert_eq!(asks(&server, EVALUATION, &token, &about("alice")).await.status, StatusCode::UNAUTHORIZED);
    server.stop().await;
}

#[tokio::test]
async fn it_is_issued_for_decisions_only() {
    let server = Server::start(Setup::default()).await;
    let token = |scopes: Value, subject: Value| json!({"name": "t", "scopes": scopes, "subject": subject});
    let alice = || json!({"type": "user", "id": "alice"});
    for (body, said) in [
        (token(json!(["decide", "read"]), alice()), "with other scopes than decide"),
        (token(json!(["decide"]), json!({"type": "user", "id": ""})), "without a printable type and id"),
        (token(json!(["decide"]), json!({"type": "user"})), "missing field `id`"),
        (token(json!(["decide"]), json!({"type": "user", "id": "a", "x": 1})), "unknown field `x`"),
    ] {
        let answer = server.post("/v1/tokens", "root", &body).await;
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert_eq!((answer.status, detail.contains(said)), (StatusCode::BAD_REQUEST, true), "{detail}");
    }
    server.stop().await;
}
