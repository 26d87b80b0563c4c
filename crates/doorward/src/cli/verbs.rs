//! What can be typed to ask and to tell: nouns and their verbs.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use doorward_model::decision::Mode;
use doorward_model::hold::{HoldProfile, HoldScope};
use doorward_model::identity::IdentityKind;
use doorward_model::time::{Millis, Time};
use doorward_proof::Scope;
use serde_json::{Map, Value};

use super::past::{PastListing, ShowArgs};
use super::privilege::{CanArgs, ReachArgs};
use super::{Output, Span};

/// Where a running server is asked.
#[derive(Debug, Args)]
pub struct Api {
    /// The server [default: the environment variable DOORWARD_URL, else http://127.0.0.1:8420].
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// A file that holds the token [default: the environment variable DOORWARD_TOKEN holds it].
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
}

impl Api {
    /// Whether the command line itself names a server or a token.
    #[must_use]
    pub const fn is_named(&self) -> bool {
        self.url.is_some() || self.token_file.is_some()
    }
}

/// How something is told to a server.
#[derive(Debug, Args)]
pub struct Telling {
    /// The server.
    #[command(flatten)]
    pub api: Api,
    /// How to print the answer.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
}

/// How something is asked: of a server, or of a data folder that no server uses.
#[derive(Debug, Args)]
pub struct Asking {
    /// The server.
    #[command(flatten)]
    pub api: Api,
    /// Read this data folder instead of asking a server.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["url", "token_file"])]
    pub data_dir: Option<PathBuf>,
    /// How to print the answer.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    pub output: Output,
}

impl Asking {
    /// The server that is asked, or the data folder that is read instead.
    #[must_use]
    pub fn place(&self) -> (&Api, Option<&Path>) {
        (&self.api, self.data_dir.as_deref())
    }
}

/// How a list is asked for.
#[derive(Debug, Args)]
pub struct Listing {
    /// How many to list at most.
    #[arg(long, value_name = "N", default_value = "100")]
    pub limit: NonZeroUsize,
    /// Go on where an earlier list ended: its `next_cursor`.
    #[arg(long)]
    pub cursor: Option<String>,
    /// Whom to ask.
    #[command(flatten)]
    pub asking: Asking,
}

/// Whom somebody means.
#[derive(Debug, Args)]
pub struct WhoArgs {
    /// Whatever is at hand: an ARN, a key id, a unique id, a session, an e-mail, an address, a request id.
    #[arg(value_name = "ANYTHING")]
    pub asked: String,
    /// Whom to ask.
    #[command(flatten)]
    pub asking: Asking,
}

/// What happened.
#[derive(Debug, Subcommand)]
pub enum EventVerb {
    /// List events, newest first.
    List(EventListArgs),
}

/// Which events.
#[derive(Debug, Args)]
pub struct EventListArgs {
    /// Of this identity, by its id.
    #[arg(long, value_name = "ID")]
    pub identity: Option<String>,
    /// In this session: its ARN, or the name at its end.
    #[arg(long, value_name = "SESSION")]
    pub session: Option<String>,
    /// Signed with this key.
    #[arg(long, value_name = "KEY-ID")]
    pub key: Option<String>,
    /// From this address.
    #[arg(long, value_name = "ADDRESS")]
    pub ip: Option<String>,
    /// Only those whose id was known with other content.
    #[arg(long)]
    pub conflict: bool,
    /// Not before: an instant, or how long ago, such as 24h.
    #[arg(long, value_name = "WHEN")]
    pub since: Option<When>,
    /// Before: an instant, or how long ago.
    #[arg(long, value_name = "WHEN")]
    pub until: Option<When>,
    /// How to list.
    #[command(flatten)]
    pub listing: Listing,
}

/// Who exists.
#[derive(Debug, Subcommand)]
pub enum IdentityVerb {
    /// List identities.
    List(IdentityListArgs),
    /// Show all that is known of an identity.
    Show(ShowArgs),
    /// Say whether an identity may use a permission on a resource, by all policies together.
    Can(CanArgs),
    /// List what an identity reaches by its own rights and by those that it can come to.
    Reach(ReachArgs),
    /// End all sessions and credentials of an identity: what was issued or authenticated before now is refused from
    /// the very next decision on, in every mode, until the identity is revived. So is what does not say when it began.
    Kill(IdentityArgs),
    /// Revive an identity that was killed: what that ended, and has not ended otherwise, may pass again.
    Revive(IdentityArgs),
}

/// Whom a command is about, and why.
#[derive(Debug, Args)]
pub struct IdentityArgs {
    /// The id of the identity.
    pub id: String,
    /// Why, for those who ask later.
    #[arg(long)]
    pub reason: String,
    /// How to tell it.
    #[command(flatten)]
    pub telling: Telling,
}

/// Which identities.
#[derive(Debug, Args)]
pub struct IdentityListArgs {
    /// Of this kind; may be given several times.
    #[arg(long, value_parser = PossibleValuesParser::new(IdentityKind::ALL.map(IdentityKind::word)))]
    pub kind: Vec<String>,
    /// Of this platform.
    #[arg(long)]
    pub platform: Vec<String>,
    /// In this account.
    #[arg(long)]
    pub account: Vec<String>,
    /// Compared with this group of peers.
    #[arg(long)]
    pub peer_group: Vec<String>,
    /// With this text in id or name.
    #[arg(long, value_name = "TEXT")]
    pub search: Option<String>,
    /// How to list.
    #[command(flatten)]
    pub listing: PastListing,
}

/// What is restricted.
#[derive(Debug, Subcommand)]
pub enum HoldVerb {
    /// List holds, and where each bites.
    List(HoldListArgs),
    /// Show a hold.
    Show(ShowArgs),
    /// Place a hold: from the very next decision on, its subject passes only as the profile says.
    Place(HoldPlaceArgs),
    /// Release a hold.
    Release(HoldReleaseArgs),
}

/// Which holds.
#[derive(Debug, Args)]
pub struct HoldListArgs {
    /// Those that are recommended, not those that are placed.
    #[arg(long)]
    pub recommended: bool,
    /// On this kind of subject.
    #[arg(long, value_parser = PossibleValuesParser::new(HoldScope::ALL.map(HoldScope::word)))]
    pub scope: Vec<String>,
    /// On this subject.
    #[arg(long)]
    pub subject: Vec<String>,
    /// With this profile.
    #[arg(long, value_parser = PossibleValuesParser::new(HoldProfile::ALL.map(HoldProfile::word)))]
    pub profile: Vec<String>,
    /// Caused by this finding.
    #[arg(long, value_name = "ID")]
    pub finding: Vec<String>,
    /// With this text in id, subject or reason.
    #[arg(long, value_name = "TEXT")]
    pub search: Option<String>,
    /// How to list.
    #[command(flatten)]
    pub listing: PastListing,
}

/// Which hold to place.
#[derive(Debug, Args)]
pub struct HoldPlaceArgs {
    /// On whom or what: the id of an identity, or of what --scope says.
    pub subject: String,
    /// What still passes.
    #[arg(long, value_parser = PossibleValuesParser::new(HoldProfile::ALL.map(HoldProfile::word)))]
    pub profile: String,
    /// Why; kept with the hold and shown to whoever asks.
    #[arg(long)]
    pub reason: String,
    /// How long it lasts, such as 1h; until it is released if not given.
    #[arg(long = "for", value_name = "SPAN")]
    pub lasts: Option<Span>,
    /// What the subject is.
    #[arg(
        long,
        default_value = HoldScope::Identity.word(),
        value_parser = PossibleValuesParser::new(HoldScope::ALL.map(HoldScope::word))
    )]
    pub scope: String,
    /// Whom to tell.
    #[command(flatten)]
    pub telling: Telling,
}

/// Which hold to release.
#[derive(Debug, Args)]
pub struct HoldReleaseArgs {
    /// Its id.
    pub id: String,
    /// Why.
    #[arg(long)]
    pub reason: String,
    /// Whom to tell.
    #[command(flatten)]
    pub telling: Telling,
}

/// Who enforces decisions.
#[derive(Debug, Subcommand)]
pub enum PepVerb {
    /// List enforcement points and their modes.
    List(PepListArgs),
    /// Set the mode of an enforcement point.
    Set(PepSetArgs),
}

/// Which enforcement points.
#[derive(Debug, Args)]
pub struct PepListArgs {
    /// In this mode.
    #[arg(long, value_parser = PossibleValuesParser::new(MODES.map(Mode::word)))]
    pub mode: Vec<String>,
    /// With this text in the name.
    #[arg(long, value_name = "TEXT")]
    pub search: Option<String>,
    /// How to list.
    #[command(flatten)]
    pub listing: PastListing,
}

/// Which mode.
#[derive(Debug, Args)]
pub struct PepSetArgs {
    /// The name of the enforcement point.
    pub name: String,
    /// Whether what is decided is also answered, or only recorded.
    #[arg(long, value_parser = PossibleValuesParser::new(MODES.map(Mode::word)))]
    pub mode: String,
    /// Whom to tell.
    #[command(flatten)]
    pub telling: Telling,
}

/// Who may call.
#[derive(Debug, Subcommand)]
pub enum TokenVerb {
    /// List tokens, without their secrets.
    List(TokenListArgs),
    /// Issue a token. Its text is printed this once, and kept only hashed.
    Issue(TokenIssueArgs),
    /// Revoke a token, at once.
    Revoke(TokenRevokeArgs),
}

/// Which tokens.
#[derive(Debug, Args)]
pub struct TokenListArgs {
    /// With this name.
    #[arg(long)]
    pub name: Vec<String>,
    /// With this text in id or name.
    #[arg(long, value_name = "TEXT")]
    pub search: Option<String>,
    /// How to list.
    #[command(flatten)]
    pub listing: PastListing,
}

/// Which token to issue.
#[derive(Debug, Args)]
pub struct TokenIssueArgs {
    /// What it is for; for an enforcement point its name.
    pub name: String,
    /// What it allows: decide, read, admin or ingest:SOURCE; may be given several times.
    #[arg(long, required = true)]
    pub scope: Vec<Scope>,
    /// Who holds it, and with it asks for decisions about nobody else.
    #[arg(long, value_name = "TYPE:ID")]
    pub subject: Option<Entity>,
    /// How long it is valid, such as 90d; until it is revoked if not given.
    #[arg(long = "for", value_name = "SPAN")]
    pub lasts: Option<Span>,
    /// Whom to tell.
    #[command(flatten)]
    pub telling: Telling,
}

/// Which token to revoke.
#[derive(Debug, Args)]
pub struct TokenRevokeArgs {
    /// Its id.
    pub id: String,
    /// Whom to tell.
    #[command(flatten)]
    pub telling: Telling,
}

/// What is to be decided.
#[derive(Debug, Args)]
pub struct DecideArgs {
    /// Who asks.
    #[arg(long, value_name = "TYPE:ID")]
    pub subject: Entity,
    /// What is asked: the name of an action.
    #[arg(long, value_name = "NAME")]
    pub action: String,
    /// Of what.
    #[arg(long, value_name = "TYPE:ID")]
    pub resource: Entity,
    /// Properties of the subject, as a JSON object.
    #[arg(long, value_name = "JSON")]
    pub subject_properties: Option<JsonObject>,
    /// Properties of the resource, as a JSON object.
    #[arg(long, value_name = "JSON")]
    pub resource_properties: Option<JsonObject>,
    /// Under which circumstances, as a JSON object.
    #[arg(long, value_name = "JSON")]
    pub context: Option<JsonObject>,
    /// As this enforcement point would be answered; one that is not known answers in shadow.
    #[arg(long, value_name = "NAME")]
    pub pep: Option<String>,
    /// Show each policy that was looked at.
    #[arg(long)]
    pub explain: bool,
    /// Whom to ask.
    #[command(flatten)]
    pub asking: Asking,
}

/// An instant, or how long ago one was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// At an instant.
    At(Time),
    /// So long ago.
    Ago(Millis),
}

impl When {
    /// The instant.
    #[must_use]
    pub fn from_now(self, now: Time) -> Time {
        match self {
            Self::At(time) => time,
            Self::Ago(span) => now - span,
        }
    }
}

impl FromStr for When {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let ago = || text.parse::<Span>().map(|span| Self::Ago(span.0));
        Time::parse(text).map(Self::At).or_else(|_| ago()).map_err(|_| {
            format!("{text:?} is neither an instant such as 2026-11-23T09:30:00Z nor a span such as 24h")
        })
    }
}

/// A type and an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entity {
    /// The type.
    pub kind: String,
    /// The id.
    pub id: String,
}

impl FromStr for Entity {
    type Err = String;

    /// The first colon that stands alone parts type and id: `user:alice`, `Shop::User:alice`, `role:arn:aws:...`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut kind = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(':') {
            kind.push_str(before);
            match after.strip_prefix(':') {
                Some(after) => {
                    kind.push_str("::");
                    rest = after;
                }
                None if kind.is_empty() || after.is_empty() => break,
                None => return Ok(Self { kind, id: after.to_owned() }),
            }
        }
        Err(format!("{text:?} is no TYPE:ID such as user:alice"))
    }
}

/// A JSON object as it is typed.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonObject(pub Map<String, Value>);

impl FromStr for JsonObject {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        serde_json::from_str(text).map(Self).map_err(|error| format!("this is no JSON object: {error}"))
    }
}

/// The modes, by their words.
pub(super) const MODES: [Mode; 3] = [Mode::Learn, Mode::Shadow, Mode::Enforce];

#[cfg(test)]
mod tests {
    use doorward_model::time::{Millis, Time};

    use super::{Entity, When};

    #[test]
    fn the_first_single_colon_parts_type_and_id() {
        let read = |text: &str| text.parse::<Entity>().map(|entity| (entity.kind, entity.id));
        let pair = |kind: &str, id: &str| Ok((kind.to_owned(), id.to_owned()));
        assert_eq!(read("user:alice"), pair("user", "alice"));
        assert_eq!(read("Shop::User:alice"), pair("Shop::User", "alice"));
        assert_eq!(read("role:arn:aws:iam::1:role/a"), pair("role", "arn:aws:iam::1:role/a"));
        for text in ["alice", ":alice", "user:", "Shop::User", ""] {
            assert_eq!(read(text), Err(format!("{text:?} is no TYPE:ID such as user:alice")));
        }
    }

    #[test]
    fn instants_and_spans_ago() {
        let now = Time::parse("2026-03-02T10:00:00Z").unwrap();
        let read = |text: &str| text.parse::<When>().map(|when| when.from_now(now));
        assert_eq!(read("2h"), Ok(now - Millis::HOUR.times(2)));
        assert_eq!(read("2026-03-01T00:00:00Z"), Ok(Time::parse("2026-03-01T00:00:00Z").unwrap()));
        assert!(read("yesterday").is_err_and(|error| error.contains("\"yesterday\"")));
    }
}
