//! Cases of other evaluators, and our own, answered by this one: a question with its policies in, whether the answer is
//! the expected one out.
//!
//! A case whose expectation contradicts AWS's documentation is excused, with the reason and the page.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

use crate::catalog::Catalog;

mod doorward;
mod formula;
mod held;
mod iam_simulate;
mod iamspy;
mod json;
mod yams;

/// The form in which cases are written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Format {
    /// JSON lists of cases of iam-simulate, of its core engine or of its simulation engine.
    IamSimulate,
    /// JSON lists of questions of yams over AWS Config items, one on each line.
    Yams,
    /// JSON lists of calls of IAMSpy over authorization details, resource policies and organisation trees.
    IamSpy,
    /// Our own, in YAML.
    Doorward,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::IamSimulate, Self::Yams, Self::IamSpy, Self::Doorward];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::IamSimulate => "iam-simulate",
            Self::Yams => "yams",
            Self::IamSpy => "iamspy",
            Self::Doorward => "doorward",
        }
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|format| format.name() == text);
        found.ok_or_else(|| {
            format!("{text} is no format of cases: iam-simulate, yams, iamspy and doorward are")
        })
    }
}

/// A file of cases, or of what they are about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct File {
    /// Its path, as messages show it.
    pub name: String,
    /// What is in it.
    pub text: String,
    /// Whether its cases are asked for; otherwise it is only there for other files' cases.
    pub is_asked: bool,
}

/// How cases came out.
#[derive(Clone, PartialEq, Eq, Debug, Default, serde::Serialize)]
pub struct Report {
    /// How many there are.
    pub cases: usize,
    /// How many came out as expected.
    pub passed: usize,
    /// The others.
    pub failed: Vec<Failure>,
}

impl Report {
    /// Whether each case came out as expected, or is excused.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.failed.iter().all(|failure| failure.excused)
    }

    fn take(&mut self, case: String, expected: &str, outcome: Result<Outcome, String>) {
        self.cases += 1;
        let (got, why, contradicts) = match outcome {
            Ok(Outcome { wrong: None, .. }) => {
                self.passed += 1;
                return;
            }
            Ok(Outcome { got, wrong: Some(why), contradicts }) => (got, why, contradicts),
            Err(why) => ("unreadable".to_owned(), why, None),
        };
        let why = contradicts.map_or(why, str::to_owned);
        let excused = contradicts.is_some();
        self.failed.push(Failure { case, expected: expected.to_owned(), got, why, excused });
    }
}

/// A case that did not come out as expected.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Failure {
    /// The case.
    pub case: String,
    /// What is expected.
    pub expected: String,
    /// What was answered.
    pub got: String,
    /// Why that differs: where the expectation is wrong, by which page of AWS's documentation.
    pub why: String,
    /// Whether the expectation is wrong.
    pub excused: bool,
}

/// How one case came out.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Outcome {
    got: String,
    /// In what it differs from what is expected.
    wrong: Option<String>,
    /// Which page of AWS's documentation the expectation contradicts, and in what.
    contradicts: Option<&'static str>,
}

/// Why cases cannot be read at all.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ConformError {
    /// A file is not of the form.
    #[error("cannot read {name} as {format}: {what}")]
    File {
        /// The file.
        name: String,
        /// The form.
        format: &'static str,
        /// What is wrong.
        what: String,
    },
    /// No file has a case.
    #[error("there is no case of {0} in these files")]
    Empty(&'static str),
}

/// Answers the cases of some files. The list of known permissions says which permissions act on which resources.
///
/// # Errors
///
/// When a file is not of the form, or none has a case.
pub fn conform(format: Format, files: &[File], catalog: &Catalog) -> Result<Report, ConformError> {
    let mut report = Report::default();
    match format {
        Format::IamSimulate => iam_simulate::run(files, catalog, &mut report)?,
        Format::Yams => yams::run(files, catalog, &mut report)?,
        Format::IamSpy => iamspy::run(files, catalog, &mut report)?,
        Format::Doorward => doorward::run(files, &mut report)?,
    }
    if report.cases == 0 {
        return Err(ConformError::Empty(format.name()));
    }
    Ok(report)
}

impl File {
    fn error(&self, format: Format, what: impl fmt::Display) -> ConformError {
        ConformError::File { name: self.name.clone(), format: format.name(), what: what.to_string() }
    }

    /// The part of the path behind the last slash.
    fn last_name(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or(&self.name)
    }

    /// The name of the case at a place: its own, or file and place.
    fn case_name(&self, case: &Value, place: usize) -> String {
        match case.get("_case").and_then(Value::as_str) {
            Some(name) => name.to_owned(),
            None => format!("{}#{place}", self.name),
        }
    }
}
