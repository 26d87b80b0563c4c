//! What a server is given before it listens: files to import, or a simulated organisation.

use std::io::{self, ErrorKind, IsTerminal, stderr};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use doorward_intake::{Item, Limits, Reader};
use doorward_journal::{Journal, JournalError};
use doorward_model::command::Command;
use doorward_model::event::Event;
use doorward_model::inventory::AccountExport;
use doorward_model::time::{Millis, Time};
use doorward_serve::handle::{Readiness, WorkError};
use doorward_simulate::{Plan, files};
use tokio::sync::watch;

use crate::scan::{Gathered, Progress, Reading, gather};
use crate::serve::clock;
use crate::serve::live::Live;
use crate::serve::queue::Queue;
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

/// The way in and out while files are taken in: questions are answered, and commands carried out, in between.
pub(super) struct Door<'a> {
    pub(super) told: &'a watch::Sender<Readiness>,
    pub(super) queue: &'a mut Queue,
}

impl Door<'_> {
    /// Looks, now and then, whether somebody asks, and tells how far it is.
    fn look(&mut self, live: &mut Live, events: u64) -> Result<()> {
        if events.is_multiple_of(LOOK_EVERY) {
            self.told.send_replace(importing(&format!("{events} events")));
            if self.queue.is_due() || live.metrics.decisions_waiting.get() > 0 {
                return self.turn(live, Duration::ZERO);
            }
        }
        Ok(())
    }

    /// Does what is asked within a while, and ends it all when nobody can ask any more.
    fn turn(&mut self, live: &mut Live, wait: Duration) -> Result<()> {
        let Some(round) = self.queue.round(wait) else {
            bail!("stopped before everything was imported: start again to go on");
        };
        live.turn(round, &self.queue.decisions, clock()).context("cannot record what was asked meanwhile")
    }

    /// Has something done on a thread of its own, and what is asked meanwhile.
    fn meanwhile<T: Send + 'static>(
        &mut self,
        live: &mut Live,
        act: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let acting = thread::Builder::new().name("reader".to_owned()).spawn(act)?;
        while !acting.is_finished() {
            self.turn(live, WAIT)?;
        }
        acting.join().map_err(|_| anyhow!("the reader has panicked"))?
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

/// Takes in what the command line names, while the server answers and obeys, and says that it is not ready. A full disk
/// ends that, and not the server, whose status says so from then on: it must go on denying.
pub(super) fn feed(live: &mut Live, feed: &Feed, door: &mut Door<'_>) -> Result<()> {
    match take_all(live, feed, door) {
        Err(error) if error.chain().any(is_full) => {
            let again =
                if feed.demo { "with --demo on a fresh data folder" } else { "with the same --import" };
            let said = format!(
                "the import stopped before its end ({error:#}): make room, and start again {again}; what is recorded \
                 already is not taken twice"
            );
            tracing::error!("{said}");
            live.publish();
            // It is set here only, once.
            drop(live.metrics.upkeep.import_stopped.set(said));
            Ok(())
        }
        done => done,
    }
}

/// Whether something could not be written for want of room.
fn is_full(cause: &(dyn std::error::Error + 'static)) -> bool {
    let full = |error: &io::Error| matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
    matches!(cause.downcast_ref(), Some(JournalError::Full(_))) || cause.downcast_ref().is_some_and(full)
}

/// Events are judged in the total order, and come before all live ones.
fn take_all(live: &mut Live, feed: &Feed, door: &mut Door<'_>) -> Result<()> {
    if feed.demo {
        return demo(live, door);
    }
    if feed.import.is_empty() {
        return Ok(());
    }
    let rejected = tempfile::NamedTempFile::new().context("cannot make a temporary file")?;
    let reading = Reading { rejects: Some(rejected.path().to_owned()), ..Reading::default() };
    let import = feed.import.clone();
    let (gathered, progress) = door.meanwhile(live, move || {
        let progress = if stderr().is_terminal() { Progress::shown() } else { Progress::hidden() };
        Ok((gather(&import, &reading, &progress)?, progress))
    })?;
    let Gathered { events: runs, exports, tally, mut rejects, .. } = gathered;
    rejects.finish()?;
    live.kept().keep_file(rejected.path()).context("cannot keep the rejects")?;
    take_exports(live, exports)?;
    progress.judging(tally.events);
    let mut events = 0;
    runs.into_order(&mut |event| {
        progress.judged();
        events += 1;
        door.look(live, events)?;
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
fn demo(live: &mut Live, door: &mut Door<'_>) -> Result<()> {
    let (events, exports) = door.meanwhile(live, || Ok(organisation()))?;
    take_exports(live, exports)?;
    for (count, event) in (1..).zip(events) {
        door.look(live, count)?;
        take(live, event)?;
    }
    finish(live)
}

/// What a simulated organisation has logged up to now, in order, and what it exports.
fn organisation() -> (Vec<Box<Event>>, Vec<AccountExport>) {
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
    (events, exports)
}

fn take_exports(live: &mut Live, exports: Vec<AccountExport>) -> Result<()> {
    for export in exports {
        let now = live.writer.not_before(clock());
        match live.admit(&Command::Import(Box::new(export)), None, now) {
            Ok(_) => {}
            Err(WorkError::Refused(refusal)) => tracing::warn!(%refusal, "an export was not taken"),
            Err(error) => return Err(error).context("cannot take in an export"),
        }
    }
    Ok(())
}

fn take(live: &mut Live, event: Box<Event>) -> Result<()> {
    let moment = Moment::imported(event.happened_at(), live.writer.not_before(clock()));
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
const LOOK_EVERY: u64 = 64;
/// How long it waits for somebody to ask while others read.
const WAIT: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc::{Sender, channel, sync_channel};

    use arc_swap::ArcSwap;
    use doorward_detect::{Judging, Settings};
    use doorward_engine::{Engine, Judge, Rules};
    use doorward_journal::{Options, Sqlite};
    use doorward_model::hold::{Hold, HoldScope};
    use doorward_model::id::TenantId;
    use doorward_policy::world::World;
    use doorward_respond::Ladder;
    use doorward_serve::handle::{Done, IngestAnswer, Pushed, Terms, Work};
    use doorward_views::state::State;
    use tokio::sync::{mpsc, oneshot};

    use super::*;
    use crate::serve::kept::Kept;
    use crate::writer::Writer;

    const ALICE: &str = "arn:aws:iam::111122223333:user/alice";
    const EVENTS: u64 = 1_000;

    fn live(folder: &std::path::Path) -> Live {
        let rules = Rules {
            judge: Judge { from: Time::MIN, judging: Judging::Full },
            settings: Settings::default(),
            ladder: Ladder::default(),
        };
        let tenant = TenantId::from("default");
        let journal = Sqlite::open(folder, &tenant, Options::default()).unwrap();
        let writer = Writer::open(journal, Engine::new(tenant, rules, 1, 7)).unwrap();
        Live::new(writer, Kept::new(folder, 1 << 20), 7).unwrap()
    }

    /// An event of alice, a minute after the one before.
    fn line(at: u64) -> String {
        let minutes = Millis::MINUTE.times(i64::try_from(at).unwrap());
        let when = (Time::parse("2026-03-02T10:00:00Z").unwrap() + minutes).to_string();
        let when = when.replace(".000Z", "Z");
        format!(
            r#"{{"eventVersion":"1.08","userIdentity":{{"type":"IAMUser","principalId":"AIDAEXAMPLEALICE","arn":"{ALICE}","accountId":"111122223333","userName":"alice"}},"eventTime":"{when}","eventSource":"s3.amazonaws.com","eventName":"ListBuckets","awsRegion":"eu-west-1","sourceIPAddress":"198.51.100.7","userAgent":"aws-cli/2.15","eventID":"e-{at}","eventType":"AwsApiCall","recipientAccountId":"111122223333"}}"#
        )
    }

    /// The answers to what is asked in the middle of the events.
    type Answers =
        (oneshot::Receiver<Result<Done, WorkError>>, oneshot::Receiver<Result<IngestAnswer, WorkError>>);

    /// Asks again and again until events of alice are there; then places a hold, sends events, and looks how many
    /// events there are and how many holds decisions see.
    fn wait(
        asks: mpsc::Sender<Work>,
        world: Arc<ArcSwap<World>>,
        answers: Sender<Answers>,
        seen: Sender<(u64, usize)>,
    ) -> Work {
        Work::Ask(Box::new(move |state, _| {
            if state.habits(ALICE).is_none() {
                asks.clone().try_send(wait(asks, world, answers, seen)).unwrap();
                return;
            }
            let (reply, held) = oneshot::channel();
            let hold = Hold { id: "h".to_owned(), subject: ALICE.to_owned(), ..Hold::default() };
            let command = Box::new(Command::PlaceHold(hold));
            asks.try_send(Work::Command { command, terms: Terms::of("ann"), reply }).unwrap();
            let (reply, sent) = oneshot::channel();
            let events = Pushed::of("trail", vec![Box::default()], Vec::new(), clock());
            asks.try_send(Work::Ingest { events, reply }).unwrap();
            let question = move |state: &State, _: &dyn Journal| {
                let holds = world.load().snapshot.holds(HoldScope::Identity, ALICE).count();
                seen.send((state.habits(ALICE).unwrap().events, holds)).unwrap();
            };
            asks.try_send(Work::Ask(Box::new(question))).unwrap();
            answers.send((held, sent)).unwrap();
        }))
    }

    #[test]
    fn a_hold_is_placed_and_bites_in_the_middle_of_an_import() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("log.jsonl");
        std::fs::write(&log, (0..EVENTS).map(|at| line(at) + "\n").collect::<String>()).unwrap();
        let mut live = live(&dir.path().join("data"));
        let (asks, work) = mpsc::channel(16);
        let (_decide, made) = sync_channel(16);
        let (told, _) = watch::channel(Readiness::Ready);
        let (answered, answers) = channel();
        let (saw, seen) = channel();
        asks.try_send(wait(asks.clone(), live.shared().world, answered, saw)).unwrap();
        let mut queue = Queue::new(work, made).unwrap();
        let fed = Feed { demo: false, import: vec![log] };
        feed(&mut live, &fed, &mut Door { told: &told, queue: &mut queue }).unwrap();
        let (events, holds) = seen.try_recv().unwrap();
        assert!((LOOK_EVERY..EVENTS / 2).contains(&events), "{events}");
        assert_eq!((holds, live.writer.counts.accepted), (1, EVENTS));
        let (mut held, mut sent) = answers.try_recv().unwrap();
        assert_eq!(held.try_recv().unwrap().map(|done| done.id), Ok("h".to_owned()));
        assert_eq!(sent.try_recv().unwrap(), Err(WorkError::Importing));
    }
}
