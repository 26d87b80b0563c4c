//! Signed heads, and the public keys by which they were signed.

use doorward_model::head::SignedHead;
use prost::Message;
use rusqlite::{Connection, TransactionBehavior, params};

use crate::error::JournalError;
use crate::journal::{Position, PublicKey};

/// Keeps a signed head together with the key that signed it.
pub(super) fn put(
    connection: &mut Connection,
    signed: &SignedHead,
    by: &PublicKey,
) -> Result<(), JournalError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute("INSERT OR IGNORE INTO signer (public_key) VALUES (?1)", [by])?;
    let put = "INSERT OR IGNORE INTO signed_head VALUES (?1, ?2)";
    transaction.execute(put, params![signed.row.cast_signed(), signed.encode_to_vec()])?;
    Ok(transaction.commit()?)
}

/// Those of rows up to one, the newest first.
pub(super) fn heads(
    connection: &Connection,
    up_to: Position,
    limit: usize,
) -> Result<Vec<SignedHead>, JournalError> {
    let mut query = connection.prepare_cached(
        "SELECT position, bytes FROM signed_head WHERE position <= ?1 ORDER BY position DESC LIMIT ?2",
    )?;
    let last = up_to.0.min(i64::MAX.cast_unsigned()).cast_signed();
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let found = query.query_map([last, limit], |row| {
        Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get::<_, Vec<u8>>(1)?))
    })?;
    found
        .map(|found| {
            let (position, bytes) = found?;
            let head = SignedHead::decode(bytes.as_slice()).ok().filter(|head| head.row == position);
            head.ok_or(JournalError::Corrupt { what: "signed heads" })
        })
        .collect()
}

/// The keys, in the order in which they first signed.
pub(super) fn signers(connection: &Connection) -> Result<Vec<PublicKey>, JournalError> {
    let mut query = connection.prepare_cached("SELECT public_key FROM signer ORDER BY place")?;
    let keys = query.query_map([], |row| row.get(0))?;
    Ok(keys.collect::<Result<_, _>>()?)
}
