//! What criterion left of a measurement: its time per iteration, and the elements that one iteration handled.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// One measurement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Estimate {
    /// Median time of one iteration.
    pub(crate) nanoseconds: f64,
    /// Elements of one iteration, where the bench declared them.
    pub(crate) elements: Option<f64>,
}

/// Reads the newest run of the measurement with criterion's id `id`.
pub(crate) fn estimate(criterion: &Path, id: &str) -> Result<Estimate> {
    let run = criterion.join(id).join("new");
    let estimates: Estimates = read(&run.join("estimates.json"))?;
    let benchmark: Benchmark = read(&run.join("benchmark.json"))?;
    let elements = benchmark.throughput.and_then(|declared| declared.elements);
    Ok(Estimate { nanoseconds: estimates.median.point_estimate, elements })
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
    throughput: Option<Throughput>,
}

#[derive(Debug, Deserialize)]
struct Throughput {
    #[serde(rename = "Elements")]
    elements: Option<f64>,
}
