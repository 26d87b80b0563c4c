//! The shipped examples decide from outside, and follow their policy folder.

use std::fs;
use std::path::PathBuf;

use doorward_model::time::Millis;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::serving::server::{Server, ago, example, files_of, poll, request};
use crate::support::put;

fn question(subject: &Value, action: &Value, resource: &Value) -> Value {
    json!({"subject": subject, "action": action, "resource": resource})
}

#[test]
fn the_certification_example_holds_the_truths_of_the_scenario() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), Some(&example("authzen-certification")));
    let user = |id: &str| json!({"type": "user", "id": id});
    let record = |id: &str| json!({"type": "record", "id": id});
    let action = |name: &str| json!({"name": name});
    let delete = |soft: bool| json!({"name": "delete", "properties": {"soft": soft}});
    let archived = || json!({"type": "record", "id": "record-2", "properties": {"status": "archived"}});
    let admin = json!({"type": "user", "id": "bob", "properties": {"role": "admin"}});
    let cases = [
        (question(&user("alice"), &action("read"), &record("record-1")), true),
        (question(&user("alice"), &action("write"), &record("record-1")), true),
        (question(&user("bob"), &action("read"), &record("record-1")), true),
        (question(&user("bob"), &action("write"), &record("record-1")), false),
        (question(&user("alice"), &action("write"), &archived()), false),
        (question(&admin, &action("write"), &archived()), true),
        (question(&user("alice"), &delete(true), &record("record-1")), true),
        (question(&user("alice"), &delete(false), &record("record-1")), false),
    ];
    for (question, expected) in cases {
        let answer = server.evaluate(&question);
        assert_eq!(answer["decision"], json!(expected), "{question}: {answer}");
    }
}

#[test]
fn requests_are_read_strictly_and_answered_with_their_id() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), Some(&example("authzen-certification")));
    let good = question(
        &json!({"type": "user", "id": "alice"}),
        &json!({"name": "read"}),
        &json!({"type": "record", "id": "record-1"}),
    )
    .to_string();
    let target = ("POST", "/access/v1/evaluation");
    let sent = |kind: &str, body: &str| {
        let headers = [("Content-Type", kind), ("X-Request-ID", "r-1")];
        let answer = request(&server.address, target, &headers, body.as_bytes());
        assert_eq!(answer.header("x-request-id"), "r-1");
        answer.status
    };
    assert_eq!(sent("application/json", &good), 200);
    let broken = ["", "{}", "[]", "{", r#"{"subject":{"type":"user"}}"#, &good.replace(r#""read""#, "7")];
    for body in broken {
        assert_eq!(sent("application/json", body), 400, "{body}");
    }
    assert_eq!(sent("text/plain", &good), 400);
    let without = request(&server.address, target, &[("Content-Type", "application/json")], good.as_bytes());
    assert_eq!((without.status, without.header("x-request-id")), (200, ""));
    let known = request(&server.address, ("GET", "/.well-known/authzen-configuration"), &[], b"").json();
    let base = format!("http://{}", server.address);
    assert_eq!(known["policy_decision_point"], json!(base));
    assert_eq!(known["access_evaluation_endpoint"], json!(format!("{base}/access/v1/evaluation")));
    assert_eq!(known["access_evaluations_endpoint"], json!(format!("{base}/access/v1/evaluations")));
}

#[test]
fn decisions_are_recorded() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Server::start(data.path(), Some(&example("authzen-certification")));
    let asked = question(
        &json!({"type": "user", "id": "alice"}),
        &json!({"name": "write"}),
        &json!({"type": "record", "id": "record-1"}),
    );
    server.evaluate(&asked);
    let token = server.token.clone();
    // What was decided before a stop is recorded by it.
    assert!(server.stop().success());
    let mut server = Server::start(data.path(), Some(&example("authzen-certification")));
    server.token = token;
    let events = server.get("/v1/events?identity=alice");
    let seen: Vec<_> = events["items"].as_array().unwrap().iter().collect();
    assert_eq!(seen.len(), 1, "{events}");
    let time = doorward_model::time::Time::parse(seen[0]["time"].as_str().unwrap()).unwrap();
    assert!(time > ago(Millis::MINUTE) && seen[0].to_string().contains("record-1"), "{}", seen[0]);
}

/// A copy of an example that may be edited.
fn copy(name: &str) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let source = example(name);
    let source = source.parent().unwrap();
    for (path, bytes) in files_of(source) {
        put(&dir.path().join(path.strip_prefix(source).unwrap()), &bytes);
    }
    let config = dir.path().join("doorward.toml");
    (dir, config)
}

#[test]
fn a_changed_policy_folder_decides_when_it_is_valid_and_not_before() {
    let (dir, config) = copy("authzen-todo");
    let data = dir.path().join("data");
    let mut server = Server::start(&data, Some(&config));
    let asked = question(
        &json!({"type": "user", "id": "beth@the-smiths.com"}),
        &json!({"name": "can_create_todo"}),
        &json!({"type": "todo", "id": "todo-1"}),
    );
    assert_eq!(server.evaluate(&asked)["decision"], json!(false));
    let extra = dir.path().join("policies/extra.cedar");
    fs::write(&extra, "\npermit (principal, action == Action::\"can_create_todos\", resource);\n").unwrap();
    server.hears("the policy folder is not used");
    server.hears("extra.cedar:2");
    assert_eq!(server.evaluate(&asked)["decision"], json!(false));
    let before = server.get("/v1/policy");
    assert_eq!(before["files"].get("extra.cedar"), None);
    fs::write(&extra, "@id(\"all\")\npermit (principal, action == Action::\"can_create_todo\", resource);\n")
        .unwrap();
    poll(|| server.evaluate(&asked)["decision"] == json!(true));
    assert_eq!(server.evaluate(&asked)["context"]["policies"], json!(["all"]));
    fs::remove_file(&extra).unwrap();
    poll(|| server.evaluate(&asked)["decision"] == json!(false));
    assert_eq!(server.get("/v1/policy"), before);
    assert!(server.stop().success());
}

#[test]
fn a_set_that_was_published_since_goes_on_deciding_until_the_folder_changes() {
    let (dir, config) = copy("authzen-todo");
    let data = dir.path().join("data");
    let mut server = Server::start(&data, Some(&config));
    let token = server.token.clone();
    let of_folder = server.get("/v1/policy");
    let mut files = of_folder["files"].clone();
    files["extra.cedar"] =
        json!("@id(\"pushed\") permit (principal, action == Action::\"can_create_todo\", resource);");
    let pushed = server.post("/v1/policy", &json!({"files": files, "mode": "shadow"}));
    assert_eq!(pushed.status, 200, "{}", pushed.text());
    let set = server.ask("PUT", "/v1/peps/loopback", br#"{"mode": "shadow"}"#);
    assert_eq!(set.status, 200, "{}", set.text());
    let told = |server: &Server| (server.get("/v1/policy"), server.get("/v1/peps/loopback"));
    let before = told(&server);
    assert_eq!(
        before.1,
        json!({"name": "loopback", "mode": "shadow", "in_force": "shadow", "by": "first", "new": false})
    );
    server.stopped();
    // From the checkpoint, and then from the log alone.
    for _ in 0..2 {
        server = Server::start(&data, Some(&config));
        server.token.clone_from(&token);
        assert_eq!(told(&server), before);
        assert!(
            server.said.iter().any(|line| line.contains("another policy set decides")),
            "{:#?}",
            server.said
        );
        assert!(server.said.iter().any(|line| line.contains("not as configured")), "{:#?}", server.said);
        server.kill();
    }
    let text = fs::read_to_string(&config).unwrap();
    fs::write(dir.path().join("policies/more.cedar"), "permit (principal, action, resource);").unwrap();
    fs::write(
        &config,
        text.replace("name = \"loopback\"\nmode = \"enforce\"", "name = \"loopback\"\nmode = \"learn\""),
    )
    .unwrap();
    server = Server::start(&data, Some(&config));
    server.token = token;
    let (policy, pep) = told(&server);
    assert_eq!(
        (&policy["by"], &pep["mode"], &pep["by"]),
        (&json!("configuration"), &json!("learn"), &json!("configuration"))
    );
    assert!(
        policy["files"]["more.cedar"].is_string() && policy["files"]["extra.cedar"].is_null(),
        "{policy}"
    );
    server.stopped();
}

#[test]
fn an_enforcement_point_that_shows_up_is_known_and_new_until_its_mode_is_set() {
    let (dir, config) = copy("authzen-todo");
    let data = dir.path().join("data");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.split("[[pep]]").next().unwrap()).unwrap();
    let mut server = Server::start(&data, Some(&config));
    let token = server.token.clone();
    let asked = question(
        &json!({"type": "user", "id": "beth@the-smiths.com"}),
        &json!({"name": "can_create_todo"}),
        &json!({"type": "todo", "id": "todo-1"}),
    );
    assert_eq!(server.get("/v1/peps")["items"], json!([]));
    let new = json!({"name": "loopback", "mode": "shadow", "in_force": "shadow", "by": "", "new": true});
    for _ in 0..2 {
        let answer = server.evaluate(&asked);
        let reasons = json!(["no-permit", "not-enforced", "new-pep"]);
        assert_eq!(
            (&answer["decision"], &answer["context"]["reasons"]),
            (&json!(true), &reasons),
            "{answer}"
        );
        poll(|| server.get("/v1/peps")["items"] == json!([new]));
        server.stopped();
        server = Server::start(&data, Some(&config));
        server.token.clone_from(&token);
    }
    let set = server.ask("PUT", "/v1/peps/loopback", br#"{"mode": "enforce"}"#);
    assert_eq!(set.status, 200, "{}", set.text());
    let answer = server.evaluate(&asked);
    assert_eq!((&answer["decision"], &answer["context"]["reasons"]), (&json!(false), &json!(["no-permit"])));
    let known =
        json!({"name": "loopback", "mode": "enforce", "in_force": "enforce", "by": "first", "new": false});
    assert_eq!(server.get("/v1/peps")["items"], json!([known]));
    server.stopped();
    assert_eq!(
        server.said.iter().filter(|line| line.contains("a new enforcement point is in shadow")).count(),
        0
    );
}

#[test]
fn readme_shows_what_the_todo_example_answers() {
    let readme = include_str!("../../../../../README.md");
    let (_, shown) = readme.split_once("-H 'content-type: application/json' -d '").unwrap();
    let (question, shown) = shown.split_once("'\n").unwrap();
    let (_, shown) = shown.split_once("```json\n").unwrap();
    let (answer, _) = shown.split_once("\n```").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), Some(&example("authzen-todo")));
    let mut answers =
        [server.evaluate(&serde_json::from_str(question).unwrap()), serde_json::from_str(answer).unwrap()];
    for answer in &mut answers {
        assert!(answer["context"]["seen"].take().is_u64());
    }
    let [found, shown] = answers;
    assert_eq!(found, shown);
}
