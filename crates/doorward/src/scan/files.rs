//! Which files there are.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::scan::{SourceFile, tree};

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
        // A pipe that is given has no whole path.
        let whole = fs::canonicalize(path).unwrap_or_else(|_| path.clone());
        tree::refuse_part(&whole)?;
        if meta.is_dir() {
            fs::read_dir(path).with_context(|| format!("cannot list {}", path.display()))?;
            descend((path, &whole), &mut walked);
        } else {
            walked.files.push(SourceFile { path: path.clone(), bytes: meta.len() });
        }
    }
    walked.files.sort();
    walked.files.dedup_by(|one, other| one.path == other.path);
    Ok(walked)
}

/// Goes down from a folder whose whole path is this.
fn descend((root, whole): (&Path, &Path), walked: &mut Walked) {
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let within = folder.strip_prefix(root).unwrap_or(&folder);
        let is_one_source = tree::is_one(&whole.join(within));
        let listed = if is_one_source {
            tree::files(&folder).map(|files| {
                let bytes = files.iter().map(|file| file.bytes).sum();
                walked.files.push(SourceFile { path: folder.clone(), bytes });
            })
        } else {
            list(&folder, &mut folders, walked)
        };
        if listed.is_err() {
            walked.files.push(SourceFile { path: folder, bytes: 0 });
        }
    }
}

/// What lies in one folder: its files and others as they are met, the folders in it for later.
pub(super) fn list(folder: &Path, folders: &mut Vec<PathBuf>, walked: &mut Walked) -> io::Result<()> {
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
