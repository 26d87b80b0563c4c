//! The one way in which tasks run programs: in the root of the repository, named aloud, and failing when they fail.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};

use crate::place;

/// A command that runs in the root of the repository.
pub(crate) fn command(program: &str, args: impl IntoIterator<Item: AsRef<OsStr>>) -> Command {
    let mut command = Command::new(program);
    // What cargo tells the package that it runs is no one else's: cargo-machete takes it for its own.
    command.args(args).current_dir(place::root()).env_remove("CARGO_PKG_NAME");
    command
}

/// A cargo command that runs in the root of the repository.
pub(crate) fn cargo(args: impl IntoIterator<Item: AsRef<OsStr>>) -> Command {
    command("cargo", args)
}

/// Runs the command with its output shown; an exit code other than zero is an error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let line = announce(command);
    let status = command.status().with_context(|| format!("cannot start `{line}`"))?;
    ensure!(status.success(), "`{line}` ended with {status}");
    Ok(())
}

/// Runs the command and returns its standard output; what it says on standard error is shown.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let line = announce(command);
    let output =
        command.stderr(Stdio::inherit()).output().with_context(|| format!("cannot start `{line}`"))?;
    ensure!(output.status.success(), "`{line}` ended with {}", output.status);
    String::from_utf8(output.stdout).with_context(|| format!("`{line}` printed no UTF-8"))
}

/// Runs the command, shows each line of its standard output and hands it to `each`.
pub(crate) fn follow(command: &mut Command, mut each: impl FnMut(&str)) -> Result<()> {
    let line = announce(command);
    let mut child =
        command.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot start `{line}`"))?;
    let Some(stdout) = child.stdout.take() else { bail!("`{line}` has no output to read") };
    for text in BufReader::new(stdout).lines() {
        let text = text.with_context(|| format!("cannot read the output of `{line}`"))?;
        println!("{text}");
        each(&text);
    }
    let status = child.wait().with_context(|| format!("cannot wait for `{line}`"))?;
    ensure!(status.success(), "`{line}` ended with {status}");
    Ok(())
}

/// Whether the program is installed: whether it answers `args` with success.
pub(crate) fn answers(program: &str, args: &[&str]) -> bool {
    let asked =
        command(program, args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}

fn announce(command: &Command) -> String {
    let words = [command.get_program()].into_iter().chain(command.get_args());
    let line = words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ");
    println!("$ {line}");
    line
}
