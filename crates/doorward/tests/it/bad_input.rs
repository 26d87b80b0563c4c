//! Bad input gets a clear message or a counted reject; nothing is half done, and nothing is lost.
//!
//! | input | test |
//! | --- | --- |
//! | truncated gzip | `a_cut_gzip_keeps_what_came_before_the_cut` |
//! | gzip with something else behind it, damaged gzip | `what_stands_behind_gzip_is_no_cut`, `damaged_gzip_is_no_cut` |
//! | half a line, a broken line | `half_a_line`, `a_broken_line_takes_the_rest_of_the_file_with_it` |
//! | wrong encoding, binary files | `wrong_encodings`, `files_that_are_no_logs_are_told_and_skipped` |
//! | a line of 200 MB | `a_line_of_200_megabytes_is_one_reject_and_the_next_line_is_read` |
//! | nesting 10,000 deep | `deep_nesting` |
//! | duplicate keys | `duplicate_keys` |
//! | duplicate ids | `scanning.rs`: `the_same_id_with_other_content_is_kept_and_counted` |
//! | events from the future | `events_from_the_future_and_a_clock_that_goes_back_are_read_as_they_are`; live: `serving/ingest.rs` |
//! | a clock that goes back | `serving/start.rs`: `a_clock_that_has_gone_back_stops_nothing_and_turns_no_record_around` |
//! | unreadable files and folders | `a_file_that_fails_while_it_is_read`, `what_may_not_be_read_is_a_reject_and_the_rest_is_read` |
//! | links, loops and pipes in a folder | `links_and_pipes_are_read_when_named_and_told_when_met` |
//! | an export whose policies do not parse | `an_export_with_policies_that_do_not_parse_is_taken_and_each_policy_shown` |
//! | a data folder of a newer version | `serving/start.rs`: `a_data_folder_of_a_newer_format_is_refused_and_left_as_it_is` |
//! | a full disk | `serving/full_disk.rs` |

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::{counts, gzip, program, put, record, report};

/// Scans one file and tells `[read, accepted, duplicate, rejected]` and the reasons.
fn check(content: &[u8]) -> ([u64; 4], Vec<String>) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("input");
    put(&file, content);
    told(&report(&[], &[&file]))
}

fn told(report: &Value) -> ([u64; 4], Vec<String>) {
    let reasons =
        report["rejects"].as_array().unwrap().iter().map(|one| one["reason"].as_str().unwrap().to_owned());
    (counts(report), reasons.collect())
}

#[track_caller]
fn one_reject(content: &[u8], accepted: u64, part: &str) {
    let (counts, reasons) = check(content);
    assert_eq!(counts, [accepted + 1, accepted, 0, 1], "{reasons:?}");
    assert!(reasons.iter().any(|reason| reason.contains(part)), "{reasons:?}");
}

#[test]
fn a_cut_gzip_keeps_what_came_before_the_cut() {
    let lines: String = (0..2_000).map(|at| record(&format!("id-{at}"), "") + "\n").collect();
    let packed = gzip(lines.as_bytes());
    let (counts, reasons) = check(&packed[..packed.len() - 40]);
    let [read, accepted, duplicate, rejected] = counts;
    assert!(accepted > 1_000 && accepted <= 2_000, "{counts:?}");
    assert_eq!((duplicate, rejected, read), (0, 1, accepted + 1));
    assert!(reasons[0].contains("cut short"), "{reasons:?}");
}

#[test]
fn what_stands_behind_gzip_is_no_cut() {
    let packed = gzip(record("a", "").as_bytes());
    let behind = "cannot be read to its end: the bytes behind the end of its gzip data are no gzip";
    for garbage in [&b"\0"[..], b"<html>", &[b'x'; 300_000]] {
        let told = check(&[&packed, garbage].concat());
        assert_eq!(told, ([2, 1, 0, 1], vec![behind.to_owned()]), "{} bytes", garbage.len());
    }
    // Another member is no garbage, and half of one is a cut.
    let other = gzip(record("b", "").as_bytes());
    assert_eq!(check(&[&packed[..], &other].concat()), ([2, 2, 0, 0], vec![]));
    one_reject(&[&packed[..], &other[..5]].concat(), 1, "cut short");
}

#[test]
fn damaged_gzip_is_no_cut() {
    let mut packed = gzip((record("a", "") + "\n").as_bytes());
    let checksum = packed.len() - 8;
    packed[checksum] ^= 1;
    one_reject(
        &packed,
        1,
        "cannot be read to its end: corrupt gzip stream does not have a matching checksum",
    );
}

#[test]
fn half_a_line() {
    let line = record("b", "");
    one_reject(
        format!("{}\n{}", record("a", ""), line.get(..line.len() / 2).unwrap()).as_bytes(),
        1,
        "cut short",
    );
}

#[test]
fn a_broken_line_takes_the_rest_of_the_file_with_it() {
    let broken = format!("{}\n{{\"eventName\": nonsense}}\n{}\n", record("a", ""), record("b", ""));
    one_reject(broken.as_bytes(), 1, "not well-formed JSON");
}

#[test]
fn wrong_encodings() {
    let text = record("a", "");
    let wide: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    one_reject(&wide, 0, "UTF-8");
    let latin = [text.replace("alice\"}", "alic\u{1}\"}").as_bytes(), b"\n"].concat();
    let latin: Vec<u8> = latin.into_iter().map(|byte| if byte == 1 { 0xe9 } else { byte }).collect();
    one_reject(&latin, 0, "UTF-8");
}

#[test]
fn deep_nesting() {
    let deep = format!(r#"{{"a":{}1{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    one_reject(format!("{}\n{deep}\n", record("a", "")).as_bytes(), 1, "limit");
}

#[test]
fn a_line_of_200_megabytes_is_one_reject_and_the_next_line_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("long.jsonl");
    let mut file = File::create(&path).unwrap();
    file.write_all(br#"{"eventName":""#).unwrap();
    let mebibyte = vec![b'x'; 1024 * 1024];
    (0..200).for_each(|_| file.write_all(&mebibyte).unwrap());
    file.write_all(b"\"}\n").unwrap();
    file.write_all(record("a", "").as_bytes()).unwrap();
    drop(file);
    let (counts, reasons) = told(&report(&[], &[&path]));
    assert_eq!(counts, [2, 1, 0, 1], "{reasons:?}");
    assert!(reasons[0].contains("limit"), "{reasons:?}");
}

#[test]
fn duplicate_keys() {
    one_reject(record("a", r#","eventName":"Other""#).as_bytes(), 0, "eventName");
}

#[test]
fn files_that_are_no_logs_are_told_and_skipped() {
    let dir = tempfile::tempdir().unwrap();
    put(&dir.path().join("log.jsonl"), record("a", "").as_bytes());
    put(&dir.path().join("state.db"), &[&b"SQLite format 3\0"[..], &[0; 4_000]].concat());
    put(&dir.path().join("run.sh"), b"#!/bin/sh\nmain() {\n  echo \"${HOME}\"\n}\nmain\n");
    put(&dir.path().join("logs.zip"), &[&b"PK\x03\x04"[..], &[7; 4_000]].concat());
    let report = report(&[], &[dir.path()]);
    assert_eq!(told(&report), ([2, 1, 0, 1], vec!["source not supported: zip archive".to_owned()]));
    let skipped = report["sources"].as_array().unwrap().iter().filter(|source| source["status"] == "skipped");
    let kinds: Vec<_> = skipped.map(|source| source["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["SQLite database", "text"]);
}

#[test]
fn a_file_that_fails_while_it_is_read() {
    // Its first bytes are in no process: nobody may read them, whoever it is.
    let memory = Path::new("/proc/self/mem");
    if !memory.exists() {
        eprintln!("SKIPPED: there is no {} here", memory.display());
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log.jsonl");
    put(&log, record("a", "").as_bytes());
    let (counts, reasons) = told(&report(&[], &[memory, &log]));
    assert_eq!(counts, [2, 1, 0, 1]);
    assert!(reasons[0].starts_with("cannot be read: "), "{reasons:?}");
}

/// As somebody who may not read everything; the tests may run as somebody who may.
#[test]
fn what_may_not_be_read_is_a_reject_and_the_rest_is_read() {
    let nobody = |args: &[&str]| {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]).args(args);
        command.output()
    };
    let program = env!("CARGO_BIN_EXE_doorward");
    if !nobody(&[program, "--version"]).is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED: the program cannot be run as nobody here");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    for (name, mode) in [("a.jsonl", 0o644), ("b.jsonl", 0o000), ("shut/c.jsonl", 0o644)] {
        let path = dir.path().join(name);
        put(&path, record(name, "").as_bytes());
        set_mode(&path, mode);
    }
    set_mode(&dir.path().join("shut"), 0o000);
    set_mode(dir.path(), 0o755);
    let output = nobody(&[program, "scan", "-o", "json", dir.path().to_str().unwrap()]).unwrap();
    set_mode(&dir.path().join("shut"), 0o755);
    let (counts, reasons) = told(&serde_json::from_slice(&output.stdout).unwrap());
    assert_eq!(
        reasons, ["cannot be read: Permission denied (os error 13)"; 2],
        "one file and one folder are shut"
    );
    assert_eq!(counts, [3, 1, 0, 2], "read, accepted, duplicate, rejected");
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn links_and_pipes_are_read_when_named_and_told_when_met() {
    let dir = tempfile::tempdir().unwrap();
    let (folder, elsewhere) = (dir.path().join("in"), dir.path().join("elsewhere.jsonl"));
    put(&folder.join("log.jsonl"), record("a", "").as_bytes());
    put(&elsewhere, record("b", "").as_bytes());
    symlink(&elsewhere, folder.join("link.jsonl")).unwrap();
    symlink(dir.path().join("nowhere"), folder.join("dangling")).unwrap();
    symlink(&folder, folder.join("loop")).unwrap();
    assert!(Command::new("mkfifo").arg(folder.join("pipe")).status().unwrap().success());
    let met = report(&[], &[&folder]);
    assert_eq!(counts(&met), [1, 1, 0, 0]);
    let said = "4 links, pipes or the like were met and not followed: name them to have them read";
    assert_eq!(met["notes"][0], said);
    assert_eq!(counts(&report(&[], &[&folder, &folder.join("link.jsonl")])), [2, 2, 0, 0]);
    let mut dangling = program();
    let refused = dangling.arg("scan").arg(folder.join("dangling")).output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(refused.status.code() == Some(1) && said.contains("dangling: No such file"), "{said}");
}

#[test]
fn a_needed_field_is_missing() {
    one_reject(record("a", "").replace("eventTime", "eventtime").as_bytes(), 0, "");
}

#[test]
fn events_from_the_future_and_a_clock_that_goes_back_are_read_as_they_are() {
    let late = record("a", "").replace("2026-03-02", "2099-01-01");
    let early = record("b", "").replace("2026-03-02", "1999-01-01");
    let (counts, reasons) = check(format!("{late}\n{early}\n").as_bytes());
    assert_eq!((counts, reasons.len()), ([2, 2, 0, 0], 0));
}

#[test]
fn an_export_with_policies_that_do_not_parse_is_taken_and_each_policy_shown() {
    let export = r#"{"UserDetailList":[],"GroupDetailList":[],"RoleDetailList":[{"Path":"/","RoleName":"web","RoleId":"AROAWEBWEBWEBWEBWEB1","Arn":"arn:aws:iam::111122223333:role/web","CreateDate":"2024-01-01T00:00:00Z","AssumeRolePolicyDocument":"%7Bnot json","InstanceProfileList":[],"RolePolicyList":[{"PolicyName":"p","PolicyDocument":"none"}],"AttachedManagedPolicies":[]}],"Policies":[]}"#;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("iam.json");
    put(&file, export.as_bytes());
    let kept = dir.path().join("rejects.jsonl");
    let report = report(&["--rejects", kept.to_str().unwrap()], &[&file]);
    let role = "policy document does not parse: arn:aws:iam::111122223333:role/web";
    let broken = "not well-formed JSON: expected a";
    let expected = vec![
        format!("{role} inline:p: {broken} value, in JSON inside of a string"),
        format!("{role} trust: {broken} key, in JSON inside of a string"),
    ];
    assert_eq!(told(&report), ([2, 0, 0, 2], expected.clone()));
    let lines = std::fs::read_to_string(&kept).unwrap();
    let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["reason"].clone());
    assert_eq!(lines.collect::<Vec<_>>(), expected);
    assert_eq!(report["identities"][0]["id"], "arn:aws:iam::111122223333:role/web");
    put(&file, &export.as_bytes()[..export.len() / 2]);
    let cut = self::report(&[], &[&file]);
    assert_eq!((cut["identities"].as_array().unwrap().len(), counts(&cut)), (0, [1, 0, 0, 1]));
}

#[test]
fn more_rejects_than_are_listed_are_told() {
    let content = "{\"x\":1}\n".repeat(10_001);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("input");
    put(&file, content.as_bytes());
    let report = report(&[], &[&file]);
    assert_eq!(
        (counts(&report), report["rejects"].as_array().unwrap().len()),
        ([10_001, 0, 0, 10_001], 10_000)
    );
    let said = "10001 records were rejected, of which 10000 are listed: --rejects FILE keeps all of them";
    assert_eq!(report["notes"], json!([said]));
}

#[test]
fn every_reject_is_kept_whole_in_order_and_without_secrets() {
    let dir = tempfile::tempdir().unwrap();
    let secret = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY";
    let bad = |at: usize| format!(r#"{{"at":{at},"secretAccessKey":"{secret}"}}"#);
    for name in ["b", "a"] {
        let lines: Vec<_> = (0..3).map(bad).collect();
        put(&dir.path().join("in").join(name), lines.join("\n").as_bytes());
    }
    let kept = dir.path().join("in/rejects.jsonl");
    let scan = || report(&["--rejects", kept.to_str().unwrap()], &[&dir.path().join("in")]);
    scan();
    // What was kept of an earlier scan is no log, wherever it lies.
    let report = scan();
    assert_eq!(counts(&report), [6, 0, 0, 6]);
    assert_eq!(
        (&report["sources"][0]["kind"], &report["sources"][0]["status"]),
        (&json!("Doorward rejects"), &json!("skipped"))
    );
    let text = std::fs::read_to_string(&kept).unwrap();
    assert!(!text.contains(secret) && !report.to_string().contains(secret), "{text}");
    let places: Vec<_> = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|line| {
            let file = Path::new(line["source"].as_str().unwrap()).file_name().unwrap().to_owned();
            (
                file.into_string().unwrap(),
                line["record"].as_u64().unwrap(),
                line["bytes"][1].as_u64() > line["bytes"][0].as_u64(),
            )
        })
        .collect();
    let expected = ["a", "b"].into_iter().flat_map(|file| (1..=3).map(move |at| (file.to_owned(), at, true)));
    assert_eq!(places, expected.collect::<Vec<_>>());
}
