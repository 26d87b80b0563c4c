//! Programs of others that a bench compares with, had from public registries into a folder of their own each.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use crate::place;
use crate::process::{command, run};

/// Set to 1 where a peer that cannot be had is an error.
const REQUIRE: &str = "DOORWARD_REQUIRE_PEERS";

/// Left in the folder of a peer once it is whole.
const WHOLE: &str = "installed";

/// A program of others.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Peer {
    /// The folder that a bench finds it in, below [`folder`].
    pub(crate) name: String,
    /// Where it comes from.
    pub(crate) package: Package,
}

/// A package by its name and version, as its installer writes both.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Package {
    /// Of Python's index.
    Python(String),
    /// Of npm.
    Npm(String),
}

/// Where peers lie.
pub(crate) fn folder() -> PathBuf {
    place::target().join("peers")
}

/// Installs those that are not there yet. One that cannot be had is said aloud; benches and rows do without it.
pub(crate) fn provide(peers: &[Peer]) -> Result<()> {
    for peer in peers {
        if let Err(error) = provide_one(peer) {
            println!("SKIPPED: peer {}: {error:#}", peer.name);
            let required = env::var(REQUIRE).is_ok_and(|value| value == "1");
            ensure!(!required, "a peer is missing, and {REQUIRE}=1 asks for all of them");
        }
    }
    Ok(())
}

fn provide_one(peer: &Peer) -> Result<()> {
    let home = folder().join(&peer.name);
    if home.join(WHOLE).exists() {
        return Ok(());
    }
    if home.exists() {
        fs::remove_dir_all(&home).with_context(|| format!("cannot empty {}", home.display()))?;
    }
    fs::create_dir_all(&home).with_context(|| format!("cannot create {}", home.display()))?;
    match &peer.package {
        Package::Python(package) => install_python(&home, package)?,
        Package::Npm(package) => {
            let prefix = home.display().to_string();
            run(&mut command(
                "npm",
                ["install", "--silent", "--no-audit", "--no-fund", "--prefix", &prefix, package],
            ))?;
        }
    }
    fs::write(home.join(WHOLE), "").with_context(|| format!("cannot write into {}", home.display()))
}

fn install_python(home: &Path, package: &str) -> Result<()> {
    run(command("python3", ["-m", "venv"]).arg(home))?;
    let pip = home.join("bin/pip");
    run(&mut command(
        &pip.display().to_string(),
        ["install", "--quiet", "--disable-pip-version-check", package],
    ))
}
