//! What the server asks of the rest of the program: three pointers to read, and two queues to the one writer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError};
use std::time::Duration;

use arc_swap::ArcSwap;
use doorward_journal::Journal;
use doorward_model::command::{Command, Refusal};
use doorward_model::decision::{CallerKind, Decision, Mode};
use doorward_model::event::Event;
use doorward_model::hash::Hash16;
use doorward_model::id::FactNumber;
use doorward_model::record::{PepSet, PolicyPublished};
use doorward_model::reject::Reject;
use doorward_model::time::Time;
use doorward_policy::world::World;
use doorward_privilege::derived::Derived;
use doorward_proof::Tokens;
use doorward_views::state::State;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::answers::findings::Narrate;
use crate::metrics::Metrics;
use crate::past::Past;
use crate::uses::Uses;

/// What the writer fills and answers. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct Handle {
    /// All that a decision reads; the writer stores a later one after each fold.
    pub world: Arc<ArcSwap<World>>,
    /// The tokens that are valid or were; stored anew with each token fact.
    pub tokens: Arc<ArcSwap<Tokens>>,
    /// The modes of the enforcement points; stored anew with each `PepSet` fact.
    pub peps: Arc<ArcSwap<Peps>>,
    /// Whether the writer has folded all that the journal holds, and can append.
    pub ready: tokio::sync::watch::Receiver<Readiness>,
    /// What the writer is asked to do.
    pub work: mpsc::Sender<Work>,
    /// Decisions on their way to the journal.
    pub decisions: SyncSender<DecisionMade>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// What facts said at an instant.
    pub past: Past,
    /// What was used by whom.
    pub uses: Uses,
    /// Opens the files of what could not be read.
    pub rejects: RejectFiles,
    /// Renders what a finding rests on.
    pub narrate: Narrate,
    /// 32 bytes that nobody can guess.
    pub random: fn() -> [u8; 32],
}

/// Opens the files that keep what could not be read, those that are there, the newer one first.
#[derive(Clone)]
pub struct RejectFiles(pub Arc<OpenFiles>);

/// How files are opened.
pub type OpenFiles = dyn Fn() -> std::io::Result<Vec<std::fs::File>> + Send + Sync;

impl std::fmt::Debug for RejectFiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RejectFiles").finish_non_exhaustive()
    }
}

/// Whether all that is asked can be done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Readiness {
    /// It can.
    Ready,
    /// It cannot, for a reason that anybody may read.
    NotReady(String),
}

/// The enforcement points that are known, by name, with who set their modes.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Peps(BTreeMap<String, PepSet>);

impl Peps {
    /// Those that facts tell of.
    #[must_use]
    pub fn of<'a, I: IntoIterator<Item = &'a PepSet>>(known: I) -> Self {
        Self(known.into_iter().map(|set| (set.pep.name.clone(), set.clone())).collect())
    }

    /// The enforcement point of a name; one that nobody has spoken of yet is new, and starts in `shadow`.
    #[must_use]
    pub fn find(&self, name: &str) -> PepSet {
        self.0.get(name).cloned().unwrap_or_else(|| PepSet::by_itself(name))
    }
}

/// Something for the writer to do, in the order in which it comes.
pub enum Work {
    /// Take in events.
    Ingest {
        /// The events.
        events: Pushed,
        /// Told only when all that was accepted is durable.
        reply: Reply<IngestAnswer>,
    },
    /// Admit a command.
    Command {
        /// The command.
        command: Box<Command>,
        /// By whom, and on which terms.
        terms: Terms,
        /// Told only when the facts that follow are durable and folded.
        reply: Reply<Done>,
    },
    /// Store the files of a policy set that was found valid, and publish it.
    PublishPolicy {
        /// Each file by its name.
        files: BTreeMap<String, String>,
        /// The set, whose `files` names the hash of each; see [`crate::policy_files::published`].
        published: PolicyPublished,
        /// By whom, and on which terms.
        terms: Terms,
        /// Told only when the set decides.
        reply: Reply<Done>,
    },
    /// Answer a question that needs the state. It is quick: a page at most.
    Ask(Question),
    /// Publish what was derived from the inventory.
    Derived(Arc<Derived>),
}

/// A question to the state and the journal; it sends its answer itself.
pub type Question = Box<dyn FnOnce(&State, &dyn Journal) + Send>;

/// Where the writer answers.
pub type Reply<T> = oneshot::Sender<Result<T, WorkError>>;

/// Events that were pushed, as intake read them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pushed {
    /// The source that they came from.
    pub source: String,
    /// The events; those that claimed an impossible time have been set right.
    pub events: Vec<Box<Event>>,
    /// What could not be read.
    pub rejects: Vec<Reject>,
    /// When they arrived.
    pub arrived_at: Time,
}

/// What became of events that were pushed.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, serde::Serialize, utoipa::ToSchema)]
pub struct IngestAnswer {
    /// Recorded, and durable.
    pub accepted: u64,
    /// Known already, with the same content.
    pub duplicate: u64,
    /// Of the accepted ones, those whose id was known with other content.
    pub conflicting: u64,
    /// Of the accepted ones, those that happened more than an hour before another one of their account that was
    /// there already.
    pub late: u64,
}

/// By whom a command is given, and on which terms.
#[derive(Default)]
pub struct Terms {
    /// Who gives it: the name of the token.
    pub by: String,
    /// Under which key it may be given again without effect.
    pub idempotency: Option<Idempotency>,
    /// What must be so when it is carried out; else nothing is done.
    pub condition: Option<Condition>,
}

/// Something that is so of a state, or not.
pub type Condition = Box<dyn FnOnce(&State) -> bool + Send>;

impl Terms {
    /// On no terms.
    #[must_use]
    pub fn of(by: &str) -> Self {
        Self { by: by.to_owned(), idempotency: None, condition: None }
    }
}

impl std::fmt::Debug for Terms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Terms").field("by", &self.by).finish_non_exhaustive()
    }
}

/// A key under which a command may be given again without effect, with the request that it stands for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Idempotency {
    /// The key, unique among those of the same giver.
    pub key: String,
    /// The hash of the request: the same key with another one is refused.
    pub request: Hash16,
}

/// A command that was carried out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Done {
    /// The last fact that it led to.
    pub fact: FactNumber,
    /// The id of what it is about: the hold, token, enforcement point or policy set.
    pub id: String,
    /// Whether it had been carried out before, under the same key.
    pub again: bool,
}

/// Why the writer did not do what it was asked.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum WorkError {
    /// The command was refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// What the command was given for is no longer so.
    #[error("it has changed since: ask for it again, and decide anew")]
    Changed,
    /// The key stands for another request.
    #[error("the idempotency key was used for another request")]
    KeyReused,
    /// The journal could not; nothing was done. The text is for the log.
    #[error("the journal could not: {0}")]
    Journal(String),
    /// The disk, or what the journal may take of it, is full; nothing was done.
    #[error("the disk or its limit is full: nothing can be recorded until there is room")]
    Full,
    /// What was asked denies from now on, but is not durable yet. Its id.
    #[error("{0} is in force, but is not recorded yet: that is tried again until it is")]
    Pending(String),
    /// The queue is full.
    #[error("the queue of the writer is full")]
    Busy,
    /// Files are taken in, and newer events come after theirs; nothing was done.
    #[error("files are being imported, and newer events come after theirs: send them again")]
    Importing,
    /// The writer has not answered in time; the work may still be done.
    #[error("the writer has not answered in time; it may still do what was asked")]
    Late,
    /// The writer has stopped.
    #[error("the writer has stopped")]
    Stopped,
}

/// A decision that was given, as it is to be recorded.
#[derive(Clone, PartialEq, Debug)]
pub struct DecisionMade {
    /// When.
    pub at: Time,
    /// The enforcement point that asked.
    pub pep: String,
    /// How far it is known who asked.
    pub caller: CallerKind,
    /// For whom it asked, as it named them: type and id.
    pub subject: (String, String),
    /// The action.
    pub action: String,
    /// The resource: type and id.
    pub resource: (String, String),
    /// The session; empty when none was told.
    pub session: String,
    /// The task; empty when none was told.
    pub task: String,
    /// The tool; empty when none was told.
    pub tool: String,
    /// The caller's id of the request; empty when it sent none.
    pub request_id: String,
    /// What was answered, and why.
    pub decision: Decision,
}

/// Whether the record of a decision is on its way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Recorded {
    /// It is.
    Yes,
    /// There was no room.
    NoRoom,
}

impl Pushed {
    /// What a live source sent, as it is taken: times that cannot be are set right, and events stand in the total
    /// order.
    #[must_use]
    pub fn of(source: &str, mut events: Vec<Box<Event>>, rejects: Vec<Reject>, arrived_at: Time) -> Self {
        events.iter_mut().for_each(|event| event.set_right(arrived_at));
        events.sort_by(|one, other| one.order(other));
        Self { source: source.to_owned(), events, rejects, arrived_at }
    }

    /// Whether nothing was sent: then it only asks whether all that came before is durable.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.events.is_empty() && self.rejects.is_empty()
    }

    /// How many events claimed a time that cannot be.
    #[must_use]
    pub fn clamped(&self) -> u64 {
        self.events.iter().filter(|event| event.claimed_at_ms != 0).count() as u64
    }
}

impl Handle {
    /// Sends the record of a decision on its way, without waiting.
    #[must_use]
    pub fn record(&self, made: DecisionMade) -> Recorded {
        match self.decisions.try_send(made) {
            Ok(()) => {
                self.metrics.decisions_waiting.inc();
                Recorded::Yes
            }
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => Recorded::NoRoom,
        }
    }

    /// Waits until every decision that was sent on its way before is durable.
    ///
    /// # Errors
    /// [`WorkError`] when that cannot be said.
    pub async fn recorded(&self, wait: Waits) -> Result<(), WorkError> {
        // A push of nothing is answered like any other: when all that came before it is durable.
        let nothing = |reply| Work::Ingest { events: Pushed::default(), reply };
        self.request::<IngestAnswer>(wait, nothing).await.map(drop)
    }

    /// Has work done and waits for the answer.
    ///
    /// # Errors
    /// [`WorkError`] says why it was not done.
    pub async fn request<T: Send>(
        &self,
        wait: Waits,
        work: impl FnOnce(Reply<T>) -> Work + Send,
    ) -> Result<T, WorkError> {
        let (reply, answer) = oneshot::channel();
        self.queue(wait, work(reply)).await?;
        match timeout(wait.answer, answer).await {
            Err(_) => Err(WorkError::Late),
            Ok(Err(_)) => Err(WorkError::Stopped),
            Ok(Ok(answer)) => answer,
        }
    }

    /// Asks a question of the state.
    ///
    /// # Errors
    /// [`WorkError`] says why there is no answer.
    pub async fn ask<T: Send + 'static>(
        &self,
        wait: Waits,
        question: impl FnOnce(&State, &dyn Journal) -> T + Send + 'static,
    ) -> Result<T, WorkError> {
        let ask = |reply: Reply<T>| {
            Work::Ask(Box::new(move |state, journal| {
                // Who asked may have gone away; then nobody wants the answer.
                drop(reply.send(Ok(question(state, journal))));
            }))
        };
        self.request(wait, ask).await
    }

    async fn queue(&self, wait: Waits, work: Work) -> Result<(), WorkError> {
        match timeout(wait.queue, self.work.send(work)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(WorkError::Stopped),
            Err(_) => Err(WorkError::Busy),
        }
    }
}

/// How long work may wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Waits {
    /// For room in the queue.
    pub queue: Duration,
    /// For the answer.
    pub answer: Duration,
}

impl std::fmt::Debug for Work {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Ingest { .. } => "Work::Ingest",
            Self::Command { .. } => "Work::Command",
            Self::PublishPolicy { .. } => "Work::PublishPolicy",
            Self::Ask(_) => "Work::Ask",
            Self::Derived(_) => "Work::Derived",
        })
    }
}

/// The tokens that facts tell of.
#[must_use]
pub fn tokens_of(state: &State) -> Tokens {
    let control = &state.control;
    Tokens::of(state.tenant(), control.issued_tokens(), control.revoked.keys().map(String::as_str))
}

/// The mode that a word names.
#[must_use]
pub fn mode_of(word: &str) -> Option<Mode> {
    [Mode::Enforce, Mode::Shadow, Mode::Learn].into_iter().find(|mode| mode.word() == word)
}
