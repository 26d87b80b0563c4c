//! A scan of exports and a log: what the log makes possible beyond what the exports say is told as by a server.

use std::path::Path;

use doorward_model::time::{Millis, Time};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::serving::opened::{arn, export, record};
use crate::support::{program, put, report};

/// An export, and a log in which alice, through the role that she has assumed, attaches a policy that allows all.
fn folder(at: &str) -> TempDir {
    let (dir, at) = (tempfile::tempdir().unwrap(), Time::parse(at).unwrap());
    let assumed = json!({"credentials": {"accessKeyId": "ASIAEXAMPLE000000002", "sessionToken": "x",
        "expiration": (at + Millis::HOUR).to_string()},
        "assumedRoleUser": {"assumedRoleId": "AROADEPLOYS:alice", "arn": "arn:aws:sts::111122223333:assumed-role/deploys/alice"}});
    let assume = json!({"roleArn": arn("role/deploys"), "roleSessionName": "alice"});
    let attach = json!({"roleName": "build-runner", "policyArn": arn("policy/all")});
    let events = [
        record(at, ("e-1", "sts", "AssumeRole"), &assume, &assumed),
        record(at + Millis::SECOND, ("e-2", "iam", "AttachRolePolicy"), &attach, &Value::Null),
    ];
    put(&dir.path().join("export.json"), export().to_string().as_bytes());
    put(&dir.path().join("log.json"), events.map(|event| event.to_string()).join("\n").as_bytes());
    dir
}

fn opened(report: &Value) -> Vec<&Value> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings.filter(|finding| finding["type"] == "escalation-opened").collect()
}

fn administrators(report: &Value) -> Vec<&Value> {
    let principals = report["privilege"]["principals"].as_array().unwrap().iter();
    principals.filter(|one| one["admin"] == true).map(|one| &one["arn"]).collect()
}

fn said(args: &[&str], dir: &Path) -> String {
    let out = program().args(args).arg(dir).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

#[test]
fn an_event_that_opens_a_way_is_named_with_who_made_it() {
    let dir = folder("2026-03-01T10:00:00Z");
    let report = report(&[], &[dir.path()]);
    let found = opened(&report);
    let narrative = "build-runner, ann, bob are able to become administrator of 111122223333 since \
        2026-03-01T10:00:01Z. alice@corp.example (through role deploys) attached all to build-runner (event e-2, \
        iam:AttachRolePolicy, session arn:aws:sts::111122223333:assumed-role/deploys/alice).";
    assert_eq!(found.len(), 1);
    assert!(found[0]["narrative"].as_str().unwrap().starts_with(narrative), "{}", found[0]["narrative"]);
    assert_eq!(found[0]["chain"], json!([arn("role/deploys"), "idc:111122223333/alice@corp.example"]));
    assert_eq!(found[0]["opened"]["changes"][0]["event"], "e-2");
    let named = |of: &Value| (of["method"].clone(), of["name"].clone());
    let administers = (json!("administrator"), json!("Administer the account"));
    assert_eq!(named(&found[0]["opened"]["hops"][0]), administers);
    assert_eq!(named(&found[0]["opened"]), administers);
    let cuts = report["privilege"]["choke_points"].as_array().unwrap().iter().map(named);
    assert!(
        cuts.clone().all(|(method, name)| (method == "") == (name == "")),
        "{:?}",
        cuts.collect::<Vec<_>>()
    );
    assert_eq!(administrators(&report), [&json!(arn("role/build-runner"))]);
    let screen = said(&["scan", "--quiet"], dir.path());
    let line = "Opened to role/build-runner, user/ann, user/bob: administrator of 111122223333, by iam:AttachRolePolicy of \
        alice@corp.example (through role deploys) at 2026-03-01T10:00:01Z (event e-2).";
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words(&screen).contains(&words(line)), "{screen}");
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().to_str().unwrap();
    said(&["scan", "--quiet", "--data-dir", folder], dir.path());
    let kept =
        said(&["finding", "list", "--type", "escalation-opened", "-o", "json", "--data-dir"], data.path());
    let kept: Value = serde_json::from_str(&kept).unwrap();
    assert_eq!(kept["items"][0]["id"], found[0]["id"], "{kept:#}");
}

#[test]
fn a_later_log_is_compared_with_the_inventory_that_lies_in_the_folder() {
    let dir = folder("2026-03-01T10:00:00Z");
    let data = tempfile::tempdir().unwrap();
    let named = ["--data-dir", data.path().to_str().unwrap()];
    let first = report(&named, &[&dir.path().join("export.json")]);
    assert_eq!((opened(&first), administrators(&first)), (vec![], vec![]));
    let second = report(&named, &[&dir.path().join("log.json")]);
    let found = opened(&second);
    assert_eq!(found.len(), 1, "{:#}", second["findings"]);
    assert_eq!(found[0]["opened"]["changes"][0]["event"], "e-2");
    assert_eq!(administrators(&second), [&json!(arn("role/build-runner"))]);
    let third = report(&named, &[&dir.path().join("log.json")]);
    assert_eq!(administrators(&third), administrators(&second));
    assert_eq!(opened(&third), found);
}

#[test]
fn an_event_that_the_export_knows_of_already_opens_nothing() {
    let dir = folder("2023-03-01T10:00:00Z");
    let report = report(&[], &[dir.path()]);
    assert_eq!((opened(&report), administrators(&report)), (vec![], vec![]));
}
