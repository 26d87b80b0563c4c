//! What facts said at an instant, by a second fold of the log.

use std::sync::Arc;
use std::time::Duration;

use doorward_model::time::Time;
use doorward_privilege::derived::Derived;
use doorward_views::state::State;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

use crate::handle::Waits;

/// Folds the log a second time, up to an instant; never on the thread of the writer.
#[derive(Clone)]
pub struct Past {
    fold: Arc<Refold>,
    derive: Arc<Rederive>,
    /// One at a time: each takes as much memory as a state. What was derived last stays for a while, because who asks
    /// for one page asks for the next.
    one: Arc<Mutex<Option<Then>>>,
}

/// What was derived of an instant.
type Then = (Time, Arc<Derived>);

/// The state of facts at an instant, if not more than so many rows must be read for it.
pub type Refold = dyn Fn(Time, u64) -> Result<State, PastError> + Send + Sync;

/// What could be done in a state of facts.
pub type Rederive = dyn Fn(&State) -> Result<Derived, PastError> + Send + Sync;

/// Why the state at an instant cannot be had.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PastError {
    /// The log begins later.
    #[error("cannot answer as of {at}: the log begins at {begins}")]
    Before {
        /// The instant.
        at: Time,
        /// When the first fact was recorded.
        begins: Time,
    },
    /// The instant has not come.
    #[error("cannot answer as of {0}, which has not come yet")]
    Ahead(Time),
    /// Too much would have to be read.
    #[error(
        "cannot answer as of {at}: more than {rows_max} rows of the log would be read (limits.as_of_rows_max)"
    )]
    TooFar {
        /// The instant.
        at: Time,
        /// The limit.
        rows_max: u64,
    },
    /// Another one is being answered.
    #[error("another question about the past is being answered: ask again")]
    Busy,
    /// The inventory of then is more than can be analysed.
    #[error("what could be done then cannot be derived: {0}")]
    Derive(String),
    /// The journal could not. The text is for the log.
    #[error("the journal could not: {0}")]
    Journal(String),
}

impl Past {
    /// Folds and derives in this way.
    #[must_use]
    pub fn new(fold: Arc<Refold>, derive: Arc<Rederive>) -> Self {
        Self { fold, derive, one: Arc::default() }
    }

    /// Asks a question of the state at an instant.
    ///
    /// # Errors
    /// [`PastError`] says why there is no answer.
    pub async fn ask<T: Send + 'static>(
        &self,
        (at, rows_max): (Time, u64),
        wait: Waits,
        question: impl FnOnce(&State) -> T + Send + 'static,
    ) -> Result<T, PastError> {
        let room = self.room(wait).await?;
        let fold = Arc::clone(&self.fold);
        let asked = spawn_blocking(move || {
            let answer = fold(at, rows_max).map(|state| question(&state));
            drop(room);
            answer
        });
        asked.await.map_err(|error| PastError::Journal(error.to_string()))?
    }

    /// What could be done at an instant.
    ///
    /// # Errors
    /// [`PastError`] says why it cannot be told.
    pub async fn derived(&self, (at, rows_max): (Time, u64), wait: Waits) -> Result<Arc<Derived>, PastError> {
        let mut room = self.room(wait).await?;
        if let Some((then, derived)) = &*room
            && *then == at
        {
            return Ok(Arc::clone(derived));
        }
        let (fold, derive) = (Arc::clone(&self.fold), Arc::clone(&self.derive));
        let asked = spawn_blocking(move || {
            // Before another one is made, which takes as much.
            *room = None;
            let derived = fold(at, rows_max).and_then(|state| derive(&state)).map(Arc::new)?;
            *room = Some((at, Arc::clone(&derived)));
            Ok(derived)
        });
        let derived = asked.await.map_err(|error| PastError::Journal(error.to_string()))??;
        tokio::spawn(forget(Arc::clone(&self.one), Arc::clone(&derived)));
        Ok(derived)
    }

    async fn room(&self, wait: Waits) -> Result<OwnedMutexGuard<Option<Then>>, PastError> {
        timeout(wait.queue, Arc::clone(&self.one).lock_owned()).await.map_err(|_| PastError::Busy)
    }
}

/// Forgets what was derived once it has been kept long enough. It may be large, so it is freed where that may take time.
async fn forget(one: Arc<Mutex<Option<Then>>>, derived: Arc<Derived>) {
    sleep(KEPT_FOR).await;
    let mut kept = one.lock().await;
    let freed = kept.take_if(|(_, kept)| Arc::ptr_eq(kept, &derived));
    drop(kept);
    drop(spawn_blocking(move || drop((freed, derived))));
}

impl std::fmt::Debug for Past {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Past").finish_non_exhaustive()
    }
}

/// How long what was derived of an instant is kept for the next question about it.
const KEPT_FOR: Duration = Duration::from_secs(60);
