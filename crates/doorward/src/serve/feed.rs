//! What a server is given before it listens: files to import, or a simulated organisation.

use std::io::{IsTerminal, stderr};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use doorward_intake::{Item, Limits, Reader};
use doorward_journal::Journal;
use doorward_model::command::Command;
use doorward_model::event::Event;
use doorward_model::inventory::AccountExport;
use doorward_model::time::{Millis, Time};
use doorward_serve::handle::{Readiness, Work};
use doorward_simulate::{Plan, files};
use tokio::sync::{mpsc, watch};

use crate::scan::{Gathered, Progress, Reading, gather};
use crate::serve::clock;
use crate::serve::live::Live;
use crate::writer::Moment;

/// What is to be fed.
pub(super) struct Feed {
    /// The simulated organisation.
    pub(super) demo: bool,
    /// Files and folders.
    pub(super) import: Vec<PathBuf>,
}

impl Feed {
    /// Whether there is something to do before the server is ready.
    pub(super) fn readiness(&self) -> Readiness {
        if self.demo || !self.import.is_empty() { importing("reading") } else { Readiness::Ready }
    }
}

/// The way out while files are taken in.
pub(super) struct Door<'a> {
    pub(super) told: &'a watch::Sender<Readiness>,
    pub(super) asked: &'a mpsc::Receiver<Work>,
}

impl Door<'_> {
    /// Tells how far it is, now and then, and ends it when nobody waits for it any more.
    fn tell(&self, events: u64) -> Result<()> {
        if events.is_multiple_of(TELL_EVERY) {
            self.told.send_replace(importing(&format!("{events} events")));
            if self.asked.is_closed() {
                bail!("stopped before everything was imported: start again to go on");
            }
        }
        Ok(())
    }
}

fn importing(what: &str) -> Readiness {
    Readiness::NotReady(format!("importing: {what}"))
}

/// Whether it can be fed at all; told before anything listens.
pub(super) fn check(live: &Live, feed: &Feed) -> Result<()> {
    if feed.demo && !live.writer.engine().state.control.identities.is_empty() {
        bail!("the data folder is not fresh: name another one with --data-dir, or leave --demo out");
    }
    for path in &feed.import {
        std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
    }
    Ok(())
}

/// Takes in what the command line names, while the server answers that it is not ready. Events are judged in the total
/// order, and come before all live ones.
pub(super) fn feed(live: &mut Live, feed: &Feed, door: &Door<'_>) -> Result<()> {
    if feed.demo {
        return demo(live, door);
    }
    if feed.import.is_empty() {
        return Ok(());
    }
    let progress = if stderr().is_terminal() { Progress::shown() } else { Progress::hidden() };
    let rejected = tempfile::NamedTempFile::new().context("cannot make a temporary file")?;
    let reading = Reading { rejects: Some(rejected.path().to_owned()), ..Reading::default() };
    let Gathered { runs, exports, tally, mut rejects, .. } = gather(&feed.import, &reading, &progress)?;
    rejects.finish()?;
    live.kept().keep_file(rejected.path()).context("cannot keep the rejects")?;
    take_exports(live, exports)?;
    progress.judging(tally.events);
    let mut events = 0;
    runs.into_order(&mut |event| {
        progress.judged();
        events += 1;
        door.tell(events)?;
        take(live, event)
    })?;
    finish(live)?;
    progress.done();
    let counts = live.writer.counts;
    tracing::info!(
        accepted = counts.accepted,
        duplicate = counts.duplicate,
        rejected = tally.rejected,
        "imported"
    );
    Ok(())
}

/// Feeds a simulated organisation whose last day is today into a fresh data folder.
fn demo(live: &mut Live, door: &Door<'_>) -> Result<()> {
    let mut plan = Plan::new(DEMO_SEED, DEMO_IDENTITIES, DEMO_DAYS);
    plan.start = clock() - Millis::DAY.times(i64::from(DEMO_DAYS) - 1);
    let (mut events, mut exports) = (Vec::new(), Vec::new());
    files(&plan, &mut |path, content| {
        let mut take = |item| match item {
            Item::Event(event) => events.push(event),
            Item::Export(export) => exports.push(*export),
            Item::Reject(_) | Item::Wrapped { .. } | Item::Skipped { .. } => {}
        };
        let mut reader = Reader::new(path, Limits::default());
        reader.push(content, &mut take);
        reader.finish(&mut take);
    });
    // What has not happened yet cannot be in a log.
    let now = clock();
    events.retain(|event| event.happened_at() <= now);
    events.sort_by(|one, other| one.order(other));
    take_exports(live, exports)?;
    for (count, event) in (1..).zip(events) {
        door.tell(count)?;
        take(live, event)?;
    }
    finish(live)
}

fn take_exports(live: &mut Live, exports: Vec<AccountExport>) -> Result<()> {
    for export in exports {
        for policy in &export.policies {
            live.writer.put_blob(policy.text.as_bytes()).context("cannot store a policy document")?;
        }
        let now = live.writer.not_before(clock());
        if let Err(refusal) = live.writer.admit(&Command::Import(Box::new(export)), now)? {
            tracing::warn!(%refusal, "an export was not taken");
        }
    }
    Ok(())
}

fn take(live: &mut Live, event: Box<Event>) -> Result<()> {
    let now = live.writer.not_before(clock());
    // Each tick is a commit of its own: one for every hour of the log will do.
    let hour = event.happened_at().ms().div_euclid(Millis::HOUR.0) * Millis::HOUR.0;
    let moment = Moment { tick_at: Time::from_ms(hour).min(now), ..Moment::filed(now) };
    live.writer.take(event, moment).context("cannot take an event")
}

fn finish(live: &mut Live) -> Result<()> {
    live.writer.flush().context("cannot make the import durable")?;
    live.publish();
    let last: Time = live.writer.journal().head().recorded_at;
    tracing::info!(recorded_at = %last, "fed");
    Ok(())
}

const DEMO_SEED: u64 = 1;
const DEMO_IDENTITIES: u32 = 200;
const DEMO_DAYS: u32 = 21;
/// How many events are taken between two looks at the door.
const TELL_EVERY: u64 = 500;
