//! What a bench left of a measurement: its time per iteration, and how much one iteration handled.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::promise::Measured;

/// What a run of a bench left behind.
#[derive(Debug)]
pub(crate) struct Run {
    /// Criterion's folder.
    pub(crate) criterion: PathBuf,
    /// What it printed, line by line.
    pub(crate) printed: Vec<String>,
}

/// One measurement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Estimate {
    /// Nanoseconds of one iteration; for sizes bytes, for counts how many.
    pub(crate) amount: f64,
    /// What one iteration handles, where the bench declared it.
    pub(crate) handles: Option<Amount>,
}

impl Run {
    /// Whether it left the measurement, readable or not.
    pub(crate) fn has(&self, measured: &Measured) -> bool {
        match measured {
            Measured::Criterion(id) => self.criterion.join(id).exists(),
            Measured::Printed { line, .. } => figures(&self.printed, line).is_some(),
        }
    }

    /// Finds a measurement; one that is not there is an error.
    pub(crate) fn estimate(&self, measured: &Measured) -> Result<Estimate> {
        match measured {
            Measured::Criterion(id) => from_criterion(&self.criterion.join(id).join("new")),
            Measured::Printed { line, figure, elements, bytes } => {
                let number = |figure: &String| from_print(&self.printed, line, figure);
                let elements = elements.as_ref().map(number).transpose()?.map(Amount::Elements);
                let bytes = bytes.as_ref().map(number).transpose()?.map(Amount::Bytes);
                Ok(Estimate { amount: number(figure)?, handles: elements.or(bytes) })
            }
        }
    }
}

fn from_criterion(run: &Path) -> Result<Estimate> {
    let estimates: Estimates = read(&run.join("estimates.json"))?;
    let benchmark: Benchmark = read(&run.join("benchmark.json"))?;
    Ok(Estimate { amount: estimates.median.point_estimate, handles: benchmark.throughput })
}

fn from_print(printed: &[String], line: &str, figure: &str) -> Result<f64> {
    let mut words =
        figures(printed, line).with_context(|| format!("no line `{line}:` was printed"))?.split_whitespace();
    words.find(|word| *word == figure).with_context(|| format!("`{line}` has no figure {figure}"))?;
    let number = words.next().and_then(|word| word.parse().ok());
    number.with_context(|| format!("`{line}` has no number after {figure}"))
}

/// What was printed after that beginning of a line and a colon.
fn figures<'a>(printed: &'a [String], line: &str) -> Option<&'a str> {
    printed.iter().find_map(|text| text.strip_prefix(line)?.strip_prefix(':'))
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("cannot understand {}", path.display()))
}

#[derive(Debug, Deserialize)]
struct Estimates {
    median: Statistic,
}

#[derive(Debug, Deserialize)]
struct Statistic {
    point_estimate: f64,
}

#[derive(Debug, Deserialize)]
struct Benchmark {
    throughput: Option<Amount>,
}

/// How much one iteration handles.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub(crate) enum Amount {
    /// So many things.
    Elements(f64),
    /// So many bytes.
    Bytes(f64),
}
