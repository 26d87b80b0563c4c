//! The one loop that joins journal and engine: check, identify, append, step, and again for the facts that follow.

use std::ops::ControlFlow;

use doorward_engine::{Arrival, Changes, Engine, Identified};
use doorward_intake::change::{Told, read};
use doorward_journal::{Batch, Checkpoint, Expired, Journal, JournalError, Pruned, Seen};
use doorward_model::command::{Command, Refusal};
use doorward_model::event::Event;
use doorward_model::hash::Hash16;
use doorward_model::hold::Hold;
use doorward_model::id::{FactNumber, Partition};
use doorward_model::identity::Identity;
use doorward_model::record::{CommandAnswered, Fact, FactRecord, Observation, PepSet, Record, Tick, Trust};
use doorward_model::time::{Millis, Time};
use doorward_views::checkpoint::FORMAT;
use doorward_views::symbols::Symbol;

use crate::fold::{Fold, fact_of};

/// The one writer of a journal and owner of its engine.
#[derive(Debug)]
pub struct Writer<J> {
    journal: J,
    engine: Engine,
    batch: Vec<Record>,
    /// Who acted in each record of the batch, where the engine has just said so.
    named: Vec<Option<Symbol>>,
    /// Documents that facts of the batch name: they are stored before it is appended.
    texts: Vec<String>,
    numbered: FactNumber,
    partitions: Vec<u64>,
    /// Facts that were stepped, if somebody wants them.
    told: Option<Vec<Fact>>,
    /// How many events were taken, by what became of them.
    pub counts: Counts,
}

/// When something is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Moment {
    /// When it is recorded.
    pub recorded_at: Time,
    /// How far time has passed for sweeps: now, or in an import, the time of the event.
    pub tick_at: Time,
    /// How it came.
    pub arrival: Arrival,
    /// How far its source is trusted.
    pub trust: Trust,
}

impl Moment {
    /// Something that a live source sends now.
    #[must_use]
    pub const fn live(now: Time) -> Self {
        Self { recorded_at: now, tick_at: now, arrival: Arrival::Live, trust: Trust::Verified }
    }

    /// The same, of a source that is trusted so far; verified, where nothing is said.
    #[must_use]
    pub fn trusted(self, trust: Option<&Trust>) -> Self {
        Self { trust: trust.copied().unwrap_or_default(), ..self }
    }

    /// Something that lay in a file, as of now.
    #[must_use]
    pub const fn filed(now: Time) -> Self {
        Self { recorded_at: now, tick_at: now, arrival: Arrival::Filed, trust: Trust::Verified }
    }

    /// Something that lay in a file and is kept. Time passes by the hour: each tick is a commit of its own.
    #[must_use]
    pub fn imported(happened_at: Time, now: Time) -> Self {
        let hour = happened_at.ms().div_euclid(Millis::HOUR.0).saturating_mul(Millis::HOUR.0);
        Self { tick_at: Time::from_ms(hour).min(now), ..Self::filed(now) }
    }
}

/// How many events were taken, by what became of them.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Counts {
    /// Recorded.
    pub accepted: u64,
    /// Known already, with the same content.
    pub duplicate: u64,
    /// Recorded although their id was known, because the content differs.
    pub conflict: u64,
    /// Of the recorded ones, those that came after their reorder window.
    pub late: u64,
}

/// What the writer did, or why the journal could not.
pub type Result<T> = std::result::Result<T, JournalError>;

impl<J: Journal> Writer<J> {
    /// A writer of an empty journal.
    #[must_use]
    pub fn new(journal: J, engine: Engine) -> Self {
        let head = journal.head();
        let numbered = head.fact;
        let partitions = (0..Partition::COUNT).map(|at| head.last_n(Partition(at))).collect();
        Self {
            journal,
            engine,
            batch: Vec::new(),
            named: Vec::new(),
            texts: Vec::new(),
            numbered,
            partitions,
            counts: Counts::default(),
            told: None,
        }
    }

    /// Goes on where the journal ends: loads its newest checkpoint, folds what came after, and records what was left
    /// to be recorded when the earlier run ended. From here on, and in the replay, facts are kept for
    /// [`Self::take_told`].
    ///
    /// # Errors
    /// When the journal cannot be read or appended to.
    pub fn open(journal: J, mut engine: Engine) -> Result<Self> {
        let (mut fold, mut told) = Fold::begin(&journal, &mut engine)?;
        fold.go_on(&journal, &mut engine, &mut |fact| {
            told.push(fact);
            ControlFlow::Continue(())
        })?;
        let rows = fold.position.0 - fold.checkpoint.0;
        tracing::info!(checkpoint = fold.checkpoint.0, rows, "the journal is folded");
        let now = journal.head().recorded_at;
        let mut writer = Self { told: Some(told), ..Self::new(journal, engine) };
        for fact in fold.missing {
            writer.queue_fact(fact, now);
        }
        match writer.flush() {
            // It waits, and denies meanwhile: a full disk must not keep a server from denying.
            Err(JournalError::Full(error)) => tracing::error!(%error, "what was left to be recorded waits"),
            done => done?,
        }
        Ok(writer)
    }

    /// The same, and facts are kept for [`Self::take_told`] from here on.
    #[must_use]
    pub fn telling(self) -> Self {
        Self { told: Some(Vec::new()), ..self }
    }

    /// The facts that were stepped since this was last asked, oldest first.
    pub fn take_told(&mut self) -> Vec<Fact> {
        self.told.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// The journal, for what is no record.
    pub fn journal_mut(&mut self) -> &mut J {
        &mut self.journal
    }

    /// Records a fact that follows from nothing else, and makes it durable.
    ///
    /// # Errors
    /// When the journal cannot append.
    pub fn note(&mut self, fact: Fact, recorded_at: Time) -> Result<()> {
        self.queue_fact(fact, recorded_at);
        self.flush()
    }

    /// Drops observations that have expired, after all that waits is recorded.
    ///
    /// # Errors
    /// When the journal cannot.
    pub fn prune(&mut self, expired: &Expired) -> Result<Pruned> {
        self.flush()?;
        self.journal.prune(expired)
    }

    /// Keeps the state as it stands, so that the next start need not fold what led to it.
    ///
    /// # Errors
    /// When the journal cannot append what waits, or keep the state.
    pub fn checkpoint(&mut self) -> Result<()> {
        self.flush()?;
        let head = self.journal.head();
        let (position, fact) = (head.position, head.fact);
        let bytes = self.engine.checkpoint();
        self.journal.put_checkpoint(&Checkpoint { position, fact, format: FORMAT, bytes })
    }

    /// The journal, for questions.
    #[must_use]
    pub fn journal(&self) -> &J {
        &self.journal
    }

    /// Stores a large thing by its hash.
    ///
    /// # Errors
    /// When the journal cannot.
    pub fn put_blob(&mut self, bytes: &[u8]) -> Result<Hash16> {
        self.journal.put_blob(bytes)
    }

    /// Stores large things by their hashes, together.
    ///
    /// # Errors
    /// When the journal cannot.
    pub fn put_blobs<'a, I: IntoIterator<Item = &'a [u8]>>(&mut self, all: I) -> Result<()> {
        self.journal.put_blobs(&mut all.into_iter())
    }

    /// An instant that does not lie before the last one that was recorded, though the clock may.
    #[must_use]
    pub fn not_before(&self, now: Time) -> Time {
        now.max(self.journal.head().recorded_at)
    }

    /// Makes identities known that no event has named, and makes that durable.
    ///
    /// # Errors
    /// When the journal cannot append.
    pub fn introduce(&mut self, found: impl IntoIterator<Item = Identity>, recorded_at: Time) -> Result<()> {
        for identity in found {
            for fact in self.engine.introduce(identity) {
                self.queue_fact(fact, recorded_at);
            }
        }
        self.flush()
    }

    /// Takes the record of a decision, whose place in the log names it. It is durable after [`Self::flush`]. An
    /// enforcement point that nobody has spoken of becomes known by it.
    ///
    /// # Errors
    /// When the journal cannot append.
    pub fn take_decision(&mut self, mut seen: Observation) -> Result<()> {
        if let Some(made) = &seen.decision
            && !self.engine.state.control.peps.contains_key(&made.pep)
        {
            let set = PepSet::by_itself(&made.pep);
            match self.admit(&Command::SetPep(set), Time::from_ms(seen.recorded_at_ms))? {
                Ok(_) => tracing::warn!(
                    pep = made.pep,
                    "a new enforcement point is in shadow until its mode is set"
                ),
                Err(refusal) => {
                    tracing::warn!(%refusal, pep = made.pep, "an enforcement point stays unknown");
                }
            }
        }
        let partition = Partition::of(self.engine.tenant(), &seen.identity);
        seen.partition = u32::from(partition.0);
        let before = self.partitions.get(usize::from(partition.0)).copied().unwrap_or_default();
        let place = Hash16::of_parts(&[&partition.0.to_le_bytes(), &before.to_le_bytes()]);
        seen.event.id = place.to_string();
        self.queue_observation(Box::new(seen), None);
        Ok(())
    }

    /// The engine, for questions.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Takes an event, recorded at an instant that never goes back. It is durable after [`Self::flush`].
    ///
    /// # Errors
    /// When the journal cannot tell whether it knows the event, or cannot append.
    pub fn take(&mut self, event: Box<Event>, moment: Moment) -> Result<()> {
        let Moment { recorded_at, tick_at, arrival, trust } = moment;
        self.tick(tick_at, recorded_at)?;
        // What an event changes depends on all that is known before it.
        let told = read(&event);
        if told.is_some() && self.may_concern(&event) {
            self.flush()?;
        }
        let conflict = match self.journal.check(&event)? {
            Seen::Duplicate => {
                self.counts.duplicate += 1;
                return Ok(());
            }
            Seen::Conflict => true,
            Seen::New => false,
        };
        self.counts.accepted += 1;
        self.counts.conflict += u64::from(conflict);
        let Identified { facts, mut seen, who } = self.engine.identify(event, recorded_at, arrival);
        (seen.conflict, seen.trust) = (conflict, trust.into());
        self.counts.late += u64::from(seen.late);
        let changes = told.map(|told| self.changes(&seen, told)).unwrap_or_default();
        self.texts.extend(changes.texts);
        for fact in facts.into_iter().chain(changes.facts) {
            self.queue_fact(fact, recorded_at);
        }
        self.queue_observation(seen, Some(who));
        if self.batch.len() >= BATCH_RECORDS_MAX { self.flush() } else { Ok(()) }
    }

    /// Admits a command and makes what it leads to durable. The inner result is the last fact, or the refusal.
    ///
    /// # Errors
    /// When the journal cannot append: then the command was not given, and will not be.
    pub fn admit(
        &mut self,
        command: &Command,
        recorded_at: Time,
    ) -> Result<std::result::Result<FactNumber, Refusal>> {
        self.admit_under(command, None, recorded_at)
    }

    /// The same; what it was answered under a key is recorded with the facts that it leads to.
    ///
    /// # Errors
    /// As [`Self::admit`].
    pub fn admit_under(
        &mut self,
        command: &Command,
        answered: Option<CommandAnswered>,
        recorded_at: Time,
    ) -> Result<std::result::Result<FactNumber, Refusal>> {
        self.flush()?;
        let facts = match self.engine.admit(command, recorded_at) {
            Ok(facts) => facts,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let before = self.numbered;
        for fact in facts {
            self.queue_fact(fact, recorded_at);
        }
        let last = self.numbered;
        if let Some(answered) = answered {
            self.queue_fact(Fact::CommandAnswered(CommandAnswered { fact: last.0, ..answered }), recorded_at);
        }
        // One append for all of it: either the command was given, or nothing of it was.
        if let Err(error) = self.commit() {
            self.batch.clear();
            self.named.clear();
            self.numbered = before;
            return Err(error);
        }
        Ok(Ok(last))
    }

    /// Lets time pass, if enough has: sweeps run at ticks.
    ///
    /// # Errors
    /// When the journal cannot append.
    pub fn tick(&mut self, at: Time, recorded_at: Time) -> Result<()> {
        if !self.engine.is_tick_due(at) {
            return Ok(());
        }
        self.flush()?;
        self.queue_fact(Fact::Tick(Tick { at_ms: at.ms() }), recorded_at);
        self.flush()
    }

    /// Makes what was taken durable, then steps it, and so on with what follows from it.
    ///
    /// # Errors
    /// When the journal cannot append: then nothing of the batch was stepped.
    pub fn flush(&mut self) -> Result<()> {
        while self.commit()? {}
        Ok(())
    }

    /// Makes what was taken durable, then steps it. Says whether something follows, which waits to be made durable.
    ///
    /// # Errors
    /// When the journal cannot append: then nothing of the batch was stepped.
    pub fn commit(&mut self) -> Result<bool> {
        if self.batch.is_empty() {
            return Ok(false);
        }
        let facts_seen = self.engine.state.control.fact_number;
        for text in &self.texts {
            self.journal.put_blob(text.as_bytes())?;
        }
        self.texts.clear();
        self.journal.append(Batch { records: &self.batch, facts_seen })?;
        // What follows is recorded after all of the batch.
        let now = self.journal.head().recorded_at;
        let named = std::mem::take(&mut self.named);
        for (record, who) in std::mem::take(&mut self.batch).into_iter().zip(named) {
            for fact in self.engine.step_as(&record, who) {
                self.queue_fact(fact, now);
            }
            if let Some(told) = &mut self.told {
                told.extend(fact_of(record));
            }
        }
        Ok(!self.batch.is_empty())
    }

    /// The holds that are placed and wait to be made durable.
    pub fn waiting_holds(&self) -> impl Iterator<Item = &Hold> {
        self.batch.iter().filter_map(|record| match record {
            Record::Fact(fact) => match &fact.fact {
                Some(Fact::HoldPlaced(hold)) => Some(hold),
                _ => None,
            },
            Record::Observation(_) => None,
        })
    }

    /// Whether what waits may tell of what an event changes: another change, or somebody of its account.
    fn may_concern(&self, event: &Event) -> bool {
        let mut waiting = self.batch.iter().filter_map(|record| match record {
            Record::Fact(waiting) => waiting.fact.as_ref(),
            Record::Observation(_) => None,
        });
        waiting.any(|fact| match fact {
            Fact::IdentityFound(found) => found.id.contains(&event.account) || found.account == event.account,
            Fact::CredentialFound(found) => found.identity.contains(&event.account),
            fact => fact.is_of_inventory(),
        })
    }

    /// What the event of an observation changes in the inventory by what it says.
    fn changes(&mut self, seen: &Observation, told: Told) -> Changes {
        let journal = &self.journal;
        let text = |hash| journal.blob(hash).ok().flatten();
        self.engine.changes(seen, told, &|hash| text(hash).and_then(|bytes| String::from_utf8(bytes).ok()))
    }

    fn queue_fact(&mut self, fact: Fact, recorded_at: Time) {
        self.numbered = self.numbered.next();
        let record =
            FactRecord { number: self.numbered.0, recorded_at_ms: recorded_at.ms(), fact: Some(fact) };
        self.batch.push(Record::Fact(Box::new(record)));
        self.named.push(None);
    }

    fn queue_observation(&mut self, mut seen: Box<Observation>, who: Option<Symbol>) {
        if let Some(n) = self.partitions.get_mut(usize::from(seen.partition().0)) {
            *n += 1;
            seen.n = *n;
        }
        self.batch.push(Record::Observation(seen));
        self.named.push(who);
    }
}

/// How many records wait for one append at most.
const BATCH_RECORDS_MAX: usize = 1_000;
