//! The engine without a store: for `scan`, for simulation, and as the other half of the conformance suite.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use doorward_model::event::Event;
use doorward_model::hash::Hash16;
use doorward_model::head::SignedHead;
use doorward_model::record::Record;
use doorward_model::time::Time;

use crate::dedupe::{Dedupe, FINGERPRINTS_MAX, Fingerprint, Hour, Place, Seen, Window};
use crate::error::JournalError;
use crate::journal::{
    Batch, CHECKPOINTS_KEPT, Checkpoint, Content, End, Expired, Head, Journal, Kept, Log, Position, Pruned,
    PublicKey, Room, Row, Verified,
};
use crate::seal::{Sealed, SealedRow, Sealer, genesis, verify_chain, visit_rows};

/// What the memory engine keeps of what is appended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keep {
    /// Everything, packed and chained as the SQLite engine does.
    All,
    /// The numbering and the fingerprints. Positions count batches, nothing is chained, nothing can be read back.
    Nothing,
}

/// A log that ends with the process.
///
/// An hour with very many events is deduplicated with the help of temporary files. It has no store to load fingerprints
/// from: an event of an hour that has left memory is taken for new when it comes again. Events that come about in the
/// order in which they happened are not affected.
#[derive(Debug)]
pub struct Memory {
    keep: Keep,
    sealer: Sealer,
    head: Head,
    rows: Vec<SealedRow>,
    dedupe: Dedupe,
    checkpoints: Vec<Checkpoint>,
    signed: BTreeMap<u64, SignedHead>,
    signers: Vec<PublicKey>,
    blobs: BTreeMap<Hash16, Vec<u8>>,
}

impl Memory {
    /// An empty log.
    ///
    /// # Errors
    /// When the compressor cannot be made.
    pub fn new(keep: Keep) -> Result<Self, JournalError> {
        Self::with_fingerprints(keep, FINGERPRINTS_MAX)
    }

    /// An empty log that keeps about so many fingerprints in memory.
    ///
    /// # Errors
    /// When the compressor cannot be made.
    pub fn with_fingerprints(keep: Keep, fingerprints_max: usize) -> Result<Self, JournalError> {
        // Where all is kept in memory, what is known of it may lie there, too.
        let place = match keep {
            Keep::All => None,
            Keep::Nothing => Some(Place::Temporary),
        };
        Ok(Self {
            keep,
            sealer: Sealer::new()?,
            head: Head::empty(genesis("")),
            rows: Vec::new(),
            dedupe: Dedupe::new(fingerprints_max, place),
            checkpoints: Vec::new(),
            signed: BTreeMap::new(),
            signers: Vec::new(),
            blobs: BTreeMap::new(),
        })
    }

    fn bring(&mut self, hour: Hour) -> Result<(), JournalError> {
        if self.dedupe.has(hour) { Ok(()) } else { self.dedupe.load(hour, |_| Ok(())) }
    }

    /// Takes a batch as the next, or nothing of it.
    fn take(&mut self, batch: &Batch<'_>) -> Result<(), JournalError> {
        match self.keep {
            Keep::All => {
                let Sealed { mut rows, head } = self.sealer.seal(&self.head, batch)?;
                self.rows.append(&mut rows);
                self.head = head;
                Ok(())
            }
            Keep::Nothing => self.head.pass(batch),
        }
    }
}

impl Log for Memory {
    fn read_from(
        &self,
        from: Position,
        visit: &mut dyn FnMut(Row) -> ControlFlow<()>,
    ) -> Result<(), JournalError> {
        let first = self.rows.partition_point(|row| row.position < from);
        visit_rows(self.rows.iter().skip(first).map(|row| Ok(row.clone())), visit)
    }

    fn checkpoints(&self) -> Result<Vec<Position>, JournalError> {
        Ok(self.checkpoints.iter().rev().map(|kept| kept.position).collect())
    }

    fn checkpoint(&self, position: Position) -> Result<Option<Checkpoint>, JournalError> {
        Ok(self.checkpoints.iter().find(|kept| kept.position == position).cloned())
    }

    fn expired_to(&self, kind: Kept) -> Result<Option<Time>, JournalError> {
        for row in self.rows.iter().rev().filter(|row| row.packed.is_none()) {
            let header = row.header()?;
            if header.kind().kept() == Some(kind) {
                return Ok(Some(Time::from_ms(header.recorded_at_ms)));
            }
        }
        Ok(None)
    }

    fn signed_heads(&self, up_to: Position, limit: usize) -> Result<Vec<SignedHead>, JournalError> {
        Ok(self.signed.range(..=up_to.0).rev().take(limit).map(|(_, signed)| signed.clone()).collect())
    }

    fn signers(&self) -> Result<Vec<PublicKey>, JournalError> {
        Ok(self.signers.clone())
    }
}

impl Journal for Memory {
    fn head(&self) -> &Head {
        &self.head
    }

    fn check(&mut self, event: &Event) -> Result<Seen, JournalError> {
        let hour = Hour::of(event);
        self.bring(hour)?;
        self.dedupe.check(hour, Fingerprint::of(event))
    }

    fn append(&mut self, batch: Batch<'_>) -> Result<Position, JournalError> {
        self.take(&batch).inspect_err(|_| self.dedupe.withdraw())?;
        let fingerprints = self.dedupe.fingerprints(batch.records);
        // There is no store that would know an event which was appended without a check.
        for of_an_hour in fingerprints.chunk_by(|(one, _), (other, _)| one == other) {
            if let [(hour, _), ..] = of_an_hour {
                self.bring(*hour)?;
            }
        }
        self.dedupe.settle(&fingerprints);
        Ok(self.head.position)
    }

    fn walk(&self, each: &mut dyn FnMut(&End)) -> Result<Verified, JournalError> {
        let rows = self.rows.iter().map(|row| Ok(row.clone()));
        match self.keep {
            Keep::All => verify_chain(genesis(""), &self.head, rows, each),
            Keep::Nothing => Ok(Verified { rows: 0, expired: 0 }),
        }
    }

    fn prune(&mut self, expired: &Expired) -> Result<Pruned, JournalError> {
        let mut pruned = Pruned::default();
        for row in self.rows.iter_mut().take_while(|row| row.position <= expired.through) {
            let header = row.header()?;
            if header.recorded_at_ms >= expired.before.ms() {
                break;
            }
            if row.packed.is_none() || header.kind().kept() != Some(expired.kind) {
                continue;
            }
            if let Content::Records(records) = row.open()?.content {
                forget(&mut self.dedupe, &records);
            }
            row.packed = None;
            pruned.rows += 1;
            pruned.observations += header.records;
        }
        Ok(pruned)
    }

    fn put_checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), JournalError> {
        checkpoint.allowed_by(&self.head)?;
        self.checkpoints.retain(|kept| kept.position != checkpoint.position);
        self.checkpoints.push(checkpoint.clone());
        self.checkpoints.sort_by_key(|kept| kept.position);
        let surplus = self.checkpoints.len().saturating_sub(CHECKPOINTS_KEPT);
        self.checkpoints.drain(..surplus);
        Ok(())
    }

    fn put_signed_head(&mut self, signed: &SignedHead, by: &PublicKey) -> Result<(), JournalError> {
        self.head.has_had(signed)?;
        self.signed.entry(signed.row).or_insert_with(|| signed.clone());
        if !self.signers.contains(by) {
            self.signers.push(*by);
        }
        Ok(())
    }

    fn put_blob(&mut self, bytes: &[u8]) -> Result<Hash16, JournalError> {
        let hash = Hash16::of(bytes);
        self.blobs.entry(hash).or_insert_with(|| bytes.to_vec());
        Ok(hash)
    }

    fn blob(&self, hash: Hash16) -> Result<Option<Vec<u8>>, JournalError> {
        Ok(self.blobs.get(&hash).cloned())
    }

    fn room(&self) -> Result<Room, JournalError> {
        let packed = |row: &SealedRow| row.packed.as_ref().map_or(0, Vec::len);
        Ok(Room { used: self.rows.iter().map(packed).sum::<usize>() as u64, limit: u64::MAX })
    }

    fn window(&self) -> Window {
        self.dedupe.window()
    }
}

fn forget(dedupe: &mut Dedupe, records: &[Record]) {
    for record in records {
        if let Record::Observation(seen) = record {
            dedupe.forget(Hour::of(&seen.event), Fingerprint::of(&seen.event));
        }
    }
}
