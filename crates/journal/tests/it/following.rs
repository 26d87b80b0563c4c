//! A second connection beside the writer.

use doorward_journal::{Checkpoint, Journal, Log, Position};
use doorward_model::head::SignedHead;
use doorward_model::id::FactNumber;

use crate::engines::{append, newest_checkpoint, open, rows_from, scratch};
use crate::samples::{Numbering, START};

/// So large, and so hard to compress, that it is stored in several parts.
fn large(position: u64, seed: u32) -> Checkpoint {
    let words = std::iter::successors(Some(seed), |word| {
        Some(word.wrapping_mul(1_664_525).wrapping_add(1_013_904_223))
    });
    let bytes = words.map(|word| (word >> 24) as u8).take(3_500_000).collect();
    Checkpoint { position: Position(position), fact: FactNumber(0), format: 1, bytes }
}

#[test]
fn it_reads_what_is_durable_and_keeps_checkpoints_and_heads_while_the_writer_goes_on() {
    let (_folder, path) = scratch();
    let mut log = open(&path);
    let mut follower = log.follower().unwrap();
    assert_eq!(follower.head().unwrap(), *log.head());
    let mut next = Numbering::after(log.head());
    append(&mut log, &next.observations(0..3, START)).unwrap();
    assert_eq!(follower.head().unwrap(), *log.head());
    assert_eq!(rows_from(&follower, Position(0)).unwrap(), rows_from(&log, Position(0)).unwrap());

    let first = large(1, 7);
    follower.put_checkpoint(&first).unwrap();
    append(&mut log, &next.observations(3..6, START)).unwrap();
    follower.put_checkpoint(&large(2, 8)).unwrap();
    let again = large(2, 9);
    log.put_checkpoint(&again).unwrap();
    let ahead = follower.put_checkpoint(&large(3, 1)).unwrap_err();
    assert_eq!(ahead.to_string(), "cannot store a checkpoint of row 3: the last row is 2");
    let signed = SignedHead { row: 2, fact: 7, ..SignedHead::default() };
    follower.put_signed_head(&signed, &[7; 32]).unwrap();
    let ahead = follower.put_signed_head(&SignedHead { row: 3, ..signed.clone() }, &[8; 32]).unwrap_err();
    assert_eq!(ahead.to_string(), "cannot keep a signed head of row 3: the last row is 2");
    assert_eq!(follower.signers().unwrap(), [[7; 32]]);
    assert_eq!(follower.signed_heads(Position(2), 9).unwrap(), std::slice::from_ref(&signed));
    assert_eq!(follower.checkpoints().unwrap(), log.checkpoints().unwrap());
    assert_eq!(follower.checkpoint(Position(2)).unwrap().as_ref(), Some(&again));
    drop((log, follower));

    let log = open(&path);
    assert_eq!(log.signed_heads(Position(2), 9).unwrap(), [signed]);
    assert_eq!(log.checkpoints().unwrap(), [Position(2), Position(1)]);
    assert_eq!(log.checkpoint(Position(1)).unwrap(), Some(first));
    assert_eq!(newest_checkpoint(&log).unwrap(), Some(again));
    assert_eq!(rows_from(&log, Position(0)).unwrap().len(), 2);
}

#[test]
fn a_checkpoint_that_was_not_finished_is_none_and_leaves_nothing() {
    let (_folder, path) = scratch();
    let mut log = open(&path);
    let records = Numbering::after(log.head()).observations(0..3, START);
    append(&mut log, &records).unwrap();
    log.put_checkpoint(&large(1, 7)).unwrap();
    drop(log);
    // As after a crash before its last transaction.
    let database = rusqlite::Connection::open(path.join("journal.sqlite")).unwrap();
    assert_eq!(database.execute("DELETE FROM checkpoint", []).unwrap(), 1);
    let parts = || database.query_row("SELECT count(*) FROM checkpoint_part", [], |row| row.get(0));
    let unfinished: u32 = parts().unwrap();
    let mut log = open(&path);
    assert_eq!(log.checkpoints().unwrap(), []);
    let small = Checkpoint { bytes: b"state".to_vec(), ..large(1, 7) };
    log.put_checkpoint(&small).unwrap();
    assert_eq!((unfinished, parts().unwrap()), (4, 1_u32));
    assert_eq!(newest_checkpoint(&log).unwrap(), Some(small));
}
