//! Limits: reached, they are answered as such, and nothing else suffers.

use std::time::Instant;

use doorward_serve::handle::{Handle, Waits, Work, WorkError};
use doorward_serve::{Limits, Overflow, Settings, server};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;

use crate::support::{Decisions, EVALUATION, EVALUATIONS, Server, Setup};

fn question() -> Value {
    json!({"subject": {"type": "user", "id": "alice"}, "action": {"name": "read"},
        "resource": {"type": "record", "id": "record-1"}})
}

fn small() -> Setup {
    let mut setup = Setup::default();
    setup.settings.limits = Limits {
        body_bytes_max: 2_000,
        depth_max: 8,
        batch_max: 3,
        ingest_bytes_max: 1_000,
        unpacked_bytes_max: 3_000,
        body_wait: std::time::Duration::from_millis(300),
        head_wait: std::time::Duration::from_millis(500),
        ..Limits::default()
    };
    setup
}

#[tokio::test]
async fn size_depth_and_batch_have_limits() {
    let server = Server::start(small()).await;
    let mut large = question();
    large["context"] = json!({"text": "x".repeat(2_000)});
    let deep = |levels: usize| {
        let mut question = question().to_string();
        let nested = format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        question.truncate(question.len() - 1);
        format!("{question},\"later\":{nested}}}")
    };
    let batch = |items: usize| {
        let mut body = question();
        body["evaluations"] = Value::Array(vec![json!({}); items]);
        body.to_string()
    };
    let mut statuses = Vec::new();
    for (path, body) in [
        (EVALUATION, large.to_string()),
        (EVALUATION, deep(7)),
        (EVALUATION, deep(8)),
        (EVALUATION, "[".repeat(1_900)),
        (EVALUATIONS, batch(3)),
        (EVALUATIONS, batch(4)),
    ] {
        statuses.push(server.ask(path, body).await.status.as_u16());
    }
    assert_eq!(statuses, [413, 200, 400, 400, 200, 400]);
    let said = server.ask(EVALUATIONS, batch(4)).await.json();
    assert_eq!(said, json!("evaluations: 4 items, and the limit is 3"));
    let events = server.with_token(Method::POST, "/v1/events/trail", "trail");
    assert_eq!(server.send(events, "x".repeat(1_001)).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    server.stop().await;
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let server = Server::start(small()).await;
    let head = format!(
        "POST {EVALUATION} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{{"
    );
    let mut stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut said = vec![0; 12];
    stream.read_exact(&mut said).await.unwrap();
    assert_eq!(String::from_utf8(said).unwrap(), "HTTP/1.1 408");
    // A head that does not end closes the connection.
    let mut stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
    stream.write_all(b"POST / HTTP/1.1\r\nhost: ").await.unwrap();
    let mut rest = Vec::new();
    drop(stream.read_to_end(&mut rest).await);
    assert!(rest.is_empty() || rest.starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&rest));
    server.stop().await;
}

#[tokio::test]
async fn a_decision_that_cannot_be_recorded_is_refused_or_shed_as_configured() {
    for (overflow, expected) in [(Overflow::Refuse, [200, 200, 503]), (Overflow::Shed, [200, 200, 200])] {
        let mut setup = Setup { decisions: Decisions::Left(2), ..Setup::default() };
        setup.settings.overflow = overflow;
        let server = Server::start(setup).await;
        let mut statuses = Vec::new();
        for _ in 0..3 {
            statuses.push(server.ask(EVALUATION, question().to_string()).await.status.as_u16());
        }
        assert_eq!(statuses, expected, "{overflow:?}");
        let counts = server.send(server.request(Method::GET, "/metrics"), "").await;
        let text = String::from_utf8(counts.body.to_vec()).unwrap();
        let shed = u8::from(overflow == Overflow::Shed);
        for line in [
            format!("doorward_decisions_shed_total {shed}"),
            format!("doorward_decisions_refused_total {}", 1 - shed),
            "doorward_decisions_waiting 2".to_owned(),
        ] {
            assert!(text.contains(&line), "{line} in {text}");
        }
        server.stop().await;
    }
}

#[tokio::test]
async fn http2_without_tls_is_served_as_well() {
    let server = Server::start(Setup::default()).await;
    let stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
    let io = hyper_util::rt::TokioIo::new(stream);
    let executor = hyper_util::rt::TokioExecutor::new();
    let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, io).await.unwrap();
    let driven = tokio::spawn(connection);
    let request = server.request(Method::POST, EVALUATION).header("content-type", "application/json");
    let body = http_body_util::Full::new(bytes::Bytes::from(question().to_string()));
    let response = sender.send_request(request.body(body).unwrap()).await.unwrap();
    assert_eq!((response.status(), response.version()), (StatusCode::OK, http::Version::HTTP_2));
    drop((sender, response));
    drop(driven.await);
    server.stop().await;
}

#[tokio::test]
async fn nothing_is_opened_to_a_network_without_a_public_url_and_tokens() {
    let server = Server::start(Setup::default()).await;
    let refused = async |settings: Settings| {
        let listener = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
        let handle = server.handle.clone();
        let error = server::serve(listener, handle, settings, std::future::ready(())).await.err();
        error.map(|error| error.to_string().rsplit(" with ").next().unwrap().to_owned())
    };
    let url = Some("https://pdp.example.com".to_owned());
    let open = Settings { open_on_loopback: true, public_url: url.clone(), ..Settings::default() };
    assert_eq!(refused(open).await.as_deref(), Some("AuthZEN open without a token"));
    assert_eq!(refused(Settings::default()).await.as_deref(), Some("no public_url"));
    for bad in
        ["http://pdp.example.com", "https://pdp.example.com/?a=b", "https://pdp.example.com/#a", "pdp", ""]
    {
        let settings = Settings { public_url: Some(bad.to_owned()), ..Settings::default() };
        let said = refused(settings).await.unwrap();
        assert!(said.starts_with(&format!("cannot use {bad:?} as public_url")), "{said}");
    }
    assert_eq!(refused(Settings { public_url: url, ..Settings::default() }).await, None);
    server.stop().await;
}

#[tokio::test]
async fn a_request_that_is_open_when_the_server_stops_is_answered() {
    let server = Server::start(Setup::default()).await;
    let body = question().to_string();
    let (first, rest) = body.split_at(10);
    let head = format!(
        "POST {EVALUATION} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{first}",
        body.len()
    );
    let mut stream = tokio::net::TcpStream::connect(server.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    // An answer on another connection shows that the first one has been accepted.
    server.evaluate(&question()).await;
    let stopping = tokio::spawn(server.stop());
    tokio::task::yield_now().await;
    stream.write_all(rest.as_bytes()).await.unwrap();
    let mut said = Vec::new();
    stream.read_to_end(&mut said).await.unwrap();
    let said = String::from_utf8(said).unwrap();
    assert!(said.starts_with("HTTP/1.1 200") && said.contains(r#""decision":true"#), "{said}");
    stopping.await.unwrap();
}

/// The writer has stopped to take, and one piece of work fills its queue.
#[tokio::test]
async fn work_that_finds_no_room_in_the_queue_waits_as_long_as_is_set() {
    let server = Server::start(Setup::default()).await;
    let (work, _left) = mpsc::channel(1);
    work.try_send(Work::Ask(Box::new(|_, _| {}))).unwrap();
    let handle = Handle { work, ..server.handle.clone() };
    let by_default = Limits::default();
    let (started, wait) =
        (Instant::now(), Waits { queue: std::time::Duration::ZERO, answer: by_default.answer_wait });
    let asked = handle.ask(wait, |_, _| ()).await;
    let in_time = started.elapsed() < by_default.queue_wait;
    assert_eq!(
        (asked, in_time),
        (Err(WorkError::Busy), true),
        "no wait is set, and it took {:?}",
        started.elapsed()
    );
    drop(handle);
    server.stop().await;
}
