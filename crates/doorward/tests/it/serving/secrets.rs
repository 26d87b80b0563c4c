//! No known secret reaches the data folder, a log or an answer: one is planted in every field that is known to hold one.

use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::path::Path;

use doorward_journal::{Content, Log, Options, Position, Sqlite};
use doorward_model::id::TenantId;
use doorward_model::record::Record;
use doorward_model::time::Millis;
use prost::Message;
use serde_json::{Map, Value, json};

use crate::serving::server::{Server, ago, config, files_of, listing, poll, try_request};
use crate::support::program;

/// The fields that intake knows, by its own list, in lower case.
fn fields() -> Vec<&'static str> {
    let source = include_str!("../../../../intake/src/redact.rs");
    let list = source.split_once("const SECRET_KEYS").unwrap().1.split_once("\n];").unwrap().0;
    list.lines().filter_map(|line| line.trim().strip_prefix("b\"")?.strip_suffix("\",")).collect()
}

const MARK: &str = "PlantedSecret";

/// Every field with a secret of its own, at any depth, as text and inside of a text, and as a number.
fn planted() -> Value {
    let fields = fields();
    assert!(fields.len() > 30, "{fields:?}");
    let plant = |part: &str| -> Map<String, Value> {
        let secret = |(at, field): (usize, &&str)| ((*field).to_owned(), json!(format!("{MARK}{part}{at}")));
        fields.iter().enumerate().map(secret).collect()
    };
    let upper: Map<String, Value> =
        plant("Upper").into_iter().map(|(field, secret)| (field.to_uppercase(), secret)).collect();
    let inside = Value::Object(plant("Inside")).to_string();
    json!({
        "requestParameters": {"deep": [{"er": plant("Deep")}], "upper": upper, "body": inside},
        "responseElements": plant("Shallow"),
        "additionalEventData": {"password": {"of": [format!("{MARK}Object")]}},
    })
}

/// Everything that the journal of a data folder holds, unpacked.
fn unpacked(data: &Path) -> String {
    let journal = Sqlite::open(data, &TenantId::from("default"), Options::default()).unwrap();
    let mut text = String::new();
    journal
        .read_from(Position(1), &mut |row| {
            let Content::Records(records) = row.content else { return ControlFlow::Continue(()) };
            for record in records {
                let bytes = match record {
                    Record::Fact(fact) => fact.encode_to_vec(),
                    Record::Observation(seen) => seen.encode_to_vec(),
                };
                writeln!(text, "{}", String::from_utf8_lossy(&bytes)).unwrap();
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    for position in journal.checkpoints().unwrap() {
        let kept = journal.checkpoint(position).unwrap().unwrap();
        text += &String::from_utf8_lossy(&kept.bytes);
    }
    text
}

#[test]
fn no_known_secret_reaches_the_data_folder_a_log_or_an_answer() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let planted = planted();
    let event = |id: &str| {
        let line: Value = serde_json::from_str(&listing(id, ago(Millis::MINUTE))).unwrap();
        let (Value::Object(mut line), Value::Object(planted)) = (line, planted.clone()) else { panic!() };
        line.extend(planted);
        Value::Object(line)
    };
    let whole = event("whole").to_string();
    let mut untimed = event("untimed");
    untimed["eventTime"] = json!("never");
    // One that is taken, one that is a reject, and one behind whose middle nothing can be read.
    let body = format!("{whole}\n{untimed}\n{}}}", event("broken"));
    let settings = config(dir.path(), "[response]\nmode = \"enforce\"\n");
    let mut server = Server::start(&data, Some(&settings));
    let mut said = server.push(body.as_bytes()).text();
    said += &server.push(&body.as_bytes()[..body.len() - 700]).text();
    for path in ["/v1/events", "/v1/findings", "/v1/identities", "/v1/tokens", "/v1/who?q=alice", "/metrics"]
    {
        said += &server.ask("GET", path, b"").text();
    }
    let token = server.token.clone();
    said += &server
        .ask("POST", &format!("/v1/holds?{token}"), format!("{{\"reason\":\"{token}\"").as_bytes())
        .text();
    for (method, path) in [("GET", "tokens"), ("GET", "holds"), ("GET", "identities"), ("POST", "tokens")] {
        let revoke = if method == "POST" { "/revoke" } else { "" };
        let answer = server.ask(method, &format!("/v1/{path}/{token}{revoke}"), b"");
        assert_eq!(answer.status, 400, "{}", answer.text());
        said += &answer.text();
    }
    server.stopped();
    let log =
        server.said.iter().filter(|line| !line.starts_with("Admin token")).map(|line| line.clone() + "\n");
    said.extend(log);
    // The same as files, by the command line.
    let file = dir.path().join("trail.json");
    std::fs::write(&file, &body).unwrap();
    let rejects = dir.path().join("rejects.jsonl");
    let mut scan = program();
    let output = scan.args(["scan", "-o", "json", "--rejects"]).args([&rejects, &file]).output().unwrap();
    said +=
        &String::from_utf8_lossy(&[output.stdout, output.stderr, std::fs::read(rejects).unwrap()].concat());
    let kept = unpacked(&data);
    assert!(kept.contains("whole") && kept.contains("[redacted]"), "the event is not there");
    for (path, bytes) in files_of(&data) {
        writeln!(said, "{}: {}", path.display(), String::from_utf8_lossy(&bytes)).unwrap();
    }
    let all = said + &kept;
    let secret = token.split('_').nth(2).unwrap();
    for forbidden in [MARK, secret] {
        let found = all.match_indices(forbidden).map(|(at, _)| {
            let from = all.floor_char_boundary(at.saturating_sub(80));
            all.get(from..all.floor_char_boundary(at + 60)).unwrap()
        });
        let found: Vec<_> = found.collect();
        assert_eq!(found, Vec::<&str>::new());
    }
}

/// Every way in that the API describes: method and path.
fn doors() -> Vec<(String, String)> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let page: Value = serde_json::from_slice(&std::fs::read(page).unwrap()).unwrap();
    let paths = page["paths"].as_object().unwrap().iter();
    let doors = paths.flat_map(|(path, methods)| {
        methods.as_object().unwrap().keys().map(|method| (method.to_uppercase(), path.clone()))
    });
    doors.collect()
}

/// The text of an answer, asked for until it comes whole: a server that does not want a body may close before it is sent.
fn answered(address: &str, target: (&str, &str), headers: &[(&str, &str)], body: &[u8]) -> String {
    let mut text = String::new();
    poll(|| {
        let answer = try_request(address, target, headers, body);
        answer.map(|answer| text = answer.text()).is_ok()
    });
    text
}

/// A token, right or wrong, is shown at every door as a credential, and put wherever one may be put by mistake: path,
/// query, cookie and body. A server logs at one level, which is the most that it says.
#[test]
fn no_token_is_told_or_kept_wherever_it_is_put() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let settings = config(dir.path(), "[authzen]\nopen_on_loopback = true\n");
    let mut server = Server::start(&data, Some(&settings));
    let revoked = server.token("gone", "admin");
    let id = revoked.split('_').nth(1).unwrap();
    assert_eq!(server.ask("POST", &format!("/v1/tokens/{id}/revoke"), b"").status, 200);
    let all = ["admin", "decide", "read", "ingest:trail"].map(|scope| server.token("each", scope));
    let mistyped = format!("{}0", revoked.strip_suffix(|_: char| true).unwrap());
    let tokens = [&all[..], &[server.token.clone(), revoked, mistyped]].concat();
    let doors = doors();
    assert!(doors.len() > 30, "{doors:?}");
    let mut said = String::new();
    for token in &tokens {
        let bearer = format!("Bearer {token}");
        for (method, path) in &doors {
            let mut at = path.clone();
            for name in ["{id}", "{name}", "{source}", "{path}"] {
                at = at.replace(name, token);
            }
            let body = json!({"name": token, "identity": token, "subject": {"type": "user", "id": "alice",
                "properties": {"password": token}}, "reason": token, "files": {"p.cedar": token}, "mode": token,
                "profile": "deny", "scopes": [token], "action": {"name": "read"}, "later": token,
                "resource": {"type": "record", "id": "1"}, "context": {"token": token}});
            let headers = [
                ("Authorization", bearer.as_str()),
                ("Cookie", token.as_str()),
                ("Content-Type", "application/json"),
            ];
            for (query, body) in
                [("", body.to_string()), ("?q=", token.clone()), ("?access_token=", token.clone())]
            {
                let target = if query.is_empty() { at.clone() } else { format!("{at}{query}{token}") };
                said += &answered(&server.address, (method, &target), &headers, body.as_bytes());
                let open = format!("{path}{query}{}", if query.is_empty() { "" } else { token });
                said += &answered(&server.address, (method, &open), &headers[1..], body.as_bytes());
            }
        }
    }
    server.stopped();
    let log = server.said.iter().filter(|line| !line.starts_with("Admin token"));
    said.extend(log.map(|line| line.clone() + "\n"));
    for (path, bytes) in files_of(&data) {
        writeln!(said, "{}: {}", path.display(), String::from_utf8_lossy(&bytes)).unwrap();
    }
    said += &unpacked(&data);
    let told = tokens.iter().filter_map(|token| {
        let at = said.find(token.split('_').nth(2).unwrap())?;
        let from = said.floor_char_boundary(at.saturating_sub(300));
        said.get(from..said.floor_char_boundary(at + 80))
    });
    assert_eq!(told.collect::<Vec<_>>(), Vec::<&str>::new());
}
