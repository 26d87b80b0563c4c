//! Folding a log that is there: the newest checkpoint that can be loaded, then the rows after it.

use std::ops::ControlFlow;

use doorward_engine::{Engine, follows};
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
    /// Whether what followed from the batch before has been recorded.
    settled: bool,
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
        let fold = Self {
            checkpoint: position,
            position,
            missing: Vec::new(),
            batch: FactNumber::default(),
            settled: false,
        };
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
            let another = std::mem::replace(&mut self.batch, row.facts_seen) != row.facts_seen;
            match followed(&records) {
                true => records.iter().for_each(|record| self.settle(record)),
                false if another || self.settled => self.drop_missing(engine),
                false => {}
            }
            self.missing.extend(records.iter().flat_map(|record| engine.replay(record)));
            records.into_iter().filter_map(fact_of).try_for_each(&mut *tell)
        })?;
        if self.settled {
            self.drop_missing(engine);
        }
        Ok(())
    }

    /// What follows from a batch is recorded whole, and before anything else: of the batch before nothing is missing,
    /// whatever this release would have found in it.
    fn settle(&mut self, record: &Record) {
        self.settled = true;
        if let Record::Fact(fact) = record
            && let Some(fact) = &fact.fact
        {
            self.missing.retain(|missing| !says_of_the_same(missing, fact));
        }
    }

    /// The earlier run found nothing of what is missing.
    fn drop_missing(&mut self, engine: &mut Engine) {
        self.settled = false;
        engine.forget(std::mem::take(&mut self.missing));
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

/// Whether a row holds what followed from the batch before it.
fn followed(records: &[Record]) -> bool {
    match records.first() {
        Some(Record::Fact(fact)) => fact.fact.as_ref().is_some_and(follows),
        Some(Record::Observation(_)) | None => false,
    }
}

fn says_of_the_same(one: &Fact, other: &Fact) -> bool {
    match (one, other) {
        (
            Fact::FindingRaised(one) | Fact::FindingGrown(one),
            Fact::FindingRaised(other) | Fact::FindingGrown(other),
        ) => one.id == other.id,
        (
            Fact::HoldPlaced(one) | Fact::HoldRecommended(one),
            Fact::HoldPlaced(other) | Fact::HoldRecommended(other),
        ) => one.id == other.id,
        (one, other) => one == other,
    }
}

pub(crate) fn fact_of(record: Record) -> Option<Fact> {
    match record {
        Record::Fact(fact) => fact.fact,
        Record::Observation(_) => None,
    }
}
