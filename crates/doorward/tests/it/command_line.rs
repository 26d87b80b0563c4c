//! The program as it is typed.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::support::{program, put, record};

fn doorward(args: &[&str]) -> Output {
    program().args(args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// The members on which others build: these stay, whatever else is added.
#[track_caller]
fn keeps_the_contract(report: &Value) {
    let kept: [(&str, &[&str]); 10] = [
        ("/events", &["read", "accepted", "duplicate", "rejected", "conflicting"]),
        ("/coverage", &["first", "last", "judged_from", "judged_events", "short_history"]),
        ("/sources/0", &["kind", "status", "count", "accounts", "first", "last"]),
        (
            "/identities/0",
            &["id", "kind", "platform", "credentials", "last_seen", "agent", "edges", "events", "denied"],
        ),
        (
            "/findings/0",
            &[
                "type",
                "identity",
                "severity",
                "confidence",
                "narrative",
                "evidence",
                "first",
                "last",
                "events",
            ],
        ),
        (
            "/findings/0/evidence/0",
            &["event", "time", "permission", "target", "address", "client", "error", "new"],
        ),
        ("/unusual/0", &["day", "rank", "identity", "score", "threshold", "narrative", "evidence"]),
        ("/budget", &["cases_per_day", "threshold", "from", "to", "findings", "findings_per_day", "kinds"]),
        (
            "/budget/kinds/0",
            &["kind", "identities", "findings", "findings_per_day", "findings_per_identity_year"],
        ),
        ("/rejects/0", &["source", "record", "reason"]),
    ];
    for (place, members) in kept {
        let found = keys(report.pointer(place).unwrap_or_else(|| panic!("{place} is not there")));
        let gone: Vec<_> = members.iter().filter(|member| !found.contains(**member)).collect();
        assert!(gone.is_empty(), "{place} has no {gone:?} any more: {found:?}");
    }
}

#[test]
fn json_and_yaml_say_the_same_and_the_contract_holds() {
    let dir = tempfile::tempdir().unwrap();
    put(&dir.path().join("events.json"), record("a", "").as_bytes());
    let path = dir.path().to_str().unwrap();
    let json: Value = serde_json::from_slice(&doorward(&["scan", path, "-o", "json"]).stdout).unwrap();
    let yaml: Value = yaml_serde::from_str(&text(&doorward(&["scan", path, "-o", "yaml"]).stdout)).unwrap();
    assert_eq!(json, yaml);
    let contract = [
        "budget",
        "coverage",
        "events",
        "findings",
        "identities",
        "notes",
        "privilege",
        "rejects",
        "sources",
        "unusual",
    ];
    assert_eq!(keys(&json), BTreeSet::from(contract));
    let identity = &json["identities"][0];
    assert_eq!(identity["id"], "arn:aws:iam::111122223333:user/alice");
    assert_eq!(identity["credentials"][0]["id"], "AKIAEXAMPLE000000001");
    assert_eq!(identity["last_seen"], "2026-03-02T10:00:00Z");
}

#[test]
fn a_report_for_people_says_who_is_there_and_what_was_not_read() {
    let dir = tempfile::tempdir().unwrap();
    let github = r#"{"@timestamp":1772445600000,"_document_id":"x","action":"repo.create","actor":"alice","org":"corp"}"#;
    put(&dir.path().join("events.json"), record("a", "").as_bytes());
    put(&dir.path().join("other.json"), format!("{github}\n").as_bytes());
    put(&dir.path().join("notes.txt"), b"Remember the milk.\n");
    put(&dir.path().join("broken.json"), format!("{}\n{{\"a\": }}\n", record("b", "")).as_bytes());
    let scanned = doorward(&["scan", dir.path().to_str().unwrap()]);
    let broken = dir.path().join("broken.json").display().to_string();
    let expected = "\
Read 4 records: 2 accepted, 0 duplicate, 2 rejected.
           2  cloudtrail  1 account  2026-03-02T10:00:00Z to 2026-03-02T10:00:00Z
Rejected, as not supported yet: 1 github.
Skipped, as no audit log: 1 text.

 identities  kind     seen acting  lasting credentials  events
 1           service  1            1                    2

Nothing to look at first.

 most active  kind     account       events  denied  last        mostly uses
 alice        service  111122223333  2       0       2026-03-02  s3

Rejected (--rejects FILE keeps them):
  1 x not well-formed JSON: expected a value; first in BROKEN record 2

Note: less than 7 days of events, or less than 3 of them before the judged part: nobody knows yet
what is normal, so only hard evidence and firsts against peers are reported.
";
    let told =
        text(&scanned.stdout).split_whitespace().collect::<Vec<_>>().join(" ").replace(&broken, "BROKEN");
    assert_eq!(told, expected.split_whitespace().collect::<Vec<_>>().join(" "));
    assert!(text(&scanned.stdout).lines().all(|line| line.len() <= 100 || line.contains(&broken)));
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
    for (option, value) in [("--judge", "soon"), ("--threads", "0"), ("--memory", "0")] {
        let typed = doorward(&["scan", "x", option, value]);
        assert_eq!(typed.status.code(), Some(2), "{option} {value}: {}", text(&typed.stderr));
        assert!(
            text(&typed.stderr).contains(&format!("invalid value '{value}' for '{option} <")),
            "{option}"
        );
    }
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
    fs::write(Path::new(demo).join("broken.json"), "{\"eventName\":").unwrap();
    let report: Value = serde_json::from_slice(&doorward(&["scan", demo, "-o", "json"]).stdout).unwrap();
    keeps_the_contract(&report);
    fs::remove_file(Path::new(demo).join("broken.json")).unwrap();
    let scanned = doorward(&["scan", demo]);
    assert_eq!(scanned.status.code(), Some(0), "{}", text(&scanned.stderr));
    let told = text(&scanned.stdout);
    assert!(told.contains(" 0 duplicate, 0 rejected."), "{told}");
    let parts = ["\n AI agents  product ", "\nAlso unusual, and no finding:\n", "\nRole chains:\n"];
    let missing: Vec<_> = parts.iter().filter(|part| !told.contains(**part)).collect();
    assert!(missing.is_empty(), "no {missing:?} in {told}");
    let (_, unusual) = told.split_once("\nAlso unusual, and no finding:\n").unwrap();
    let words: Vec<_> = unusual.split_whitespace().collect();
    let bits = words[0];
    assert!(words.join(" ").contains(&format!("eighted surprise {bits} bits")), "{bits}: {told}");
}

#[test]
fn progress_with_rate_and_time_left_is_shown_on_a_terminal() {
    let dir = tempfile::tempdir().unwrap();
    let lines: String = (0..60_000).map(|at| record(&format!("id-{at}"), "") + "\n").collect();
    put(&dir.path().join("events.json"), lines.as_bytes());
    let path = dir.path().to_str().unwrap();
    let program = env!("CARGO_BIN_EXE_doorward");
    let typed = format!("{program} scan {path} -o json");
    let Ok(shown) = Command::new("script").args(["-qec", &typed, "/dev/null"]).output() else {
        eprintln!("SKIPPED: there is no script here, which makes a terminal");
        return;
    };
    let shown = text(&shown.stdout);
    let frames: Vec<_> = shown.split(['\r', '\n']).collect();
    let frame = |part: &str| frames.iter().any(|frame| frame.contains(part) && frame.contains("/s  "));
    assert!(frame("reading ") && frame("judging "), "{shown}");
    assert!(
        frames.iter().any(|frame| frame.contains("/60,000 events") && frame.trim_end().ends_with("s left")),
        "{frames:?}"
    );
    let piped = doorward(&["scan", path, "-o", "json"]);
    assert_eq!(text(&piped.stderr), "");
}

#[test]
fn completions_and_man_pages_know_every_command() {
    let bash = text(&doorward(&["completions", "bash"]).stdout);
    assert!(["scan", "demo", "--judge", "--rejects"].iter().all(|word| bash.contains(word)));
    let dir = tempfile::tempdir().unwrap();
    let pages = dir.path().join("new/man");
    let made = doorward(&["man", pages.to_str().unwrap()]);
    assert_eq!(made.status.code(), Some(0), "{}", text(&made.stderr));
    let page = fs::read_to_string(pages.join("doorward-scan.1")).unwrap();
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

#[test]
fn the_pages_of_reference_are_what_the_program_prints() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    for page in ["cli", "configuration", "escalation", "findings", "simulator"] {
        let printed = text(&doorward(&["reference", page]).stdout);
        let kept = fs::read_to_string(docs.join(page).with_extension("md")).unwrap_or_default();
        assert!(printed == kept, "docs/{page}.md is not what the program prints: run `cargo xtask docs`");
    }
}
