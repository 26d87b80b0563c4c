//! A data folder: who may read it, how much room there is, whether the journal is what was written.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use doorward_journal::{Journal, JournalError, Options, Sqlite};
use doorward_model::id::TenantId;
use doorward_model::time::{Millis, Time};
use doorward_proof::Signer;

use super::{Findings, state};
use crate::cli::Span;
use crate::serve::{TENANT, clock};
use crate::signing::check::{Checked, check};
use crate::signing::key_file;
use crate::verbs::folder::{Folder, must_be_there};
use crate::verbs::source::Source;

/// Looks at a data folder.
pub(super) fn look(dir: &Path, silent: Span, found: &mut Findings) {
    if let Err(error) = must_be_there(dir) {
        found.fail("folder", format!("{error:#}"), "name the folder that doorward serve uses");
        return;
    }
    permissions(dir, found);
    room(dir, found);
    let journal = match Sqlite::open(dir, &TenantId::from(TENANT), Options::default()) {
        Ok(journal) => journal,
        Err(JournalError::InUse { holder, .. }) => {
            found.ok("folder", format!("{} is used by process {holder}", dir.display()));
            found.warn(
                "journal",
                "not looked at while a server uses it",
                "ask the server with --url; doorward backup verifies a copy of the journal",
            );
            return;
        }
        Err(error) => {
            let fix = "use the release that wrote it, or restore a backup with doorward restore";
            found.fail("folder", format!("{:#}", anyhow::Error::new(error)), fix);
            return;
        }
    };
    found.ok("folder", format!("{} opens, and its formats are known", dir.display()));
    chain(&journal, found);
    key(dir, found);
    clock_of(journal.head().recorded_at, found);
    drop(journal);
    match Folder::open(dir) {
        Ok(folder) => state::look(&Source::Folder(Box::new(folder)), silent, found),
        Err(error) => found.fail("state", format!("{error:#}"), "restore a backup with doorward restore"),
    }
}

fn chain(journal: &Sqlite, found: &mut Findings) {
    match check(journal, &[]) {
        Ok(Checked { verified, .. }) => {
            found.ok("journal", format!("{} rows, all as written and as signed", verified.rows));
        }
        Err(error) => found.fail(
            "journal",
            format!("{error:#}"),
            "restore a backup with doorward restore, and find out who changed the file",
        ),
    }
}

/// Without a key nothing is signed, and what others can read may be signed by them.
fn key(dir: &Path, found: &mut Findings) {
    let path = key_file::path(dir);
    match key_file::look(&path) {
        Ok(Some(key)) => {
            let public = key.public_key();
            found.ok("instance key", format!("{}, its public key {public}", public.id()));
        }
        Ok(None) => {
            let fix =
                "start the server: it makes one; or bring back the one of before from where you keep it";
            found.warn("instance key", format!("there is no {}", path.display()), fix);
        }
        Err(error) => found.fail("instance key", format!("{error:#}"), "do as it says, and start again"),
    }
}

/// No record may be earlier than the last one: a clock that went back stands still until it has caught up.
fn clock_of(recorded_at: Time, found: &mut Findings) {
    let now = clock();
    if recorded_at <= now + CLOCK_SLACK {
        found.ok("clock", format!("{now}, after all that is recorded"));
        return;
    }
    found.fail(
        "clock",
        format!("{now}, but the last record says {recorded_at}"),
        "set the clock of this machine: until it has caught up, nothing expires",
    );
}

fn permissions(dir: &Path, found: &mut Findings) {
    let mut open: Vec<String> = Vec::new();
    let entries = fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
    for path in std::iter::once(dir.to_owned()).chain(entries) {
        let mode = fs::metadata(&path).map(|data| data.permissions().mode()).unwrap_or_default();
        if mode & OTHERS != 0 {
            open.push(path.display().to_string());
        }
    }
    open.sort();
    // A folder that nobody else may enter guards what lies in it.
    if open.first().is_none_or(|first| *first != dir.display().to_string()) {
        found.ok("permissions", "nobody but the owner may read the folder");
        return;
    }
    let fix = format!("chmod -R go= {}", dir.display());
    found.fail("permissions", format!("others may read {}", super::some(&open)), fix);
}

fn room(dir: &Path, found: &mut Findings) {
    let Ok(volume) = rustix::fs::statvfs(dir) else { return };
    let free = volume.f_bavail.saturating_mul(volume.f_frsize) >> 20;
    let said = format!("{free} MiB are free");
    let fix = "make room, or move the folder: a full disk refuses events and whatever grants";
    match free {
        ..FREE_FAIL_MIB => found.fail("disk", said, fix),
        FREE_FAIL_MIB..FREE_WARN_MIB => found.warn("disk", said, fix),
        FREE_WARN_MIB.. => found.ok("disk", said),
    }
}

const OTHERS: u32 = 0o077;
const CLOCK_SLACK: Millis = Millis::SECOND;
const FREE_WARN_MIB: u64 = 1_024;
const FREE_FAIL_MIB: u64 = 100;
