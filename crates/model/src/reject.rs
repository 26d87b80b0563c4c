//! What could not be read. Nothing is lost: a reject is counted, kept and shown.

use crate::hash::Hash16;

/// Why something was not read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RejectReason {
    /// The bytes are not well formed; the rest of the file from here on is one reject.
    Syntax(String),
    /// The file ended inside a record, or its compression was cut.
    Truncated(String),
    /// The bytes are not UTF-8 text.
    Encoding(String),
    /// A field that is needed is missing or has the wrong form.
    Field(String),
    /// A limit was reached: size, depth, count.
    Limit(String),
    /// A record of a known audit family that this release does not read.
    SourceNotSupported(String),
    /// An object that no family claims.
    Unrecognised(String),
    /// The file could not be opened or read.
    Unreadable(String),
    /// Something other than its end stopped the reading of a file; what came before that was read.
    Broken(String),
    /// A policy document inside an export does not parse.
    PolicyDocument(String),
}

impl std::fmt::Display for RejectReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Syntax(detail) => write!(f, "not well-formed JSON: {detail}"),
            Self::Truncated(detail) => write!(f, "cut short: {detail}"),
            Self::Encoding(detail) => write!(f, "not UTF-8: {detail}"),
            Self::Field(detail) => write!(f, "field not usable: {detail}"),
            Self::Limit(detail) => write!(f, "over a limit: {detail}"),
            Self::SourceNotSupported(name) => write!(f, "source not supported: {name}"),
            Self::Unrecognised(detail) => write!(f, "not an audit record that is known: {detail}"),
            Self::Unreadable(detail) => write!(f, "cannot be read: {detail}"),
            Self::Broken(detail) => write!(f, "cannot be read to its end: {detail}"),
            Self::PolicyDocument(detail) => write!(f, "policy document does not parse: {detail}"),
        }
    }
}

/// How many bytes of a reject are kept.
pub const REJECT_KEPT_BYTES_MAX: usize = 64 * 1024;

/// One thing that was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// The file or source it stood in.
    pub source: String,
    /// Which record of that file, from 1; 0 when it is the file as a whole.
    pub record: u64,
    /// The byte range in the unpacked file, end exclusive.
    pub bytes: std::ops::Range<u64>,
    /// Why.
    pub reason: RejectReason,
    /// The first [`REJECT_KEPT_BYTES_MAX`] bytes, redacted where the redaction could run.
    pub kept: Vec<u8>,
    /// The hash of all its bytes.
    pub hash: Hash16,
}
