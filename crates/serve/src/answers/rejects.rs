//! What sources sent and could not be read, newest first, from the files that keep it.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};

use doorward_model::id::FactNumber;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::answers::query::{Page, Query};

/// What rejects may be filtered by.
pub const FIELDS: [&str; 2] = ["source", "q"];
/// The names of the files in a data folder, the older one first.
pub const FILES: [&str; 2] = ["rejects.1.jsonl", "rejects.jsonl"];

/// Something that could not be read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct RejectRow {
    /// The file or source it stood in.
    pub source: String,
    /// Which record of it, from 1; 0 when it is all of it.
    pub record: u64,
    /// From which byte to which, the end exclusive.
    pub bytes: [u64; 2],
    /// Why.
    pub reason: String,
    /// Of all its bytes: the first 16 of BLAKE3, in hexadecimal.
    pub hash: String,
    /// The first 64 KiB as text, redacted where that could be done; only for who may give commands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<String>,
}

/// Who asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shown {
    /// Somebody who may see what was kept.
    Kept,
    /// Somebody who may not.
    Described,
}

/// A place in the files: everything before it is still to be looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// The file, which keeps its number under another name.
    inode: u64,
    end: u64,
}

impl Place {
    /// The place that a cursor names, if it names one.
    #[must_use]
    pub fn read(cursor: &str) -> Option<Self> {
        let (inode, end) = cursor.split_once('.')?;
        Some(Self { inode: inode.parse().ok()?, end: end.parse().ok()? })
    }
}

/// A page of rejects of these files, the newer one first, from a place on; of a file that has made room for newer ones there is nothing left.
///
/// # Errors
/// When a file cannot be read.
pub fn rejects(
    files: &[File],
    query: &Query,
    (from, shown, seen): (Option<Place>, Shown, FactNumber),
) -> io::Result<Page<RejectRow>> {
    let mut page = Page { items: Vec::new(), next_cursor: None, seen };
    let mut looked_at = 0;
    let mut reached = from.is_none();
    for file in files {
        let metadata = file.metadata()?;
        let inode = metadata.ino();
        let mut end = match from {
            Some(place) if !reached && place.inode == inode => place.end.min(metadata.len()),
            Some(_) if !reached => continue,
            _ => metadata.len(),
        };
        reached = true;
        while end > 0 {
            if page.items.len() >= query.limit || looked_at >= LOOKED_AT_MAX {
                page.next_cursor = Some(format!("{inode}.{end}"));
                return Ok(page);
            }
            let (start, line) = last_line(file, end)?;
            looked_at += end - start;
            end = start;
            // A crash may have cut a line.
            let Ok(row) = serde_json::from_slice::<RejectRow>(&line) else { continue };
            if query.is("source", &row.source) && query.finds(&[&row.source, &row.reason, &row.hash]) {
                page.items.push(if shown == Shown::Kept { row } else { RejectRow { kept: None, ..row } });
            }
        }
    }
    Ok(page)
}

/// The last line before a place of a file, and where it begins. Of one that is longer than any reject, a part.
fn last_line(file: &File, end: u64) -> io::Result<(u64, Vec<u8>)> {
    let mut start = end.saturating_sub(CHUNK_BYTES);
    loop {
        let mut bytes = vec![0; usize::try_from(end - start).unwrap_or_default()];
        file.read_exact_at(&mut bytes, start)?;
        let inner = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
        if let Some(at) = inner.iter().rposition(|byte| *byte == b'\n') {
            let line = inner.get(at + 1..).unwrap_or_default().to_vec();
            return Ok((start + at as u64 + 1, line));
        }
        if start == 0 || end - start >= LINE_BYTES_MAX {
            return Ok((start, inner.to_vec()));
        }
        start = end.saturating_sub(((end - start) * 8).min(LINE_BYTES_MAX));
    }
}

/// How much is read at once: most lines are shorter.
const CHUNK_BYTES: u64 = 4 * 1024;
/// What no line exceeds: 64 KiB of which each byte may be written as six.
const LINE_BYTES_MAX: u64 = 512 * 1024;
/// How much one page looks at.
const LOOKED_AT_MAX: u64 = 16 << 20;
