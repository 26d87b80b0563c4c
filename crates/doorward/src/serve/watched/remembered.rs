//! Which files there are and which have been read, and how they stood then: lines of a file in the data folder.

use std::collections::BTreeMap;
use std::fs::{self, DirEntry, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use doorward_model::hash::Hash16;
use serde::{Deserialize, Serialize};

use crate::scan::{SourceFile, tree};

/// By what a change of a file is noticed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Stamp {
    /// When it was changed last, nanoseconds since the epoch.
    changed_ns: u64,
    /// How large it is.
    pub(super) bytes: u64,
}

/// The files of a folder and of all folders in it, as they stand, and what could not be looked at, with the reason.
#[derive(Default)]
pub(super) struct Listed {
    pub(super) files: BTreeMap<PathBuf, Stamp>,
    pub(super) failed: BTreeMap<PathBuf, String>,
}

/// Lists a folder. Links are not followed: what is in the folder stays in the folder. A folder that is one source
/// stands there as one file.
pub(super) fn list(folder: &Path) -> Listed {
    let mut listed = Listed::default();
    let mut folders = vec![folder.to_owned()];
    let whole = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let root = folder;
    while let Some(folder) = folders.pop() {
        if tree::is_one(&whole.join(folder.strip_prefix(root).unwrap_or(&folder))) {
            match stamp_of_all(&folder) {
                Ok(stamp) => drop(listed.files.insert(folder, stamp)),
                Err(error) => drop(listed.failed.insert(folder, error.to_string())),
            }
            continue;
        }
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) => {
                listed.failed.insert(folder, error.to_string());
                continue;
            }
        };
        for entry in entries {
            let looked = entry.and_then(|entry| look(&entry, &mut folders, &mut listed.files));
            if let Err(error) = looked {
                listed.failed.insert(folder.clone(), error.to_string());
            }
        }
    }
    listed
}

fn look(
    entry: &DirEntry,
    folders: &mut Vec<PathBuf>,
    files: &mut BTreeMap<PathBuf, Stamp>,
) -> io::Result<()> {
    let kind = entry.file_type()?;
    if kind.is_dir() {
        folders.push(entry.path());
    } else if kind.is_file() {
        files.insert(entry.path(), Stamp::of(&entry.metadata()?)?);
    }
    Ok(())
}

impl Stamp {
    fn of(meta: &Metadata) -> io::Result<Self> {
        let changed = meta.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        let changed_ns = u64::try_from(changed.as_nanos()).unwrap_or(u64::MAX);
        Ok(Self { changed_ns, bytes: meta.len() })
    }
}

/// How all files of a folder stand together.
fn stamp_of_all(folder: &Path) -> io::Result<Stamp> {
    let mut all = Stamp { changed_ns: 0, bytes: 0 };
    for SourceFile { path, .. } in tree::files(folder)? {
        let one = Stamp::of(&fs::metadata(path)?)?;
        all = Stamp {
            changed_ns: all.changed_ns.max(one.changed_ns),
            bytes: all.bytes.saturating_add(one.bytes),
        };
    }
    Ok(all)
}

/// Which files have been read. What is forgotten only costs time: the journal knows each event.
pub(super) struct Remembered {
    folder: PathBuf,
    /// By the hash of the path within the folder.
    read: BTreeMap<String, Stamp>,
    file: File,
}

#[derive(Serialize, Deserialize)]
struct Line {
    path: String,
    stamp: Stamp,
}

impl Remembered {
    /// What is remembered of a folder in a data folder. A line that a crash has cut is forgotten.
    pub(super) fn open(data_dir: &Path, folder: &Path) -> io::Result<Self> {
        let whole = fs::canonicalize(folder)?;
        let path = data_dir.join(format!("watched-{}.jsonl", hash(&whole)));
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let lines =
            text.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Line>(line).ok());
        let read: BTreeMap<_, _> = lines.map(|line| (line.path, line.stamp)).collect();
        // Written anew, so that it does not grow with each change of a file.
        let new = path.with_extension("new");
        let mut file =
            OpenOptions::new().create(true).truncate(true).write(true).mode(OWNER_ONLY).open(&new)?;
        let lines = read.iter().map(|(path, stamp)| line(path, *stamp)).collect::<io::Result<Vec<_>>>()?;
        file.write_all(&lines.concat())?;
        file.sync_data()?;
        fs::rename(&new, &path)?;
        Ok(Self { folder: folder.to_owned(), read, file })
    }

    /// Whether a file was read as it stands.
    pub(super) fn has(&self, path: &Path, stamp: &Stamp) -> bool {
        self.read.get(&self.key(path)) == Some(stamp)
    }

    /// Remembers that a file was read.
    pub(super) fn remember(&mut self, path: &Path, stamp: Stamp) -> io::Result<()> {
        let key = self.key(path);
        self.file.write_all(&line(&key, stamp)?)?;
        self.file.sync_data()?;
        self.read.insert(key, stamp);
        Ok(())
    }

    fn key(&self, path: &Path) -> String {
        hash(path.strip_prefix(&self.folder).unwrap_or(path))
    }
}

fn line(path: &str, stamp: Stamp) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(&Line { path: path.to_owned(), stamp })?;
    line.push(b'\n');
    Ok(line)
}

fn hash(path: &Path) -> String {
    Hash16::of(path.as_os_str().as_bytes()).to_string()
}

const OWNER_ONLY: u32 = 0o600;
