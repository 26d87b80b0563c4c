//! The tables, their format envelopes, and how a connection is set up.

use std::path::Path;
use std::time::Duration;

use doorward_model::id::TenantId;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::{Options, PAGE_BYTES, Synchronous};
use crate::error::JournalError;
use crate::journal::Room;

/// What is stored, each with the format that this version writes and reads, and the lowest format that a reader
/// must know. A kind that a later version adds and that we may ignore comes with a `min_reader` of 0.
const KINDS: [(&str, u32, u32); 7] = [
    ("rows", 2, 2),
    ("head", 1, 1),
    ("fingerprints", 1, 1),
    ("checkpoints", 2, 2),
    ("blobs", 1, 1),
    ("run", 1, 0),
    ("signed_heads", 1, 0),
];

const TABLES: &str = "
    CREATE TABLE meta (kind TEXT PRIMARY KEY, format INTEGER NOT NULL, min_reader INTEGER NOT NULL);
    CREATE TABLE tenant (name TEXT NOT NULL);
    CREATE TABLE row (position INTEGER PRIMARY KEY, header BLOB NOT NULL, hash BLOB NOT NULL, packed BLOB);
    CREATE TABLE head (id INTEGER PRIMARY KEY CHECK (id = 1), bytes BLOB NOT NULL);
    CREATE TABLE fingerprint (position INTEGER NOT NULL, hour INTEGER NOT NULL, entries BLOB NOT NULL);
    CREATE INDEX fingerprint_hour ON fingerprint (hour);
    CREATE INDEX fingerprint_position ON fingerprint (position);
    CREATE TABLE checkpoint (
        position INTEGER PRIMARY KEY, fact INTEGER NOT NULL, format INTEGER NOT NULL,
        hash BLOB NOT NULL, size INTEGER NOT NULL, packed BLOB NOT NULL);
    CREATE TABLE blob (hash BLOB PRIMARY KEY, size INTEGER NOT NULL, packed BLOB NOT NULL);
";

/// What a data folder of an earlier release is lacking.
const ADDED: &str = "
    CREATE TABLE IF NOT EXISTS checkpoint_part (
        position INTEGER NOT NULL, part INTEGER NOT NULL, bytes BLOB NOT NULL);
    CREATE UNIQUE INDEX IF NOT EXISTS checkpoint_part_place ON checkpoint_part (position, part);
    CREATE TABLE IF NOT EXISTS run (flush_ms INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS signed_head (position INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
    CREATE TABLE IF NOT EXISTS signer (place INTEGER PRIMARY KEY, public_key BLOB NOT NULL UNIQUE);
    CREATE TABLE IF NOT EXISTS pruned (kind INTEGER PRIMARY KEY, position INTEGER NOT NULL);
";

/// How large the write-ahead log stays after a checkpoint.
const WAL_BYTES_KEPT: u32 = 64 * 1024 * 1024;
/// How long to wait for a reader that is in the way.
const BUSY: Duration = Duration::from_secs(5);

/// Opens a database without changing it.
pub(super) fn connect(path: &Path) -> Result<Connection, JournalError> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

/// Makes the tables of a new data folder, or checks that those of an old one may be read.
pub(super) fn prepare(
    connection: &mut Connection,
    folder: &Path,
    tenant: &TenantId,
) -> Result<(), JournalError> {
    let exists = "SELECT 1 FROM sqlite_schema WHERE name = 'meta'";
    if connection.query_row(exists, [], |_| Ok(())).optional()?.is_some() {
        check_kinds(connection, folder)?;
        check_tenant(connection, folder, tenant)?;
        return upgrade(connection);
    }
    connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    create(&transaction, tenant)?;
    Ok(transaction.commit()?)
}

/// Brings the tables of an earlier release to this one, if they are not.
fn upgrade(connection: &mut Connection) -> Result<(), JournalError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let known = "SELECT count(*) FROM meta WHERE kind = ?1 AND format >= ?2";
    let is_ours = |(kind, format, _): &(&str, u32, u32)| {
        transaction.query_row(known, params![kind, format], |row| Ok(row.get::<_, u32>(0)? > 0))
    };
    let ours = KINDS.iter().map(is_ours).collect::<Result<Vec<_>, _>>()?;
    if ours.contains(&false) {
        transaction.execute_batch(ADDED)?;
        put_kinds(&transaction)?;
    }
    Ok(transaction.commit()?)
}

fn put_kinds(transaction: &Transaction<'_>) -> Result<(), JournalError> {
    for (kind, format, min_reader) in KINDS {
        transaction.execute(
            "INSERT INTO meta VALUES (?1, ?2, ?3) ON CONFLICT (kind) DO UPDATE
                 SET format = excluded.format, min_reader = excluded.min_reader
                 WHERE excluded.format > meta.format",
            params![kind, format, min_reader],
        )?;
    }
    Ok(())
}

fn create(transaction: &Transaction<'_>, tenant: &TenantId) -> Result<(), JournalError> {
    transaction.execute_batch(TABLES)?;
    transaction.execute_batch(ADDED)?;
    put_kinds(transaction)?;
    transaction.execute("INSERT INTO tenant VALUES (?1)", [tenant.as_str()])?;
    Ok(())
}

/// Refuses what was written for newer readers only.
fn check_kinds(connection: &Connection, folder: &Path) -> Result<(), JournalError> {
    let mut statement = connection.prepare("SELECT kind, format, min_reader FROM meta ORDER BY kind")?;
    let stored = statement
        .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, u32>(1)?, row.get::<_, u32>(2)?)))?;
    for entry in stored {
        let (kind, format, min_reader) = entry?;
        let reads = KINDS.iter().find(|known| known.0 == kind).map_or(0, |known| known.1);
        if min_reader > reads {
            return Err(JournalError::Newer { path: folder.to_path_buf(), kind, format, min_reader, reads });
        }
    }
    Ok(())
}

fn check_tenant(connection: &Connection, folder: &Path, tenant: &TenantId) -> Result<(), JournalError> {
    let found: String = connection.query_row("SELECT name FROM tenant", [], |row| row.get(0))?;
    if found != tenant.as_str() {
        let asked = tenant.to_string();
        return Err(JournalError::Tenant { path: folder.to_path_buf(), asked, found });
    }
    Ok(())
}

/// Sets what holds for this connection only.
pub(super) fn tune(connection: &Connection, options: Options) -> Result<(), JournalError> {
    let synchronous = match options.synchronous {
        Synchronous::Full => "FULL",
        Synchronous::Off => "OFF",
    };
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.pragma_update_and_check(None, "journal_size_limit", WAL_BYTES_KEPT, |_| Ok(()))?;
    options.page_limit.map_or(Ok(()), |pages| limit_pages(connection, pages))
}

/// SQLite never goes below the pages that are in use.
pub(super) fn limit_pages(connection: &Connection, pages: u32) -> Result<(), JournalError> {
    Ok(connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?)
}

pub(super) fn room(connection: &Connection) -> Result<Room, JournalError> {
    let pages = |name| connection.pragma_query_value(None, name, |row| row.get::<_, u32>(0));
    let bytes = |pages: u32| u64::from(pages) * u64::from(PAGE_BYTES);
    let used = pages("page_count")?.saturating_sub(pages("freelist_count")?);
    Ok(Room { used: bytes(used), limit: bytes(pages("max_page_count")?) })
}
