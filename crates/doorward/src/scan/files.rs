//! Which files there are.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::scan::SourceFile;

/// What lies at and under the paths.
#[derive(Debug, Default)]
pub(super) struct Walked {
    /// The files, sorted by name; one that is reached twice is there once. A folder that cannot be listed stands here,
    /// too: it is told when it is read.
    pub(super) files: Vec<SourceFile>,
    /// How many links, pipes and the like were met.
    pub(super) others: u64,
}

/// Looks at the paths. Links and pipes are followed when they are given, and not when they are met.
///
/// # Errors
/// When a path that was given does not exist or cannot be listed.
pub(super) fn walk(paths: &[PathBuf]) -> Result<Walked> {
    let mut walked = Walked::default();
    for path in paths {
        let meta = fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
        if meta.is_dir() {
            fs::read_dir(path).with_context(|| format!("cannot list {}", path.display()))?;
            descend(path, &mut walked);
        } else {
            walked.files.push(SourceFile { path: path.clone(), bytes: meta.len() });
        }
    }
    walked.files.sort();
    walked.files.dedup_by(|one, other| one.path == other.path);
    Ok(walked)
}

fn descend(folder: &Path, walked: &mut Walked) {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        if list(&folder, &mut folders, walked).is_err() {
            walked.files.push(SourceFile { path: folder, bytes: 0 });
        }
    }
}

fn list(folder: &Path, folders: &mut Vec<PathBuf>, walked: &mut Walked) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            folders.push(entry.path());
        } else if kind.is_file() {
            let bytes = entry.metadata().map_or(0, |meta| meta.len());
            walked.files.push(SourceFile { path: entry.path(), bytes });
        } else {
            walked.others += 1;
        }
    }
    Ok(())
}
