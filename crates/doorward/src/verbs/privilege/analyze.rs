//! All that is said of an inventory; and how one is read from files.

use std::io::{IsTerminal, stderr};
use std::path::PathBuf;

use anyhow::{Result, bail};
use doorward_model::inventory::AccountExport;
use doorward_model::usage::Ledger;
use serde::Serialize;

use super::over::Over;
use crate::cli::privilege::AnalyzeArgs;
use crate::privilege::{self, Analyzed};
use crate::scan::read::Raw;
use crate::scan::{Gathered, Progress, Reading, gather_into};
use crate::verbs::print::print;

/// What is answered, with what could not be read.
#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    analyzed: Analyzed,
    /// Whether files held logs beside exports: they tell what was used, and not what has changed.
    #[serde(skip)]
    beside_logs: bool,
    /// What could not be read of the files; what a server could not read is told by `doorward reject list`.
    rejects: Vec<RejectAnswer>,
}

/// What could not be read.
#[derive(Debug, Serialize)]
pub(super) struct RejectAnswer {
    source: String,
    record: u64,
    reason: String,
}

/// Analyses exports.
pub(crate) fn analyze(args: &AnalyzeArgs) -> Result<()> {
    let over = Over::at(&args.paths, &args.known, args.quiet)?;
    let analyzed = over.analyzed()?;
    let beside_logs = !args.paths.is_empty() && !analyzed.logs.is_empty();
    let rejects = match over {
        Over::Here(_, rejects) => rejects,
        Over::Server(..) => Vec::new(),
    };
    print(&Answer { analyzed, beside_logs, rejects }, args.output, table)
}

/// Reads exports, what logs beside them show of the use of rights, and what could not be read of the files. Without any export nothing can be answered.
pub(super) fn read(
    paths: &[PathBuf],
    quiet: bool,
) -> Result<(Vec<AccountExport>, Ledger, Vec<RejectAnswer>)> {
    let progress = if quiet || !stderr().is_terminal() { Progress::hidden() } else { Progress::shown() };
    let reading = Reading { raw: Raw::Drop, ..Reading::default() };
    let gathered = gather_into(Ledger::default(), paths, &reading, &progress)?;
    let Gathered { exports, mut rejects, events: ledger, .. } = gathered;
    progress.done();
    rejects.finish()?;
    let told = |(source, record, reason): (&str, u64, &str)| RejectAnswer {
        source: source.to_owned(),
        record,
        reason: reason.to_owned(),
    };
    let rejects: Vec<RejectAnswer> = rejects.listed().map(told).collect();
    if exports.is_empty() {
        let why = rejects.first().map(|one| format!(" ({}: {})", one.source, one.reason)).unwrap_or_default();
        bail!(
            "no export of an inventory was read{why}: write one with \
             `aws iam get-account-authorization-details > account.json`"
        );
    }
    Ok((exports, ledger, rejects))
}

fn table(answer: &Answer) -> String {
    let mut text = privilege::table(&answer.analyzed);
    if answer.beside_logs {
        let as_of = answer.analyzed.as_of.map(|at| format!(", {at}")).unwrap_or_default();
        text.push_str(&format!(
            "\nRights are as of the exports{as_of}: what the log changed after them, `doorward scan` counts.\n"
        ));
    }
    for RejectAnswer { source, record, reason } in answer.rejects.iter().take(LISTED_MAX) {
        text.push_str(&format!("\nrejected: {source} record {record}: {reason}\n"));
    }
    text
}

/// So many rejects are listed for people.
const LISTED_MAX: usize = 20;
