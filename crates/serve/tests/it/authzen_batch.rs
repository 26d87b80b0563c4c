//! Evaluations: defaults, order, semantics, and items that are broken.

use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{EVALUATIONS, Server, Setup};

/// The decisions of a batch, and the status of each that could not be asked.
async fn batch(server: &Server, body: &Value) -> Vec<(bool, Option<u64>)> {
    let answer = server.ask(EVALUATIONS, body.to_string()).await;
    assert_eq!(answer.status, StatusCode::OK, "{body} {:?}", answer.body);
    let answer = answer.json();
    let items = answer["evaluations"].as_array().unwrap();
    let told =
        |item: &Value| (item["decision"].as_bool().unwrap(), item["context"]["error"]["status"].as_u64());
    items.iter().map(told).collect()
}

fn defaults() -> Value {
    json!({"subject": {"type": "user", "id": "bob"}, "action": {"name": "read"}, "resource": {"type": "record", "id": "record-1"}})
}

#[tokio::test]
async fn items_replace_defaults_whole_and_keep_their_order() {
    let server = Server::start(Setup::default()).await;
    let mut body = defaults();
    body["subject"]["properties"] = json!({"role": "admin"});
    body["evaluations"] = json!([
        {},
        {"action": {"name": "write"}, "resource": {"type": "record", "id": "record-2"}},
        {"action": {"name": "write"}, "subject": {"type": "user", "id": "bob"}},
        {"subject": {"type": "user", "id": "alice"}, "action": {"name": "write"}},
    ]);
    // The third item's subject has no properties: nothing of the default's is left.
    assert_eq!(batch(&server, &body).await, [(true, None), (true, None), (false, None), (true, None)]);
    server.stop().await;
}

#[tokio::test]
async fn items_need_no_defaults() {
    let server = Server::start(Setup::default()).await;
    let mut write = defaults();
    write["action"]["name"] = json!("write");
    let body = json!({"evaluations": [defaults(), write, defaults()]});
    assert_eq!(batch(&server, &body).await, [(true, None), (false, None), (true, None)]);
    let answer = server.ask(EVALUATIONS, body.to_string()).await.json();
    let members: Vec<_> = answer.as_object().unwrap().keys().collect();
    assert_eq!(members, ["evaluations"]);
    server.stop().await;
}

#[tokio::test]
async fn without_items_it_is_a_single_question() {
    let server = Server::start(Setup::default()).await;
    let mut body = defaults();
    for evaluations in [None, Some(json!([]))] {
        evaluations.into_iter().for_each(|evaluations| body["evaluations"] = evaluations);
        let answer = server.ask(EVALUATIONS, body.to_string()).await.json();
        assert_eq!((&answer["decision"], answer.get("evaluations")), (&json!(true), None));
    }
    let incomplete = server.ask(EVALUATIONS, r#"{"subject":{"type":"user","id":"bob"}}"#).await;
    assert_eq!((incomplete.status, incomplete.json()), (StatusCode::BAD_REQUEST, json!("action: missing")));
    server.stop().await;
}

#[tokio::test]
async fn a_batch_ends_as_its_semantic_says() {
    let server = Server::start(Setup::default()).await;
    let write = json!({"action": {"name": "write"}});
    let mut answers = Vec::new();
    for semantic in ["execute_all", "deny_on_first_deny", "permit_on_first_permit"] {
        for items in [json!([{}, write, {}]), json!([write, {}, write])] {
            let mut body = defaults();
            body["evaluations"] = items;
            body["options"] = json!({"evaluations_semantic": semantic, "another": 1});
            answers
                .push(batch(&server, &body).await.iter().map(|(decision, _)| *decision).collect::<Vec<_>>());
        }
    }
    let expected = [
        vec![true, false, true],
        vec![false, true, false],
        vec![true, false],
        vec![false],
        vec![true],
        vec![false, true],
    ];
    assert_eq!(answers, expected);
    server.stop().await;
}

#[tokio::test]
async fn a_broken_item_is_a_no_and_breaks_no_other() {
    let server = Server::start(Setup::default()).await;
    let mut body = defaults();
    body["evaluations"] =
        json!([{}, {"resource": {"type": "record"}}, 7, {"action": "read"}, {"context": []}, null, {}]);
    let broken = (false, Some(400));
    let expected = [(true, None), broken, broken, broken, broken, broken, (true, None)];
    assert_eq!(batch(&server, &body).await, expected);
    let answer = server.ask(EVALUATIONS, body.to_string()).await.json();
    let error =
        json!({"decision": false, "context": {"error": {"status": 400, "message": "resource.id: missing"}}});
    assert_eq!(answer["evaluations"][1], error);
    body["options"] = json!({"evaluations_semantic": "deny_on_first_deny"});
    assert_eq!(batch(&server, &body).await, [(true, None), broken]);
    body["options"] = json!({"evaluations_semantic": "permit_on_first_permit"});
    body["evaluations"] = json!([7, {"action": "read"}, {}, {}]);
    assert_eq!(batch(&server, &body).await, [broken, broken, (true, None)]);
    server.stop().await;
}

#[tokio::test]
async fn an_empty_default_is_fine_where_every_item_has_its_own() {
    let server = Server::start(Setup::default()).await;
    let mut body = defaults();
    body["resource"] = json!({});
    let own = json!({"resource": {"type": "record", "id": "record-1"}});
    body["evaluations"] = json!([own, own]);
    assert_eq!(batch(&server, &body).await, [(true, None), (true, None)]);
    body["evaluations"] = json!([own, {}]);
    assert_eq!(batch(&server, &body).await, [(true, None), (false, Some(400))]);
    server.stop().await;
}

#[tokio::test]
async fn what_is_wrong_with_the_whole_is_a_400() {
    let server = Server::start(Setup::default()).await;
    let mut said = Vec::new();
    for (member, value) in [
        ("evaluations", json!({})),
        ("evaluations", json!("x")),
        ("options", json!([])),
        ("options", json!({"evaluations_semantic": "all"})),
        ("options", json!({"evaluations_semantic": 1})),
        ("subject", json!(7)),
        ("context", json!(7)),
    ] {
        let mut body = defaults();
        body["evaluations"] = json!([{}]);
        body[member] = value;
        let answer = server.ask(EVALUATIONS, body.to_string()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
        said.push(answer.json().as_str().unwrap().to_owned());
    }
    let semantic = "options.evaluations_semantic: expected";
    let expected = [
        "evaluations: expected a list".to_owned(),
        "evaluations: expected a list".to_owned(),
        "options: expected an object".to_owned(),
        format!("{semantic} execute_all, deny_on_first_deny or permit_on_first_permit"),
        format!("{semantic} a string"),
        "subject: expected an object".to_owned(),
        "context: expected an object".to_owned(),
    ];
    assert_eq!(said, expected);
    server.stop().await;
}
