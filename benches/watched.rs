//! A program as a measurement: the benches that run one share this file by its path.

use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::resident::status_bytes;

/// What a program took that ran to its end.
pub(crate) struct Watched {
    /// CPU time of all its threads.
    pub(crate) cpu: Duration,
    /// The most memory it ever had, in bytes.
    pub(crate) peak: u64,
}

/// Runs a program to its end, which must be a good one; its output goes where it is sent.
#[expect(clippy::unwrap_used, reason = "a benchmark stops at what it did not expect")]
pub(crate) fn watched(command: &mut Command, output: Stdio) -> Watched {
    let mut child = command.stdout(output).spawn().unwrap();
    let process = child.id().to_string();
    let mut peak = 0;
    // Its end stays to be seen until it is waited for.
    let cpu = loop {
        let (state, cpu) = counted(&process);
        if state == "Z" {
            break cpu;
        }
        peak = status_bytes(&process, "VmHWM").unwrap_or(peak).max(peak);
        thread::sleep(LOOK_EVERY);
    };
    assert!(child.wait().unwrap().success());
    Watched { cpu, peak }
}

/// The letter of its state, and CPU time of all its threads.
#[expect(clippy::unwrap_used, reason = "a benchmark stops at what it did not expect")]
fn counted(process: &str) -> (String, Duration) {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let (_, after) = text.rsplit_once(") ").unwrap();
    let words: Vec<&str> = after.split(' ').collect();
    let ticks = |at: usize| words.get(at).unwrap().parse::<u64>().unwrap();
    let spent = Duration::from_millis((ticks(11) + ticks(12)) * 1_000 / TICKS);
    (words.first().copied().unwrap().to_owned(), spent)
}

/// How often the kernel counts CPU time of a process in a second.
const TICKS: u64 = 100;
const LOOK_EVERY: Duration = Duration::from_millis(5);
