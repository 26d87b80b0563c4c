//! What each number of detection is worth: simulated organisations, attacked and quiet, are judged with each number
//! switched off, halved and doubled. Prints a line for each, and leaves `bench/ablation.json` below the build
//! folder, from which `cargo xtask docs` renders the tables of `docs/detection.md`.
//!
//! `--choose` judges the seeds that defaults are chosen by instead of those that are reported, and keeps nothing.
//! `--only WORD` judges only the variants whose name has that word in it.

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
/// The seeds that are reported.
const REPORTING: RangeInclusive<u64> = 101..=108;

/// What is written for `cargo xtask docs`.
#[derive(Serialize)]
struct Report {
    choosing: String,
    reporting: String,
    quiet_identities: u32,
    days: u32,
    judged_days: u32,
    machine_years: f64,
    variants: Vec<Judged>,
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if !asked::asked(&arguments) {
        return;
    }
    let choose = arguments.iter().any(|argument| argument == "--choose");
    let only = arguments.iter().skip_while(|argument| *argument != "--only").nth(1);
    let seeds = if choose { CHOOSING } else { REPORTING };
    let chosen: Vec<Variant> = variants()
        .into_iter()
        .filter(|variant| {
            only.is_none_or(|word| format!("{} {}", variant.number, variant.how).contains(word.as_str()))
        })
        .collect();
    let judged = all(seeds, &chosen);
    for one in &judged {
        println!("ablation: {}", one.line());
    }
    if choose || only.is_some() {
        return;
    }
    let report = Report {
        choosing: format!("{} to {}", CHOOSING.start(), CHOOSING.end()),
        reporting: format!("{} to {}", REPORTING.start(), REPORTING.end()),
        quiet_identities: QUIET_IDENTITIES,
        days: DAYS,
        judged_days: DAYS - LEARNED,
        machine_years: judged.first().map_or(0.0, Judged::machine_years),
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
        each(&World::attacked(seed), variants, &mut judged);
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
