//! What the server asks of the writer, in rounds.

use std::io;
use std::sync::mpsc::Receiver as DecisionsReceiver;
use std::time::Duration;

use doorward_serve::handle::{DecisionMade, Work};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;

/// The receiving end of what the server asks.
pub(crate) struct Queue {
    /// Lets a thread wait for work, and not for ever.
    runtime: Runtime,
    work: mpsc::Receiver<Work>,
    /// Decisions on their way to the journal.
    pub(crate) decisions: DecisionsReceiver<DecisionMade>,
}

impl Queue {
    /// The ends of two channels.
    pub(crate) fn new(
        work: mpsc::Receiver<Work>,
        decisions: DecisionsReceiver<DecisionMade>,
    ) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_time().build()?;
        Ok(Self { runtime, work, decisions })
    }

    /// Whether a round would have something to do, or nobody can ask any more.
    pub(crate) fn is_due(&self) -> bool {
        !self.work.is_empty() || self.work.is_closed()
    }

    /// What waits to be done; if that is nothing, what comes within a while. Nothing when nobody can ask any more.
    pub(crate) fn round(&mut self, wait: Duration) -> Option<Vec<Work>> {
        let Self { runtime, work, .. } = self;
        let first = runtime.block_on(async { tokio::time::timeout(wait, work.recv()).await });
        let mut round: Vec<Work> = match first {
            Ok(first) => vec![first?],
            Err(_) => Vec::new(),
        };
        while round.len() < ROUND_MAX
            && let Ok(next) = work.try_recv()
        {
            round.push(next);
        }
        Some(round)
    }
}

/// How much work one round takes at most.
const ROUND_MAX: usize = 256;
