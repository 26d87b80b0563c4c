//! What a server is given before it listens.

use std::process::Command;

use doorward_model::time::Millis;
use doorward_simulate::Plan;
use serde_json::{Value, json};

use crate::serving::server::{Server, ago, command, example, listing, poll, refused, request};
use crate::support::{organisation, put, record};

fn fed(data: &std::path::Path, args: &[&str]) -> Server {
    let mut serve = command(data);
    serve.args(["--listen", "127.0.0.1:0"]).args(args);
    Server::spawn(serve)
}

fn all(server: &Server, path: &str) -> Vec<Value> {
    let (mut items, mut next) = (Vec::new(), String::new());
    loop {
        let page = server.get(&format!("{path}?limit=1000{next}"));
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        let Value::String(cursor) = &page["next_cursor"] else { return items };
        next = format!("&cursor={cursor}");
    }
}

#[test]
fn an_import_is_taken_once_whether_the_folder_is_fresh_or_not() {
    let logs = organisation(&Plan::new(5, 60, 10));
    put(&logs.path().join("broken.json"), b"{\"eventName\":");
    let data = tempfile::tempdir().unwrap();
    let path = logs.path().to_str().unwrap();
    let mut first = fed(data.path(), &["--import", path]);
    let imported =
        |server: &Server| server.said.iter().find(|line| line.contains("imported")).unwrap().clone();
    let token = first.token.clone();
    let things =
        |server: &Server| ["/v1/identities", "/v1/findings", "/v1/unusual"].map(|path| all(server, path));
    let events = all(&first, "/v1/events").len();
    assert!(
        imported(&first).contains(&format!("accepted={events} duplicate=0 rejected=1")),
        "{:?}",
        first.said
    );
    let before = things(&first);
    assert!(events > 1_000 && before[0].len() >= 40, "{events} {}", before[0].len());
    assert_eq!(before[2].first().map(|row| &row["rank"]), Some(&Value::from(1)));
    let kept = data.path().join("rejects.jsonl");
    let rejects =
        std::fs::read_to_string(&kept).unwrap_or_else(|error| panic!("no rejects are kept: {error}"));
    assert!(rejects.contains("broken.json") && rejects.ends_with('\n'), "{rejects}");
    assert!(first.stop().success());
    let mut second = fed(data.path(), &["--import", path]);
    second.token = token;
    assert!(imported(&second).contains("accepted=0"), "{}", imported(&second));
    assert_eq!(all(&second, "/v1/events").len(), events);
    for (before, after) in before.iter().zip(things(&second)) {
        let changed: Vec<_> = before.iter().zip(&after).filter(|(before, after)| before != after).collect();
        assert!(changed.is_empty() && before.len() == after.len(), "{changed:#?}");
    }
}

#[test]
fn an_import_of_nothing_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut serve = command(&dir.path().join("data"));
    serve.args(["--listen", "127.0.0.1:0", "--import"]).arg(dir.path().join("nowhere"));
    let (code, said) = refused(serve);
    assert!(code == Some(1) && said.contains("nowhere"), "{said}");
}

#[test]
fn the_demo_wants_a_fresh_folder() {
    let data = tempfile::tempdir().unwrap();
    let mut server = fed(data.path(), &["--demo"]);
    let identities = all(&server, "/v1/identities");
    assert!(identities.len() > 100, "{}", identities.len());
    let findings = all(&server, "/v1/findings");
    assert!(
        findings.iter().any(|finding| !finding["narrative"].as_str().unwrap().is_empty()),
        "{findings:?}"
    );
    assert!(server.stop().success());
    let mut again = command(data.path());
    again.args(["--listen", "127.0.0.1:0", "--demo"]);
    let (code, said) = refused(again);
    assert!(code == Some(1) && said.contains("not fresh"), "{said}");
}

#[test]
fn an_export_and_a_log_that_are_pushed_later_are_as_good_as_imported_ones() {
    let data = tempfile::tempdir().unwrap();
    let logs = tempfile::tempdir().unwrap();
    put(&logs.path().join("log.jsonl"), record("one", "").as_bytes());
    let server = fed(data.path(), &["--import", logs.path().to_str().unwrap()]);
    let again = server.push(record("one", "").as_bytes()).json();
    // A live source cannot tell of March, so its time is set right; it is the same event all the same.
    let told = ["accepted", "duplicate", "clamped"].map(|name| again[name].clone());
    assert_eq!(told, [json!(0), json!(1), json!(1)], "{again}");
}

#[test]
fn it_answers_that_it_lives_and_is_not_ready_while_it_imports() {
    let logs = organisation(&Plan::new(5, 200, 20));
    let data = tempfile::tempdir().unwrap();
    let mut serve = command(data.path());
    serve.args(["--listen", "127.0.0.1:0", "--import"]).arg(logs.path());
    let server = Server::listening(serve);
    let get = |path: &str| {
        let answer = request(&server.address, ("GET", path), &[], b"");
        (answer.status, answer.text())
    };
    let mut reasons = Vec::new();
    poll(|| {
        assert_eq!(get("/health/livez"), (200, "alive\n".to_owned()));
        let (status, said) = get("/health/readyz");
        if status == 503 && reasons.last() != Some(&said) {
            reasons.push(said);
        }
        status == 200
    });
    assert!(reasons.iter().all(|said| said.starts_with("not ready: importing: ")), "{reasons:?}");
    let counted = reasons.iter().any(|said| said.ends_with(" events\n"));
    assert!(counted, "it was never told how many events are taken in: {reasons:?}");
}

/// The file to import is a pipe that nobody fills before all has been asked.
#[test]
fn it_answers_and_obeys_while_it_imports() {
    let dir = tempfile::tempdir().unwrap();
    let pipe = dir.path().join("log.jsonl");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut serve = command(&dir.path().join("data"));
    serve.args(["--listen", "127.0.0.1:0", "--config"]).arg(example("authzen-certification"));
    serve.arg("--import").arg(&pipe);
    let mut server = Server::listening(serve);
    let ready = || {
        let answer = request(&server.address, ("GET", "/health/readyz"), &[], b"");
        (answer.status, answer.text())
    };
    let alice = json!({
        "subject": {"type": "user", "id": "alice"}, "action": {"name": "read"},
        "resource": {"type": "record", "id": "record-1"},
    });
    assert_eq!(server.evaluate(&alice)["decision"], json!(true));
    let hold = json!({"subject": "alice", "profile": "deny", "reason": "stolen"});
    assert_eq!(server.post("/v1/holds", &hold).status, 201);
    assert_eq!(server.evaluate(&alice)["context"]["reasons"], json!(["hold-deny"]));
    assert_eq!(server.get("/v1/holds")["items"].as_array().unwrap().len(), 1);
    // What happens now comes after what happened before.
    let pushed = server.push(listing("now", ago(Millis::MINUTE)).as_bytes());
    assert!(pushed.status == 503 && pushed.text().contains("imported"), "{}", pushed.text());
    assert_eq!(ready(), (503, "not ready: importing: reading\n".to_owned()));
    std::fs::write(&pipe, record("one", "")).unwrap();
    poll(|| ready().0 == 200);
    assert_eq!(server.get("/v1/events")["items"][0]["id"], json!("one"));
    assert_eq!(server.push(listing("now", ago(Millis::MINUTE)).as_bytes()).status, 200);
    server.stopped();
}
