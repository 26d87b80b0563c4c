//! What sources sent and could not be read, kept in the data folder as JSON Lines: the same lines as `scan --rejects`
//! writes. Two files of a bounded size: when the newer one is full, the older one makes room.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use doorward_model::reject::Reject;
use doorward_model::time::Time;
use doorward_serve::answers::rejects::FILES;
use doorward_serve::handle::{RejectFiles, WorkError};

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

    /// Drops files whose last reject was kept before an instant, and begins a new file where the first one was, so
    /// that it can go in its turn. Tells how many files were dropped.
    pub(crate) fn expire(&self, before: Time) -> io::Result<u64> {
        let mut dropped = 0;
        for path in [&self.older, &self.newer] {
            let Some(file) = found(fs::metadata(path))? else { continue };
            if time_of(file.modified()?) < before {
                fs::remove_file(path)?;
                dropped += 1;
            }
        }
        let begun = found(fs::metadata(&self.newer))?.map(|file| file.created());
        if let Some(Ok(begun)) = begun
            && time_of(begun) < before
            && found(fs::metadata(&self.older))?.is_none()
        {
            fs::rename(&self.newer, &self.older)?;
        }
        Ok(dropped)
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

/// The files of a data folder, for who asks what they keep.
pub(super) fn files(folder: &Path) -> RejectFiles {
    let [older, newer] = FILES.map(|name| folder.join(name));
    let open = move || {
        let opened = [&newer, &older].map(|path| match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            opened => opened.map(Some),
        });
        let files: io::Result<Vec<_>> = opened.into_iter().collect();
        files.map(|files| files.into_iter().flatten().collect())
    };
    RejectFiles(Arc::new(open))
}

/// Why what could not be kept was not taken either.
pub(super) fn not_kept(error: &io::Error) -> WorkError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => WorkError::Full,
        _ => WorkError::Journal(format!("cannot keep rejects: {error}")),
    }
}

fn found(metadata: io::Result<Metadata>) -> io::Result<Option<Metadata>> {
    match metadata {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn time_of(at: SystemTime) -> Time {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    Time::from_ms(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

const OWNER_ONLY: u32 = 0o600;
const CHUNK_BYTES: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::time::{Duration, UNIX_EPOCH};

    use doorward_model::time::{Millis, Time};

    use super::{Kept, time_of};

    #[test]
    fn files_go_when_their_last_reject_has_expired_and_a_new_one_begins_when_the_first_has() {
        let dir = tempfile::tempdir().unwrap();
        let kept = Kept::new(dir.path(), 1 << 20);
        assert_eq!(kept.expire(Time::from_ms(i64::MAX)).unwrap(), 0);
        fs::write(&kept.older, "one\n").unwrap();
        let long_ago = UNIX_EPOCH + Duration::from_secs(1_000_000);
        File::options().write(true).open(&kept.older).unwrap().set_modified(long_ago).unwrap();
        fs::write(&kept.newer, "two\n").unwrap();
        let Ok(begun) = fs::metadata(&kept.newer).unwrap().created() else {
            eprintln!("SKIPPED: this file system does not tell when a file was made");
            return;
        };
        assert_eq!(kept.expire(time_of(long_ago)).unwrap(), 0);
        assert_eq!(kept.expire(time_of(begun)).unwrap(), 1);
        assert!(!kept.older.exists() && kept.newer.exists());
        // What was written last has not expired, what was written first has.
        let later = time_of(begun) + Millis::HOUR;
        let end = begun + Duration::from_secs(7_200);
        File::options().write(true).open(&kept.newer).unwrap().set_modified(end).unwrap();
        assert_eq!(kept.expire(later).unwrap(), 0);
        assert_eq!(
            (fs::read_to_string(&kept.older).unwrap(), kept.newer.exists()),
            ("two\n".to_owned(), false)
        );
        assert_eq!(kept.expire(later + Millis::DAY).unwrap(), 1);
        assert!(!kept.older.exists());
    }
}
