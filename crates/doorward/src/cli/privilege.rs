//! What can be typed about privilege.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Output;

/// What could be done, by policies.
#[derive(Debug, Subcommand)]
pub enum PrivilegeVerb {
    /// Say who administers an account, who could come to, by which steps, and where these can be cut.
    ///
    /// Takes exports of an inventory, told apart by content: `get-account-authorization-details` and what
    /// docs/inventory.md names beside. Nothing is sent anywhere, and nothing is kept.
    Analyze(AnalyzeArgs),
}

/// What to analyse.
#[derive(Debug, Args)]
pub struct AnalyzeArgs {
    /// Files and folders to read.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// What matters most: a file with one ARN in each line, with * and ?; what is on a line behind # is not read
    /// [default: administrators, providers of identities, keys, secrets, state, what deploys, and what is tagged
    /// doorward:tier=0].
    #[arg(long, value_name = "FILE")]
    pub tier_zero: Option<PathBuf>,
    /// How to print the answer.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
    /// Show no progress.
    #[arg(short, long)]
    pub quiet: bool,
}
