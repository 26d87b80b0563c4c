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
