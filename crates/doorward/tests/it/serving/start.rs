//! Starting and stopping.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use doorward_journal::{Batch, Journal, Log, Options, Position, Sqlite};
use doorward_model::id::{FactNumber, TenantId};
use doorward_model::record::{Fact, FactRecord, Record, Tick};
use doorward_model::time::Millis;
use serde_json::json;

use crate::serving::server::{
    Server, ago, command, config, example, files_of, listing, now, refused, request,
};

#[test]
fn it_says_that_it_lives_and_is_ready_counts_and_stops_when_told() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Server::start(data.path(), None);
    let plain = |path: &str| {
        let answer = request(&server.address, ("GET", path), &[], b"");
        (answer.status, answer.text())
    };
    assert_eq!(plain("/health/livez"), (200, "alive\n".to_owned()));
    assert_eq!(plain("/health/readyz"), (200, "ready\n".to_owned()));
    let (status, counts) = plain("/metrics");
    assert_eq!(status, 200);
    assert!(
        counts.contains(r#"doorward_http_requests_total{route="/health/livez",status="200"} 1"#),
        "{counts}"
    );
    assert!(counts.ends_with("# EOF\n"), "{counts}");
    assert_eq!(server.stop().code(), Some(0));
    assert!(!server.said.iter().any(|line| line.contains("ERROR")), "{:#?}", server.said);
}

#[test]
fn a_data_folder_has_one_server() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), None);
    let mut second = command(data.path());
    second.args(["--listen", "127.0.0.1:0"]);
    let (code, said) = refused(second);
    assert_eq!(code, Some(1));
    assert!(said.contains("is using it") && said.contains(data.path().to_str().unwrap()), "{said}");
    drop(server);
}

#[test]
fn an_address_in_use_is_told() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = Server::start(one.path(), None);
    let mut second = command(other.path());
    second.args(["--listen", &server.address]);
    let (code, said) = refused(second);
    assert_eq!(code, Some(1));
    assert!(said.contains(&format!("cannot listen on {}", server.address)), "{said}");
}

#[test]
fn a_data_folder_of_a_newer_format_is_refused_and_left_as_it_is() {
    let data = tempfile::tempdir().unwrap();
    assert!(Server::start(data.path(), None).stop().success());
    // A kind of table that this version does not know and may not ignore.
    let path = data.path().join("journal.sqlite");
    let mut bytes = fs::read(&path).unwrap();
    let known = b"blobs";
    let at: Vec<_> = (0..bytes.len() - known.len()).filter(|at| bytes[*at..].starts_with(known)).collect();
    assert!(!at.is_empty());
    for at in at {
        bytes[at..at + known.len()].copy_from_slice(b"blobz");
    }
    fs::write(&path, &bytes).unwrap();
    let mut again = command(data.path());
    again.args(["--listen", "127.0.0.1:0"]);
    let (code, said) = refused(again);
    assert_eq!(code, Some(1));
    assert!(
        said.contains("blobz") && said.contains("use the version that wrote it or a newer one"),
        "{said}"
    );
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[test]
fn a_clock_that_has_gone_back_stops_nothing_and_turns_no_record_around() {
    let data = tempfile::tempdir().unwrap();
    // The clock of the process before was an hour ahead.
    let ahead = now() + Millis::HOUR;
    let mut journal = open(data.path());
    let fact = Some(Fact::Tick(Tick { at_ms: ahead.ms() }));
    let tick = Record::Fact(Box::new(FactRecord { number: 1, recorded_at_ms: ahead.ms(), fact }));
    journal.append(Batch { records: &[tick], facts_seen: FactNumber(0) }).unwrap();
    drop(journal);
    let mut server = Server::start(data.path(), None);
    assert_eq!(server.push(listing("a", ago(Millis::MINUTE)).as_bytes()).json()["accepted"], json!(1));
    server.stopped();
    let mut times = Vec::new();
    open(data.path())
        .read_from(Position(1), &mut |row| {
            times.push(row.recorded_at);
            ControlFlow::Continue(())
        })
        .unwrap();
    // The token of the first start, that of the source, and the event with its identity came after.
    assert!(times.len() > 3 && times.is_sorted() && times[0] == ahead, "{times:?}");
    assert!(times.iter().all(|at| *at - ahead < Millis::HOUR), "{times:?}");
}

fn open(folder: &Path) -> Sqlite {
    Sqlite::open(folder, &TenantId::from("default"), Options::default()).unwrap()
}

#[test]
fn a_restart_keeps_everything_and_shows_no_token_again() {
    let data = tempfile::tempdir().unwrap();
    let mut first = Server::start(data.path(), None);
    let token = first.token.clone();
    assert!(token.starts_with("dw_"), "{:#?}", first.said);
    let made = listing("made", ago(Millis::MINUTE)).replace(
        r#""eventSource":"s3.amazonaws.com","eventName":"ListBuckets","#,
        r#""eventSource":"iam.amazonaws.com","eventName":"CreateAccessKey","requestParameters":{"userName":"bob"},"responseElements":{"accessKey":{"userName":"bob","accessKeyId":"AKIAEXAMPLE000000077"}},"#,
    );
    let pushed = first.push(made.as_bytes());
    assert_eq!((pushed.status, pushed.json()["accepted"].clone()), (200, json!(1)), "{}", pushed.text());
    let hold =
        json!({"subject": "arn:aws:iam::111122223333:user/alice", "profile": "deny", "reason": "test"});
    assert_eq!(first.post("/v1/holds", &hold).status, 201);
    let eye = first.token("eye", "read");
    let questions = ["/v1/identities", "/v1/findings", "/v1/holds", "/v1/tokens", "/v1/events"];
    let items = |server: &Server| questions.map(|path| server.get(path)["items"].clone());
    let before = items(&first);
    for (list, path) in before.iter().zip(questions) {
        assert!(!list.as_array().unwrap().is_empty(), "{path}: {list}");
    }
    assert!(first.stop().success());
    // dw_ID_SECRET_CHECKSUM: the id may be known.
    let secrets = [&token, &eye].map(|token| token.split('_').nth(2).unwrap().to_owned());
    for (path, bytes) in files_of(data.path()) {
        for secret in &secrets {
            let part = secret.as_bytes().get(..16).unwrap();
            assert!(!bytes.windows(part.len()).any(|window| window == part), "{}", path.display());
        }
    }
    let mut second = Server::start(data.path(), None);
    assert_eq!(second.token, "", "{:#?}", second.said);
    second.token = token;
    assert_eq!(items(&second), before);
    second.token = eye;
    assert_eq!(second.get("/v1/identities")["items"], before[0]);
    assert!(second.stop().success());
}

#[test]
fn settings_that_cannot_be_used_are_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let cases = [
        ("lisen = \"127.0.0.1:0\"\n", "lisen"),
        ("[policy]\nfolder = \"nowhere\"\n", "nowhere"),
        ("[response]\nmode = \"maybe\"\n", "maybe"),
        ("checkpoint_records = 0\n", "checkpoint_records"),
        ("[retention]\nevents = \"1h\"\n", "retention.events must be a day at least"),
        ("[retention]\nwhen_full = \"burn\"\n", "burn"),
        ("[[pep]]\nname = \"door\"\nmode = \"strict\"\n", "strict"),
        ("[[source]]\nname = \"feed\"\ntrust = \"maybe\"\n", "write verified or asserted"),
        ("[[source]]\nname = \"Feed!\"\ntrust = \"asserted\"\n", "no name of a source"),
        ("public_url = \"http://door.example\"\n", "http://door.example"),
    ];
    for (text, part) in cases {
        let data = dir.path().join("data");
        let mut serve = command(&data);
        serve.args(["--listen", "127.0.0.1:0", "--config"]).arg(config(dir.path(), text));
        let (code, said) = refused(serve);
        assert!(code == Some(1) && said.contains(part), "{text}: {said}");
    }
}

#[test]
fn a_policy_folder_that_is_not_valid_is_refused_with_file_and_line() {
    let dir = tempfile::tempdir().unwrap();
    let source = example("authzen-todo");
    for (path, bytes) in files_of(source.parent().unwrap()) {
        crate::support::put(&dir.path().join(path.strip_prefix(source.parent().unwrap()).unwrap()), &bytes);
    }
    fs::write(
        dir.path().join("policies/extra.cedar"),
        "// Fine so far.\n\npermit (principal, action == Action::\"can_fly\", resource);\n",
    )
    .unwrap();
    let mut serve = command(&dir.path().join("data"));
    serve.args(["--listen", "127.0.0.1:0", "--config"]).arg(dir.path().join("doorward.toml"));
    let (code, said) = refused(serve);
    assert_eq!(code, Some(1));
    assert!(said.contains("extra.cedar:3") && said.contains("can_fly"), "{said}");
}
