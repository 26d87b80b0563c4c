//! Backup, restore, verify.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use doorward_journal::sqlite::copy;
use doorward_journal::{Journal, Sqlite};
use doorward_model::id::TenantId;
use doorward_serve::answers::heads::HeadRow;
use doorward_serve::answers::rejects::FILES;
use serde_json::json;

use crate::cli::Output;
use crate::cli::files::{BackupArgs, RestoreArgs, VerifyArgs};
use crate::serve::TENANT;
use crate::signing::check::{Checked, Exported, HeadsRow, check};
use crate::signing::key_file;
use crate::verbs::folder;
use crate::verbs::print::print;

/// Copies a data folder, and verifies the copy.
pub(crate) fn backup(args: &BackupArgs) -> Result<()> {
    let key = if args.with_key { Key::Demanded } else { Key::Left };
    let copied = copied(&args.data_dir, &args.to, key)?;
    told(&format!("Backed up {} into {}", args.data_dir.display(), args.to.display()), copied, args.output)
}

/// Makes a data folder from a backup, and verifies it.
pub(crate) fn restore(args: &RestoreArgs) -> Result<()> {
    let copied = copied(&args.from, &args.data_dir, Key::IfThere)?;
    told(&format!("Restored {} from {}", args.data_dir.display(), args.from.display()), copied, args.output)
}

/// Walks the hash chain of a data folder, and holds it against what was signed.
pub(crate) fn verify(args: &VerifyArgs) -> Result<()> {
    let journal = folder::open(&args.data_dir)?;
    let exported = args.head.iter().map(read_heads).collect::<Result<Vec<_>>>()?.concat();
    let checked =
        check(&journal, &exported).with_context(|| format!("{} does not verify", args.data_dir.display()))?;
    let said = format!("Verified {} up to {}", args.data_dir.display(), journal.head().hash);
    told(&said, (checked, None), args.output)
}

/// What becomes of the private key when a folder is copied.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    Left,
    IfThere,
    Demanded,
}

/// A copy that holds what was signed, and whether the private key was copied.
type Copied = (Checked, Option<bool>);

fn copied(from: &Path, to: &Path, key: Key) -> Result<Copied> {
    folder::must_be_there(from)?;
    let told = || format!("cannot copy {} to {}", from.display(), to.display());
    let journal = copy(from, &TenantId::from(TENANT), to).with_context(told)?;
    let copied = complete(&journal, from, key).with_context(told);
    if copied.is_err() {
        fs::remove_dir_all(to).with_context(|| format!("cannot remove {}", to.display()))?;
    }
    copied
}

/// Copies what lies beside the journal, walks the copied journal, and holds it against what was signed.
fn complete(journal: &Sqlite, from: &Path, key: Key) -> Result<Copied> {
    let to = journal.folder();
    FILES.iter().try_for_each(|name| copy_rejects(&from.join(name), &to.join(name)))?;
    let has_key = key != Key::Left && key_file::copy(from, to)?;
    if key == Key::Demanded && !has_key {
        bail!("there is no {} to take along", key_file::path(from).display());
    }
    Ok((check(journal, &[])?, Some(has_key)))
}

/// Copies what could not be read, if there is any, and makes it durable. A server may be adding to it.
fn copy_rejects(from: &Path, to: &Path) -> io::Result<()> {
    match fs::copy(from, to) {
        Ok(_) => File::open(to)?.sync_all(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// The heads in a file.
fn read_heads(path: &PathBuf) -> Result<Vec<Exported>> {
    let told = || format!("cannot read {} as a signed head", path.display());
    let heads = HeadRow::read(&fs::read(path).with_context(told)?).with_context(told)?;
    if heads.is_empty() {
        bail!("{} holds no signed head", path.display());
    }
    let name = path.display().to_string();
    Ok(heads.into_iter().map(|head| Exported { name: name.clone(), head }).collect())
}

fn told(said: &str, (Checked { verified, heads }, has_key): Copied, output: Output) -> Result<()> {
    let mut answer = json!({
        "rows": verified.rows, "expired": verified.expired, "verified": true, "signed_heads": heads,
    });
    if let (Some(has_key), Some(members)) = (has_key, answer.as_object_mut()) {
        members.insert("instance_key".to_owned(), has_key.into());
    }
    print(&answer, output, |_| {
        let rows = match verified.expired {
            0 => format!("{said}: {} rows, all as written.\n", verified.rows),
            expired => format!(
                "{said}: {} rows, all as written; the content of {expired} more has expired.\n",
                verified.rows
            ),
        };
        let key = match has_key {
            Some(true) => "The private instance key lies in it: keep it from others.\n",
            Some(false) => {
                "The private instance key is not in it: a server that starts on it makes another one.\n"
            }
            None => "",
        };
        format!("{rows}{}{key}", told_heads(&heads))
    })
}

fn told_heads(HeadsRow { count, last_row, keys }: &HeadsRow) -> String {
    let Some(last_row) = last_row else { return "No head of it is signed yet.\n".to_owned() };
    let keys: Vec<_> = keys.iter().map(|key| format!("{} ({})", key.id, key.public_key)).collect();
    format!("Signed heads: {count}, the last of row {last_row}; by key {}.\n", keys.join(", "))
}
