//! The real engine over a journal in memory, without a disk or a clock of its own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use arc_swap::ArcSwap;
use doorward_engine::admit::admit;
use doorward_engine::{Arrival, Engine, Identified, Rules};
use doorward_journal::{Batch, Journal, Keep, Memory, Seen};
use doorward_model::command::Command;
use doorward_model::event::{Actor, Event};
use doorward_model::id::{FactNumber, Partition, TenantId};
use doorward_model::identity::Identity;
use doorward_model::record::{
    CommandAnswered, DecisionRecord, Fact, FactRecord, Observation, PolicyPublished, Record,
};
use doorward_model::time::{Millis, Time};
use doorward_policy::policy_set::PolicySet;
use doorward_policy::world::{Settings, World};
use doorward_proof::{Ed25519, LogEnd, Signer, Tokens, sign_head};
use doorward_serve::handle::{DecisionMade, Done, IngestAnswer, Peps, Terms, Work, WorkError, tokens_of};
use doorward_serve::{idempotency, policy_files};
use doorward_views::publish::{POLICY_PLATFORM, Publisher};
use tokio::sync::mpsc;

use crate::support;

pub(crate) struct Shared {
    pub(crate) world: Arc<ArcSwap<World>>,
    pub(crate) tokens: Arc<ArcSwap<Tokens>>,
    pub(crate) peps: Arc<ArcSwap<Peps>>,
}

pub(crate) struct Writer {
    journal: Memory,
    engine: Engine,
    publisher: Publisher,
    pub(crate) shared: Arc<Shared>,
}

impl Writer {
    pub(crate) fn new() -> Self {
        let mut publisher = Publisher::new(1);
        let none = Arc::new(PolicySet::load(&Default::default()).unwrap());
        let world = World::new(publisher.publish(FactNumber(0)), Arc::default(), none, Settings::default());
        let shared = Shared {
            world: Arc::new(ArcSwap::from_pointee(world)),
            tokens: Arc::default(),
            peps: Arc::default(),
        };
        Self {
            journal: Memory::new(Keep::All).unwrap(),
            engine: Engine::new(TenantId::from("test"), Rules::default(), 1, 1),
            publisher,
            shared: Arc::new(shared),
        }
    }

    /// Keeps signed heads of the first rows, one for each.
    pub(crate) fn sign(&mut self, rows: u64) {
        let key = Ed25519::from_seed(&[7; 32]).unwrap();
        for row in 1..=rows {
            let end = LogEnd {
                row,
                hash: [u8::try_from(row).unwrap(); 32],
                recorded_at: Time::from_ms(1_800_000_000_000),
                fact: FactNumber(row * 10),
            };
            let signed = sign_head(&TenantId::from("test"), &end, &key).unwrap();
            self.journal.put_signed_head(&signed, key.public_key().bytes()).unwrap();
        }
    }

    /// Works until nobody can ask any more.
    pub(crate) fn run(mut self, mut work: mpsc::Receiver<Work>, decisions: &Receiver<DecisionMade>) {
        while let Some(work) = work.blocking_recv() {
            decisions.try_iter().for_each(|made| self.decision(made));
            self.work(work);
        }
    }

    fn work(&mut self, work: Work) {
        match work {
            Work::Ask(question) => question(&self.engine.state, &self.journal),
            Work::Derived(_) => panic!("nobody derives here"),
            Work::Ingest { events, reply } => {
                let mut answer = IngestAnswer::default();
                for event in events.events {
                    self.event(event, &mut answer);
                }
                drop(reply.send(Ok(answer)));
            }
            Work::Command { command, terms, reply } => {
                drop(reply.send(self.once(terms, |writer, answered| writer.admit(&command, answered))));
            }
            Work::PublishPolicy { files, published, terms, reply } => {
                let publish = |writer: &mut Self, answered| writer.publish(&files, published, answered);
                drop(reply.send(self.once(terms, publish)));
            }
        }
    }

    fn once(
        &mut self,
        Terms { by, idempotency, condition }: Terms,
        act: impl FnOnce(&mut Self, Option<CommandAnswered>) -> Result<Done, WorkError>,
    ) -> Result<Done, WorkError> {
        let state = &self.engine.state;
        if let Some(done) = idempotency::before(&state.control, &by, idempotency.as_ref(), now())? {
            return Ok(done);
        }
        if condition.is_some_and(|holds| !holds(state)) {
            return Err(WorkError::Changed);
        }
        act(self, idempotency.map(|idempotency| idempotency::answered(&by, &idempotency, now())))
    }

    pub(crate) fn command(&mut self, command: &Command) -> Done {
        self.admit(command, None).unwrap()
    }

    pub(crate) fn publish_policy(&mut self, files: &BTreeMap<String, String>, published: PolicyPublished) {
        self.publish(files, published, None).unwrap();
    }

    fn admit(&mut self, command: &Command, answered: Option<CommandAnswered>) -> Result<Done, WorkError> {
        let mut facts = admit(&self.engine.state, command, now())?;
        let (id, fact) = (command.id(), self.journal.head().fact.0 + facts.len() as u64);
        let answered = answered.map(|answered| CommandAnswered { fact, id: id.clone(), ..answered });
        facts.extend(answered.map(Fact::CommandAnswered));
        self.append(facts, None);
        Ok(Done { fact: FactNumber(fact), id, again: false })
    }

    fn publish(
        &mut self,
        files: &BTreeMap<String, String>,
        published: PolicyPublished,
        answered: Option<CommandAnswered>,
    ) -> Result<Done, WorkError> {
        for text in files.values() {
            self.journal.put_blob(text.as_bytes()).unwrap();
        }
        let (set, entities) = policy_files::read(files).unwrap();
        let settings = Settings { mode: published.mode(), risk_max: published.risk_max };
        let done = self.admit(&Command::PublishPolicy(published), answered)?;
        let mut found = Vec::new();
        for row in &entities {
            let Some(kind) = row.identity else { continue };
            let (id, platform) = (row.name.id.to_string(), POLICY_PLATFORM.to_owned());
            let identity = Identity { id, kind: kind.into(), platform, ..Identity::default() };
            found.extend(self.engine.introduce(identity));
        }
        self.publisher.put_entities(entities, &self.engine.state.control).unwrap();
        let world = World::new(self.publisher.publish(done.fact), Arc::default(), Arc::new(set), settings);
        self.shared.world.store(Arc::new(world));
        self.append(found, None);
        Ok(done)
    }

    fn event(&mut self, event: Box<Event>, answer: &mut IngestAnswer) {
        let known = self.journal.check(&event).unwrap();
        if known == Seen::Duplicate {
            answer.duplicate += 1;
            return;
        }
        let Identified { facts, mut seen, .. } = self.engine.identify(event, now(), Arrival::Live);
        seen.conflict = known == Seen::Conflict;
        answer.accepted += 1;
        answer.conflicting += u64::from(seen.conflict);
        answer.late += u64::from(seen.late);
        self.append(facts, Some(*seen));
    }

    fn decision(&mut self, made: DecisionMade) {
        let event = Event {
            source: "doorward".to_owned(),
            happened_at_ms: made.at.ms(),
            action: made.action,
            actor: Actor { user_name: made.subject.1, ..Actor::default() },
            request_id: made.request_id,
            ..Event::default()
        };
        let partition = Partition::of(self.engine.tenant(), &made.decision.identity);
        let seen = Observation {
            partition: u32::from(partition.0),
            identity: made.decision.identity.clone(),
            told_session: made.session,
            event: Box::new(event),
            decision: Some(Box::new(DecisionRecord {
                pep: made.pep,
                resource_type: made.resource.0,
                decision: made.decision,
                task: made.task,
                tool: made.tool,
                caller: made.caller.into(),
            })),
            ..Observation::default()
        };
        self.append(Vec::new(), Some(seen));
    }

    /// Records, at an instant that never goes back, folds, and goes on with what follows; then readers see it.
    fn append(&mut self, mut facts: Vec<Fact>, mut seen: Option<Observation>) {
        while !facts.is_empty() || seen.is_some() {
            let head = self.journal.head();
            let recorded_at_ms = now().max(head.recorded_at).ms();
            let mut records: Vec<_> = (head.fact.0 + 1..)
                .zip(facts.drain(..))
                .map(|(number, fact)| FactRecord { number, recorded_at_ms, fact: Some(fact) })
                .map(|fact| Record::Fact(Box::new(fact)))
                .collect();
            records.extend(seen.take().map(|seen| {
                let n = head.last_n(seen.partition()) + 1;
                Record::Observation(Box::new(Observation { n, recorded_at_ms, ..seen }))
            }));
            let facts_seen = self.engine.state.control.fact_number;
            self.journal.append(Batch { records: &records, facts_seen }).unwrap();
            for record in &records {
                facts.extend(self.engine.step(record));
                if let Record::Fact(record) = record {
                    let fact = record.fact.as_ref().unwrap();
                    self.publisher.fold(fact, &self.engine.state.control);
                }
            }
        }
        self.share();
    }

    fn share(&mut self) {
        let control = &self.engine.state.control;
        let snapshot = self.publisher.publish(control.fact_number);
        let later = self.shared.world.load().later(snapshot, Arc::default());
        self.shared.world.store(Arc::new(later));
        self.shared.tokens.store(Arc::new(tokens_of(&self.engine.state)));
        self.shared.peps.store(Arc::new(Peps::of(control.peps.values())));
    }
}

/// A second behind the clock of the door, so that a proof told in whole seconds comes after the hold that asks for it.
fn now() -> Time {
    support::now() - Millis::SECOND
}
