//! What can be typed to work on files alone: policies, and copies of data folders.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Output;

/// What may pass.
#[derive(Debug, Subcommand)]
pub enum PolicyVerb {
    /// Check policy files: every error with file and line, and what makes decisions dear.
    Check(PolicyCheckArgs),
    /// Ask policy files the questions of a file, and compare the answers with those expected.
    Test(PolicyTestArgs),
}

/// What policies are checked against.
#[derive(Debug, Args)]
pub struct PolicyFiles {
    /// The schema.
    #[arg(long, value_name = "FILE")]
    pub schema: Option<PathBuf>,
    /// Users, groups, resources and aliases.
    #[arg(long, value_name = "FILE")]
    pub entities: Option<PathBuf>,
    /// How to print the result.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
}

/// Which policies to check.
#[derive(Debug, Args)]
pub struct PolicyCheckArgs {
    /// The folder of `*.cedar` files.
    pub folder: PathBuf,
    /// The other files.
    #[command(flatten)]
    pub files: PolicyFiles,
}

/// Which policies to test, by what.
#[derive(Debug, Args)]
pub struct PolicyTestArgs {
    /// The cases: `{"evaluation": [{"request": {...}, "expected": true}]}`.
    pub cases: PathBuf,
    /// The folder of `*.cedar` files.
    #[arg(long, value_name = "DIR")]
    pub folder: PathBuf,
    /// The other files.
    #[command(flatten)]
    pub files: PolicyFiles,
}

/// What to copy where.
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// The folder to make, which must not exist.
    pub to: PathBuf,
    /// The data folder; a server may be using it.
    #[arg(long, value_name = "DIR")]
    pub data_dir: PathBuf,
    /// How to print the result.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
}

/// What to copy back where.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// A folder that `doorward backup` made.
    pub from: PathBuf,
    /// The data folder to make, which must not exist.
    #[arg(long, value_name = "DIR")]
    pub data_dir: PathBuf,
    /// How to print the result.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
}

/// What to verify.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The data folder, or a backup of one.
    #[arg(long, value_name = "DIR")]
    pub data_dir: PathBuf,
    /// How to print the result.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
}
