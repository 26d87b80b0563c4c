//! Policy variables: `${aws:username}` in a resource or the value of a condition stands for what the request says.
//!
//! Source: IAM User Guide, "IAM policy elements: Variables and tags". A variable has a default behind a comma, as in
//! `${aws:PrincipalTag/team, 'none'}`; `${*}`, `${?}` and `${$}` stand for the character itself. What a variable stands
//! for is never a wildcard. A key with several values is no variable.

use crate::pattern::Pattern;
use crate::pattern::units::{self, Unit};
use crate::request::{Looked, Request};

/// A part of a template.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Piece {
    /// Text in which `*` and `?` are wildcards.
    Glob(Box<str>),
    /// Text as it is.
    Text(Box<str>),
    /// What the request says of a key, in lower case.
    Variable {
        /// The key.
        key: Box<str>,
        /// What stands in its place where the request says nothing of it.
        default: Option<Box<str>>,
    },
}

/// What a template stands for in a request.
pub(crate) enum Resolved {
    /// This.
    Known(Vec<Unit>),
    /// This, with any text in the place of what is not known.
    Open(Vec<Unit>),
    /// Nothing: it has a variable of which the request says nothing.
    Nothing,
}

/// The parts of a text with variables; `None` when it has none. A brace that is not closed is text.
pub(crate) fn pieces(text: &str, wildcards: bool) -> Option<Box<[Piece]>> {
    let plain = |text: &str| match wildcards {
        true => Piece::Glob(text.into()),
        false => Piece::Text(text.into()),
    };
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, inner, after)) = next(rest) {
        if !before.is_empty() {
            pieces.push(plain(before));
        }
        pieces.push(piece(inner));
        rest = after;
    }
    if pieces.is_empty() {
        return None;
    }
    if !rest.is_empty() {
        pieces.push(plain(rest));
    }
    Some(pieces.into())
}

/// What comes before, in and after the first pair of braces.
fn next(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once("${")?;
    let (inner, after) = rest.split_once('}')?;
    Some((before, inner, after))
}

fn piece(inner: &str) -> Piece {
    if matches!(inner, "*" | "?" | "$") {
        return Piece::Text(inner.into());
    }
    let (key, default) = match inner.split_once(',') {
        None => (inner, None),
        Some((key, default)) => (key, Some(default.trim().trim_matches('\'').into())),
    };
    Piece::Variable { key: key.trim().to_ascii_lowercase().into(), default }
}

/// What a pattern stands for in a request.
pub(crate) fn resolve(pattern: &Pattern, request: &Request<'_>) -> Resolved {
    if !pattern.has_variables() {
        return Resolved::Known(pattern.units());
    }
    let mut resolved = Vec::new();
    let mut is_known = true;
    for piece in pattern.pieces() {
        match piece {
            Piece::Glob(text) => resolved.extend(units::of_glob(text)),
            Piece::Text(text) => resolved.extend(units::of_text(text)),
            Piece::Variable { key, default } => match (request.look(key), default) {
                (Looked::One(value), _) => resolved.extend(units::of_text(value)),
                (Looked::Many([value]), _) => resolved.extend(units::of_text(value)),
                (Looked::Like(like), _) => {
                    is_known &= like.is_literal();
                    resolved.extend(like.units());
                }
                (Looked::Unknown | Looked::Present | Looked::Since(_), _) => {
                    is_known = false;
                    resolved.push(Unit::Any);
                }
                (Looked::Absent, Some(default)) => resolved.extend(units::of_text(default)),
                (Looked::Absent, None) | (Looked::Many(_), _) => return Resolved::Nothing,
            },
        }
    }
    if is_known { Resolved::Known(resolved) } else { Resolved::Open(resolved) }
}
