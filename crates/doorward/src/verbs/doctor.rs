//! Whether all is well: a line for each thing that was looked at, and how to mend what is not.

mod folder;
mod server;
mod state;

use anyhow::{Result, bail};
use serde::Serialize;

use crate::cli::ServeArgs;
use crate::cli::health::DoctorArgs;
use crate::serve::config::Config;
use crate::serve::policies;
use crate::verbs::print::print;

/// Looks at what is named, or else at the server.
pub(crate) fn doctor(args: &DoctorArgs) -> Result<()> {
    let mut found = Findings::default();
    let mut data_dir = args.data_dir.clone();
    if let Some(path) = &args.config {
        let typed = ServeArgs { config: Some(path.clone()), ..ServeArgs::default() };
        match Config::of(&typed).and_then(|config| {
            doorward_serve::server::check(config.listen, &config.serve)?;
            Ok(config)
        }) {
            Ok(config) => {
                found.ok("settings", format!("{} holds together", path.display()));
                policy_folder(&config, &mut found);
                data_dir.get_or_insert(config.data_dir);
            }
            Err(error) => {
                found.fail("settings", format!("{error:#}"), "mend the file, or leave --config out");
            }
        }
    }
    if let Some(dir) = &data_dir {
        folder::look(dir, args.silent, &mut found);
    }
    if (data_dir.is_none() && args.config.is_none()) || args.api.is_named() {
        server::look(&args.api, args.silent, &mut found);
    }
    print(&found, args.output, table)?;
    match found.checks.iter().filter(|check| check.verdict == Verdict::Fail).count() {
        0 => Ok(()),
        1 => bail!("one check failed"),
        count => bail!("{count} checks failed"),
    }
}

fn policy_folder(config: &Config, found: &mut Findings) {
    let Some(folder) = &config.policy else { return };
    match policies::check(folder) {
        Ok(()) => found.ok("policy folder", format!("{} is valid", folder.folder.display())),
        Err(error) => {
            found.fail("policy folder", format!("{error:#}"), "mend the files: each is named with its line");
        }
    }
}

/// What was found.
#[derive(Debug, Default, Serialize)]
struct Findings {
    checks: Vec<Check>,
}

/// One thing that was looked at.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Check {
    check: &'static str,
    verdict: Verdict,
    /// What was seen.
    found: String,
    /// How to mend it.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
}

/// How it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    /// As it should be.
    Ok,
    /// It works, and may not do so for long, or not as it was meant.
    Warn,
    /// It does not work.
    Fail,
}

impl Findings {
    fn ok(&mut self, check: &'static str, found: impl Into<String>) {
        self.checks.push(Check { check, verdict: Verdict::Ok, found: found.into(), fix: None });
    }

    fn warn(&mut self, check: &'static str, found: impl Into<String>, fix: impl Into<String>) {
        self.add(check, Verdict::Warn, (found.into(), fix.into()));
    }

    fn fail(&mut self, check: &'static str, found: impl Into<String>, fix: impl Into<String>) {
        self.add(check, Verdict::Fail, (found.into(), fix.into()));
    }

    fn add(&mut self, check: &'static str, verdict: Verdict, (found, fix): (String, String)) {
        self.checks.push(Check { check, verdict, found, fix: Some(fix) });
    }
}

fn table(found: &Findings) -> String {
    let width = found.checks.iter().map(|check| check.check.len()).max().unwrap_or_default();
    let mut told = String::new();
    for Check { check, verdict, found, fix } in &found.checks {
        let word = match verdict {
            Verdict::Ok => "ok",
            Verdict::Warn => "warn",
            Verdict::Fail => "fail",
        };
        told.push_str(&format!("{word:<4}  {check:<width$}  {found}\n"));
        if let Some(fix) = fix {
            told.push_str(&format!("{:<4}  {:<width$}  fix: {fix}\n", "", ""));
        }
    }
    told
}

/// So many of a thing.
fn counted(count: usize, (one, many): (&str, &str)) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A few of many, in a sentence.
fn some(names: &[String]) -> String {
    match names.get(NAMED_MAX..) {
        Some(more) if !more.is_empty() => {
            format!("{} and {} more", names.get(..NAMED_MAX).unwrap_or_default().join(", "), more.len())
        }
        _ => names.join(", "),
    }
}

const NAMED_MAX: usize = 5;
