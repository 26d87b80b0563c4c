//! The ordered log. It turns batches of numbered records into durable, packed, hash-chained rows, and gives them
//! back in the order in which they came.
//!
//! [`Journal`] is the one trait, with two engines: [`Memory`] and [`Sqlite`]. Beside the rows a journal keeps
//! what the writer needs to go on after a start: the [`Head`] of the numbering, fingerprints of the events it
//! holds (so that a repeated event is noticed), checkpoints of the state, heads that were signed, and large things by
//! their hash.
//!
//! There is one writer. Nothing here numbers, judges or folds records, reads a clock, or starts a thread;
//! [`Journal::append`] returns when the records are durable and not before. Start reading at [`journal`], then
//! `seal` (how records become rows) and [`dedupe`].

pub mod dedupe;
pub mod error;
#[doc(hidden)]
pub mod fuzzing;
pub mod journal;
pub mod memory;
mod seal;
pub mod sqlite;

pub use crate::dedupe::{Seen, Window};
pub use crate::error::JournalError;
pub use crate::journal::{
    Batch, ChainHash, Checkpoint, Content, End, Expired, Head, Journal, Kept, Log, Position, Pruned,
    PublicKey, Room, Row, Verified,
};
pub use crate::memory::{Keep, Memory};
pub use crate::sqlite::index::{Standing, Term};
pub use crate::sqlite::{Follower, Indexer, Options, Sqlite, Synchronous};
