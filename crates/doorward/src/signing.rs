//! The instance key, and what it signs: the end of the journal, at each checkpoint and when the server stops.
//!
//! The chain of hashes shows a change to whoever knows the last hash. A signed head that was kept elsewhere is such
//! knowledge: it shows that the journal was cut off or written anew, even by somebody who could change all of it.

pub(crate) mod check;
pub(crate) mod key_file;

use doorward_journal::{End, JournalError, PublicKey};
use doorward_model::head::SignedHead;
use doorward_model::id::TenantId;
use doorward_proof::{Ed25519, LogEnd, Signer, sign_head};

use crate::serve::TENANT;

/// Signs heads with the key of this instance, if there is one.
#[derive(Debug)]
pub(crate) struct HeadSigner(pub(crate) Option<Ed25519>);

impl HeadSigner {
    /// Signs the end of the journal, and has it kept. Without a key nothing is signed; a start has said so.
    pub(crate) fn sign(
        &self,
        end: &End,
        keep: impl FnOnce(&SignedHead, &PublicKey) -> Result<(), JournalError>,
    ) -> Result<(), JournalError> {
        let Some(key) = &self.0 else { return Ok(()) };
        match sign_head(&TenantId::from(TENANT), &log_end(end), key) {
            Ok(signed) => keep(&signed, key.public_key().bytes()),
            Err(error) => {
                tracing::error!(%error, row = end.position.0, "the head of the journal is not signed");
                Ok(())
            }
        }
    }
}

fn log_end(end: &End) -> LogEnd {
    LogEnd { row: end.position.0, hash: end.hash.0, recorded_at: end.recorded_at, fact: end.fact }
}
