//! The short way through a record that stands whole in a chunk and is written without white space, as sources
//! deliver them: checked and redacted in one pass over bytes that stay where they are.
//!
//! It knows what is common and gives up on everything else, be it rare, too large or wrong. The lexer then reads the
//! record from its first byte, so that there is one judge of what is accepted.

use super::{Lexer, Member, State};
use crate::json::scan;
use crate::redact;

/// See the module.
#[derive(Default)]
pub(crate) struct Whole {
    outline: Vec<Member>,
    /// Where the keys of all open objects lie in the chunk.
    keys: Vec<(usize, usize)>,
    /// The record up to the last secret, if it has one, and where the bytes begin that follow it.
    cleaned: Vec<u8>,
    copied: usize,
    /// Up to where there is neither a backslash nor a control character, and whether there is one.
    plain: usize,
    special: bool,
}

/// A record that was read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Read<'a> {
    /// How many bytes of the chunk it takes.
    pub(crate) length: usize,
    /// The record without its secrets.
    pub(crate) cleaned: &'a [u8],
    /// Where its members lie in the cleaned bytes.
    pub(crate) outline: &'a [Member],
    /// Whether it is known that nothing in it is escaped.
    pub(crate) is_plain: bool,
}

impl Lexer {
    /// How many levels the value may have that begins here.
    pub(crate) fn levels_left(&self) -> usize {
        self.depth_max.saturating_sub(self.level())
    }

    /// Goes on behind the value that was announced and has been read the short way, up to this place.
    pub(crate) fn pass(&mut self, at: usize) {
        self.announced = false;
        self.run = at;
        self.state = if self.stack.is_empty() { State::Value } else { State::After };
    }
}

/// So many bytes are looked through for backslashes and control characters at once.
const PLAIN_BYTES: usize = 512;

/// Deeper than this a record is read by the lexer, which needs no call for each level.
const LEVELS_MAX: usize = 32;

impl Whole {
    /// Reads the object at the beginning of the bytes, which is nested no deeper than so many levels.
    pub(crate) fn read<'a>(&'a mut self, bytes: &'a [u8], levels_max: usize) -> Option<Read<'a>> {
        self.outline.clear();
        self.keys.clear();
        self.cleaned.clear();
        self.copied = 0;
        (self.plain, self.special) = (0, false);
        if bytes.first() != Some(&b'{') {
            return None;
        }
        let length = self.object(bytes, 0, Levels { left: levels_max.min(LEVELS_MAX), outermost: true })?;
        let cleaned = if self.copied == 0 {
            bytes.get(..length)?
        } else {
            self.cleaned.extend_from_slice(bytes.get(self.copied..length)?);
            &self.cleaned
        };
        // Behind the last string, up to which it was looked for, there is no backslash.
        Some(Read { length, cleaned, outline: &self.outline, is_plain: !self.special })
    }

    /// The end of the object that begins here.
    fn object(&mut self, bytes: &[u8], start: usize, levels: Levels) -> Option<usize> {
        let inside = levels.inside()?;
        let mut at = start + 1;
        if bytes.get(at) == Some(&b'}') {
            return Some(at + 1);
        }
        let (first, mut seen) = (self.keys.len(), 0);
        loop {
            let (key, value) = self.key(bytes, at)?;
            self.keep_key(bytes, at + 1, key, (first, &mut seen))?;
            let place = self.place(at);
            let end = match redact::is_secret_key(key) {
                false => self.value(bytes, value, inside)?,
                true => self.secret(bytes, value)?,
            };
            if levels.outermost {
                let value = place + (value - at);
                self.outline.push(Member { key: place, value, end: self.place(end) });
            }
            match bytes.get(end)? {
                b',' => at = end + 1,
                b'}' => {
                    self.keys.truncate(first);
                    return Some(end + 1);
                }
                _ => return None,
            }
        }
    }

    /// The end of the list that begins here.
    fn list(&mut self, bytes: &[u8], start: usize, levels: Levels) -> Option<usize> {
        let inside = levels.inside()?;
        let mut at = start + 1;
        if bytes.get(at) == Some(&b']') {
            return Some(at + 1);
        }
        loop {
            at = self.value(bytes, at, inside)?;
            match bytes.get(at)? {
                b',' => at += 1,
                b']' => return Some(at + 1),
                _ => return None,
            }
        }
    }

    /// The key that begins here, which has no escapes, and where its value begins.
    fn key<'b>(&mut self, bytes: &'b [u8], start: usize) -> Option<(&'b [u8], usize)> {
        if bytes.get(start) != Some(&b'"') {
            return None;
        }
        let rest = bytes.get(start + 1..)?;
        let (key, after) = rest.split_at_checked(scan::unquoted_length(rest))?;
        let end = start + 1 + key.len();
        (after.starts_with(b"\":") && self.is_plain(bytes, end)).then_some((key, end + 2))
    }

    /// The end of the string that begins here.
    fn string(&mut self, bytes: &[u8], start: usize) -> Option<usize> {
        let end = start + 1 + scan::unquoted_length(bytes.get(start + 1..)?);
        if end < bytes.len() && self.is_plain(bytes, end) { Some(end + 1) } else { escaped(bytes, start) }
    }

    /// Whether there is neither a backslash nor a control character up to here.
    fn is_plain(&mut self, bytes: &[u8], to: usize) -> bool {
        while self.plain < to.min(bytes.len()) && !self.special {
            let next = bytes.get(self.plain..).unwrap_or_default();
            let next = next.get(..PLAIN_BYTES).unwrap_or(next);
            let plain = scan::unescaped_length(next);
            self.plain += plain;
            self.special = plain < next.len();
        }
        to <= self.plain
    }

    fn value(&mut self, bytes: &[u8], start: usize, levels: Levels) -> Option<usize> {
        match bytes.get(start)? {
            b'"' => self.string(bytes, start),
            b'{' => self.object(bytes, start, levels),
            b'[' => self.list(bytes, start, levels),
            _ => bare(bytes, start),
        }
    }

    /// The end of a secret that begins here, in whose place the mark is put; literals are none.
    fn secret(&mut self, bytes: &[u8], start: usize) -> Option<usize> {
        let end = match bytes.get(start)? {
            b'"' => self.string(bytes, start)?,
            b't' | b'f' | b'n' => return bare(bytes, start),
            b'{' | b'[' => return None,
            _ => bare(bytes, start)?,
        };
        self.cleaned.extend_from_slice(bytes.get(self.copied..start)?);
        self.cleaned.extend_from_slice(redact::mark_for(bytes.get(start..end)?));
        self.copied = end;
        Some(end)
    }

    /// Where the byte lies in the cleaned bytes that lies here in the chunk.
    fn place(&self, at: usize) -> usize {
        self.cleaned.len() + (at - self.copied)
    }

    /// Remembers where a key lies; `None` when its object has it already. `seen` has a bit for the hashes of the
    /// object's keys, of which the first is the one with this number.
    fn keep_key(
        &mut self,
        bytes: &[u8],
        at: usize,
        key: &[u8],
        (first, seen): (usize, &mut u64),
    ) -> Option<()> {
        let bit = 1 << (hash(key) % u64::BITS);
        if *seen & bit != 0 {
            let mut before = self.keys.get(first..)?.iter();
            if before.any(|(start, end)| bytes.get(*start..*end) == Some(key)) {
                return None;
            }
        }
        *seen |= bit;
        self.keys.push((at, at + key.len()));
        Some(())
    }
}

/// How many levels a value may still open, and whether it is the record itself.
#[derive(Clone, Copy)]
struct Levels {
    left: usize,
    outermost: bool,
}

impl Levels {
    fn inside(self) -> Option<Self> {
        Some(Self { left: self.left.checked_sub(1)?, outermost: false })
    }
}

/// Tells apart most keys of one object.
fn hash(key: &[u8]) -> u32 {
    let middle = key.get(key.len() / 2).copied().unwrap_or_default();
    let ends = [key.first().copied().unwrap_or_default(), key.last().copied().unwrap_or_default()];
    let length = u8::try_from(key.len() % 256).unwrap_or_default();
    u32::from_le_bytes([ends[0], ends[1], middle, length]).wrapping_mul(0x9E37_79B1) >> 20
}

/// The end of the string that begins here, in which there may be escapes. One that may hold JSON in which there are
/// secrets is not read.
fn escaped(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    at += scan::plain_length(bytes.get(at..)?);
    if bytes.get(at)? == &b'"' {
        return Some(at + 1);
    }
    if matches!(bytes.get(start + 1), Some(b'{' | b'[' | b' ')) {
        return None;
    }
    loop {
        at = match bytes.get(at..)? {
            [b'"', ..] => return Some(at + 1),
            [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => at + 2,
            [b'\\', b'u', digits @ ..] if digits.get(..4)?.iter().all(u8::is_ascii_hexdigit) => at + 6,
            _ => return None,
        };
        at += scan::plain_length(bytes.get(at..)?);
    }
}

/// The end of the number or literal that begins here. Numbers that are no integers are not read.
fn bare(bytes: &[u8], start: usize) -> Option<usize> {
    let rest = bytes.get(start..)?;
    for literal in [b"null".as_slice(), b"true", b"false"] {
        if rest.starts_with(literal) {
            return Some(start + literal.len());
        }
    }
    let digits = rest.strip_prefix(b"-").unwrap_or(rest);
    let length = digits.iter().position(|byte| !byte.is_ascii_digit())?;
    let whole = match digits {
        [b'0', ..] => length == 1,
        _ => length > 0,
    };
    let ends = matches!(digits.get(length), Some(b',' | b'}' | b']'));
    (whole && ends).then_some(start + (rest.len() - digits.len()) + length)
}
