//! The statements: every read and write of the tables.

use std::collections::BTreeSet;
use std::io;

use doorward_model::hash::Hash16;
use doorward_model::id::FactNumber;
use doorward_model::time::Time;
use prost::Message;
use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, params};

use crate::dedupe::{Dated, Fingerprint, Hour, Learn};
use crate::error::JournalError;
use crate::journal::{ChainHash, Expired, Head, Kept, Position, Pruned};
use crate::seal::SealedRow;

const LEVEL: i32 = 3;

/// The head as it is stored.
#[derive(Clone, PartialEq, prost::Message)]
struct StoredHead {
    #[prost(uint64, tag = "1")]
    position: u64,
    #[prost(uint64, tag = "2")]
    fact: u64,
    #[prost(int64, tag = "3")]
    recorded_at_ms: i64,
    #[prost(bytes = "vec", tag = "4")]
    hash: Vec<u8>,
    #[prost(uint64, repeated, tag = "5")]
    partitions: Vec<u64>,
}

/// The stored head; `None` before the first append.
pub(super) fn head(connection: &Connection) -> Result<Option<Head>, JournalError> {
    let bytes: Option<Vec<u8>> =
        connection.query_row("SELECT bytes FROM head", [], |row| row.get(0)).optional()?;
    bytes.map(|bytes| decode_head(&bytes).ok_or(JournalError::Corrupt { what: "head" })).transpose()
}

fn decode_head(bytes: &[u8]) -> Option<Head> {
    let stored = StoredHead::decode(bytes).ok()?;
    let hash = ChainHash(stored.hash.try_into().ok()?);
    let mut head = Head::empty(hash);
    if stored.partitions.len() != head.partitions.len() {
        return None;
    }
    head.position = Position(stored.position);
    head.fact = FactNumber(stored.fact);
    head.recorded_at = Time::from_ms(stored.recorded_at_ms);
    head.partitions = stored.partitions;
    Some(head)
}

pub(super) fn put_head(connection: &Connection, head: &Head) -> Result<(), JournalError> {
    let stored = StoredHead {
        position: head.position.0,
        fact: head.fact.0,
        recorded_at_ms: head.recorded_at.ms(),
        hash: head.hash.0.to_vec(),
        partitions: head.partitions.clone(),
    };
    let mut put = connection.prepare_cached("INSERT OR REPLACE INTO head VALUES (1, ?1)")?;
    put.execute([stored.encode_to_vec()])?;
    Ok(())
}

/// Checks that the head names the last row; the rest of the chain is for `verify`.
pub(super) fn check_end(connection: &Connection, head: &Head) -> Result<(), JournalError> {
    let last = "SELECT position, header, hash, packed FROM row ORDER BY position DESC LIMIT 1";
    let last = connection.query_row(last, [], sealed_row).optional()?;
    let agrees = match &last {
        Some(row) => row.position == head.position && row.hash == head.hash,
        None => head.position == Position(0),
    };
    if agrees { Ok(()) } else { Err(JournalError::Corrupt { what: "head" }) }
}

/// Puts rows, in which events with these fingerprints are.
pub(super) fn put_rows(
    connection: &Connection,
    rows: &[SealedRow],
    events: &[Dated],
) -> Result<(), JournalError> {
    let mut put = connection.prepare_cached("INSERT INTO row VALUES (?1, ?2, ?3, ?4)")?;
    let mut waiting = events;
    for row in rows {
        put.execute(params![row.position.0.cast_signed(), row.header, row.hash.0, row.packed])?;
        let count = usize::try_from(row.events()?).unwrap_or(usize::MAX);
        let (of_row, rest) = waiting.split_at_checked(count).unwrap_or((waiting, &[]));
        put_fingerprints(connection, row.position, of_row)?;
        waiting = rest;
    }
    Ok(())
}

/// One entry for each hour that the row touches.
fn put_fingerprints(
    connection: &Connection,
    position: Position,
    fingerprints: &[Dated],
) -> Result<(), JournalError> {
    let mut put = connection.prepare_cached("INSERT INTO fingerprint VALUES (?1, ?2, ?3)")?;
    let mut by_hour = fingerprints.to_vec();
    by_hour.sort_by_key(|(hour, _)| *hour);
    for of_hour in by_hour.chunk_by(|one, other| one.0 == other.0) {
        let Some((hour, _)) = of_hour.first() else { continue };
        let entries: Vec<u8> = of_hour.iter().flat_map(|(_, fingerprint)| fingerprint.to_bytes()).collect();
        put.execute(params![position.0.cast_signed(), hour.0, entries])?;
    }
    Ok(())
}

/// Gives out the fingerprints of an hour.
pub(super) fn fingerprints(
    connection: &Connection,
    hour: Hour,
    learn: Learn<'_>,
) -> Result<(), JournalError> {
    let mut query =
        connection.prepare_cached("SELECT entries FROM fingerprint WHERE hour = ?1 ORDER BY position")?;
    let mut rows = query.query([hour.0])?;
    while let Some(row) = rows.next()? {
        let stored = row.get_ref(0)?.as_blob().map_err(|_| JournalError::Corrupt { what: "fingerprints" })?;
        let (whole, cut) = stored.as_chunks();
        if !cut.is_empty() {
            return Err(JournalError::Corrupt { what: "fingerprints" });
        }
        whole.iter().map(Fingerprint::from_bytes).try_for_each(&mut *learn)?;
    }
    Ok(())
}

fn sealed_row(row: &Row<'_>) -> rusqlite::Result<SealedRow> {
    Ok(SealedRow {
        position: Position(row.get::<_, i64>(0)?.cast_unsigned()),
        header: row.get(1)?,
        hash: ChainHash(row.get(2)?),
        packed: row.get(3)?,
    })
}

/// A query for rows in order.
pub(super) struct Rows<'a>(CachedStatement<'a>);

pub(super) fn rows(connection: &Connection) -> Result<Rows<'_>, JournalError> {
    Ok(Rows(connection.prepare_cached(
        "SELECT position, header, hash, packed FROM row WHERE position >= ?1 ORDER BY position",
    )?))
}

impl Rows<'_> {
    /// The rows from a position on.
    pub(super) fn from(
        &mut self,
        position: Position,
    ) -> Result<impl Iterator<Item = Result<SealedRow, JournalError>>, JournalError> {
        let rows = self.0.query_map([position.0.cast_signed()], sealed_row)?;
        Ok(rows.map(|row| row.map_err(JournalError::from)))
    }
}

/// Drops what has expired, and returns the hours whose fingerprints have changed.
pub(super) fn prune(
    connection: &Connection,
    expired: &Expired,
) -> Result<(Pruned, BTreeSet<Hour>), JournalError> {
    let (mut pruned, mut hours) = (Pruned::default(), BTreeSet::new());
    let mut drop = connection.prepare_cached("UPDATE row SET packed = NULL WHERE position = ?1")?;
    let mut forget =
        connection.prepare_cached("DELETE FROM fingerprint WHERE position = ?1 RETURNING hour")?;
    let (mut looked, mut last) = (0, None);
    for row in next_of(connection, expired)? {
        let header = row.header()?;
        if header.recorded_at_ms >= expired.before.ms() {
            break;
        }
        (looked, last) = (looked + 1, Some(row.position));
        if header.kind().kept() != Some(expired.kind) {
            continue;
        }
        let position = [row.position.0.cast_signed()];
        if drop.execute(position)? > 0 {
            pruned.rows += 1;
            pruned.observations += header.records;
        }
        for hour in forget.query_map(position, |row| row.get(0))? {
            hours.insert(Hour(hour?));
        }
    }
    pruned.more = looked == expired.rows_max;
    if let Some(last) = last {
        let put = "INSERT OR REPLACE INTO pruned VALUES (?1, ?2)";
        connection.execute(put, params![pruned_as(expired.kind), last.0.cast_signed()])?;
    }
    Ok((pruned, hours))
}

/// The rows to look at next, without their content. Times never go back along the log, so what has expired lies at
/// its beginning, and what was looked at before need not be looked at again.
fn next_of(connection: &Connection, expired: &Expired) -> Result<Vec<SealedRow>, JournalError> {
    let last: Option<i64> = connection
        .query_row("SELECT position FROM pruned WHERE kind = ?1", [pruned_as(expired.kind)], |row| row.get(0))
        .optional()?;
    let mut query = connection.prepare_cached(
        "SELECT position, header, hash, NULL FROM row WHERE position > ?1 AND position <= ?2
             ORDER BY position LIMIT ?3",
    )?;
    let limit = i64::try_from(expired.rows_max).unwrap_or(i64::MAX);
    let through = expired.through.0.min(i64::MAX.cast_unsigned()).cast_signed();
    let rows = query.query_map([last.unwrap_or(0), through, limit], sealed_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Up to which row all kinds of observations have expired.
pub(super) fn expired(connection: &Connection) -> Result<Position, JournalError> {
    let select = "SELECT min(position) FROM pruned HAVING count(*) = 2";
    let found: Option<i64> = connection.query_row(select, [], |row| row.get(0)).optional()?;
    Ok(Position(found.unwrap_or(0).cast_unsigned()))
}

/// When the last row was recorded up to which all observations of a kind have expired.
pub(super) fn expired_to(connection: &Connection, kind: Kept) -> Result<Option<Time>, JournalError> {
    let select =
        "SELECT row.position, header, hash, NULL FROM row JOIN pruned USING (position) WHERE kind = ?1";
    let last = connection.query_row(select, [pruned_as(kind)], sealed_row).optional()?;
    last.map(|row| Ok(Time::from_ms(row.header()?.recorded_at_ms))).transpose()
}

/// The number by which a kind is stored.
const fn pruned_as(kind: Kept) -> i64 {
    match kind {
        Kept::Events => 1,
        Kept::Decisions => 2,
    }
}

pub(super) fn put_blob(connection: &Connection, bytes: &[u8]) -> Result<Hash16, JournalError> {
    let known = Hash16::of(bytes);
    let mut query = connection.prepare_cached("SELECT 1 FROM blob WHERE hash = ?1")?;
    if query.exists([known.0])? {
        return Ok(known);
    }
    let (hash, size, packed) = pack(bytes)?;
    let mut insert = connection.prepare_cached("INSERT OR IGNORE INTO blob VALUES (?1, ?2, ?3)")?;
    insert.execute(params![hash, size, packed])?;
    Ok(Hash16(hash))
}

pub(super) fn blob(connection: &Connection, hash: Hash16) -> Result<Option<Vec<u8>>, JournalError> {
    let mut query = connection.prepare_cached("SELECT size, packed FROM blob WHERE hash = ?1")?;
    let found = query.query_row([hash.0], |row| Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?))).optional()?;
    let Some((size, packed)) = found else { return Ok(None) };
    unpack(&packed, hash.0, size).ok_or(JournalError::Corrupt { what: "blob" }).map(Some)
}

/// Hash, size and compressed form of a large thing.
pub(super) fn pack(bytes: &[u8]) -> Result<([u8; 16], i64, Vec<u8>), JournalError> {
    let size =
        i64::try_from(bytes.len()).map_err(|_| JournalError::Compress(io::ErrorKind::FileTooLarge.into()))?;
    let packed = zstd::bulk::compress(bytes, LEVEL).map_err(JournalError::Compress)?;
    Ok((Hash16::of(bytes).0, size, packed))
}

/// The large thing, when it is what was packed.
pub(super) fn unpack(packed: &[u8], hash: [u8; 16], size: i64) -> Option<Vec<u8>> {
    let bytes = zstd::bulk::decompress(packed, usize::try_from(size).ok()?).ok()?;
    (Hash16::of(&bytes).0 == hash).then_some(bytes)
}
