//! What cannot be recorded now: what denies bites all the same, and waits until it can be.

use std::collections::BTreeMap;

use doorward_journal::{Journal, JournalError};
use doorward_model::command::Command;
use doorward_model::record::CommandAnswered;
use doorward_model::time::Time;
use doorward_serve::handle::{Work, WorkError};
use doorward_views::snapshot::overlay::{Denial, Overlay};

use crate::serve::denials::{self, Pending, denial_of};
use crate::serve::live::{Live, could_not, send};

impl<J: Journal> Live<J> {
    /// Does what the settings say. What cannot be recorded now is tried again until it can; as far as it is stricter
    /// than what is in force, it bites already.
    pub(crate) fn configure(
        &mut self,
        command: Command,
        files: BTreeMap<String, String>,
        now: Time,
    ) -> Result<(), WorkError> {
        let control = &self.writer.engine().state.control;
        let (done, denial) = match &command {
            Command::PublishPolicy(published) => {
                let denial = denials::stricter(published, control);
                (self.publish_policy(&files, published.clone(), None, now), denial)
            }
            _ => (self.admit(&command, None, now), None),
        };
        match done {
            Err(WorkError::Full) => {
                tracing::error!(
                    id = command.id(),
                    "what the settings say cannot be recorded yet: it is tried again"
                );
                if let Some(denial) = &denial {
                    self.overlay(|overlay| overlay.with(denial.clone()));
                }
                self.pending.push(Pending { command, files, denial, answered: None });
                Ok(())
            }
            // It denies, and waits already.
            Err(WorkError::Pending(_)) => Ok(()),
            done => done.map(drop),
        }
    }

    /// Leaves a denial in force that cannot be recorded now. It is tried again until it can.
    pub(super) fn wait(&mut self, waiting: Pending) -> WorkError {
        let id = waiting.command.id();
        if self.pending.len() < PENDING_MAX {
            self.pending.push(waiting);
            return WorkError::Pending(id);
        }
        self.lift(waiting.denial.as_ref());
        WorkError::Full
    }

    fn lift(&self, denial: Option<&Denial>) {
        if let Some(denial) = denial {
            self.overlay(|overlay| Some(overlay.without(denial)));
        }
    }

    /// Records what waits for it.
    pub(super) fn catch_up(&mut self, now: Time) -> Result<(), JournalError> {
        while let Some(Pending { command, files, denial, answered }) = self.pending.first().cloned() {
            for text in files.values() {
                self.writer.put_blob(text.as_bytes())?;
            }
            if let Err(refusal) = self.writer.admit_under(&command, answered, now)? {
                tracing::warn!(%refusal, id = command.id(), "what waited was refused, and ends");
            }
            self.publish();
            self.lift(denial.as_ref());
            self.pending.remove(0);
        }
        Ok(())
    }

    /// Answers work that cannot be done now. What denies does so all the same.
    pub(super) fn refuse(&mut self, work: Work, error: &JournalError, now: Time) {
        match work {
            Work::Ingest { reply, .. } => send(reply, Err(could_not(error))),
            Work::Command { command, terms, reply } => {
                let deny = |live: &mut Self, answered| Err(live.deny(*command, answered, error));
                send(reply, self.once(terms, now, deny));
            }
            Work::PublishPolicy { terms, reply, .. } => {
                send(reply, self.once(terms, now, |_, _| Err(could_not(error))));
            }
            Work::Ask(_) | Work::Derived(_) => {}
        }
    }

    /// Puts a command into force that denies and cannot be recorded now.
    fn deny(
        &mut self,
        command: Command,
        answered: Option<CommandAnswered>,
        error: &JournalError,
    ) -> WorkError {
        let denial = denial_of(&command, &self.writer.engine().state.control);
        let Some(denial) = denial else { return could_not(error) };
        let answered = answered.map(|answered| CommandAnswered { id: command.id(), ..answered });
        self.overlay(|overlay| overlay.with(denial.clone()));
        self.wait(Pending { command, files: BTreeMap::new(), denial: Some(denial), answered })
    }
}

/// How many denials may wait to be recorded; there is room for them, and for the holds that follow from findings.
const PENDING_MAX: usize = Overlay::DENIALS_MAX / 2;
