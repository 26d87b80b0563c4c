//! What a `kill -9` may take of the records of decisions, and how that is told.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::serving::server::{Server, config, example};

/// Settings with policies that let alice read, and some of their own.
fn settings(dir: &Path, more: &str) -> PathBuf {
    let folder = example("authzen-certification").parent().unwrap().display().to_string();
    config(
        dir,
        &format!(
            "{more}\n[policy]\nfolder = \"{folder}/policies\"\nschema = \"{folder}/schema.cedarschema\"\n\
             entities = \"{folder}/entities.yaml\"\nmode = \"enforce\"\n[authzen]\nopen_on_loopback = true\n\
             [[pep]]\nname = \"loopback\"\nmode = \"enforce\"\n"
        ),
    )
}

fn ask(server: &Server, record: &str) {
    let question = json!({
        "subject": {"type": "user", "id": "alice"}, "action": {"name": "read"},
        "resource": {"type": "record", "id": record},
    });
    assert_eq!(server.evaluate(&question)["decision"], json!(true));
}

/// What the decisions in the journal were about, newest first.
fn recorded(server: &Server) -> Vec<Value> {
    let events = server.get("/v1/events?limit=1000")["items"].clone();
    events.as_array().unwrap().iter().map(|event| event["target"].clone()).collect()
}

fn missing(server: &Server) -> Value {
    server.get("/v1/status")["decisions_missing"].clone()
}

/// The longest that may be set.
const FLUSH: Duration = Duration::from_secs(10);

/// A data folder and its token, of a run that was killed before its second decision was recorded. Where the machine was
/// too slow for that, the attempt shows nothing, and another one is made.
fn killed_in_time(settings: &Path) -> (TempDir, String) {
    for _ in 0..20 {
        let data = tempfile::tempdir().unwrap();
        let mut server = Server::start(data.path(), Some(settings));
        assert_eq!(missing(&server), Value::Null);
        ask(&server, "record-1");
        // A question brings about a round, which may end after its answer, and has ended when another one is answered; the
        // next round comes with the next question, or when the time is over.
        assert_eq!(missing(&server), Value::Null);
        let asked = Instant::now();
        assert_eq!(missing(&server), Value::Null);
        ask(&server, "record-2");
        server.kill();
        if asked.elapsed() < FLUSH {
            return (data, server.token.clone());
        }
    }
    panic!("in 20 attempts no server was killed within {FLUSH:?}");
}

#[test]
fn a_buffered_decision_may_be_lost_and_the_next_start_says_when() {
    let dir = tempfile::tempdir().unwrap();
    // So long that the record of the decision is still on its way.
    let settings = settings(dir.path(), &format!("decision_flush_ms = {}", FLUSH.as_millis()));
    let (data, token) = killed_in_time(&settings);

    let mut server = Server::start(data.path(), Some(&settings));
    server.token.clone_from(&token);
    assert_eq!(recorded(&server), ["record-1"], "a question brings about a round, and the second had none");
    let told = missing(&server);
    assert_eq!(told["flush_ms"], 10_000, "{told}");
    assert!(told["from"].as_str() < told["to"].as_str(), "{told}");
    let said = "records of its last decisions may be missing";
    assert!(server.said.iter().any(|line| line.contains(said)), "{:#?}", server.said);
    // What ends well loses nothing, and what was once told is known for good.
    ask(&server, "record-3");
    assert!(server.stop().success());
    let mut server = Server::start(data.path(), Some(&settings));
    server.token = token;
    assert_eq!((recorded(&server), missing(&server)), (vec![json!("record-3"), json!("record-1")], told));
    assert!(!server.said.iter().any(|line| line.contains(said)), "{:#?}", server.said);
    server.kill();
}

#[test]
fn a_strict_decision_is_recorded_before_it_is_given() {
    let (dir, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let settings = settings(dir.path(), "decision_log = \"strict\"");
    let mut server = Server::start(data.path(), Some(&settings));
    let token = server.token.clone();
    let mut expected = Vec::new();
    for round in 0..5 {
        let record = format!("record-{round}");
        ask(&server, &record);
        server.kill();
        expected.insert(0, json!(record));
        server = Server::start(data.path(), Some(&settings));
        server.token.clone_from(&token);
        assert_eq!((recorded(&server), missing(&server)), (expected.clone(), Value::Null));
    }
}

#[test]
fn a_strict_log_sheds_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let settings = config(dir.path(), "decision_log = \"strict\"\n[decisions]\noverflow = \"shed\"\n");
    let mut serve = crate::serving::server::command(&dir.path().join("data"));
    serve.args(["--listen", "127.0.0.1:0", "--config"]).arg(settings);
    let (code, said) = crate::serving::server::refused(serve);
    assert!(code == Some(1) && said.contains("decisions.overflow must be refuse"), "{said}");
}
