//! Whether all is well, as it is told: of a server, of a data folder, of settings; and what could not be read.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::{Value, json};

use crate::serving::server::config;
use crate::support::{put, record};
use crate::verbs::{done, doorward, json, refused, serving, text};

/// Each check with its verdict, and the exit code.
fn checks(token: &str, args: &[&str]) -> (Option<i32>, Vec<(String, String)>) {
    let output = doorward(token, &[&["doctor", "-o", "json"], args].concat());
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let word = |check: &Value, member: &str| check[member].as_str().unwrap().to_owned();
    let rows = found["checks"].as_array().unwrap().iter();
    (output.status.code(), rows.map(|check| (word(check, "check"), word(check, "verdict"))).collect())
}

fn rows(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(check, verdict)| ((*check).to_owned(), (*verdict).to_owned())).collect()
}

/// Which of these checks are as expected, whatever else is looked at: the room on the disk is not ours to say.
fn without_disk(mut found: Vec<(String, String)>) -> Vec<(String, String)> {
    found.retain(|(check, _)| check != "disk");
    found
}

#[test]
fn a_server_and_its_folder_are_well_and_say_so() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = serving(dir.path());
    let url = format!("http://{}", server.address);
    let token = server.token.clone();
    let state = [
        ("checkpoint", "ok"),
        ("sources", "ok"),
        ("signed heads", "ok"),
        ("policy", "ok"),
        ("enforcement points", "ok"),
        ("tokens", "ok"),
    ];
    let (code, found) = checks(&token, &["--url", &url]);
    let mut expected = vec![("server", "ok"), ("token", "ok"), ("clock", "ok"), ("limits", "ok")];
    expected.extend(state);
    assert_eq!((code, found), (Some(0), rows(&expected)));
    let data = dir.path().join("data");
    let data = data.to_str().unwrap();
    let (code, found) = checks("", &["--data-dir", data]);
    let expected = [("permissions", "ok"), ("folder", "ok"), ("journal", "warn")];
    assert_eq!((code, without_disk(found)), (Some(0), rows(&expected)));
    assert!(server.stop().success());
    let (code, found) = checks("", &["--data-dir", data]);
    let mut expected = vec![
        ("permissions", "ok"),
        ("folder", "ok"),
        ("journal", "ok"),
        ("instance key", "ok"),
        ("clock", "ok"),
    ];
    expected.extend(state);
    assert_eq!((code, without_disk(found)), (Some(0), rows(&expected)));
    let table = done("", &["doctor", "--data-dir", data]);
    let told = "policy              1 policy, enforced\n";
    assert!(table.contains(&format!("ok    {told}")), "{table}");
}

#[test]
fn what_is_not_well_is_told_with_its_cure() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = serving(dir.path());
    let url = format!("http://{}", server.address);
    let token = server.token.clone();
    done(&token, &["pep", "set", "gate", "--mode", "shadow", "--url", &url]);
    done(&token, &["token", "issue", "ci", "--scope", "read", "--for", "2d", "--url", &url]);
    let file = dir.path().join("token");
    put(&file, token.as_bytes());
    std::fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    let output = doorward("", &["doctor", "--url", &url, "--token-file", file.to_str().unwrap()]);
    let told = text(&output.stdout);
    for line in [
        format!("fail  token file          others may read {}\n", file.display()),
        format!("      {:<18}  fix: chmod go= {}\n", "", file.display()),
        "warn  enforcement points  1 of 1 refuse nobody: gate (shadow)\n".to_owned(),
        "warn  tokens              expire within 7 days: ci (".to_owned(),
    ] {
        assert!(told.contains(&line), "{line}\n{told}");
    }
    assert_eq!(
        (output.status.code(), text(&output.stderr).as_str()),
        (Some(1), "doorward: one check failed\n")
    );
    assert_eq!(checks("dw_wrong", &["--url", &url]).1, rows(&[("server", "ok"), ("token", "fail")]));
    assert!(server.stop().success());
    assert_eq!(checks(&token, &["--url", &url]).1, rows(&[("server", "fail")]));
    let data = dir.path().join("data");
    std::fs::set_permissions(&data, Permissions::from_mode(0o755)).unwrap();
    let (code, found) = checks("", &["--data-dir", data.to_str().unwrap()]);
    assert_eq!((code, found[0].clone()), (Some(1), rows(&[("permissions", "fail")])[0].clone()));
    // A row that somebody changed.
    drop(
        rusqlite::Connection::open(data.join("journal.sqlite"))
            .and_then(|journal| journal.execute("UPDATE row SET hash = zeroblob(32) WHERE position = 2", [])),
    );
    let (code, found) = checks("", &["--data-dir", data.to_str().unwrap()]);
    assert_eq!(code, Some(1));
    assert!(found.contains(&("journal".to_owned(), "fail".to_owned())), "{found:?}");
    let (_, found) = checks("", &["--data-dir", dir.path().join("nowhere").to_str().unwrap()]);
    assert_eq!(found, rows(&[("folder", "fail")]));
}

#[test]
fn settings_and_their_policies_are_checked() {
    let dir = tempfile::tempdir().unwrap();
    put(&dir.path().join("policies/bad.cedar"), b"permit (principal,;\n");
    let good = config(dir.path(), "data_dir = \"none\"\n[policy]\nfolder = \"policies\"\n");
    let (code, found) = checks("", &["--config", good.to_str().unwrap()]);
    assert_eq!(
        (code, found),
        (Some(1), rows(&[("settings", "ok"), ("policy folder", "fail"), ("folder", "fail")]))
    );
    let bad = config(dir.path(), "colour = 1\n");
    let output = doorward("", &["doctor", "--config", bad.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("unknown field `colour`"), "{}", text(&output.stdout));
}

#[test]
fn policies_are_published_and_shown() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = serving(dir.path());
    let url = format!("http://{}", server.address);
    let token = server.token.clone();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let writes = br#"@id("writes") permit (principal, action == Action::"write", resource);"#;
    put(&dir.path().join("next/all.cedar"), writes);
    let (folder, schema) = (path("next"), path("schema.cedarschema"));
    let publish = ["policy", "publish", &folder, "--schema", &schema, "--mode", "enforce", "--url", &url];
    let told = done(&token, &publish);
    assert!(told.starts_with("Published 1 policy in mode enforce (fact "), "{told}");
    assert!(told.ends_with("\nA request meets 1 of them, 1 where it is dearest (user, write, shop), beside those that name its entities.\n"), "{told}");
    let shown = json(&token, &["policy", "show"], ["--url", &url]);
    assert_eq!(shown["files"]["all.cedar"], json!(std::str::from_utf8(writes).unwrap()));
    let (out, again) = (path("out"), path("out/all.cedar"));
    let table = done(&token, &["policy", "show", "--to", &out, "--url", &url]);
    assert!(table.contains("all.cedar") && table.contains("enforce"), "{table}");
    assert_eq!(std::fs::read(Path::new(&again)).unwrap(), writes);
    let (code, said) = refused(&token, &["policy", "show", "--to", &out, "--url", &url]);
    assert!(code == Some(1) && said.contains("is not empty"), "{said}");
    put(&dir.path().join("next/all.cedar"), b"permit (principal,;\n");
    let (code, said) = refused(&token, &publish);
    assert!(code == Some(1) && said.contains("next/all.cedar:1: "), "{said}");
    assert_eq!(json(&token, &["policy", "show"], ["--url", &url]), shown);
    assert!(server.stop().success());
    let data = path("data");
    assert_eq!(json("", &["policy", "show"], ["--data-dir", &data]), shown);
}

#[test]
fn what_could_not_be_read_is_listed() {
    let dir = tempfile::tempdir().unwrap();
    let server = serving(dir.path());
    let data = dir.path().join("data");
    let data = data.to_str().unwrap();
    let list = ["reject", "list", "--data-dir", data];
    assert_eq!(done("", &list), "No rejects.\n");
    let broken = [record("a", "").as_str(), "{\"one\": 1}", "{\"two\": 2}"].join("\n");
    assert_eq!(server.push(broken.as_bytes()).status, 200);
    let listed: Value = serde_json::from_str(&done("", &[&list[..], &["-o", "json"]].concat())).unwrap();
    let kept: Vec<_> = listed["items"].as_array().unwrap().iter().map(|row| row["kept"].clone()).collect();
    assert_eq!(kept, [json!("{\"two\":2}"), json!("{\"one\":1}")]);
    let one = done("", &[&list[..], &["--limit", "1", "--source", "trail"]].concat());
    assert!(one.contains("1 more: --limit N lists them, or go on with --cursor "), "{one}");
    assert_eq!(done("", &[&list[..], &["--source", "other"]].concat()), "No rejects.\n");
    let missing = dir.path().join("none");
    let (code, said) = refused("", &["reject", "list", "--file", missing.to_str().unwrap()]);
    assert!(code == Some(1) && said.contains("cannot read"), "{said}");
}
