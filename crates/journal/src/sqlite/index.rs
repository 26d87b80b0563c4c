//! The search index: in which rows a term stands; and, in the same file, the ledger of what was used. A file of its own,
//! filled beside the writer and never by it; whatever happens to it, the log says the same, so it is made anew when it is
//! missing or does not fit.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use doorward_model::hash::Fingerprint;
use doorward_model::record::{Observation, Record};
use doorward_model::usage::Ledger;
use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::{Follower, folder, usage};
use crate::error::JournalError;
use crate::journal::{Content, Log, Position, Row};

/// What can be searched for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Term<'a> {
    /// The identity that acted.
    Identity(&'a str),
    /// A session: its ARN, or the name at its end.
    Session(&'a str),
    /// The key that was used.
    Key(&'a str),
    /// Where it came from.
    Address(&'a str),
    /// The id of a request or of an event.
    Request(&'a str),
}

/// The rows in which a term stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Standing {
    /// The newest of them, as many as were asked for, the newest first.
    pub rows: Vec<Position>,
    /// Up to which row the index goes: what was written later is not in it yet.
    pub through: Position,
}

impl Term<'_> {
    fn hash(self) -> i64 {
        let (kind, text) = match self {
            Self::Identity(text) => (b'i', text),
            Self::Session(text) => (b's', text),
            Self::Key(text) => (b'k', text),
            Self::Address(text) => (b'a', text),
            Self::Request(text) => (b'r', text),
        };
        let mut bytes = Vec::with_capacity(text.len() + 1);
        bytes.push(kind);
        bytes.extend_from_slice(text.as_bytes());
        // In the order of bytes in which they are stored.
        Fingerprint::of(&bytes).high.swap_bytes().cast_signed()
    }
}

/// Fills the search index of a log that another thread writes.
#[derive(Debug)]
pub struct Indexer {
    follower: Follower,
    connection: Connection,
}

impl Indexer {
    /// Goes on where the index ends, or begins one.
    ///
    /// # Errors
    /// When the index can neither be read nor made anew.
    pub fn new(follower: Follower, folder: &Path) -> Result<Self, JournalError> {
        let path = file(folder);
        let last = follower.head()?.position;
        if let Ok(connection) = open(&path)
            && through(&connection).is_ok_and(|through| through <= last)
        {
            return Ok(Self { follower, connection });
        }
        for end in ["", "-wal", "-shm"] {
            let mut path = path.clone().into_os_string();
            path.push(end);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(folder::failed("remove", Path::new(&path))(error));
                }
                Ok(()) | Err(_) => {}
            }
        }
        folder::create_file(&path)?;
        Ok(Self { follower, connection: open(&path)? })
    }

    /// Takes in the next rows, a bounded number, and tells up to which row the index goes then.
    ///
    /// # Errors
    /// When a row cannot be read, or SQLite fails; then nothing was taken in.
    pub fn step(&mut self) -> Result<Position, JournalError> {
        let from = through(&self.connection)?;
        let (mut entries, mut ledger) = (BTreeSet::new(), Ledger::default());
        let (mut last, mut rows) = (from, 0);
        self.follower.read_from(from.next(), &mut |row| {
            (last, rows) = (row.position, rows + 1);
            enter(&row, &mut entries);
            if let Content::Records(records) = &row.content {
                records.iter().for_each(|record| ledger.take_record(record));
            }
            if rows < ROWS_AT_ONCE { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        if last == from {
            return Ok(last);
        }
        let transaction = self.connection.transaction()?;
        let ranges: BTreeSet<_> = entries.iter().map(|(range, ..)| *range).collect();
        for range in ranges {
            transaction.execute_batch(&format!(
                "CREATE TABLE IF NOT EXISTS term_{range}
                     (hash INTEGER, position INTEGER, PRIMARY KEY (hash, position)) WITHOUT ROWID"
            ))?;
            let mut put =
                transaction.prepare_cached(&format!("INSERT OR IGNORE INTO term_{range} VALUES (?1, ?2)"))?;
            for (_, hash, position) in entries.iter().filter(|entry| entry.0 == range) {
                put.execute([*hash, *position])?;
            }
        }
        usage::put(&transaction, &ledger)?;
        transaction.execute("UPDATE through SET position = ?1", [last.0.cast_signed()])?;
        transaction.commit()?;
        Ok(last)
    }

    /// Drops what only leads to rows whose observations have expired, and what was used last too long ago.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn expire(&mut self) -> Result<(), JournalError> {
        let expired = self.follower.expired()?.0.cast_signed();
        for range in ranges(&self.connection)? {
            if (range + 1) << RANGE_BITS <= expired {
                self.connection.execute_batch(&format!("DROP TABLE term_{range}"))?;
            }
        }
        usage::expire(&self.connection)
    }
}

/// Where a term stands, up to a row; none when there is no index, or none that can be read: then the log has to be.
pub(super) fn standing(folder: &Path, term: Term<'_>, up_to: Position, limit: usize) -> Option<Standing> {
    look_up(&reading(folder)?, term.hash(), up_to, limit).ok()
}

/// What was used, up to a row; none when there is no index, or none that can be read.
pub(super) fn usage(folder: &Path) -> Option<(Ledger, Position)> {
    let mut connection = reading(folder)?;
    // Of one instant, both.
    let transaction = connection.transaction().ok()?;
    Some((usage::get(&transaction).ok()?, through(&transaction).ok()?))
}

/// A connection to an index that is there.
fn reading(folder: &Path) -> Option<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(file(folder), flags).ok()
}

fn look_up(
    connection: &Connection,
    hash: i64,
    up_to: Position,
    limit: usize,
) -> Result<Standing, JournalError> {
    let through = through(connection)?;
    let last = up_to.0.min(i64::MAX.cast_unsigned()).cast_signed();
    let mut rows = Vec::new();
    for range in ranges(connection)?.into_iter().rev().filter(|range| range << RANGE_BITS <= last) {
        let left = limit - rows.len();
        if left == 0 {
            break;
        }
        let mut query = connection.prepare_cached(&format!(
            "SELECT position FROM term_{range} WHERE hash = ?1 AND position <= ?2
                 ORDER BY position DESC LIMIT ?3"
        ))?;
        let left = i64::try_from(left).unwrap_or(i64::MAX);
        let found = query.query_map([hash, last, left], |row| row.get::<_, i64>(0))?;
        for position in found {
            rows.push(Position(position?.cast_unsigned()));
        }
    }
    Ok(Standing { rows, through })
}

fn file(folder: &Path) -> PathBuf {
    folder.join("index.sqlite")
}

fn open(path: &Path) -> Result<Connection, JournalError> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // What a power cut takes is entered again.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.execute_batch(&format!(
        "CREATE TABLE IF NOT EXISTS through (position INTEGER NOT NULL, format INTEGER NOT NULL);
         INSERT INTO through SELECT 0, {FORMAT} WHERE NOT EXISTS (SELECT 1 FROM through);"
    ))?;
    usage::create(&connection)?;
    Ok(connection)
}

/// Up to which row the index goes.
fn through(connection: &Connection) -> Result<Position, JournalError> {
    let select = "SELECT position FROM through WHERE format = ?1";
    let found: Option<i64> = connection.query_row(select, [FORMAT], |row| row.get(0)).optional()?;
    found.map(|row| Position(row.cast_unsigned())).ok_or(JournalError::Corrupt { what: "search index" })
}

/// The ranges of rows of which there are entries.
fn ranges(connection: &Connection) -> Result<BTreeSet<i64>, JournalError> {
    let mut query =
        connection.prepare_cached("SELECT substr(name, 6) FROM sqlite_schema WHERE name GLOB 'term_*'")?;
    let names = query.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
}

fn enter(row: &Row, entries: &mut BTreeSet<(i64, i64, i64)>) {
    let Content::Records(records) = &row.content else { return };
    let position = row.position.0.cast_signed();
    for record in records {
        let Record::Observation(seen) = record else { continue };
        for term in terms(seen).into_iter().flatten() {
            entries.insert((position >> RANGE_BITS, term.hash(), position));
        }
    }
}

/// What an observation can be found by.
fn terms(seen: &Observation) -> [Option<Term<'_>>; 7] {
    let event = &seen.event;
    let name = seen.session().rsplit('/').next().unwrap_or_default();
    [
        Term::Identity(&seen.identity),
        Term::Session(seen.session()),
        Term::Session(name),
        Term::Key(&event.actor.access_key_id),
        Term::Address(&event.client.address),
        Term::Request(&event.request_id),
        Term::Request(&event.id),
    ]
    .map(|term| Some(term).filter(|term| !term.text().is_empty()))
}

impl<'a> Term<'a> {
    const fn text(self) -> &'a str {
        match self {
            Self::Identity(text)
            | Self::Session(text)
            | Self::Key(text)
            | Self::Address(text)
            | Self::Request(text) => text,
        }
    }
}

/// How many rows one step takes in.
const ROWS_AT_ONCE: usize = 64;
/// Rows are grouped by their position without so many bits: a group is dropped as a whole.
const RANGE_BITS: u32 = 12;
/// The version of this file; one of another version is made anew.
const FORMAT: i64 = 2;
