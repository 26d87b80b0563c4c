//! The server without its doors, at times that are given: its rounds are those of the server.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use doorward::serve::kept::Kept;
use doorward::serve::live::{Live, Shared};
use doorward::writer::Writer;
use doorward_detect::{Judging, Settings as Detection};
use doorward_engine::{Engine, Judge, Rules};
use doorward_model::command::Command;
use doorward_model::decision::{Decision, Mode};
use doorward_model::event::Event;
use doorward_model::hash::Hash16;
use doorward_model::id::TenantId;
use doorward_model::record::{TokenIssued, Trust};
use doorward_model::time::Time;
use doorward_policy::decide;
use doorward_policy::decide::{Caller, Request};
use doorward_policy::evaluate::EntityRef;
use doorward_policy::world::{Settings, World};
use doorward_proof::{Asker, LOOPBACK, NewToken, Scope, Tokens, Verified, issue, loopback_pep, verify};
use doorward_respond::Ladder;
use doorward_serve::handle::{
    DecisionMade, Done, Idempotency, IngestAnswer, Pushed, Reply, Terms, Work, WorkError,
};
use doorward_serve::policy_files;
use doorward_views::control::Control;
use tokio::sync::oneshot;

use crate::disk::{Disk, Tape};

/// The files of a policy set by name.
pub(crate) type Files = BTreeMap<String, String>;

/// What the writer was asked for, or why it did not do it.
pub(crate) type Result<T> = std::result::Result<T, WorkError>;

/// One process.
pub(crate) struct Perimeter {
    pub(crate) live: Live<Tape>,
    shared: Shared,
    decisions: SyncSender<DecisionMade>,
    made: Receiver<DecisionMade>,
    /// The source that events come from.
    pub(crate) source: &'static str,
}

/// A source that is only taken at its word.
pub(crate) const ASSERTED: &str = "asserted";
/// Another source.
pub(crate) const VERIFIED: &str = "simulation";

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
    pub(crate) fn open(disk: &Disk, way: &Way) -> Self {
        let writer = Writer::open(disk.tape(), way.engine()).unwrap();
        // Nothing is pushed here that cannot be read, so nothing is kept of it.
        let live = Live::new(writer, Kept::new(Path::new("nowhere"), 0), way.seed).unwrap();
        let live = live.trusting([(ASSERTED.to_owned(), Trust::Asserted)].into());
        let shared = live.shared();
        let (decisions, made) = sync_channel(1);
        Self { live, shared, decisions, made, source: VERIFIED }
    }

    pub(crate) fn engine(&self) -> &Engine {
        self.live.writer.engine()
    }

    pub(crate) fn control(&self) -> &Control {
        &self.engine().state.control
    }

    pub(crate) fn journal(&self) -> &Tape {
        self.live.writer.journal()
    }

    /// What a decision reads now.
    pub(crate) fn world(&self) -> Arc<World> {
        self.shared.world.load_full()
    }

    /// A round without work: what waits is made durable, and time passes.
    pub(crate) fn tick(&mut self, now: Time) -> Result<()> {
        self.round(Vec::new(), now)
    }

    /// Takes events and makes them durable, or says why that could not be.
    pub(crate) fn take(&mut self, events: Vec<Event>, now: Time) -> Result<IngestAnswer> {
        let events = events.into_iter().map(Box::new).collect();
        let events = Pushed::of(self.source, events, Vec::new(), now);
        self.request(now, |reply| Work::Ingest { events, reply })
    }

    pub(crate) fn admit(&mut self, command: Command, terms: Terms, now: Time) -> Result<Done> {
        self.request(now, |reply| Work::Command { command: Box::new(command), terms, reply })
    }

    pub(crate) fn publish_policy(
        &mut self,
        files: Files,
        settings: Settings,
        terms: Terms,
        now: Time,
    ) -> Result<Done> {
        let published = policy_files::published(&files, settings.mode, settings.risk_max, &terms.by);
        self.request(now, |reply| Work::PublishPolicy { files, published, terms, reply })
    }

    /// An enforcement point in the mode that it has; one that is not known is new.
    pub(crate) fn gate(&self, name: &str) -> Gate {
        Gate::new(name, self.shared.peps.load().find(name).pep.mode())
    }

    /// Answers, and keeps a record of it under an id.
    pub(crate) fn ask(&mut self, request: &Request<'_>, id: &str, now: Time) -> Result<Decision> {
        self.tick(now)?;
        let decision = decide(&self.world(), request, now);
        let owned = |kind: &str, id: &str| (kind.to_owned(), id.to_owned());
        let subject = request.caller.subject();
        let made = DecisionMade {
            at: now,
            pep: request.caller.pep().to_owned(),
            caller: request.caller.kind(),
            subject: owned(subject.kind, subject.id),
            action: request.action.to_owned(),
            resource: owned(request.resource.kind, request.resource.id),
            session: request.session.unwrap_or_default().to_owned(),
            task: request.task.unwrap_or_default().to_owned(),
            tool: request.tool.unwrap_or_default().to_owned(),
            request_id: id.to_owned(),
            decision: decision.clone(),
        };
        self.decisions.try_send(made).unwrap();
        self.round(Vec::new(), now)?;
        Ok(decision)
    }

    /// Has one thing done in a round of its own.
    fn request<T>(&mut self, now: Time, work: impl FnOnce(Reply<T>) -> Work) -> Result<T> {
        let (reply, mut answer) = oneshot::channel();
        // Whether anything waits for the next round is told to nobody but the load balancer.
        drop(self.round(vec![work(reply)], now));
        answer.try_recv().expect("whatever is asked for is answered")
    }

    fn round(&mut self, work: Vec<Work>, now: Time) -> Result<()> {
        self.live.round(work, &self.made, now).map_err(|error| WorkError::Journal(error.to_string()))
    }
}

/// An enforcement point that has shown its token.
pub(crate) struct Gate {
    who: Verified,
    mode: Mode,
}

impl Gate {
    pub(crate) fn new(name: &str, mode: Mode) -> Self {
        if name == LOOPBACK {
            return Self { who: loopback_pep(), mode };
        }
        let (name, scopes, by) = (name.to_owned(), vec![Scope::Decide], "test".to_owned());
        let asked = NewToken { name, scopes, subject: None, by, expires_at: None };
        let (secret, fact) = issue(asked, &[7; 32], Time::MIN).unwrap();
        let tenant = TenantId::from("test");
        let fact = TokenIssued { tenant: tenant.to_string(), ..fact };
        let tokens = Tokens::of(&tenant, [&fact], []);
        Self { who: verify(&tokens, secret.expose(), Time::MIN).unwrap(), mode }
    }

    /// Asks about somebody.
    pub(crate) fn about<'a>(&'a self, subject: EntityRef<'a>) -> Caller<'a> {
        let Ok(Asker::Pep(pep)) = self.who.asker() else { panic!("an enforcement point asks") };
        Caller::Asserted { pep, mode: self.mode, subject }
    }
}

/// Terms under which nothing is done twice.
pub(crate) fn once(key: &str) -> Terms {
    let idempotency = Idempotency { key: key.to_owned(), request: Hash16::of(key.as_bytes()) };
    Terms { idempotency: Some(idempotency), ..Terms::of("test") }
}

/// The mode that a word names.
pub(crate) fn mode(word: &str) -> Mode {
    [Mode::Learn, Mode::Shadow, Mode::Enforce].into_iter().find(|mode| mode.word() == word).unwrap()
}
