//! What was used by whom, as the log shows it: read when it is asked for. Where it is not kept it is empty, and what the
//! inventory says of use is told all the same.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use doorward_model::time::Time;
use doorward_model::usage::Ledger;
use doorward_privilege::usage::Usage;

/// Reads what was used by whom; nothing where that is not kept.
#[derive(Clone)]
pub struct Uses {
    read: Arc<ReadUses>,
    /// What was read last, for who asks for one page asks for the next.
    last: Arc<ArcSwapOption<Read>>,
}

/// How the ledger is read.
pub type ReadUses = dyn Fn() -> Option<Ledger> + Send + Sync;

/// What was read, when, and how long it took.
struct Read {
    usage: Option<Arc<Usage>>,
    at: Instant,
    took: Duration,
}

impl Uses {
    /// Reads in this way.
    #[must_use]
    pub fn new(read: Arc<ReadUses>) -> Self {
        Self { read, last: Arc::default() }
    }

    /// What was used by now, or by an instant. A ledger that takes long to read may lag behind.
    #[must_use]
    pub fn by(&self, as_of: Option<Time>) -> Option<Arc<Usage>> {
        let usage = self.newest()?;
        Some(match as_of {
            None => usage,
            Some(at) => Arc::new(usage.as_of(at)),
        })
    }

    fn newest(&self) -> Option<Arc<Usage>> {
        if let Some(read) = &*self.last.load()
            && read.at.elapsed() < read.took * LAG
        {
            return read.usage.clone();
        }
        let at = Instant::now();
        let ledger = (self.read)().unwrap_or_default();
        let usage = Usage::new(ledger).ok().map(Arc::new);
        let took = at.elapsed();
        self.last.store(Some(Arc::new(Read { usage: usage.clone(), at: Instant::now(), took })));
        usage
    }
}

impl std::fmt::Debug for Uses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Uses").finish_non_exhaustive()
    }
}

/// A ledger is read again after so many times of what reading it took: it takes a twentieth of a processor at most.
const LAG: u32 = 20;
