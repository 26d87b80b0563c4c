//! Which files there are.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::scan::SourceFile;

/// All files at and under the paths, sorted by name; a file that is reached twice is there once. Links are followed
/// when they are given, and not when they are met.
///
/// # Errors
/// When a path that was given does not exist or cannot be listed.
pub(super) fn walk(paths: &[PathBuf]) -> Result<Vec<SourceFile>> {
    let mut files = Vec::new();
    for path in paths {
        let meta = fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
        if meta.is_dir() {
            descend(path, &mut files)?;
        } else {
            files.push(SourceFile { path: path.clone(), bytes: meta.len() });
        }
    }
    files.sort();
    files.dedup_by(|one, other| one.path == other.path);
    Ok(files)
}

fn descend(folder: &Path, files: &mut Vec<SourceFile>) -> Result<()> {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?;
        for entry in entries {
            let entry = entry.with_context(|| format!("cannot list {}", folder.display()))?;
            let kind =
                entry.file_type().with_context(|| format!("cannot read {}", entry.path().display()))?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                let bytes = entry.metadata().map_or(0, |meta| meta.len());
                files.push(SourceFile { path: entry.path(), bytes });
            }
        }
    }
    Ok(())
}
