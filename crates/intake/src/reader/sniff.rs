//! What a source is, by its first bytes.

use doorward_model::reject::RejectReason;

use crate::inventory::is_report;
use crate::other::{self, Content};

/// A text log is known by its first line, of which so much is looked at.
const SNIFFED_BYTES_MAX: usize = 4096;

/// What the beginning of a source shows.
pub(super) enum Sniffed {
    /// Not enough has come.
    More,
    /// JSON begins after so many bytes.
    Json { skip: usize },
    /// A credential report begins after so many bytes.
    Report { skip: usize },
    /// No log and no inventory.
    Skip(&'static str),
    /// Nothing that can be read.
    Reject(RejectReason),
}

impl Sniffed {
    fn encoding(what: &str) -> Self {
        Self::Reject(RejectReason::Encoding(what.to_owned()))
    }
}

/// Tells what a source is by its first bytes.
pub(super) fn sniff(bytes: &[u8], at_end: bool) -> Sniffed {
    let skip = match bytes {
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => return Sniffed::encoding("the text is UTF-16"),
        [0xEF, 0xBB, 0xBF, ..] => 3,
        [0xEF] | [0xEF, 0xBB] | [0xFF | 0xFE] | [] if !at_end => return Sniffed::More,
        _ => 0,
    };
    let text = bytes.get(skip..).unwrap_or_default();
    let blank = text.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(text.len());
    match text.get(blank..).unwrap_or_default() {
        [0, ..] | [b'{' | b'[', 0, ..] => Sniffed::encoding("the text is UTF-16 or binary"),
        [b'{' | b'['] if !at_end => Sniffed::More,
        [b'{' | b'[', ..] => Sniffed::Json { skip },
        [] if at_end => Sniffed::Json { skip },
        [] if blank > SNIFFED_BYTES_MAX => Sniffed::Json { skip },
        line => sniff_text(line, skip, at_end),
    }
}

fn sniff_text(text: &[u8], skip: usize, at_end: bool) -> Sniffed {
    let end = memchr::memchr(b'\n', text);
    if end.is_none() && !at_end && text.len() < SNIFFED_BYTES_MAX {
        return Sniffed::More;
    }
    // Only so much is looked at as was waited for, so that the cut of the chunks makes no difference.
    let line = text.get(..end.unwrap_or(text.len()).min(SNIFFED_BYTES_MAX)).unwrap_or_default();
    if let Some((kind, packs)) = other::binary(line) {
        let unpack = || RejectReason::SourceNotSupported(kind.to_owned());
        return if packs { Sniffed::Reject(unpack()) } else { Sniffed::Skip(kind) };
    }
    if is_report(text) {
        return Sniffed::Report { skip };
    }
    if let Some(kind) = other::text_log(line) {
        return Sniffed::Skip(kind);
    }
    if !at_end && text.len() < other::PROSE_BYTES_MAX {
        return Sniffed::More;
    }
    match other::content(text) {
        Content::Prose => Sniffed::Skip("text"),
        Content::Binary => Sniffed::encoding("the file is binary"),
        Content::Unclear => Sniffed::Json { skip },
    }
}
