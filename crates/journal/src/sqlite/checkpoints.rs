//! Checkpoints in the store: written in parts of a bounded size, each a short transaction, so that the writer of the
//! log never waits long for a connection that keeps one.

use doorward_model::id::FactNumber;
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};

use super::store::{pack, unpack};
use crate::error::JournalError;
use crate::journal::{CHECKPOINTS_KEPT, Checkpoint, Position};

/// A checkpoint as it is stored.
struct Stored {
    checkpoint: Checkpoint,
    hash: [u8; 16],
    size: i64,
}

/// Stores a checkpoint, and drops those beyond the [`CHECKPOINTS_KEPT`] newest. It is there with its last
/// transaction, and not before.
pub(super) fn put(connection: &mut Connection, checkpoint: &Checkpoint) -> Result<(), JournalError> {
    let (hash, size, packed) = pack(&checkpoint.bytes)?;
    let position = checkpoint.position.0.cast_signed();
    connection.execute("DELETE FROM checkpoint WHERE position = ?1", [position])?;
    drop_orphans(connection)?;
    for (number, part) in (0_i64..).zip(packed.chunks(PART_BYTES)) {
        connection
            .execute("INSERT INTO checkpoint_part VALUES (?1, ?2, ?3)", params![position, number, part])?;
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let (fact, format) = (checkpoint.fact.0.cast_signed(), checkpoint.format);
    let nothing: [u8; 0] = [];
    transaction.execute(
        "INSERT INTO checkpoint VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![position, fact, format, hash, size, nothing],
    )?;
    transaction.execute(
        "DELETE FROM checkpoint WHERE position NOT IN
             (SELECT position FROM checkpoint ORDER BY position DESC LIMIT ?1)",
        [i64::try_from(CHECKPOINTS_KEPT).unwrap_or(i64::MAX)],
    )?;
    transaction.commit()?;
    drop_orphans(connection)
}

/// Drops parts of no checkpoint: of one that was replaced, or was not finished.
fn drop_orphans(connection: &Connection) -> Result<(), JournalError> {
    let mut drop = connection.prepare_cached(
        "DELETE FROM checkpoint_part WHERE rowid IN (SELECT rowid FROM checkpoint_part
             WHERE position NOT IN (SELECT position FROM checkpoint) LIMIT 1)",
    )?;
    while drop.execute([])? > 0 {}
    Ok(())
}

/// The positions of which there are checkpoints, the newest first.
pub(super) fn positions(connection: &Connection) -> Result<Vec<Position>, JournalError> {
    let mut query = connection.prepare_cached("SELECT position FROM checkpoint ORDER BY position DESC")?;
    let positions = query.query_map([], |row| Ok(Position(row.get::<_, i64>(0)?.cast_unsigned())))?;
    Ok(positions.collect::<Result<_, _>>()?)
}

/// The checkpoint of a position.
pub(super) fn get(connection: &Connection, position: Position) -> Result<Option<Checkpoint>, JournalError> {
    let select = "SELECT position, fact, format, packed, hash, size FROM checkpoint WHERE position = ?1";
    let found = connection.query_row(select, [position.0.cast_signed()], stored).optional()?;
    let Some(Stored { mut checkpoint, hash, size }) = found else { return Ok(None) };
    // The first release stored them in one piece.
    if checkpoint.bytes.is_empty() {
        checkpoint.bytes = parts(connection, position)?;
    }
    checkpoint.bytes =
        unpack(&checkpoint.bytes, hash, size).ok_or(JournalError::Corrupt { what: "checkpoint" })?;
    Ok(Some(checkpoint))
}

fn stored(row: &Row<'_>) -> rusqlite::Result<Stored> {
    let checkpoint = Checkpoint {
        position: Position(row.get::<_, i64>(0)?.cast_unsigned()),
        fact: FactNumber(row.get::<_, i64>(1)?.cast_unsigned()),
        format: row.get(2)?,
        bytes: row.get(3)?,
    };
    Ok(Stored { checkpoint, hash: row.get(4)?, size: row.get(5)? })
}

fn parts(connection: &Connection, position: Position) -> Result<Vec<u8>, JournalError> {
    let mut query =
        connection.prepare_cached("SELECT bytes FROM checkpoint_part WHERE position = ?1 ORDER BY part")?;
    let mut packed = Vec::new();
    let mut rows = query.query([position.0.cast_signed()])?;
    while let Some(row) = rows.next()? {
        let part = row.get_ref(0)?.as_blob().map_err(|_| JournalError::Corrupt { what: "checkpoint" })?;
        packed.extend_from_slice(part);
    }
    Ok(packed)
}

/// How many bytes one transaction stores.
const PART_BYTES: usize = 1 << 20;
