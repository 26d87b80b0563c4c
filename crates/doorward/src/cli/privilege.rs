//! What can be typed about privilege.

use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use doorward_privilege::conform::Format;

use super::Output;

/// What could be done, by policies.
#[derive(Debug, Subcommand)]
pub enum PrivilegeVerb {
    /// Say who administers an account, who could come to, by which steps, and where these can be cut.
    ///
    /// Takes exports of an inventory, told apart by content: `get-account-authorization-details` and what
    /// docs/inventory.md names beside. Nothing is sent anywhere, and nothing is kept.
    Analyze(AnalyzeArgs),
    /// Answer cases of policy evaluation, and compare with what they expect.
    ///
    /// Takes files and folders of cases as iam-simulate, yams and IAMSpy keep them, and our own in YAML. What a case
    /// needs beside itself is looked for in the same folder. The exit code is 1 if a case does not come out as expected,
    /// unless what it expects contradicts AWS's documentation; then the page is named.
    Conform(ConformArgs),
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

/// Which cases.
#[derive(Debug, Args)]
pub struct ConformArgs {
    /// The form in which they are written.
    #[arg(long, value_parser = format())]
    pub format: Format,
    /// Files and folders to read.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// How to print what came out.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
}

fn format() -> impl clap::builder::TypedValueParser<Value = Format> {
    use clap::builder::TypedValueParser;
    PossibleValuesParser::new(Format::ALL.map(Format::name)).try_map(|name| Format::from_str(&name))
}
