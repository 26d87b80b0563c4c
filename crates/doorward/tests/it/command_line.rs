//! The program as it is typed.

use std::collections::BTreeSet;
use std::process::{Command, Output};

use serde_json::Value;

use crate::support::{put, record};

fn doorward(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_doorward")).args(args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn json_and_yaml_say_the_same_and_the_contract_holds() {
    let dir = tempfile::tempdir().unwrap();
    put(&dir.path().join("events.json"), record("a", "").as_bytes());
    let path = dir.path().to_str().unwrap();
    let json: Value = serde_json::from_slice(&doorward(&["scan", path, "-o", "json"]).stdout).unwrap();
    let yaml: Value = yaml_serde::from_str(&text(&doorward(&["scan", path, "-o", "yaml"]).stdout)).unwrap();
    assert_eq!(json, yaml);
    let keys: BTreeSet<_> = json.as_object().unwrap().keys().map(String::as_str).collect();
    let contract = ["coverage", "events", "findings", "identities", "notes", "rejects", "sources"];
    assert_eq!(keys, BTreeSet::from(contract));
    let identity = &json["identities"][0];
    assert_eq!(identity["id"], "arn:aws:iam::111122223333:user/alice");
    assert_eq!(identity["credentials"][0]["id"], "AKIAEXAMPLE000000001");
    assert_eq!(identity["last_seen"], "2026-03-02T10:00:00Z");
}

#[test]
fn errors_name_the_thing_and_end_with_one() {
    let missing = doorward(&["scan", "no/such/folder"]);
    assert_eq!(missing.status.code(), Some(1));
    assert_eq!(
        text(&missing.stderr).lines().next().unwrap(),
        "doorward: cannot read no/such/folder: No such file or directory (os error 2)"
    );
    let empty = tempfile::tempdir().unwrap();
    let nothing = doorward(&["scan", empty.path().to_str().unwrap()]);
    assert_eq!(nothing.status.code(), Some(1));
    assert!(text(&nothing.stderr).contains("nothing to read in"), "{}", text(&nothing.stderr));
    assert_eq!(doorward(&["scan"]).status.code(), Some(2));
    assert_eq!(doorward(&["scan", "x", "--judge", "soon"]).status.code(), Some(2));
}

#[test]
fn a_demo_is_written_once_and_scans() {
    let dir = tempfile::tempdir().unwrap();
    let demo = dir.path().join("demo");
    let demo = demo.to_str().unwrap();
    let args = ["demo", demo, "--identities", "50", "--days", "8"];
    assert_eq!(doorward(&args).status.code(), Some(0));
    let again = doorward(&args);
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again.stderr).contains("is not empty"));
    let scanned = doorward(&["scan", demo]);
    assert_eq!(scanned.status.code(), Some(0), "{}", text(&scanned.stderr));
    assert!(text(&scanned.stdout).contains(" 0 duplicate, 0 rejected."), "{}", text(&scanned.stdout));
}

#[test]
fn completions_and_man_pages_know_every_command() {
    let bash = text(&doorward(&["completions", "bash"]).stdout);
    assert!(["scan", "demo", "--judge", "--rejects"].iter().all(|word| bash.contains(word)));
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(doorward(&["man", dir.path().to_str().unwrap()]).status.code(), Some(0));
    let page = std::fs::read_to_string(dir.path().join("doorward-scan.1")).unwrap();
    assert!(page.contains("judge"), "{page}");
}

#[test]
fn a_scan_needs_no_network() {
    // In a network namespace of its own, without any interface that is up.
    let probe = Command::new("unshare").args(["--net", "true"]).output();
    if !probe.is_ok_and(|probe| probe.status.success()) {
        eprintln!("SKIPPED: no network namespace can be made here");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    put(&dir.path().join("events.json"), record("a", "").as_bytes());
    let scan = [env!("CARGO_BIN_EXE_doorward"), "scan", dir.path().to_str().unwrap()];
    let run = Command::new("unshare").arg("--net").args(scan).output().unwrap();
    assert_eq!(run.status.code(), Some(0), "{}", text(&run.stderr));
}
