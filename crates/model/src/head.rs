//! The end of a log, signed: whoever keeps it can tell later whether the log still holds what it held then.

/// What the end of a log was, in the words of the instance that wrote it.
///
/// The hash stands for all rows up to that one, so the signature does, too. What is signed is not this message but a
/// text that is made of it, which the crate that signs and verifies says.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct SignedHead {
    /// Whose log it is.
    #[prost(string, tag = "1")]
    pub tenant: String,
    /// The id of the key that has signed.
    #[prost(string, tag = "2")]
    pub key: String,
    /// The last row of the log.
    #[prost(uint64, tag = "3")]
    pub row: u64,
    /// The hash of that row: 32 bytes.
    #[prost(bytes = "vec", tag = "4")]
    pub hash: Vec<u8>,
    /// When the last record of it was recorded, milliseconds since the epoch.
    #[prost(int64, tag = "5")]
    pub recorded_at_ms: i64,
    /// The last fact.
    #[prost(uint64, tag = "6")]
    pub fact: u64,
    /// The signature: for Ed25519, 64 bytes.
    #[prost(bytes = "vec", tag = "7")]
    pub signature: Vec<u8>,
}
