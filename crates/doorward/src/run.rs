//! From a parsed command line to an exit code.

use std::io::{IsTerminal, Write, stderr, stdout};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::CommandFactory;

use crate::cli::{Cli, Command, Output, ScanArgs};
use crate::report::Report;
use crate::scan::{self, Progress};
use crate::{demo, report, serve};

/// Does what was typed. Exit codes: 0 done, 1 could not be done (and the reason is on stderr), 2 typed wrongly.
#[must_use]
pub fn run(cli: Cli) -> ExitCode {
    let done = match cli.command {
        Command::Scan(args) => scan(&args),
        Command::Serve(args) => serve::serve(&args),
        Command::Demo(args) => demo::write(&args),
        Command::Completions { shell } => completions(shell),
        Command::Man { dir } => clap_mangen::generate_to(Cli::command(), &dir)
            .with_context(|| format!("cannot write man pages into {}", dir.display())),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            // Nowhere is left to tell it if stderr is closed.
            writeln!(stderr(), "doorward: {error:#}").unwrap_or_default();
            ExitCode::FAILURE
        }
    }
}

fn scan(args: &ScanArgs) -> Result<()> {
    let progress = if args.quiet || !stderr().is_terminal() { Progress::hidden() } else { Progress::shown() };
    let found = scan::scan(args, &progress)?;
    let width = terminal_width();
    print(&found, args.output, width)
}

fn print(report: &Report, output: Output, width: u16) -> Result<()> {
    let mut out = stdout().lock();
    match output {
        Output::Table => out.write_all(report::table(report, width).as_bytes())?,
        Output::Json => {
            serde_json::to_writer_pretty(&mut out, report)?;
            out.write_all(b"\n")?;
        }
        Output::Yaml => out.write_all(yaml_serde::to_string(report)?.as_bytes())?,
    }
    Ok(out.flush()?)
}

/// The width to print for: that of the terminal, or wide enough for a file.
fn terminal_width() -> u16 {
    comfy_table::Table::new().width().unwrap_or(120).clamp(60, 160)
}

fn completions(shell: clap_complete::Shell) -> Result<()> {
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "doorward", &mut out);
    Ok(stdout().write_all(&out)?)
}

/// Whoever read our output has seen enough.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let kind =
        error.chain().find_map(|cause| cause.downcast_ref::<std::io::Error>()).map(std::io::Error::kind);
    kind == Some(std::io::ErrorKind::BrokenPipe)
}
