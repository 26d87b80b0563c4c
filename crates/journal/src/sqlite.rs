//! The embedded engine: one SQLite file in the data folder, in WAL mode, with one writer.
//!
//! Each append is one transaction: rows, fingerprints and head become durable together or not at all.

mod backup;
mod checkpoints;
mod connected;
mod folder;
mod follower;
pub(crate) mod index;
mod schema;
mod signed;
mod store;
mod usage;

use std::fmt;
use std::path::{Path, PathBuf};

use doorward_model::event::Event;
use doorward_model::hash::Hash16;
use doorward_model::head::SignedHead;
use doorward_model::id::TenantId;
use doorward_model::time::Millis;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

pub use self::backup::copy;
use self::connected::Connected;
use self::folder::Lock;
pub use self::follower::Follower;
pub use self::index::Indexer;
use crate::dedupe::{Dated, Dedupe, FINGERPRINTS_MAX, Fingerprint, Hour, Place, Seen, Window};
use crate::error::JournalError;
use crate::journal::{
    Batch, Checkpoint, End, Expired, Head, Journal, Position, Pruned, PublicKey, Room, Verified,
};
use crate::seal::{Sealer, genesis, verify_chain};

/// When a commit counts as done.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Synchronous {
    /// When the disk has it: survives a power cut.
    #[default]
    Full,
    /// When the operating system has it: survives the end of the process only. For tests and throw-away data.
    Off,
}

/// How a data folder is opened.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// When an append counts as done.
    pub synchronous: Synchronous,
    /// The largest number of database pages, of [`PAGE_BYTES`] each; `None` for SQLite's own.
    pub page_limit: Option<u32>,
    /// How many fingerprints are kept in memory; those of an hour with more than half as many are spilled to files.
    pub fingerprints_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { synchronous: Synchronous::Full, page_limit: None, fingerprints_max: FINGERPRINTS_MAX }
    }
}

/// The size of a database page.
pub const PAGE_BYTES: u32 = 4096;

/// A log in a data folder.
pub struct Sqlite {
    folder: PathBuf,
    connection: Connection,
    tenant: TenantId,
    options: Options,
    sealer: Sealer,
    head: Head,
    dedupe: Dedupe,
    /// Held as long as the log is open; closed after the connection.
    _lock: Lock,
}

impl Sqlite {
    /// Opens the log of a tenant in a data folder, which is made when it is not there.
    ///
    /// # Errors
    /// When another process uses the folder, it was written by a newer version, belongs to another tenant, or is
    /// not readable as a log.
    pub fn open(folder: &Path, tenant: &TenantId, options: Options) -> Result<Self, JournalError> {
        folder::create(folder)?;
        let lock = Lock::take(folder)?;
        folder::create_file(&folder::database(folder))?;
        let mut connection = schema::connect(&folder::database(folder))?;
        schema::prepare(&mut connection, folder, tenant)?;
        schema::tune(&connection, options)?;
        folder::sync(folder)?;
        let head = store::head(&connection)?.unwrap_or_else(|| Head::empty(genesis(tenant.as_str())));
        store::check_end(&connection, &head)?;
        Ok(Self {
            folder: folder.to_path_buf(),
            connection,
            tenant: tenant.clone(),
            options,
            sealer: Sealer::new()?,
            head,
            dedupe: Dedupe::new(options.fingerprints_max, Some(Place::Folder(folder.to_path_buf()))),
            _lock: lock,
        })
    }

    /// The data folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A second connection, for another thread of this process.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn follower(&self) -> Result<Follower, JournalError> {
        Follower::open(&self.folder, &self.tenant, self.options)
    }

    /// Notes that a run begins which records a decision so long after it was given at most.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn begin_run(&mut self, flush: Millis) -> Result<(), JournalError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute("DELETE FROM run", [])?;
        transaction.execute("INSERT INTO run VALUES (?1)", [flush.0])?;
        Ok(transaction.commit()?)
    }

    /// Notes that the run has ended, with nothing left to be recorded.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn end_run(&mut self) -> Result<(), JournalError> {
        self.connection.execute("DELETE FROM run", [])?;
        Ok(())
    }

    /// How long before its end a run that has not ended well may have given decisions that it has not recorded; none
    /// when there is no such run.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn unfinished_run(&self) -> Result<Option<Millis>, JournalError> {
        Ok(self
            .connection
            .query_row("SELECT flush_ms FROM run", [], |row| row.get(0).map(Millis))
            .optional()?)
    }

    /// Changes the largest number of database pages.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn limit_pages(&mut self, pages: u32) -> Result<(), JournalError> {
        schema::limit_pages(&self.connection, pages)
    }

    /// Makes a batch durable, in which events with these fingerprints are, and returns the head after it.
    fn commit(&mut self, batch: &Batch<'_>, events: &[Dated]) -> Result<Head, JournalError> {
        let sealed = self.sealer.seal(&self.head, batch)?;
        if !sealed.rows.is_empty() {
            let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            store::put_rows(&transaction, &sealed.rows, events)?;
            store::put_head(&transaction, &sealed.head)?;
            transaction.commit()?;
        }
        Ok(sealed.head)
    }
}

impl Connected for Sqlite {
    fn connection(&self) -> &Connection {
        &self.connection
    }

    fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Journal for Sqlite {
    fn head(&self) -> &Head {
        &self.head
    }

    fn check(&mut self, event: &Event) -> Result<Seen, JournalError> {
        let hour = Hour::of(event);
        if !self.dedupe.has(hour) {
            self.dedupe.load(hour, |learn| store::fingerprints(&self.connection, hour, learn))?;
        }
        self.dedupe.check(hour, Fingerprint::of(event))
    }

    fn append(&mut self, batch: Batch<'_>) -> Result<Position, JournalError> {
        let events = self.dedupe.fingerprints(batch.records);
        self.head = self.commit(&batch, &events).inspect_err(|_| self.dedupe.withdraw())?;
        self.dedupe.settle(&events);
        Ok(self.head.position)
    }

    fn walk(&self, each: &mut dyn FnMut(&End)) -> Result<Verified, JournalError> {
        let mut rows = store::rows(&self.connection)?;
        verify_chain(genesis(self.tenant.as_str()), &self.head, rows.from(Position(0))?, each)
    }

    fn prune(&mut self, expired: &Expired) -> Result<Pruned, JournalError> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let (pruned, hours) = store::prune(&transaction, expired)?;
        transaction.commit()?;
        self.dedupe.drop_hours(&hours);
        Ok(pruned)
    }

    fn put_checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), JournalError> {
        checkpoint.allowed_by(&self.head)?;
        checkpoints::put(&mut self.connection, checkpoint)
    }

    fn put_signed_head(&mut self, signed: &SignedHead, by: &PublicKey) -> Result<(), JournalError> {
        self.head.has_had(signed)?;
        signed::put(&mut self.connection, signed, by)
    }

    fn put_blob(&mut self, bytes: &[u8]) -> Result<Hash16, JournalError> {
        store::put_blob(&self.connection, bytes)
    }

    /// In one transaction: each by itself would wait for the disk.
    fn put_blobs(&mut self, all: &mut dyn Iterator<Item = &[u8]>) -> Result<(), JournalError> {
        let transaction = self.connection.transaction()?;
        for bytes in all {
            store::put_blob(&transaction, bytes)?;
        }
        Ok(transaction.commit()?)
    }

    fn blob(&self, hash: Hash16) -> Result<Option<Vec<u8>>, JournalError> {
        store::blob(&self.connection, hash)
    }

    fn room(&self) -> Result<Room, JournalError> {
        schema::room(&self.connection)
    }

    fn window(&self) -> Window {
        self.dedupe.window()
    }
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqlite")
            .field("folder", &self.folder)
            .field("head", &self.head)
            .finish_non_exhaustive()
    }
}
