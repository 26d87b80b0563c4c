//! Events come in, and are counted.

use std::os::unix::fs::symlink;
use std::process::Command;

use doorward_model::time::Millis;
use serde_json::json;

use crate::serving::server::{Server, ago, command, listing, request};
use crate::support::{gzip, put};

#[test]
fn events_are_taken_in_every_form_and_counted_once() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), None);
    let records: Vec<_> = (0..6).map(|at| listing(&format!("event-{at}"), ago(Millis::MINUTE))).collect();
    let lines = records[..2].join("\n");
    let file = format!(r#"{{"Records":[{}]}}"#, records[2..4].join(","));
    let packed = gzip(records[4..].join("\n").as_bytes());
    for body in [lines.as_bytes(), file.as_bytes(), &packed] {
        let counts = |accepted: u64, duplicate: u64| {
            json!({"accepted": accepted, "duplicate": duplicate, "conflicting": 0, "rejected": 0, "rejects": [],
                "clamped": 0, "late": 0})
        };
        for expected in [counts(2, 0), counts(0, 2)] {
            let answer = server.push(body);
            assert_eq!((answer.status, answer.json()), (200, expected));
        }
    }
    let events = server.get("/v1/events");
    let mut ids: Vec<_> =
        events["items"].as_array().unwrap().iter().map(|event| event["id"].clone()).collect();
    ids.sort_by_key(ToString::to_string);
    assert_eq!(json!(ids), json!((0..6).map(|at| format!("event-{at}")).collect::<Vec<_>>()));
}

#[test]
fn what_cannot_be_read_is_shown_and_kept_and_the_rest_is_taken() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Server::start(data.path(), None);
    let secret = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY";
    let bad = format!(r#"{{"eventName":"NoTime","eventVersion":"1.11","secretAccessKey":"{secret}"}}"#);
    let body = format!("{}\n{bad}\n{}\n", listing("a", ago(Millis::HOUR)), listing("b", ago(Millis::HOUR)));
    let answer = server.push(body.as_bytes());
    let told = answer.json();
    assert_eq!((answer.status, &told["accepted"], &told["rejected"]), (200, &json!(2), &json!(1)), "{told}");
    assert_eq!(told["rejects"][0]["record"], json!(2), "{told}");
    let only_bad = server.push(b"this is no log\n");
    assert_eq!((only_bad.status, &only_bad.json()["rejected"]), (422, &json!(1)));
    let newest = server.get("/v1/rejects?limit=1");
    assert_eq!(
        (&newest["items"][0]["record"], &newest["items"][0]["kept"]),
        (&json!(0), &json!("this is no log\n"))
    );
    let hash = doorward_model::hash::Hash16::of(b"this is no log\n").to_string();
    assert_eq!(newest["items"][0]["hash"], json!(hash));
    let next = newest["next_cursor"].as_str().unwrap();
    let older = server.get(&format!("/v1/rejects?limit=1&cursor={next}"));
    assert_eq!((&older["items"][0]["record"], older["items"].as_array().unwrap().len()), (&json!(2), 1));
    assert_eq!(server.get("/v1/rejects?source=other")["items"], json!([]));
    // What was kept as it came is for those who may command.
    let eye = format!("Bearer {}", server.token("eye", "read"));
    let shown = request(&server.address, ("GET", "/v1/rejects"), &[("Authorization", &eye)], b"").json();
    assert_eq!(
        (shown["items"].as_array().unwrap().len(), shown["items"][0].get("kept")),
        (2, None),
        "{shown}"
    );
    assert!(server.stop().success());
    let kept = std::fs::read_to_string(data.path().join("rejects.jsonl")).unwrap();
    let lines: Vec<serde_json::Value> =
        kept.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let seen: Vec<_> = lines.iter().map(|line| (line["source"].clone(), line["record"].clone())).collect();
    assert_eq!(seen, [(json!("trail"), json!(2)), (json!("trail"), json!(0))], "{kept}");
    assert_eq!(lines[0]["reason"], told["rejects"][0]["reason"]);
    assert!(lines[0]["kept"].as_str().unwrap().contains("NoTime") && !kept.contains(secret), "{kept}");
}

#[test]
fn bad_bodies_are_refused_or_counted_and_nothing_of_them_is_half_done() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), None);
    let line = |id: &str| listing(id, ago(Millis::MINUTE));
    let deep = format!(r#"{{"eventName":{}1{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    let half = line("half");
    let half = half.get(..half.len() / 2).unwrap();
    let twice = line("twice").replacen('{', r#"{"eventName":"Other","#, 1);
    let wide: Vec<u8> = line("wide").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let latin = [line("latin").replace("alice\"}", "alic").as_bytes(), b"\xe9\"}}"].concat();
    // What is said of the body, and how many of its records are taken and how many are not.
    let cases: [(Vec<u8>, u16, u64, u64, &str); 6] = [
        (format!("{}\n{deep}\n{}", line("a"), line("b")).into_bytes(), 200, 2, 1, "limit"),
        (format!("{}\n{half}", line("c")).into_bytes(), 200, 1, 1, "cut short"),
        (format!("{}\n{twice}\n{}", line("d"), line("e")).into_bytes(), 200, 2, 1, "eventName"),
        ([line("f").as_bytes(), b"\n", &latin].concat(), 200, 1, 1, "UTF-8"),
        (wide, 422, 0, 1, "UTF-8"),
        (b"no log at all".to_vec(), 422, 0, 1, ""),
    ];
    for (body, status, accepted, rejected, reason) in cases {
        let answer = server.push(&body);
        let told = answer.json();
        let counts = (answer.status, &told["accepted"], &told["rejected"]);
        assert_eq!(counts, (status, &json!(accepted), &json!(rejected)), "{reason}: {told}");
        assert!(told["rejects"][0]["reason"].as_str().unwrap().contains(reason), "{reason}: {told}");
    }
    // What cannot be unpacked, or is larger than a body may be, is refused whole.
    let packed = gzip(format!("{}\n{}", line("g"), line("h")).as_bytes());
    let large = vec![b' '; 17 << 20];
    for (body, status, said) in [(&packed[..packed.len() - 9], 400, "gzip"), (&large, 413, "larger than")] {
        let answer = server.push(body);
        assert_eq!((answer.status, answer.header("content-type")), (status, "application/problem+json"));
        assert!(answer.text().contains(said), "{}", answer.text());
    }
    let events = server.get("/v1/events");
    let mut ids: Vec<_> =
        events["items"].as_array().unwrap().iter().map(|event| event["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["a", "b", "c", "d", "e", "f"]);
}

#[test]
fn an_event_whose_id_was_known_with_other_content_is_kept_marked_and_listed() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Server::start(data.path(), None);
    let at = ago(Millis::HOUR);
    let other = listing("a", at).replace("ListBuckets", "GetBucketPolicy");
    let counts = |server: &Server, body: &str| {
        let told = server.push(body.as_bytes()).json();
        ["accepted", "duplicate", "conflicting"].map(|fate| told[fate].as_u64().unwrap())
    };
    assert_eq!(counts(&server, &format!("{}\n{}", listing("a", at), listing("b", at))), [2, 0, 0]);
    assert_eq!(counts(&server, &other), [1, 0, 1]);
    let marked = |server: &Server, wanted: &str| {
        let events = server.get(&format!("/v1/events{wanted}"));
        let told = |event: &serde_json::Value| (event["permission"].clone(), event["conflict"].clone());
        events["items"].as_array().unwrap().iter().map(told).collect::<Vec<_>>()
    };
    let (first, second) = (json!("s3:ListBuckets"), json!("s3:GetBucketPolicy"));
    let all = [(second, json!(true)), (first.clone(), json!(false)), (first, json!(false))];
    let token = server.token.clone();
    assert!(server.stop().success());
    server = Server::start(data.path(), None);
    server.token = token;
    assert_eq!(marked(&server, ""), all);
    assert_eq!(marked(&server, "?conflict=true"), all[..1]);
    assert_eq!(marked(&server, "?conflict=false"), all[1..]);
    assert_eq!(server.ask("GET", "/v1/events?conflict=perhaps", b"").status, 400);
}

#[test]
fn a_source_is_pushed_by_its_own_token_only() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), None);
    let (trail, eye) = (server.token("trail", "ingest:trail"), server.token("eye", "read"));
    let push = |source: &str, token: &str| {
        let bearer = format!("Bearer {token}");
        let body = listing("event", ago(Millis::MINUTE));
        let path = format!("/v1/events/{source}");
        request(&server.address, ("POST", &path), &[("Authorization", &bearer)], body.as_bytes()).status
    };
    assert_eq!([push("other", &trail), push("trail", &eye), push("trail", "dw_wrong")], [403, 403, 401]);
    assert_eq!(server.get("/v1/events")["items"], json!([]));
    assert_eq!(push("trail", &trail), 200);
}

#[test]
fn an_impossible_time_is_set_right_and_counted() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), None);
    let future = listing("future", ago(Millis::DAY.times(-400)));
    let old = listing("old", ago(Millis::DAY.times(400)));
    let answer = server.push(format!("{future}\n{old}\n").as_bytes());
    let told = answer.json();
    assert_eq!((&told["accepted"], &told["clamped"]), (&json!(2), &json!(2)), "{told}");
    let events = server.get("/v1/events");
    let claimed = events["items"].as_array().unwrap().iter().map(|event| event["claimed_at"].is_string());
    assert_eq!(claimed.collect::<Vec<_>>(), [true, true], "{events}");
    // Sent again it arrives at another time, and is the same event all the same.
    let again = server.push(format!("{future}\n{old}\n").as_bytes()).json();
    assert_eq!((&again["accepted"], &again["duplicate"]), (&json!(0), &json!(2)), "{again}");
    for event in events["items"].as_array().unwrap() {
        let time = doorward_model::time::Time::parse(event["time"].as_str().unwrap()).unwrap();
        assert!(time < ago(Millis::MINUTE.times(-6)) && time > ago(Millis::DAY.times(8)), "{event}");
    }
}

#[test]
fn what_is_late_is_still_late_after_a_restart_and_a_file_is_never_late() {
    let (data, files) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let at = |id: &str, minutes: i64| listing(id, ago(Millis::MINUTE.times(minutes)));
    let mut server = Server::start(data.path(), None);
    assert_eq!(server.push(at("now", 0).as_bytes()).json()["late"], json!(0));
    let token = server.token.clone();
    server.stopped();
    let file = files.path().join("old.json");
    std::fs::write(&file, at("filed", 300)).unwrap();
    let mut command = command(data.path());
    command.args(["--listen", "127.0.0.1:0", "--import"]).arg(&file);
    server = Server::spawn(command);
    server.token = token;
    // The token of the source was remembered by the server before.
    assert_eq!(server.push(at("behind", 61).as_bytes()).json()["late"], json!(1));
    let events = server.get("/v1/events");
    let shown =
        events["items"].as_array().unwrap().iter().map(|event| (event["id"].clone(), event["late"].clone()));
    let expected = [("behind", true), ("filed", false), ("now", false)];
    assert_eq!(shown.collect::<Vec<_>>(), expected.map(|(id, late)| (json!(id), json!(late))));
}

#[test]
fn readme_shows_how_events_are_pushed() {
    let readme = include_str!("../../../../../README.md");
    let (_, shown) = readme.split_once("$ export DOORWARD_TOKEN=dw_...").unwrap();
    let (_, shown) = shown.split_once('\n').unwrap();
    let (typed, _) = shown.split_once("\n```").unwrap();
    if Command::new("curl").arg("--version").output().is_err() {
        eprintln!("SKIPPED: curl is missing");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), None);
    symlink(env!("CARGO_BIN_EXE_doorward"), dir.path().join("doorward")).unwrap();
    put(&dir.path().join("events.json"), listing("pushed", ago(Millis::MINUTE)).as_bytes());
    let address = format!("http://{}", server.address);
    let typed: Vec<_> = typed.lines().map(|line| line.strip_prefix("$ ").unwrap()).collect();
    let script = typed.join("\n").replace("http://127.0.0.1:8420", &address);
    let mut shell = Command::new("sh");
    shell.args(["-euc", &format!("PATH=$PWD:$PATH\n{script}")]).current_dir(dir.path());
    shell.env("DOORWARD_URL", &address).env("DOORWARD_TOKEN", &server.token);
    let output = shell.output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.starts_with(r#"{"accepted":1,"#), "{said} {}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(server.get("/v1/events")["items"][0]["id"], json!("pushed"));
}
