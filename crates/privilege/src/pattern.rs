//! Text with wildcards, as policies name permissions, resources and principals: `*` is any text, `?` any one character.
//!
//! Source: IAM User Guide, "IAM JSON policy elements: Resource" and "IAM policy elements: Variables and tags".

/// A text with wildcards, and perhaps with policy variables.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Pattern {
    text: Box<str>,
    kind: Kind,
    /// So many bytes come before the first wildcard or variable.
    literal: u32,
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
        if text.contains("${") { Self::of(text, Kind::Template) } else { Self::new(text) }
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

    /// A pattern of a permission: they are compared without regard to case.
    #[must_use]
    pub fn of_permission(text: &str) -> Self {
        Self::new(&text.to_ascii_lowercase())
    }

    fn of(text: &str, kind: Kind) -> Self {
        let wild = |(at, byte): &(usize, u8)| {
            matches!(byte, b'*' | b'?') || text.as_bytes().get(*at..*at + 2) == Some(b"${")
        };
        let literal = text.bytes().enumerate().find(wild).map_or(text.len(), |(at, _)| at);
        Self { text: text.into(), kind, literal: u32::try_from(literal).unwrap_or(0) }
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
            Kind::Glob => text.starts_with(self.prefix()) && glob(self.text.as_bytes(), text.as_bytes()),
            Kind::Template => false,
        }
    }
}

/// Whether a pattern with `*` and `?` matches. Each `*` is tried as short as possible and grown from the last one only,
/// which takes at most the product of both lengths.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut from) = (0, 0);
    let mut retry = None;
    while from < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                retry = Some((at + 1, from));
                at += 1;
            }
            // A character of several bytes counts as one.
            Some(b'?') => {
                at += 1;
                from += character(text, from);
            }
            Some(byte) if text.get(from) == Some(byte) => {
                at += 1;
                from += 1;
            }
            _ => {
                let Some((after, begun)) = retry else { return false };
                retry = Some((after, begun + 1));
                (at, from) = (after, begun + 1);
            }
        }
    }
    pattern.get(at..).is_some_and(|rest| rest.iter().all(|byte| *byte == b'*'))
}

fn character(text: &[u8], at: usize) -> usize {
    let continues = |byte: &&u8| **byte & 0xc0 == 0x80;
    1 + text.get(at + 1..).unwrap_or_default().iter().take_while(continues).count()
}
