//! What a token allows.

use std::fmt;
use std::str::FromStr;

/// One thing that a token allows.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Scope {
    /// Send events of one source.
    Ingest(String),
    /// Ask for decisions, as the enforcement point that the token is named after.
    Decide,
    /// Ask questions.
    Read,
    /// Ask questions and give commands.
    Admin,
}

/// The text is no scope.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("cannot read {0:?} as a scope, expected ingest:SOURCE, decide, read or admin")]
pub struct ScopeError(String);

impl Scope {
    /// How long the name of a source may be.
    pub const SOURCE_BYTES_MAX: usize = 64;

    /// Whether a text can be the name of a source: lower-case letters, digits, `.`, `_` and `-`, not at the start.
    #[must_use]
    pub fn is_source(text: &str) -> bool {
        let letter = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let first = text.as_bytes().first().is_some_and(letter);
        let all = text.bytes().all(|byte| letter(&byte) || matches!(byte, b'.' | b'_' | b'-'));
        first && all && text.len() <= Self::SOURCE_BYTES_MAX
    }

    /// Whether who has this scope has the other as well: `admin` includes `read`, nothing else includes anything.
    #[must_use]
    pub fn includes(&self, other: &Self) -> bool {
        self == other || (*self == Self::Admin && *other == Self::Read)
    }
}

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        match text {
            "decide" => Ok(Self::Decide),
            "read" => Ok(Self::Read),
            "admin" => Ok(Self::Admin),
            _ => match text.strip_prefix("ingest:") {
                Some(source) if Self::is_source(source) => Ok(Self::Ingest(source.to_owned())),
                Some(_) | None => Err(ScopeError(text.chars().take(80).collect())),
            },
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ingest(source) => write!(f, "ingest:{source}"),
            Self::Decide => f.write_str("decide"),
            Self::Read => f.write_str("read"),
            Self::Admin => f.write_str("admin"),
        }
    }
}
