//! Text with wildcards, as policies name permissions, resources and principals: `*` is any text, `?` any one character.
//!
//! Source: IAM User Guide, "IAM JSON policy elements: Resource" and "IAM policy elements: Variables and tags".

use crate::variables::{self, Piece};

pub(crate) mod units;

use units::Unit;

/// A text with wildcards, and perhaps with policy variables.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Pattern {
    text: Box<str>,
    kind: Kind,
    /// So many bytes come before the first wildcard or variable.
    literal: u32,
    /// The parts of a template; nothing in other kinds.
    pieces: Box<[Piece]>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
enum Kind {
    /// `*`.
    Any,
    /// No wildcard.
    Literal,
    /// A literal text and `*` at its end.
    Prefix,
    /// Wildcards anywhere.
    Glob,
    /// Variables: what it matches depends on the request.
    Template,
}

impl Pattern {
    /// A pattern in which `${` begins a variable.
    #[must_use]
    pub fn with_variables(text: &str) -> Self {
        match variables::pieces(text, true) {
            Some(pieces) => Self { pieces, ..Self::of(text, Kind::Template) },
            None => Self::new(text),
        }
    }

    /// A pattern of a resource, in which `${` begins a variable, but only in the last part of its ARN.
    ///
    /// Source: IAM User Guide, "IAM policy elements: Variables and tags", where you can use policy variables: not before
    /// the fifth colon. There it is text, which no ARN has.
    #[must_use]
    pub fn of_resource(text: &str) -> Self {
        let parts = text.match_indices(':').nth(ARN_COLONS - 1).and_then(|(at, _)| text.split_at_checked(at));
        let pieces = parts.and_then(|(before, last)| {
            let of_last = variables::pieces(last, true)?;
            Some([Piece::Glob(before.into())].into_iter().chain(of_last).collect())
        });
        match pieces {
            Some(pieces) => Self { pieces, ..Self::of(text, Kind::Template) },
            None => Self::new(text),
        }
    }

    /// A pattern without variables.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let kind = match text.find(['*', '?']) {
            None => Kind::Literal,
            Some(0) if text == "*" => Kind::Any,
            Some(at) if at + 1 == text.len() && text.ends_with('*') => Kind::Prefix,
            Some(_) => Kind::Glob,
        };
        Self::of(text, kind)
    }

    /// A text in which nothing is a wildcard.
    #[must_use]
    pub fn verbatim(text: &str) -> Self {
        let literal = u32::try_from(text.len()).unwrap_or(0);
        Self { text: text.into(), kind: Kind::Literal, literal, pieces: Box::default() }
    }

    /// A text in which `${` begins a variable, and nothing is a wildcard.
    #[must_use]
    pub fn verbatim_with_variables(text: &str) -> Self {
        match variables::pieces(text, false) {
            Some(pieces) => Self { pieces, ..Self::of(text, Kind::Template) },
            None => Self::verbatim(text),
        }
    }

    /// A pattern of a permission: they are compared without regard to case.
    #[must_use]
    pub fn of_permission(text: &str) -> Self {
        Self::new(&text.to_ascii_lowercase())
    }

    fn of(text: &str, kind: Kind) -> Self {
        let wild = |(at, byte): &(usize, u8)| {
            let begins_variable = || text.as_bytes().get(*at..*at + 2) == Some(b"${");
            matches!(byte, b'*' | b'?') || (kind == Kind::Template && begins_variable())
        };
        let literal = text.bytes().enumerate().find(wild).map_or(text.len(), |(at, _)| at);
        let literal = u32::try_from(literal).unwrap_or(0);
        Self { text: text.into(), kind, literal, pieces: Box::default() }
    }

    /// The text it was made from.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What everything that it matches begins with.
    #[must_use]
    pub fn prefix(&self) -> &str {
        self.text.get(..self.literal as usize).unwrap_or_default()
    }

    /// Whether it matches any text.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.kind == Kind::Any
    }

    /// Whether it matches one text only, its own.
    #[must_use]
    pub fn is_literal(&self) -> bool {
        self.kind == Kind::Literal
    }

    /// Whether what it matches depends on the request.
    #[must_use]
    pub fn has_variables(&self) -> bool {
        self.kind == Kind::Template
    }

    /// Whether it matches a text. With variables it matches nothing: see [`Self::has_variables`].
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        match self.kind {
            Kind::Any => true,
            Kind::Literal => *self.text == *text,
            Kind::Prefix => text.starts_with(self.prefix()),
            Kind::Glob => text.starts_with(self.prefix()) && units::matches_glob(&self.text, text),
            Kind::Template => false,
        }
    }

    /// The parts of a template.
    pub(crate) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// The keys of its variables, in lower case.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Variable { key, .. } => Some(&**key),
            Piece::Glob(_) | Piece::Text(_) => None,
        })
    }

    /// The places of a pattern without variables.
    pub(crate) fn units(&self) -> Vec<Unit> {
        match self.kind {
            Kind::Literal => units::of_text(&self.text).collect(),
            Kind::Any | Kind::Prefix | Kind::Glob | Kind::Template => units::of_glob(&self.text).collect(),
        }
    }

    /// Whether it is an ARN with fewer parts than six. "IAM JSON policy elements: Resource": in policies of identities,
    /// what is missing of it is any text.
    pub(crate) fn is_short_arn(&self) -> bool {
        self.text.starts_with("arn:") && self.text.bytes().filter(|byte| *byte == b':').count() < ARN_COLONS
    }
}

/// How many colons the ARN of a resource has at least.
pub(crate) const ARN_COLONS: usize = 5;

/// What is missing of a short ARN is any text.
pub(crate) fn complete(units: &mut Vec<Unit>) {
    let colons = units.iter().filter(|unit| **unit == Unit::Byte(b':')).count();
    for _ in colons..ARN_COLONS {
        units.extend([Unit::Byte(b':'), Unit::Any]);
    }
}
