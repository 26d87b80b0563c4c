//! Files in, a report out. Nothing is kept, unless a data folder is named.
//!
//! Workers read and parse files in any order; `runs` puts what they found into the one total order, in bounded
//! memory; the writer folds it. So the report depends neither on the order of files nor on the number of threads.

mod files;
mod kept;
mod opened;
mod progress;
pub(crate) mod read;
pub(crate) mod rejects;
mod runs;
pub(crate) mod tally;
pub(crate) mod tree;

use std::num::NonZeroUsize;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use doorward_detect::{Judging, Settings};
use doorward_engine::{Engine, Judge, Rules, derive};
use doorward_journal::{Journal, Keep, Memory};
use doorward_model::command::Command;
use doorward_model::event::Event;
use doorward_model::id::TenantId;
use doorward_model::inventory::gone::take_out_gone;
use doorward_model::inventory::{AccountExport, join_pages};
use doorward_model::record::Fact;
use doorward_model::reject::Reject;
use doorward_model::time::{Millis, Time};
use doorward_model::usage::Ledger;
use doorward_privilege::atlas::Atlas;
use doorward_privilege::rating::TierZero;
use doorward_respond::{Ladder, ResponseMode};

use crate::cli::ScanArgs;
use crate::privilege;
use crate::report::{self, Coverage, Report};
use crate::scan::files::Walked;
use crate::scan::read::{Found, Raw};
use crate::scan::rejects::Rejects;
use crate::scan::runs::Runs;
use crate::scan::tally::Tally;
use crate::writer::{Moment, Writer};

pub use crate::scan::progress::Progress;

/// Reads everything, judges the newest part of it, and reports. With a data folder all of it is kept there, as by an
/// import.
///
/// # Errors
/// When no path can be read, the temporary folder fails, the rejects file cannot be written, or the data folder not be
/// used.
pub fn scan(args: &ScanArgs, progress: &Progress) -> Result<Report> {
    let folder = args.data_dir.as_deref().map(|dir| kept::open(dir, args.rejects.as_deref())).transpose()?;
    let reading = Reading {
        threads: args.threads.map(usize::from),
        memory_mib: usize::try_from(args.memory)?,
        rejects: folder.as_ref().map(|folder| folder.rejects.clone()).or_else(|| args.rejects.clone()),
        raw: if folder.is_some() { Raw::Keep } else { Raw::Drop },
    };
    let gathered = gather(&args.paths, &reading, progress)?;
    let coverage = Coverage::of(gathered.tally.span(), args.judge.0);
    let rules = rules(args, &coverage);
    match folder {
        Some(folder) => folder.keep(rules, gathered, coverage, progress),
        None => {
            let engine = Engine::new(TenantId::from("scan"), rules, 1, HASH_SEED);
            let mut writer = Writer::new(Memory::new(Keep::Nothing)?, engine).telling();
            if gathered.tally.events > 0 {
                // An event may change a part of a document.
                keep_texts(&mut writer, &gathered.exports)?;
            }
            judge(&mut writer, gathered, coverage, (progress, |_, happened_at| Moment::filed(happened_at)))
        }
    }
}

fn rules(args: &ScanArgs, coverage: &Coverage) -> Rules {
    let judging = if coverage.short_history { Judging::Short } else { Judging::Full };
    Rules {
        judge: Judge { from: coverage.judged_from.unwrap_or(Time::MIN), judging },
        settings: Settings { cases_per_day: args.cases_per_day, ..Settings::default() },
        ladder: Ladder { mode: ResponseMode::Record, ..Ladder::default() },
    }
}

/// When something of a file is recorded that happened at an instant.
type When<J> = fn(&Writer<J>, Time) -> Moment;

/// Stores the documents of exports by their hashes.
fn keep_texts<J: Journal>(writer: &mut Writer<J>, exports: &[AccountExport]) -> Result<()> {
    let texts = exports.iter().flat_map(|export| &export.policies).map(|policy| policy.text.as_bytes());
    writer.put_blobs(texts).context("cannot store the policy documents")
}

/// Takes in what was gathered, in order, and reports what came of it.
fn judge<J: Journal>(
    writer: &mut Writer<J>,
    mut gathered: Gathered,
    mut coverage: Coverage,
    (progress, when): (&Progress, When<J>),
) -> Result<Report> {
    let lies_there = !derive(&writer.engine().state.control).is_empty();
    let exports = if lies_there { Vec::new() } else { gathered.exports.clone() };
    let privilege = (!exports.is_empty()).then(|| privilege::atlas(exports, &TierZero::Default));
    for export in gathered.exports {
        // A scan sees its exports before its events, whenever they were made.
        let now = when(writer, Time::MIN).recorded_at;
        if let Err(refusal) = writer.admit(&Command::Import(Box::new(export)), now)? {
            gathered.tally.notes.push(refusal.to_string());
        }
    }
    let privilege = if lies_there { Some(lying(writer)) } else { privilege };
    progress.judging(gathered.tally.events);
    let judged_from = coverage.judged_from.unwrap_or(Time::MAX);
    // What exports tell is how it was.
    drop(writer.take_told());
    // What was used and changed is told of an inventory alone.
    let mut shown = privilege.is_some().then(Shown::default);
    (coverage.judged_events, coverage.learned_to) =
        fold(writer, gathered.events, (judged_from, shown.as_mut()), (progress, when))?;
    gathered.rejects.finish()?;
    let Some(atlas) = privilege.transpose()? else {
        return Ok(report::of(writer, gathered.tally, &gathered.rejects, coverage));
    };
    let Shown { ledger, facts } = shown.unwrap_or_default();
    let now = writer.not_before(when(writer, coverage.last.unwrap_or(Time::MIN)).recorded_at);
    let atlas = opened::later(writer, &atlas, &facts, now)?.unwrap_or(atlas);
    let report = report::of(writer, gathered.tally, &gathered.rejects, coverage);
    let usage = privilege::usage(ledger, &atlas)?;
    Ok(Report { privilege: Some(privilege::analyzed(&atlas, usage.as_ref())?), ..report })
}

/// What follows from the inventory that lies in a data folder.
fn lying<J: Journal>(writer: &Writer<J>) -> Result<Atlas> {
    let mut exports = derive(&writer.engine().state.control);
    privilege::with_texts(&mut exports, |hash| writer.journal().blob(hash))
        .context("cannot read the policies that lie in the folder")?;
    privilege::atlas(exports, &TierZero::Default)
}

/// What a log shows of an inventory: what of it was used, and the facts of what became of it.
#[derive(Default)]
struct Shown {
    ledger: Ledger,
    facts: Vec<Fact>,
}

/// How files are read.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    /// On how many threads; on all processors if not said.
    pub(crate) threads: Option<usize>,
    /// How much memory events may take before they are spilled, in MiB.
    pub(crate) memory_mib: usize,
    /// Where rejects are kept.
    pub(crate) rejects: Option<PathBuf>,
    /// Whether the raw records are kept.
    pub(crate) raw: Raw,
}

impl Default for Reading {
    fn default() -> Self {
        Self { threads: None, memory_mib: 256, rejects: None, raw: Raw::Keep }
    }
}

/// What the files hold.
pub(crate) struct Gathered<E = Runs> {
    pub(crate) events: E,
    pub(crate) exports: Vec<AccountExport>,
    pub(crate) rejects: Rejects,
    pub(crate) tally: Tally,
}

/// Whoever takes in events as they are found, in no particular order.
pub(crate) trait TakesEvents {
    fn take(&mut self, event: Box<Event>) -> Result<()>;
}

impl TakesEvents for Runs {
    fn take(&mut self, event: Box<Event>) -> Result<()> {
        self.push(event).context("cannot spill events to the temporary folder")
    }
}

/// The same events in any order make the same ledger.
impl TakesEvents for Ledger {
    fn take(&mut self, event: Box<Event>) -> Result<()> {
        Self::take(self, &event);
        Ok(())
    }
}

/// Reads all files and puts what they hold in order.
pub(crate) fn gather(paths: &[PathBuf], reading: &Reading, progress: &Progress) -> Result<Gathered> {
    gather_into(Runs::new(reading.memory_mib.saturating_mul(MIB)), paths, reading, progress)
}

/// Reads all files and has their events taken in.
pub(crate) fn gather_into<E: TakesEvents>(
    events: E,
    paths: &[PathBuf],
    reading: &Reading,
    progress: &Progress,
) -> Result<Gathered<E>> {
    let Walked { files, others } = files::walk(paths)?;
    if files.is_empty() {
        let paths: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
        bail!("nothing to read in {}: give a file, or a folder that holds some", paths.join(", "));
    }
    let mut gathered = Gathered {
        events,
        exports: Vec::new(),
        rejects: Rejects::new(reading.rejects.as_deref())?,
        tally: Tally::default(),
    };
    if others > 0 {
        let said = format!(
            "{others} links, pipes or the like were met and not followed: name them to have them read"
        );
        gathered.tally.notes.push(said);
    }
    progress.reading(&files);
    let processors = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let threads = reading.threads.unwrap_or_else(processors);
    read::all(&files, (threads, reading.raw), &mut |found| {
        progress.read(&found);
        gathered.take(found)
    })?;
    gathered.settle()?;
    gathered.exports.sort_by(AccountExport::order);
    Ok(gathered)
}

impl<E: TakesEvents> Gathered<E> {
    fn take(&mut self, found: Found) -> Result<()> {
        match found {
            Found::Events { source, events } => {
                self.tally.newest(&source, &events);
                for event in events {
                    self.tally.event(&event);
                    self.events.take(event)?;
                }
            }
            Found::Export(export) => self.exports.push(*export),
            Found::Reject(reject) => self.reject(&reject)?,
            Found::Wrapped(name) => self.tally.wrapped(name),
            Found::Skipped(kind) => self.tally.skipped(kind),
            Found::FileDone { .. } => {}
        }
        Ok(())
    }

    /// What all exports together tell.
    fn settle(&mut self) -> Result<()> {
        let cut = join_pages(&mut self.exports);
        take_out_gone(&mut self.exports);
        for export in &self.exports {
            self.tally.export(export);
        }
        let exports = std::mem::take(&mut self.exports);
        let told = exports.iter().flat_map(|export| &export.rejects);
        cut.iter().chain(told).try_for_each(|reject| self.reject(reject))?;
        self.exports = exports;
        Ok(())
    }

    fn reject(&mut self, reject: &Reject) -> Result<()> {
        self.tally.reject(reject);
        self.rejects.push(reject)
    }
}

/// Folds all events in order, and notes what they show of an inventory where that is wanted; counts those that happened
/// from an instant on, and says when the last one before it was.
fn fold<J: Journal>(
    writer: &mut Writer<J>,
    runs: Runs,
    (from, mut shown): (Time, Option<&mut Shown>),
    (progress, when): (&Progress, When<J>),
) -> Result<(u64, Option<Time>)> {
    let (mut last, mut learned_to, mut before) = (None, None, 0);
    runs.into_order(&mut |event| {
        let happened_at = event.happened_at();
        last = Some(happened_at);
        progress.judged();
        if let Some(shown) = &mut shown {
            shown.ledger.take(&event);
        }
        let moment = when(writer, happened_at);
        writer.take(event, moment).context("cannot take an event")?;
        let told = opened::told(writer);
        if let Some(shown) = &mut shown {
            shown.facts.extend(told);
        }
        if happened_at < from {
            (before, learned_to) = (writer.counts.accepted, last);
        }
        Ok(())
    })?;
    writer.flush()?;
    if let Some(last) = last {
        // The last minute, too, is told to the peers.
        let over = last + Millis::MINUTE;
        let now = when(writer, over).recorded_at;
        writer.tick(over.min(now), now).context("cannot end the last minute")?;
    }
    let told = opened::told(writer);
    if let Some(shown) = shown {
        shown.facts.extend(told);
    }
    progress.done();
    Ok((writer.counts.accepted - before, learned_to))
}

/// A path to read, as it is named in reports.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceFile {
    /// Where it is.
    pub path: PathBuf,
    /// How large it is, in bytes.
    pub bytes: u64,
}

const MIB: usize = 1024 * 1024;
/// No input of a scan can choose it, and no result depends on it.
const HASH_SEED: u64 = 0x9e37_79b9_7f4a_7c15;
