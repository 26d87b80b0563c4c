//! Cases of policy evaluation, answered and compared.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use doorward_privilege::catalog::Catalog;
use doorward_privilege::conform::{File, Report};
use serde_json::json;

use crate::cli::privilege::ConformArgs;
use crate::verbs::grid::rows;
use crate::verbs::print::print;

/// Answers the cases, and fails if one does not come out as expected.
pub(crate) fn conform(args: &ConformArgs) -> Result<()> {
    let catalog = Catalog::shipped().context("cannot read the list of known permissions")?;
    let report = doorward_privilege::conform::conform(args.format, &files(&args.paths)?, &catalog)?;
    print(&report, args.output, table)?;
    match report.failed.iter().filter(|failure| !failure.excused).count() {
        0 => Ok(()),
        1 => bail!("one case does not come out as expected"),
        count => bail!("{count} cases do not come out as expected"),
    }
}

/// The files that are asked for, and those that lie beside them.
fn files(paths: &[PathBuf]) -> Result<Vec<File>> {
    let mut found = BTreeMap::new();
    for path in paths {
        if path.is_dir() {
            collect(path, true, &mut found)?;
            continue;
        }
        found.insert(path.clone(), true);
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        collect(folder.unwrap_or_else(|| Path::new(".")), false, &mut found)?;
    }
    let read = |(path, is_asked): (PathBuf, bool)| {
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(File { name: path.display().to_string(), text, is_asked })
    };
    found.into_iter().map(read).collect()
}

/// The files of a folder that may hold cases or what they are about.
fn collect(folder: &Path, is_asked: bool, found: &mut BTreeMap<PathBuf, bool>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let path = entry.with_context(|| format!("cannot read {}", folder.display()))?.path();
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        if path.is_dir() {
            // Items that other tests load, valid and not: no part of what questions are about.
            if path.file_name().is_none_or(|name| name != "config-loading") {
                collect(&path, is_asked, found)?;
            }
        } else if matches!(ending, "json" | "jsonl" | "yaml") {
            let is_asked_here = found.entry(path).or_insert(is_asked);
            *is_asked_here |= is_asked;
        }
    }
    Ok(())
}

fn table(report: &Report) -> String {
    let mut told = String::new();
    if !report.failed.is_empty() {
        let row = |failure: &doorward_privilege::conform::Failure| json!(failure);
        let failed: Vec<_> = report.failed.iter().map(row).collect();
        let columns = [
            ("case", "/case"),
            ("expected", "/expected"),
            ("got", "/got"),
            ("excused", "/excused"),
            ("why", "/why"),
        ];
        told.push_str(&rows(&failed, &columns));
    }
    told.push_str(&format!("{} of {} cases come out as expected.\n", report.passed, report.cases));
    told
}
