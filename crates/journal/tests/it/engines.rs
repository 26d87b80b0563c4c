//! The engines, as the suite sees them.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use doorward_journal::{
    Batch, Checkpoint, Content, Expired, Journal, JournalError, Keep, Kept, Log, Memory, Options, Position,
    Row, Sqlite,
};
use doorward_model::id::TenantId;
use doorward_model::record::Record;
use doorward_model::time::Time;
use tempfile::TempDir;

/// A log can be given to the thread that writes.
const _: () = {
    const fn can_be_given_to_a_thread<T: Send>() {}
    can_be_given_to_a_thread::<Sqlite>();
    can_be_given_to_a_thread::<Memory>();
};

type Reopen = Box<dyn Fn(Box<dyn Journal>) -> Box<dyn Journal>>;

/// A log under test.
pub(crate) struct Engine {
    pub(crate) name: &'static str,
    pub(crate) log: Box<dyn Journal>,
    pub(crate) reopen: Reopen,
}

impl Engine {
    pub(crate) fn memory() -> Self {
        let log = Box::new(Memory::new(Keep::All).unwrap());
        Self { name: "memory", log, reopen: Box::new(|log| log) }
    }

    pub(crate) fn sqlite(folder: &TempDir) -> Self {
        let path = folder.path().join("data");
        let log = Box::new(open(&path));
        let reopen = move |log| {
            drop(log);
            Box::new(open(&path)) as Box<dyn Journal>
        };
        Self { name: "sqlite", log, reopen: Box::new(reopen) }
    }

    /// Closes the log and opens it again; memory has no such thing and goes on.
    pub(crate) fn reopen(self) -> Self {
        Self { log: (self.reopen)(self.log), ..self }
    }

    pub(crate) fn append(&mut self, records: &[Record]) -> Position {
        append(self.log.as_mut(), records).unwrap()
    }

    pub(crate) fn rows(&self) -> Vec<Row> {
        rows_from(self.log.as_ref(), Position(0)).unwrap()
    }

    pub(crate) fn records(&self) -> Vec<Record> {
        self.rows().into_iter().flat_map(records_of).collect()
    }
}

/// Runs a check on a fresh log of each engine.
pub(crate) fn on_every_engine(check: impl Fn(Engine)) {
    check(Engine::memory());
    let folder = tempfile::tempdir().unwrap();
    check(Engine::sqlite(&folder));
}

pub(crate) fn tenant() -> TenantId {
    TenantId::from("acme")
}

/// Programs are started within milliseconds.
const TRIES: u32 = 1_000_000;

pub(crate) fn open(path: &Path) -> Sqlite {
    open_with(path, &tenant(), Options::default()).unwrap()
}

/// Opens a folder that this test has to itself. While another test of this process starts a program, that holds what is
/// open here for a moment, the lock included: so a folder in use is tried again, and not for ever.
pub(crate) fn open_with(path: &Path, tenant: &TenantId, options: Options) -> Result<Sqlite, JournalError> {
    for _ in 0..TRIES {
        match Sqlite::open(path, tenant, options) {
            Err(JournalError::InUse { .. }) => std::thread::yield_now(),
            opened => return opened,
        }
    }
    Sqlite::open(path, tenant, options)
}

/// Appends with everything seen that there is.
pub(crate) fn append(log: &mut dyn Journal, records: &[Record]) -> Result<Position, JournalError> {
    let facts_seen = log.head().fact;
    log.append(Batch { records, facts_seen })
}

pub(crate) fn rows_from(log: &dyn Log, from: Position) -> Result<Vec<Row>, JournalError> {
    let mut rows = Vec::new();
    log.read_from(from, &mut |row| {
        rows.push(row);
        ControlFlow::Continue(())
    })?;
    Ok(rows)
}

pub(crate) fn newest_checkpoint(log: &dyn Log) -> Result<Option<Checkpoint>, JournalError> {
    match log.checkpoints()?.first() {
        Some(position) => log.checkpoint(*position),
        None => Ok(None),
    }
}

/// All events that were recorded before.
pub(crate) fn all_events(before: Time) -> Expired {
    Expired { kind: Kept::Events, before, through: Position(u64::MAX), rows_max: usize::MAX }
}

pub(crate) fn records_of(row: Row) -> Vec<Record> {
    match row.content {
        Content::Records(records) => records,
        Content::Expired(_) => Vec::new(),
    }
}

/// A folder for one test, and the data folder to be made in it.
pub(crate) fn scratch() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    (folder, path)
}
