//! What can be typed to ask what was noticed.

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use doorward_model::finding::Severity;

use super::Output;
use super::past::{PastListing, ShowArgs};
use super::verbs::{Api, Listing};

/// What was noticed.
#[derive(Debug, Subcommand)]
pub enum FindingVerb {
    /// List findings, those with the newest events first.
    List(FindingListArgs),
    /// Show a finding with its evidence.
    Show(ShowArgs),
    /// List what is unusual and yet no finding: of each day the identities with the most surprise, ranked.
    Unusual(UnusualListArgs),
    /// Say how many cases are wanted, which threshold follows from that, and what findings each kind of identity has.
    Budget(BudgetArgs),
}

/// Which findings.
#[derive(Debug, Args)]
pub struct FindingListArgs {
    /// Of this type.
    #[arg(long)]
    pub r#type: Vec<String>,
    /// About this identity, by its id.
    #[arg(long, value_name = "ID")]
    pub identity: Vec<String>,
    /// Of this severity; may be given several times.
    #[arg(long, value_parser = PossibleValuesParser::new(SEVERITIES.map(Severity::word)))]
    pub severity: Vec<String>,
    /// In this session.
    #[arg(long)]
    pub session: Vec<String>,
    /// With this text in id, identity or session.
    #[arg(long, value_name = "TEXT")]
    pub search: Option<String>,
    /// How to list.
    #[command(flatten)]
    pub listing: PastListing,
}

/// Which part of the ranked lists.
#[derive(Debug, Args)]
pub struct UnusualListArgs {
    /// Of this UTC day, such as 2026-11-23.
    #[arg(long, value_name = "DAY")]
    pub day: Vec<String>,
    /// About this identity, by its id.
    #[arg(long, value_name = "ID")]
    pub identity: Vec<String>,
    /// With this text in identity or session.
    #[arg(long, value_name = "TEXT")]
    pub search: Option<String>,
    /// How to list.
    #[command(flatten)]
    pub listing: Listing,
}

/// How the budget is asked for: of a server, because its settings say how many cases are wanted.
#[derive(Debug, Args)]
pub struct BudgetArgs {
    /// The server.
    #[command(flatten)]
    pub api: Api,
    /// How to print the answer.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
}

const SEVERITIES: [Severity; 5] =
    [Severity::Info, Severity::Low, Severity::Medium, Severity::High, Severity::Critical];
