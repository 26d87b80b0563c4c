//! A writer over a journal in memory: commands are admitted and records folded as ever; only the detectors are absent.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use arc_swap::ArcSwap;
use doorward_engine::admit::admit;
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
use doorward_views::state::State;
use tokio::sync::mpsc;

pub(crate) struct Shared {
    pub(crate) world: Arc<ArcSwap<World>>,
    pub(crate) tokens: Arc<ArcSwap<Tokens>>,
    pub(crate) peps: Arc<ArcSwap<Peps>>,
}

pub(crate) struct Writer {
    journal: Memory,
    state: State,
    publisher: Publisher,
    pub(crate) shared: Arc<Shared>,
    batch: Vec<Record>,
    numbered: u64,
    partitions: Vec<u64>,
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
            state: State::new(TenantId::from("test"), 1, 1),
            publisher,
            shared: Arc::new(shared),
            batch: Vec::new(),
            numbered: 0,
            partitions: vec![0; usize::from(Partition::COUNT)],
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
            self.flush();
            self.work(work);
        }
    }

    fn work(&mut self, work: Work) {
        match work {
            Work::Ask(question) => question(&self.state, &self.journal),
            Work::Ingest { events, reply } => {
                let mut answer = IngestAnswer::default();
                for event in events.events {
                    self.event(*event, events.arrived_at, &mut answer);
                }
                self.flush();
                drop(reply.send(Ok(answer)));
            }
            Work::Command { command, terms, reply } => {
                drop(reply.send(self.once(terms, |writer| writer.command(&command))));
            }
            Work::PublishPolicy { files, published, terms, reply } => {
                drop(reply.send(self.once(terms, |writer| Ok(writer.publish_policy(&files, published)))));
            }
        }
    }

    fn once(
        &mut self,
        Terms { by, idempotency, condition }: Terms,
        act: impl FnOnce(&mut Self) -> Result<Done, WorkError>,
    ) -> Result<Done, WorkError> {
        let now = self.now();
        if let Some(done) = idempotency::before(&self.state.control, &by, idempotency.as_ref(), now)? {
            return Ok(done);
        }
        if condition.is_some_and(|holds| !holds(&self.state)) {
            return Err(WorkError::Changed);
        }
        let done = act(self)?;
        if let Some(idempotency) = idempotency {
            // What was done took a moment, and time does not go back in a journal.
            let now = self.now();
            let answered = idempotency::answered(&by, &idempotency, now);
            let (fact, id) = (done.fact.0, done.id.clone());
            self.fact(Fact::CommandAnswered(CommandAnswered { fact, id, ..answered }), now);
            self.flush();
        }
        Ok(done)
    }

    pub(crate) fn command(&mut self, command: &Command) -> Result<Done, WorkError> {
        let now = self.now();
        for fact in admit(&self.state, command, now)? {
            self.fact(fact, now);
        }
        self.flush();
        Ok(Done { fact: FactNumber(self.numbered), id: command.id(), again: false })
    }

    pub(crate) fn publish_policy(
        &mut self,
        files: &BTreeMap<String, String>,
        published: PolicyPublished,
    ) -> Done {
        for text in files.values() {
            self.journal.put_blob(text.as_bytes()).unwrap();
        }
        let (set, entities) = policy_files::read(files).unwrap();
        let settings = Settings { mode: published.mode(), risk_max: published.risk_max };
        let done = self.command(&Command::PublishPolicy(published)).unwrap();
        let named: Vec<_> =
            entities.iter().filter_map(|row| Some((row.identity?, row.name.id.to_string()))).collect();
        self.publisher.put_entities(entities, &self.state.control).unwrap();
        let snapshot = self.publisher.publish(done.fact);
        let world = World::new(snapshot, Arc::default(), Arc::new(set), settings);
        self.shared.world.store(Arc::new(world));
        for (kind, id) in named {
            let platform = POLICY_PLATFORM.to_owned();
            let found = Identity { id, kind: kind.into(), platform, ..Identity::default() };
            self.fact(Fact::IdentityFound(found), self.now());
        }
        self.flush();
        done
    }

    fn event(&mut self, event: Event, now: Time, answer: &mut IngestAnswer) {
        match self.journal.check(&event).unwrap() {
            Seen::Duplicate => {
                answer.duplicate += 1;
                return;
            }
            Seen::Conflict => answer.conflicting += 1,
            Seen::New => {}
        }
        answer.accepted += 1;
        let late = self.state.arrivals.take(&event, now);
        answer.late += u64::from(late);
        let resolved = self.state.resolver.resolve(&event, &mut self.state.symbols);
        if let Some(principal) = &resolved.principal {
            let found = Identity {
                id: principal.id.clone(),
                kind: principal.kind.into(),
                platform: principal.platform.to_owned(),
                account: principal.account.clone(),
                name: principal.name.clone(),
                unique_id: principal.unique_id.clone(),
                ..Identity::default()
            };
            self.fact(Fact::IdentityFound(found), now);
        }
        self.observation(Observation {
            partition: u32::from(resolved.named.partition.0),
            n: 0,
            recorded_at_ms: now.ms(),
            identity: self.state.symbols.name(resolved.named.id).to_owned(),
            told_session: String::new(),
            chain: resolved.chain.to_vec(),
            late,
            conflict: false,
            by_platform: false,
            event: Box::new(event),
            decision: None,
        });
    }

    fn decision(&mut self, made: DecisionMade) {
        let event = Event {
            source: "doorward".to_owned(),
            id: format!("decision-{}", self.numbered),
            happened_at_ms: made.at.ms(),
            action: made.action,
            actor: Actor { user_name: made.subject.1, ..Actor::default() },
            request_id: made.request_id,
            ..Event::default()
        };
        let identity = made.decision.identity.clone();
        let partition = Partition::of(&TenantId::from("test"), &identity);
        let decision =
            DecisionRecord { pep: made.pep, resource_type: made.resource.0, decision: made.decision };
        self.observation(Observation {
            partition: u32::from(partition.0),
            n: 0,
            recorded_at_ms: self.now().ms(),
            identity,
            told_session: made.session,
            chain: Vec::new(),
            late: false,
            conflict: false,
            by_platform: false,
            event: Box::new(event),
            decision: Some(decision),
        });
    }

    /// A second behind the clock of the door.
    fn now(&self) -> Time {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        (Time::from_ms(i64::try_from(since.as_millis()).unwrap()) - Millis::SECOND)
            .max(self.journal.head().recorded_at)
    }

    fn fact(&mut self, fact: Fact, now: Time) {
        self.numbered += 1;
        let record = FactRecord { number: self.numbered, recorded_at_ms: now.ms(), fact: Some(fact) };
        self.batch.push(Record::Fact(Box::new(record)));
    }

    fn observation(&mut self, mut seen: Observation) {
        let n = &mut self.partitions[usize::from(seen.partition().0)];
        *n += 1;
        seen.n = *n;
        self.batch.push(Record::Observation(Box::new(seen)));
    }

    fn flush(&mut self) {
        let facts_seen = self.state.control.fact_number;
        self.journal.append(Batch { records: &self.batch, facts_seen }).unwrap();
        for record in std::mem::take(&mut self.batch) {
            match record {
                Record::Fact(fact) => {
                    self.state.fold_fact(&fact);
                    fact.fact.iter().for_each(|fact| self.publisher.fold(fact, &self.state.control));
                }
                Record::Observation(seen) => {
                    let probe = self.state.probe(&seen);
                    self.state.fold_observation(&seen, &probe, Vec::new());
                }
            }
        }
        self.share();
    }

    fn share(&mut self) {
        let control = &self.state.control;
        let world = self.shared.world.load();
        let snapshot = self.publisher.publish(control.fact_number);
        self.shared.world.store(Arc::new(world.later(snapshot, Arc::default())));
        self.shared.tokens.store(Arc::new(tokens_of(control)));
        self.shared.peps.store(Arc::new(Peps::of(control.peps.values())));
    }
}
