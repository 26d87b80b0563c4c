//! A second connection to a log that is being written: for what must not keep its writer from work.

use std::fmt;
use std::ops::ControlFlow;
use std::path::Path;

use doorward_model::head::SignedHead;
use doorward_model::id::TenantId;
use doorward_model::time::Time;
use rusqlite::Connection;

use super::{Options, checkpoints, folder, schema, signed, store};
use crate::error::JournalError;
use crate::journal::{Checkpoint, Head, Kept, Log, Position, PublicKey, Row};
use crate::seal::{genesis, visit_rows};

/// Reads rows that are durable, and keeps checkpoints, while another connection of this process writes the log.
pub struct Follower {
    connection: Connection,
    tenant: TenantId,
}

impl Follower {
    /// Connects to the log of a data folder that this process has open. [`super::Sqlite::follower`] does so by itself.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn open(path: &Path, tenant: &TenantId, options: Options) -> Result<Self, JournalError> {
        let connection = schema::connect(&folder::database(path))?;
        schema::tune(&connection, options)?;
        Ok(Self { connection, tenant: tenant.clone() })
    }

    /// Where the log ends now.
    ///
    /// # Errors
    /// When it cannot be read back as what was written.
    pub fn head(&self) -> Result<Head, JournalError> {
        Ok(store::head(&self.connection)?.unwrap_or_else(|| Head::empty(genesis(self.tenant.as_str()))))
    }

    /// Up to which row all observations have expired.
    pub(super) fn expired(&self) -> Result<Position, JournalError> {
        store::expired(&self.connection)
    }

    /// Stores the state as of a position of the log, as [`crate::Journal::put_checkpoint`] does.
    ///
    /// # Errors
    /// When the position lies after the head, or the store fails.
    pub fn put_checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), JournalError> {
        checkpoint.allowed_by(&self.head()?)?;
        checkpoints::put(&mut self.connection, checkpoint)
    }

    /// Keeps a signed head, as [`crate::Journal::put_signed_head`] does.
    ///
    /// # Errors
    /// When its row lies after the head, or the store fails.
    pub fn put_signed_head(&mut self, signed: &SignedHead, by: &PublicKey) -> Result<(), JournalError> {
        self.head()?.has_had(signed)?;
        signed::put(&mut self.connection, signed, by)
    }
}

impl Log for Follower {
    fn read_from(
        &self,
        from: Position,
        visit: &mut dyn FnMut(Row) -> ControlFlow<()>,
    ) -> Result<(), JournalError> {
        visit_rows(store::rows(&self.connection)?.from(from)?, visit)
    }

    fn checkpoints(&self) -> Result<Vec<Position>, JournalError> {
        checkpoints::positions(&self.connection)
    }

    fn checkpoint(&self, position: Position) -> Result<Option<Checkpoint>, JournalError> {
        checkpoints::get(&self.connection, position)
    }

    fn expired_to(&self, kind: Kept) -> Result<Option<Time>, JournalError> {
        store::expired_to(&self.connection, kind)
    }

    fn signed_heads(&self, up_to: Position, limit: usize) -> Result<Vec<SignedHead>, JournalError> {
        signed::heads(&self.connection, up_to, limit)
    }

    fn signers(&self) -> Result<Vec<PublicKey>, JournalError> {
        signed::signers(&self.connection)
    }
}

impl fmt::Debug for Follower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follower").finish_non_exhaustive()
    }
}
