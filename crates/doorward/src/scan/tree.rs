//! Folders that are one source: what `iam-collect` has written of an account or an organisation.

use std::fs;
use std::io;
use std::path::Path;

use anyhow::{Result, bail};
use doorward_intake::{Item, Limits, Tree};
use doorward_model::reject::RejectReason;

use super::SourceFile;
use super::files::{Walked, list};

/// Whether a whole path is one of a folder that is one source.
pub(crate) fn is_one(whole: &Path) -> bool {
    Tree::is_at(&whole.to_string_lossy())
}

/// Refuses a path inside of such a folder: a part of it cannot be understood.
///
/// # Errors
/// When it is one.
pub(super) fn refuse_part(whole: &Path) -> Result<()> {
    let Some(above) = whole.ancestors().skip(1).find(|above| is_one(above)) else { return Ok(()) };
    bail!("{} is a part of what iam-collect has written: give {}", whole.display(), above.display())
}

/// The files of a folder and of all folders in it, sorted by name. Links are not followed.
///
/// # Errors
/// When one of the folders cannot be listed.
pub(crate) fn files(folder: &Path) -> io::Result<Vec<SourceFile>> {
    let (mut within, mut folders) = (Walked::default(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        list(&folder, &mut folders, &mut within)?;
    }
    within.files.sort();
    Ok(within.files)
}

/// Reads a folder, if it is one that is one source, and gives out what it holds.
pub(super) fn read(folder: &Path, name: &str, out: &mut dyn FnMut(Item)) -> bool {
    let whole = fs::canonicalize(folder).unwrap_or_default();
    let Some(mut tree) = Tree::at(&whole.to_string_lossy(), name, Limits::default()) else { return false };
    let unreadable = |error: io::Error| RejectReason::Unreadable(error.to_string());
    let files = if tree.is_read() { files(folder) } else { Ok(Vec::new()) };
    match files {
        Ok(files) => {
            for SourceFile { path, .. } in files {
                let within = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().replace('\\', "/");
                match fs::read(&path) {
                    Ok(bytes) => tree.file(&within, &bytes, out),
                    Err(error) => tree.broken(&within, (&[], 0..0), unreadable(error), out),
                }
            }
        }
        Err(error) => tree.broken("", (&[], 0..0), unreadable(error), out),
    }
    tree.finish(out);
    true
}
