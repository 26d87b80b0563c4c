//! A node that is not the writer: it folds what the log gets, as it comes, and answers from that alone.

use std::ops::ControlFlow;
use std::sync::Arc;

use doorward_engine::Engine;
use doorward_journal::{Content, Journal, Position};
use doorward_model::id::FactNumber;
use doorward_model::record::{Fact, PolicyPublished, Record};
use doorward_policy::policy_set::PolicySet;
use doorward_policy::world::{Settings, World};
use doorward_serve::policy_files;
use doorward_views::publish::Publisher;

use crate::perimeter::Way;

pub(crate) struct Node {
    pub(crate) engine: Engine,
    pub(crate) world: World,
    publisher: Publisher,
    read: Position,
}

impl Node {
    pub(crate) fn new(way: &Way) -> Self {
        let mut publisher = Publisher::new(way.seed);
        let none = Arc::new(PolicySet::load(&Default::default()).unwrap());
        let world =
            World::new(publisher.publish(FactNumber::default()), Arc::default(), none, Settings::default());
        Self { engine: way.engine(), world, publisher, read: Position::default() }
    }

    /// Folds what was appended since.
    pub(crate) fn follow(&mut self, journal: &impl Journal) {
        let mut published = None;
        let read = journal.read_from(self.read.next(), &mut |row| {
            self.read = row.position;
            let Content::Records(records) = row.content else { return ControlFlow::Continue(()) };
            for record in records {
                self.engine.replay(&record);
                let Record::Fact(fact) = record else { continue };
                let fact = fact.fact.unwrap();
                self.publisher.fold(&fact, &self.engine.state.control);
                if let Fact::PolicyPublished(set) = fact {
                    published = Some(set);
                }
            }
            ControlFlow::Continue(())
        });
        read.unwrap();
        let set = published.map(|published| self.policy(journal, &published));
        let snapshot = self.publisher.publish(self.engine.state.control.fact_number);
        self.world = match set {
            None => self.world.later(snapshot, Arc::default()),
            Some((set, settings)) => World::new(snapshot, Arc::default(), Arc::new(set), settings),
        };
    }

    /// A published set, whose files the log keeps.
    fn policy(&mut self, journal: &impl Journal, published: &PolicyPublished) -> (PolicySet, Settings) {
        let text = |hash: &String| {
            let bytes = journal.blob(policy_files::blob_hash(hash).unwrap()).unwrap().unwrap();
            String::from_utf8(bytes).unwrap()
        };
        let files = published.files.iter().map(|(name, hash)| (name.clone(), text(hash))).collect();
        let (set, entities) = policy_files::read(&files).unwrap();
        self.publisher.put_entities(entities, &self.engine.state.control).unwrap();
        (set, Settings { mode: published.mode(), risk_max: published.risk_max })
    }
}
