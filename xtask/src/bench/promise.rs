//! `docs/performance.toml`: which benches there are, and what each of their rows promises.

use std::fs;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::peers::Peer;
use crate::place;

/// The benches that `docs/performance.toml` lists, in its order.
pub(crate) fn promises() -> Result<Vec<Bench>> {
    let path = place::root().join("docs/performance.toml");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let file: File =
        toml::from_str(&text).with_context(|| format!("cannot understand {}", path.display()))?;
    Ok(file.bench)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    bench: Vec<Bench>,
}

/// One criterion bench and the rows drawn from it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bench {
    /// What `cargo xtask bench` calls it.
    pub(crate) name: String,
    /// What a reader calls it.
    pub(crate) title: String,
    /// The package that holds it.
    pub(crate) package: String,
    /// Its bench target there.
    pub(crate) bench: String,
    /// What is said to it, such as a size.
    #[serde(default)]
    pub(crate) args: Vec<String>,
    /// Whether it takes so long that it only runs when it is named.
    #[serde(default)]
    pub(crate) long: bool,
    /// What it compares with.
    #[serde(default)]
    pub(crate) peers: Vec<Peer>,
    /// What it measures.
    pub(crate) rows: Vec<Promise>,
}

/// One measured value and its budget.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Promise {
    /// What a reader calls the value.
    pub(crate) name: String,
    /// Where the bench leaves it.
    pub(crate) measured: Measured,
    /// The measurement that a `%` or `x` compares it with, in the same run.
    pub(crate) floor: Option<Measured>,
    /// What the value counts.
    pub(crate) unit: Unit,
    /// The worst value that keeps the promise; none where nothing is promised.
    pub(crate) budget: Option<f64>,
    /// The peer without which there is no such row.
    pub(crate) peer: Option<String>,
}

/// Where a bench leaves a measurement.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Measured {
    /// Criterion's median; its folder below `target/criterion`.
    Criterion(String),
    /// A number on standard output, in a line such as `LINE: p50 1200 p99 3400`: nanoseconds, bytes, or a count.
    Printed {
        /// What stands before the colon.
        line: String,
        /// The word before the number.
        figure: String,
        /// The word before the number of things that were handled in that time.
        elements: Option<String>,
        /// The word before the number of bytes that were handled in that time.
        bytes: Option<String>,
    },
}

/// What a value counts, and with it how it follows from the measurement and whether more of it is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum Unit {
    /// Nanoseconds for one iteration.
    #[serde(rename = "ns")]
    Nanoseconds,
    /// Microseconds for one iteration.
    #[serde(rename = "us")]
    Microseconds,
    /// Milliseconds for one iteration.
    #[serde(rename = "ms")]
    Milliseconds,
    /// Declared elements in a second.
    #[serde(rename = "/s")]
    PerSecond,
    /// Declared bytes in a second, in millions.
    #[serde(rename = "MB/s")]
    MegabytesPerSecond,
    /// Share of the floor's speed that is kept.
    #[serde(rename = "%")]
    Percent,
    /// How many times the floor's time is taken.
    #[serde(rename = "x")]
    Times,
    /// How many times less is taken than the floor, which is then a peer.
    #[serde(rename = "x less")]
    TimesLess,
    /// Bytes.
    #[serde(rename = "B")]
    Bytes,
    /// Bytes, in 1,048,576.
    #[serde(rename = "MiB")]
    Mebibytes,
    /// How often the disk is waited for: so often, neither less nor more.
    #[serde(rename = "fsyncs")]
    Syncs,
}

impl Unit {
    /// How the unit is written beside its value.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Nanoseconds => "ns",
            Self::Microseconds => "us",
            Self::Milliseconds => "ms",
            Self::PerSecond => "/s",
            Self::MegabytesPerSecond => "MB/s",
            Self::Percent => "%",
            Self::Times => "x",
            Self::TimesLess => "x less",
            Self::Bytes => "B",
            Self::Mebibytes => "MiB",
            Self::Syncs => "fsyncs",
        }
    }

    /// Whether the value keeps the budget: speeds are at least, times and sizes at most, and a number of waits exactly.
    pub(crate) fn keeps(self, value: f64, budget: f64) -> bool {
        match self {
            Self::PerSecond | Self::MegabytesPerSecond | Self::Percent | Self::TimesLess => value >= budget,
            Self::Nanoseconds
            | Self::Microseconds
            | Self::Milliseconds
            | Self::Times
            | Self::Bytes
            | Self::Mebibytes => value <= budget,
            Self::Syncs => (value - budget).abs() < f64::EPSILON,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Unit, promises};

    #[test]
    fn the_file_of_promises_is_understood_and_names_each_bench_once() {
        let benches = promises().unwrap();
        let names: BTreeSet<&str> = benches.iter().map(|bench| bench.name.as_str()).collect();
        assert_eq!(names.len(), benches.len());
        for row in benches.iter().flat_map(|bench| &bench.rows) {
            let compares = matches!(row.unit, Unit::Percent | Unit::Times | Unit::TimesLess);
            assert_eq!(row.floor.is_some(), compares, "{}", row.name);
        }
        for bench in &benches {
            let known = |peer: &String| bench.peers.iter().any(|one| one.name == *peer);
            assert!(bench.rows.iter().filter_map(|row| row.peer.as_ref()).all(known), "{}", bench.name);
        }
    }
}
