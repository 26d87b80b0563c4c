//! What every identity of a large account could do and where that leads, as whole programs: CPU time and the most memory
//! of a process that reads an export and answers for all, without and with a log of what was used. Beside it what others
//! take for the same account, or for as large a one as they manage; and one evaluation, beside another evaluator's on the
//! same questions.
//!
//! `DOORWARD_PEERS` names the folder that the peers were installed into; one that is not there is left out, aloud.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark stops at what it did not expect, and prints"
)]

#[path = "../../../benches/asked.rs"]
mod asked;
#[path = "../../../benches/cpu_time.rs"]
mod cpu_time;
#[path = "privilege/evaluation.rs"]
mod evaluation;
#[path = "privilege/peers.rs"]
mod peers;
#[path = "../../../benches/resident.rs"]
mod resident;
#[path = "../../../benches/watched.rs"]
mod watched;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use doorward_intake::{Item, Limits, Reader};
use doorward_privilege::estate::{Builder, Estate};
use doorward_simulate::{large_account, large_data, large_log};
use serde_json::Value;

use crate::asked::asked;
use crate::watched::{Watched, watched};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Sizes of the account, in roles.
const SIZES: [u32; 2] = [10_000, 50_000];
const SEED: u64 = 7;
/// So many events has the log of what was used.
const EVENTS: u32 = 120_000;

/// A large account as a file below the build folder, made once.
fn export(roles: u32) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("account-{roles}.json"));
    let mut text = Vec::new();
    large_account(SEED, roles, &mut |piece| text.extend_from_slice(piece));
    fs::write(&path, text).unwrap();
    path
}

/// What that account holds, beside it.
fn data(roles: u32) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("account-{roles}.data.json"));
    let mut text = Vec::new();
    large_data(SEED, roles, &mut |piece| text.extend_from_slice(piece));
    fs::write(&path, text).unwrap();
    path
}

/// What its roles did, beside it.
fn log(roles: u32) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("account-{roles}.log.json"));
    let mut text = Vec::new();
    large_log(SEED, (roles, EVENTS), &mut |piece| text.extend_from_slice(piece));
    fs::write(&path, text).unwrap();
    path
}

/// What an export says, as rows in one estate.
fn estate(path: &Path) -> Estate {
    let mut builder = Builder::default();
    let mut keep = |item| match item {
        Item::Export(export) => builder.add(*export),
        other => panic!("{other:?}"),
    };
    let mut reader = Reader::new("bench", Limits::default());
    reader.push(&fs::read(path).unwrap(), &mut keep);
    reader.finish(&mut keep);
    builder.build()
}

/// What this program takes to read exports and answer for all its principals; how many they are, and of how many it was told
/// what they use.
fn whole(paths: &[&Path]) -> (Watched, [usize; 2]) {
    let answers = Path::new(env!("CARGO_TARGET_TMPDIR")).join("answers.json");
    let mut analyze = Command::new(env!("CARGO_BIN_EXE_doorward"));
    analyze.args(["privilege", "analyze", "--quiet", "-o", "json"]).args(paths);
    let watched = watched(&mut analyze, File::create(&answers).unwrap().into());
    let answers: Value = serde_json::from_slice(&fs::read(&answers).unwrap()).unwrap();
    let principals = answers.get("principals").and_then(Value::as_array).unwrap();
    let rated = principals.iter().filter(|one| one.get("usage").is_some_and(|usage| !usage.is_null()));
    (watched, [principals.len(), rated.count()])
}

fn main() {
    if !asked(&std::env::args().collect::<Vec<_>>()) {
        return;
    }
    evaluation::measure();
    for roles in SIZES {
        let (export, data) = (export(roles), data(roles));
        let (Watched { cpu, peak }, [principals, rated]) = whole(&[&export, &data]);
        assert_eq!(rated, 0, "no log tells what is used");
        println!("privilege/{roles}: cpu {} peak {peak} principals {principals}", cpu.as_nanos());
        let (Watched { cpu, peak }, [principals, rated]) = whole(&[&export, &data, &log(roles)]);
        // Of the others, who were granted nothing, nothing is said.
        assert!(rated * 2 > principals, "the log tells of most what they use");
        println!("privilege/{roles} with a log: cpu {} peak {peak} rated {rated}", cpu.as_nanos());
    }
    peers::cloudsplaining();
    peers::pmapper();
}
