//! What can be typed to see whether all is well.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::verbs::{Api, Listing};
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
    /// List what sources sent and could not be read, newest first. A server may be using the data folder meanwhile.
    List(RejectListArgs),
}

/// Which rejects.
#[derive(Debug, Args)]
pub struct RejectListArgs {
    /// A file that `doorward scan --rejects FILE` wrote, instead of what a server or a data folder keeps.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["data_dir", "url", "token_file"])]
    pub file: Option<PathBuf>,
    /// From this source: a file, or the name by which it pushes.
    #[arg(long)]
    pub source: Option<String>,
    /// With this text in source, reason or hash.
    #[arg(long, value_name = "TEXT")]
    pub search: Option<String>,
    /// How to list.
    #[command(flatten)]
    pub listing: Listing,
}
