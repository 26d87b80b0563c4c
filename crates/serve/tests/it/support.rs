//! A server on loopback, and a client of it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::JoinHandle;

use bytes::Bytes;
use doorward_model::command::Command;
use doorward_model::decision::{Mode, Pep};
use doorward_model::record::PepSet;
use doorward_model::time::Time;
use doorward_proof::{NewToken, issue};
use doorward_serve::handle::{DecisionMade, Handle, Readiness, RejectFiles};
use doorward_serve::metrics::Metrics;
use doorward_serve::past::{Past, PastError};
use doorward_serve::uses::Uses;
use doorward_serve::{Settings, policy_files, server};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client as Hyper;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot, watch};

use crate::openapi;
use crate::writer::Writer;

/// How a test server is set up.
pub(crate) struct Setup {
    pub(crate) settings: Settings,
    /// The folder under `examples` whose policies decide.
    pub(crate) example: &'static str,
    pub(crate) peps: Vec<(&'static str, Mode)>,
    /// Tokens by name and scopes.
    pub(crate) tokens: Vec<(&'static str, &'static [&'static str])>,
    /// Whether decisions are taken from their ring.
    pub(crate) decisions: Decisions,
    /// Of how many rows the heads are signed.
    pub(crate) signed: u64,
}

pub(crate) enum Decisions {
    Taken,
    /// Nobody takes them, and so many find room.
    Left(usize),
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            settings: Settings { open_on_loopback: true, ..Settings::default() },
            example: "authzen-certification",
            peps: vec![("loopback", Mode::Enforce), ("gateway", Mode::Enforce)],
            tokens: vec![
                ("root", &["admin"]),
                ("eye", &["read"]),
                ("gateway", &["decide"]),
                ("trail", &["ingest:trail"]),
            ],
            decisions: Decisions::Taken,
            signed: 0,
        }
    }
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// The text of each token by its name.
    pub(crate) tokens: BTreeMap<&'static str, String>,
    pub(crate) ready: watch::Sender<Readiness>,
    pub(crate) handle: Handle,
    /// Kept so that the ring stays open where nobody takes from it.
    _left: Option<Receiver<DecisionMade>>,
    stop: Option<oneshot::Sender<()>>,
    serving: Option<tokio::task::JoinHandle<()>>,
    writing: Option<JoinHandle<()>>,
    client: Hyper<HttpConnector, Full<Bytes>>,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.body))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

pub(crate) fn now() -> Time {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Time::from_ms(i64::try_from(since.as_millis()).unwrap())
}

/// Bytes that differ from call to call; nobody guesses in a test.
fn random() -> [u8; 32] {
    static CALLS: AtomicU64 = AtomicU64::new(1);
    *doorward_model::hash::Hash16::of(&CALLS.fetch_add(1, Ordering::Relaxed).to_le_bytes())
        .0
        .repeat(2)
        .first_chunk::<32>()
        .unwrap()
}

impl Server {
    pub(crate) async fn start(setup: Setup) -> Self {
        let mut writer = Writer::new();
        let files = example(setup.example);
        let published = policy_files::published(&files, Mode::Enforce, 100, "test");
        writer.publish_policy(&files, published);
        for (name, mode) in setup.peps {
            let pep = Pep { name: name.to_owned(), mode: mode.into() };
            writer.command(&Command::SetPep(PepSet { pep, by: "test".to_owned() }));
        }
        let mut tokens = BTreeMap::new();
        for (name, scopes) in setup.tokens {
            let scopes = scopes.iter().map(|scope| scope.parse().unwrap()).collect();
            let asked = NewToken {
                name: name.to_owned(),
                scopes,
                subject: None,
                by: "test".to_owned(),
                expires_at: None,
            };
            let (secret, fact) = issue(asked, &random(), now()).unwrap();
            writer.command(&Command::IssueToken(fact));
            tokens.insert(name, secret.expose().to_owned());
        }
        writer.sign(setup.signed);
        Self::over(writer, setup.settings, (tokens, setup.decisions)).await
    }

    async fn over(
        writer: Writer,
        settings: Settings,
        (tokens, ring): (BTreeMap<&'static str, String>, Decisions),
    ) -> Self {
        let room = match ring {
            Decisions::Taken => 1_000,
            Decisions::Left(room) => room,
        };
        let (work, asked) = mpsc::channel(64);
        let (decisions, made) = sync_channel(room);
        let (ready, is_ready) = watch::channel(Readiness::Ready);
        let (stop, stopped) = oneshot::channel::<()>();
        let shared = Arc::clone(&writer.shared);
        let (taken, left) = match ring {
            Decisions::Taken => (made, None),
            Decisions::Left(_) => (sync_channel(1).1, Some(made)),
        };
        let writing = std::thread::spawn(move || writer.run(asked, &taken));
        let handle = Handle {
            world: Arc::clone(&shared.world),
            tokens: Arc::clone(&shared.tokens),
            peps: Arc::clone(&shared.peps),
            ready: is_ready,
            work,
            decisions,
            metrics: Arc::new(Metrics::default()),
            past: Past::new(
                Arc::new(|at, _| Err(PastError::Before { at, begins: now() })),
                Arc::new(|_| Err(PastError::Busy)),
            ),
            uses: Uses::new(Arc::new(|| None)),
            rejects: RejectFiles(Arc::new(|| Ok(Vec::new()))),
            narrate: |finding| format!("about {}", finding.identity),
            random,
        };
        let handle_kept = handle.clone();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(async move {
            let stop = async { drop(stopped.await) };
            server::serve(listener, handle, settings, stop).await.unwrap();
        });
        Self {
            address,
            tokens,
            ready,
            handle: handle_kept,
            _left: left,
            stop: Some(stop),
            serving: Some(serving),
            writing: Some(writing),
            client: Hyper::builder(TokioExecutor::new()).build(HttpConnector::new()),
        }
    }

    /// Stops the server and waits until all of it has ended.
    pub(crate) async fn stop(mut self) {
        self.stop.take().map(|stop| stop.send(())).unwrap().unwrap();
        self.serving.take().unwrap().await.unwrap();
        let writing = self.writing.take().unwrap();
        // The writer ends when nobody can ask any more.
        drop(self);
        writing.join().unwrap();
    }

    /// Sends a request as it stands.
    pub(crate) async fn send(&self, request: http::request::Builder, body: impl Into<Bytes>) -> Answer {
        let request = request.body(Full::new(body.into())).unwrap();
        let asked = (request.method().clone(), request.uri().path().to_owned());
        let response = self.client.request(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let answer = Answer { status: head.status, headers: head.headers, body };
        openapi::check(&asked, &answer);
        answer
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> http::request::Builder {
        Request::builder().method(method).uri(format!("http://{}{path}", self.address))
    }

    /// A request with the token of a name.
    pub(crate) fn with_token(&self, method: Method, path: &str, token: &str) -> http::request::Builder {
        self.request(method, path).header("authorization", format!("Bearer {}", self.tokens[token]))
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> Answer {
        self.send(self.with_token(Method::GET, path, token), "").await
    }

    pub(crate) async fn post(&self, path: &str, token: &str, body: &Value) -> Answer {
        let request = self.with_token(Method::POST, path, token).header("content-type", "application/json");
        self.send(request, body.to_string()).await
    }

    /// Asks for a decision without a token, from loopback.
    pub(crate) async fn ask(&self, path: &str, body: impl Into<Bytes>) -> Answer {
        let request = self.request(Method::POST, path).header("content-type", "application/json");
        self.send(request, body).await
    }

    pub(crate) async fn evaluate(&self, question: &Value) -> Value {
        let answer = self.ask(EVALUATION, question.to_string()).await;
        assert_eq!(answer.status, StatusCode::OK, "{question} {:?}", answer.body);
        answer.json()
    }
}

pub(crate) const EVALUATION: &str = "/access/v1/evaluation";
pub(crate) const EVALUATIONS: &str = "/access/v1/evaluations";

/// The policy files of an example.
pub(crate) fn example(name: &str) -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name);
    let mut files = BTreeMap::new();
    for folder in [folder.clone(), folder.join("policies")] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_file() && name != "doorward.toml" {
                files.insert(name, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    files
}

/// A folder of shared test data; says so and gives nothing where it is absent.
#[expect(clippy::disallowed_methods, reason = "where shared test data lies is told by the environment")]
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("DOORWARD_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let full = root.join(path);
    if full.exists() {
        return Some(full);
    }
    eprintln!("SKIPPED: {} is not there", full.display());
    None
}
