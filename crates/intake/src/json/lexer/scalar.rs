//! Strings, numbers and literals: their grammar, and what is done with them when they are complete.

use std::hash::BuildHasher;

use super::{Fault, KEY_BEGUN_MAX, Lexer, Member, Role, Signal, State};
use crate::json::{scan, text};
use crate::redact;

/// How far a number has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Number {
    Minus,
    Zero,
    Integer,
    Point,
    Fraction,
    E,
    Sign,
    Exponent,
}

impl Lexer {
    pub(super) fn begin_token(&mut self, at: usize) {
        self.token = self.place(at);
        self.token_in_chunk = Some(at);
        self.escaped = false;
        self.key_begun.clear();
    }

    /// Keeps a part of a key that is cut between chunks.
    pub(super) fn keep_key(&mut self, part: &[u8]) {
        let room = KEY_BEGUN_MAX.saturating_sub(self.key_begun.len());
        self.key_begun.extend_from_slice(part.get(..room.min(part.len())).unwrap_or_default());
    }

    pub(super) fn text(&mut self, chunk: &[u8], at: &mut usize, role: Role) -> Option<Signal> {
        let rest = chunk.get(*at..).unwrap_or_default();
        let length = scan::plain_length(rest);
        *at += length;
        match rest.get(length) {
            None => None,
            Some(b'"') => {
                *at += 1;
                // What mostly follows is taken at once, unless the caller is to be told of the string first.
                match role {
                    Role::Key => self.end_key(chunk, *at).or_else(|| {
                        self.colon(chunk, at);
                        None
                    }),
                    Role::Value => self.end_scalar(chunk, *at).or_else(|| {
                        self.comma(chunk, at);
                        None
                    }),
                }
            }
            Some(b'\\') => {
                *at += 1;
                self.escaped = true;
                self.state = State::Escape(role);
                None
            }
            Some(_) => Some(Signal::Broken("a control character in a string")),
        }
    }

    pub(super) fn escape(&mut self, byte: u8, at: &mut usize, role: Role) -> Option<Signal> {
        *at += 1;
        self.state = match byte {
            b'u' => State::Hex(role, 4),
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => State::Text(role),
            _ => return Some(Signal::Broken("an unknown escape in a string")),
        };
        None
    }

    pub(super) fn hex(&mut self, byte: u8, at: &mut usize, role: Role, left: u8) -> Option<Signal> {
        if !byte.is_ascii_hexdigit() {
            return Some(Signal::Broken("an unknown escape in a string"));
        }
        *at += 1;
        self.state = if left <= 1 { State::Text(role) } else { State::Hex(role, left - 1) };
        None
    }

    pub(super) fn number(
        &mut self,
        chunk: &[u8],
        at: &mut usize,
        byte: u8,
        number: Number,
    ) -> Option<Signal> {
        match number.then(byte) {
            Some(next) => {
                *at += 1;
                self.state = State::Number(next);
                None
            }
            None if number.complete() => self.end_scalar(chunk, *at),
            None => Some(Signal::Broken("a number that is none")),
        }
    }

    pub(super) fn literal(
        &mut self,
        chunk: &[u8],
        at: &mut usize,
        byte: u8,
        rest: &'static [u8],
    ) -> Option<Signal> {
        match rest {
            [next, rest @ ..] if *next == byte => {
                *at += 1;
                if rest.is_empty() {
                    return self.ended(chunk, *at);
                }
                self.state = State::Literal(rest);
                None
            }
            _ => Some(Signal::Broken("expected a value")),
        }
    }

    pub(super) fn end_key(&mut self, chunk: &[u8], at: usize) -> Option<Signal> {
        self.state = State::Colon;
        let place = self.token;
        let bytes = match self.token_in_chunk {
            Some(start) => chunk.get(start..at).unwrap_or_default(),
            None => {
                self.copy(chunk, at);
                self.keep_key(chunk.get(..at).unwrap_or_default());
                match self.fault {
                    Some(Fault::Size(_)) => self.key_begun.as_slice(),
                    _ => self.buffer.get(place..).unwrap_or_default(),
                }
            }
        };
        let end = place.saturating_add(bytes.len());
        let inner = bytes.get(1..bytes.len().saturating_sub(1)).unwrap_or_default();
        let unescaped;
        let name = if self.escaped {
            unescaped = text::unescape_bytes(inner);
            unescaped.as_slice()
        } else {
            inner
        };
        self.secret.next = redact::is_secret_key(name);
        if matches!(self.fault, Some(Fault::Size(_))) {
            return None;
        }
        self.keys.push((self.hasher.hash_one(name), place));
        if self.stack.len() == self.outlined {
            self.outline.push(Member::begin(place, end, self.mark));
        }
        if self.stack.len() >= self.watched {
            return None;
        }
        self.key.clear();
        self.key.extend_from_slice(name);
        Some(Signal::Key)
    }

    pub(super) fn end_scalar(&mut self, chunk: &[u8], at: usize) -> Option<Signal> {
        if self.secret.hiding {
            self.copy(chunk, at);
            self.hide();
        } else if self.escaped {
            self.copy(chunk, at);
            self.redact_inside();
        }
        self.escaped = false;
        self.ended(chunk, at)
    }

    /// Ends a number at the end of the input; `true` when one has been completed.
    pub(crate) fn finish_number(&mut self) -> bool {
        let State::Number(number) = self.state else { return false };
        if !self.stack.is_empty() || !number.complete() {
            return false;
        }
        self.end_scalar(&[], 0);
        true
    }

    /// Drops what has been collected of a secret that the input broke off in. Its opening quote stays, so that
    /// what follows is seen to belong to it.
    pub(crate) fn drop_secret(&mut self) {
        if !self.secret.hiding {
            return;
        }
        let quoted = self.since(self.token).starts_with(b"\"");
        self.buffer.truncate(self.token);
        self.secret.hiding = false;
        if quoted {
            self.append(b"\"");
        }
    }

    /// Puts the mark in place of a secret, unless the source has already hidden it.
    pub(super) fn hide(&mut self) {
        self.secret.hiding = false;
        let mark = redact::mark_for(self.since(self.token));
        self.buffer.truncate(self.token);
        self.redactions += u64::from(mark == redact::HIDDEN);
        self.append(mark);
    }

    /// Redacts in a string that holds JSON.
    pub(super) fn redact_inside(&mut self) {
        if self.nesting == 0 || matches!(self.fault, Some(Fault::Size(_))) {
            return;
        }
        let Some([b'"', inner @ .., b'"']) = self.buffer.get(self.token..) else { return };
        if !matches!(inner.first(), Some(b'{' | b'[' | b' ')) {
            return;
        }
        let inner = text::unescape_bytes(inner);
        if let Some(redacted) = redact_json(&inner, self.nesting - 1) {
            self.redactions += 1;
            self.buffer.truncate(self.token);
            let mut quoted = Vec::with_capacity(redacted.len() + 16);
            text::escape(&redacted, &mut quoted);
            self.append(&quoted);
        }
    }
}

impl Number {
    /// What a number becomes with one more byte, if it can have it.
    fn then(self, byte: u8) -> Option<Self> {
        Some(match (self, byte) {
            (Self::Minus, b'0') => Self::Zero,
            (Self::Minus, b'1'..=b'9') | (Self::Integer, b'0'..=b'9') => Self::Integer,
            (Self::Zero | Self::Integer, b'.') => Self::Point,
            (Self::Point | Self::Fraction, b'0'..=b'9') => Self::Fraction,
            (Self::Zero | Self::Integer | Self::Fraction, b'e' | b'E') => Self::E,
            (Self::E, b'+' | b'-') => Self::Sign,
            (Self::E | Self::Sign | Self::Exponent, b'0'..=b'9') => Self::Exponent,
            _ => return None,
        })
    }

    pub(super) fn complete(self) -> bool {
        matches!(self, Self::Zero | Self::Integer | Self::Fraction | Self::Exponent)
    }
}

/// Redacts a JSON text; `None` when it is none, or has nothing to redact.
fn redact_json(bytes: &[u8], nesting: u8) -> Option<Vec<u8>> {
    let mut lexer = Lexer::new(usize::MAX, usize::MAX);
    lexer.nesting = nesting;
    let mut at = 0;
    loop {
        match lexer.next(bytes, &mut at) {
            Signal::More => break,
            Signal::Broken(_) => return redact::crude(bytes),
            Signal::Begin(_) | Signal::End | Signal::Key => {}
        }
    }
    if !lexer.at_rest() {
        return redact::crude(bytes);
    }
    (lexer.redactions > 0).then_some(lexer.buffer)
}
