//! `doorward scan` on a folder of compressed CloudTrail of about so many megabytes as are said, or else 100: CPU time
//! of the whole process, the most memory it ever had, and how much of that was above the state. The folder is made by
//! `doorward demo` below the build folder, once.
//!
//! What the state takes is measured by a second process that folds the same files one after the other, without what a
//! scan has beside the state: threads, events on their way into order, fingerprints, the report.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark stops at what it did not expect, and prints"
)]

#[path = "../../../benches/asked.rs"]
mod asked;
#[path = "../../../benches/resident.rs"]
mod resident;
#[path = "../../../benches/watched.rs"]
mod watched;

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;

use doorward::writer::{Moment, Writer};
use doorward_detect::{Judging, Settings};
use doorward_engine::{Engine, Judge, Rules};
use doorward_intake::{Item, Limits, Reader};
use doorward_journal::{Keep, Memory};
use doorward_model::command::Command as Admitted;
use doorward_model::id::TenantId;
use doorward_model::time::Time;
use doorward_respond::{Ladder, ResponseMode};
use libdeflater::Decompressor;
use serde_json::Value;

use crate::asked::asked;
use crate::resident::status_bytes;
use crate::watched::{Watched, watched};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const MEGABYTES: u32 = 100;
/// How many identities write a megabyte, compressed, in so many days.
const IDENTITIES_EACH: u32 = 60;
const DAYS: u32 = 10;
/// How many files go to a fold that is dropped: what reading and folding take for themselves is no state.
const WARM_FILES: usize = 2;
/// Fingerprints are no state; these are as few as do.
const FINGERPRINTS: usize = 1_000;

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

/// Scans a folder, and returns the report.
fn scan(folder: &Path) -> (Watched, Value) {
    let report = folder.with_extension("json");
    let mut scan = Command::new(env!("CARGO_BIN_EXE_doorward"));
    scan.args(["scan", "--quiet", "-o", "json"]).arg(folder);
    let watched = watched(&mut scan, fs::File::create(&report).unwrap().into());
    (watched, serde_json::from_slice(&fs::read(&report).unwrap()).unwrap())
}

/// Exports, then logs in the order of the instants in their names.
fn files(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.join("iam"), folder.join("AWSLogs")]);
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() { &mut folders } else { &mut found }.push(path);
        }
    }
    let instant = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.split('_').nth(3).unwrap_or_default().to_owned()
    };
    found.sort_by_cached_key(|path| (instant(path), path.clone()));
    found
}

/// Nothing but the state, and what reads into it.
struct Fold {
    writer: Writer<Memory>,
    unpacker: Decompressor,
    /// The latest instant so far: files overlap, and what is recorded never goes back.
    now: Time,
}

impl Fold {
    fn new(judged_from: Time) -> Self {
        let rules = Rules {
            judge: Judge { from: judged_from, judging: Judging::Full },
            settings: Settings::default(),
            ladder: Ladder { mode: ResponseMode::Record, ..Ladder::default() },
        };
        let journal = Memory::with_fingerprints(Keep::Nothing, FINGERPRINTS).unwrap();
        let writer = Writer::new(journal, Engine::new(TenantId::from("bench"), rules, 1, 7));
        Self { writer, unpacker: Decompressor::new(), now: Time::MIN }
    }

    fn take(&mut self, file: &Path) {
        let mut bytes = fs::read(file).unwrap();
        if let [0x1f, 0x8b, .., a, b, c, d] = *bytes {
            let mut plain = vec![0; usize::try_from(u32::from_le_bytes([a, b, c, d])).unwrap()];
            self.unpacker.gzip_decompress(&bytes, &mut plain).unwrap();
            bytes = plain;
        }
        let mut keep = |item| match item {
            Item::Event(event) => {
                self.now = event.happened_at().max(self.now);
                self.writer.take(event, Moment::filed(self.now)).unwrap();
            }
            Item::Export(export) => {
                self.writer.admit(&Admitted::Import(export), Time::MIN).unwrap().unwrap();
            }
            Item::Reject(_) | Item::Skipped { .. } | Item::Wrapped { .. } => panic!("{item:?}"),
        };
        let mut reader = Reader::new("bench", Limits::default());
        reader.push(&bytes, &mut keep);
        reader.finish(&mut keep);
        self.writer.flush().unwrap();
    }
}

/// Folds what a scan folds, and says what has been added to this process, and of how many events.
fn measure_state(folder: &Path, judged_from: Time) {
    let files = files(folder);
    let mut warm = Fold::new(judged_from);
    files.iter().rev().take(WARM_FILES).for_each(|file| warm.take(file));
    drop(warm);
    let before = status_bytes("self", "VmRSS").unwrap();
    let mut fold = Fold::new(judged_from);
    files.iter().for_each(|file| fold.take(file));
    let state = status_bytes("self", "VmRSS").unwrap().saturating_sub(before);
    println!("{state} {}", black_box(fold).writer.counts.accepted);
}

/// The bytes of the state, as a process of its own measures them.
fn state(program: &str, folder: &Path, report: &Value) -> u64 {
    let from = report.pointer("/coverage/judged_from").and_then(Value::as_str).unwrap();
    let output = Command::new(program).args(["state", from]).arg(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    let mut numbers = said.split_whitespace().map(|word| word.parse().unwrap());
    let (bytes, events) = (numbers.next().unwrap(), numbers.next());
    assert_eq!(events, report.pointer("/events/accepted").and_then(Value::as_u64));
    bytes
}

fn main() {
    let arguments: Vec<_> = std::env::args().collect();
    if let [_, word, from, folder] = arguments.as_slice()
        && word == "state"
    {
        return measure_state(Path::new(folder), from.parse().unwrap());
    }
    if !asked(&arguments) {
        return;
    }
    let said = arguments.iter().find_map(|argument| argument.parse::<u32>().ok());
    let megabytes = said.unwrap_or(MEGABYTES);
    let folder = folder(megabytes * IDENTITIES_EACH);
    let (Watched { cpu, peak }, report) = scan(&folder);
    let state = state(arguments.first().unwrap(), &folder, &report);
    let above = peak - state;
    let (cpu, bytes) = (cpu.as_nanos(), bytes_in(&folder));
    let events = report.pointer("/events/accepted").unwrap();
    let identities = report.pointer("/identities").and_then(Value::as_array).unwrap().len();
    println!(
        "scan/{megabytes}: cpu {cpu} peak {peak} state {state} above {above} bytes {bytes} events {events} identities {identities}"
    );
}
