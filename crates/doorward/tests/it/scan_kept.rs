//! A scan that keeps what it reads in a data folder.

use std::path::Path;

use doorward_simulate::Plan;
use serde_json::{Value, json};

use crate::serving::server::Server;
use crate::support::{counts, organisation, program, put, report};

/// What a verb says of a data folder.
fn said(words: &[&str], data: &Path) -> Value {
    let mut command = program();
    let output = command.args(words).args(["-o", "json", "--data-dir"]).arg(data).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn each(rows: &Value, field: &str) -> Vec<Value> {
    let mut fields: Vec<_> = rows.as_array().unwrap().iter().map(|row| row[field].clone()).collect();
    fields.sort_by_key(Value::to_string);
    fields
}

/// The ids of findings of what has become possible, and of others.
fn divided(findings: &Value) -> (Vec<Value>, Vec<Value>) {
    let (opened, others): (Vec<Value>, Vec<Value>) =
        findings.as_array().unwrap().iter().cloned().partition(|one| one["opened"].is_object());
    (each(&json!(opened), "id"), each(&json!(others), "id"))
}

#[test]
fn what_a_scan_keeps_is_there_for_questions_for_a_server_and_for_the_next_scan() {
    let logs = organisation(&Plan::new(5, 60, 12));
    put(&logs.path().join("broken.jsonl"), b"{\"x\":1}\n");
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let named = ["--data-dir", data.to_str().unwrap()];
    let (plain, mut kept) = (report(&[], &[logs.path()]), report(&named, &[logs.path()]));
    for part in ["events", "sources", "coverage", "rejects"] {
        assert_eq!(kept[part], plain[part], "{part}");
    }
    assert_eq!(each(&kept["identities"], "id"), each(&plain["identities"], "id"));
    // What a folder keeps of exports is as of when it was taken in: what events before that changed is in them.
    let (opened, others) = divided(&plain["findings"]);
    let (kept_opened, kept_others) = divided(&kept["findings"]);
    assert_eq!(kept_others, others);
    assert!(kept_opened.iter().all(|id| opened.contains(id)), "{kept_opened:?} {opened:?}");
    assert_eq!(each(&said(&["finding", "list"], &data)["items"], "id"), each(&kept["findings"], "id"));
    let rejected = &said(&["reject", "list"], &data)["items"];
    assert_eq!(each(rejected, "reason"), each(&kept["rejects"], "reason"));
    let role = kept["findings"][0]["identity"].as_str().unwrap().to_owned();
    let events = &said(&["event", "list", "--identity", &role], &data)["items"];
    assert!(!events.as_array().unwrap().is_empty());

    let again = report(&named, &[logs.path()]);
    let [read, accepted, ..] = counts(&kept);
    assert_eq!(counts(&again), [read, 0, accepted, 1]);
    assert_eq!(again["identities"], kept["identities"].take());

    let server = Server::start(&data, None);
    let busy = program().args(["scan", "-q"]).args(named).arg(logs.path()).output().unwrap();
    let told = String::from_utf8(busy.stderr).unwrap();
    assert!(busy.status.code() == Some(1) && told.contains("cannot open the data folder"), "{told}");
    let found = server.get(&format!("/v1/findings?identity={role}"));
    assert_ne!(found["items"], json!([]), "{found}");
}
