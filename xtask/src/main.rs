//! `cargo xtask`: what a developer and CI do with this repository, each as one command.
//!
//! It turns a command into runs of cargo and of the `doorward` binary, and their results into a verdict: an exit
//! code, a counted list of what was skipped, a table of measurements. It never decides what a test or a benchmark
//! means: tests live in the crates, promised numbers in `docs/performance.toml`.
//!
//! Start reading at [`Task`]; each task has the module of its name, and [`process`] is the one way to run a program.

#![expect(clippy::print_stdout, reason = "a task runner reports to the terminal")]

mod bench;
mod docs;
mod fuzz;
mod lint;
mod pack;
mod place;
mod process;
mod smoke;
mod test;
mod up;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Builds, runs, checks and measures Doorward.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Args {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Build Doorward and run its main job, on the simulated organisation or on files of yours
    Up {
        /// Nothing, or `--import PATH...`: files and folders to read instead of the simulated organisation
        #[arg(last = true)]
        args: Vec<String>,
    },
    /// Run all tests and list what they skipped
    Test,
    /// Format, clippy, docs, supply chain, unused dependencies, spelling
    Lint {
        /// Fail where a tool is not installed, instead of skipping its check
        #[arg(long)]
        strict: bool,
    },
    /// Everything that a change must pass: lint, then test
    Check,
    /// Measure, and compare with the budgets of docs/performance.toml
    Bench {
        /// One benchmark of docs/performance.toml; where it is left out, all that do not take long
        name: Option<String>,
    },
    /// Run the main job on a fresh simulated organisation and check the shape of its report
    Smoke,
    /// Feed each fuzz target random input for a while
    Fuzz {
        /// Seconds per target
        #[arg(long, default_value_t = 20)]
        seconds: u32,
    },
    /// Make a data pack below rules/ anew; needs npm, or Python with pip
    Pack {
        #[command(subcommand)]
        pack: Pack,
    },
    /// Render the generated pages under docs/, and the output that README shows
    Docs {
        /// Write nothing, and fail where a page is not what the program prints
        #[arg(long)]
        check: bool,
    },
}

#[derive(Debug, Subcommand)]
enum Pack {
    /// The known AWS permissions: their access levels, resource types and condition keys
    Permissions {
        /// The version of the npm package that lists them
        #[arg(long, default_value = "latest")]
        version: String,
    },
    /// The AWS permissions after which no call is named, of those that are known
    Unnamed {
        /// The version of the Python package with the models of services
        #[arg(long, default_value = "latest")]
        version: String,
    },
}

fn main() -> ExitCode {
    let done = match Args::parse().task {
        Task::Up { args } => up::up(&args),
        Task::Test => test::test(),
        Task::Lint { strict } => lint::lint(strict),
        Task::Check => lint::lint(false).and_then(|()| test::test()),
        Task::Bench { name } => bench::bench(name.as_deref()),
        Task::Smoke => smoke::smoke(),
        Task::Fuzz { seconds } => fuzz::fuzz(seconds),
        Task::Pack { pack: Pack::Permissions { version } } => pack::permissions(&version),
        Task::Pack { pack: Pack::Unnamed { version } } => pack::unnamed(&version),
        Task::Docs { check } => docs::docs(check),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
