//! Folding a log that is there: the newest checkpoint that can be loaded, then the rows after it.

use std::ops::ControlFlow;

use doorward_engine::Engine;
use doorward_journal::{Content, JournalError, Log, Position};
use doorward_model::id::FactNumber;
use doorward_model::record::{Fact, Record};

/// How far a log has been folded into an engine.
#[derive(Debug)]
pub(crate) struct Fold {
    /// The checkpoint from which the fold began; zero without one.
    pub(crate) checkpoint: Position,
    /// The last row that was folded.
    pub(crate) position: Position,
    /// What follows from the rows so far and is not among them.
    pub(crate) missing: Vec<Fact>,
    /// What the writer had folded when it made the last row.
    batch: FactNumber,
}

impl Fold {
    /// Loads the newest checkpoint that this release can load, and returns the facts that lead to it. One that cannot
    /// be loaded only costs time: the log says the same.
    pub(crate) fn begin(log: &dyn Log, engine: &mut Engine) -> Result<(Self, Vec<Fact>), JournalError> {
        let (mut facts, mut position) = (Vec::new(), Position::default());
        for kept in log.checkpoints()? {
            match loaded(log, engine, kept) {
                Ok(Some(of_state)) => {
                    (facts, position) = (of_state, kept);
                    break;
                }
                Ok(None) => {}
                Err(reason) => {
                    tracing::warn!(row = kept.0, %reason, "a checkpoint cannot be loaded: the log is read further back");
                }
            }
        }
        let fold = Self { checkpoint: position, position, missing: Vec::new(), batch: FactNumber::default() };
        Ok((fold, facts))
    }

    /// Folds what follows, to the end of the log, and gives each fact to `tell`.
    pub(crate) fn go_on(
        &mut self,
        log: &dyn Log,
        engine: &mut Engine,
        tell: &mut dyn FnMut(Fact) -> ControlFlow<()>,
    ) -> Result<(), JournalError> {
        log.read_from(self.position.next(), &mut |row| {
            self.position = row.position;
            let Content::Records(records) = row.content else { return ControlFlow::Continue(()) };
            // What followed was recorded before anything else was: another batch shows that nothing is missing.
            if std::mem::replace(&mut self.batch, row.facts_seen) != row.facts_seen
                && !has_any(&records, &self.missing)
            {
                self.missing.clear();
            }
            replay(engine, &records, &mut self.missing);
            records.into_iter().filter_map(fact_of).try_for_each(&mut *tell)
        })
    }
}

/// Why a checkpoint is of no use.
type Unusable = Box<dyn std::error::Error + Send + Sync>;

fn loaded(log: &dyn Log, engine: &mut Engine, kept: Position) -> Result<Option<Vec<Fact>>, Unusable> {
    match log.checkpoint(kept)? {
        Some(found) => Ok(Some(engine.load(&found.bytes, found.format)?)),
        None => Ok(None),
    }
}

fn has_any(records: &[Record], facts: &[Fact]) -> bool {
    records.iter().any(|record| match record {
        Record::Fact(fact) => fact.fact.as_ref().is_some_and(|fact| facts.contains(fact)),
        Record::Observation(_) => false,
    })
}

/// Folds a row of an earlier run. `missing` are the facts that follow and are not in the log so far.
fn replay(engine: &mut Engine, records: &[Record], missing: &mut Vec<Fact>) {
    for record in records {
        if let Record::Fact(fact) = record
            && let Some(at) = missing.iter().position(|missing| fact.fact.as_ref() == Some(missing))
        {
            missing.remove(at);
        }
        missing.extend(engine.replay(record));
    }
}

pub(crate) fn fact_of(record: Record) -> Option<Fact> {
    match record {
        Record::Fact(fact) => fact.fact,
        Record::Observation(_) => None,
    }
}
