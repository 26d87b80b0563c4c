//! Data folders of earlier releases, which every later one must open.
//!
//! `DOORWARD_WRITE_GOLDEN=1 cargo test -p doorward-journal golden` writes the folder of the current format anew;
//! a folder that a release has shipped is never written again.

use std::fs;
use std::path::{Path, PathBuf};

use doorward_journal::{Checkpoint, Content, Journal, Position, Seen, Verified};
use doorward_model::hash::Hash16;
use doorward_model::id::FactNumber;
use doorward_model::record::Record;
use doorward_model::time::Millis;

use crate::engines::{all_events, append, newest_checkpoint, open, rows_from, scratch};
use crate::samples::{Numbering, START, event, row};

const POLICY: &[u8] = br#"{"Version":"2012-10-17","Statement":[]}"#;

fn stored() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/format-1/journal.sqlite")
}

/// The records of the folder: what expires, a fact, what stays.
fn records(next: &mut Numbering) -> [Vec<Record>; 3] {
    [
        next.observations(0..5, START),
        vec![next.fact(START + Millis::MINUTE)],
        next.observations(5..12, START + Millis::HOUR),
    ]
}

fn checkpoint() -> Checkpoint {
    Checkpoint { position: Position(2), fact: FactNumber(1), format: 1, bytes: b"state".to_vec() }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "writing the folder is asked for by hand")]
fn golden_write() {
    if std::env::var_os("DOORWARD_WRITE_GOLDEN").is_none() {
        return;
    }
    let (_folder, path) = scratch();
    let mut log = open(&path);
    for batch in records(&mut Numbering::after(log.head())) {
        append(&mut log, &batch).unwrap();
    }
    log.put_checkpoint(&checkpoint()).unwrap();
    log.put_blob(POLICY).unwrap();
    log.prune(&all_events(START + Millis::SECOND)).unwrap();
    drop(log);
    fs::create_dir_all(stored().parent().unwrap()).unwrap();
    fs::copy(path.join("journal.sqlite"), stored()).unwrap();
}

#[test]
fn golden_format_1_opens_and_goes_on() {
    let (_folder, path) = scratch();
    fs::create_dir(&path).unwrap();
    fs::copy(stored(), path.join("journal.sqlite")).unwrap();
    let mut log = open(&path);

    let empty = doorward_journal::Memory::new(doorward_journal::Keep::All).unwrap();
    let [_, fact, kept] = records(&mut Numbering::after(empty.head()));
    let expected = [
        row(1, 0, START, Content::Expired(5)),
        row(2, 0, START + Millis::MINUTE, Content::Records(fact)),
        row(3, 1, START + Millis::HOUR, Content::Records(kept)),
    ];
    assert_eq!(rows_from(&log, Position(0)).unwrap(), expected);
    assert_eq!(log.verify().unwrap(), Verified { rows: 2, expired: 1 });
    assert_eq!(newest_checkpoint(&log).unwrap(), Some(checkpoint()));
    assert_eq!(log.blob(Hash16::of(POLICY)).unwrap().as_deref(), Some(POLICY));
    let seen = ["id-0", "id-7"].map(|id| log.check(&event(id, "other", 0)).unwrap());
    assert_eq!(seen, [Seen::New, Seen::Conflict]);
    let mut next = Numbering::after(log.head());
    let more = next.observations(12..15, START + Millis::DAY);
    assert_eq!(append(&mut log, &more).unwrap(), Position(4));
}
