//! Backup, restore, verify.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use anyhow::{Context, Result};
use doorward_journal::sqlite::copy;
use doorward_journal::{Journal, Verified};
use doorward_model::id::TenantId;
use doorward_serve::answers::rejects::FILES;
use serde_json::json;

use crate::cli::Output;
use crate::cli::files::{BackupArgs, RestoreArgs, VerifyArgs};
use crate::serve::TENANT;
use crate::verbs::folder;
use crate::verbs::print::print;

/// Copies a data folder, and verifies the copy.
pub(crate) fn backup(args: &BackupArgs) -> Result<()> {
    let copied = copied(&args.data_dir, &args.to)?;
    told(&format!("Backed up {} into {}", args.data_dir.display(), args.to.display()), copied, args.output)
}

/// Makes a data folder from a backup, and verifies it.
pub(crate) fn restore(args: &RestoreArgs) -> Result<()> {
    let copied = copied(&args.from, &args.data_dir)?;
    told(&format!("Restored {} from {}", args.data_dir.display(), args.from.display()), copied, args.output)
}

/// Walks the hash chain of a data folder.
pub(crate) fn verify(args: &VerifyArgs) -> Result<()> {
    let journal = folder::open(&args.data_dir)?;
    let verified =
        journal.verify().with_context(|| format!("{} does not verify", args.data_dir.display()))?;
    let said = format!("Verified {} up to {}", args.data_dir.display(), journal.head().hash);
    told(&said, verified, args.output)
}

fn copied(from: &Path, to: &Path) -> Result<Verified> {
    folder::must_be_there(from)?;
    let told = || format!("cannot copy {} to {}", from.display(), to.display());
    let verified = copy(from, &TenantId::from(TENANT), to).with_context(told)?;
    if let Err(error) = FILES.iter().try_for_each(|name| copy_rejects(&from.join(name), &to.join(name))) {
        fs::remove_dir_all(to).with_context(|| format!("cannot remove {}", to.display()))?;
        return Err(error).with_context(told);
    }
    Ok(verified)
}

/// Copies what could not be read, if there is any, and makes it durable. A server may be adding to it.
fn copy_rejects(from: &Path, to: &Path) -> io::Result<()> {
    match fs::copy(from, to) {
        Ok(_) => File::open(to)?.sync_all(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

fn told(said: &str, Verified { rows, expired }: Verified, output: Output) -> Result<()> {
    let answer = json!({"rows": rows, "expired": expired, "verified": true});
    print(&answer, output, |_| match expired {
        0 => format!("{said}: {rows} rows, all as written.\n"),
        _ => format!("{said}: {rows} rows, all as written; the content of {expired} more has expired.\n"),
    })
}
