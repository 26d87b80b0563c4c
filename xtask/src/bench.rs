//! `cargo xtask bench`: measure, and compare with what is promised.
//!
//! The promises stand in `docs/performance.toml`; criterion measures. Each bench leaves `target/bench/NAME.json`
//! with rows `{name, value, unit, budget, meets}`, from which `cargo xtask docs` renders the published page.

mod estimate;
mod peers;
mod promise;
mod row;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};

use crate::place;
use crate::process::{cargo, follow};

use self::estimate::Run;
pub(crate) use self::promise::{Bench, promises};
pub(crate) use self::row::{Row, table};

/// Runs the bench of that name, or all that do not take long; a budget that is not met is shown, and is an error at the end.
pub(crate) fn bench(name: Option<&str>) -> Result<()> {
    let known = promises()?;
    let names = known.iter().map(|bench| bench.name.as_str()).collect::<Vec<_>>().join(", ");
    let chosen: Vec<&Bench> =
        known.iter().filter(|bench| name.map_or(!bench.long, |name| name == bench.name)).collect();
    ensure!(!chosen.is_empty(), "no bench of that name; known are {names}");
    let mut missed = 0;
    for bench in chosen {
        let rows = measure(bench)?;
        println!("{}\n{}", bench.title, table(&rows));
        missed += rows.iter().filter(|row| row.meets == Some(false)).count();
    }
    ensure!(missed == 0, "{missed} budgets are not met");
    Ok(())
}

/// Where the rows of a bench are kept.
pub(crate) fn results(bench: &Bench) -> PathBuf {
    place::target().join("bench").join(format!("{}.json", bench.name))
}

/// Where it is kept how busy the machine was when the bench of that name ended.
pub(crate) fn load(name: &str) -> PathBuf {
    place::target().join("bench").join(format!("{name}.load"))
}

/// How many programs wanted to run in the last minute, as Linux counts them; nothing elsewhere.
fn busy() -> String {
    let counted = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    counted.split(' ').next().unwrap_or_default().to_owned()
}

fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let mut printed = Vec::new();
    let args = ["bench", "--package", &bench.package, "--bench", &bench.bench, "--"];
    let args = args.into_iter().chain(bench.args.iter().map(String::as_str));
    peers::provide(&bench.peers)?;
    let mut cargo = cargo(args);
    follow(cargo.env("DOORWARD_PEERS", peers::folder()), |line| printed.push(line.to_owned()))?;
    let run = Run { criterion: place::target().join("criterion"), printed };
    let mut rows = Vec::new();
    for promise in &bench.rows {
        match row::row(promise, &run).with_context(|| format!("cannot work out {}", promise.name))? {
            Some(row) => rows.push(row),
            None => println!(
                "SKIPPED: {}: {} is not here",
                promise.name,
                promise.peer.as_deref().unwrap_or("a peer")
            ),
        }
    }
    let file = results(bench);
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    }
    let json = serde_json::to_string_pretty(&rows).context("cannot write the rows as JSON")?;
    fs::write(&file, json).with_context(|| format!("cannot write {}", file.display()))?;
    let load = load(&bench.name);
    fs::write(&load, busy()).with_context(|| format!("cannot write {}", load.display()))?;
    Ok(rows)
}
