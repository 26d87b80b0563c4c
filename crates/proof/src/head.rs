//! The end of a log and a key in, a signed head out; and back: a signed head and a public key in, whether it stands, out.
//!
//! What is signed is a text of seven lines, so that anybody can make it again with other tools; see [`statement`].

use std::fmt::{self, Write};

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use doorward_model::head::SignedHead;
use doorward_model::id::{FactNumber, TenantId};
use doorward_model::time::Time;
use zeroize::Zeroizing;

use crate::text::{Secret, from_hex, push_hex};

/// Something that holds a private key and signs with it: in memory, or a device that never gives it out.
pub trait Signer {
    /// The public half of the key.
    fn public_key(&self) -> &PublicKey;

    /// Signs a message.
    ///
    /// # Errors
    /// [`Unsigned`] when whatever holds the key does not sign.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Unsigned>;
}

/// Whatever holds the key did not sign.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("cannot sign with the instance key")]
pub struct Unsigned;

/// The public half of an Ed25519 key.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey {
    bytes: [u8; Self::BYTES],
    id: String,
}

impl PublicKey {
    /// How long it is.
    pub const BYTES: usize = 32;

    /// The key of these bytes.
    #[must_use]
    pub fn new(bytes: [u8; Self::BYTES]) -> Self {
        let hash = blake3::derive_key("doorward instance key id, version 1", &bytes);
        let mut id = String::with_capacity(ID_BYTES * 2);
        push_hex(&mut id, hash.get(..ID_BYTES).unwrap_or_default());
        Self { bytes, id }
    }

    /// Reads 64 hexadecimal digits in lower case.
    #[must_use]
    pub fn read(digits: &str) -> Option<Self> {
        from_hex(digits).map(|bytes| Self::new(*bytes))
    }

    /// Its bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; Self::BYTES] {
        &self.bytes
    }

    /// A short name of it: 16 hexadecimal digits.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

/// An Ed25519 key in memory.
pub struct Ed25519 {
    pair: Ed25519KeyPair,
    public: PublicKey,
}

impl Ed25519 {
    /// How many bytes a key is made from.
    pub const SEED_BYTES: usize = 32;

    /// The key of 32 bytes that nobody else knows or can guess; none when the library makes none of them.
    #[must_use]
    pub fn from_seed(seed: &[u8; Self::SEED_BYTES]) -> Option<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).ok()?;
        let public = PublicKey::new(pair.public_key().as_ref().try_into().ok()?);
        Some(Self { pair, public })
    }

    /// The text of a key, to be kept where nobody else can read it: a line that says what it is, and one of digits.
    #[must_use]
    pub fn write(seed: &[u8; Self::SEED_BYTES]) -> Secret {
        let mut text = Zeroizing::new(String::with_capacity(KEY_TITLE.len() + Self::SEED_BYTES * 2 + 1));
        text.push_str(KEY_TITLE);
        push_hex(&mut text, seed);
        text.push('\n');
        Secret::of(text)
    }

    /// Reads the text of a key.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(KEY_TITLE)?.strip_suffix('\n')?;
        Self::from_seed(&*from_hex(digits)?)
    }
}

impl Signer for Ed25519 {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Unsigned> {
        self.pair.try_sign(message).map(|signature| signature.as_ref().to_vec()).map_err(|_| Unsigned)
    }
}

impl fmt::Debug for Ed25519 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ed25519").field("public", &self.public).finish_non_exhaustive()
    }
}

/// The end of a log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LogEnd {
    /// The last row.
    pub row: u64,
    /// Its hash, which stands for all rows up to it.
    pub hash: [u8; 32],
    /// When the last record was recorded.
    pub recorded_at: Time,
    /// The last fact.
    pub fact: FactNumber,
}

/// Signs the end of a tenant's log.
///
/// # Errors
/// [`Unsigned`] when whatever holds the key does not sign.
pub fn sign_head(tenant: &TenantId, end: &LogEnd, signer: &dyn Signer) -> Result<SignedHead, Unsigned> {
    let mut head = SignedHead {
        tenant: tenant.to_string(),
        key: signer.public_key().id().to_owned(),
        row: end.row,
        hash: end.hash.to_vec(),
        recorded_at_ms: end.recorded_at.ms(),
        fact: end.fact.0,
        signature: Vec::new(),
    };
    head.signature = signer.sign(statement(&head).as_bytes())?;
    Ok(head)
}

/// What is wrong with a signed head, whatever the log holds.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HeadFault {
    /// It is of another tenant's log.
    #[error("it was signed for tenant {found:?}, and this is {asked:?}")]
    Tenant {
        /// Whose log it is.
        found: String,
        /// Whose it should be.
        asked: String,
    },
    /// It names another key.
    #[error("it was signed by key {found}, and not by {asked}")]
    Key {
        /// The key it names.
        found: String,
        /// The key by which it is verified.
        asked: String,
    },
    /// The key has not signed this.
    #[error("key {0} has not signed this")]
    Signature(String),
}

/// Whether a signed head is of this tenant, by this key, and as it was signed. Whether the log holds what it says is
/// another question.
///
/// # Errors
/// [`HeadFault`] says what is wrong.
pub fn verify_head(head: &SignedHead, tenant: &TenantId, key: &PublicKey) -> Result<(), HeadFault> {
    if head.tenant != tenant.as_str() {
        return Err(HeadFault::Tenant { found: head.tenant.clone(), asked: tenant.to_string() });
    }
    if head.key != key.id() {
        return Err(HeadFault::Key { found: head.key.clone(), asked: key.id().to_owned() });
    }
    UnparsedPublicKey::new(&ED25519, key.bytes())
        .verify(statement(head).as_bytes(), &head.signature)
        .map_err(|_| HeadFault::Signature(head.key.clone()))
}

/// What is signed: seven lines, each with a line feed. The first one names purpose and version, so that the signature
/// of nothing else can be taken for one of a head; the tenant comes last, so that whatever stands in it is its own.
#[must_use]
pub fn statement(head: &SignedHead) -> String {
    let SignedHead { tenant, key, row, hash, recorded_at_ms, fact, signature: _ } = head;
    let mut digits = String::with_capacity(hash.len() * 2);
    push_hex(&mut digits, hash);
    let mut text = String::new();
    // Writing into a text cannot fail.
    write!(
        text,
        "doorward journal head, version 1\nkey {key}\nrow {row}\nhash {digits}\nrecorded_at_ms {recorded_at_ms}\n\
         fact {fact}\ntenant {tenant}\n"
    )
    .unwrap_or_default();
    text
}

const ID_BYTES: usize = 8;
const KEY_TITLE: &str = "doorward instance key, version 1\n";
