//! Where a request came from and with what, in the terms in which habits are kept.

use std::net::IpAddr;

use doorward_model::event::Client;

use crate::marks::{self, Marks};

/// So much of a user agent is kept.
const USER_AGENT_BYTES_MAX: usize = 512;

/// A family that is nothing but the first word of the user agent is cut to this.
const FAMILY_BYTES_MAX: usize = 48;

/// Reads address, user agent and VPC endpoint id.
pub(crate) fn client(address: &str, user_agent: &str, vpc_endpoint: &str) -> Client {
    Client {
        address: address.to_owned(),
        network: network(address, vpc_endpoint),
        user_agent: cut(user_agent, USER_AGENT_BYTES_MAX).to_owned(),
        family: family(user_agent),
        credential_source: credential_source(user_agent),
    }
}

/// As much of a text as fits, cut between characters.
pub(crate) fn cut(text: &str, bytes_max: usize) -> &str {
    let mut end = bytes_max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or(text)
}

/// The network that habits are kept of: one VPC endpoint, /24 of IPv4, /48 of IPv6, one service.
fn network(address: &str, vpc_endpoint: &str) -> String {
    if vpc_endpoint.starts_with("vpce-") {
        return format!("vpce:{vpc_endpoint}");
    }
    match address.parse() {
        Ok(IpAddr::V4(v4)) => {
            let [a, b, c, _] = v4.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        Ok(IpAddr::V6(v6)) => match v6.to_ipv4_mapped() {
            Some(v4) => network(&v4.to_string(), ""),
            None => {
                let [a, b, c, ..] = v6.segments();
                format!("{}/48", std::net::Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
            }
        },
        Err(_) => named_network(address),
    }
}

fn named_network(address: &str) -> String {
    let lower = address.to_ascii_lowercase();
    if lower.is_empty() {
        String::new()
    } else if matches!(lower.as_str(), "aws internal" | "internal.amazonaws.com") {
        "aws-internal".to_owned()
    } else if let Some(name) = lower.strip_suffix(".amazonaws.com") {
        format!("service:{name}")
    } else if lower.starts_with(|first: char| first.is_ascii_digit()) || lower.contains(':') {
        // Octets such as 08, or an address that was masked by hand.
        format!("address:{}", cut(&lower, FAMILY_BYTES_MAX))
    } else {
        format!("service:{}", cut(&lower, FAMILY_BYTES_MAX))
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
        return service.to_owned();
    }
    let first = lower.split([' ', '/', ';', ',', '(', '_']).next().unwrap_or_default();
    cut(first, FAMILY_BYTES_MAX).to_owned()
}

/// The letters by which SDKs that follow botocore name the provider of the credential, and what they mean.
const CREDENTIAL_SOURCES: [(char, &str); 25] = [
    ('0', "instance metadata"),
    ('C', "console login of a profile"),
    ('D', "console login"),
    ('e', "code"),
    ('f', "JVM system properties"),
    ('g', "environment variables"),
    ('h', "environment variables for a web identity token"),
    ('i', "assume role"),
    ('j', "assume role with SAML"),
    ('k', "assume role with web identity"),
    ('l', "federation token"),
    ('m', "session token"),
    ('n', "profile"),
    ('o', "source profile"),
    ('p', "named provider of a profile"),
    ('q', "web identity token of a profile"),
    ('r', "single sign-on of a profile"),
    ('s', "single sign-on"),
    ('t', "legacy single sign-on of a profile"),
    ('u', "legacy single sign-on"),
    ('v', "process of a profile"),
    ('w', "process"),
    ('x', "boto2 configuration file"),
    ('y', "SDK store"),
    ('z', "container or HTTP endpoint"),
];

/// The letters of the `m/` field that name a credential provider, sorted.
fn credential_source(user_agent: &str) -> String {
    let Some(field) = user_agent.split(' ').find_map(|word| word.strip_prefix("m/")) else {
        return String::new();
    };
    let mut letters: Vec<char> = field.split(',').filter_map(single).filter(|c| is_source(*c)).collect();
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

fn is_source(letter: char) -> bool {
    CREDENTIAL_SOURCES.iter().any(|(known, _)| *known == letter)
}

/// Says in words where a credential came from, given the letters of [`Client::credential_source`]; letters that
/// are not known stay as they are.
#[must_use]
pub fn credential_source_words(letters: &str) -> String {
    let word = |letter: char| {
        let known = CREDENTIAL_SOURCES.iter().find(|(known, _)| *known == letter);
        known.map_or_else(|| letter.to_string(), |(_, word)| (*word).to_owned())
    };
    letters.chars().map(word).collect::<Vec<_>>().join(", ")
}
