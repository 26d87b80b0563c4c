//! From a parsed command line to an exit code.

use std::io::{IsTerminal, Write, stderr, stdout};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::CommandFactory;

use crate::cli::{Cli, Command, ScanArgs};
use crate::reference::{self, Page};
use crate::scan::{self, Progress};
use crate::verbs::print::print;
use crate::verbs::{copies, tell};
use crate::{demo, report, serve, verbs};

/// Does what was typed. Exit codes: 0 done, 1 could not be done (and the reason is on stderr), 2 typed wrongly.
#[must_use]
pub fn run(cli: Cli) -> ExitCode {
    let done = match cli.command {
        Command::Scan(args) => scan(&args),
        Command::Serve(args) => serve::serve(&args),
        Command::Demo(args) => demo::write(&args),
        Command::Who(args) => verbs::who(&args),
        Command::Event(verb) => verbs::event(verb),
        Command::Identity(verb) => verbs::identity(verb),
        Command::Finding(verb) => verbs::finding(verb),
        Command::Hold(verb) => tell::hold(verb),
        Command::Pep(verb) => tell::pep(verb),
        Command::Token(verb) => tell::token(verb),
        Command::Decide(args) => verbs::decide(&args),
        Command::Policy(verb) => verbs::policy::policy(&verb),
        Command::Privilege(verb) => verbs::privilege::privilege(&verb),
        Command::Path(args) => verbs::privilege::path(&args),
        Command::WhoCan(args) => verbs::privilege::who_can(&args),
        Command::Reject(verb) => verbs::rejects::reject(&verb),
        Command::Journal(verb) => verbs::journal(&verb),
        Command::Doctor(args) => verbs::doctor::doctor(&args),
        Command::Backup(args) => copies::backup(&args),
        Command::Restore(args) => copies::restore(&args),
        Command::Verify(args) => copies::verify(&args),
        Command::Completions { shell } => completions(shell),
        Command::Reference { page } => reference(page),
        Command::Man { dir } => std::fs::create_dir_all(&dir)
            .and_then(|()| clap_mangen::generate_to(Cli::command(), &dir))
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
    print(&found, args.output, |found| report::table(found, width))
}

/// The width to print for: that of the terminal, or wide enough for a file.
fn terminal_width() -> u16 {
    comfy_table::Table::new().width().unwrap_or(100).clamp(60, 160)
}

fn completions(shell: clap_complete::Shell) -> Result<()> {
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "doorward", &mut out);
    Ok(stdout().write_all(&out)?)
}

fn reference(page: Page) -> Result<()> {
    Ok(stdout().write_all(reference::page(page).as_bytes())?)
}

/// Whoever read our output has seen enough.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let kind =
        error.chain().find_map(|cause| cause.downcast_ref::<std::io::Error>()).map(std::io::Error::kind);
    kind == Some(std::io::ErrorKind::BrokenPipe)
}
