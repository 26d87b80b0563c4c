//! What sources sent and could not be read, kept in the data folder as JSON Lines: the same lines as `scan --rejects`
//! writes. Two files of a bounded size: when the newer one is full, the older one makes room.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use doorward_model::reject::Reject;

use crate::scan::rejects::line;

/// The files of rejects in a data folder.
#[derive(Debug)]
pub struct Kept {
    newer: PathBuf,
    older: PathBuf,
    bytes_max: u64,
}

impl Kept {
    /// In a data folder, in files of up to so many bytes.
    #[must_use]
    pub fn new(folder: &Path, bytes_max: u64) -> Self {
        let [older, newer] = FILES.map(|name| folder.join(name));
        Self { newer, older, bytes_max }
    }

    /// Keeps rejects; they are durable afterwards.
    pub(crate) fn keep(&self, rejects: &[Reject]) -> io::Result<()> {
        let mut lines = Vec::new();
        for reject in rejects {
            lines.extend(line(reject)?);
            lines.push(b'\n');
        }
        self.append(&lines)
    }

    /// Keeps those that stand in a file, as whole lines.
    pub(crate) fn keep_file(&self, path: &Path) -> io::Result<()> {
        let mut file = BufReader::new(File::open(path)?);
        let mut lines = Vec::new();
        while file.read_until(b'\n', &mut lines)? > 0 {
            if lines.len() > CHUNK_BYTES {
                self.append(&lines)?;
                lines.clear();
            }
        }
        self.append(&lines)
    }

    fn append(&self, lines: &[u8]) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        let mut file = self.open()?;
        let length = file.metadata()?.len();
        if length > 0 && length + lines.len() as u64 > self.bytes_max {
            fs::rename(&self.newer, &self.older)?;
            tracing::warn!(file = %self.older.display(), "kept rejects have made room for newer ones");
            file = self.open()?;
        }
        let length = file.metadata()?.len();
        let mut last = [b'\n'];
        if length > 0 {
            file.read_exact_at(&mut last, length - 1)?;
        }
        if last != [b'\n'] {
            // A crash has cut the last line: the next one begins on its own.
            file.write_all(b"\n")?;
        }
        file.write_all(lines)?;
        file.sync_data()
    }

    fn open(&self) -> io::Result<File> {
        OpenOptions::new().read(true).append(true).create(true).mode(OWNER_ONLY).open(&self.newer)
    }
}

/// The names of the files, the older one first.
pub(crate) const FILES: [&str; 2] = ["rejects.1.jsonl", "rejects.jsonl"];
const OWNER_ONLY: u32 = 0o600;
const CHUNK_BYTES: usize = 1 << 20;
