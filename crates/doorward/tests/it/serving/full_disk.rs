//! A full disk: nothing that was acknowledged is lost, nothing is acknowledged that cannot be, denials go on.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use doorward_model::time::{Millis, Time};
use serde_json::{Value, json};

use crate::serving::server::{
    Answer, Server, ago, command, config, example, listing, poll, request, seconds,
};
use crate::support::put;

fn with_room(dir: &Path, mib: u32) -> PathBuf {
    let folder = example("authzen-certification").parent().unwrap().display().to_string();
    config(
        dir,
        &format!(
            "disk_max_mib = {mib}\n[policy]\nfolder = \"{folder}/policies\"\nschema = \"{folder}/schema.cedarschema\"\n\
             entities = \"{folder}/entities.yaml\"\nmode = \"enforce\"\n[authzen]\nopen_on_loopback = true\n\
             [[pep]]\nname = \"loopback\"\nmode = \"enforce\"\n"
        ),
    )
}

/// One instant for all lines: the same line is the same event.
fn base() -> Time {
    static BASE: OnceLock<Time> = OnceLock::new();
    *BASE.get_or_init(|| ago(Millis::HOUR))
}

/// Lines that no compression makes small.
fn bulk(batch: u32) -> Vec<String> {
    let noise = |at: u32| -> String {
        (0..16u32)
            .map(|part| {
                doorward_model::hash::Hash16::of(&[batch, at, part].map(u32::to_le_bytes).concat())
                    .to_string()
            })
            .collect()
    };
    let line = |at: u32| {
        let members = format!(r#","additionalEventData":{{"noise":"{}"}}"#, noise(at));
        let line = crate::support::record(&format!("{batch}-{at}"), &members);
        line.replace("2026-03-02T10:00:00Z", &seconds(base()))
    };
    (0..200).map(line).collect()
}

/// Pushes until there is no more room; tells which batch was refused, and how.
fn fill(server: &Server) -> (u32, Answer) {
    let push = |batch: u32| (batch, server.push(bulk(batch).join("\n").as_bytes()));
    (0..100).map(push).find(|(_, answer)| answer.status != 200).unwrap()
}

fn ready(server: &Server) -> u16 {
    request(&server.address, ("GET", "/health/readyz"), &[], b"").status
}

#[test]
fn a_full_disk_refuses_what_is_to_be_kept_and_goes_on_denying() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut server = Server::start(&data, Some(&with_room(dir.path(), 1)));
    let (batch, answer) = fill(&server);
    assert!(batch > 2, "{batch}");
    assert_eq!((answer.status, answer.header("content-type")), (507, "application/problem+json"));
    assert!(answer.text().contains("full"), "{}", answer.text());
    server.hears("nothing can be recorded: not ready");
    assert_eq!(ready(&server), 503);
    let alice = json!({
        "subject": {"type": "user", "id": "alice"}, "action": {"name": "read"},
        "resource": {"type": "record", "id": "record-1"},
    });
    assert_eq!(server.evaluate(&alice)["decision"], json!(true));
    // What grants waits for the disk; what denies does not.
    assert_eq!(server.post("/v1/tokens", &json!({"name": "t", "scopes": ["read"]})).status, 507);
    let place = || {
        let bearer = format!("Bearer {}", server.token);
        let headers = [
            ("Authorization", bearer.as_str()),
            ("Content-Type", "application/json"),
            ("Idempotency-Key", "k"),
        ];
        let body = json!({"subject": "alice", "profile": "deny", "reason": "full"}).to_string();
        request(&server.address, ("POST", "/v1/holds"), &headers, body.as_bytes())
    };
    let placed = place();
    assert!(placed.status == 507 && placed.text().contains("in force"), "{}", placed.text());
    // Given again under its key it is the same one.
    assert_eq!(place().text(), placed.text());
    let denied = server.evaluate(&alice);
    let said = (&denied["decision"], &denied["context"]["pending"]);
    assert_eq!(said, (&json!(false), &json!(true)), "{denied}");
    // Questions are answered, and what was refused is not said to be known.
    assert_eq!(server.get("/v1/tokens")["items"].as_array().unwrap().len(), 2);
    assert_eq!(server.push(bulk(batch).join("\n").as_bytes()).status, 507);
}

#[test]
fn an_import_that_meets_a_full_disk_stops_and_the_server_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let (data, log) = (dir.path().join("data"), dir.path().join("log.jsonl"));
    std::fs::write(&log, (0..40).flat_map(bulk).map(|line| line + "\n").collect::<String>()).unwrap();
    let import = |mib: u32| {
        let mut serve = command(&data);
        serve.args(["--listen", "127.0.0.1:0", "--config"]).arg(with_room(dir.path(), mib));
        serve.arg("--import").arg(&log);
        Server::listening(serve)
    };
    let mut server = import(1);
    server.hears("the import stopped before its end");
    let stopped = |server: &Server| server.get("/v1/status")["upkeep"]["import_stopped"].clone();
    poll(|| stopped(&server) != Value::Null);
    let said = stopped(&server).as_str().unwrap().to_owned();
    assert!(said.contains("is full") && said.contains("start again with the same --import"), "{said}");
    let alice = json!({
        "subject": {"type": "user", "id": "alice"}, "action": {"name": "read"},
        "resource": {"type": "record", "id": "record-1"},
    });
    assert_eq!(server.evaluate(&alice)["decision"], json!(true));
    let hold = json!({"subject": "alice", "profile": "deny", "reason": "while it is full"});
    let placed = server.post("/v1/holds", &hold);
    assert!(matches!(placed.status, 201 | 507), "{}", placed.text());
    assert_eq!(server.evaluate(&alice)["decision"], json!(false));
    server.hears("nothing can be recorded: not ready");
    assert_eq!(ready(&server), 503);
    server.kill();
    let mut again = import(64);
    again.token = server.token.clone();
    let imported = again.hears("INFO imported ");
    let count = |name: &str| -> u64 {
        let told = imported.split(name).nth(1).unwrap();
        told.split_whitespace().next().unwrap().parse().unwrap()
    };
    assert_eq!(count("accepted=") + count("duplicate="), 40 * 200, "{imported}");
    assert!(count("duplicate=") > 0, "{imported}");
    poll(|| ready(&again) == 200);
    assert_eq!(stopped(&again), Value::Null);
}

#[test]
fn what_was_acknowledged_before_the_disk_was_full_is_there_when_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut server = Server::start(&data, Some(&with_room(dir.path(), 1)));
    let token = server.token.clone();
    let (batch, _) = fill(&server);
    server.kill();
    let mut server = Server::start(&data, Some(&with_room(dir.path(), 64)));
    server.token = token;
    for known in 0..batch {
        let answer = server.push(bulk(known).join("\n").as_bytes());
        assert_eq!((answer.status, answer.json()["duplicate"].clone()), (200, json!(200)));
    }
    let after = server.push(listing("after", ago(Millis::MINUTE)).as_bytes());
    assert_eq!((after.status, after.json()["accepted"].clone(), ready(&server)), (200, json!(1), 200));
}

#[test]
fn a_start_on_a_full_disk_denies_what_was_denied_and_is_not_ready() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut server = Server::start(&data, Some(&with_room(dir.path(), 1)));
    let token = server.token.clone();
    let hold = json!({"subject": "alice", "profile": "deny", "reason": "stolen"});
    assert_eq!(server.post("/v1/holds", &hold).status, 201);
    fill(&server);
    server.kill();
    // A point of enforcement that is news, and cannot be recorded either.
    let settings = with_room(dir.path(), 1);
    let text = std::fs::read_to_string(&settings).unwrap();
    std::fs::write(&settings, text + "[[pep]]\nname = \"news\"\nmode = \"enforce\"\n").unwrap();
    server = Server::start(&data, Some(&settings));
    server.token = token;
    // What is small may still find room; it is filled until nothing does.
    fill(&server);
    poll(|| server.post("/v1/tokens", &json!({"name": "t", "scopes": ["read"]})).status == 507);
    server.kill();
    let token = server.token.clone();
    server = Server::start(&data, Some(&settings));
    server.token = token;
    let alice = json!({
        "subject": {"type": "user", "id": "alice"}, "action": {"name": "read"},
        "resource": {"type": "record", "id": "record-1"},
    });
    let denied = server.evaluate(&alice);
    assert_eq!((&denied["decision"], &denied["context"]["reasons"][0]), (&json!(false), &json!("hold-deny")));
    poll(|| {
        ready(&server) == 503
            || server.post("/v1/tokens", &json!({"name": "t", "scopes": ["read"]})).status == 507
    });
    let said = request(&server.address, ("GET", "/health/readyz"), &[], b"");
    assert!(said.status == 200 || said.text().contains("full"), "{}", said.text());
}

/// Runs a script on a real disk that can be full for a while: a small one in memory, seen by nobody else. Its arguments
/// are the program, the settings, the place of the disk and that of the log. Tells what it said and its log; nothing
/// where that is not permitted.
fn on_a_small_disk(dir: &Path, settings: &Path, script: &str) -> Option<(String, String)> {
    let mounts = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "timeout", "60", "sh", "-c", script]);
        command
    };
    let able = mounts("mount -t tmpfs -o size=4m tmpfs \"$0\" && command -v curl").arg("/mnt").output();
    if !able.as_ref().is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED: a disk of its own is not permitted here, or curl is missing: {able:?}");
        return None;
    }
    let (disk, log) = (dir.join("disk"), dir.join("log"));
    std::fs::create_dir(&disk).unwrap();
    let mut run = mounts(&format!("{ON_A_SMALL_DISK}{script}"));
    run.arg(env!("CARGO_BIN_EXE_doorward")).arg(settings).arg(&disk).arg(&log);
    let output = run.output().unwrap();
    let log = std::fs::read_to_string(log).unwrap();
    assert_eq!(output.status.code(), Some(0), "{log}{}", String::from_utf8_lossy(&output.stderr));
    Some((String::from_utf8(output.stdout).unwrap(), log))
}

/// What the scripts share: the disk, how a server is started and asked, and how the disk is filled.
const ON_A_SMALL_DISK: &str = r#"
    mount -t tmpfs -o size=4m tmpfs "$2"
    start() {
      : >"$3"
      "$0" serve --config "$1" --data-dir "$2/data" --listen 127.0.0.1:0 2>"$3" &
      server=$!
      until grep -q 'listens on' "$3"; do sleep 0.05; kill -0 $server || exit 3; done
      url=$(sed -n 's/.*listens on \(http[^,]*\),.*/\1/p' "$3")
    }
    ask() { curl -s -H "Authorization: Bearer $token" -H 'Content-Type: application/json' "$@"; }
    ready() { ask -o /dev/null -w '%{http_code}' "$url/health/readyz"; }
    until_ready() { until [ "$(ready)" = 200 ]; do sleep 0.05; done; }
    start "$@"
    token=$(sed -n 's/.*shown this once: //p' "$3")
"#;

#[test]
fn a_denial_that_waited_is_recorded_when_there_is_room_again() {
    let dir = tempfile::tempdir().unwrap();
    let script = r#"
        cat /dev/zero >"$2/filler" 2>/dev/null
        ask -o /dev/null -w '%{http_code}\n' "$url/v1/holds" \
          -d '{"subject":"alice","profile":"deny","reason":"while it was full"}'
        until [ "$(ready)" = 503 ]; do
          ask -o /dev/null "$url/v1/holds" -d '{"subject":"bob","profile":"deny","reason":"again"}'
        done
        ask -o /dev/null "$url/v1/tokens" -d '{"name":"late","scopes":["read"]}'
        rm "$2/filler"
        until_ready
        kill -9 $server; wait $server
        start "$@"
        ask "$url/v1/tokens?name=late"; echo
        ask "$url/v1/holds"
        kill $server; wait $server
    "#;
    let settings = with_room(dir.path(), 64);
    let Some((said, log)) = on_a_small_disk(dir.path(), &settings, script) else { return };
    let lines: Vec<_> = said.lines().collect();
    let [placed, tokens, holds] = lines.as_slice() else { panic!("{said} {log}") };
    assert_eq!(*placed, "507", "{log}");
    let items =
        |line: &str| serde_json::from_str::<Value>(line).unwrap()["items"].as_array().unwrap().clone();
    assert!(items(holds).iter().any(|hold| hold["reason"] == "while it was full"), "{said} {log}");
    // What was refused is not done later.
    assert_eq!(items(tokens), Vec::<Value>::new(), "{said}");
}

/// A start with settings that say more than before, and a disk that holds no more.
#[test]
fn settings_that_cannot_be_recorded_bite_at_once_and_are_recorded_when_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let settings = with_room(dir.path(), 64);
    let example = example("authzen-certification").parent().unwrap().join("policies");
    let policies = dir.path().join("policies");
    for entry in std::fs::read_dir(&example).unwrap() {
        let path = entry.unwrap().path();
        put(&policies.join(path.file_name().unwrap()), &std::fs::read(&path).unwrap());
    }
    let text = std::fs::read_to_string(&settings).unwrap();
    let text = text.replace(example.to_str().unwrap(), policies.to_str().unwrap());
    let before = text.replace("mode = \"enforce\"", "mode = \"shadow\"");
    std::fs::write(&settings, before).unwrap();
    std::fs::write(dir.path().join("enforce"), text).unwrap();
    let script = r#"
        decide() {
          curl -s -H 'Content-Type: application/json' "$url/access/v1/evaluation" -d \
            '{"subject":{"type":"user","id":"'$1'"},"action":{"name":"read"},"resource":{"type":"record","id":"record-1"}}'
          echo
        }
        peps() { ask "$url/v1/peps"; echo; }
        decide mallory
        kill -9 $server; wait $server
        cp "${1%/*}/enforce" "$1"
        echo '@id("shut") forbid (principal, action, resource);' >"${1%/*}/policies/shut.cedar"
        cat /dev/zero >"$2/filler" 2>/dev/null
        start "$@"
        decide mallory
        peps
        rm "$2/filler"
        until_ready
        until peps | grep -q enforce; do sleep 0.05; done
        decide mallory
        decide alice
        ask -o /dev/null -X PUT "$url/v1/peps/loopback" -d '{"mode":"shadow"}'
        decide alice
        kill $server; wait $server
    "#;
    let Some((said, log)) = on_a_small_disk(dir.path(), &settings, script) else { return };
    let lines: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [before, full, peps, after, alice, loosened] = lines.as_slice() else { panic!("{said} {log}") };
    let told = |answer: &Value| {
        let context = &answer["context"];
        [&answer["decision"], &context["mode"], &context["pending"]].map(Clone::clone)
    };
    assert_eq!(told(before), [json!(true), json!("shadow"), Value::Null], "before: {log}");
    assert_eq!(told(full), [json!(false), json!("enforce"), json!(true)], "while it is full: {log}");
    assert_eq!(peps["items"][0]["mode"], json!("shadow"), "it was recorded all the same: {log}");
    assert_eq!(told(after), [json!(false), json!("enforce"), Value::Null], "with room again: {log}");
    // The set was stored with all its files, and decides.
    assert_eq!(alice["context"]["policies"], json!(["shut"]), "the new set does not decide: {alice} {log}");
    // What is recorded no longer bites beside it.
    assert_eq!(told(loosened), [json!(true), json!("shadow"), Value::Null], "loosened since: {log}");
}
