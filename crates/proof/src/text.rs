//! The text of a token: `dw_<id>_<secret>_<checksum>`, all in lower-case hexadecimal digits.
//!
//! The prefix and the fixed form let scanners of source code and logs find one that leaked; the checksum tells a typo
//! or a cut from a token that was never issued, without looking anything up.

use std::fmt;

use doorward_model::token::{ID_DIGITS, PREFIX, is_digit, masked};
use zeroize::Zeroizing;

/// The text of a token, which is shown once, or of a key. It is wiped when dropped, and printing it for debugging shows nothing.
pub struct Secret(Zeroizing<String>);

impl Secret {
    pub(crate) const fn of(text: Zeroizing<String>) -> Self {
        Self(text)
    }

    /// The text, to be given to who asked for the token, or kept where nobody else can read it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Whether a whole token, or more of one than its public part, stands in a text.
#[must_use]
pub fn holds_token(text: &str) -> bool {
    masked(text) != text
}

/// How many random bytes a token is made from.
pub(crate) const SECRET_BYTES: usize = 32;

/// The parts of a token that has the right form.
pub(crate) struct Parsed<'a> {
    pub(crate) id: &'a str,
    pub(crate) secret: Zeroizing<[u8; SECRET_BYTES]>,
}

/// Why a text is no token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    Form,
    Checksum,
}

/// The text of a token.
pub(crate) fn write(id: &str, secret: &[u8; SECRET_BYTES]) -> Secret {
    let mut text = Zeroizing::new(String::with_capacity(TEXT_BYTES));
    text.push_str(PREFIX);
    text.push_str(id);
    text.push('_');
    push_hex(&mut text, secret);
    let checksum = checksum(&text);
    text.push('_');
    text.push_str(&checksum);
    Secret::of(text)
}

/// Reads the text of a token.
pub(crate) fn read(text: &str) -> Result<Parsed<'_>, Fault> {
    let (body, stated) = text.rsplit_once('_').ok_or(Fault::Form)?;
    let (id, secret) = body.strip_prefix(PREFIX).and_then(|rest| rest.split_once('_')).ok_or(Fault::Form)?;
    if id.len() != ID_DIGITS || !id.bytes().all(is_digit) {
        return Err(Fault::Form);
    }
    let secret = from_hex(secret).ok_or(Fault::Form)?;
    if stated == checksum(body) { Ok(Parsed { id, secret }) } else { Err(Fault::Checksum) }
}

/// The public part of a token, from which the secret cannot be told.
pub(crate) fn id_of(secret: &[u8; SECRET_BYTES]) -> String {
    let hash = Zeroizing::new(blake3::derive_key("doorward token id, version 1", secret));
    let mut id = String::with_capacity(ID_BYTES * 2);
    push_hex(&mut id, hash.get(..ID_BYTES).unwrap_or_default());
    id
}

/// What is stored of a secret. It is as long as its entropy, so that a plain hash is enough.
pub(crate) fn hash_of(secret: &[u8; SECRET_BYTES]) -> [u8; 32] {
    *blake3::hash(secret).as_bytes()
}

fn checksum(body: &str) -> String {
    let hash = blake3::derive_key("doorward token checksum, version 1", body.as_bytes());
    let mut text = String::with_capacity(CHECKSUM_BYTES * 2);
    push_hex(&mut text, hash.get(..CHECKSUM_BYTES).unwrap_or_default());
    text
}

pub(crate) fn push_hex(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        for half in [byte >> 4, byte & 0x0F] {
            text.push(char::from_digit(u32::from(half), 16).unwrap_or('0'));
        }
    }
}

/// Exactly so many bytes, of twice as many digits.
pub(crate) fn from_hex<const N: usize>(digits: &str) -> Option<Zeroizing<[u8; N]>> {
    if digits.len() != N * 2 {
        return None;
    }
    let mut bytes = Zeroizing::new([0; N]);
    for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
        let &[high, low] = pair else { return None };
        *byte = (value(high)? << 4) | value(low)?;
    }
    Some(bytes)
}

/// The value of a hexadecimal digit; there is one way to write a token or a key, so capitals are none.
fn value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

const ID_BYTES: usize = ID_DIGITS / 2;
const CHECKSUM_BYTES: usize = 4;
const TEXT_BYTES: usize = PREFIX.len() + ID_DIGITS + 1 + SECRET_BYTES * 2 + 1 + CHECKSUM_BYTES * 2;
