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

#[path = "../../../benches/ablation_report.rs"]
mod ablation_report;
#[path = "../../../benches/asked.rs"]
mod asked;
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

use crate::ablation_report::Report;
use crate::asked::asked;
use crate::judge::{Outcome, judge, machine_years};
use crate::variants::{Variant, variants};
use crate::world::{DAYS, LEARNED, QUIET_IDENTITIES, World};

/// The seeds that defaults are chosen by.
const CHOOSING: RangeInclusive<u64> = 1..=6;
/// The seeds that are reported.
const REPORTING: RangeInclusive<u64> = 101..=108;
/// How many organisations of each seed are attacked; two seeds have all variants of all attacks.
const TURNS: u32 = 2;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if !asked(&arguments) {
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
        for finding in one.false_findings.iter().filter(|_| show) {
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
        machine_years: machine_years(&shipped.judged),
        shipped: shipped.judged,
        variants: Vec::new(),
    };
    let outcomes = all(REPORTING, variants, &mut |seed, outcomes| {
        report.varying = span(&REPORTING, seed);
        report.variants = outcomes.iter().map(|outcome| outcome.judged.clone()).collect();
        fs::write(folder.join("ablation.json"), serde_json::to_string_pretty(&report).unwrap()).unwrap();
    });
    outcomes.iter().for_each(|one| println!("ablation: {}", one.line()));
}

fn span(seeds: &RangeInclusive<u64>, last: u64) -> String {
    format!("{} to {last}", seeds.start())
}

/// Judges the organisations of all seeds by all variants, and tells what came of it after each seed.
fn all(
    seeds: impl Iterator<Item = u64>,
    variants: &[Variant],
    tell: &mut dyn FnMut(u64, &[Outcome]),
) -> Vec<Outcome> {
    let mut outcomes: Vec<Outcome> = variants.iter().map(Outcome::new).collect();
    for seed in seeds {
        for turn in 0..TURNS {
            let turn = u32::try_from(seed).unwrap() * TURNS + turn;
            each(&World::attacked(seed * 1_000 + u64::from(turn), turn), variants, &mut outcomes);
        }
        each(&World::quiet(seed), variants, &mut outcomes);
        println!("ablation: seed {seed} is judged by {} variants", variants.len());
        tell(seed, &outcomes);
    }
    outcomes
}

/// Judges one organisation by all variants, on two processors if there are two.
fn each(world: &World, variants: &[Variant], outcomes: &mut [Outcome]) {
    let cores = thread::available_parallelism().map_or(1, |cores| cores.get().min(2));
    let share = variants.len().div_ceil(cores).max(1);
    let work = |outcomes: &mut [Outcome], variants: &[Variant]| {
        outcomes.iter_mut().zip(variants).for_each(|(outcome, variant)| judge(world, variant, outcome));
    };
    thread::scope(|scope| {
        for (outcomes, variants) in outcomes.chunks_mut(share).zip(variants.chunks(share)) {
            scope.spawn(move || work(outcomes, variants));
        }
    });
}
