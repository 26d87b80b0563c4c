//! What a user agent shows: the family of the client, where its credential came from, and the claim of an agent.

use doorward_model::event::AgentMark;

use crate::agent;
use crate::client::cut;
use crate::marks::{self, Marks};

/// A family that is nothing but a word of the user agent is cut to this.
const FAMILY_BYTES_MAX: usize = 48;

/// What one user agent shows, whatever record it stands in.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    pub(crate) family: String,
    pub(crate) credential_source: String,
    /// What it claims to be an agent by.
    pub(crate) claimed: Option<AgentMark>,
}

impl Shown {
    /// Looks at a user agent.
    pub(crate) fn by(user_agent: &str) -> Self {
        Self {
            family: family(user_agent),
            credential_source: credential_source(user_agent),
            claimed: agent::claimed(user_agent),
        }
    }
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
        return cut(service, FAMILY_BYTES_MAX).to_owned();
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
