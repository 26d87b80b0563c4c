//! Heads of the journal that were signed: whoever keeps one can tell later whether the journal still holds what it held.

use doorward_journal::{Journal, JournalError, Position};
use doorward_model::head::SignedHead;
use doorward_model::id::FactNumber;
use doorward_model::time::Time;
use doorward_proof::PublicKey;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::answers::query::{Page, Query, QueryError};
use crate::schema::Instant;

/// A signed head, with all that is needed to verify it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HeadRow {
    /// Whose journal it is.
    pub tenant: String,
    /// The last row of the journal.
    pub row: u64,
    /// The hash of that row, which stands for all rows up to it: 64 hexadecimal digits.
    pub hash: String,
    /// When the last record of it was recorded.
    #[schema(value_type = Instant)]
    pub recorded_at: Time,
    /// The last fact.
    pub fact: u64,
    /// The id of the instance key that has signed.
    pub key: String,
    /// That key, for Ed25519: 64 hexadecimal digits. Empty when the journal does not know it.
    pub public_key: String,
    /// The signature: 128 hexadecimal digits.
    pub signature: String,
}

impl HeadRow {
    /// The heads in a text: one, or a list as it is answered.
    ///
    /// # Errors
    /// When it is no JSON, or something in it is no head.
    pub fn read(text: &[u8]) -> serde_json::Result<Vec<Self>> {
        let mut value: Value = serde_json::from_slice(text)?;
        match value.get_mut("items").map(Value::take) {
            Some(Value::Array(items)) => items.into_iter().map(serde_json::from_value).collect(),
            Some(_) | None => serde_json::from_value(value).map(|head| vec![head]),
        }
    }

    /// A signed head, as it is told.
    #[must_use]
    pub fn of(signed: &SignedHead, keys: &[PublicKey]) -> Self {
        let key = keys.iter().find(|key| key.id() == signed.key);
        Self {
            tenant: signed.tenant.clone(),
            row: signed.row,
            hash: to_hex(&signed.hash),
            recorded_at: Time::from_ms(signed.recorded_at_ms),
            fact: signed.fact,
            key: signed.key.clone(),
            public_key: key.map(PublicKey::to_string).unwrap_or_default(),
            signature: to_hex(&signed.signature),
        }
    }

    /// The signed head that was told, if that is one.
    #[must_use]
    pub fn signed(&self) -> Option<SignedHead> {
        Some(SignedHead {
            tenant: self.tenant.clone(),
            key: self.key.clone(),
            row: self.row,
            hash: from_hex(&self.hash)?,
            recorded_at_ms: self.recorded_at.ms(),
            fact: self.fact,
            signature: from_hex(&self.signature)?,
        })
    }
}

/// The keys by which heads of a journal were signed.
///
/// # Errors
/// When the journal cannot be read.
pub fn keys(journal: &dyn Journal) -> Result<Vec<PublicKey>, JournalError> {
    Ok(journal.signers()?.into_iter().map(PublicKey::new).collect())
}

/// The newest signed head.
///
/// # Errors
/// When the journal cannot be read.
pub fn newest(journal: &dyn Journal) -> Result<Option<HeadRow>, JournalError> {
    Ok(rows(journal, (Position(u64::MAX), 1))?.pop())
}

/// Up to which row a page goes.
///
/// # Errors
/// [`QueryError::Cursor`] when the cursor is none that a page gave.
pub fn up_to(query: &Query) -> Result<Position, QueryError> {
    let row = query.cursor.as_deref().map(|cursor| cursor.parse().map_err(|_| QueryError::Cursor));
    row.transpose().map(|row| Position(row.unwrap_or(u64::MAX)))
}

/// A page of signed heads up to a row, the newest first.
///
/// # Errors
/// When the journal cannot be read.
pub fn heads(
    journal: &dyn Journal,
    (up_to, limit): (Position, usize),
) -> Result<Page<HeadRow>, JournalError> {
    let mut items = rows(journal, (up_to, limit.saturating_add(1)))?;
    let next_cursor = items.get(limit).map(|next| next.row.to_string());
    items.truncate(limit);
    Ok(Page { items, next_cursor, seen: seen(journal) })
}

/// The last fact of a journal.
#[must_use]
pub fn seen(journal: &dyn Journal) -> FactNumber {
    journal.head().fact
}

fn rows(journal: &dyn Journal, (up_to, limit): (Position, usize)) -> Result<Vec<HeadRow>, JournalError> {
    let keys = keys(journal)?;
    Ok(journal.signed_heads(up_to, limit)?.iter().map(|signed| HeadRow::of(signed, &keys)).collect())
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(digits: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    if rest.is_empty() { pairs.iter().map(byte).collect() } else { None }
}
