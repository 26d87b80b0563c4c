//! `doorward scan` on a folder of compressed CloudTrail of about so many megabytes as are said, or else 100: CPU time
//! of the whole process, and the most memory it ever had, state included. The folder is made by `doorward demo` below
//! the build folder, once.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark stops at what it did not expect, and prints"
)]

#[path = "common/asked.rs"]
mod asked;
#[path = "common/resident.rs"]
mod resident;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

const MEGABYTES: u32 = 100;
/// How many identities write a megabyte, compressed, in so many days.
const IDENTITIES_EACH: u32 = 60;
const DAYS: u32 = 10;
/// How often the kernel counts CPU time of a process in a second.
const TICKS: u64 = 100;

/// The folder; made again where an earlier run was cut short.
fn folder(identities: u32) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("scan-{identities}-{DAYS}"));
    if !folder.join("README.txt").exists() {
        drop(fs::remove_dir_all(&folder));
        let (identities, days) = (identities.to_string(), DAYS.to_string());
        let mut demo = Command::new(env!("CARGO_BIN_EXE_doorward"));
        demo.args(["demo", "--quiet", "--identities", &identities, "--days", &days]).arg(&folder);
        assert!(demo.status().unwrap().success());
    }
    folder
}

fn bytes_in(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { bytes_in(&path) } else { path.metadata().unwrap().len() }).sum()
}

/// State letter, and CPU time of all its threads.
fn counted(process: &str) -> (String, Duration) {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let (_, after) = text.rsplit_once(") ").unwrap();
    let words: Vec<&str> = after.split(' ').collect();
    let ticks = |at: usize| words.get(at).unwrap().parse::<u64>().unwrap();
    let spent = Duration::from_millis((ticks(11) + ticks(12)) * 1_000 / TICKS);
    (words.first().copied().unwrap().to_owned(), spent)
}

fn main() {
    let arguments: Vec<_> = std::env::args().collect();
    if !asked::asked(&arguments) {
        return;
    }
    let said = arguments.iter().find_map(|argument| argument.parse::<u32>().ok());
    let megabytes = said.unwrap_or(MEGABYTES);
    let folder = folder(megabytes * IDENTITIES_EACH);
    let report = folder.with_extension("json");
    let mut child = Command::new(env!("CARGO_BIN_EXE_doorward"))
        .args(["scan", "--quiet", "-o", "json"])
        .arg(&folder)
        .stdout(Stdio::from(fs::File::create(&report).unwrap()))
        .spawn()
        .unwrap();
    let process = child.id().to_string();
    let mut peak = 0;
    // Its end stays to be seen until it is waited for.
    let cpu = loop {
        let (letter, cpu) = counted(&process);
        if letter == "Z" {
            break cpu;
        }
        peak = resident::status_bytes(&process, "VmHWM").unwrap_or(peak).max(peak);
        thread::sleep(Duration::from_millis(5));
    };
    assert!(child.wait().unwrap().success());
    let report: serde_json::Value = serde_json::from_slice(&fs::read(&report).unwrap()).unwrap();
    let events = report.pointer("/events/accepted").unwrap();
    let identities = report.pointer("/identities").and_then(serde_json::Value::as_array).unwrap().len();
    let bytes = bytes_in(&folder);
    println!(
        "scan/{megabytes}: cpu {} peak {peak} bytes {bytes} events {events} identities {identities}",
        cpu.as_nanos()
    );
}
