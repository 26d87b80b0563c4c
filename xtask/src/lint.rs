//! `cargo xtask lint`: what can be said about the code without running it.

use anyhow::{Result, ensure};

use crate::docs;
use crate::process::{answers, cargo, command, run};

/// Runs every check; a tool that is not installed is skipped and counted, or fails where `strict`.
pub(crate) fn lint(strict: bool) -> Result<()> {
    run(&mut cargo(["fmt", "--all", "--check"]))?;
    run(&mut cargo(["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"]))?;
    run(&mut cargo(["fetch", "--locked"]))?;
    let missing: Vec<&Tool> = TOOLS.iter().filter(|tool| !answers(tool.program, tool.probe)).collect();
    for tool in TOOLS.iter().filter(|tool| answers(tool.program, tool.probe)) {
        run(&mut command(tool.program, tool.args))?;
    }
    run(&mut cargo(["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"]))?;
    run(cargo(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "--deny warnings"))?;
    docs::reference::check()?;
    report(&missing, strict)
}

fn report(missing: &[&Tool], strict: bool) -> Result<()> {
    println!("{} checks skipped for want of a tool", missing.len());
    for tool in missing {
        println!("SKIPPED: {}: install it with `{}`", tool.name, tool.install);
    }
    ensure!(missing.is_empty() || !strict, "a tool is missing, and --strict does not skip");
    Ok(())
}

/// A check by a program that does not come with the toolchain.
struct Tool {
    name: &'static str,
    program: &'static str,
    /// Arguments that an installed tool answers with success.
    probe: &'static [&'static str],
    args: &'static [&'static str],
    install: &'static str,
}

const TOOLS: [Tool; 3] = [
    Tool {
        name: "licences, banned crates and sources",
        program: "cargo",
        probe: &["deny", "--version"],
        args: &["deny", "--offline", "--workspace", "check", "licenses", "bans", "sources"],
        install: "cargo install cargo-deny --locked --version 0.20.2",
    },
    Tool {
        name: "unused dependencies",
        program: "cargo",
        probe: &["machete", "--version"],
        args: &["machete", "--with-metadata"],
        install: "cargo install cargo-machete --locked --version 0.9.2",
    },
    Tool {
        name: "spelling",
        program: "typos",
        probe: &["--version"],
        args: &[],
        install: "pip install typos==1.52.0",
    },
];
