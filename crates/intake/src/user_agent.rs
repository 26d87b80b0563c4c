//! What a user agent shows: the family of the client, where its credential came from, and the claim of an agent.

use std::hash::BuildHasher as _;

use doorward_model::event::AgentMark;
use foldhash::fast::FixedState;

use crate::agent;
use crate::client::cut;
use crate::marks::{self, Marks};

/// So much of a user agent is kept.
const USER_AGENT_BYTES_MAX: usize = 512;

/// A family that is nothing but the first word of the user agent is cut to this.
const FAMILY_BYTES_MAX: usize = 48;

/// What one user agent shows, whatever record it stands in.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    /// As much of the user agent as is kept.
    pub(crate) kept: String,
    pub(crate) family: String,
    pub(crate) credential_source: String,
    /// What it claims to be an agent by.
    pub(crate) claimed: Option<AgentMark>,
}

impl Shown {
    fn by(user_agent: &str) -> Self {
        Self {
            kept: cut(user_agent, USER_AGENT_BYTES_MAX).to_owned(),
            family: family(user_agent),
            credential_source: credential_source(user_agent),
            claimed: agent::claimed(user_agent),
        }
    }
}

/// A user agent that is remembered, whole.
struct Known {
    user_agent: String,
    shown: Shown,
}

impl Known {
    fn of(user_agent: &str) -> Box<Self> {
        Box::new(Self { user_agent: user_agent.to_owned(), shown: Shown::by(user_agent) })
    }
}

/// The user agents that were seen last. Most records of a source repeat one of few.
pub(crate) struct UserAgents {
    /// A user agent belongs to one of the sets, in which the one that was seen last comes first.
    sets: Vec<Set>,
    /// What the last user agent showed that is too long to be remembered.
    long: Shown,
    hasher: FixedState,
}

type Set = [Option<Box<Known>>; 4];

const SETS: usize = 64;

/// A user agent of more bytes than this is not remembered.
const REMEMBERED_BYTES_MAX: usize = 1024;

impl UserAgents {
    pub(crate) fn new() -> Self {
        let sets = std::iter::repeat_with(Set::default).take(SETS).collect();
        Self { sets, long: Shown::default(), hasher: FixedState::with_seed(0) }
    }

    /// What a user agent shows.
    pub(crate) fn shown(&mut self, user_agent: &str) -> &Shown {
        let set = self.hasher.hash_one(user_agent.as_bytes()) % SETS as u64;
        match usize::try_from(set).ok().and_then(|set| self.sets.get_mut(set)) {
            Some(set) if user_agent.len() <= REMEMBERED_BYTES_MAX => remembered(set, user_agent),
            _ => {
                self.long = Shown::by(user_agent);
                &self.long
            }
        }
    }
}

/// Moves a user agent to the front of its set, where one that is new takes the place of the one seen longest ago.
fn remembered<'a>(set: &'a mut Set, user_agent: &str) -> &'a Shown {
    let is_this =
        |place: &Option<Box<Known>>| place.as_ref().is_some_and(|known| known.user_agent == user_agent);
    let place = set.iter().position(is_this).unwrap_or(set.len() - 1);
    if let Some(before) = set.get_mut(..=place) {
        before.rotate_right(1);
    }
    let [first, ..] = set;
    let known = first.take().filter(|known| known.user_agent == user_agent);
    &first.insert(known.unwrap_or_else(|| Known::of(user_agent))).shown
}

/// Marks anywhere in the user agent, the most telling first, and the family they show.
const FAMILIES: [(&str, &str); 31] = [
    ("aws internal", "aws-internal"),
    ("terraform", "terraform"),
    ("pulumi", "pulumi"),
    ("crossplane", "crossplane"),
    ("opentofu", "opentofu"),
    ("ansible", "ansible"),
    ("aws-cdk", "aws-cdk"),
    ("s3console", "console"),
    ("console.amazonaws.com", "console"),
    ("console.aws", "console"),
    ("awsconsole", "console"),
    ("aws-internal/3", "aws-internal"),
    ("signin.amazonaws.com", "signin"),
    ("aws-cli/2", "aws-cli/2"),
    ("aws-cli/1", "aws-cli/1"),
    ("aws-sdk-go-v2", "aws-sdk-go-v2"),
    ("aws-sdk-go", "aws-sdk-go"),
    ("aws-sdk-java", "aws-sdk-java"),
    ("aws-sdk-js", "aws-sdk-js"),
    ("aws-sdk-nodejs", "aws-sdk-js"),
    ("aws-sdk-rust", "aws-sdk-rust"),
    ("aws-sdk-dotnet", "aws-sdk-dotnet"),
    ("aws-sdk-net", "aws-sdk-dotnet"),
    ("aws-sdk-ruby", "aws-sdk-ruby"),
    ("aws-sdk-php", "aws-sdk-php"),
    ("aws-sdk-cpp", "aws-sdk-cpp"),
    ("aws-sdk-swift", "aws-sdk-swift"),
    ("aws-sdk-kotlin", "aws-sdk-kotlin"),
    ("boto3", "boto3"),
    ("botocore", "botocore"),
    ("mozilla/", "browser"),
];

static MARKS: Marks = Marks::new(&FAMILIES, || marks::search(&FAMILIES));

/// The family of a user agent, without versions.
fn family(user_agent: &str) -> String {
    if let Some(found) = MARKS.first(user_agent) {
        return found.shows.to_owned();
    }
    let lower = user_agent.trim().trim_start_matches('[').to_ascii_lowercase();
    if let Some(service) = lower.strip_suffix(".amazonaws.com")
        && !service.contains([' ', '/'])
    {
        return service.to_owned();
    }
    let first = lower.split([' ', '/', ';', ',', '(', '_']).next().unwrap_or_default();
    cut(first, FAMILY_BYTES_MAX).to_owned()
}

/// The letters by which SDKs that follow botocore name the provider of the credential: `0` is the metadata of the
/// instance, `g` the environment, `n` a profile, `z` the endpoint of a container.
const CREDENTIAL_SOURCES: &str = "0CDefghijklmnopqrstuvwxyz";

/// The letters of the `m/` field that name a credential provider, sorted.
fn credential_source(user_agent: &str) -> String {
    let Some(field) = user_agent.split(' ').find_map(|word| word.strip_prefix("m/")) else {
        return String::new();
    };
    let mut letters: Vec<char> =
        field.split(',').filter_map(single).filter(|c| CREDENTIAL_SOURCES.contains(*c)).collect();
    letters.sort_unstable();
    letters.dedup();
    letters.into_iter().collect()
}

/// The letter of a code. The two codes of two letters, `AC` and `AD`, are known by their second.
fn single(code: &str) -> Option<char> {
    match code {
        "AC" => return Some('C'),
        "AD" => return Some('D'),
        // These letters alone are other features.
        "C" | "D" => return None,
        _ => {}
    }
    let mut chars = code.chars();
    chars.next().filter(|_| chars.next().is_none())
}
