//! What could not be read: counted, listed up to a limit, and kept whole in a file if one is wanted.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use doorward_model::reject::Reject;
use serde::Serialize;

/// Rejects, in the order of their place, whatever the order they came in.
pub(crate) struct Rejects {
    /// The first ones, by place.
    listed: BTreeMap<Place, String>,
    /// How many there are.
    pub(crate) count: u64,
    keep: Option<Keep>,
}

/// Where a reject stood: file, record, first byte; and the how manieth it is, because several documents of one export
/// stand in one place. Those of one file come in their order.
type Place = (String, u64, u64, u64);

/// The file that rejects are kept in, and the spool that they are sorted from.
struct Keep {
    path: PathBuf,
    spool: BufWriter<File>,
    at: u64,
    places: BTreeMap<Place, (u64, usize)>,
}

/// One line of the rejects file.
#[derive(Serialize)]
struct Line<'a> {
    source: &'a str,
    record: u64,
    bytes: [u64; 2],
    reason: String,
    /// Of all its bytes: the first 16 of BLAKE3, in hexadecimal.
    hash: String,
    /// The first 64 KiB, redacted, as text; what is not UTF-8 is replaced.
    kept: std::borrow::Cow<'a, str>,
}

impl Rejects {
    /// None, kept in a file if one is given. What it holds stays until all is read; that it cannot be written is told
    /// now.
    pub(super) fn new(path: Option<&Path>) -> Result<Self> {
        let keep = path.map(Keep::new).transpose()?;
        Ok(Self { listed: BTreeMap::new(), count: 0, keep })
    }

    /// Takes one.
    pub(super) fn push(&mut self, reject: &Reject) -> Result<()> {
        self.count += 1;
        let place = (reject.source.clone(), reject.record, reject.bytes.start, self.count);
        if let Some(keep) = &mut self.keep {
            keep.push(place.clone(), reject).context("cannot keep a reject in the temporary folder")?;
        }
        self.listed.insert(place, reject.reason.to_string());
        if self.listed.len() > LISTED_MAX {
            self.listed.pop_last();
        }
        Ok(())
    }

    /// Writes the file, if one is wanted.
    pub(crate) fn finish(&mut self) -> Result<()> {
        match self.keep.take() {
            None => Ok(()),
            Some(keep) => keep.finish(),
        }
    }

    /// The first ones: file, record and reason.
    pub(crate) fn listed(&self) -> impl Iterator<Item = (&str, u64, &str)> {
        self.listed.iter().map(|((source, record, ..), reason)| (source.as_str(), *record, reason.as_str()))
    }
}

impl Keep {
    fn new(path: &Path) -> Result<Self> {
        let writable = OpenOptions::new().write(true).create(true).truncate(false).open(path);
        writable.with_context(|| format!("cannot write {}", path.display()))?;
        let spool = tempfile::tempfile().context("cannot make a temporary file")?;
        Ok(Self { path: path.to_owned(), spool: BufWriter::new(spool), at: 0, places: BTreeMap::new() })
    }

    fn push(&mut self, place: Place, reject: &Reject) -> Result<()> {
        let line = line(reject)?;
        self.spool.write_all(&line)?;
        self.places.insert(place, (self.at, line.len()));
        self.at += line.len() as u64;
        Ok(())
    }

    fn finish(self) -> Result<()> {
        let told = || format!("cannot write {}", self.path.display());
        let mut spool =
            self.spool.into_inner().map_err(std::io::IntoInnerError::into_error).with_context(told)?;
        let mut out = BufWriter::new(File::create(&self.path).with_context(told)?);
        for (at, length) in self.places.values() {
            let mut line = vec![0; *length];
            spool.seek(SeekFrom::Start(*at)).and_then(|_| spool.read_exact(&mut line)).with_context(told)?;
            line.push(b'\n');
            out.write_all(&line).with_context(told)?;
        }
        out.flush().with_context(told)
    }
}

/// A reject as one line of JSON, without its end.
pub(crate) fn line(reject: &Reject) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&Line {
        source: &reject.source,
        record: reject.record,
        bytes: [reject.bytes.start, reject.bytes.end],
        reason: reject.reason.to_string(),
        hash: reject.hash.to_string(),
        kept: String::from_utf8_lossy(&reject.kept),
    })
}

/// How many rejects a report lists.
pub(crate) const LISTED_MAX: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::Rejects;

    #[test]
    fn a_file_that_cannot_be_written_is_told_before_anything_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let there = dir.path().join("rejects.jsonl");
        std::fs::write(&there, "of the last scan\n").unwrap();
        drop(Rejects::new(Some(&there)).unwrap());
        assert_eq!(std::fs::read_to_string(&there).unwrap(), "of the last scan\n");
        let nowhere = dir.path().join("no/such/folder");
        let refused = Rejects::new(Some(&nowhere)).err().unwrap();
        assert_eq!(refused.to_string(), format!("cannot write {}", nowhere.display()));
    }
}
