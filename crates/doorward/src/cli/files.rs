//! What can be typed about policies, the journal, and copies of data folders.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use doorward_model::decision::Mode;

use super::Output;
use super::verbs::{Asking, Listing, MODES, Telling, When};

/// What may pass.
#[derive(Debug, Subcommand)]
pub enum PolicyVerb {
    /// Check policy files: every error with file and line, and what makes decisions dear.
    Check(PolicyCheckArgs),
    /// Ask policy files the questions of a file, and compare the answers with those expected.
    Test(PolicyTestArgs),
    /// Publish policy files: from the very next decision on they decide. Files that are not valid change nothing.
    ///
    /// A server with a policy folder of its own publishes that again when it changes, and when the server starts.
    Publish(PolicyPublishArgs),
    /// Show the policies that decide.
    Show(PolicyShowArgs),
}

/// Which policies to publish, and how they decide.
#[derive(Debug, Args)]
pub struct PolicyPublishArgs {
    /// The folder of `*.cedar` files.
    pub folder: PathBuf,
    /// The schema.
    #[arg(long, value_name = "FILE")]
    pub schema: Option<PathBuf>,
    /// Users, groups, resources and aliases.
    #[arg(long, value_name = "FILE")]
    pub entities: Option<PathBuf>,
    /// Whether what is decided is also answered, or only recorded.
    #[arg(long, default_value = Mode::Shadow.word(), value_parser = PossibleValuesParser::new(MODES.map(Mode::word)))]
    pub mode: String,
    /// The greatest risk at which anything passes, 0-100.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(..=100))]
    pub risk_max: u32,
    /// Whom to tell.
    #[command(flatten)]
    pub telling: Telling,
}

/// Which policies to show.
#[derive(Debug, Args)]
pub struct PolicyShowArgs {
    /// Write the files into this folder, which must be empty or not exist.
    #[arg(long, value_name = "DIR")]
    pub to: Option<PathBuf>,
    /// As they were then: an instant, or how long ago, such as 24h.
    #[arg(long, value_name = "WHEN")]
    pub as_of: Option<When>,
    /// Whom to ask.
    #[command(flatten)]
    pub asking: Asking,
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

/// Where the journal ended, as the instance has signed it.
#[derive(Debug, Subcommand)]
pub enum JournalVerb {
    /// Show the newest signed head of the journal. Keep it elsewhere: `doorward verify --head` shows by it whether the
    /// journal was cut off or written anew since.
    ///
    /// A head is signed at each checkpoint, and when the server stops. As a table it is printed as it was signed.
    Head(HeadArgs),
    /// List the signed heads, newest first.
    Heads(Listing),
}

/// Which head.
#[derive(Debug, Args)]
pub struct HeadArgs {
    /// Whom to ask.
    #[command(flatten)]
    pub asking: Asking,
}

/// What to copy where.
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// The folder to make, which must not exist.
    pub to: PathBuf,
    /// The data folder; a server may be using it.
    #[arg(long, value_name = "DIR")]
    pub data_dir: PathBuf,
    /// Take the private instance key along: whoever reads the backup can sign in the name of this instance.
    #[arg(long)]
    pub with_key: bool,
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
    /// A head that was kept elsewhere, as `doorward journal head -o json` prints it, or a list of them: the journal must
    /// still hold what it held then. May be given several times.
    #[arg(long, value_name = "FILE")]
    pub head: Vec<PathBuf>,
    /// How to print the result.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
}
