//! Laws of a scan: neither order, names, packing, threads nor memory change what it says.

use std::fs;
use std::path::{Path, PathBuf};

use doorward_simulate::Plan;
use serde_json::{Value, json};

use crate::support::{counts, gzip, organisation, put, record, report};

fn files_of(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

#[test]
fn the_same_records_say_the_same_however_they_lie() {
    let whole = organisation(&Plan::new(5, 60, 12));
    let expected = report(&["--threads", "1"], &[whole.path()]);
    assert!(expected["findings"].as_array().is_some_and(|found| !found.is_empty()));
    assert_eq!(
        report(&["--threads", "5", "--memory", "4"], &[whole.path()]),
        expected,
        "threads and spilling"
    );

    let other = tempfile::tempdir().unwrap();
    for (at, file) in files_of(whole.path()).iter().rev().enumerate() {
        let content = fs::read(file).unwrap();
        let (name, content) = match at % 3 {
            0 => (format!("{at}.gz"), gzip(&content)),
            1 => (format!("deep/{at}/x.zst"), zstd::encode_all(content.as_slice(), 1).unwrap()),
            _ => (format!("{at}.log"), content),
        };
        put(&other.path().join(name), &content);
    }
    assert_eq!(report(&["--threads", "2"], &[other.path()]), expected, "names and packing");
}

/// A page of an export with a role that this service may assume.
fn page(role: &str, service: &str, more: bool) -> Vec<u8> {
    let trust = json!({"Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]});
    let arn = format!("arn:aws:iam::111122223333:role/{role}");
    let role = json!({"RoleName": role, "RoleId": "AROAEXAMPLE000000001", "Arn": arn, "CreateDate": "2026-01-01T00:00:00Z",
                      "AssumeRolePolicyDocument": trust});
    json!({"RoleDetailList": [role], "IsTruncated": more}).to_string().into_bytes()
}

#[test]
fn exports_say_the_same_in_whatever_files_they_lie() {
    let (lambda, bedrock) =
        (page("web", "lambda.amazonaws.com", false), page("web", "bedrock.amazonaws.com", false));
    let (first, last) = (page("app", "ec2.amazonaws.com", true), page("db", "ec2.amazonaws.com", false));
    let said = |pages: &[&[u8]]| {
        let dir = tempfile::tempdir().unwrap();
        pages.iter().enumerate().for_each(|(at, page)| put(&dir.path().join(at.to_string()), page));
        report(&["--threads", "1"], &[dir.path()])
    };
    // Two exports as old as each other, which contradict each other.
    assert_eq!(said(&[&lambda, &bedrock]), said(&[&bedrock, &lambda]));
    // Pages of one export: in one file, in several, in any order.
    let whole = said(&[&[first.as_slice(), &last].concat()]);
    let ids: Vec<_> =
        whole["identities"].as_array().unwrap().iter().map(|identity| &identity["name"]).collect();
    assert_eq!(ids, ["app", "db"]);
    assert_eq!((said(&[&first, &last]), said(&[&last, &first])), (whole.clone(), whole));
}

#[test]
fn an_event_takes_nothing_back_of_what_an_export_says() {
    let arn = "arn:aws:iam::111122223333:user/alice";
    let user = json!({"UserName": "alice", "UserId": "AIDAEXAMPLEEXAMPLE01", "Arn": arn, "GroupList": ["admins"],
                      "CreateDate": "2024-01-01T00:00:00Z", "PasswordLastUsed": "2026-02-01T00:00:00Z"});
    let dir = tempfile::tempdir().unwrap();
    put(&dir.path().join("iam.json"), json!({"UserDetailList": [user]}).to_string().as_bytes());
    put(&dir.path().join("events.json"), record("a", "").as_bytes());
    let alice = &report(&[], &[dir.path()])["identities"][0];
    let said = ["id", "kind", "peer_group", "events"].map(|field| alice[field].clone());
    assert_eq!(said, [json!(arn), json!("human"), json!("group:admins"), json!(1)]);
}

#[test]
fn what_is_there_twice_counts_once() {
    let one = organisation(&Plan::new(5, 60, 9));
    let copy = tempfile::tempdir().unwrap();
    for (at, file) in files_of(&one.path().join("AWSLogs")).iter().enumerate() {
        put(&copy.path().join(format!("{at}.json")), &fs::read(file).unwrap());
    }
    let single = report(&[], &[one.path()]);
    let double = report(&[], &[one.path(), copy.path()]);
    let [read, accepted, ..] = counts(&single);
    assert_eq!(counts(&double), [2 * read, accepted, accepted, 0]);
    for part in ["identities", "findings"] {
        assert_eq!(single[part], double[part], "{part}");
    }
}

#[test]
fn the_same_id_with_other_content_is_kept_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    let lines = [record("a", ""), record("a", r#","requestID":"r2""#), record("a", ""), record("b", "")];
    put(&dir.path().join("events.jsonl"), lines.join("\n").as_bytes());
    let report = report(&[], &[dir.path()]);
    assert_eq!(
        report["events"],
        json!({"read": 4, "accepted": 3, "duplicate": 1, "rejected": 0, "conflicting": 1})
    );
}

#[test]
fn containers_of_all_kinds_hold_the_same_records() {
    let (a, b) = (record("a", ""), record("b", ""));
    let quoted = |text: &str| serde_json::to_string(text).unwrap();
    let forms = [
        format!(r#"{{"Records":[{a},{b}]}}"#),
        format!("{a}\n{b}\n"),
        format!("[{a},{b}]"),
        format!(
            r#"{{"Events":[{{"EventId":"a","CloudTrailEvent":{}}},{{"EventId":"b","CloudTrailEvent":{}}}]}}"#,
            quoted(&a),
            quoted(&b)
        ),
        format!(
            r#"{{"messageType":"DATA_MESSAGE","logEvents":[{{"message":{}}},{{"message":{}}}]}}"#,
            quoted(&a),
            quoted(&b)
        ),
        format!(r#"{{"_source":{a}}} {{"_source":{b}}}"#),
        format!(
            r#"{{"detail-type":"AWS API Call via CloudTrail","source":"aws.s3","detail":{a}}}{{"detail-type":"AWS API Call via CloudTrail","source":"aws.s3","detail":{b}}}"#
        ),
    ];
    let dir = tempfile::tempdir().unwrap();
    for form in &forms {
        let file = dir.path().join("events");
        put(&file, form.as_bytes());
        let alone = report(&[], &[&file]);
        assert_eq!(counts(&alone), [2, 2, 0, 0], "{form}");
    }
    for (at, form) in forms.iter().enumerate() {
        put(&dir.path().join(at.to_string()), form.as_bytes());
    }
    fs::remove_file(dir.path().join("events")).unwrap();
    assert_eq!(counts(&report(&[], &[dir.path()])), [14, 2, 12, 0], "one content, whatever the container");
}

#[test]
fn the_newest_part_is_judged_and_little_history_says_so() {
    let org = organisation(&Plan::new(3, 60, 12));
    let long = report(&["--judge", "36h"], &[org.path()]);
    let from = |report: &Value| report["coverage"]["judged_from"].as_str().unwrap().to_owned();
    for finding in long["findings"].as_array().unwrap() {
        assert!(finding["last"].as_str().unwrap() >= from(&long).as_str(), "{finding}");
    }
    assert_eq!(long["coverage"]["short_history"], false);
    let short = organisation(&Plan::new(3, 60, 5));
    let short = report(&[], &[short.path()]);
    assert_eq!(short["coverage"]["short_history"], true);
    assert!(short["notes"].to_string().contains("less than 7 days of events"), "{}", short["notes"]);
}

#[test]
fn one_event_that_is_dated_far_ahead_is_named_with_the_way_out() {
    let dir = tempfile::tempdir().unwrap();
    let days = (1..=20).map(|day| record(&format!("e-{day}"), "").replace("03-02", &format!("03-{day:02}")));
    put(&dir.path().join("log.jsonl"), days.collect::<Vec<_>>().join("\n").as_bytes());
    let alone = report(&[], &[dir.path()]);
    let ahead = dir.path().join("ahead.jsonl");
    let record = |at| record("wrong", "").replace("2026-03-02", at);
    put(
        &ahead,
        [record("2026-03-02"), record("2099-01-01")].join("\n").replacen("wrong", "right", 1).as_bytes(),
    );
    let said = |args: &[&str]| {
        let report = report(args, &[dir.path()]);
        let [from, events] = ["judged_from", "judged_events"].map(|field| report["coverage"][field].clone());
        (from, events, report["notes"].clone())
    };
    let note = format!(
        "the judged part holds only 1 of 22 events, after 26584d without any: it ends with event wrong of \
         2099-01-01T10:00:00Z in {}. If that time is wrong, take the record out of the file, or have what came before \
         judged, too, by --judge 26587d",
        ahead.display()
    );
    assert_eq!(said(&[]), (json!("2098-12-31T10:00:00Z"), json!(1), json!([note])));
    let (from, events, notes) = said(&["--judge", "26587d"]);
    assert_eq!((from, events, notes), (json!("2026-03-18T10:00:00Z"), json!(4), alone["notes"].clone()));
}

#[test]
fn a_part_of_the_log_that_is_too_small_to_judge_is_told_with_a_wider_one() {
    let dir = tempfile::tempdir().unwrap();
    let old = |at: usize| record(&format!("old-{at}"), "").replace("2026-03-02", "2026-02-12");
    let lines: Vec<_> = (0..100).map(old).chain([record("new", "")]).collect();
    put(&dir.path().join("log.jsonl"), lines.join("\n").as_bytes());
    let report = report(&[], &[dir.path()]);
    let said = "the judged part holds only 1 of 101 events: --judge 7d judges more, and learns from the rest";
    assert_eq!(report["notes"], json!([said]));
}
