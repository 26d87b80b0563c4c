//! Copies of a data folder.

use std::fs;
use std::path::Path;
use std::time::Duration;

use doorward_model::id::TenantId;
use rusqlite::backup::Backup;
use rusqlite::{Connection, OpenFlags};

use super::{Options, Sqlite, folder};
use crate::error::JournalError;

/// How long to wait when the source or target is locked for a moment.
const RETRY: Duration = Duration::from_millis(20);

/// Copies the log of a data folder, as of one moment, into a new folder, and opens the copy, which is still to be
/// verified. The log may be in use. The copy is a data folder, so a backup is restored by copying it back.
///
/// # Errors
/// When the target exists, the copy fails, or the copy is no log of the tenant; the target is removed again then.
pub fn copy(from: &Path, tenant: &TenantId, to: &Path) -> Result<Sqlite, JournalError> {
    if to.exists() {
        return Err(JournalError::Exists { path: to.to_path_buf() });
    }
    let copied = copy_pages(from, to).and_then(|()| Sqlite::open(to, tenant, Options::default()));
    if copied.is_err() && to.exists() {
        fs::remove_dir_all(to).map_err(folder::failed("remove", to))?;
    }
    copied
}

fn copy_pages(from: &Path, to: &Path) -> Result<(), JournalError> {
    let source = Connection::open_with_flags(folder::database(from), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    folder::create(to)?;
    folder::create_file(&folder::database(to))?;
    let mut target = Connection::open(folder::database(to))?;
    // One step holds one read transaction, so a writer at work neither waits nor changes the copy.
    Backup::new(&source, &mut target)?.run_to_completion(i32::MAX, RETRY, None)?;
    folder::sync(to)
}
