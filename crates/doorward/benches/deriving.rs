//! How long a hold waits at a server that derives, meanwhile, what 50,000 roles could do: a control policy of the whole
//! organisation changes, and holds are placed one after the other until its answers are right again. Beside them the
//! same in quiet; and the most memory that the server ever had.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark stops at what it did not expect, and prints"
)]

#[path = "../../../benches/asked.rs"]
mod asked;
#[path = "../../../benches/resident.rs"]
mod resident;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use doorward_simulate::large_account;
use serde_json::{Value, json};

use crate::asked::asked;
use crate::resident::status_bytes;

const ROLES: u32 = 50_000;
const ACCOUNT: &str = "111122223333";
const MANAGEMENT: &str = "999988887777";
const ORGANISATION: &str = "o-abcdef1234";
/// In quiet, as many holds as this; and at least as many changes as it takes for as many while deriving.
const HOLDS: usize = 400;
/// As often as somebody in a hurry would.
const BETWEEN: Duration = Duration::from_millis(5);

struct Server {
    child: Child,
    address: String,
    token: String,
    held: usize,
}

impl Server {
    /// Starts a server that has read an export.
    fn start(data: &Path, export: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_doorward"));
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(data)
            .arg("--import")
            .arg(export);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let (mut address, mut token) = (String::new(), String::new());
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        for line in lines.by_ref() {
            if let Some(shown) = line.strip_prefix("Admin token, shown this once: ") {
                shown.clone_into(&mut token);
            }
            if let Some((_, listens)) = line.split_once("http://") {
                listens.split(',').next().unwrap().trim().clone_into(&mut address);
            }
            if line.contains("INFO imported ") {
                break;
            }
        }
        thread::spawn(move || lines.for_each(drop));
        Self { child, address, token, held: 0 }
    }

    /// The status and the body of an answer.
    fn ask(&self, (method, path): (&str, &str), header: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let (token, length) = (&self.token, body.len());
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\n{header}Content-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    /// How long it takes until a hold is placed.
    fn hold(&mut self) -> Duration {
        self.held += 1;
        let subject = format!("arn:aws:iam::{ACCOUNT}:role/role-{}", self.held);
        let hold = json!({"subject": subject, "profile": "deny", "reason": "bench"}).to_string();
        let started = Instant::now();
        let (status, body) = self.ask(("POST", "/v1/holds"), "", &hold);
        let taken = started.elapsed();
        assert_eq!(status, 201, "{body}");
        thread::sleep(BETWEEN);
        taken
    }

    /// Imports the organisation with a control policy that denies an action; the last fact of it.
    fn limit(&self, denied: &str) -> u64 {
        let (status, body) = self.ask(("POST", "/v1/imports"), "", &organisation(denied));
        assert_eq!(status, 200, "{body}");
        let said: Value = serde_json::from_str(&body).unwrap();
        let accounts = said.get("accounts").and_then(Value::as_array).unwrap();
        accounts.iter().filter_map(|account| account.get("fact")?.as_u64()).max().unwrap()
    }

    /// Whether what could be done is told as of a fact.
    fn has_derived(&self, fact: u64) -> bool {
        let header = format!("Doorward-Min-Fact: {fact}\r\n");
        self.ask(("GET", "/v1/privilege?limit=1"), &header, "").0 == 200
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The answers of Organizations on a root with two accounts, where a policy denies an action to all.
fn organisation(denied: &str) -> String {
    let arn = |what: &str| format!("arn:aws:organizations::{MANAGEMENT}:{what}");
    let root = arn(&format!("root/{ORGANISATION}/r-ab12"));
    let account =
        |id: &str| json!({"Id": id, "Arn": arn(&format!("account/{ORGANISATION}/{id}")), "Status": "ACTIVE"});
    let policy = |arn: &str, effect: &str, action: &str| {
        let statement = json!({"Effect": effect, "Action": action, "Resource": "*"});
        let content = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
        let id = arn.rsplit('/').next().unwrap();
        let summary = json!({"Id": id, "Arn": arn, "Name": id, "Type": "SERVICE_CONTROL_POLICY"});
        json!({"about": arn, "output": {"Policy": {"PolicySummary": summary, "Content": content}}})
    };
    let target = |arn: &str| {
        let id = "r-ab12";
        json!({"about": arn, "output": {"Targets": [{"TargetId": id, "Arn": root, "Name": "Root", "Type": "ROOT"}]}})
    };
    let full = "arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess";
    let limit = arn(&format!("policy/{ORGANISATION}/service_control_policy/p-limit01"));
    let answers = [
        json!({"Roots": [{"Id": "r-ab12", "Arn": root, "Name": "Root"}]}),
        json!({"about": root, "output": {"Accounts": [account(ACCOUNT), account(MANAGEMENT)]}}),
        policy(full, "Allow", "*"),
        target(full),
        policy(&limit, "Deny", denied),
        target(&limit),
    ];
    answers.map(|answer| answer.to_string()).join("\n")
}

/// A large account as a file below the build folder.
fn export() -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("account-{ROLES}.json"));
    let mut text = Vec::new();
    large_account(7, ROLES, &mut |piece| text.extend_from_slice(piece));
    fs::write(&path, text).unwrap();
    path
}

fn print(when: &str, mut taken: Vec<Duration>) {
    taken.sort_unstable();
    let at = |percent: usize| taken.get(taken.len() * percent / 100).unwrap().as_nanos();
    println!("deriving holds {when} wall ns: count {} median {} p99 {}", taken.len(), at(50), at(99));
}

fn main() {
    if !asked(&std::env::args().collect::<Vec<_>>()) {
        return;
    }
    let data = Path::new(env!("CARGO_TARGET_TMPDIR")).join("deriving");
    drop(fs::remove_dir_all(&data));
    let mut server = Server::start(&data, &export());
    let settle = |server: &Server, fact: u64| {
        while !server.has_derived(fact) {
            thread::sleep(Duration::from_millis(50));
        }
    };
    let fact = server.limit("cloudtrail:StopLogging");
    settle(&server, fact);
    let quiet = (0..HOLDS).map(|_| server.hold()).collect();
    let mut beside = Vec::new();
    for denied in ["iam:PassRole", "sts:AssumeRole", "iam:*"].iter().cycle() {
        let fact = server.limit(denied);
        while !server.has_derived(fact) {
            beside.push(server.hold());
        }
        if beside.len() >= HOLDS {
            break;
        }
    }
    print("in quiet", quiet);
    print("beside", beside);
    let peak = status_bytes(&server.child.id().to_string(), "VmHWM").unwrap();
    println!("deriving server: peak {peak}");
    drop(server);
    drop(fs::remove_dir_all(&data));
}
