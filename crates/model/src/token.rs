//! The shape of our own tokens, by which one is known wherever it strays: `dw_<id>_<secret>_<checksum>`, in lower-case
//! hexadecimal digits. The id is public.

use std::borrow::Cow;

/// How every token begins.
pub const PREFIX: &str = "dw_";
/// How many digits its id has.
pub const ID_DIGITS: usize = 16;

/// Whether a byte is a digit of a token: there is one way to write it, so capitals are none.
#[must_use]
pub const fn is_digit(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

/// A text in which no token is whole: of each, its public part is left.
#[must_use]
pub fn masked(text: &str) -> Cow<'_, str> {
    match masked_bytes(text.as_bytes()).map(String::from_utf8) {
        Some(Ok(masked)) => Cow::Owned(masked),
        // What is taken out is whole letters, so what is left is text.
        Some(Err(_)) | None => Cow::Borrowed(text),
    }
}

/// The same of bytes of any kind; `None` when no token stands in them.
#[must_use]
pub fn masked_bytes(bytes: &[u8]) -> Option<Vec<u8>> {
    let (mut shown, mut rest) = (Vec::new(), bytes);
    let mut found = false;
    while let Some((before, after)) = split_once(rest) {
        shown.extend_from_slice(before);
        shown.extend_from_slice(PREFIX.as_bytes());
        rest = after;
        if let Some((id, secret)) = secret_of(after) {
            found = true;
            shown.extend_from_slice(id);
            shown.extend_from_slice(b"_...");
            let end = secret.iter().position(|byte| *byte != b'_' && !byte.is_ascii_hexdigit());
            rest = secret.get(end.unwrap_or(secret.len())..).unwrap_or_default();
        }
    }
    shown.extend_from_slice(rest);
    found.then_some(shown)
}

/// The id of a token and what follows it, of a text behind the prefix.
fn secret_of(after: &[u8]) -> Option<(&[u8], &[u8])> {
    let (id, rest) = after.split_at_checked(ID_DIGITS)?;
    let secret = rest.strip_prefix(b"_").filter(|_| id.iter().all(|byte| is_digit(*byte)))?;
    Some((id, secret))
}

fn split_once(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = bytes.windows(PREFIX.len()).position(|window| window == PREFIX.as_bytes())?;
    let (before, rest) = bytes.split_at_checked(at)?;
    Some((before, rest.strip_prefix(PREFIX.as_bytes())?))
}
