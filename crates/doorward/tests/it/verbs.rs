//! Nouns and verbs as they are typed: to a running server, and on its data folder once it has stopped.

use std::fs;
use std::path::Path;
use std::process::Output;

use doorward_model::time::Millis;
use serde_json::{Value, json};

use crate::serving::server::{Server, ago, command, config, example, listing};
use crate::support::{program, put, record};

const ALICE: &str = "arn:aws:iam::111122223333:user/alice";
const KEY: &str = "AKIAEXAMPLE000000001";

/// What the shell would run, with a token in the environment.
pub(crate) fn doorward(token: &str, args: &[&str]) -> Output {
    let mut command = program();
    command.env_remove("DOORWARD_URL").env("DOORWARD_TOKEN", token).args(args).output().unwrap()
}

#[track_caller]
pub(crate) fn done(token: &str, args: &[&str]) -> String {
    let output = doorward(token, args);
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// The exit code and what was said of the failure.
pub(crate) fn refused(token: &str, args: &[&str]) -> (Option<i32>, String) {
    let output = doorward(token, args);
    (output.status.code(), text(&output.stderr))
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The answer of the server, or of the data folder, in JSON.
pub(crate) fn json(token: &str, args: &[&str], place: [&str; 2]) -> Value {
    let args: Vec<_> = args.iter().chain(&place).chain(&["-o", "json"]).copied().collect();
    serde_json::from_str(&done(token, &args)).unwrap()
}

pub(crate) fn serving(dir: &Path) -> Server {
    put(
        &dir.join("policies/all.cedar"),
        br#"@id("reads") permit (principal, action == Action::"read", resource);"#,
    );
    put(
        &dir.join("schema.cedarschema"),
        b"entity user; entity shop;\naction read, write appliesTo { principal: user, resource: shop };",
    );
    put(&dir.join("entities.yaml"), b"entities:\n  - {type: user, id: alice, identity: human}\n");
    let settings = "[policy]\nfolder = \"policies\"\nschema = \"schema.cedarschema\"\n\
                    entities = \"entities.yaml\"\nmode = \"enforce\"\n[[pep]]\nname = \"gate\"\nmode = \"enforce\"\n";
    let server = Server::start(&dir.join("data"), Some(&config(dir, settings)));
    let at = ago(Millis::MINUTE.times(5));
    let records = [listing("event-1", at), listing("event-2", at + Millis::SECOND)];
    assert_eq!(server.push(records.join("\n").as_bytes()).status, 200);
    server
}

#[test]
fn a_server_and_its_folder_give_the_same_answers() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = serving(dir.path());
    let (url, token) = (format!("http://{}", server.address), server.token.clone());
    let api = ["--url", url.as_str()];
    let placed =
        json(&token, &["hold", "place", ALICE, "--profile", "read-only", "--reason", "a drill"], api);
    json(&token, &["hold", "place", "alice", "--profile", "deny", "--reason", "a drill"], api);
    let hold = placed["id"].as_str().unwrap();
    let decide =
        ["decide", "--subject", "user:alice", "--action", "write", "--resource", "shop:1", "--pep", "gate"];
    let questions: [&[&str]; 18] = [
        &["event", "list", "--key", KEY],
        &["event", "list", "--since", "1h", "--ip", "198.51.100.7", "--limit", "1"],
        &["event", "list", "--session", "nobody"],
        &["identity", "list"],
        &["identity", "list", "--kind", "human", "--kind", "agent", "--search", "alice", "--limit", "1"],
        &["identity", "show", ALICE],
        &["finding", "list"],
        &["hold", "list", "--profile", "read-only"],
        &["hold", "show", hold],
        &["pep", "list"],
        &["token", "list"],
        &decide,
        &[&decide[..], &["--explain"]].concat(),
        &["who", KEY],
        &["finding", "unusual"],
        &["event", "list", "--identity", ALICE, "--until", "1m"],
        &["event", "list", "--identity", "alice"],
        &["event", "list", "--identity", "alice", "--key", KEY],
    ];
    let live: Vec<_> = questions.iter().map(|args| json(&token, args, api)).collect();
    assert_eq!(live[0]["items"].as_array().unwrap().len(), 2, "{}", live[0]);
    assert_eq!(live[11]["answer"]["context"]["reasons"], json!(["hold-deny"]), "{}", live[11]);
    assert_eq!(live[13]["identities"][0]["id"], ALICE);
    let listed = |at: usize| live[at]["items"].as_array().unwrap().len();
    assert_eq!([listed(15), listed(16), listed(17)], [2, 0, 0], "{:#?}", live.get(15..));
    // Among so few nothing is odd.
    assert_eq!(live[14]["items"], json!([]), "{}", live[14]);
    let budget = json(&token, &["finding", "budget"], api);
    assert_eq!((&budget["cases_per_day"], &budget["findings"]), (&json!(5), &json!(0)), "{budget}");
    let data = dir.path().join("data");
    let folder = ["--data-dir", data.to_str().unwrap()];
    let (code, said) = refused("", &["identity", "list", folder[0], folder[1]]);
    assert_eq!(code, Some(1));
    assert!(said.contains("is used by process") && said.contains("--url"), "{said}");
    // Once without a checkpoint, once with the one that an orderly end leaves.
    server.kill();
    same(&questions, &live, folder);
    let mut server = Server::start(&data, None);
    assert!(server.stop().success());
    same(&questions, &live, folder);
}

#[track_caller]
fn same(questions: &[&[&str]], live: &[Value], folder: [&str; 2]) {
    for (args, live) in questions.iter().zip(live) {
        let (mut live, mut still) = (live.clone(), json("", args, folder));
        // The server has gone on: ticks are facts.
        for seen in ["/seen", "/answer/context/seen"] {
            for answer in [&mut live, &mut still] {
                answer.pointer_mut(seen).map(Value::take);
            }
        }
        assert_eq!(live, still, "{args:?}");
    }
}

#[test]
fn commands_are_carried_out_and_shown() {
    let dir = tempfile::tempdir().unwrap();
    let server = serving(dir.path());
    let url = format!("http://{}", server.address);
    let tell = |args: &[&str]| done(&server.token, &[args, &["--url", &url]].concat());
    let hold = ["hold", "place", ALICE, "--profile", "step-up", "--for", "1h", "--reason", "odd"];
    let placed = json(&server.token, &hold, ["--url", &url]);
    assert_eq!([&placed["profile"], &placed["in_force"]], [&json!("step-up"), &json!(true)]);
    let id = placed["id"].as_str().unwrap();
    // Nobody asked about her under this name.
    let listed = tell(&["hold", "list"]);
    assert!(listed.contains(id) && listed.contains(" nowhere "), "{listed}");
    let shown = tell(&["identity", "show", ALICE]);
    assert!(shown.contains(id) && shown.contains(" nowhere "), "{shown}");
    assert!(
        tell(&["hold", "release", id, "--reason", "known"])
            .starts_with(&format!("Released hold {id} (fact "))
    );
    assert_eq!(tell(&["hold", "list"]), "No holds.\n");
    assert!(tell(&["pep", "set", "gate", "--mode", "shadow"]).starts_with("Set gate to shadow (fact "));
    json(
        &server.token,
        &["token", "issue", "own", "--scope", "decide", "--subject", "user:alice"],
        ["--url", &url],
    );
    let own = json(&server.token, &["token", "list", "--search", "own"], ["--url", &url]);
    assert_eq!(own["items"][0]["subject"], json!({"type": "user", "id": "alice"}), "{own}");
    let peps = json(&server.token, &["pep", "list"], ["--url", &url]);
    let gate = json!({"name": "gate", "mode": "shadow", "in_force": "shadow", "by": "first", "new": false});
    assert_eq!(peps["items"], json!([gate]));
    let issued = json(&server.token, &["token", "issue", "ci", "--scope", "read"], ["--url", &url]);
    let (id, secret) = (issued["id"].as_str().unwrap(), issued["token"].as_str().unwrap());
    let file = dir.path().join("token");
    put(&file, format!("{secret}\n").as_bytes());
    let asked = ["identity", "list", "--url", &url, "--token-file", file.to_str().unwrap()];
    assert!(done("", &asked).contains(ALICE));
    assert!(tell(&["token", "revoke", id]).starts_with(&format!("Revoked token {id} (fact ")));
    let shut = "doorward: Unauthorized: a valid token is needed: Authorization: Bearer dw_...\n";
    assert_eq!(refused("", &asked), (Some(1), shut.to_owned()));
}

#[test]
fn what_cannot_be_done_is_told_apart_from_what_is_typed_wrongly() {
    let dir = tempfile::tempdir().unwrap();
    let server = serving(dir.path());
    let url = format!("http://{}", server.address);
    let (code, said) = refused(&server.token, &["finding", "show", "none", "--url", &url]);
    let expected = "doorward: Not Found: no finding by the id \"none\" is known\n";
    assert_eq!((code, said.as_str()), (Some(1), expected));
    let (code, said) = refused("", &["finding", "list", "--url", &url]);
    assert_eq!(code, Some(1));
    assert!(said.contains("--token-file") && said.contains("DOORWARD_TOKEN"), "{said}");
    let (code, said) = refused("x", &["finding", "list", "--url", "http://192.0.2.1:8420"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("no token is sent to 192.0.2.1 in the clear"), "{said}");
    let nowhere = dir.path().join("nowhere");
    let (code, said) = refused("", &["identity", "list", "--data-dir", nowhere.to_str().unwrap()]);
    assert_eq!(code, Some(1));
    assert!(said.contains("is no data folder") && !nowhere.exists(), "{said}");
    for wrong in [
        &["hold", "place", ALICE, "--profile", "stop", "--reason", "x"][..],
        &["hold", "release", "x", "--reason", "y", "--data-dir", "d"],
        &["identity", "list", "--kind", "robot"],
        &["identity", "list", "--data-dir", "d", "--url", "http://127.0.0.1:1"],
        &["event", "list", "--since", "yesterday"],
        &["token", "issue", "ci"],
        &["token", "issue", "ci", "--scope", "all"],
        &["decide", "--subject", "alice", "--action", "read", "--resource", "shop:1"],
    ] {
        assert_eq!(doorward("x", wrong).status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn policies_are_checked_and_tested_offline() {
    let folder = example("authzen-todo").parent().unwrap().to_owned();
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (policies, schema, entities) = (path("policies"), path("schema.cedarschema"), path("entities.yaml"));
    let files = ["--schema", &schema, "--entities", &entities];
    let told = done("", &[&["policy", "check", &policies][..], &files].concat());
    assert_eq!(
        told,
        "6 policies and 9 entities, all valid.\nA request meets 0 of them, 1 where it is dearest (user, \
         can_read_todos, todo), beside those that name its entities.\n"
    );
    let checked = done("", &[&["policy", "check", &policies, "-o", "json"][..], &files].concat());
    assert_eq!(
        serde_json::from_str::<Value>(&checked).unwrap(),
        json!({"policies": 6, "entities": 9, "errors": [], "warnings": [], "candidates": {"typical": 0, "most": 1,
            "dearest": {"principal": "user", "action": "can_read_todos", "resource": "todo"}}})
    );

    let dir = tempfile::tempdir().unwrap();
    put(&dir.path().join("bad.cedar"), b"permit (principal, action, resource);\n\npermit (principal,;\n");
    let bad = dir.path().to_str().unwrap();
    let output = doorward("", &[&["policy", "check", bad][..], &files].concat());
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("bad.cedar:3: "), "{}", text(&output.stdout));

    let case = |id: &str, expected: bool| {
        json!({"request": {"subject": {"type": "user", "id": id}, "action": {"name": "can_create_todo"},
               "resource": {"type": "todo", "id": "todo-1"}}, "expected": expected})
    };
    let cases = dir.path().join("cases.json");
    let rick = "rick@the-citadel.com";
    let test = ["policy", "test", cases.to_str().unwrap(), "--folder", &policies];
    put(&cases, json!({"evaluation": [case(rick, true), case("nobody", false)]}).to_string().as_bytes());
    assert_eq!(done("", &[&test[..], &files].concat()), "2 of 2 cases passed.\n");
    put(&cases, json!({"evaluation": [case(rick, true), case("nobody", true)]}).to_string().as_bytes());
    let output = doorward("", &[&test[..], &files].concat());
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stdout);
    assert!(said.starts_with("evaluation 2: expected true, found false because "), "{said}");
    assert_eq!(text(&output.stderr), "doorward: 1 of 2 cases failed\n");
}

#[test]
fn a_backup_of_a_running_server_restores_and_verifies() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (data, backup, restored) = (path("data"), path("backup"), path("restored"));
    let server = serving(dir.path());
    assert_eq!(server.push(b"this is no log\n").status, 422);
    assert!(done("", &["backup", &backup, "--data-dir", &data]).contains(" rows, all as written.\n"));
    drop(server);
    assert!(done("", &["restore", &backup, "--data-dir", &restored]).contains(" rows, all as written.\n"));
    assert!(done("", &["verify", "--data-dir", &restored]).contains(" rows, all as written.\n"));
    let rejects = |folder: &str| fs::read_to_string(Path::new(folder).join("rejects.jsonl")).unwrap();
    assert!(rejects(&restored).contains("this is no log") && rejects(&restored) == rejects(&data));
    let events = json("", &["event", "list"], ["--data-dir", &restored]);
    assert_eq!(events["items"].as_array().unwrap().len(), 2);
    let (code, said) = refused("", &["restore", &backup, "--data-dir", &data]);
    assert_eq!(code, Some(1));
    assert!(said.contains("it exists"), "{said}");
    drop(Server::spawn({
        let mut command = command(Path::new(&restored));
        command.args(["--listen", "127.0.0.1:0"]);
        command
    }));
}

#[test]
fn what_is_not_as_written_is_neither_backed_up_nor_restored() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (data, backup, target) = (path("data"), path("backup"), path("target"));
    drop(serving(dir.path()));
    assert!(done("", &["backup", &backup, "--data-dir", &data]).contains(" rows, all as written.\n"));
    for folder in [&data, &backup] {
        let database = rusqlite::Connection::open(Path::new(folder).join("journal.sqlite")).unwrap();
        let broken = database.execute("UPDATE row SET packed = x'00' WHERE position = 1", []).unwrap();
        assert_eq!(broken, 1, "{folder}");
    }
    let copies = [["backup", &target, "--data-dir", &data], ["restore", &backup, "--data-dir", &target]];
    for (args, from) in copies.iter().zip([&data, &backup]) {
        let said = "cannot read journal row 1: its content is not what was written";
        let told = format!("doorward: cannot copy {from} to {target}: {said}\n");
        assert_eq!(refused("", args), (Some(1), told));
        assert!(!Path::new(&target).exists(), "{args:?}");
    }
}

#[test]
fn tables_are_for_people() {
    let dir = tempfile::tempdir().unwrap();
    put(&dir.path().join("event.json"), record("a", "").as_bytes());
    let mut command = command(&dir.path().join("data"));
    command.args(["--listen", "127.0.0.1:0", "--import"]).arg(dir.path().join("event.json"));
    let server = Server::spawn(command);
    let url = format!("http://{}", server.address);
    let table = done(&server.token, &["event", "list", "--url", &url]);
    let words: Vec<Vec<_>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(
        words[0],
        ["time", "identity", "permission", "outcome", "error", "target", "from", "client", "key"]
    );
    assert_eq!(words[1][..4], ["2026-03-02T10:00:00Z", "alice", "s3:ListBuckets", "success"]);
    for name in ["one", "two", "three"] {
        done(&server.token, &["token", "issue", name, "--scope", "read", "--url", &url]);
    }
    let notes = [
        "identity list --search alice --limit 1",
        "token list --limit 1",
        "token list --limit 3",
        "token list --limit 4",
        "event list --limit 1",
    ]
    .map(|typed| {
        let typed: Vec<_> = typed.split(' ').chain(["--url", &url]).collect();
        let last = done(&server.token, &typed).lines().last().unwrap().to_owned();
        last.split_once(": --limit").map_or(String::new(), |(note, _)| note.to_owned())
    });
    assert_eq!(notes, ["", "3 more", "1 more", "", ""]);
    let who = done(&server.token, &["who", "alice", "--url", &url]);
    assert!(who.starts_with("alice is taken for: name.\n\nIdentities:\n"), "{who}");
}

#[test]
fn a_scan_and_a_server_describe_an_identity_in_the_same_words() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("event.json");
    put(&file, record("a", "").as_bytes());
    let scanned: Value =
        serde_json::from_str(&done("", &["scan", file.to_str().unwrap(), "-o", "json"])).unwrap();
    let mut command = command(&dir.path().join("data"));
    command.args(["--listen", "127.0.0.1:0", "--import"]).arg(&file);
    let server = Server::spawn(command);
    let shown =
        json(&server.token, &["identity", "show", ALICE], ["--url", &format!("http://{}", server.address)]);
    assert_eq!(scanned["identities"], json!([shown]));
    assert_eq!([&shown["services"], &shown["agent"]], [&json!(["s3"]), &Value::Null]);
}

#[test]
fn completions_and_man_pages_know_the_verbs() {
    let bash = done("", &["completions", "bash"]);
    let words = ["who", "event", "finding", "release", "--token-file", "--data-dir", "doctor", "publish"];
    assert_eq!(words.map(|word| bash.contains(word)), [true; 8]);
    let dir = tempfile::tempdir().unwrap();
    done("", &["man", dir.path().to_str().unwrap()]);
    let page = fs::read_to_string(dir.path().join("doorward-hold-place.1")).unwrap();
    assert!(page.contains("still passes"), "{page}");
}

#[test]
fn a_kill_is_typed_and_bites_from_the_next_decision_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = serving(dir.path());
    let token = server.token.clone();
    let url = format!("http://{}", server.address);
    let place = ["--url", url.as_str()];
    let asks =
        ["decide", "--subject", "user:alice", "--action", "read", "--resource", "shop:1", "--pep", "gate"];
    assert_eq!(json(&token, &asks, place)["answer"]["decision"], json!(true));
    let (code, said) = refused(&token, &["identity", "kill", "nobody", "--reason", "stolen", "--url", &url]);
    assert!(code == Some(1) && said.contains("no identity by the id \"nobody\""), "{code:?} {said}");
    assert_eq!(refused(&token, &["identity", "kill", "alice", "--url", &url]).0, Some(2));
    let told = done(&token, &["identity", "kill", "alice", "--reason", "laptop stolen", "--url", &url]);
    assert!(told.contains("laptop stolen") && told.contains("Nowhere"), "{told}");
    let answer = json(&token, &asks, place)["answer"].clone();
    assert_eq!((&answer["decision"], &answer["context"]["reasons"]), (&json!(false), &json!(["killed"])));
    let shown = done(&token, &["identity", "show", "alice", "--url", &url]);
    assert!(shown.contains("killed up to") && shown.contains("laptop stolen"), "{shown}");
    let kill = |place: [&str; 2]| json(&token, &["identity", "show", "alice"], place)["kill"].clone();
    let killed = kill(place);
    server.stopped();
    let data = dir.path().join("data");
    let folder = ["--data-dir", data.to_str().unwrap()];
    assert_eq!(kill(folder)["up_to"], killed["up_to"]);
    assert_eq!(json(&token, &asks, folder)["answer"], answer);
    let mut server = Server::start(&data, None);
    let url = format!("http://{}", server.address);
    let place = ["--url", url.as_str()];
    let told = done(&token, &["identity", "revive", "alice", "--reason", "it was found", "--url", &url]);
    assert!(told.starts_with("Revived alice (fact "), "{told}");
    let (code, said) = refused(&token, &["identity", "revive", "alice", "--reason", "twice", "--url", &url]);
    assert!(code == Some(1) && said.contains("no kill by the id \"alice\""), "{code:?} {said}");
    assert_eq!((kill(place), &json(&token, &asks, place)["answer"]["decision"]), (Value::Null, &json!(true)));
    server.stopped();
}
