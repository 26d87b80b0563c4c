//! A writer without a journal: everything that the engine gives back is numbered and stepped again.

use std::collections::BTreeMap;

use doorward_engine::admit::admit;
use doorward_engine::{Arrival, Changes, Engine, Identified, Rules};
use doorward_intake::change::read;
use doorward_intake::{Item, Limits, Reader};
use doorward_model::command::Command;
use doorward_model::event::Event;
use doorward_model::hash::Hash16;
use doorward_model::id::{Partition, TenantId};
use doorward_model::inventory::AccountExport;
use doorward_model::record::{DecisionRecord, Fact, FactRecord, Observation, Record, Tick};
use doorward_model::time::Time;
use doorward_simulate::{Plan, files};

/// The events of a plan, in the total order.
pub(crate) fn events(plan: &Plan) -> Vec<Event> {
    let mut events = Vec::new();
    files(plan, &mut |path, bytes| {
        if path.starts_with("AWSLogs/") {
            events.extend(parse(bytes));
        }
    });
    events.sort_by(Event::order);
    events
}

/// The exports of a plan, in the order in which they are taken in.
pub(crate) fn exports(plan: &Plan) -> Vec<AccountExport> {
    let mut exports = Vec::new();
    files(plan, &mut |path, bytes| {
        let mut take = |item| match item {
            Item::Export(export) => exports.push(*export),
            Item::Event(_) | Item::Wrapped { .. } => {}
            other => panic!("{other:?}"),
        };
        if path.starts_with("iam/") {
            let mut reader = Reader::new("test", Limits::default());
            reader.push(bytes, &mut take);
            reader.finish(&mut take);
        }
    });
    exports.sort_by(AccountExport::order);
    exports
}

/// The events of a file; panics on anything else in it.
pub(crate) fn parse(bytes: &[u8]) -> Vec<Event> {
    let mut events = Vec::new();
    let mut take = |item| match item {
        Item::Event(event) => events.push(*event),
        Item::Wrapped { .. } => {}
        other => panic!("{other:?}"),
    };
    let mut reader = Reader::new("test", Limits::default());
    reader.push(bytes, &mut take);
    reader.finish(&mut take);
    events
}

pub(crate) struct Driver {
    pub(crate) engine: Engine,
    pub(crate) records: Vec<Record>,
    /// Documents that facts name.
    pub(crate) texts: BTreeMap<Hash16, String>,
    facts: u64,
    observations: Vec<u64>,
}

impl Driver {
    pub(crate) fn new(shards: usize, seed: u64) -> Self {
        let engine = Engine::new(TenantId::from("test"), Rules::default(), shards, seed);
        let observations = vec![0; usize::from(Partition::COUNT)];
        Self { engine, records: Vec::new(), texts: BTreeMap::new(), facts: 0, observations }
    }

    pub(crate) fn take(&mut self, event: Event) {
        let now = event.happened_at();
        if self.engine.is_tick_due(now) {
            self.fact(Fact::Tick(Tick { at_ms: now.ms() }), now);
        }
        let Identified { facts, mut seen, .. } = self.engine.identify(Box::new(event), now, Arrival::Filed);
        facts.into_iter().for_each(|fact| self.fact(fact, now));
        let text_of = |hash| self.texts.get(&hash).cloned();
        let changes = read(&seen.event).map(|told| self.engine.changes(&seen, told, &text_of));
        let Changes { facts, texts } = changes.unwrap_or_default();
        self.texts.extend(texts.into_iter().map(|text| (Hash16::of(text.as_bytes()), text)));
        facts.into_iter().for_each(|fact| self.fact(fact, now));
        let n = &mut self.observations[usize::from(seen.partition().0)];
        *n += 1;
        seen.n = *n;
        self.record(Record::Observation(seen), now);
    }

    /// A decision about an identity, of a task and a tool.
    pub(crate) fn decided(&mut self, identity: &str, told: [&str; 4], now: Time) {
        let [pep, session, task, tool] = told.map(str::to_owned);
        let partition = Partition::of(&TenantId::from("test"), identity);
        let n = &mut self.observations[usize::from(partition.0)];
        *n += 1;
        let seen = Observation {
            partition: partition.0.into(),
            n: *n,
            recorded_at_ms: now.ms(),
            identity: identity.to_owned(),
            told_session: session,
            event: Box::new(Event {
                happened_at_ms: now.ms(),
                action: "read".to_owned(),
                ..Event::default()
            }),
            decision: Some(Box::new(DecisionRecord { pep, task, tool, ..DecisionRecord::default() })),
            ..Observation::default()
        };
        self.record(Record::Observation(Box::new(seen)), now);
    }

    /// Takes in an export, and returns the facts that it leads to.
    pub(crate) fn import(&mut self, export: &AccountExport, now: Time) -> Vec<Fact> {
        let command = Command::Import(Box::new(export.clone()));
        let facts = admit(&self.engine.state, &command, now).unwrap();
        facts.iter().cloned().for_each(|fact| self.fact(fact, now));
        facts
    }

    pub(crate) fn fact(&mut self, fact: Fact, now: Time) {
        let record = self.numbered(fact, now);
        self.record(record, now);
    }

    fn numbered(&mut self, fact: Fact, now: Time) -> Record {
        self.facts += 1;
        let record = FactRecord { number: self.facts, recorded_at_ms: now.ms(), fact: Some(fact) };
        Record::Fact(Box::new(record))
    }

    /// Steps a record, then all that follows from it, then all that follows from that.
    fn record(&mut self, record: Record, now: Time) {
        let mut batch = vec![record];
        while !batch.is_empty() {
            let mut follow = Vec::new();
            for record in batch {
                follow.extend(self.engine.step(&record));
                self.records.push(record);
            }
            batch = follow.into_iter().map(|fact| self.numbered(fact, now)).collect();
        }
    }

    pub(crate) fn all(mut self, events: Vec<Event>) -> Self {
        events.into_iter().for_each(|event| self.take(event));
        self
    }
}
