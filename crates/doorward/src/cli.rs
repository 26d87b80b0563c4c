//! What can be typed. Help, completions and man pages come from these definitions.

pub mod files;
pub mod finding;
pub mod health;
pub mod past;
pub mod privilege;
pub mod verbs;

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand, ValueEnum};
use doorward_model::time::Millis;

use crate::reference::Page;

use self::files::{BackupArgs, JournalVerb, PolicyVerb, RestoreArgs, VerifyArgs};
use self::finding::FindingVerb;
use self::health::{DoctorArgs, RejectVerb};
use self::privilege::{PathArgs, PrivilegeVerb, WhoCanArgs};
use self::verbs::{DecideArgs, EventVerb, HoldVerb, IdentityVerb, PepVerb, TokenVerb, WhoArgs};

/// An identity-defined perimeter in one program.
///
/// Knows every identity of an organisation from its audit logs and exports, notices what is unusual, and says why.
#[derive(Debug, Parser)]
#[command(name = "doorward", version, propagate_version = true, after_help = AFTER_HELP)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read audit logs and exports, and say who acts in them and what is unusual.
    ///
    /// Files and folders may be mixed; what a file is is told by its content, not by its name: CloudTrail as delivered
    /// (also .gz and .zst), JSON Lines, `lookup-events` output, EventBridge and CloudWatch envelopes, and
    /// what exists, as IAM, AWS Config, Organizations, Identity Center, Access Analyzer and the services themselves tell
    /// it, or as iam-collect has stored it. Nothing is sent anywhere, and nothing is kept but by --data-dir.
    Scan(ScanArgs),
    /// Serve decisions, take in events, and answer questions.
    ///
    /// Everything lies in one data folder. Listens on loopback unless told otherwise; at the first start an admin
    /// token is printed once.
    Serve(ServeArgs),
    /// Write the files of a simulated organisation, with the attacks in it labelled.
    Demo(DemoArgs),
    /// Say whom somebody means: which identity, who is behind it, what it did around then.
    ///
    /// Takes whatever can be pasted: an ARN, an access key id, a unique id, a session name, an e-mail, an address, a
    /// request id.
    Who(WhoArgs),
    /// What happened.
    #[command(subcommand)]
    Event(EventVerb),
    /// Who exists.
    #[command(subcommand)]
    Identity(IdentityVerb),
    /// What was noticed.
    #[command(subcommand)]
    Finding(FindingVerb),
    /// What is restricted.
    #[command(subcommand)]
    Hold(HoldVerb),
    /// Who enforces decisions, and in which mode.
    #[command(subcommand)]
    Pep(PepVerb),
    /// Who may call the server.
    #[command(subcommand)]
    Token(TokenVerb),
    /// Say what would be decided, and why. Nobody is let pass, and nothing is recorded.
    Decide(Box<DecideArgs>),
    /// What may pass: check and test policy files without a server, publish and show them.
    #[command(subcommand)]
    Policy(PolicyVerb),
    /// What could be done, by policies.
    #[command(subcommand)]
    Privilege(PrivilegeVerb),
    /// By which steps one identity comes to another, to a resource, or to administer an account.
    Path(PathArgs),
    /// Who has a permission on a resource.
    WhoCan(WhoCanArgs),
    /// What could not be read.
    #[command(subcommand)]
    Reject(RejectVerb),
    /// Where the journal ended, as the instance has signed it.
    #[command(subcommand)]
    Journal(JournalVerb),
    /// Say whether all is well with a server, a data folder and settings, and how to mend what is not.
    ///
    /// Each line is ok, warn or fail. The exit code is 1 if a line is fail.
    Doctor(DoctorArgs),
    /// Copy a data folder as of one moment, and verify the copy. A server may be using it.
    ///
    /// The private instance key is left out unless asked for; the public keys, by which signed heads are verified, are
    /// part of the journal.
    Backup(BackupArgs),
    /// Make a data folder from a backup, and verify it.
    ///
    /// Where the backup holds no instance key, the next start makes one, and heads are signed with that from then on.
    Restore(RestoreArgs),
    /// Walk the hash chain of a data folder, hold it against every head that was signed, and name what is not as written.
    Verify(VerifyArgs),
    /// Print the completions of a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print a page of reference in Markdown, as it lies in `docs/`.
    #[command(hide = true)]
    Reference {
        /// The page.
        page: Page,
    },
    /// Write the man pages into a folder.
    Man {
        /// The folder, which is made if it is not there.
        dir: PathBuf,
    },
}

/// What help ends with.
const AFTER_HELP: &str = "\
Exit codes:
  0  done
  1  it could not be done, or what was checked does not hold: the reason is on standard error
  2  it was typed wrongly

Environment:
  DOORWARD_URL    the server that commands ask [default: http://127.0.0.1:8420]
  DOORWARD_TOKEN  the token with which they ask; --token-file names a file instead";

/// What to scan and how.
#[derive(Debug, Args)]
pub struct ScanArgs {
    /// Files and folders to read.
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Judge the newest part of the logs only, and learn what is normal from the rest.
    #[arg(long, value_name = "SPAN", default_value = "24h")]
    pub judge: Span,
    /// How to print the report.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
    /// Keep everything that could not be read in this file, as JSON Lines.
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<PathBuf>,
    /// Keep all that is read in this data folder, where `doorward who`, `event`, `finding` and `serve` find it.
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// How many cases a day are wanted at most; what is raised follows from it.
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub cases_per_day: u32,
    /// How many threads read files; all processors if not given.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,
    /// How much memory events may take before they are spilled to a temporary folder, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..))]
    pub memory: u32,
    /// Show no progress.
    #[arg(short, long)]
    pub quiet: bool,
}

/// What to serve.
#[derive(Debug, Default, Args)]
pub struct ServeArgs {
    /// The settings: a TOML file, whose relative paths begin where it lies.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where to listen [default: 127.0.0.1:8420].
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<std::net::SocketAddr>,
    /// Where the data lies [default: doorward-data].
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Import these files and folders first.
    #[arg(long, value_name = "PATH", num_args = 1.., conflicts_with = "demo")]
    pub import: Vec<PathBuf>,
    /// Feed a simulated organisation into a fresh data folder first.
    #[arg(long)]
    pub demo: bool,
}

/// What to simulate and where to write it.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// The folder, which must be empty or not exist.
    pub dir: PathBuf,
    /// The same seed writes the same bytes.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// About how many identities the organisation has.
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub identities: u32,
    /// How many days of audit log there are.
    #[arg(long, value_name = "N", default_value_t = 21)]
    pub days: u32,
    /// Show no progress.
    #[arg(short, long)]
    pub quiet: bool,
}

/// How an answer is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people.
    Table,
    /// For programs: a stable contract.
    Json,
    /// As JSON, for people.
    Yaml,
}

/// A span of time as it is typed: `90m`, `24h`, `7d`, `2w`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Millis);

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (count, unit) = text.split_at_checked(digits).unwrap_or(("", text));
        let unit = match unit {
            "m" => Millis::MINUTE,
            "h" => Millis::HOUR,
            "d" => Millis::DAY,
            "w" => Millis::DAY.times(7),
            _ => return Err(format!("{text:?} is not a span: write a number and m, h, d or w, such as 24h")),
        };
        let count =
            count.parse::<u32>().map_err(|_| format!("{text:?} does not begin with a whole number"))?;
        Ok(Self(unit.times(i64::from(count))))
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use doorward_model::time::Millis;

    use super::{Cli, Span};

    #[test]
    fn the_definitions_hold_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn spans_as_typed() {
        let read = ["90m", "24h", "7d", "2w"].map(|text| text.parse::<Span>().unwrap().0);
        assert_eq!(
            read,
            [Millis::MINUTE.times(90), Millis::DAY, Millis::DAY.times(7), Millis::DAY.times(14)]
        );
        for text in ["", "h", "24", "24 h", "-1d", "99999999999d"] {
            assert!(text.parse::<Span>().is_err_and(|error| error.contains(&format!("{text:?}"))), "{text}");
        }
    }
}
