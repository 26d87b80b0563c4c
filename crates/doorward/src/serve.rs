//! The server, put together: journal, writer, what readers load, and the doors.

pub mod config;
mod decisions;
mod denials;
mod deriver;
mod feed;
mod indexing;
mod keeper;
pub mod kept;
pub mod live;
pub(crate) mod past;
pub(crate) mod policies;
mod queue;
mod retention;
mod watched;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{IsTerminal, Read, Write, stderr};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{channel, sync_channel};
use std::thread::JoinHandle;

use anyhow::{Context, Result, anyhow};
use doorward_detect::Settings;
use doorward_detect::narrative::narrative;
use doorward_engine::{Engine, Rules};
use doorward_journal::sqlite::PAGE_BYTES;
use doorward_journal::{Indexer, Journal, JournalError, Options, Sqlite};
use doorward_model::command::Command;
use doorward_model::decision::Pep;
use doorward_model::id::TenantId;
use doorward_model::record::{CONFIGURATION, DecisionsMissing, Fact, PepSet};
use doorward_model::time::{Millis, Time};
use doorward_privilege::rating::TierZero;
use doorward_proof::{Ed25519, NewToken, Scope, Signer, issue};
use doorward_serve::handle::{Handle, Work};
use doorward_serve::metrics::Metrics;
use doorward_serve::past::Past;
use doorward_serve::uses::Uses;
use doorward_views::control::Control;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};

use crate::cli::ServeArgs;
use crate::privilege;
use crate::serve::config::Config;
use crate::serve::deriver::{Deriver, Reporter};
use crate::serve::feed::{Door, Feed};
use crate::serve::keeper::Keeper;
use crate::serve::kept::Kept;
use crate::serve::live::Live;
use crate::serve::queue::Queue;
use crate::serve::retention::Pruner;
use crate::signing::HeadSigner;
use crate::signing::key_file::{self, Opened};
use crate::writer::Writer;

/// Serves until told to stop.
///
/// # Errors
/// When the settings, the data folder, the policies or the address cannot be used.
pub(crate) fn serve(args: &ServeArgs) -> Result<()> {
    let config = Config::of(args)?;
    doorward_serve::server::check(config.listen, &config.serve)?;
    let colours = stderr().is_terminal();
    tracing_subscriber::fmt().with_writer(stderr).with_ansi(colours).with_target(false).init();
    let metrics = Arc::new(Metrics::default());
    let tier_zero = config.tier_zero.as_deref().map(privilege::tier_zero).transpose()?;
    let tier_zero = tier_zero.unwrap_or(TierZero::Default);
    let (mut live, keeper, (past, uses), signer) = open(&config, &metrics, tier_zero.clone())?;
    let indexer = Indexer::new(live.writer.journal().follower()?, &config.data_dir)?;
    let judged = config.policy.as_ref().and_then(|folder| policies::stamps(folder).ok());
    prepare(&mut live, &config)?;
    live.metrics = Arc::clone(&metrics);
    let fed = Feed { demo: args.demo, import: args.import.clone() };
    feed::check(&live, &fed)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (work, asked) = mpsc::channel(QUEUE_MAX);
    let (decisions, made) = sync_channel(DECISIONS_MAX);
    let (told, ready) = watch::channel(fed.readiness());
    let shared = live.shared();
    let deriver = start_deriver(&mut live, (&work, tier_zero), &metrics)?;
    let pruner = Pruner::new(config.retention, Arc::clone(&metrics));
    let flush = config.decision_flush;
    let writer = std::thread::Builder::new()
        .name("writer".to_owned())
        .spawn(move || {
            let mut queue = Queue::new(asked, made)?;
            live.begin_run(flush)?;
            feed::feed(&mut live, &fed, &mut Door { told: &told, queue: &mut queue })?;
            live.run(queue, &told, (pruner, flush, signer))
        })
        .context("cannot start the writer")?;
    let (keep, stop) = channel();
    let keeper = std::thread::Builder::new()
        .name("keeper".to_owned())
        .spawn(move || keeper.run(&stop))
        .context("cannot start the keeper of checkpoints")?;
    let (index, no_index) = channel();
    let counted = Arc::clone(&metrics);
    let indexing = std::thread::Builder::new()
        .name("indexer".to_owned())
        .spawn(move || indexing::run(indexer, &counted, &no_index))
        .context("cannot start the indexer")?;
    let handle = Handle {
        world: shared.world,
        tokens: shared.tokens,
        peps: shared.peps,
        ready,
        work,
        decisions,
        metrics,
        past,
        uses,
        rejects: kept::files(&config.data_dir),
        narrate: narrative,
        random,
    };
    if let Some(folder) = config.policy.clone() {
        runtime.spawn(policies::follow(folder, judged, handle.clone()));
    }
    for watched in config.watched.iter().cloned() {
        runtime.spawn(watched::follow(watched, config.data_dir.clone(), handle.clone()));
    }
    let served = runtime.block_on(listen(&config, handle));
    drop((keep, index));
    let indexed = indexing.join().map_err(|_| anyhow!("the indexer has panicked"));
    let kept = keeper.join().map_err(|_| anyhow!("the keeper of checkpoints has panicked"));
    drop(runtime);
    let wrote = writer.join().map_err(|_| anyhow!("the writer has panicked"))?;
    let derived = deriver.join().map_err(|_| anyhow!("what derives privilege has panicked"));
    served.and(wrote).and(kept).and(indexed).and(derived)
}

/// Has what could be done derived from the inventory, now and whenever that changes. The thread ends after the writer,
/// which tells it what to derive from.
fn start_deriver(
    live: &mut Live,
    (work, tier_zero): (&mpsc::Sender<Work>, TierZero),
    metrics: &Arc<Metrics>,
) -> Result<JoinHandle<()>> {
    let (tell, told) = channel();
    live.tell(tell);
    let texts = live.writer.journal().follower()?;
    let engine = live.writer.engine();
    let blank = Engine::new(engine.tenant().clone(), Rules::default(), 1, 0);
    let reporter = Reporter::new(&engine.state.control, blank);
    let control = engine.state.control.inventory_alone();
    let deriver = Deriver::new((control, texts), told, work.downgrade(), Arc::clone(metrics), reporter)
        .rating(tier_zero);
    let thread = std::thread::Builder::new().name("deriver".to_owned());
    thread.spawn(move || deriver.run()).context("cannot start what derives privilege from the inventory")
}

async fn listen(config: &Config, handle: Handle) -> Result<()> {
    let listener = tokio::net::TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("cannot listen on {}", config.listen))?;
    let address = listener.local_addr()?;
    // Whoever reads the line below may ask for a stop at once. Without its writer nothing goes on either.
    let stopped = stopped().context("cannot listen for signals")?;
    let mut ready = handle.ready.clone();
    let stopped = async move {
        tokio::select! {
            () = stopped => {}
            () = async { while ready.changed().await.is_ok() {} } => {}
        }
    };
    writeln!(stderr(), "Doorward listens on http://{address}, data in {}.", config.data_dir.display())?;
    doorward_serve::server::serve(listener, handle, config.serve.clone(), stopped).await?;
    Ok(())
}

/// Done when the process is asked to stop, from now on.
fn stopped() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminated = signal(SignalKind::terminate())?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminated.recv() => {}
            _ = interrupted.recv() => {}
        }
    })
}

/// What works on an open data folder.
type Folder = (Live, Keeper, (Past, Uses), Arc<HeadSigner>);

/// Opens the data folder and folds what it holds.
fn open(config: &Config, metrics: &Arc<Metrics>, tier_zero: TierZero) -> Result<Folder> {
    let tenant = TenantId::from(TENANT);
    let page_limit = match config.disk_bytes_max {
        0 => None,
        bytes => Some(u32::try_from(bytes / u64::from(PAGE_BYTES)).unwrap_or(u32::MAX)),
    };
    let options = Options { page_limit, ..Options::default() };
    let journal = Sqlite::open(&config.data_dir, &tenant, options)
        .with_context(|| format!("cannot open the data folder {}", config.data_dir.display()))?;
    let rules = Rules {
        settings: Settings { cases_per_day: config.cases_per_day, ..Settings::default() },
        ladder: config.ladder.clone(),
        ..Rules::default()
    };
    let seed = random().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
    let blank = Engine::new(tenant, rules, 1, seed);
    let past = past::past(&config.data_dir, options, (blank.clone(), tier_zero));
    let uses = past::uses(&config.data_dir, options, blank.tenant().clone());
    let mut writer = Writer::open(journal, blank.clone()).context("cannot fold the journal")?;
    note_missing(&mut writer)?;
    let signer = Arc::new(HeadSigner(instance_key(&config.data_dir)?));
    let follower = writer.journal().follower()?;
    let keeper =
        Keeper::new(follower, (blank, config.checkpoints), Arc::clone(&signer), Arc::clone(metrics))?;
    let kept = Kept::new(&config.data_dir, config.rejects_bytes_max);
    let live = Live::new(writer, kept, seed)?.trusting(config.trust.clone());
    Ok((live, keeper, (past, uses), signer))
}

/// The key by which the ends of the journal are signed; none while there is no room to keep one.
fn instance_key(folder: &Path) -> Result<Option<Ed25519>> {
    match key_file::open(folder, random)? {
        Opened::Read(key) => {
            tracing::info!(
                key = key.public_key().id(),
                "heads of the journal are signed with the instance key"
            );
            Ok(Some(key))
        }
        Opened::Made(key) => {
            let public = key.public_key();
            writeln!(stderr(), "Instance key {}, made now; its public key: {public}", public.id())?;
            Ok(Some(key))
        }
        Opened::Full(error) => {
            tracing::error!(%error, "no instance key can be kept: heads of the journal are not signed until a start");
            Ok(None)
        }
    }
}

/// Records for when an earlier run, which has not ended well, may have given decisions without a record.
fn note_missing(writer: &mut Writer<Sqlite>) -> Result<()> {
    let Some(flush) = writer.journal().unfinished_run()? else { return Ok(()) };
    if flush > Millis(0) {
        let (last, now) = (writer.journal().head().recorded_at, writer.not_before(clock()));
        let (from, to) = (last - flush, now);
        let missing = DecisionsMissing { from_ms: from.ms(), to_ms: to.ms(), flush_ms: flush.0 };
        unless_full(writer.note(Fact::DecisionsMissing(missing), now))?;
        tracing::warn!(%from, %to, "the run before ended abruptly: records of its last decisions may be missing");
    }
    Ok(unless_full(writer.journal_mut().end_run())?)
}

/// What a full disk keeps from being recorded at a start waits: the server starts all the same, and denies.
fn unless_full(done: std::result::Result<(), JournalError>) -> std::result::Result<(), JournalError> {
    match done {
        Err(JournalError::Full(_)) => Ok(()),
        done => done,
    }
}

/// Brings what is configured into force: the first token, enforcement points, policies.
fn prepare(live: &mut Live, config: &Config) -> Result<()> {
    let now = live.writer.not_before(clock());
    if live.writer.engine().state.control.tokens.is_empty() {
        first_token(live, now)?;
    }
    for pep in &config.peps {
        if is_news(&live.writer.engine().state.control, pep) {
            let set = PepSet { pep: pep.clone(), by: CONFIGURATION.to_owned() };
            live.configure(Command::SetPep(set), BTreeMap::new(), now)?;
        }
    }
    config.policy.as_ref().map_or(Ok(()), |folder| policies::publish(live, folder, now))
}

/// Whether the settings say something of an enforcement point that they have not said before. What somebody has changed
/// since stays changed.
fn is_news(control: &Control, pep: &Pep) -> bool {
    let known = control.peps.get(&pep.name).filter(|set| !set.by.is_empty());
    let said = control.configured.peps.get(&pep.name) == Some(pep);
    if let Some(set) = known.filter(|set| said && set.pep != *pep) {
        let (mode, by) = (set.pep.mode().word(), &set.by);
        tracing::warn!(pep = pep.name, mode, by, "its mode is not as configured, but as was set since");
    }
    known.is_none() || !said
}

/// The first token is shown once, and kept only hashed.
fn first_token(live: &mut Live, now: Time) -> Result<()> {
    let asked = NewToken {
        name: "first".to_owned(),
        scopes: vec![Scope::Admin],
        subject: None,
        by: CONFIGURATION.to_owned(),
        expires_at: None,
    };
    let (secret, token) = issue(asked, &random(), now)?;
    live.admit(&Command::IssueToken(token), None, now)?;
    writeln!(stderr(), "Admin token, shown this once: {}", secret.expose())?;
    Ok(())
}

/// 32 bytes that nobody can guess. Without them no token and no seed is safe, so then nothing goes on.
fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    let read = File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut bytes));
    if read.is_err() {
        std::process::abort();
    }
    bytes
}

pub(crate) fn clock() -> Time {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Time::from_ms(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// A data folder holds one tenant.
pub(crate) const TENANT: &str = "default";
/// How much work may wait for the writer.
const QUEUE_MAX: usize = 1_024;
/// How many decisions may wait for their record; one round takes all that do.
const DECISIONS_MAX: usize = 65_536;
