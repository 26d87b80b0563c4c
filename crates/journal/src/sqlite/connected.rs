//! What is read of a log in SQLite: alike by all who hold a connection to it.

use std::ops::ControlFlow;
use std::path::Path;

use doorward_model::head::SignedHead;
use doorward_model::time::Time;
use doorward_model::usage::Ledger;
use rusqlite::Connection;

use super::index::{Standing, Term};
use super::{checkpoints, index, signed, store};
use crate::error::JournalError;
use crate::journal::{Checkpoint, Kept, Log, Position, PublicKey, Row};
use crate::seal::visit_rows;

/// Who holds a connection to a log.
pub(super) trait Connected {
    /// The connection.
    fn connection(&self) -> &Connection;

    /// The data folder of the log.
    fn folder(&self) -> &Path;
}

impl<C: Connected> Log for C {
    fn read_from(
        &self,
        from: Position,
        visit: &mut dyn FnMut(Row) -> ControlFlow<()>,
    ) -> Result<(), JournalError> {
        visit_rows(store::rows(self.connection())?.from(from)?, visit)
    }

    fn standing(&self, term: Term<'_>, up_to: Position, limit: usize) -> Option<Standing> {
        index::standing(self.folder(), term, up_to, limit)
    }

    fn usage(&self) -> Option<(Ledger, Position)> {
        index::usage(self.folder())
    }

    fn checkpoints(&self) -> Result<Vec<Position>, JournalError> {
        checkpoints::positions(self.connection())
    }

    fn checkpoint(&self, position: Position) -> Result<Option<Checkpoint>, JournalError> {
        checkpoints::get(self.connection(), position)
    }

    fn expired_to(&self, kind: Kept) -> Result<Option<Time>, JournalError> {
        store::expired_to(self.connection(), kind)
    }

    fn signed_heads(&self, up_to: Position, limit: usize) -> Result<Vec<SignedHead>, JournalError> {
        signed::heads(self.connection(), up_to, limit)
    }

    fn signers(&self) -> Result<Vec<PublicKey>, JournalError> {
        signed::signers(self.connection())
    }
}
