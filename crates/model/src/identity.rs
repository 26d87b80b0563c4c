//! Who exists: identities, their credentials, and the edges between them.

use crate::inventory::Seen;

/// What an identity is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, prost::Enumeration)]
#[repr(i32)]
pub enum IdentityKind {
    /// Outside of what the organisation owns: another account, an anonymous caller, or simply not known.
    External = 0,
    /// A person.
    Human = 1,
    /// A service of a platform, or an account that a program uses.
    Service = 2,
    /// A program with an identity of its own: a role of a function, an instance, a container, a pipeline.
    Workload = 3,
    /// An AI agent.
    Agent = 4,
    /// A third-party product that was let in.
    VendorApp = 5,
}

impl IdentityKind {
    /// The word used everywhere.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::External => "external",
            Self::Human => "human",
            Self::Service => "service",
            Self::Workload => "workload",
            Self::Agent => "agent",
            Self::VendorApp => "vendor_app",
        }
    }

    /// All kinds, in the order in which they are listed.
    pub const ALL: [Self; 6] =
        [Self::Human, Self::Agent, Self::Workload, Self::Service, Self::VendorApp, Self::External];
}

/// An identity, as far as one source knows it.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Identity {
    /// The canonical id.
    #[prost(string, tag = "1")]
    pub id: String,
    /// What it is.
    #[prost(enumeration = "IdentityKind", tag = "2")]
    pub kind: i32,
    /// The platform it lives on: `aws`, `doorward`, ...
    #[prost(string, tag = "3")]
    pub platform: String,
    /// The account it lives in.
    #[prost(string, tag = "4")]
    pub account: String,
    /// The short name a person would say.
    #[prost(string, tag = "5")]
    pub name: String,
    /// The platform's unique id (`AROA...`, `AIDA...`), which survives neither deletion nor renaming.
    #[prost(string, tag = "6")]
    pub unique_id: String,
    /// When it was made, milliseconds since the epoch; 0 when not known.
    #[prost(int64, tag = "7")]
    pub created_at_ms: i64,
    /// When the platform says it was last used, milliseconds since the epoch; 0 when not known.
    #[prost(int64, tag = "8")]
    pub last_used_at_ms: i64,
    /// Who may become it, by the trust policy: service names, provider ARNs, account ids, principal ARNs.
    #[prost(string, repeated, tag = "9")]
    pub trusted: Vec<String>,
    /// Tags as the platform holds them.
    #[prost(btree_map = "string, string", tag = "10")]
    pub tags: std::collections::BTreeMap<String, String>,
    /// Groups it is a member of, by name.
    #[prost(string, repeated, tag = "11")]
    pub groups: Vec<String>,
    /// The peer group it is compared with: `role:deploy-*`, `permission-set:Admin`, ...
    #[prost(string, tag = "12")]
    pub peer_group: String,
    /// Who says so.
    #[prost(message, optional, tag = "13")]
    pub seen: Option<Seen>,
}

/// The pattern that a name follows: what varies from one copy to the next is a `*`, so that `deploy-7`, `deploy-12`
/// and `app-111122223333-0a1b2c3d4e5f` / `app-444455556666-9f8e7d6c5b4a` are peers. Runs of digits, and words of
/// six or more that are hexadecimal with a digit in them, vary; anything else is part of the pattern.
#[must_use]
pub fn name_pattern(name: &str) -> String {
    let mut pattern = String::with_capacity(name.len());
    for piece in name.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
        let word = piece.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        let varies = word.len() >= 6
            && word.bytes().all(|b| b.is_ascii_hexdigit())
            && word.bytes().any(|b| b.is_ascii_digit());
        if varies {
            pattern.push('*');
        } else {
            push_without_digits(&mut pattern, word);
        }
        pattern.push_str(piece.strip_prefix(word).unwrap_or_default());
    }
    pattern
}

fn push_without_digits(pattern: &mut String, word: &str) {
    for c in word.chars() {
        match (c.is_ascii_digit(), pattern.ends_with('*')) {
            (true, true) => {}
            (true, false) => pattern.push('*'),
            (false, _) => pattern.push(c),
        }
    }
}

/// What one identity is to another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, prost::Enumeration)]
#[repr(i32)]
pub enum EdgeKind {
    /// Not known to this release.
    Unknown = 0,
    /// The one has used the other's rights by assuming it.
    Assumed = 1,
    /// The one acts for the other: an agent for its person.
    ActsFor = 2,
    /// Both names are the same person or program.
    SameAs = 3,
}

/// An edge between two identities, with what shows it.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Edge {
    /// What the one is to the other.
    #[prost(enumeration = "EdgeKind", tag = "1")]
    pub kind: i32,
    /// The id it goes from.
    #[prost(string, tag = "2")]
    pub from: String,
    /// The id it goes to.
    #[prost(string, tag = "3")]
    pub to: String,
    /// How sure it is, in thousandths.
    #[prost(uint32, tag = "4")]
    pub confidence_milli: u32,
    /// What shows it.
    #[prost(string, tag = "5")]
    pub evidence: String,
}

/// What kind of proof a credential is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, prost::Enumeration)]
#[repr(i32)]
pub enum CredentialKind {
    /// Not known to this release.
    Unknown = 0,
    /// A long-lived access key (`AKIA...`).
    AccessKey = 1,
    /// A temporary session key (`ASIA...`).
    SessionKey = 2,
    /// A password for a console.
    Password = 3,
    /// A second factor. One that is [`CredentialState::Inactive`] says that there is none.
    SecondFactor = 4,
    /// A certificate that signs requests.
    Certificate = 5,
}

/// Whether a credential can be used.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, prost::Enumeration)]
#[repr(i32)]
pub enum CredentialState {
    /// Nobody has told.
    Unknown = 0,
    /// It can.
    Active = 1,
    /// It cannot: it is switched off, or there is none.
    Inactive = 2,
}

/// A credential of an identity.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Credential {
    /// The id of the credential: the access key id. What has none is known by its kind and holder: `password:HOLDER`,
    /// `second-factor:HOLDER`, `access-key-1:HOLDER` where only the place of the key is told, `certificate-1:HOLDER`.
    #[prost(string, tag = "1")]
    pub id: String,
    /// What kind of proof.
    #[prost(enumeration = "CredentialKind", tag = "2")]
    pub kind: i32,
    /// The identity it proves.
    #[prost(string, tag = "3")]
    pub identity: String,
    /// When it was made or first seen, milliseconds since the epoch.
    #[prost(int64, tag = "4")]
    pub created_at_ms: i64,
    /// When it ends, milliseconds since the epoch; 0 when it does not or is not known.
    #[prost(int64, tag = "5")]
    pub expires_at_ms: i64,
    /// When it was used last, milliseconds since the epoch; 0 when never or not known.
    #[prost(int64, tag = "6")]
    pub last_used_at_ms: i64,
    /// When it was replaced last, milliseconds since the epoch; 0 when not known.
    #[prost(int64, tag = "7")]
    pub rotated_at_ms: i64,
    /// Whether it can be used.
    #[prost(enumeration = "CredentialState", tag = "8")]
    pub state: i32,
    /// The service it was used for last, by its IAM prefix; empty when not known.
    #[prost(string, tag = "9")]
    pub last_used_for: String,
    /// Who says so.
    #[prost(message, optional, tag = "10")]
    pub seen: Option<Seen>,
}

#[cfg(test)]
mod tests {
    use super::name_pattern;

    #[test]
    fn copies_share_a_pattern_and_others_do_not() {
        let said = [
            ("deploy-7", "deploy-*"),
            ("deploy-12", "deploy-*"),
            ("app-111122223333-0a1b2c3d4e5f", "app-*-*"),
            ("billing", "billing"),
            ("facade", "facade"),
            ("S3Reader", "S*Reader"),
            ("", ""),
        ];
        for (name, pattern) in said {
            assert_eq!(name_pattern(name), pattern, "{name}");
        }
    }
}
