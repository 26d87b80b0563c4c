//! What the targets share: a server without sockets, over a journal in memory.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

use axum::Router;
use axum::body::Body;
use doorward::serve::kept::Kept;
use doorward::serve::live::Live;
use doorward::writer::Writer;
use doorward_engine::{Engine, Rules};
use doorward_journal::{Journal, Keep, Memory};
use doorward_model::command::Command;
use doorward_model::decision::{Mode, Pep};
use doorward_model::id::{FactNumber, TenantId};
use doorward_model::record::PepSet;
use doorward_model::time::Time;
use doorward_proof::{NewToken, Scope, issue};
use doorward_serve::handle::{DecisionMade, Handle, Readiness, RejectFiles, Terms, Work};
use doorward_serve::metrics::Metrics;
use doorward_serve::past::{Past, PastError};
use doorward_serve::uses::Uses;
use doorward_serve::{Limits, Settings, policy_files, server};
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};
use tokio::task::LocalSet;
use tower::ServiceExt;

/// When all of it happens.
pub const NOW: Time = Time::from_ms(1_800_000_000_000);

/// How much one server is asked before the next begins, so that its state stays small.
pub const ASKED_MAX: u32 = 500;

/// A token's randomness.
const RANDOM: [u8; 32] = [7; 32];

/// The limits of a server, small enough that small inputs reach them.
pub fn limits() -> Limits {
    Limits {
        body_bytes_max: 4_096,
        depth_max: 6,
        batch_max: 4,
        ingest_bytes_max: 4_096,
        unpacked_bytes_max: 16_384,
        page_max: 3,
        ..Limits::default()
    }
}

/// An engine that knows nothing yet.
pub fn engine() -> Engine {
    Engine::new(TenantId::from("fuzz"), Rules::default(), 1, 1)
}

/// A server without sockets, whose policies are those of the AuthZEN todo application.
pub struct Server {
    runtime: Runtime,
    local: LocalSet,
    router: Router,
    handle: Handle,
    token: String,
    asked: Cell<u32>,
}

/// What a server has answered.
#[derive(Clone, PartialEq, Debug)]
pub struct Answer {
    pub status: StatusCode,
    /// The body; null when it is no JSON.
    pub json: Value,
}

impl Server {
    pub fn start() -> Self {
        let writer = Writer::open(Memory::new(Keep::All).unwrap(), engine()).unwrap();
        let mut live = Live::new(writer, Kept::new(Path::new("/dev/shm/doorward-fuzz"), 1 << 20), 1).unwrap();
        let asked = NewToken {
            name: "fuzz".to_owned(),
            scopes: vec![Scope::Admin, Scope::Decide],
            subject: None,
            by: "fuzz".to_owned(),
            expires_at: None,
        };
        let (secret, issued) = issue(asked, &RANDOM, NOW).unwrap();
        let token = format!("Bearer {}", secret.expose());
        let (decisions, made) = sync_channel(64);
        let shared = live.shared();
        let pep = Pep { name: "fuzz".to_owned(), mode: Mode::Enforce.into() };
        let commands = [Command::IssueToken(issued), Command::SetPep(PepSet { pep, by: "fuzz".to_owned() })];
        let work = commands.into_iter().map(|command| {
            let (reply, _) = tokio::sync::oneshot::channel();
            Work::Command { command: Box::new(command), terms: Terms::of("fuzz"), reply }
        });
        let (reply, _) = tokio::sync::oneshot::channel();
        let files = example();
        let published = policy_files::published(&files, Mode::Enforce, 100, "fuzz");
        let policy = Work::PublishPolicy { files, published, terms: Terms::of("fuzz"), reply };
        live.round(work.chain([policy]).collect(), &made, NOW).unwrap();
        let (work, asked) = mpsc::channel(16);
        let local = LocalSet::new();
        local.spawn_local(write(live, asked, made));
        let handle = Handle {
            world: shared.world,
            tokens: shared.tokens,
            peps: shared.peps,
            ready: watch::channel(Readiness::Ready).1,
            work,
            decisions,
            metrics: Arc::new(Metrics::default()),
            past: Past::new(
                Arc::new(|at, _| Err(PastError::Before { at, begins: NOW })),
                Arc::new(|_| Err(PastError::Busy)),
            ),
            rejects: RejectFiles(Arc::new(|| Ok(Vec::new()))),
            narrate: doorward_detect::narrative::narrative,
            random: || RANDOM,
            uses: Uses::new(Arc::new(|| None)),
        };
        let settings = Settings { limits: limits(), ..Settings::default() };
        let router = server::router(handle.clone(), settings);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        Self { runtime, local, router, handle, token, asked: Cell::new(0) }
    }

    /// Sends a request as an administrator; nothing when it is none that a client could send.
    pub fn send(&self, method: &str, path: &str, body: &[u8]) -> Option<Answer> {
        self.send_with(
            &[("authorization", &self.token), ("content-type", "application/json")],
            method,
            path,
            body,
        )
    }

    /// Sends a request with headers of its own.
    pub fn send_with(
        &self,
        headers: &[(&str, &str)],
        method: &str,
        path: &str,
        body: &[u8],
    ) -> Option<Answer> {
        self.asked.set(self.asked.get() + 1);
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_vec())).ok()?;
        let router = self.router.clone();
        Some(self.local.block_on(&self.runtime, async {
            let response = router.oneshot(request).await.unwrap();
            let status = response.status();
            let body = response.into_body().collect().await.unwrap().to_bytes();
            assert!(!status.is_server_error(), "{status}: {body:?}");
            // The writer is woken, so that it records what was decided.
            self.handle.work.send(Work::Ask(Box::new(|_, _| ()))).await.unwrap();
            tokio::task::yield_now().await;
            Answer { status, json: serde_json::from_slice(&body).unwrap_or(Value::Null) }
        }))
    }

    /// The credentials of an administrator.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The last fact that decisions know of.
    pub fn fact(&self) -> FactNumber {
        self.handle.world.load().snapshot.fact_number
    }

    /// Whether it has been asked so much that another should take its place.
    pub fn is_worn(&self) -> bool {
        self.asked.get() > ASKED_MAX
    }
}

async fn write(mut live: Live<Memory>, mut asked: mpsc::Receiver<Work>, made: Receiver<DecisionMade>) {
    while let Some(work) = asked.recv().await {
        live.round(vec![work], &made, NOW).unwrap();
        // What is recorded leads to the same state once more.
        if live.writer.journal().head().fact.0 % 256 == 0 {
            live.writer.journal().verify().unwrap();
        }
    }
}

/// The files of a policy set that decides.
pub fn example() -> BTreeMap<String, String> {
    let files = [
        ("todo.cedar", include_str!("../../examples/authzen-todo/policies/todo.cedar")),
        ("todo.cedarschema", include_str!("../../examples/authzen-todo/schema.cedarschema")),
        ("entities.yaml", include_str!("../../examples/authzen-todo/entities.yaml")),
    ];
    files.map(|(name, text)| (name.to_owned(), text.to_owned())).into()
}

thread_local! {
    static SERVER: RefCell<Rc<Server>> = RefCell::new(Rc::new(Server::start()));
}

/// The server of this run.
pub fn server() -> Rc<Server> {
    SERVER.with_borrow_mut(|server| {
        if server.is_worn() {
            *server = Rc::new(Server::start());
        }
        Rc::clone(server)
    })
}
