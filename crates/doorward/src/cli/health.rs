//! What can be typed to see whether all is well.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::verbs::Api;
use super::{Output, Span};

/// What to look at.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Look at this data folder; a server may be using it.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Check these settings, and look at the data folder that they name.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The server; asked when neither --data-dir nor --config is given, or when it is named.
    #[command(flatten)]
    pub api: Api,
    /// After how long without an event an account is called silent.
    #[arg(long, value_name = "SPAN", default_value = "24h")]
    pub silent: Span,
    /// How to print what was found.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
}

/// What could not be read.
#[derive(Debug, Subcommand)]
pub enum RejectVerb {
    /// List what sources sent and could not be read, newest first. A server may be using the data folder.
    List(RejectListArgs),
}

/// Which rejects.
#[derive(Debug, Args)]
pub struct RejectListArgs {
    /// The data folder.
    #[arg(long, value_name = "DIR", required_unless_present = "file")]
    pub data_dir: Option<PathBuf>,
    /// A file that `doorward scan --rejects FILE` wrote, instead of a data folder.
    #[arg(long, value_name = "FILE", conflicts_with = "data_dir")]
    pub file: Option<PathBuf>,
    /// From this source: a file, or the name by which it pushes.
    #[arg(long)]
    pub source: Option<String>,
    /// With this text in the reason.
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// How many to list at most.
    #[arg(long, value_name = "N", default_value = "100")]
    pub limit: NonZeroUsize,
    /// How to print them.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
}
