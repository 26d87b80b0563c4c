//! What each number of detection is worth: simulated organisations, attacked and quiet, are judged with each number
//! switched off, halved and doubled. Prints a line for each, and leaves `bench/ablation.json` below the build
//! folder, from which `cargo xtask docs` renders the tables of `docs/detection.md`.
//!
//! `--choose` judges the seeds that defaults are chosen by instead of those that are reported, and keeps nothing;
//! `--first N` only the first of them.
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

use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;
use std::thread;

use serde::Serialize;

use crate::judge::{Judged, judge};
use crate::variants::{Variant, variants};
use crate::world::{DAYS, LEARNED, QUIET_IDENTITIES, World};

/// The seeds that defaults are chosen by.
const CHOOSING: RangeInclusive<u64> = 1..=6;
/// The seeds that are reported.
const REPORTING: RangeInclusive<u64> = 101..=108;
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
    /// On all seeds that are reported.
    shipped: Judged,
    /// On as many of them as are judged already; what ships comes first.
    variants: Vec<Judged>,
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    // Tests of all targets run this program, too, and measure nothing.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    let choose = arguments.iter().any(|argument| argument == "--choose");
    let option = |name: &str| arguments.iter().skip_while(|argument| *argument != name).nth(1);
    let (only, set, first) = (option("--only"), option("--set"), option("--first"));
    let show = arguments.iter().any(|argument| argument == "--show");
    let chosen: Vec<Variant> = variants(set.map(String::as_str))
        .into_iter()
        .filter(|variant| {
            only.is_none_or(|word| format!("{} {}", variant.number, variant.how).contains(word.as_str()))
        })
        .collect();
    let count = first.map_or(usize::MAX, |count| count.parse().unwrap());
    if !choose && [only, set, first].iter().all(Option::is_none) {
        return report(&chosen);
    }
    let seeds = if choose { CHOOSING } else { REPORTING };
    for one in &all(seeds.take(count), &chosen, &mut |_, _| {}) {
        println!("ablation: {}", one.line());
        for finding in one.shown.iter().filter(|_| show) {
            println!("ablation: false: {finding}");
        }
    }
}

/// Judges by what ships on all seeds, then by all variants, seed by seed; keeps what is known after each.
fn report(variants: &[Variant]) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("bench");
    fs::create_dir_all(&folder).unwrap();
    let shipped = all(REPORTING, variants.get(..1).unwrap(), &mut |_, _| {}).pop().unwrap();
    println!("ablation: {}", shipped.line());
    let mut report = Report {
        choosing: span(&CHOOSING, *CHOOSING.end()),
        reporting: span(&REPORTING, *REPORTING.end()),
        varying: String::new(),
        quiet_identities: QUIET_IDENTITIES,
        days: DAYS,
        judged_days: DAYS - LEARNED,
        machine_years: shipped.machine_years(),
        shipped,
        variants: Vec::new(),
    };
    all(REPORTING, variants, &mut |seed, judged| {
        report.varying = span(&REPORTING, seed);
        report.variants = judged.to_vec();
        fs::write(folder.join("ablation.json"), serde_json::to_string_pretty(&report).unwrap()).unwrap();
    });
    report.variants.iter().for_each(|one| println!("ablation: {}", one.line()));
}

fn span(seeds: &RangeInclusive<u64>, last: u64) -> String {
    format!("{} to {last}", seeds.start())
}

/// Judges the organisations of all seeds by all variants, and tells what came of it after each seed.
fn all(
    seeds: impl Iterator<Item = u64>,
    variants: &[Variant],
    tell: &mut dyn FnMut(u64, &[Judged]),
) -> Vec<Judged> {
    let mut judged: Vec<Judged> = variants.iter().map(Judged::new).collect();
    for seed in seeds {
        for turn in 0..TURNS {
            let turn = u32::try_from(seed).unwrap() * TURNS + turn;
            each(&World::attacked(seed * 1_000 + u64::from(turn), turn), variants, &mut judged);
        }
        each(&World::quiet(seed), variants, &mut judged);
        println!("ablation: seed {seed} is judged by {} variants", variants.len());
        tell(seed, &judged);
    }
    judged
}

/// Judges one organisation by all variants, on two processors if there are two.
fn each(world: &World, variants: &[Variant], judged: &mut [Judged]) {
    let cores = thread::available_parallelism().map_or(1, |cores| cores.get().min(2));
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
