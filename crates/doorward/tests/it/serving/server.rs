//! A running `doorward serve`, and a small client of it.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use doorward_model::time::{Millis, Time};
use serde_json::{Value, json};

use crate::support::program;

/// How long anything may take before a test gives up: what takes a second here may take ten elsewhere, and more beside
/// other tests.
pub(crate) const DEADLINE: Duration = Duration::from_secs(300);

/// What a server says as soon as it can be asked.
const LISTENS: &str = "Doorward listens on http://";

/// A server that runs until it is dropped.
pub(crate) struct Server {
    child: Child,
    lines: Receiver<String>,
    /// What it has said so far.
    pub(crate) said: Vec<String>,
    /// Where it listens: `127.0.0.1:PORT`.
    pub(crate) address: String,
    /// The token of its first start.
    pub(crate) token: String,
    /// The token of the source `trail`.
    trail: OnceCell<String>,
}

impl Server {
    /// Starts a server on a data folder, with a configuration if one is given.
    pub(crate) fn start(data: &Path, config: Option<&Path>) -> Self {
        let mut command = command(data);
        command.args(["--listen", "127.0.0.1:0"]);
        if let Some(config) = config {
            command.arg("--config").arg(config);
        }
        Self::spawn(command)
    }

    /// Starts what was typed, and waits until it listens and has been fed.
    pub(crate) fn spawn(command: Command) -> Self {
        let fed = command.get_args().find(|arg| *arg == "--import" || *arg == "--demo");
        let fed = fed.map(|arg| if arg == "--demo" { "INFO fed " } else { "INFO imported " });
        let mut server = Self::listening(command);
        if let Some(said) = fed {
            server.has_said(said);
        }
        server
    }

    /// Starts what was typed, and waits until it listens.
    pub(crate) fn listening(command: Command) -> Self {
        let mut server = Self::running(command);
        let listens = server.hears(LISTENS);
        let address = listens.split("http://").nth(1).unwrap();
        server.address = address.split(',').next().unwrap().trim().to_owned();
        let shown = server.said.iter().find_map(|line| line.strip_prefix("Admin token, shown this once: "));
        server.token = shown.unwrap_or_default().to_owned();
        server
    }

    /// Starts what was typed.
    fn running(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (tell, lines) = channel();
        std::thread::spawn(move || {
            stderr.lines().map_while(Result::ok).for_each(|line| drop(tell.send(line)));
        });
        let empty = String::new;
        Self { child, lines, said: Vec::new(), address: empty(), token: empty(), trail: OnceCell::new() }
    }

    /// Waits for a line that holds a text.
    #[track_caller]
    pub(crate) fn hears(&mut self, text: &str) -> String {
        let ends = Instant::now() + DEADLINE;
        while let Ok(line) = self.lines.recv_timeout(ends.saturating_duration_since(Instant::now())) {
            self.said.push(line.clone());
            if line.contains(text) {
                return line;
            }
        }
        panic!("{text:?} was not said: {:#?}", self.said);
    }

    /// Waits for a line that holds a text, unless it was said before.
    #[track_caller]
    pub(crate) fn has_said(&mut self, text: &str) {
        if !self.said.iter().any(|line| line.contains(text)) {
            self.hears(text);
        }
    }

    /// Sends a request with the token of the first start.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &[u8]) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        let headers = if self.token.is_empty() { headers.get(1..).unwrap() } else { &headers };
        request(&self.address, (method, path), headers, body)
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        let answer = self.ask("GET", path, b"");
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.json()
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask("POST", path, body.to_string().as_bytes())
    }

    /// Pushes a body of events as the source `trail`.
    pub(crate) fn push(&self, body: &[u8]) -> Answer {
        let token = self.trail.get_or_init(|| self.token("trail", "ingest:trail"));
        let bearer = format!("Bearer {token}");
        request(&self.address, ("POST", "/v1/events/trail"), &[("Authorization", &bearer)], body)
    }

    /// Asks as the enforcement point `loopback`, where no token is needed.
    pub(crate) fn openly(&self, path: &str, body: &[u8]) -> Answer {
        request(&self.address, ("POST", path), &[("Content-Type", "application/json")], body)
    }

    /// Asks for a decision in the same way.
    pub(crate) fn evaluate(&self, question: &Value) -> Value {
        let answer = self.openly("/access/v1/evaluation", question.to_string().as_bytes());
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    /// Issues a token with one scope.
    pub(crate) fn token(&self, name: &str, scope: &str) -> String {
        let issued = self.post("/v1/tokens", &json!({"name": name, "scopes": [scope]}));
        assert_eq!(issued.status, 201, "{}", issued.text());
        issued.json()["token"].as_str().unwrap().to_owned()
    }

    /// Stops it as an operator does, and tells how it ended.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        signal(self.child.id(), "TERM");
        self.ended()
    }

    /// Stops it as an operator does, which keeps a checkpoint.
    pub(crate) fn stopped(&mut self) {
        assert!(self.stop().success());
    }

    /// Ends it at once, which keeps nothing but the log.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let status = wait(&mut self.child);
        self.said.extend(self.lines.iter());
        status
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        if std::thread::panicking() {
            self.said.extend(self.lines.iter());
            eprintln!("the server said: {:#?}", self.said);
        }
    }
}

/// `doorward serve` on a data folder.
pub(crate) fn command(data: &Path) -> Command {
    let mut command = program();
    command.arg("serve").arg("--data-dir").arg(data);
    command
}

/// Runs a server that is expected to refuse before anybody may ask, and tells its exit code and what it said.
#[track_caller]
pub(crate) fn refused(command: Command) -> (Option<i32>, String) {
    let mut server = Server::running(command);
    let ends = Instant::now() + DEADLINE;
    while let Ok(line) = server.lines.recv_timeout(ends.saturating_duration_since(Instant::now())) {
        assert!(!line.contains(LISTENS), "it listens, where it should have refused: {:#?}", server.said);
        server.said.push(line);
    }
    let code = server.ended().code();
    (code, server.said.join("\n"))
}

#[track_caller]
fn wait(child: &mut Child) -> ExitStatus {
    let mut ended = None;
    poll(|| {
        ended = child.try_wait().unwrap();
        ended.is_some()
    });
    ended.unwrap()
}

/// Tries until it is so.
#[track_caller]
pub(crate) fn poll(mut is_so: impl FnMut() -> bool) {
    let ends = Instant::now() + DEADLINE;
    while !is_so() {
        assert!(Instant::now() < ends, "it has not become so in {DEADLINE:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn signal(process: u32, name: &str) {
    let sent = Command::new("kill").args(["-s", name, &process.to_string()]).status().unwrap();
    assert!(sent.success());
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// Sends a request on a connection of its own.
#[track_caller]
pub(crate) fn request(address: &str, target: (&str, &str), headers: &[(&str, &str)], body: &[u8]) -> Answer {
    try_request(address, target, headers, body).unwrap()
}

/// The same where the server may go away in the middle.
pub(crate) fn try_request(
    address: &str,
    (method, path): (&str, &str),
    headers: &[(&str, &str)],
    body: &[u8],
) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(DEADLINE))?;
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    head += &format!("Content-Length: {}\r\n\r\n", body.len());
    stream.write_all(head.as_bytes())?;
    // A server that refuses a body may close before all of it is sent; its answer counts.
    let sent = stream.write_all(body);
    let mut bytes = Vec::new();
    let read = stream.read_to_end(&mut bytes);
    parse(&bytes).ok_or_else(|| {
        let gone = || std::io::Error::other("no whole answer");
        sent.and_then(|()| read.map(drop)).err().unwrap_or_else(gone)
    })
}

fn parse(bytes: &[u8]) -> Option<Answer> {
    let at = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let (head, body) = (std::str::from_utf8(&bytes[..at]).ok()?, &bytes[at + 4..]);
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: BTreeMap<_, _> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length: usize = headers.get("content-length")?.parse().ok()?;
    (body.len() == length).then(|| Answer { status, headers, body: body.to_vec() })
}

/// The settings of one of the shipped examples.
pub(crate) fn example(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.join("examples").join(name).join("doorward.toml")
}

/// Writes a configuration and tells where it lies.
pub(crate) fn config(dir: &Path, text: &str) -> PathBuf {
    let path = dir.join("doorward.toml");
    std::fs::write(&path, text).unwrap();
    path
}

pub(crate) fn now() -> Time {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Time::from_ms(i64::try_from(since.as_millis()).unwrap())
}

/// Some time ago.
pub(crate) fn ago(span: Millis) -> Time {
    now() - span
}

/// A CloudTrail record of the user alice, who lists buckets, of a time.
pub(crate) fn listing(id: &str, at: Time) -> String {
    crate::support::record(id, "").replace("2026-03-02T10:00:00Z", &seconds(at))
}

/// A time as CloudTrail writes it.
pub(crate) fn seconds(at: Time) -> String {
    let text = Time::from_ms(at.ms().div_euclid(1_000) * 1_000).to_string();
    text.replace(".000Z", "Z")
}

/// Every file of a folder, at any depth, with its bytes.
pub(crate) fn files_of(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_of(&path));
        } else {
            files.push((path.clone(), std::fs::read(&path).unwrap()));
        }
    }
    files
}
