//! What was changed behind our back is found, and the row is named.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use doorward_journal::{Journal, JournalError, Log, Options, Position};
use doorward_model::head::SignedHead;
use doorward_model::time::Millis;
use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};
use rusqlite::Connection;

use crate::engines::{all_events, append, newest_checkpoint, open, open_with, rows_from, scratch, tenant};
use crate::samples::{Numbering, START};

/// A database of six rows: facts and observations in turn, the first observations expired.
static SIX_ROWS: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let (_folder, path) = scratch();
    let mut log = open(&path);
    let mut next = Numbering::after(log.head());
    for turn in 0..3 {
        let at = START + Millis::HOUR.times(turn);
        append(&mut log, &[next.fact(at)]).unwrap();
        let first = u32::try_from(turn).unwrap() * 10;
        append(&mut log, &next.observations(first..first + 10, at)).unwrap();
    }
    log.prune(&all_events(START + Millis::SECOND)).unwrap();
    drop(log);
    fs::read(path.join("journal.sqlite")).unwrap()
});

fn write_six_rows(path: &Path) {
    fs::create_dir(path).unwrap();
    fs::write(path.join("journal.sqlite"), &*SIX_ROWS).unwrap();
}

/// Changes the database that lies beneath.
fn change(path: &Path, sql: &str) -> usize {
    Connection::open(path.join("journal.sqlite")).unwrap().execute(sql, []).unwrap()
}

/// The error of opening or verifying what was changed.
fn found(path: &Path) -> Option<String> {
    let log = open_with(path, &tenant(), Options::default());
    log.and_then(|log| log.verify()).err().map(|error| error.to_string())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_flipped_byte_is_found_and_its_row_named(
        position in 1..=6_u64,
        column in proptest::sample::select(vec!["header", "hash", "packed"]),
        byte in proptest::arbitrary::any::<proptest::sample::Index>(),
        bit in 0..8_u8,
    ) {
        let (_folder, path) = scratch();
        write_six_rows(&path);
        let database = Connection::open(path.join("journal.sqlite")).unwrap();
        let select = format!("SELECT {column} FROM row WHERE position = {position}");
        let stored: Option<Vec<u8>> = database.query_row(&select, [], |row| row.get(0)).unwrap();
        if let Some(mut stored) = stored {
            let at = byte.index(stored.len());
            stored[at] ^= 1 << bit;
            let update = format!("UPDATE row SET {column} = ?1 WHERE position = {position}");
            database.execute(&update, [stored]).unwrap();
            drop(database);
            let found = match open_with(&path, &tenant(), Options::default()) {
                Ok(log) => match log.verify().unwrap_err() {
                    JournalError::Broken { position, .. } => position,
                    other => panic!("{other}"),
                },
                // The end of the chain is compared at every start already.
                Err(JournalError::Corrupt { what: "head" }) => Position(6),
                Err(other) => panic!("{other}"),
            };
            prop_assert_eq!(found, Position(position));
        }
    }
}

#[test]
fn rows_taken_out_put_in_or_exchanged_are_found() {
    for (sql, message) in [
        ("SELECT 1", None),
        ("DELETE FROM row WHERE position = 3", Some("cannot read journal row 3: it is missing")),
        ("DELETE FROM row WHERE position = 1", Some("cannot read journal row 1: it is missing")),
        ("DELETE FROM row WHERE position = 6", Some("cannot read the head of the journal: it is not what was written")),
        (
            "INSERT INTO row SELECT 7, header, hash, packed FROM row WHERE position = 6",
            Some("cannot read the head of the journal: it is not what was written"),
        ),
        (
            "UPDATE row SET (header, hash, packed) = (SELECT header, hash, packed FROM row WHERE position = 3)
             WHERE position = 5",
            Some("cannot read journal row 5: its header belongs to another row"),
        ),
        ("UPDATE row SET packed = NULL WHERE position = 3", Some("cannot read journal row 3: its content is missing")),
        ("DELETE FROM head", Some("cannot read the head of the journal: it is not what was written")),
        (
            "UPDATE head SET bytes = CAST(substr(bytes, 1, length(bytes) - 1) || x'05' AS BLOB)",
            Some("cannot read the head of the journal: it is not what was written"),
        ),
        ("UPDATE head SET bytes = x'00'", Some("cannot read the head of the journal: it is not what was written")),
    ] {
        let (_folder, path) = scratch();
        write_six_rows(&path);
        if message.is_some() {
            assert_eq!(change(&path, sql), 1, "{sql}");
        }
        assert_eq!(found(&path).as_deref(), message, "{sql}");
    }
}

#[test]
fn reading_does_not_pass_over_a_changed_row() {
    for (column, reason) in [
        ("packed", "its content is not what was written"),
        ("hash", "its hash does not follow from its header and the row before"),
    ] {
        let (_folder, path) = scratch();
        write_six_rows(&path);
        change(&path, &format!("UPDATE row SET {column} = zeroblob(32) WHERE position = 5"));
        let read = rows_from(&open(&path), Position(4)).unwrap_err();
        assert_eq!(read.to_string(), format!("cannot read journal row 5: {reason}"));
    }
}

#[test]
fn changed_checkpoints_blobs_fingerprints_and_signed_heads_are_found() {
    let (_folder, path) = scratch();
    let hash = {
        let mut log = open(&path);
        let mut next = Numbering::after(log.head());
        append(&mut log, &next.observations(0..3, START)).unwrap();
        let (position, fact) = (log.head().position, log.head().fact);
        let bytes = b"state".to_vec();
        log.put_checkpoint(&doorward_journal::Checkpoint { position, fact, format: 1, bytes }).unwrap();
        log.put_blob(b"policy").unwrap()
    };
    change(&path, "UPDATE checkpoint SET size = size + 1, hash = zeroblob(16)");
    change(&path, "UPDATE blob SET packed = zeroblob(40)");
    change(&path, "UPDATE fingerprint SET entries = zeroblob(15)");
    let mut log = open(&path);
    log.put_signed_head(&SignedHead { row: 1, ..SignedHead::default() }, &[7; 32]).unwrap();
    change(&path, "UPDATE signed_head SET position = 0");
    let messages = [
        newest_checkpoint(&log).unwrap_err().to_string(),
        log.blob(hash).unwrap_err().to_string(),
        log.check(&crate::samples::event("id-0", "", 0)).unwrap_err().to_string(),
        log.signed_heads(Position(9), 9).unwrap_err().to_string(),
    ];
    assert_eq!(
        messages,
        ["checkpoint", "blob", "fingerprints", "signed heads"]
            .map(|what| format!("cannot read the {what} of the journal: it is not what was written"))
    );
}
