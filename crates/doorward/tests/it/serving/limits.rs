//! Every limit is a setting, and reaching it is answered as such: each is set alone in a configuration file, and met.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::serving::past::instant;
use crate::serving::server::{Answer, DEADLINE, Server, config, request};
use crate::support::gzip;

/// One limit, and how to meet it.
struct Limit {
    key: &'static str,
    value: u64,
    /// Goes beyond it, and tells what came of that.
    beyond: fn(&mut Server) -> String,
    /// What that is.
    met: &'static str,
    /// What it is where the limit is as by default; none where that would take long to see.
    by_default: Option<&'static str>,
}

const LIMITS: [Limit; 14] = [
    Limit { key: "body_bytes_max", value: 4_096, beyond: body, met: "413", by_default: Some("400") },
    Limit { key: "depth_max", value: 8, beyond: depth, met: "400", by_default: Some("200") },
    Limit { key: "batch_max", value: 2, beyond: batch, met: "400", by_default: Some("200") },
    Limit { key: "ingest_bytes_max", value: 100, beyond: ingest, met: "413", by_default: Some("200") },
    Limit { key: "page_max", value: 1, beyond: page, met: "1", by_default: Some("2") },
    Limit { key: "connections_max", value: 1, beyond: connections, met: "waits", by_default: None },
    Limit { key: "unpacked_bytes_max", value: 1_000, beyond: unpacked, met: "413", by_default: Some("200") },
    Limit { key: "as_of_rows_max", value: 1, beyond: as_of, met: "422", by_default: Some("200") },
    Limit { key: "privilege_at_once", value: 0, beyond: privilege, met: "503", by_default: Some("409") },
    Limit { key: "head_wait_ms", value: 200, beyond: head, met: "closed", by_default: None },
    Limit { key: "body_wait_ms", value: 200, beyond: half_a_body, met: "408", by_default: None },
    Limit { key: "queue_wait_ms", value: 0, beyond: queue, met: "503", by_default: None },
    Limit { key: "answer_wait_ms", value: 0, beyond: answer, met: "504", by_default: None },
    Limit { key: "stop_wait_ms", value: 200, beyond: stop, met: "stopped", by_default: None },
];

#[test]
fn every_limit_is_a_setting_and_is_answered_as_such() {
    let dir = tempfile::tempdir().unwrap();
    let mut usual = Server::start(&dir.path().join("usual"), None);
    let mut wrong = Vec::new();
    for limit in LIMITS {
        let settings = config(dir.path(), &format!("[limits]\n{} = {}\n", limit.key, limit.value));
        let mut server = Server::start(&dir.path().join(limit.key), Some(&settings));
        let by_default = limit.by_default.map(|_| (limit.beyond)(&mut usual));
        let told = ((limit.beyond)(&mut server), by_default);
        let expected = (limit.met.to_owned(), limit.by_default.map(str::to_owned));
        if told != expected {
            wrong.push(format!("{} = {}: {told:?}, expected {expected:?}", limit.key, limit.value));
        }
    }
    assert!(wrong.is_empty(), "what came of going beyond a limit, as set and by default: {wrong:#?}");
}

#[test]
fn no_limit_is_left_out() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    let page = std::fs::read_to_string(page).unwrap();
    let rows = page.split_once("## `[limits]`").unwrap().1.split("\n## ").next().unwrap();
    let keys = rows.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    assert_eq!(keys.collect::<Vec<_>>(), LIMITS.map(|limit| limit.key));
}

fn status(answer: &Answer) -> String {
    answer.status.to_string()
}

/// By default there is room to say that no inventory is known.
fn privilege(server: &mut Server) -> String {
    status(&server.ask("GET", "/v1/privilege", b""))
}

fn body(server: &mut Server) -> String {
    status(&server.ask("POST", "/v1/holds", &[b' '; 4_097]))
}

/// Asks for decisions as an enforcement point.
fn asks(server: &Server, path: &str, body: &str) -> String {
    let bearer = format!("Bearer {}", server.token("gate", "decide"));
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    status(&request(&server.address, ("POST", path), &headers, body.as_bytes()))
}

fn depth(server: &mut Server) -> String {
    let nested = format!("{}1{}", "[".repeat(9), "]".repeat(9));
    let body = format!(
        r#"{{"subject":{{"type":"user","id":"a"}},"action":{{"name":"read"}},"resource":{{"type":"r","id":"1"}},"later":{nested}}}"#
    );
    asks(server, "/access/v1/evaluation", &body)
}

fn batch(server: &mut Server) -> String {
    asks(server, "/access/v1/evaluations", &json!({"evaluations": [{}, {}, {}]}).to_string())
}

fn ingest(server: &mut Server) -> String {
    status(&server.push(&[b' '; 101]))
}

fn unpacked(server: &mut Server) -> String {
    let bearer = format!("Bearer {}", server.token("packed", "ingest:packed"));
    let headers = [("Authorization", bearer.as_str()), ("Content-Encoding", "gzip")];
    status(&request(&server.address, ("POST", "/v1/events/packed"), &headers, &gzip(&[b' '; 1_001])))
}

fn page(server: &mut Server) -> String {
    server.token("another", "read");
    server.get("/v1/tokens?limit=2")["items"].as_array().unwrap().len().to_string()
}

fn as_of(server: &mut Server) -> String {
    server.token("one", "read");
    server.token("two", "read");
    status(&server.ask("GET", &format!("/v1/tokens?as_of={}", instant()), b""))
}

/// The second connection is answered only when the first has gone, however often that one is answered.
fn connections(server: &mut Server) -> String {
    let (mut first, mut second) = (connect(server), connect(server));
    let alive = format!("GET /health/livez HTTP/1.1\r\nHost: {}\r\n\r\n", server.address);
    answered(&mut first, &alive);
    second.write_all(alive.as_bytes()).unwrap();
    (0..20).for_each(|_| answered(&mut first, &alive));
    second.set_nonblocking(true).unwrap();
    let early = second.peek(&mut [0]).map_err(|error| error.kind());
    second.set_nonblocking(false).unwrap();
    drop(first);
    let mut line = [0; 15];
    second.read_exact(&mut line).unwrap();
    assert_eq!(&line, b"HTTP/1.1 200 OK");
    if early == Err(ErrorKind::WouldBlock) { "waits".to_owned() } else { format!("{early:?}") }
}

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(&server.address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream
}

fn answered(stream: &mut TcpStream, request: &str) {
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\nalive\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        bytes.extend(byte);
    }
}

/// What a server says to a request that stops in the middle, if it says so before it would by default.
fn cut(server: &Server, request: &str, by_default: Duration) -> String {
    let started = Instant::now();
    let mut stream = connect(server);
    stream.write_all(request.as_bytes()).unwrap();
    let mut said = Vec::new();
    drop(stream.read_to_end(&mut said));
    if started.elapsed() >= by_default {
        return "waits".to_owned();
    }
    String::from_utf8_lossy(&said).split(' ').nth(1).map_or_else(|| "closed".to_owned(), str::to_owned)
}

fn head(server: &mut Server) -> String {
    cut(server, "GET /health/livez HTTP/1.1\r\nHost: ", Duration::from_secs(9)).replace("408", "closed")
}

const HALF: &str =
    "POST /v1/holds HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n";

fn half_a_body(server: &mut Server) -> String {
    let request = format!("{HALF}Authorization: Bearer {}\r\nContent-Length: 100\r\n\r\n{{", server.token);
    cut(server, &request, Duration::from_secs(29))
}

/// One question about the past is answered at a time; where nobody waits, the next one is told to ask again.
fn queue(server: &mut Server) -> String {
    server.token("one", "read");
    let path = format!("/v1/tokens?as_of={}", instant());
    let (bearer, told) = (format!("Bearer {}", server.token), AtomicBool::new(false));
    let address = server.address.as_str();
    let ask = || {
        let ends = Instant::now() + DEADLINE;
        while !told.load(Ordering::Relaxed) && Instant::now() < ends {
            let answer = request(address, ("GET", &path), &[("Authorization", &bearer)], b"");
            if answer.status == 503 && answer.text().contains("about the past") {
                told.store(true, Ordering::Relaxed);
            }
        }
    };
    std::thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(ask))));
    if told.load(Ordering::Relaxed) { "503".to_owned() } else { "200".to_owned() }
}

/// The writer may be quicker than no time at all, but not for long.
fn answer(server: &mut Server) -> String {
    let ends = Instant::now() + DEADLINE;
    loop {
        let said = status(&server.ask("GET", "/v1/holds", b""));
        if said != "200" || Instant::now() > ends {
            return said;
        }
    }
}

/// An open request is not waited for.
fn stop(server: &mut Server) -> String {
    let mut stream = connect(server);
    let half = format!("{HALF}Authorization: Bearer {}\r\nContent-Length: 100\r\n\r\n{{", server.token);
    stream.write_all(half.as_bytes()).unwrap();
    // An answer on another connection shows that the first one has been accepted.
    assert_eq!(server.ask("GET", "/v1/holds", b"").status, 200);
    let started = Instant::now();
    server.stopped();
    let cut = server.said.iter().any(|line| line.contains("stopped before all requests were answered"));
    if cut && started.elapsed() < Duration::from_secs(9) { "stopped" } else { "waits" }.to_owned()
}
