//! Hashes that are stored: 16 bytes of BLAKE3, enough to tell records of one tenant apart.

use std::fmt;

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
