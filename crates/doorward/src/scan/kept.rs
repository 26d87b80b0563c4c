//! A scan that keeps what it reads: the same over the journal of a data folder.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use doorward_engine::{Engine, Rules};
use doorward_journal::{Options, Sqlite};
use doorward_model::id::TenantId;
use doorward_model::time::Time;
use tempfile::TempPath;

use crate::report::{Coverage, Report};
use crate::scan::{Gathered, HASH_SEED, Progress, judge, keep_texts};
use crate::serve::config::REJECTS_MAX_MIB;
use crate::serve::kept::Kept;
use crate::serve::{TENANT, clock};
use crate::writer::{Moment, Writer};

/// A data folder that nobody else uses.
pub(super) struct Folder {
    journal: Sqlite,
    /// Where rejects are gathered before they are kept.
    pub(super) rejects: PathBuf,
    /// The same, if nobody has named a file for them.
    temporary: Option<TempPath>,
}

/// Opens a data folder, and makes it if it is not there. Rejects go by a file that somebody wants, or by a temporary
/// one.
pub(super) fn open(dir: &Path, rejects: Option<&Path>) -> Result<Folder> {
    let journal = Sqlite::open(dir, &TenantId::from(TENANT), Options::default())
        .with_context(|| format!("cannot open the data folder {}", dir.display()))?;
    let (rejects, temporary) = match rejects {
        Some(file) => (file.to_owned(), None),
        None => {
            let file = tempfile::NamedTempFile::new().context("cannot make a temporary file")?;
            (file.path().to_owned(), Some(file.into_temp_path()))
        }
    };
    Ok(Folder { journal, rejects, temporary })
}

impl Folder {
    /// Takes in what was gathered, keeps it, and reports.
    pub(super) fn keep(
        self,
        rules: Rules,
        gathered: Gathered,
        coverage: Coverage,
        progress: &Progress,
    ) -> Result<Report> {
        let Self { journal, rejects, temporary } = self;
        let dir = journal.folder().to_owned();
        let engine = Engine::new(TenantId::from(TENANT), rules, 1, HASH_SEED);
        let mut writer = Writer::open(journal, engine).context("cannot fold the journal")?;
        keep_texts(&mut writer, &gathered.exports)?;
        let report = judge(&mut writer, gathered, coverage, (progress, imported))?;
        Kept::new(&dir, REJECTS_MAX_MIB << 20).keep_file(&rejects).context("cannot keep the rejects")?;
        drop(temporary);
        writer.checkpoint().context("cannot keep the state")?;
        Ok(report)
    }
}

fn imported(writer: &Writer<Sqlite>, happened_at: Time) -> Moment {
    Moment::imported(happened_at, writer.not_before(clock()))
}
