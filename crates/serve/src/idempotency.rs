//! What was done under which key: it is recorded with the command itself, so that a restart forgets none.

use doorward_model::hash::Hash16;
use doorward_model::id::FactNumber;
use doorward_model::record::CommandAnswered;
use doorward_model::time::{Millis, Time};
use doorward_views::control::Control;

use crate::handle::{Done, Idempotency, WorkError};

/// How long a key stands for its request.
pub const KEPT: Millis = Millis::DAY;

/// What was done before under this key by this giver; nothing, when it is new.
///
/// # Errors
/// [`WorkError::KeyReused`] when the key stands for another request.
pub fn before(
    control: &Control,
    by: &str,
    idempotency: Option<&Idempotency>,
    now: Time,
) -> Result<Option<Done>, WorkError> {
    let Some(Idempotency { key, request }) = idempotency else { return Ok(None) };
    match control.answered.find(by, &hash(key), now) {
        None => Ok(None),
        Some(known) if known.request_hash == request.0 => {
            Ok(Some(Done { fact: FactNumber(known.fact), id: known.id.clone(), again: true }))
        }
        Some(_) => Err(WorkError::KeyReused),
    }
}

/// What is to be recorded with a command that is given under a key. The fact that it leads to is still to be filled
/// in, and so is the id of what it is about.
#[must_use]
pub fn answered(by: &str, Idempotency { key, request }: &Idempotency, now: Time) -> CommandAnswered {
    CommandAnswered {
        by: by.to_owned(),
        key_hash: hash(key),
        request_hash: request.0.to_vec(),
        expires_at_ms: (now + KEPT).ms(),
        ..CommandAnswered::default()
    }
}

fn hash(key: &str) -> Vec<u8> {
    Hash16::of(key.as_bytes()).0.to_vec()
}
