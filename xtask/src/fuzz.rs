//! `cargo xtask fuzz`: a bounded run of every fuzz target.
//!
//! Targets are built by the pinned toolchain with coverage and without a sanitizer, which needs no nightly: our code
//! has no unsafe block, so what is looked for are panics, hangs and lost records.

use std::fs;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use crate::place;
use crate::process::{answers, cargo, run};

/// Builds all targets at once, then runs each for `seconds`; the first that crashes ends the run with its input.
pub(crate) fn fuzz(seconds: u32) -> Result<()> {
    let manifest = place::root().join("fuzz/Cargo.toml");
    let installed = answers("cargo", &["fuzz", "--version"]);
    ensure!(installed, "install the fuzzer with `cargo install cargo-fuzz --locked --version 0.13.2`");
    let text =
        fs::read_to_string(&manifest).with_context(|| format!("cannot read {}", manifest.display()))?;
    let manifest: Manifest = toml::from_str(&text).context("cannot read the list of fuzz targets")?;
    run(cargo(["fuzz", "build"]).args(BUILD))?;
    for target in &manifest.bin {
        let [found, own] =
            ["corpus", "seeds"].map(|kind| place::root().join("fuzz").join(kind).join(&target.name));
        fs::create_dir_all(&found).with_context(|| format!("cannot create {}", found.display()))?;
        let seeds = if own.is_dir() { own } else { place::root().join(SAMPLES) };
        let limits =
            [format!("-max_total_time={seconds}"), format!("-timeout={INPUT_SECONDS}"), QUIET.to_owned()];
        let mut fuzz = cargo(["fuzz", "run"]);
        run(fuzz.args(BUILD).arg(&target.name).args([found, seeds]).arg("--").args(limits))?;
    }
    println!("fuzz: {} targets, {seconds} s each", manifest.bin.len());
    Ok(())
}

/// How targets are built: in parts, which is sooner done.
const BUILD: [&str; 4] = ["--sanitizer", "none", "--codegen-units", "16"];

/// Where fuzzing starts from where a target has no seeds of its own: the samples of the parsers.
const SAMPLES: &str = "crates/intake/testdata";

/// One input that takes longer than this is a finding: a hang.
const INPUT_SECONDS: u32 = 10;

/// Only the end is told, and what was found.
const QUIET: &str = "-verbosity=0";

#[derive(Debug, Deserialize)]
struct Manifest {
    bin: Vec<Target>,
}

#[derive(Debug, Deserialize)]
struct Target {
    name: String,
}
