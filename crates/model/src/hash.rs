//! Hashes that are stored: 16 bytes, enough to tell records of one tenant apart.
//!
//! [`Hash16`] names things by their content and withstands whoever chooses the content. A [`Fingerprint`] only tells
//! whether two copies of one thing are the same.

use std::fmt;

use twox_hash::XxHash3_128;

/// The first 16 bytes of a BLAKE3 hash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash16(pub [u8; 16]);

impl Hash16 {
    /// The hash of some bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self::from_blake3(blake3::hash(bytes))
    }

    /// The hash of several parts, each preceded by its length, so that no two lists of parts collide.
    #[must_use]
    pub fn of_parts(parts: &[&[u8]]) -> Self {
        let mut hasher = blake3::Hasher::new();
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        Self::from_blake3(hasher.finalize())
    }

    /// Reads 16 bytes back; `None` when there are not exactly 16.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    fn from_blake3(hash: blake3::Hash) -> Self {
        let mut out = [0; 16];
        for (to, from) in out.iter_mut().zip(hash.as_bytes()) {
            *to = *from;
        }
        Self(out)
    }
}

/// XXH3 of 128 bits without a seed, in two words: the same on every machine and in every release.
///
/// It is many times faster than [`Hash16`], but whoever chooses both contents can make them collide. That is enough
/// to compare two copies of a record that have the same id already, because the source gives out the id and writes
/// the record: who only makes requests cannot make it write two contents for one id. It must not name or prove
/// anything.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, prost::Message)]
pub struct Fingerprint {
    /// The word that is written first.
    #[prost(fixed64, tag = "1")]
    pub high: u64,
    /// The word that is written second.
    #[prost(fixed64, tag = "2")]
    pub low: u64,
}

impl Fingerprint {
    /// That of some bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let hash = XxHash3_128::oneshot(bytes);
        let [high, low] =
            [hash >> 64, hash & u128::from(u64::MAX)].map(|word| u64::try_from(word).unwrap_or(0));
        Self { high, low }
    }
}

impl fmt::Display for Hash16 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash16 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash16({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::{Fingerprint, Hash16};

    #[test]
    fn hashes_are_those_of_their_specifications() {
        let long = b"a record of some length. ".repeat(100);
        let hashes = [b"".as_slice(), b"record", &long]
            .map(Fingerprint::of)
            .map(|Fingerprint { high, low }| format!("{high:016x}{low:016x}"));
        let expected = [
            "99aa06d3014798d86001c324468d497f",
            "e53517bbc019f4994ff1f81b384e16ff",
            "bf9633e6c1d5f52a209b45d01d0e1e70",
        ];
        assert_eq!(hashes, expected);
        assert_eq!(Hash16::of(b"").to_string(), "af1349b9f5f9a1a6a0404dea36dcc949");
    }
}
