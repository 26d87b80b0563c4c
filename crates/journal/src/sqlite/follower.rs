//! A second connection to a log that is being written: for what must not keep its writer from work.

use std::fmt;
use std::path::{Path, PathBuf};

use doorward_model::hash::Hash16;
use doorward_model::head::SignedHead;
use doorward_model::id::TenantId;
use rusqlite::Connection;

use super::connected::Connected;
use super::{Options, checkpoints, folder, schema, signed, store};
use crate::error::JournalError;
use crate::journal::{Checkpoint, Head, Position, PublicKey};
use crate::seal::genesis;

/// Reads rows that are durable, and keeps checkpoints, while another connection of this process writes the log.
pub struct Follower {
    folder: PathBuf,
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
        Ok(Self { folder: path.to_path_buf(), connection, tenant: tenant.clone() })
    }

    /// Where the log ends now.
    ///
    /// # Errors
    /// When it cannot be read back as what was written.
    pub fn head(&self) -> Result<Head, JournalError> {
        Ok(store::head(&self.connection)?.unwrap_or_else(|| Head::empty(genesis(self.tenant.as_str()))))
    }

    /// The large thing with a hash, as [`crate::Journal::blob`] tells it.
    ///
    /// # Errors
    /// When it cannot be read back as what was written.
    pub fn blob(&self, hash: Hash16) -> Result<Option<Vec<u8>>, JournalError> {
        store::blob(&self.connection, hash)
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

impl Connected for Follower {
    fn connection(&self) -> &Connection {
        &self.connection
    }

    fn folder(&self) -> &Path {
        &self.folder
    }
}

impl fmt::Debug for Follower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follower").finish_non_exhaustive()
    }
}
