//! What is a secret, and how it is taken out.
//!
//! The lexer redacts by key while it copies. What it could not read to the end (the rest of a broken file) goes
//! through [`crude`], which looks for the same keys in plain text and hides more rather than less. Our own tokens are
//! known by their shape, under whatever key they stand.

use std::borrow::Cow;

use doorward_model::token::{PREFIX, masked_bytes};
use memchr::memmem::Finder;

/// What stands in place of a secret.
pub(crate) const HIDDEN: &[u8] = b"\"[redacted]\"";

/// As much of a secret is looked at as tells whether the source has hidden it.
pub(crate) const HIDDEN_LENGTH_MAX: usize = 64;

/// What CloudTrail writes itself in place of a secret.
const HIDDEN_BY_SOURCE: &[u8] = b"\"HIDDEN_DUE_TO_SECURITY_REASONS\"";

/// Keys whose value proves something to somebody, in lower case: AWS credentials and passwords as API parameters
/// and results name them, the bearer tokens of OAuth and SAML, and one-time codes. Paging tokens (`nextToken`,
/// `marker`) and client tokens (idempotency) are none.
const SECRET_KEYS: [&[u8]; 46] = [
    b"accesstoken",
    b"access_token",
    b"adminpassword",
    b"apikey",
    b"api_key",
    b"apitoken",
    b"authenticationcode1",
    b"authenticationcode2",
    b"authorizationtoken",
    b"authtoken",
    b"base32stringseed",
    b"bearertoken",
    b"client_secret",
    b"clientsecret",
    b"currentpassword",
    b"dbpassword",
    b"idtoken",
    b"id_token",
    b"jwt",
    b"masteruserpassword",
    b"newpassword",
    b"oldpassword",
    b"pass",
    b"passwd",
    b"password",
    b"passworddata",
    b"plaintext",
    b"presharedkey",
    b"privatekey",
    b"privatekeymaterial",
    b"private_key",
    b"qrcodepng",
    b"refreshtoken",
    b"refresh_token",
    b"samlassertion",
    b"secretaccesskey",
    b"secret_access_key",
    b"secretbinary",
    b"secretkey",
    b"secretstring",
    b"servicepassword",
    b"session_token",
    b"sessiontoken",
    b"temporarypassword",
    b"userpassword",
    b"webidentitytoken",
];

/// For each length and first letter of a key, the last letters of such secret keys: all but few keys are told apart
/// by them.
const LAST_LETTERS: [[u32; 32]; 32] = last_letters();

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, where a wrong index is an error")]
const fn last_letters() -> [[u32; 32]; 32] {
    let mut letters = [[0; 32]; 32];
    let mut at = 0;
    while at < SECRET_KEYS.len() {
        let key = SECRET_KEYS[at];
        letters[key.len()][letter(key[0])] |= 1 << letter(key[key.len() - 1]);
        at += 1;
    }
    letters
}

/// What lower and upper case have in common. Other characters may share it with a letter.
const fn letter(byte: u8) -> usize {
    (byte & 0x1F) as usize
}

/// Whether the value of this key is a secret, whatever the case of its letters.
#[inline]
pub(crate) fn is_secret_key(key: &[u8]) -> bool {
    let [first, .., last] = key else { return false };
    let last_letters = LAST_LETTERS.get(key.len()).and_then(|letters| letters.get(letter(*first)));
    let likely = last_letters.is_some_and(|letters| letters & (1 << letter(*last)) != 0);
    likely && SECRET_KEYS.iter().any(|secret| secret.eq_ignore_ascii_case(key))
}

/// What is written in place of a secret value: the source's own mark if it is one, else ours.
pub(crate) fn mark_for(value: &[u8]) -> &'static [u8] {
    if value == HIDDEN_BY_SOURCE { HIDDEN_BY_SOURCE } else { HIDDEN }
}

/// Looks for our own tokens.
pub(crate) struct Tokens(Finder<'static>);

impl Tokens {
    pub(crate) fn new() -> Self {
        Self(Finder::new(PREFIX))
    }

    /// Hides the tokens in bytes; `None` when there is none, as almost always.
    pub(crate) fn hide(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        self.0.find(bytes).and_then(|_| masked_bytes(bytes))
    }
}

/// Bytes of any kind without the secrets that can be told in them: those behind known keys, and our own tokens.
#[must_use]
pub fn redacted(bytes: &[u8]) -> Cow<'_, [u8]> {
    let crude = crude(bytes).map_or(Cow::Borrowed(bytes), Cow::Owned);
    masked_bytes(&crude).map_or(crude, Cow::Owned)
}

/// Hides what follows a secret key in a text of any form; `None` when there is none.
pub(crate) fn crude(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    let mut found = false;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let word = rest.iter().position(|byte| !is_word(*byte)).unwrap_or(rest.len());
        let (name, after) = rest.split_at_checked(word.max(1)).unwrap_or((rest, &[]));
        out.extend_from_slice(name);
        at += name.len();
        if !is_secret_key(name) {
            continue;
        }
        let Some(value) = value_after(after) else { continue };
        let (between, _) = after.split_at_checked(value.start).unwrap_or((after, &[]));
        out.extend_from_slice(between);
        out.extend_from_slice(b"[redacted]");
        at += value.end;
        found = true;
    }
    found.then_some(out)
}

/// Where the value lies that is assigned behind a key, if one is.
fn value_after(after: &[u8]) -> Option<std::ops::Range<usize>> {
    let separator =
        |byte: &u8| matches!(byte, b'"' | b'\'' | b'\\' | b' ' | b'\t' | b'\r' | b'\n' | b':' | b'=');
    let start = after.iter().position(|byte| !separator(byte)).unwrap_or(after.len());
    let between = after.get(..start)?;
    if !between.iter().any(|byte| matches!(byte, b':' | b'=')) {
        return None;
    }
    let quoted = between.last().is_some_and(|byte| matches!(byte, b'"' | b'\''));
    let value = after.get(start..)?;
    let ends = |byte: &u8| match quoted {
        true => matches!(byte, b'"' | b'\''),
        false => matches!(byte, b'"' | b'\'' | b',' | b'}' | b']' | b'&' | b' ' | b'\n' | b'\r'),
    };
    let end = start + value.iter().position(ends).unwrap_or(value.len());
    Some(start..end)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}
