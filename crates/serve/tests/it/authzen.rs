//! Evaluation: what the certification scenario demands of answers, requests, headers and errors.

use std::fs;
use std::path::Path;

use doorward_model::decision::Mode;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{EVALUATION, EVALUATIONS, Server, Setup};

fn question(subject: &Value, action: &Value, resource: &Value) -> Value {
    json!({"subject": subject, "action": action, "resource": resource})
}

fn alice_reads() -> Value {
    question(
        &json!({"type": "user", "id": "alice"}),
        &json!({"name": "read"}),
        &json!({"type": "record", "id": "record-1"}),
    )
}

#[tokio::test]
async fn the_truths_of_the_scenario_hold() {
    let server = Server::start(Setup::default()).await;
    let (alice, bob) = (json!({"type": "user", "id": "alice"}), json!({"type": "user", "id": "bob"}));
    let admin = json!({"type": "user", "id": "bob", "properties": {"role": "admin"}});
    let one = json!({"type": "record", "id": "record-1"});
    let archived = json!({"type": "record", "id": "record-2", "properties": {"status": "archived"}});
    let (read, write) = (json!({"name": "read"}), json!({"name": "write"}));
    let delete = |soft: bool| json!({"name": "delete", "properties": {"soft": soft}});
    let cases = [
        (question(&alice, &read, &one), true),
        (question(&alice, &write, &one), true),
        (question(&bob, &read, &one), true),
        (question(&bob, &write, &one), false),
        (question(&alice, &write, &archived), false),
        (question(&admin, &write, &archived), true),
        (question(&alice, &delete(true), &one), true),
        (question(&alice, &delete(false), &one), false),
    ];
    for (question, expected) in cases {
        let first = server.evaluate(&question).await;
        assert_eq!(first["decision"], json!(expected), "{question} {first}");
        // Asked again, answered the same.
        assert_eq!(server.evaluate(&question).await["decision"], json!(expected));
    }
    server.stop().await;
}

#[tokio::test]
async fn an_answer_names_its_reasons() {
    let server = Server::start(Setup::default()).await;
    let mut answer = server.evaluate(&alice_reads()).await;
    assert!(answer["context"]["seen"].take().as_u64().is_some_and(|seen| seen > 0));
    let policies = answer["context"]["policies"].take();
    assert!(policies[0].as_str().is_some_and(|id| !id.is_empty()), "{policies}");
    let expected = json!({"decision": true, "context": {
        "effect": "permit", "reasons": ["policy-permit"], "reason_admin": {"policy-permit": "a policy permits it"},
        "policies": null, "identity": "alice", "mode": "enforce", "seen": null,
    }});
    assert_eq!(answer, expected);
    let stranger = json!({"type": "user", "id": "mallory"});
    let record = json!({"type": "record", "id": "r"});
    let mut denied = server.evaluate(&question(&stranger, &json!({"name": "read"}), &record)).await;
    denied["context"]["seen"].take();
    let expected = json!({"decision": false, "context": {
        "effect": "deny", "reasons": ["unknown-caller"],
        "reason_admin": {"unknown-caller": "nobody is known by the name of the subject"},
        "reason_user": {"unknown-caller": "You are not allowed to do this now."},
        "mode": "enforce", "seen": null,
    }});
    assert_eq!(denied, expected);
    server.stop().await;
}

#[tokio::test]
async fn what_is_not_known_is_ignored() {
    let server = Server::start(Setup::default()).await;
    let mut question = alice_reads();
    question["later"] = json!({"deep": [1, {"x": null}]});
    question["evaluations"] = json!("no list, and no matter here");
    question["subject"]["nick"] = json!([1.5]);
    question["subject"]["properties"] = json!({"extra": {"a": [1, "b", null, 2.5, true]}, "none": null});
    question["action"]["why"] = json!(null);
    question["context"] = json!({"time": "2025-06-27T18:03-07:00", "risk": {"score": 0}});
    assert_eq!(server.evaluate(&question).await["decision"], json!(true));
    server.stop().await;
}

#[tokio::test]
async fn every_malformed_question_is_a_400_with_a_message() {
    let server = Server::start(Setup::default()).await;
    let without = |member: &str| {
        let mut question = alice_reads();
        question.as_object_mut().unwrap().remove(member);
        question.to_string()
    };
    let with = |pointer: &str, value: Value| {
        let mut question = alice_reads();
        *question.pointer_mut(pointer).unwrap() = value;
        question.to_string()
    };
    let added = |member: &str, value: Value| {
        let mut question = alice_reads();
        question[member] = value;
        question.to_string()
    };
    let cases = [
        (String::new(), "the body is empty"),
        ("  \n".to_owned(), "the body is empty"),
        ("null".to_owned(), "the body: expected an object"),
        ("[]".to_owned(), "the body: expected an object"),
        ("\"x\"".to_owned(), "the body: expected an object"),
        ("7".to_owned(), "the body: expected an object"),
        ("{}".to_owned(), "action: missing"),
        ("{".to_owned(), "the body is not JSON that can be read: EOF while parsing an object at line 1 column 1"),
        (format!("{} {{}}", alice_reads()), ""),
        (without("subject"), "subject: missing"),
        (without("action"), "action: missing"),
        (without("resource"), "resource: missing"),
        (with("/subject", json!("alice")), "subject: expected an object"),
        (with("/subject", json!(null)), "subject: expected an object"),
        (with("/subject", json!([])), "subject: expected an object"),
        (with("/subject/type", json!(7)), "subject.type: expected a string"),
        (with("/subject/id", json!({"a": 1})), "subject.id: expected a string"),
        (with("/subject", json!({"type": "user"})), "subject.id: missing"),
        (with("/subject", json!({"id": "alice"})), "subject.type: missing"),
        (with("/action", json!({})), "action.name: missing"),
        (with("/action/name", json!(true)), "action.name: expected a string"),
        (with("/action", json!({"name": "read", "properties": []})), "action.properties: expected an object"),
        (with("/resource/id", json!(1)), "resource.id: expected a string"),
        (with("/resource", json!({"type": "record"})), "resource.id: missing"),
        (added("context", json!("x")), "context: expected an object"),
        (added("context", json!({"doorward": {"session": 7}})), "context.doorward.session: expected a string"),
        (added("context", json!({"doorward": {"sessions": "s"}})), ""),
        (r#"{"subject":{"type":"user","id":"a","id":"b"},"action":{"name":"read"},"resource":{"type":"r","id":"1"}}"#.to_owned(), ""),
        (r#"{"subject":{"type":"user","id":"a"},"subject":{"type":"user","id":"a"},"action":{"name":"read"},"resource":{"type":"r","id":"1"}}"#.to_owned(), ""),
        (r#"{"later":{"a":{"b":1,"b":2}},"subject":{"type":"user","id":"a"},"action":{"name":"read"},"resource":{"type":"r","id":"1"}}"#.to_owned(), ""),
        (r#"{"subject":{"type":"user","id":"a","properties":{"x":[{"k":1,"\u006b":2}]}},"action":{"name":"read"},"resource":{"type":"r","id":"1"}}"#.to_owned(), ""),
        (r#"{"subject":{"type":"user","id":"\ud800"},"action":{"name":"read"},"resource":{"type":"r","id":"1"}}"#.to_owned(), ""),
    ];
    for (body, message) in cases {
        let answer = server.ask(EVALUATION, body.clone()).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (StatusCode::BAD_REQUEST, "application/json"),
            "{body}"
        );
        let said = answer.json();
        let said = said.as_str().unwrap();
        assert!(!said.is_empty() && (message.is_empty() || said == message), "{body}: {said}");
        // Without items the other endpoint is this one.
        let batch = server.ask(EVALUATIONS, body.clone()).await;
        assert_eq!((batch.status, batch.json().is_string()), (StatusCode::BAD_REQUEST, true), "{body}");
    }
    for path in [EVALUATION, EVALUATIONS] {
        for bytes in [&b"{\"subject\":\"\xFF\xFE\"}"[..], b"\xEF\xBB\xBF{}"] {
            let answer = server.ask(path, bytes).await;
            assert_eq!((answer.status, answer.json().is_string()), (StatusCode::BAD_REQUEST, true));
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn the_content_type_must_be_json() {
    let server = Server::start(Setup::default()).await;
    let kinds = [
        (Some("application/json"), 200),
        (Some("application/json; charset=utf-8"), 200),
        (Some("Application/JSON"), 200),
        (Some("text/plain"), 400),
        (Some("application/xml"), 400),
        (Some("application/jsonl"), 400),
        (Some(""), 400),
        (None, 400),
    ];
    for path in [EVALUATION, EVALUATIONS] {
        for (kind, status) in kinds {
            let mut request = server.request(Method::POST, path);
            if let Some(kind) = kind {
                request = request.header("content-type", kind);
            }
            let answer = server.send(request, alice_reads().to_string()).await;
            let said = (answer.status.as_u16(), answer.header("content-type"));
            assert_eq!(said, (status, "application/json"), "{path} {kind:?}");
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn the_id_of_a_request_is_echoed_whatever_the_answer() {
    let server = Server::start(Setup::default()).await;
    for (body, status) in [(alice_reads().to_string(), 200), ("{".to_owned(), 400)] {
        let request = server.request(Method::POST, EVALUATION).header("content-type", "application/json");
        let answer = server.send(request.header("x-request-id", "bfe9eb29-ab87"), body.clone()).await;
        assert_eq!((answer.status.as_u16(), answer.header("x-request-id")), (status, "bfe9eb29-ab87"));
        let without = server.ask(EVALUATION, body).await;
        assert_eq!(without.headers.get("x-request-id"), None);
    }
    let wrong = server.send(server.request(Method::GET, EVALUATION).header("x-request-id", "r-1"), "").await;
    assert_eq!((wrong.status, wrong.header("x-request-id")), (StatusCode::METHOD_NOT_ALLOWED, "r-1"));
    server.stop().await;
}

#[tokio::test]
async fn every_error_is_a_string_in_json() {
    let mut setup = Setup::default();
    setup.settings.open_on_loopback = false;
    setup.settings.limits.body_bytes_max = 1_000;
    let server = Server::start(setup).await;
    let large = format!("{{\"later\":\"{}\"}}", "x".repeat(1_000));
    for path in [EVALUATION, EVALUATIONS] {
        let mut said = Vec::new();
        for (token, body) in [(None, ""), (Some("eye"), ""), (Some("gateway"), ""), (Some("gateway"), &large)]
        {
            let mut request = server.request(Method::POST, path).header("content-type", "application/json");
            if let Some(token) = token {
                request = request.header("authorization", format!("Bearer {}", server.tokens[token]));
            }
            let answer = server.send(request, body.to_owned()).await;
            assert_eq!(answer.header("content-type"), "application/json");
            let challenge = answer.header("www-authenticate").to_owned();
            said.push((answer.status.as_u16(), answer.json().as_str().unwrap().to_owned(), challenge));
        }
        let expected = [
            (401, "a valid token is needed: Authorization: Bearer dw_...", r#"Bearer realm="doorward""#),
            (
                403,
                "the token does not have the scope decide",
                r#"Bearer realm="doorward", error="insufficient_scope""#,
            ),
            (400, "the body is empty", ""),
            (413, "the body is larger than 1000 bytes", ""),
        ];
        let expected =
            expected.map(|(status, text, challenge)| (status, text.to_owned(), challenge.to_owned()));
        assert_eq!(said, expected, "{path}");
    }
    server.stop().await;
}

/// Where the URL has a path, a caller that knows it by that URL finds it, and gets that very URL back.
#[tokio::test]
async fn discovery_is_found_under_the_path_of_the_url() {
    let mut setup = Setup::default();
    setup.settings.public_url = Some("https://example.com/access/pdp/".to_owned());
    let server = Server::start(setup).await;
    let path = "/.well-known/authzen-configuration";
    let mut said = Vec::new();
    for under in ["/access/pdp", "/access/pdp/", "/access", "/pdp", "/ACCESS/pdp", "/access/pdp/x"] {
        let answer = server.send(server.request(Method::GET, &format!("{path}{under}")), "").await;
        said.push((answer.status.as_u16(), answer.json()["policy_decision_point"].clone()));
    }
    let found = (200, json!("https://example.com/access/pdp"));
    let none = || (404, Value::Null);
    assert_eq!(said, [found.clone(), found, none(), none(), none(), none()]);
    server.stop().await;
    // Nothing is below where it has none.
    let server = Server::start(Setup::default()).await;
    let answer = server.send(server.request(Method::GET, &format!("{path}/access/pdp")), "").await;
    assert_eq!((answer.status, answer.json().is_string()), (StatusCode::NOT_FOUND, true));
    server.stop().await;
}

/// The page in the docs names tests that are there, and every one of this module and that of batches.
#[test]
fn the_rules_in_the_docs_are_held_by_the_tests_that_they_name() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(here.join("../../docs/authzen.md")).unwrap();
    let tests = |file: &str| fs::read_to_string(here.join("tests/it").join(file)).unwrap();
    let rows: Vec<_> = page.lines().filter(|line| line.starts_with("| ")).skip(2).collect();
    let name = |row: &&str| Some(row.strip_suffix("` |")?.rsplit_once("| `")?.1.to_owned());
    let named: Vec<_> = rows.iter().filter_map(name).collect();
    let all =
        ["authzen.rs", "authzen_batch.rs", "doors.rs", "limits.rs", "shared_authzen.rs"].map(tests).concat();
    let missing: Vec<_> = named.iter().filter(|name| !all.contains(&format!("fn {name}()"))).collect();
    assert_eq!((missing, named.len()), (Vec::<&String>::new(), rows.len()));
    assert!(rows.len() > 20, "{rows:?}");
}

#[tokio::test]
async fn discovery_names_the_endpoints_and_says_that_it_is_local() {
    let server = Server::start(Setup::default()).await;
    let path = "/.well-known/authzen-configuration";
    let answer = server.send(server.request(Method::GET, path), "").await;
    let base = format!("http://{}", server.address);
    let expected = json!({
        "policy_decision_point": base,
        "access_evaluation_endpoint": format!("{base}/access/v1/evaluation"),
        "access_evaluations_endpoint": format!("{base}/access/v1/evaluations"),
        "obligation_types_supported": ["step-up", "notification", "session_termination", "custom"],
        "doorward_notice": "reachable on loopback only, without TLS: set public_url before anything else asks",
    });
    assert_eq!((answer.status, answer.json()), (StatusCode::OK, expected));
    let led = server.send(server.request(Method::GET, path).header("host", "evil.example"), "").await;
    assert_eq!(led.status, StatusCode::NOT_FOUND);
    server.stop().await;
    let mut setup = Setup::default();
    setup.settings.public_url = Some("https://pdp.example.com/".to_owned());
    let server = Server::start(setup).await;
    let answer = server.send(server.request(Method::GET, path), "").await.json();
    let expected = json!({
        "policy_decision_point": "https://pdp.example.com",
        "access_evaluation_endpoint": "https://pdp.example.com/access/v1/evaluation",
        "access_evaluations_endpoint": "https://pdp.example.com/access/v1/evaluations",
        "obligation_types_supported": ["step-up", "notification", "session_termination", "custom"],
    });
    assert_eq!(answer, expected);
    server.stop().await;
}

#[tokio::test]
async fn a_new_enforcement_point_starts_in_shadow_and_says_so() {
    let server = Server::start(Setup { peps: vec![("other", Mode::Enforce)], ..Setup::default() }).await;
    let bob = json!({"type": "user", "id": "bob"});
    let answer = server
        .evaluate(&question(&bob, &json!({"name": "write"}), &json!({"type": "record", "id": "record-1"})))
        .await;
    let context = &answer["context"];
    let said = (&answer["decision"], &context["mode"], &context["effect"], &context["would_be"]);
    assert_eq!(said, (&json!(true), &json!("shadow"), &json!("permit"), &json!("deny")), "{answer}");
    assert_eq!(context["reasons"], json!(["no-permit", "not-enforced", "new-pep"]));
    assert_eq!(
        context["reason_admin"]["new-pep"],
        json!("the enforcement point is new: it is in shadow until its mode is set")
    );
    server.stop().await;
}

#[tokio::test]
async fn a_hold_is_in_the_next_answer_and_a_step_up_is_met_by_what_is_told() {
    let server = Server::start(Setup::default()).await;
    let hold = json!({"subject": "alice", "profile": "step-up", "reason": "odd hours", "ttl_s": 600,
        "acr_values": ["mfa"], "max_age_s": 300});
    let placed = server.post("/v1/holds", "root", &hold).await;
    assert_eq!(placed.status, StatusCode::CREATED, "{:?}", placed.body);
    let id = placed.json()["id"].as_str().unwrap().to_owned();
    let answer = server.evaluate(&alice_reads()).await;
    let context = &answer["context"];
    let obligation =
        json!([{"id": id, "type": "step-up", "properties": {"acr_values": ["mfa"], "max_age": 300}}]);
    assert_eq!(
        (&answer["decision"], &context["obligations"], &context["holds"]),
        (&json!(false), &obligation, &json!([id]))
    );
    assert_eq!(context["reason_user"], json!({"hold-step-up": "Sign in again to go on."}));
    let mut proven = alice_reads();
    // In whole seconds, and after the hold all the same: the writer's clock is a second behind.
    let seconds = crate::support::now().ms() / 1_000;
    proven["context"] = json!({"doorward": {"authentication": {"acr": "mfa", "auth_time": seconds}}});
    assert_eq!(server.evaluate(&proven).await["decision"], json!(true));
    let released =
        server.post(&format!("/v1/holds/{id}/release"), "root", &json!({"reason": "it was her"})).await;
    assert_eq!(released.status, StatusCode::OK);
    assert_eq!(server.evaluate(&alice_reads()).await["decision"], json!(true));
    server.stop().await;
}
