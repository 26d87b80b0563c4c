//! A borrowed reader of one value that the lexer has checked and cleaned: it trusts the grammar, and gives back
//! nothing, never an error, where a value has another type than asked for.

use std::borrow::Cow;

use crate::json::lexer::Member;
use crate::json::{scan, text};

/// One JSON value without insignificant white space.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Value<'a> {
    text: &'a str,
    /// Whether there may be escapes in its strings. Most records have none, which is found out once for all of one.
    escaped: bool,
}

impl<'a> Value<'a> {
    /// The value of a field that is not there.
    pub(crate) const NULL: Value<'static> = Value { text: "null", escaped: false };

    /// Takes a text that the lexer has cleaned.
    pub(crate) fn new(cleaned: &'a str) -> Self {
        Self { text: cleaned, escaped: memchr::memchr(b'\\', cleaned.as_bytes()).is_some() }
    }

    /// The same of a text in which nothing is escaped.
    pub(crate) fn plain(cleaned: &'a str) -> Self {
        Self { text: cleaned, escaped: false }
    }

    /// The text of the value.
    pub(crate) fn raw(self) -> &'a str {
        self.text
    }

    /// A part of this value.
    fn part(self, text: &'a str) -> Self {
        Self { text, ..self }
    }

    pub(crate) fn is_object(self) -> bool {
        self.text.starts_with('{')
    }

    /// The fields of an object in their order.
    pub(crate) fn fields(self) -> Fields<'a> {
        Fields { rest: self.part(self.text.strip_prefix('{').unwrap_or_default()) }
    }

    /// The fields of an object whose members are known.
    pub(crate) fn members(self, outline: &[Member]) -> impl Iterator<Item = (Cow<'a, str>, Self)> {
        outline.iter().filter_map(move |member| {
            // Between its quotes, of which a colon follows the second.
            let key = self.text.get(member.key + 1..member.value.checked_sub(2)?)?;
            Some((self.part(key).unescaped(), self.part(self.text.get(member.value..member.end)?)))
        })
    }

    /// The items of a list; a value that is none is its own only item, `null` has none.
    pub(crate) fn items(self) -> Items<'a> {
        let rest = match self.text.strip_prefix('[') {
            Some(rest) => rest,
            None if self.text == "null" => "",
            None => self.text,
        };
        Items { rest: self.part(rest) }
    }

    /// The value of a field.
    pub(crate) fn field(self, name: &str) -> Option<Self> {
        self.fields().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The value at the end of a path of fields.
    pub(crate) fn path(self, names: &[&str]) -> Option<Self> {
        names.iter().try_fold(self, |value, name| value.field(name))
    }

    /// The text of a string.
    pub(crate) fn text(self) -> Option<Cow<'a, str>> {
        let inner = self.text.strip_prefix('"')?.strip_suffix('"')?;
        Some(self.part(inner).unescaped())
    }

    /// The text of a string, or a number or truth value as text; empty for everything else.
    pub(crate) fn scalar(self) -> Cow<'a, str> {
        match self.text.as_bytes().first() {
            Some(b'"') => self.text().unwrap_or_default(),
            Some(b'{' | b'[' | b'n') | None => Cow::Borrowed(""),
            Some(_) => Cow::Borrowed(self.text),
        }
    }

    /// The scalar of a field; empty when it is not there.
    pub(crate) fn scalar_field(self, name: &str) -> Cow<'a, str> {
        self.field(name).map(Self::scalar).unwrap_or_default()
    }

    /// The text of the inside of a string.
    fn unescaped(self) -> Cow<'a, str> {
        if self.escaped && memchr::memchr(b'\\', self.text.as_bytes()).is_some() {
            Cow::Owned(text::unescape(self.text))
        } else {
            Cow::Borrowed(self.text)
        }
    }
}

/// A reader that goes through nested objects in one pass.
pub(crate) struct Walk<'a> {
    rest: Value<'a>,
}

impl<'a> Walk<'a> {
    pub(crate) fn of(value: Value<'a>) -> Self {
        Self { rest: value }
    }

    /// Goes through the members of the object that is next. `member` takes the value of those it wants, as a whole
    /// or as an object of its own; what it leaves is passed over, as is a value that is no object.
    pub(crate) fn object(&mut self, mut member: impl FnMut(&str, &mut Self)) {
        if !self.rest.is_object() {
            self.value();
            return;
        }
        while let Some((key, rest)) = self.rest.text.get(1..).and_then(|text| key(text, self.rest.escaped)) {
            let key = self.rest.part(key).unescaped();
            self.rest.text = rest;
            member(&key, self);
            if self.rest.text.len() == rest.len() {
                self.value();
            }
        }
        // The closing bracket, and before it the opening one of an empty object.
        let opened = self.rest.text.strip_prefix('{').unwrap_or(self.rest.text);
        self.rest.text = opened.strip_prefix('}').unwrap_or_default();
    }

    /// Takes the value that is next.
    pub(crate) fn value(&mut self) -> Value<'a> {
        let text = self.rest.text;
        let (value, rest) =
            text.split_at_checked(value_end(text.as_bytes(), self.rest.escaped)).unwrap_or((text, ""));
        self.rest.text = rest;
        self.rest.part(value)
    }

    /// Takes the scalar that is next.
    pub(crate) fn scalar(&mut self) -> Cow<'a, str> {
        self.value().scalar()
    }
}

/// See [`Value::fields`].
pub(crate) struct Fields<'a> {
    rest: Value<'a>,
}

impl<'a> Iterator for Fields<'a> {
    type Item = (Cow<'a, str>, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest.text;
        let (key, rest) = key(rest.strip_prefix(',').unwrap_or(rest), self.rest.escaped)?;
        let (value, rest) = rest.split_at_checked(value_end(rest.as_bytes(), self.rest.escaped))?;
        self.rest.text = rest;
        Some((self.rest.part(key).unescaped(), self.rest.part(value)))
    }
}

/// See [`Value::items`].
pub(crate) struct Items<'a> {
    rest: Value<'a>,
}

impl<'a> Iterator for Items<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest.text;
        let rest = rest.strip_prefix(',').unwrap_or(rest);
        if rest.is_empty() || rest.starts_with(']') {
            return None;
        }
        let (value, rest) = rest.split_at_checked(value_end(rest.as_bytes(), self.rest.escaped))?;
        self.rest.text = rest;
        (!value.is_empty()).then_some(self.rest.part(value))
    }
}

/// The key at the beginning, without its quotes, and what follows the colon.
fn key(text: &str, escaped: bool) -> Option<(&str, &str)> {
    let (key, rest) = text.split_at_checked(string_end(text.as_bytes(), escaped)?)?;
    Some((key.strip_prefix('"')?.strip_suffix('"')?, rest.strip_prefix(':')?))
}

/// The end of the string at the beginning, behind its quote.
fn string_end(bytes: &[u8], escaped: bool) -> Option<usize> {
    let inside = bytes.strip_prefix(b"\"")?;
    if !escaped {
        let length = scan::unquoted_length(inside);
        return (length < inside.len()).then_some(length + 2);
    }
    let mut at = 1;
    loop {
        at += scan::plain_length(bytes.get(at..)?);
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            _ => at += 2,
        }
    }
}

/// The end of the value at the beginning.
fn value_end(bytes: &[u8], escaped: bool) -> usize {
    match bytes.first() {
        Some(b'"') => string_end(bytes, escaped).unwrap_or(bytes.len()),
        Some(b'{' | b'[') => container_end(bytes, escaped),
        _ => bytes.iter().position(|byte| matches!(byte, b',' | b'}' | b']')).unwrap_or(bytes.len()),
    }
}

fn container_end(bytes: &[u8], escaped: bool) -> usize {
    let (mut at, mut depth) = (0_usize, 0_usize);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                at += string_end(bytes.get(at..).unwrap_or_default(), escaped).unwrap_or(bytes.len());
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return at;
        }
    }
    bytes.len()
}
