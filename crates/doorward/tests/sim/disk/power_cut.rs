//! What a power cut leaves of SQLite's files: all that was synced, and of what was being written any part.

use std::fs;
use std::path::Path;

use doorward_journal::{Options, Sqlite};
use doorward_model::hash::Hash16;
use doorward_model::id::TenantId;
use tempfile::TempDir;

/// The database and the log that is written ahead of it. The index of that log is made anew at each start.
#[derive(Default, Debug)]
pub(crate) struct Files {
    database: Vec<u8>,
    ahead: Vec<u8>,
}

/// An open log, and the folder of its files, which goes with it.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) log: Sqlite,
    _folder: TempDir,
}

impl Files {
    pub(crate) fn of(folder: &Path) -> Self {
        let [database, ahead] = NAMES.map(|name| fs::read(folder.join(name)).unwrap_or_default());
        Self { database, ahead }
    }

    /// Opens them in a new place, without the process that wrote them having closed anything.
    pub(crate) fn open(&self) -> Opened {
        let folder = place();
        for (name, bytes) in NAMES.into_iter().zip([&self.database, &self.ahead]) {
            if !bytes.is_empty() {
                fs::write(folder.path().join(name), bytes).unwrap();
            }
        }
        let log = Sqlite::open(folder.path(), &TenantId::from("test"), Options::default()).unwrap();
        Opened { log, _folder: folder }
    }

    /// What is left when the power goes while `after` is being made of these. The log ahead is synced before the
    /// database is written, and its head before anything else of it.
    pub(crate) fn cut_while_writing(self, after: Self) -> Self {
        if self.database != after.database {
            return Self { database: torn(&self.database, &after.database), ahead: after.ahead };
        }
        let mut ahead = torn(&self.ahead, &after.ahead);
        if self.ahead.get(..HEAD_BYTES) != after.ahead.get(..HEAD_BYTES) {
            let head = SECTOR_BYTES.min(ahead.len());
            ahead[..head].copy_from_slice(&after.ahead[..head]);
        }
        Self { ahead, ..after }
    }
}

/// In memory where there is such a place: what is synced is decided here.
fn place() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

/// Each sector as it was or as it was to be, and as long as either or anything between.
fn torn(before: &[u8], after: &[u8]) -> Vec<u8> {
    let mut chance = Chance(Hash16::of(after));
    let (short, long) = (before.len().min(after.len()), before.len().max(after.len()));
    let len = short + chance.below(long - short + 1);
    let byte = |of: &[u8], at: usize| of.get(at).copied().unwrap_or_default();
    let mut left = Vec::with_capacity(len);
    for start in (0..len).step_by(SECTOR_BYTES) {
        let from = if chance.below(4) == 0 { before } else { after };
        left.extend((start..len.min(start + SECTOR_BYTES)).map(|at| byte(from, at)));
    }
    left
}

/// Numbers that look random and follow from what is written.
struct Chance(Hash16);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = Hash16::of(&self.0.0);
        let number = u64::from_le_bytes(*self.0.0.first_chunk().unwrap());
        usize::try_from(number % u64::try_from(end).unwrap()).unwrap()
    }
}

const NAMES: [&str; 2] = ["journal.sqlite", "journal.sqlite-wal"];
const SECTOR_BYTES: usize = 512;
const HEAD_BYTES: usize = 32;
