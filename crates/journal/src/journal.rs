//! The trait and its words.

use std::fmt;
use std::ops::ControlFlow;

use doorward_model::event::Event;
use doorward_model::hash::Hash16;
use doorward_model::head::SignedHead;
use doorward_model::id::{FactNumber, Partition};
use doorward_model::record::Record;
use doorward_model::time::Time;
use doorward_model::usage::Ledger;

use crate::dedupe::{Seen, Window};
use crate::error::JournalError;
use crate::sqlite::index::{Standing, Term};

/// What can be read of a log, by its writer or beside it.
pub trait Log {
    /// Calls `visit` with each row from `from` on, in order, until it breaks.
    ///
    /// # Errors
    /// When a row cannot be read back as what was written.
    fn read_from(
        &self,
        from: Position,
        visit: &mut dyn FnMut(Row) -> ControlFlow<()>,
    ) -> Result<(), JournalError>;

    /// In which rows up to one a term stands, the newest first; none where there is no search index.
    fn standing(&self, term: Term<'_>, up_to: Position, limit: usize) -> Option<Standing> {
        let _ = (term, up_to, limit);
        None
    }

    /// What was used by whom, as rows up to one show it; none where there is no search index.
    fn usage(&self) -> Option<(Ledger, Position)> {
        None
    }

    /// Of which positions there are checkpoints, the newest first.
    ///
    /// # Errors
    /// When the store fails.
    fn checkpoints(&self) -> Result<Vec<Position>, JournalError>;

    /// The checkpoint of a position, if there is one.
    ///
    /// # Errors
    /// [`JournalError::Corrupt`] when it cannot be read back as what was written; the log itself says the same.
    fn checkpoint(&self, position: Position) -> Result<Option<Checkpoint>, JournalError>;

    /// Up to when observations of a kind were recorded that have expired: of those nothing is left but place and hash.
    /// None while nothing has expired.
    ///
    /// # Errors
    /// When the store fails.
    fn expired_to(&self, kind: Kept) -> Result<Option<Time>, JournalError>;

    /// The signed heads of rows up to one, the newest first, at most so many. Whether they stand is not asked here.
    ///
    /// # Errors
    /// When they cannot be read back as what was written.
    fn signed_heads(&self, up_to: Position, limit: usize) -> Result<Vec<SignedHead>, JournalError>;

    /// The public keys by which heads were signed, in the order in which they came.
    ///
    /// # Errors
    /// When they cannot be read back as what was written.
    fn signers(&self) -> Result<Vec<PublicKey>, JournalError>;
}

/// The ordered log of one tenant, with one writer.
///
/// The writer's round: [`check`](Self::check) each event, number what is to be kept after [`head`](Self::head),
/// [`append`](Self::append) everything that is queued as one batch, acknowledge. After a failed append the writer
/// either appends the same batch again before it checks anything else, or drops it and numbers anew from the head.
pub trait Journal: Log {
    /// Where the log ends: what the writer needs to go on numbering.
    fn head(&self) -> &Head;

    /// Says whether the log, or the batch that is being prepared, has this event already, and reserves it when
    /// not. Reservations last until the next [`append`](Self::append), whether that succeeds or fails.
    ///
    /// # Errors
    /// When the fingerprints of its hour cannot be read.
    fn check(&mut self, event: &Event) -> Result<Seen, JournalError>;

    /// Adds the records and returns the position of the last row, once all of them are durable. After an error
    /// none of them is in the log. An empty batch changes nothing but ends the reservations.
    ///
    /// # Errors
    /// When a number or time does not continue the head, a record is too large, or the store fails.
    fn append(&mut self, batch: Batch<'_>) -> Result<Position, JournalError>;

    /// Walks the whole chain, recomputes every hash, and compares the end with the head. Tells `each` what the end of
    /// the log was after each row.
    ///
    /// # Errors
    /// [`JournalError::Broken`] names the first row that is not what was written.
    fn walk(&self, each: &mut dyn FnMut(&End)) -> Result<Verified, JournalError>;

    /// The same, when nobody wants to be told.
    ///
    /// # Errors
    /// As [`Self::walk`].
    fn verify(&self) -> Result<Verified, JournalError> {
        self.walk(&mut |_| {})
    }

    /// Drops the content of rows whose observations have all expired, and their fingerprints, so that such an event is
    /// new when it comes again. Facts, headers and hashes stay, and so does the chain. Goes on where the call before
    /// has stopped.
    ///
    /// # Errors
    /// When the store fails; nothing is dropped then.
    fn prune(&mut self, expired: &Expired) -> Result<Pruned, JournalError>;

    /// Stores the state as of a position of the log; the [`CHECKPOINTS_KEPT`] newest are kept.
    ///
    /// # Errors
    /// When the position lies after the head, or the store fails.
    fn put_checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), JournalError>;

    /// Keeps a signed head, and the key by which it can be verified, for ever. Of a row that was signed before, the
    /// first one stays.
    ///
    /// # Errors
    /// When its row lies after the head, or the store fails.
    fn put_signed_head(&mut self, signed: &SignedHead, by: &PublicKey) -> Result<(), JournalError>;

    /// Stores a large thing and returns its hash, by which facts refer to it.
    ///
    /// # Errors
    /// When the store fails.
    fn put_blob(&mut self, bytes: &[u8]) -> Result<Hash16, JournalError>;

    /// Stores large things, all of them or, after an error, perhaps none.
    ///
    /// # Errors
    /// When the store fails.
    fn put_blobs(&mut self, all: &mut dyn Iterator<Item = &[u8]>) -> Result<(), JournalError> {
        for bytes in all {
            self.put_blob(bytes)?;
        }
        Ok(())
    }

    /// The thing with this hash, if there is one.
    ///
    /// # Errors
    /// When it cannot be read back as what was written.
    fn blob(&self, hash: Hash16) -> Result<Option<Vec<u8>>, JournalError>;

    /// How much room it takes, and may take.
    ///
    /// # Errors
    /// When the store fails.
    fn room(&self) -> Result<Room, JournalError>;

    /// How much of the fingerprints is in memory.
    fn window(&self) -> Window;
}

/// How many records a row holds at most.
pub const ROW_RECORDS_MAX: usize = 1_000;
/// How many bytes a row holds at most before compression, unless it is a single record.
pub const ROW_BYTES_MAX: usize = 256 * 1024;
/// How large a single record may be, encoded.
pub const RECORD_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How many checkpoints are kept.
pub const CHECKPOINTS_KEPT: usize = 2;

/// The place of a row in the log, from 1. Zero means "before the first".
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Position(pub u64);

impl Position {
    /// The position after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Records to append, in arrival order, of any partitions, with numbers and times already given by the writer.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// The records.
    pub records: &'a [Record],
    /// The last fact that the writer had folded when it made them.
    pub facts_seen: FactNumber,
}

/// A row as read back.
#[derive(Clone, PartialEq, Debug)]
pub struct Row {
    /// Its place.
    pub position: Position,
    /// The last fact that the writer had folded when it made the records.
    pub facts_seen: FactNumber,
    /// When the last of its records was recorded.
    pub recorded_at: Time,
    /// What it holds.
    pub content: Content,
}

/// What a row holds.
#[derive(Clone, PartialEq, Debug)]
pub enum Content {
    /// Records in arrival order: facts or observations, never both.
    Records(Vec<Record>),
    /// This many observations that have expired.
    Expired(u64),
}

/// The bytes of a public key by which heads are signed.
pub type PublicKey = [u8; 32];

/// The end of the log, as it was after a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct End {
    /// That row, the last one.
    pub position: Position,
    /// The last fact.
    pub fact: FactNumber,
    /// When the last record was recorded.
    pub recorded_at: Time,
    /// The hash of that row.
    pub hash: ChainHash,
}

/// The end of the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Head {
    /// The last row.
    pub position: Position,
    /// The last fact.
    pub fact: FactNumber,
    /// When the last record was recorded; no later record may be earlier.
    pub recorded_at: Time,
    /// The hash of the last row, which stands for all rows up to it.
    pub hash: ChainHash,
    /// The last number of each partition.
    pub(crate) partitions: Vec<u64>,
}

impl Head {
    /// The head of a log without rows, whose chain begins with `hash`.
    pub(crate) fn empty(hash: ChainHash) -> Self {
        Self {
            position: Position(0),
            fact: FactNumber(0),
            recorded_at: Time::MIN,
            hash,
            partitions: vec![0; usize::from(Partition::COUNT)],
        }
    }

    /// The end of the log, without what only its writer needs.
    #[must_use]
    pub const fn end(&self) -> End {
        End { position: self.position, fact: self.fact, recorded_at: self.recorded_at, hash: self.hash }
    }

    /// No head can have been signed that the log has not had.
    pub(crate) fn has_had(&self, signed: &SignedHead) -> Result<(), JournalError> {
        if signed.row > self.position.0 {
            return Err(JournalError::SignedAhead { found: Position(signed.row), last: self.position });
        }
        Ok(())
    }

    /// How many records the log has or has had.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.fact.0 + self.partitions.iter().sum::<u64>()
    }

    /// The last number of a partition; 0 when it has none.
    #[must_use]
    pub fn last_n(&self, partition: Partition) -> u64 {
        self.partitions.get(usize::from(partition.0)).copied().unwrap_or(0)
    }

    /// Takes one record as the next, or says why it cannot be the next.
    pub(crate) fn advance(&mut self, record: &Record) -> Result<(), JournalError> {
        let recorded_at_ms = match record {
            Record::Fact(fact) => {
                follow(&mut self.fact.0, fact.number)
                    .map_err(|expected| JournalError::FactNumber { found: fact.number, expected })?;
                fact.recorded_at_ms
            }
            Record::Observation(seen) => {
                let last = usize::try_from(seen.partition).ok().and_then(|at| self.partitions.get_mut(at));
                let last = last.ok_or(JournalError::Partition { found: seen.partition })?;
                follow(last, seen.n).map_err(|expected| JournalError::ObservationNumber {
                    partition: seen.partition,
                    found: seen.n,
                    expected,
                })?;
                seen.recorded_at_ms
            }
        };
        let recorded_at = Time::from_ms(recorded_at_ms);
        if recorded_at < self.recorded_at {
            return Err(JournalError::TimeBack { found: recorded_at, last: self.recorded_at });
        }
        self.recorded_at = recorded_at;
        Ok(())
    }

    /// The head after a batch of which nothing else is kept; as it was when that cannot be the next.
    pub(crate) fn pass(&mut self, batch: &Batch<'_>) -> Result<(), JournalError> {
        let recorded_at = self.recorded_at;
        for (taken, record) in batch.records.iter().enumerate() {
            if let Err(error) = self.advance(record) {
                self.take_back(batch.records.get(..taken).unwrap_or_default(), recorded_at);
                return Err(error);
            }
        }
        if let Err(error) = self.has_facts(batch.facts_seen) {
            self.take_back(batch.records, recorded_at);
            return Err(error);
        }
        if !batch.records.is_empty() {
            self.position = self.position.next();
        }
        Ok(())
    }

    /// Nobody can have seen a fact that is not recorded.
    pub(crate) fn has_facts(&self, seen: FactNumber) -> Result<(), JournalError> {
        if seen > self.fact {
            return Err(JournalError::FactsSeen { found: seen.0, last: self.fact.0 });
        }
        Ok(())
    }

    /// Undoes [`Self::advance`] by records, before which this was the latest time.
    fn take_back(&mut self, records: &[Record], recorded_at: Time) {
        self.recorded_at = recorded_at;
        for record in records {
            match record {
                Record::Fact(_) => self.fact.0 -= 1,
                Record::Observation(seen) => {
                    let at = usize::try_from(seen.partition).unwrap_or(usize::MAX);
                    if let Some(last) = self.partitions.get_mut(at) {
                        *last -= 1;
                    }
                }
            }
        }
    }
}

/// Sets `last` to `found` if that is the next number; else the error is the number that would have been.
fn follow(last: &mut u64, found: u64) -> Result<(), u64> {
    let expected = last.saturating_add(1);
    if found != expected {
        return Err(expected);
    }
    *last = found;
    Ok(())
}

/// The hash of a row and, through the hash before it, of all rows before.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ChainHash(pub [u8; 32]);

impl fmt::Display for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChainHash({self})")
    }
}

/// The state as of a position of the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checkpoint {
    /// The last row that the state has folded.
    pub position: Position,
    /// The last fact that the state has folded.
    pub fact: FactNumber,
    /// The version of the encoding of `bytes`, known to who writes them.
    pub format: u32,
    /// The state.
    pub bytes: Vec<u8>,
}

impl Checkpoint {
    /// No state can have folded what is not in the log.
    pub(crate) fn allowed_by(&self, head: &Head) -> Result<(), JournalError> {
        if self.position > head.position || self.fact > head.fact {
            return Err(JournalError::CheckpointAhead { found: self.position, last: head.position });
        }
        Ok(())
    }
}

/// What a walk over the chain has met.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Verified {
    /// Rows with content.
    pub rows: u64,
    /// Rows whose content has expired.
    pub expired: u64,
}

/// What of the log may go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Expired {
    /// Which observations.
    pub kind: Kept,
    /// Those recorded before.
    pub before: Time,
    /// In rows up to this one: those that a start no longer folds.
    pub through: Position,
    /// How many rows one call looks at: at most so long the writer is kept from its work.
    pub rows_max: usize,
}

/// Observations that are kept for a time of their own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kept {
    /// Audit events.
    Events,
    /// Decisions of our own.
    Decisions,
}

/// What was dropped.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Pruned {
    /// Rows whose content was dropped.
    pub rows: u64,
    /// Observations in them.
    pub observations: u64,
    /// Whether there may be more that has expired.
    pub more: bool,
}

/// How much room a log takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Room {
    /// In bytes, without what was dropped and is free to be used again.
    pub used: u64,
    /// The most it may use, in bytes.
    pub limit: u64,
}

impl Room {
    /// Whether nine tenths are used.
    #[must_use]
    pub const fn is_nearly_full(self) -> bool {
        self.used > self.limit / 10 * 9
    }
}
