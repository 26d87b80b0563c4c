//! What each number of detection is worth: simulated organisations, attacked and quiet, are judged with each number
//! switched off, halved and doubled. Prints a line for each, and leaves `bench/ablation.json` below the build
//! folder, from which `cargo xtask docs` renders the tables of `docs/detection.md`.
//!
//! `--choose` judges the seeds that defaults are chosen by instead of those that are reported, and keeps nothing.
//! `--only WORD` judges only the variants whose name has that word in it; `--set NUMBER=VALUE,...` starts from other
//! numbers than those that ship; `--show` prints what is raised falsely. Nothing is kept then, either.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark stops at what it did not expect, and prints"
)]

#[path = "ablation/judge.rs"]
mod judge;
#[path = "ablation/variants.rs"]
mod variants;
#[path = "ablation/world.rs"]
mod world;

#[path = "common/asked.rs"]
mod asked;

use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;
use std::thread;

use serde::Serialize;

use crate::judge::{Judged, judge};
use crate::variants::{Variant, variants};
use crate::world::{DAYS, LEARNED, QUIET_IDENTITIES, World};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The seeds that defaults are chosen by.
const CHOOSING: RangeInclusive<u64> = 1..=3;
/// The seeds that are reported for what ships, and those of them that each number is varied on.
const REPORTING: RangeInclusive<u64> = 101..=108;
const VARYING: RangeInclusive<u64> = 101..=103;
/// How many organisations of each seed are attacked; two seeds have all variants of all attacks.
const TURNS: u32 = 2;

/// What is written for `cargo xtask docs`.
#[derive(Serialize)]
struct Report {
    choosing: String,
    reporting: String,
    varying: String,
    quiet_identities: u32,
    days: u32,
    judged_days: u32,
    machine_years: f64,
    shipped: Judged,
    variants: Vec<Judged>,
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if !asked::asked(&arguments) {
        return;
    }
    let choose = arguments.iter().any(|argument| argument == "--choose");
    let option = |name: &str| arguments.iter().skip_while(|argument| *argument != name).nth(1);
    let (only, set) = (option("--only"), option("--set"));
    let show = arguments.iter().any(|argument| argument == "--show");
    let seeds = if choose { CHOOSING } else { VARYING };
    let chosen: Vec<Variant> = variants(set.map(String::as_str))
        .into_iter()
        .filter(|variant| {
            only.is_none_or(|word| format!("{} {}", variant.number, variant.how).contains(word.as_str()))
        })
        .collect();
    let judged = all(seeds, &chosen);
    for one in &judged {
        println!("ablation: {}", one.line());
        for finding in one.shown.iter().filter(|_| show) {
            println!("ablation: false: {finding}");
        }
    }
    if choose || only.is_some() || set.is_some() {
        return;
    }
    let shipped = all(REPORTING, chosen.get(..1).unwrap()).pop().unwrap();
    println!("ablation: {}", shipped.line());
    let report = Report {
        choosing: format!("{} to {}", CHOOSING.start(), CHOOSING.end()),
        reporting: format!("{} to {}", REPORTING.start(), REPORTING.end()),
        varying: format!("{} to {}", VARYING.start(), VARYING.end()),
        quiet_identities: QUIET_IDENTITIES,
        days: DAYS,
        judged_days: DAYS - LEARNED,
        machine_years: shipped.machine_years(),
        shipped,
        variants: judged,
    };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("bench");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("ablation.json"), serde_json::to_string_pretty(&report).unwrap()).unwrap();
}

/// Judges the organisations of all seeds by all variants, seed by seed.
fn all(seeds: RangeInclusive<u64>, variants: &[Variant]) -> Vec<Judged> {
    let mut judged: Vec<Judged> = variants.iter().map(Judged::new).collect();
    for seed in seeds {
        for turn in 0..TURNS {
            let turn = u32::try_from(seed).unwrap() * TURNS + turn;
            each(&World::attacked(seed * 1_000 + u64::from(turn), turn), variants, &mut judged);
        }
        each(&World::quiet(seed), variants, &mut judged);
    }
    judged
}

/// Judges one organisation by all variants, on all processors.
fn each(world: &World, variants: &[Variant], judged: &mut [Judged]) {
    let cores = thread::available_parallelism().map_or(1, Into::into);
    let share = variants.len().div_ceil(cores).max(1);
    let work = |judged: &mut [Judged], variants: &[Variant]| {
        judged.iter_mut().zip(variants).for_each(|(judged, variant)| judge(world, variant, judged));
    };
    thread::scope(|scope| {
        for (judged, variants) in judged.chunks_mut(share).zip(variants.chunks(share)) {
            scope.spawn(move || work(judged, variants));
        }
    });
}
