//! The writer at work: takes what the server is asked, in rounds of one commit each, and publishes what decisions read.
//!
//! Public for the simulation: it plays rounds of its own, over its own journal and at its own time.

mod deriving;
mod pending;
mod publishing;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver as DecisionsReceiver, Sender};
use std::time::Duration;

use anyhow::{Context, Result};
use arc_swap::ArcSwap;
use doorward_journal::{Journal, JournalError, Sqlite};
use doorward_model::command::Command;
use doorward_model::record::{CommandAnswered, Trust};
use doorward_model::time::{Millis, Time};
use doorward_policy::policy_set::PolicySet;
use doorward_policy::world::{Privilege, Settings, World};
use doorward_proof::Tokens;
use doorward_serve::handle::{
    DecisionMade, Done, IngestAnswer, Peps, Pushed, Readiness, Reply, Terms, Work, WorkError,
};
use doorward_serve::idempotency;
use doorward_serve::metrics::Metrics;
use doorward_views::publish::Publisher;
use doorward_views::snapshot::overlay::{Denial, Overlay};
use tokio::sync::watch;

use crate::serve::decisions::observation;
use crate::serve::denials::{self, Pending, denial_of};
use crate::serve::deriver::Told;
use crate::serve::kept::{Kept, not_kept};
use crate::serve::live::deriving::known;
use crate::serve::live::publishing::joined;
use crate::serve::queue::Queue;
use crate::serve::retention::Pruner;
use crate::serve::{DECISIONS_MAX, clock};
use crate::signing::HeadSigner;
use crate::writer::{Moment, Writer};

/// What readers load.
#[derive(Clone, Debug)]
pub struct Shared {
    /// All that a decision reads.
    pub world: Arc<ArcSwap<World>>,
    /// The tokens that are valid or were.
    pub tokens: Arc<ArcSwap<Tokens>>,
    /// The modes of the enforcement points.
    pub peps: Arc<ArcSwap<Peps>>,
}

/// The writer with what it publishes.
#[derive(Debug)]
pub struct Live<J = Sqlite> {
    /// The writer.
    pub writer: Writer<J>,
    publisher: Publisher,
    shared: Shared,
    kept: Kept,
    /// What denies already and is still to be recorded.
    pending: Vec<Pending>,
    /// Holds that follow from findings, in force and still to be recorded.
    following: Vec<Denial>,
    /// What is counted.
    pub(crate) metrics: Arc<Metrics>,
    trust: BTreeMap<String, Trust>,
    /// What could be done, as it was published last.
    privilege: Privilege,
    /// Who derives that.
    deriver: Option<Sender<Told>>,
}

/// Answers that wait for the commit of their round.
type Waiting = Vec<(Reply<IngestAnswer>, IngestAnswer)>;

impl Live<Sqlite> {
    /// Notes that decisions are given from now on, each recorded within a while: a start after an abrupt end says how
    /// many records it may have lost.
    pub(crate) fn begin_run(&mut self, flush: Millis) -> Result<()> {
        match self.writer.journal_mut().begin_run(flush) {
            Err(JournalError::Full(_)) | Ok(()) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Works until nobody can ask any more.
    pub(crate) fn run(
        mut self,
        mut queue: Queue,
        ready: &watch::Sender<Readiness>,
        (mut pruner, flush, signer): (Pruner, Millis, Arc<HeadSigner>),
    ) -> Result<()> {
        let mut could = true;
        let idle = if flush > Millis(0) { flush } else { IDLE };
        let idle = Duration::from_millis(idle.0.unsigned_abs());
        loop {
            let asked = queue.round(idle);
            let stopped = asked.is_none();
            let done = self.round(asked.unwrap_or_default(), &queue.decisions, clock());
            if done.is_ok() {
                let now = self.writer.not_before(clock());
                pruner.step(&mut self.writer, &self.kept, now);
            }
            ready.send_replace(readiness(&done));
            match &done {
                Err(error) if could => tracing::error!(%error, "nothing can be recorded: not ready"),
                Ok(()) if !could => tracing::info!("what waited is recorded: ready again"),
                Ok(()) | Err(_) => {}
            }
            could = done.is_ok();
            if stopped {
                done?;
                self.writer.checkpoint()?;
                let end = self.writer.journal().head().end();
                signer.sign(&end, |signed, by| self.writer.journal_mut().put_signed_head(signed, by))?;
                return Ok(self.writer.journal_mut().end_run()?);
            }
        }
    }
}

impl<J: Journal> Live<J> {
    /// Trusts sources so far; one that is not named is verified.
    #[must_use]
    pub fn trusting(self, trust: BTreeMap<String, Trust>) -> Self {
        Self { trust, ..self }
    }

    /// Publishes what the writer has folded so far.
    ///
    /// # Errors
    /// When the policies that decided last cannot be used.
    pub fn new(mut writer: Writer<J>, kept: Kept, seed: u64) -> Result<Self> {
        let mut publisher = Publisher::new(seed);
        let told = writer.take_told();
        let control = &writer.engine().state.control;
        for fact in &told {
            publisher.fold(fact, control);
        }
        let snapshot = publisher.publish(control.fact_number);
        let none = Arc::new(
            PolicySet::load(&Default::default())
                .map_err(|errors| joined(&errors))
                .context("cannot load no policies")?,
        );
        let privilege = known(&told, control.fact_number);
        let mut world = World::new(snapshot, Arc::default(), none, Settings::default());
        world.privilege = privilege.clone();
        let shared = Shared {
            world: Arc::new(ArcSwap::from_pointee(world)),
            tokens: Arc::new(ArcSwap::from_pointee(Tokens::default())),
            peps: Arc::new(ArcSwap::from_pointee(Peps::default())),
        };
        let policy = control.policy.clone();
        let (pending, following, trust, metrics, deriver) = Default::default();
        let mut live =
            Self { writer, publisher, shared, kept, pending, following, metrics, trust, privilege, deriver };
        if let Some(published) = policy {
            live.use_policy(&published)?;
        }
        live.share_tables();
        for id in live.shared.tokens.load().foreign() {
            tracing::warn!(id, "a token of another tenant is known, and opens nothing here");
        }
        // What the run before has left to be recorded, and could not yet, denies already.
        if let Err(error) = live.flush() {
            tracing::error!(%error, "what is left to be recorded waits");
        }
        Ok(live)
    }

    /// Where what could not be read is kept.
    pub(crate) fn kept(&self) -> &Kept {
        &self.kept
    }

    /// What readers load.
    #[must_use]
    pub fn shared(&self) -> Shared {
        self.shared.clone()
    }

    /// One round: everything that waits, one commit for the events of it, then the answers.
    ///
    /// # Errors
    /// When the journal cannot append what waits; those who asked have been told.
    pub fn round(
        &mut self,
        round: Vec<Work>,
        decisions: &DecisionsReceiver<DecisionMade>,
        now: Time,
    ) -> Result<(), JournalError> {
        let now = self.writer.not_before(now);
        // What could not be recorded in the round before comes first: until it is, nobody is told that anything is.
        let before = self.flush().and_then(|()| self.writer.tick(now, now));
        self.work_off(before, round, decisions, now)
    }

    /// A round while files are taken in. It is their time that passes in ticks, and events of now come after theirs:
    /// who sends some is asked to send them again.
    ///
    /// # Errors
    /// As [`Self::round`].
    pub(crate) fn turn(
        &mut self,
        mut round: Vec<Work>,
        decisions: &DecisionsReceiver<DecisionMade>,
        now: Time,
    ) -> Result<(), JournalError> {
        let sent = |work: &mut Work| matches!(work, Work::Ingest { events, .. } if !events.is_empty());
        for work in round.extract_if(.., sent) {
            if let Work::Ingest { reply, .. } = work {
                send(reply, Err(WorkError::Importing));
            }
        }
        let before = self.flush();
        self.work_off(before, round, decisions, self.writer.not_before(now))
    }

    fn work_off(
        &mut self,
        before: Result<(), JournalError>,
        round: Vec<Work>,
        decisions: &DecisionsReceiver<DecisionMade>,
        now: Time,
    ) -> Result<(), JournalError> {
        let mut waiting: Waiting = Vec::new();
        let mut failed = before.and_then(|()| self.catch_up(now)).err();
        let room = if failed.is_none() { DECISIONS_MAX } else { 0 };
        for made in decisions.try_iter().take(room) {
            self.metrics.decisions_waiting.dec();
            if let Err(error) = self.writer.take_decision(observation(made, now)) {
                failed = Some(error);
                break;
            }
        }
        for work in round {
            match (work, &failed) {
                (Work::Ask(question), _) => question(&self.writer.engine().state, self.writer.journal()),
                (Work::Derived(derived), _) => self.take_derived(derived),
                (work, Some(error)) => self.refuse(work, error, now),
                (Work::Ingest { events, reply }, None) => {
                    failed = self.ingest(events, reply, &mut waiting, now).err();
                }
                (work, None) => {
                    failed = self.settle(&mut waiting).err();
                    match &failed {
                        None => self.command(work, now),
                        Some(error) => self.refuse(work, error, now),
                    }
                }
            }
        }
        let settled = self.settle(&mut waiting);
        failed.map_or(settled, Err)
    }

    /// Takes the events of one push; they are answered when the round is durable.
    fn ingest(
        &mut self,
        pushed: Pushed,
        reply: Reply<IngestAnswer>,
        waiting: &mut Waiting,
        now: Time,
    ) -> Result<(), JournalError> {
        if let Err(error) = self.kept.keep(&pushed.rejects) {
            // The sender will send again; the events are then taken, and the rejects kept.
            send(reply, Err(not_kept(&error)));
            return Ok(());
        }
        let before = self.writer.counts;
        let moment = Moment::live(now).trusted(self.trust.get(&pushed.source));
        for event in pushed.events {
            if let Err(error) = self.writer.take(event, moment) {
                send(reply, Err(could_not(&error)));
                return Err(error);
            }
        }
        let after = self.writer.counts;
        let answer = IngestAnswer {
            accepted: after.accepted - before.accepted,
            duplicate: after.duplicate - before.duplicate,
            conflicting: after.conflict - before.conflict,
            late: after.late - before.late,
        };
        waiting.push((reply, answer));
        Ok(())
    }

    /// Makes durable what was taken, and what follows from it. A hold that follows is in force before it is durable.
    fn flush(&mut self) -> Result<(), JournalError> {
        loop {
            let committed = self.writer.commit();
            self.publish();
            let holds =
                self.writer.waiting_holds().map(|hold| Denial::Hold(Arc::new(hold.clone()))).collect();
            let before = std::mem::replace(&mut self.following, holds);
            if !(before.is_empty() && self.following.is_empty()) {
                self.overlay(|overlay| {
                    let rest = before.iter().fold(overlay.clone(), |overlay, denial| overlay.without(denial));
                    let with =
                        |overlay: Overlay, denial: &Denial| overlay.with(denial.clone()).unwrap_or(overlay);
                    Some(self.following.iter().fold(rest, with))
                });
            }
            if !committed? {
                return Ok(());
            }
        }
    }

    /// Commits, publishes, and answers those who wait.
    fn settle(&mut self, waiting: &mut Waiting) -> Result<(), JournalError> {
        let done = self.flush();
        for (reply, answer) in waiting.drain(..) {
            send(reply, done.as_ref().map(|()| answer).map_err(could_not));
        }
        done
    }

    fn command(&mut self, work: Work, now: Time) {
        match work {
            Work::Command { command, terms, reply } => {
                send(reply, self.once(terms, now, |live, under| live.admit(&command, under, now)));
            }
            Work::PublishPolicy { files, published, terms, reply } => {
                let publish = |live: &mut Self, under| live.publish_policy(&files, published, under, now);
                send(reply, self.once(terms, now, publish));
            }
            Work::Ingest { .. } | Work::Ask(_) | Work::Derived(_) => {}
        }
    }

    /// Does something on terms: not again under the same key, and not when what it was asked for has changed.
    fn once(
        &mut self,
        Terms { by, idempotency, condition }: Terms,
        now: Time,
        act: impl FnOnce(&mut Self, Option<CommandAnswered>) -> Result<Done, WorkError>,
    ) -> Result<Done, WorkError> {
        let state = &self.writer.engine().state;
        if let Some(done) = idempotency::before(&state.control, &by, idempotency.as_ref(), now)? {
            return Ok(done);
        }
        let answered = idempotency.map(|idempotency| idempotency::answered(&by, &idempotency, now));
        if let Some(id) = denials::under(&self.pending, answered.as_ref())? {
            return Err(WorkError::Pending(id));
        }
        if condition.is_some_and(|holds| !holds(state)) {
            return Err(WorkError::Changed);
        }
        act(self, answered)
    }

    /// Admits a command. What denies bites at once, and is durable a moment later; what grants waits.
    pub(crate) fn admit(
        &mut self,
        command: &Command,
        answered: Option<CommandAnswered>,
        now: Time,
    ) -> Result<Done, WorkError> {
        let denial = denial_of(command, &self.writer.engine().state.control);
        let answered = answered.map(|answered| CommandAnswered { id: command.id(), ..answered });
        if let Some(denial) = &denial {
            self.overlay(|overlay| overlay.with(denial.clone()));
        }
        self.store(command)?;
        let admitted = self.writer.admit_under(command, answered.clone(), now);
        self.publish();
        match (denial, admitted) {
            (Some(denial), Err(error)) => {
                tracing::error!(%error, "a denial is in force that could not be recorded yet");
                let (command, files) = (command.clone(), BTreeMap::new());
                Err(self.wait(Pending { command, files, denial: Some(denial), answered }))
            }
            (None, Err(error)) => Err(could_not(&error)),
            (denial, Ok(admitted)) => {
                if let Some(denial) = &denial {
                    self.overlay(|overlay| Some(overlay.without(denial)));
                }
                Ok(Done { fact: admitted?, id: command.id(), again: false })
            }
        }
    }
}

/// What anybody may know of how a round went.
fn readiness(done: &Result<(), JournalError>) -> Readiness {
    match done {
        Ok(()) => Readiness::Ready,
        Err(JournalError::Full(_)) => {
            Readiness::NotReady("the disk or its limit is full, and nothing can be recorded".to_owned())
        }
        Err(_) => Readiness::NotReady("the journal cannot be written".to_owned()),
    }
}

fn could_not(error: &JournalError) -> WorkError {
    match error {
        JournalError::Full(_) => WorkError::Full,
        error => WorkError::Journal(error.to_string()),
    }
}

fn send<T>(reply: Reply<T>, answer: Result<T, WorkError>) {
    // Who asked may have gone away; what was done stays done.
    drop(reply.send(answer));
}

/// How often a round comes where nothing is asked and no decision waits for its record.
const IDLE: Millis = Millis(200);
