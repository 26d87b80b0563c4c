//! Checkpoints are kept while the server runs, so that a start after any end folds only what came after.

use std::path::Path;

use doorward_model::time::{Millis, Time};
use rusqlite::Connection;

use crate::serving::server::{Server, ago, config, listing};

const KEPT: &str = "a checkpoint is kept row=";
const FOLDED: &str = "the journal is folded checkpoint=";

fn push(server: &Server, ids: std::ops::Range<u32>, at: Time) {
    let lines: Vec<_> = ids.map(|id| listing(&format!("event-{id}"), at)).collect();
    let answer = server.push(lines.join("\n").as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.text());
}

/// The number after a word in a line.
fn number(line: &str, word: &str) -> u64 {
    let rest = line.split(word).nth(1).unwrap_or_else(|| panic!("{word:?} is not in {line:?}"));
    rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap()
}

/// What a start says: from which checkpoint, and how many rows it folded.
fn folded(server: &Server) -> (u64, u64) {
    let line = server.said.iter().find(|line| line.contains(FOLDED)).unwrap();
    (number(line, FOLDED), number(line, "rows="))
}

fn identities(server: &Server) -> serde_json::Value {
    server.get("/v1/identities")["items"].clone()
}

fn database(data: &Path) -> Connection {
    Connection::open(data.join("journal.sqlite")).unwrap()
}

#[test]
fn after_a_kill_only_what_follows_the_last_checkpoint_is_folded() {
    let (dir, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let settings = config(dir.path(), "checkpoint_records = 50\n");
    let at = ago(Millis::HOUR);
    let mut server = Server::start(data.path(), Some(&settings));
    assert_eq!(folded(&server), (0, 0));
    let token = server.token.clone();
    push(&server, 0..200, at);
    let first = number(&server.hears(KEPT), KEPT);
    push(&server, 200..400, at);
    let kept = number(&server.hears(KEPT), KEPT);
    let status = server.get("/v1/status");
    let upkeep = &status["upkeep"];
    assert!(upkeep["checkpoint_at"].is_string() && upkeep["pruned"]["at"].is_string(), "{status}");
    assert!(upkeep["journal_bytes"].as_u64() > Some(0), "{status}");
    assert_eq!(upkeep["pruned"]["events"], 0, "{status}");
    push(&server, 400..410, at);
    let before = identities(&server);
    server.kill();

    let last: u32 =
        database(data.path()).query_row("SELECT max(position) FROM row", [], |row| row.get(0)).unwrap();
    let last = u64::from(last);
    assert!(first < kept && kept < last, "{first} {kept} {last}");
    let mut server = Server::start(data.path(), Some(&settings));
    assert_eq!(folded(&server), (kept, last - kept));
    server.token.clone_from(&token);
    assert_eq!(identities(&server), before);
    assert_eq!(server.push(listing("event-7", at).as_bytes()).json()["duplicate"], 1);
    server.kill();

    // One that cannot be read back costs time, and nothing else: the one before it serves, and without one the log.
    let spoil = "UPDATE checkpoint_part SET bytes = zeroblob(9) WHERE position = (SELECT max(position) FROM checkpoint)";
    database(data.path()).execute(spoil, []).unwrap();
    let mut server = Server::start(data.path(), Some(&settings));
    assert_eq!(folded(&server).0, first);
    assert!(
        server.said.iter().any(|line| line.contains("a checkpoint cannot be loaded")),
        "{:#?}",
        server.said
    );
    server.token.clone_from(&token);
    assert_eq!(identities(&server), before);
    server.kill();

    database(data.path()).execute("UPDATE checkpoint SET format = 99", []).unwrap();
    let mut server = Server::start(data.path(), Some(&settings));
    assert_eq!(folded(&server).0, 0);
    server.token = token;
    assert_eq!(identities(&server), before);
}
