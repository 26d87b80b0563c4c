//! Checkpoints and signed heads while the server runs. A thread of its own folds the log beside the writer, from the checkpoint before:
//! the same records give the same state, so nobody waits until a state is copied. It needs as much memory again as
//! the state, while it is at work.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::Duration;

use anyhow::Result;
use doorward_engine::Engine;
use doorward_journal::{Checkpoint, Follower, Head, JournalError, Log};
use doorward_model::time::{Millis, Time};
use doorward_serve::metrics::Metrics;
use doorward_serve::upkeep::set_instant;
use doorward_views::checkpoint::FORMAT;

use crate::fold::Fold;
use crate::serve::clock;
use crate::signing::HeadSigner;

/// When a checkpoint is due: whichever comes first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Schedule {
    /// After so much time, if anything was recorded.
    pub(crate) every: Millis,
    /// After so many records.
    pub(crate) records: u64,
}

/// Keeps checkpoints of a log that another thread writes.
pub(crate) struct Keeper {
    follower: Follower,
    /// Has folded nothing.
    blank: Engine,
    schedule: Schedule,
    signer: Arc<HeadSigner>,
    metrics: Arc<Metrics>,
    /// How many records there were at the last attempt, and when that was.
    last: (u64, Time),
}

impl Keeper {
    /// Begins at the end of the log: how it was opened, it can be opened again.
    pub(crate) fn new(
        follower: Follower,
        (blank, schedule): (Engine, Schedule),
        signer: Arc<HeadSigner>,
        metrics: Arc<Metrics>,
    ) -> Result<Self> {
        let records = follower.head()?.records();
        let kept = follower.checkpoints()?.first().map_or(0, |row| row.0);
        metrics.upkeep.checkpoint_row.set(kept.cast_signed());
        Ok(Self { follower, blank, schedule, signer, metrics, last: (records, clock()) })
    }

    /// Works until the other end of `stop` is gone.
    pub(crate) fn run(mut self, stop: &Receiver<()>) {
        while stop.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
            match self.round(stop) {
                Ok(Some(row)) => tracing::info!(row, "a checkpoint is kept"),
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(%error, "no checkpoint could be kept; the next is tried when it is due");
                }
            }
        }
    }

    /// Keeps a checkpoint if one is due, signs where the log ends, and says of which row the checkpoint is.
    fn round(&mut self, stop: &Receiver<()>) -> Result<Option<u64>, JournalError> {
        let head = self.follower.head()?;
        let now = clock();
        if !self.is_due(&head, now) {
            return Ok(None);
        }
        self.last = (head.records(), now);
        let Some(checkpoint) = self.fold(stop)? else { return Ok(None) };
        self.follower.put_checkpoint(&checkpoint)?;
        let end = self.follower.head()?.end();
        self.signer.sign(&end, |signed, by| self.follower.put_signed_head(signed, by))?;
        self.metrics.upkeep.checkpoint_row.set(checkpoint.position.0.cast_signed());
        set_instant(&self.metrics.upkeep.checkpoint_at, clock());
        Ok(Some(checkpoint.position.0))
    }

    fn is_due(&self, head: &Head, now: Time) -> bool {
        let (records, at) = self.last;
        let more = head.records() - records;
        more >= self.schedule.records || (more > 0 && now - at >= self.schedule.every)
    }

    /// The state at the end of the log; none when the thread is to stop, or when something that follows from the last
    /// row is still on its way: a start would record it, but only one that sees that row.
    fn fold(&self, stop: &Receiver<()>) -> Result<Option<Checkpoint>, JournalError> {
        let mut engine = self.blank.clone();
        let (mut fold, _) = Fold::begin(&self.follower, &mut engine)?;
        let goes_on = || stop.try_recv() == Err(TryRecvError::Empty);
        for _ in 0..TRIES {
            fold.go_on(&self.follower, &mut engine, &mut |_| {
                if goes_on() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
            if !goes_on() {
                return Ok(None);
            }
            if fold.missing.is_empty() {
                let fact = engine.state.control.fact_number;
                let bytes = engine.checkpoint();
                return Ok(Some(Checkpoint { position: fold.position, fact, format: FORMAT, bytes }));
            }
        }
        Ok(None)
    }
}

/// How often it looks whether a checkpoint is due.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often it reads on for what follows from the last row.
const TRIES: usize = 100;
