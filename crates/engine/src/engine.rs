//! The engine: state, the rules it is judged by, and the step.

use doorward_detect::{Judging, Settings, Standard, inspect};
use doorward_intake::change::Told;
use doorward_model::command::{Command, Refusal};
use doorward_model::event::Event;
use doorward_model::hash::Hash16;
use doorward_model::id::TenantId;
use doorward_model::identity::Identity;
use doorward_model::record::{Fact, FactRecord, Observation, Record};
use doorward_model::time::{Millis, Time};
use doorward_respond::{Ladder, plan};
use doorward_views::checkpoint::CheckpointError;
use doorward_views::shard::Pending;
use doorward_views::state::{Budget, State};
use doorward_views::symbols::Symbol;
use prost::Message;

use crate::admit::admit;
use crate::change::{Changes, changes};
use crate::identify::Announced;

/// When what is judged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Judge {
    /// Events that happened before are only learned from.
    pub from: Time,
    /// How the others are judged.
    pub judging: Judging,
}

/// How an event came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arrival {
    /// By itself, from a source that goes on sending: what comes after its reorder window is late.
    Live,
    /// With others that lie there already and are taken in order: none of them is late.
    Filed,
}

/// What the engine goes by, beside the records.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rules {
    /// When what is judged.
    pub judge: Judge,
    /// How eager the detectors are.
    pub settings: Settings,
    /// What follows from findings.
    pub ladder: Ladder,
}

impl Default for Rules {
    /// All is judged, as eagerly and with the consequences that the detectors and the ladder have by default.
    fn default() -> Self {
        Self {
            judge: Judge { from: Time::MIN, judging: Judging::Full },
            settings: Settings::default(),
            ladder: Ladder::default(),
        }
    }
}

/// An event with a name to it.
#[derive(Debug)]
pub struct Identified {
    /// What it makes known for the first time, to be recorded before it.
    pub facts: Vec<Fact>,
    /// The observation.
    pub seen: Box<Observation>,
    /// Its identity in this engine, for [`Engine::step_as`].
    pub who: Symbol,
}

/// The state and the rules.
#[derive(Clone, Debug)]
pub struct Engine {
    /// The fold of all records so far.
    pub state: State,
    tenant: TenantId,
    rules: Rules,
    announced: Announced,
    /// How many automatic holds follow from what was stepped and have not been stepped themselves; none between two
    /// batches, where checkpoints are made.
    planned: usize,
    seed: u64,
}

impl Engine {
    /// Has seen nothing. `shards` and `seed` change no result: see [`State::new`].
    #[must_use]
    pub fn new(tenant: TenantId, rules: Rules, shards: usize, seed: u64) -> Self {
        let mut state = State::new(tenant.clone(), shards, seed);
        let Settings { cases_per_day, parameters } = rules.settings;
        state.budget = Budget { cases_per_day, threshold_milli: parameters.floor_milli, since: None };
        Self { state, tenant, announced: Announced::new(seed), planned: 0, rules, seed }
    }

    /// Names the identity of an event, in which the place in its partition is still to be given.
    pub fn identify(&mut self, event: Box<Event>, recorded_at: Time, arrival: Arrival) -> Identified {
        let behind = self.state.arrivals.take(&event, recorded_at);
        let State { resolver, symbols, .. } = &mut self.state;
        let late = behind && arrival == Arrival::Live;
        self.announced.identify((resolver, symbols), event, recorded_at, late)
    }

    /// The facts of the inventory that follow from what the event of an observation says, over the state as it stands:
    /// all facts before it have to be stepped. They are recorded before it. `text_of` gives the text of a stored document.
    #[must_use]
    pub fn changes(
        &mut self,
        seen: &Observation,
        told: Told,
        text_of: &dyn Fn(Hash16) -> Option<String>,
    ) -> Changes {
        let changes = changes(&self.state.control, seen, told, text_of);
        // As after a restart: what is known by these is not made known again.
        changes.facts.iter().for_each(|fact| self.announced.recall(fact));
        changes
    }

    /// All of it as bytes, to be loaded by [`Self::load`].
    #[must_use]
    pub fn checkpoint(&self) -> Vec<u8> {
        EngineImage {
            state: self.state.to_checkpoint(),
            threshold_milli: self.state.budget.threshold_milli,
            first_tick_ms: self.state.budget.since.map(Time::ms),
        }
        .encode_to_vec()
    }

    /// Takes up what was written, in place of what it knows, and returns the facts that lead to its control state,
    /// in order. `format` is [`doorward_views::checkpoint::FORMAT`] as of the writing.
    ///
    /// # Errors
    /// When the bytes are no engine of a format that this release loads; nothing is changed then.
    pub fn load(&mut self, bytes: &[u8], format: u32) -> Result<Vec<Fact>, CheckpointError> {
        let image = EngineImage::decode(bytes)?;
        let (state, facts) = State::from_checkpoint(&image.state, format, self.tenant.clone(), self.seed)?;
        self.state = state;
        self.announced = Announced::new(self.seed);
        facts.iter().for_each(|fact| self.announced.recall(fact));
        self.state.budget = Budget {
            cases_per_day: self.rules.settings.cases_per_day,
            threshold_milli: image.threshold_milli,
            since: image.first_tick_ms.map(Time::from_ms),
        };
        Ok(facts)
    }

    /// Whose records these are.
    #[must_use]
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// Makes an identity known that no event has named: one of an export or of a policy set. Returns the facts.
    pub fn introduce(&mut self, found: Identity) -> Vec<Fact> {
        self.announced.introduce(found)
    }

    /// Whether so much time has passed since the last tick that `now` should be one.
    #[must_use]
    pub fn is_tick_due(&self, now: Time) -> bool {
        let minute = |time: Time| time.ms().div_euclid(Millis::MINUTE.0);
        minute(now) > minute(self.state.control.now)
    }

    /// Inspects a record against the state before it, folds it in, and returns the facts that follow from it.
    pub fn step(&mut self, record: &Record) -> Vec<Fact> {
        self.step_as(record, None)
    }

    /// The same, where this very engine has just said who acted: it need not look for the name again.
    pub fn step_as(&mut self, record: &Record, who: Option<Symbol>) -> Vec<Fact> {
        match record {
            Record::Fact(fact) => self.step_fact(fact),
            Record::Observation(seen) => self.step_observation(seen, who),
        }
    }

    /// Steps a record that was recorded in an earlier run: also what [`Self::identify`] remembers is built again. The
    /// facts that follow were recorded, too, unless that run ended in between.
    pub fn replay(&mut self, record: &Record) -> Vec<Fact> {
        match record {
            Record::Fact(fact) => fact.fact.iter().for_each(|fact| self.announced.recall(fact)),
            Record::Observation(seen) if seen.decision.is_none() => {
                // The resolver is rebuilt by reading the log in order; what it makes known is in the log.
                let recorded_at = Time::from_ms(seen.recorded_at_ms);
                drop(self.identify(seen.event.clone(), recorded_at, Arrival::Live));
            }
            Record::Observation(_) => {}
        }
        self.step(record)
    }

    /// Forgets facts that follow by these rules from what was replayed, because the run that recorded the log went by
    /// others and did not find them: they are not the case, and hold back nothing that is found from now on.
    pub fn forget(&mut self, facts: Vec<Fact>) {
        self.planned = 0;
        for fact in facts {
            if let Fact::FindingRaised(finding) = fact {
                self.state.forget_burst(&finding);
            }
        }
    }

    fn step_fact(&mut self, record: &FactRecord) -> Vec<Fact> {
        if record.number() <= self.state.control.fact_number {
            return Vec::new();
        }
        self.state.fold_fact(record);
        match &record.fact {
            Some(Fact::Tick(tick)) => self.sweep(Time::from_ms(tick.at_ms)),
            Some(fact) if is_automatic_hold(fact) => {
                self.planned = self.planned.saturating_sub(1);
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn step_observation(&mut self, seen: &Observation, who: Option<Symbol>) -> Vec<Fact> {
        if self.state.has_folded(seen) {
            return Vec::new();
        }
        let probe = self.state.probe(seen, who);
        if seen.by_platform || seen.decision.is_some() {
            self.state.fold_observation(seen, &probe, Vec::new());
            return Vec::new();
        }
        let standard = Standard {
            judging: self.judging(seen.event.happened_at()),
            threshold_milli: self.state.budget.threshold_milli,
            parameters: &self.rules.settings.parameters,
        };
        let mut found = inspect(&self.state, seen, &probe, &standard);
        let arrived_late = seen.recorded_at_ms - seen.event.happened_at_ms > RESPONSE_MAX.0;
        for fact in &mut found.facts {
            if let Fact::FindingRaised(finding) | Fact::FindingGrown(finding) = fact {
                finding.historical = arrived_late;
            }
        }
        self.state.fold_observation(seen, &probe, found.bursts);
        let now = Time::from_ms(seen.recorded_at_ms);
        found.facts.into_iter().flat_map(|fact| self.answered(fact, now)).collect()
    }

    /// A finding with the holds that follow from it, so that one commit makes all of them durable.
    fn answered(&mut self, fact: Fact, now: Time) -> Vec<Fact> {
        let holds = match &fact {
            Fact::FindingRaised(finding) | Fact::FindingGrown(finding) => {
                plan(&self.state, finding, &self.rules.ladder, self.planned, now)
            }
            _ => Vec::new(),
        };
        self.planned += holds.iter().filter(|fact| is_automatic_hold(fact)).count();
        std::iter::once(fact).chain(holds).collect()
    }

    /// Admits a command against the state before it, see [`admit`](crate::admit::admit); what is recommended because of
    /// the findings that it raises is among the facts.
    ///
    /// # Errors
    /// [`Refusal`]: then nothing changes.
    pub fn admit(&self, command: &Command, now: Time) -> Result<Vec<Fact>, Refusal> {
        let facts = admit(&self.state, command, now)?;
        let follows = |fact: &Fact| match fact {
            Fact::FindingRaised(finding) | Fact::FindingGrown(finding) => {
                plan(&self.state, finding, &self.rules.ladder, self.planned, now)
            }
            _ => Vec::new(),
        };
        let with_holds = |fact: Fact| {
            let holds = follows(&fact);
            std::iter::once(fact).chain(holds)
        };
        Ok(facts.into_iter().flat_map(with_holds).collect())
    }

    fn judging(&self, happened_at: Time) -> Judging {
        let Judge { from, judging } = self.rules.judge;
        if happened_at < from { Judging::Learn } else { judging }
    }

    /// Ends days that are over, tells what crosses identities, and sets the threshold anew.
    fn sweep(&mut self, now: Time) -> Vec<Fact> {
        self.state.end_day(now);
        let first = *self.state.budget.since.get_or_insert(now);
        let Settings { cases_per_day, parameters } = self.rules.settings;
        let watched = u32::try_from((now - first).0 / Millis::DAY.0).unwrap_or(0);
        let days = watched.saturating_sub(parameters.warm_up_days).max(1);
        let peers = &self.state.control.peers;
        self.state.budget.threshold_milli =
            peers.pressure_threshold_milli(cases_per_day, days, parameters.floor_milli);
        let mut pending = Pending::new(self.seed);
        for shard in self.state.shards_mut() {
            shard.sweep(now);
            pending.merge(shard.take_pending());
        }
        // The peaks that are told now are those of days before.
        if watched <= parameters.warm_up_days {
            pending.forget_pressures();
        }
        pending.into_summaries(&self.state.symbols).into_iter().map(Fact::Summary).collect()
    }
}

#[derive(Clone, PartialEq, Message)]
struct EngineImage {
    #[prost(bytes = "vec", tag = "1")]
    state: Vec<u8>,
    #[prost(uint64, tag = "2")]
    threshold_milli: u64,
    #[prost(int64, optional, tag = "3")]
    first_tick_ms: Option<i64>,
}

/// Whether a fact is one that only a step leads to, and neither a command nor an event.
#[must_use]
pub fn follows(fact: &Fact) -> bool {
    match fact {
        Fact::FindingRaised(_) | Fact::FindingGrown(_) | Fact::Summary(_) | Fact::HoldRecommended(_) => true,
        Fact::HoldPlaced(_) => is_automatic_hold(fact),
        Fact::IdentityFound(_)
        | Fact::CredentialFound(_)
        | Fact::EdgeFound(_)
        | Fact::EntitlementObserved(_)
        | Fact::PolicyFound(_)
        | Fact::GroupFound(_)
        | Fact::ResourceFound(_)
        | Fact::OrganisationNodeFound(_)
        | Fact::PermissionSetFound(_)
        | Fact::AssignmentFound(_)
        | Fact::MembershipFound(_)
        | Fact::AccessFindingFound(_)
        | Fact::LastUseFound(_)
        | Fact::Withdrawn(_)
        | Fact::InventoryChanged(_)
        | Fact::ImportCommitted(_)
        | Fact::Tick(_)
        | Fact::HoldReleased(_)
        | Fact::PolicyPublished(_)
        | Fact::PepSet(_)
        | Fact::TokenIssued(_)
        | Fact::TokenRevoked(_)
        | Fact::CommandAnswered(_)
        | Fact::IdentityKilled(_)
        | Fact::IdentityRevived(_)
        | Fact::PrivilegeMeasured(_)
        | Fact::DecisionsMissing(_) => false,
    }
}

fn is_automatic_hold(fact: &Fact) -> bool {
    matches!(fact, Fact::HoldPlaced(hold) if !hold.finding.is_empty())
}

/// What happened longer before its arrival causes no response.
pub(crate) const RESPONSE_MAX: Millis = Millis::HOUR;
