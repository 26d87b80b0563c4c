//! Watched folders: files that come and change are read, once, and what cannot be read is told.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use doorward_model::time::{Millis, Time};
use doorward_simulate::{Plan, files};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::serving::server::{Server, ago, command, config, listing, poll, refused, request};
use crate::support::{gzip, put};

struct Watched {
    dir: TempDir,
    server: Server,
}

fn watched() -> Watched {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("logs")).unwrap();
    let settings = config(dir.path(), "[[watch]]\nfolder = \"logs\"\nsource = \"trail\"\n");
    let server = Server::start(&dir.path().join("data"), Some(&settings));
    Watched { dir, server }
}

impl Watched {
    fn put(&self, name: &str, bytes: &[u8]) {
        put(&self.dir.path().join("logs").join(name), bytes);
    }

    /// Starts again after a kill, and with the token that is known.
    fn again(&mut self) {
        let token = self.server.token.clone();
        self.server.kill();
        self.server =
            Server::start(&self.dir.path().join("data"), Some(&self.dir.path().join("doorward.toml")));
        self.server.token = token;
    }

    fn ids(&self) -> Vec<String> {
        let events = self.server.get("/v1/events");
        let ids =
            events["items"].as_array().unwrap().iter().map(|event| event["id"].as_str().unwrap().to_owned());
        let mut ids: Vec<_> = ids.collect();
        ids.sort();
        ids
    }

    #[track_caller]
    fn waits_for(&self, ids: &[&str]) {
        poll(|| self.ids() == ids);
    }

    /// How many files of the source have met a fate.
    fn files(&self, fate: &str) -> u64 {
        let text = request(&self.server.address, ("GET", "/metrics"), &[], b"").text();
        let line = format!(r#"doorward_watched_files_total{{source="trail",fate="{fate}"}} "#);
        text.lines().find_map(|found| found.strip_prefix(&line)).map_or(0, |count| count.parse().unwrap())
    }
}

fn at(id: &str, minutes: i64) -> String {
    listing(id, ago(Millis::MINUTE.times(minutes)))
}

#[test]
fn files_are_read_as_they_come_and_change_whatever_they_are_called_and_however_packed() {
    let mut watched = watched();
    let first = at("a", 9);
    watched.put("a.json", first.as_bytes());
    watched.put("deep/er/no-name", &gzip(at("b", 8).as_bytes()));
    watched.put(
        "deep/c.zst",
        &zstd::encode_all(format!("{{\"Records\":[{}]}}", at("c", 7)).as_bytes(), 1).unwrap(),
    );
    watched.waits_for(&["a", "b", "c"]);
    let told = watched.server.hears("watched files were read");
    assert!(told.contains("source=\"trail\"") && told.contains("accepted="), "{told}");
    // What has changed is read again, and what was known is known.
    watched.put("a.json", format!("{}\n{first}", at("a2", 6)).as_bytes());
    watched.waits_for(&["a", "a2", "b", "c"]);
    poll(|| watched.files("read") == 4);
    // After a crash nothing that was remembered is read again, and the folder goes on being watched.
    watched.again();
    watched.put("d.json", at("d", 5).as_bytes());
    watched.waits_for(&["a", "a2", "b", "c", "d"]);
    poll(|| watched.files("read") == 1);
    // What is forgotten is read again, and is known.
    for entry in fs::read_dir(watched.dir.path().join("data")).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_string_lossy().starts_with("watched-") {
            fs::remove_file(path).unwrap();
        }
    }
    watched.again();
    poll(|| watched.files("read") == 4);
    assert_eq!(watched.ids(), ["a", "a2", "b", "c", "d"]);
    assert!(watched.server.stop().success());
}

#[test]
fn a_live_source_it_is_late_and_set_right_and_its_rejects_are_kept() {
    let mut watched = watched();
    watched.put("now.json", at("now", 0).as_bytes());
    watched.waits_for(&["now"]);
    let old = listing("old", ago(Millis::DAY.times(400)));
    watched.put(
        "old.json",
        format!("{old}\n{{\"eventVersion\":\"1.08\",\"eventID\":\"no-time\"}}\n").as_bytes(),
    );
    watched.waits_for(&["now", "old"]);
    let events = watched.server.get("/v1/events");
    let old = events["items"].as_array().unwrap().iter().find(|event| event["id"] == "old").unwrap();
    let time = Time::parse(old["time"].as_str().unwrap()).unwrap();
    assert!(
        old["late"] == json!(true) && old["claimed_at"].is_string() && time > ago(Millis::DAY.times(8)),
        "{old}"
    );
    let kept = fs::read_to_string(watched.dir.path().join("data/rejects.jsonl")).unwrap();
    let reject: Value = serde_json::from_str(kept.lines().next().unwrap()).unwrap();
    assert!(reject["source"].as_str().unwrap().ends_with("old.json") && kept.contains("no-time"), "{kept}");
    assert!(watched.server.stop().success());
}

#[test]
fn what_cannot_be_read_is_told_with_its_name_and_reason_and_tried_again() {
    let dir = tempfile::tempdir().unwrap();
    let locked = dir.path().join("logs/locked.json");
    put(&locked, at("locked", 1).as_bytes());
    let settings = config(dir.path(), "[[watch]]\nfolder = \"logs\"\nsource = \"trail\"\n");
    let may = |path: &Path, mode: u32| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    may(&locked, 0o000);
    // Not the copy that other tests run: nobody else may run that one.
    let mut command = Command::new(env!("CARGO_BIN_EXE_doorward"));
    command.arg("serve").arg("--data-dir").arg(dir.path().join("data"));
    command.args(["--listen", "127.0.0.1:0", "--config"]).arg(&settings);
    if fs::read(&locked).is_ok() {
        // The administrator may read everything; nobody may not.
        may(dir.path(), 0o777);
        command.uid(NOBODY);
    }
    let server = Server::spawn(command);
    let mut watched = Watched { dir, server };
    let told = watched.server.hears("cannot read a watched file");
    assert!(told.contains("locked.json") && told.contains("ermission denied"), "{told}");
    // It holds up nothing else.
    watched.put("open.json", at("open", 1).as_bytes());
    watched.waits_for(&["open"]);
    may(&locked, 0o644);
    watched.waits_for(&["locked", "open"]);
    assert!(watched.files("unreadable") > 0);
    assert!(watched.server.stop().success());
}

#[test]
fn a_link_leads_nowhere_and_a_folder_that_is_not_there_is_refused() {
    let watched = watched();
    let outside = tempfile::tempdir().unwrap();
    put(&outside.path().join("far/secret.json"), at("outside", 1).as_bytes());
    symlink(outside.path().join("far"), watched.dir.path().join("logs/folder")).unwrap();
    symlink(outside.path().join("far/secret.json"), watched.dir.path().join("logs/file.json")).unwrap();
    watched.put("z-inside.json", at("inside", 1).as_bytes());
    watched.waits_for(&["inside"]);
    poll(|| watched.files("read") == 1);
    let dir = tempfile::tempdir().unwrap();
    for (text, part) in [
        ("[[watch]]\nfolder = \"nowhere\"\nsource = \"trail\"\n", "nowhere"),
        ("[[watch]]\nfolder = \".\"\nsource = \"No Name\"\n", "No Name"),
    ] {
        let mut serve = command(&dir.path().join("data"));
        serve.args(["--listen", "127.0.0.1:0", "--config"]).arg(config(dir.path(), text));
        let (code, said) = refused(serve);
        assert!(code == Some(1) && said.contains(part), "{said}");
    }
}

#[test]
fn an_export_is_imported() {
    let watched = watched();
    let mut export = None;
    files(&Plan::new(5, 20, 1), &mut |path, bytes| {
        if !path.starts_with("AWSLogs/") && export.is_none() && bytes.starts_with(b"{") {
            export = Some(bytes.to_vec());
        }
    });
    watched.put("account", &export.expect("the plan has an export"));
    poll(|| !watched.server.get("/v1/identities")["items"].as_array().unwrap().is_empty());
    assert_eq!(watched.ids(), [""; 0]);
}

const NOBODY: u32 = 65_534;

#[test]
fn what_iam_collect_has_written_is_one_file() {
    let watched = watched();
    let place = "copy/aws/aws/accounts/111122223333/iam";
    let user = |name: &str| {
        let arn = format!("arn:aws:iam::111122223333:user/{name}");
        json!({"arn": arn, "name": name, "created": "2026-01-01T00:00:00.000Z"}).to_string()
    };
    let known =
        |name: &str| watched.server.get("/v1/identities").to_string().contains(&format!(":user/{name}\""));
    watched.put(&format!("{place}/user/ann/metadata.json"), user("ann").as_bytes());
    watched.put(&format!("{place}/user/ann/tags.json"), b"{\"team\":\"a\"}");
    poll(|| known("ann"));
    poll(|| watched.files("read") == 1);
    // A file more is a change of the whole.
    watched.put(&format!("{place}/user/bob/metadata.json"), user("bob").as_bytes());
    poll(|| known("bob"));
    poll(|| watched.files("read") == 2);
}

#[test]
fn pages_wait_for_the_last_one_and_are_told() {
    let watched = watched();
    let page = |name: &str, more: bool| {
        let arn = format!("arn:aws:iam::111122223333:user/{name}");
        let user = json!({"Arn": arn, "UserName": name, "CreateDate": "2026-01-01T00:00:00Z"});
        json!({"UserDetailList": [user], "IsTruncated": more}).to_string()
    };
    let known =
        |name: &str| watched.server.get("/v1/identities").to_string().contains(&format!(":user/{name}\""));
    let told = || fs::read_to_string(watched.dir.path().join("data/rejects.jsonl")).unwrap_or_default();
    watched.put("first.json", page("ann", true).as_bytes());
    poll(|| told().contains("ends before its last page"));
    watched.put("other.json", at("a", 1).as_bytes());
    watched.waits_for(&["a"]);
    poll(|| watched.files("read") == 3);
    assert!(!known("ann"));
    watched.put("last.json", page("bob", false).as_bytes());
    poll(|| known("ann") && known("bob"));
    assert_eq!(told().lines().count(), 1, "{}", told());
    // What is taken in is not read again.
    watched.put("more.json", at("b", 1).as_bytes());
    watched.waits_for(&["a", "b"]);
    poll(|| watched.files("read") == 6);
}
