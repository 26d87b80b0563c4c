//! The server without its doors: writer, publisher, and the world that decisions read.

use std::collections::BTreeMap;
use std::sync::Arc;

use doorward::writer::{Moment, Writer};
use doorward_detect::{Judging, Settings as Detection};
use doorward_engine::{Engine, Judge, Rules};
use doorward_journal::{Journal, JournalError};
use doorward_model::command::{Command, Refusal};
use doorward_model::decision::{Decision, Effect, Mode, Pep};
use doorward_model::event::{Client, Event, Outcome, Target};
use doorward_model::id::{FactNumber, TenantId};
use doorward_model::identity::Identity;
use doorward_model::record::{DecisionRecord, Fact, Observation, PolicyPublished};
use doorward_model::time::Time;
use doorward_policy::decide;
use doorward_policy::decide::Request;
use doorward_policy::policy_set::PolicySet;
use doorward_policy::world::{Settings, World};
use doorward_respond::Ladder;
use doorward_serve::handle::Pushed;
use doorward_serve::policy_files;
use doorward_views::control::Control;
use doorward_views::publish::Publisher;
use doorward_views::snapshot::entity::Name;

use crate::disk::{Disk, Tape};

/// The files of a policy set by name.
pub(crate) type Files = BTreeMap<String, String>;

/// What the journal could not do.
pub(crate) type Result<T> = std::result::Result<T, JournalError>;

/// One process.
pub(crate) struct Perimeter {
    pub(crate) writer: Writer<Tape>,
    pub(crate) world: World,
    publisher: Publisher,
}

/// How the process runs: the rules it goes by, and what may reach no answer.
#[derive(Clone)]
pub(crate) struct Way {
    pub(crate) ladder: Ladder,
    /// What happened before is only learned from.
    pub(crate) judge_from: Time,
    pub(crate) shards: usize,
    pub(crate) seed: u64,
}

impl Way {
    pub(crate) fn engine(&self) -> Engine {
        let rules = Rules {
            judge: Judge { from: self.judge_from, judging: Judging::Full },
            settings: Detection::default(),
            ladder: self.ladder.clone(),
        };
        Engine::new(TenantId::from("test"), rules, self.shards, self.seed)
    }
}

impl Perimeter {
    /// Starts on what a disk holds.
    pub(crate) fn open(disk: &Disk, way: &Way) -> Result<Self> {
        let writer = Writer::open(disk.tape(), way.engine())?;
        let mut publisher = Publisher::new(way.seed);
        let none = Arc::new(PolicySet::load(&Default::default()).unwrap());
        let world = World::new(publisher.publish(FactNumber(0)), Arc::default(), none, Settings::default());
        let mut perimeter = Self { writer, world, publisher };
        let told = perimeter.writer.take_told();
        told.iter().for_each(|fact| perimeter.publisher.fold(fact, &perimeter.writer.engine().state.control));
        perimeter.share();
        if let Some(published) = perimeter.control().policy.clone() {
            perimeter.use_policy(&published)?;
        }
        Ok(perimeter)
    }

    pub(crate) fn control(&self) -> &Control {
        &self.writer.engine().state.control
    }

    /// Takes events and makes them durable, or says why that could not be.
    pub(crate) fn take(&mut self, events: impl IntoIterator<Item = Event>, now: Time) -> Result<()> {
        let now = self.writer.not_before(now);
        let events = events.into_iter().map(Box::new).collect();
        for event in Pushed::of("simulation", events, Vec::new(), now).events {
            self.writer.take(event, Moment::live(now))?;
        }
        self.settle()
    }

    /// Makes durable what was taken, and publishes what follows.
    pub(crate) fn settle(&mut self) -> Result<()> {
        self.writer.flush()?;
        self.publish()
    }

    pub(crate) fn tick(&mut self, now: Time) -> Result<()> {
        let now = self.writer.not_before(now);
        self.writer.tick(now, now)?;
        self.publish()
    }

    pub(crate) fn admit(
        &mut self,
        command: &Command,
        now: Time,
    ) -> Result<std::result::Result<FactNumber, Refusal>> {
        let now = self.writer.not_before(now);
        let admitted = self.writer.admit(command, now)?;
        self.publish()?;
        Ok(admitted)
    }

    pub(crate) fn publish_policy(&mut self, files: &Files, settings: Settings, now: Time) -> Result<()> {
        for text in files.values() {
            self.writer.put_blob(text.as_bytes())?;
        }
        let published = policy_files::published(files, settings.mode, settings.risk_max, "test");
        self.admit(&Command::PublishPolicy(published), now)?.unwrap();
        Ok(())
    }

    /// The mode of an enforcement point; one that is not known is new.
    pub(crate) fn pep(&self, name: &str) -> Pep {
        self.control().peps.get(name).cloned().unwrap_or_else(|| Pep::new(name))
    }

    /// Answers, and keeps a record of it under an id.
    pub(crate) fn ask(&mut self, request: &Request<'_>, id: &str, now: Time) -> Result<Decision> {
        let decision = decide(&self.world, request, now);
        let now = self.writer.not_before(now);
        self.writer.take_decision(observation(request, decision.clone(), id, now));
        self.settle()?;
        Ok(decision)
    }

    fn publish(&mut self) -> Result<()> {
        let told = self.writer.take_told();
        if told.is_empty() {
            return Ok(());
        }
        let control = &self.writer.engine().state.control;
        told.iter().for_each(|fact| self.publisher.fold(fact, control));
        self.share();
        for fact in told {
            if let Fact::PolicyPublished(published) = fact {
                self.use_policy(&published)?;
            }
        }
        Ok(())
    }

    fn share(&mut self) {
        let snapshot = self.publisher.publish(self.writer.engine().state.control.fact_number);
        self.world = self.world.later(snapshot, Arc::clone(&self.world.overlay));
    }

    fn use_policy(&mut self, published: &PolicyPublished) -> Result<()> {
        let mut files = Files::new();
        for (name, hash) in &published.files {
            let blob = self.writer.journal().blob(policy_files::blob_hash(hash).unwrap())?.unwrap();
            files.insert(name.clone(), String::from_utf8(blob).unwrap());
        }
        let (set, entities) = policy_files::read(&files).unwrap();
        let named = entities.iter().filter_map(|row| Some(identity(row.identity?.into(), &row.name)));
        let named: Vec<_> = named.collect();
        self.publisher.put_entities(entities, &self.writer.engine().state.control).unwrap();
        let settings = Settings { mode: published.mode(), risk_max: published.risk_max };
        let snapshot = self.publisher.publish(self.control().fact_number);
        self.world = World::new(snapshot, Arc::default(), Arc::new(set), settings);
        let now = self.writer.journal().head().recorded_at;
        self.writer.introduce(named, now)?;
        self.publish()
    }
}

/// An identity that a policy set names.
fn identity(kind: i32, name: &Name) -> Identity {
    Identity {
        id: name.id.to_string(),
        kind,
        platform: "doorward".to_owned(),
        name: name.id.to_string(),
        peer_group: name.kind.to_string(),
        ..Identity::default()
    }
}

fn observation(request: &Request<'_>, decision: Decision, id: &str, now: Time) -> Observation {
    let pep = request.caller.pep().name.clone();
    let permitted = decision.effect() == Effect::Permit;
    let event = Event {
        source: "doorward".to_owned(),
        id: id.to_owned(),
        happened_at_ms: now.ms(),
        service: "doorward".to_owned(),
        action: request.action.to_owned(),
        target: Some(Target { kind: request.resource.kind.to_owned(), id: request.resource.id.to_owned() }),
        outcome: if permitted { Outcome::Success } else { Outcome::Denied }.into(),
        client: Client { address: pep.clone(), ..Client::default() },
        ..Event::default()
    };
    Observation {
        partition: 0,
        n: 0,
        recorded_at_ms: now.ms(),
        identity: decision.identity.clone(),
        session: String::new(),
        chain: Vec::new(),
        late: false,
        by_platform: false,
        event: Box::new(event),
        decision: Some(DecisionRecord { pep, resource_type: request.resource.kind.to_owned(), decision }),
    }
}

/// The mode that a word names.
pub(crate) fn mode(word: &str) -> Mode {
    [Mode::Learn, Mode::Shadow, Mode::Enforce].into_iter().find(|mode| mode.word() == word).unwrap()
}
