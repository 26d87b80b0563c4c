//! What one evaluation over HTTP costs the server, beside a bare handler that reads the body and answers with constant
//! JSON. Times are CPU time of the thread that serves, on a connection that is kept; `cargo bench -p doorward-serve`.

#![expect(clippy::unwrap_used, reason = "a benchmark stops at what it did not expect")]

#[path = "../../../benches/cpu_time.rs"]
mod cpu_time;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use criterion::Criterion;
use doorward_model::decision::{Mode, Pep};
use doorward_model::id::{FactNumber, TenantId};
use doorward_model::identity::IdentityKind;
use doorward_model::record::PepSet;
use doorward_model::time::Time;
use doorward_policy::world::{Settings, World};
use doorward_proof::{NewToken, Scope, Tokens, issue};
use doorward_serve::handle::{Handle, Peps, RejectFiles};
use doorward_serve::past::{Past, PastError};
use doorward_serve::uses::Uses;
use doorward_serve::{policy_files, server};
use doorward_views::snapshot::writer::Writer;
use tokio::net::TcpListener;

use crate::cpu_time::CpuTime;
use tokio::sync::{mpsc, oneshot, watch};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const QUESTION: &str = r#"{"subject":{"type":"user","id":"alice"},"action":{"name":"read"},"resource":{"type":"record","id":"record-1"},"context":{"time":"2026-11-23T09:30:00Z"}}"#;
const ANSWER: &str = r#"{"decision":true,"context":{"effect":"permit","reasons":["policy-permit"],"reason_admin":{"policy-permit":"a policy permits it"},"policies":["read"],"identity":"alice","mode":"enforce","seen":1}}"#;

/// A server on a thread of its own.
struct Serving {
    address: SocketAddr,
    /// Where the scheduler counts the time of its thread.
    counted: PathBuf,
}

/// Runs a server on a thread of its own; `serve` gets the listener and never returns.
fn on_a_thread<F: Future<Output = ()>>(serve: impl FnOnce(TcpListener) -> F + Send + 'static) -> Serving {
    let (told, said) = sync_channel(1);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let task = std::fs::read_link("/proc/thread-self").unwrap();
            let counted = Path::new("/proc").join(task);
            told.send(Serving { address: listener.local_addr().unwrap(), counted }).unwrap();
            serve(listener).await;
        });
    });
    said.recv().unwrap()
}

fn constant() -> Serving {
    let handler = |body: Bytes| async move {
        assert_eq!(body.len(), QUESTION.len());
        ([(http::header::CONTENT_TYPE, "application/json")], ANSWER)
    };
    let router = Router::new().route("/access/v1/evaluation", post(handler));
    on_a_thread(|listener| async { axum::serve(listener, router).await.unwrap() })
}

/// The world of the certification example, with every user known.
fn world() -> World {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/authzen-certification");
    let paths = ["policies/records.cedar", "schema.cedarschema", "entities.yaml"];
    let text = |path: &str| (path.to_owned(), std::fs::read_to_string(folder.join(path)).unwrap());
    let files: BTreeMap<_, _> = paths.into_iter().map(text).collect();
    let (set, entities) = policy_files::read(&files).unwrap();
    let mut writer = Writer::new(1);
    for entity in entities {
        assert!(entity.identity.is_none_or(|kind| kind == IdentityKind::Human));
        writer.put_entity(entity).unwrap();
    }
    let settings = Settings { mode: Mode::Enforce, risk_max: 100 };
    World::new(writer.publish(FactNumber(1)), Arc::default(), Arc::new(set), settings)
}

/// The server, and the token by which it is asked.
fn evaluation() -> (Serving, String) {
    let asked = NewToken {
        name: "gateway".to_owned(),
        scopes: vec![Scope::Decide],
        subject: None,
        by: "bench".to_owned(),
        expires_at: None,
    };
    let tenant = TenantId::from("bench");
    let (secret, mut token) = issue(asked, &[7; 32], Time::from_ms(1)).unwrap();
    tenant.as_str().clone_into(&mut token.tenant);
    let (work, asked) = mpsc::channel(1);
    let (decisions, made) = sync_channel(65_536);
    std::thread::spawn(move || made.iter().for_each(drop));
    let (told, ready) = watch::channel(doorward_serve::handle::Readiness::Ready);
    let pep = Pep { name: "gateway".to_owned(), mode: Mode::Enforce.into() };
    let handle = Handle {
        world: Arc::new(ArcSwap::from_pointee(world())),
        tokens: Arc::new(ArcSwap::from_pointee(Tokens::of(&tenant, [&token], []))),
        peps: Arc::new(ArcSwap::from_pointee(Peps::of([&PepSet { pep, by: "bench".to_owned() }]))),
        ready,
        work,
        decisions,
        metrics: Arc::default(),
        past: Past::new(
            Arc::new(|at, rows_max| Err(PastError::TooFar { at, rows_max })),
            Arc::new(|_| Err(PastError::Busy)),
        ),
        uses: Uses::new(Arc::new(|| None)),
        rejects: RejectFiles(Arc::new(|| Ok(Vec::new()))),
        narrate: |_| String::new(),
        random: || [7; 32],
    };
    let serving = on_a_thread(|listener| async {
        let (kept, stop) = oneshot::channel::<()>();
        let served = server::serve(listener, handle, doorward_serve::Settings::default(), async {
            drop(stop.await);
        });
        served.await.unwrap();
        drop((kept, told, asked));
    });
    (serving, secret.expose().to_owned())
}

/// Asks once on a connection that is kept, and reads the whole answer.
fn ask(stream: &mut TcpStream, request: &[u8], buffer: &mut [u8]) {
    stream.write_all(request).unwrap();
    let mut read = 0;
    loop {
        read += stream.read(buffer.get_mut(read..).unwrap()).unwrap();
        let text = std::str::from_utf8(buffer.get(..read).unwrap()).unwrap();
        if text.split_once("\r\n\r\n").is_some_and(|(_, body)| body.ends_with("}}")) {
            assert!(text.starts_with("HTTP/1.1 200") && text.contains(r#""decision":true"#), "{text}");
            return;
        }
    }
}

fn measure(name: &str, serving: Serving, authorization: &str) {
    let mut criterion =
        Criterion::default().with_measurement(CpuTime::of(serving.counted)).configure_from_args();
    let mut stream = TcpStream::connect(serving.address).unwrap();
    stream.set_nodelay(true).unwrap();
    let request = format!(
        "POST /access/v1/evaluation HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\n{authorization}content-length: {}\r\n\r\n{QUESTION}",
        serving.address,
        QUESTION.len(),
    );
    let mut buffer = vec![0; 8_192];
    let mut group = criterion.benchmark_group("http");
    group.sample_size(20).measurement_time(Duration::from_secs(4)).warm_up_time(Duration::from_millis(500));
    group.bench_function(name, |bencher| bencher.iter(|| ask(&mut stream, request.as_bytes(), &mut buffer)));
    group.finish();
}

fn main() {
    measure("constant", constant(), "");
    let (serving, token) = evaluation();
    measure("evaluation", serving, &format!("authorization: Bearer {token}\r\n"));
    Criterion::default().configure_from_args().final_summary();
}
