//! The search index is filled by a thread of its own, behind the writer.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use doorward_journal::{Indexer, JournalError, Position};
use doorward_model::time::{Millis, Time};
use doorward_serve::metrics::Metrics;

use crate::serve::clock;

/// Works until the other end of `stop` is gone. Without an index every answer is the same, only slower.
pub(crate) fn run(mut indexer: Indexer, metrics: &Metrics, stop: &Receiver<()>) {
    let (mut before, mut expire_at) = (Position(0), Time::MIN);
    let mut wait = IDLE;
    while stop.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
        match step(&mut indexer, &mut expire_at) {
            Ok(through) => {
                metrics.upkeep.indexed_row.set(through.0.cast_signed());
                wait = if through == before { IDLE } else { BUSY };
                before = through;
            }
            Err(error) => {
                tracing::warn!(%error, "the search index is behind; it is tried again");
                wait = AGAIN;
            }
        }
    }
}

fn step(indexer: &mut Indexer, expire_at: &mut Time) -> Result<Position, JournalError> {
    let now = clock();
    if now >= *expire_at {
        indexer.expire()?;
        *expire_at = now + Millis::HOUR;
    }
    indexer.step()
}

/// How long it waits when there was nothing to take in, when there was, and after a failure.
const IDLE: Duration = Duration::from_millis(200);
const BUSY: Duration = Duration::from_millis(1);
const AGAIN: Duration = Duration::from_secs(30);
