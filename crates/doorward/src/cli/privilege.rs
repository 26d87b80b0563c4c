//! What can be typed about privilege.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use doorward_privilege::conform::Format;

use super::Output;
use super::verbs::{Api, When};

/// What could be done, by policies.
#[derive(Debug, Subcommand)]
pub enum PrivilegeVerb {
    /// Say who administers an account, who could come to, by which steps, and where these can be cut.
    ///
    /// Takes exports of an inventory, told apart by content: `get-account-authorization-details` and what
    /// docs/inventory.md names beside. Nothing is sent anywhere, and nothing is kept. Without files it asks a server, or
    /// reads a data folder, of the inventory that they know.
    Analyze(AnalyzeArgs),
    /// Show how much was possible, day by day and after each import: who administers, who can come to, ways to what
    /// matters most, doors to the outside.
    Trend(TrendArgs),
    /// Answer cases of policy evaluation, and compare with what they expect.
    ///
    /// Takes files and folders of cases as iam-simulate, yams and IAMSpy keep them, and our own in YAML. What a case
    /// needs beside itself is looked for in the same folder. The exit code is 1 if a case does not come out as expected,
    /// unless what it expects contradicts AWS's documentation; then the page is named.
    Conform(ConformArgs),
    /// Write the graph of who could become whom as OpenGraph JSON, as BloodHound reads it.
    Export(OverArgs),
}

/// Over which inventory something is asked: what a server knows, a data folder, or files.
#[derive(Debug, Args)]
pub struct OverArgs {
    /// Read these exports of an inventory, files and folders, instead of asking a server.
    #[arg(
        long,
        num_args = 1..,
        value_name = "PATH",
        conflicts_with_all = ["url", "token_file", "data_dir", "as_of"]
    )]
    pub files: Vec<PathBuf>,
    /// Whom to ask.
    #[command(flatten)]
    pub known: KnownArgs,
}

/// What is known of an inventory.
#[derive(Debug, Args)]
pub struct KnownArgs {
    /// The server.
    #[command(flatten)]
    pub api: Api,
    /// Read this data folder instead of asking a server.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["url", "token_file"])]
    pub data_dir: Option<PathBuf>,
    /// As it was then: an instant, or how long ago, such as 24h.
    #[arg(long, value_name = "WHEN")]
    pub as_of: Option<When>,
    /// What matters most: a file with one ARN in each line, with * and ?; what is on a line behind # is not read
    /// [default: administrators, providers of identities, keys, secrets, state, what deploys, and what is tagged
    /// doorward:tier=0]. A server does not take it.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["url", "token_file"])]
    pub tier_zero: Option<PathBuf>,
}

/// Which points of the trend.
#[derive(Debug, Args)]
pub struct TrendArgs {
    /// As it was then: an instant, or how long ago, such as 24h.
    #[arg(long, value_name = "WHEN")]
    pub as_of: Option<When>,
    /// How many to list at most.
    #[arg(long, value_name = "N", default_value = "100")]
    pub limit: NonZeroUsize,
    /// Go on where an earlier list ended: its `next_cursor`.
    #[arg(long)]
    pub cursor: Option<String>,
    /// The server.
    #[command(flatten)]
    pub api: Api,
    /// Read this data folder instead of asking a server.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["url", "token_file"])]
    pub data_dir: Option<PathBuf>,
    /// How to print the points.
    #[arg(short, long, value_enum, default_value_t = DrawnOutput::Table)]
    pub output: DrawnOutput,
}

/// From whom to whom.
#[derive(Debug, Args)]
pub struct PathArgs {
    /// Who begins: an ARN, the end of one, or the name of somebody outside.
    #[arg(value_name = "FROM")]
    pub from: String,
    /// Whom or what it is to reach; `admin` is the administration of the account of who begins, `admin:NUMBER` that of another.
    #[arg(value_name = "TO", default_value = "admin")]
    pub to: String,
    /// Leave out this identity, resource or method; may be given several times.
    #[arg(long, value_name = "NAME")]
    pub avoid: Vec<String>,
    /// Only ways whose steps the log shows. If there is none, ways with steps of which no log could show whether they were
    /// taken, which say so. With --files, name audit logs beside the exports.
    #[arg(long)]
    pub used_only: bool,
    /// How many ways to show at most.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=20))]
    pub ways: u8,
    /// Over which inventory.
    #[command(flatten)]
    pub over: OverArgs,
    /// How to print the ways.
    #[arg(short, long, value_enum, default_value_t = DrawnOutput::Table)]
    pub output: DrawnOutput,
}

/// How what can be drawn is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum DrawnOutput {
    /// For people.
    Table,
    /// For programs: a stable contract.
    Json,
    /// As JSON, for people.
    Yaml,
    /// A picture.
    Svg,
}

impl DrawnOutput {
    /// In which form it is written, where it is not drawn.
    #[must_use]
    pub const fn written(self) -> Option<Output> {
        match self {
            Self::Table => Some(Output::Table),
            Self::Json => Some(Output::Json),
            Self::Yaml => Some(Output::Yaml),
            Self::Svg => None,
        }
    }
}

/// Who has a permission.
#[derive(Debug, Args)]
pub struct WhoCanArgs {
    /// The permission, as AWS writes it: `s3:GetObject`.
    #[arg(value_name = "PERMISSION")]
    pub permission: String,
    /// The ARN of the resource, or a pattern of which one is enough.
    #[arg(value_name = "RESOURCE", default_value = "*")]
    pub resource: String,
    /// Over which inventory.
    #[command(flatten)]
    pub over: OverArgs,
    /// How to print the answers.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
}

/// Whether an identity has a permission.
#[derive(Debug, Args)]
pub struct CanArgs {
    /// Who: an ARN, or the end of one.
    #[arg(value_name = "ID")]
    pub id: String,
    /// The permission and its resource.
    #[command(flatten)]
    pub what: WhoCanArgs,
    /// Show the statements that decide.
    #[arg(long)]
    pub explain: bool,
}

/// What an identity reaches.
#[derive(Debug, Args)]
pub struct ReachArgs {
    /// Who: an ARN, or the end of one.
    #[arg(value_name = "ID")]
    pub id: String,
    /// How many to list at most.
    #[arg(long, value_name = "N", default_value = "50")]
    pub limit: NonZeroUsize,
    /// Over which inventory.
    #[command(flatten)]
    pub over: OverArgs,
    /// How to print the answer.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
}

/// What to analyse.
#[derive(Debug, Args)]
pub struct AnalyzeArgs {
    /// Files and folders to read, instead of asking a server.
    #[arg(value_name = "PATH", conflicts_with_all = ["url", "token_file", "data_dir", "as_of"])]
    pub paths: Vec<PathBuf>,
    /// Whom to ask.
    #[command(flatten)]
    pub known: KnownArgs,
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
