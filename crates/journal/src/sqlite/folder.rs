//! The data folder: who may read it, and who is using it.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::error::JournalError;

const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

/// Where the database of a data folder lies.
pub(super) fn database(folder: &Path) -> PathBuf {
    folder.join("journal.sqlite")
}

/// Makes the folder, or narrows its permissions when it is there.
pub(super) fn create(folder: &Path) -> Result<(), JournalError> {
    DirBuilder::new()
        .recursive(true)
        .mode(FOLDER_MODE)
        .create(folder)
        .map_err(failed("create folder", folder))?;
    fs::set_permissions(folder, Permissions::from_mode(FOLDER_MODE)).map_err(failed("protect", folder))
}

/// Makes an empty file that only its owner can read; SQLite gives its companions the same permissions.
pub(super) fn create_file(path: &Path) -> Result<File, JournalError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(FILE_MODE);
    options.open(path).map_err(failed("open", path))
}

/// Makes the names of the files in a folder, and its own, survive a power cut.
pub(super) fn sync(folder: &Path) -> Result<(), JournalError> {
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
    [Some(folder), parent]
        .into_iter()
        .flatten()
        .try_for_each(|path| File::open(path).and_then(|open| open.sync_all()).map_err(failed("sync", path)))
}

/// The error of a file operation.
pub(super) fn failed(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> JournalError {
    move |source| JournalError::File { what, path: path.to_path_buf(), source }
}

/// The right to write to a data folder. It ends with the process at the latest, however that ends.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock, or says who has it.
    pub(super) fn take(folder: &Path) -> Result<Self, JournalError> {
        let path = folder.join("journal.lock");
        let mut file = create_file(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(JournalError::InUse { path: folder.to_path_buf(), holder: holder(&mut file) });
            }
            Err(TryLockError::Error(source)) => return Err(failed("lock", &path)(source)),
        }
        let note = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
        note.map_err(failed("write", &path))?;
        Ok(Self { _file: file })
    }
}

fn holder(file: &mut File) -> String {
    let mut note = String::new();
    match file.take(20).read_to_string(&mut note) {
        Ok(_) if !note.trim().is_empty() => note.trim().to_owned(),
        _ => "unknown".to_owned(),
    }
}
