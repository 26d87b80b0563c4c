//! Watched folders: live sources whose events lie in files. New and changed files are read once they stay the same for
//! a while, and go the way of all events; that a file was read is remembered only when what it holds is durable.

mod reading;
mod remembered;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use doorward_model::command::Command;
use doorward_model::inventory::{AccountExport, Scope, join_pages};
use doorward_model::reject::Reject;
use doorward_serve::handle::{Handle, IngestAnswer, Pushed, Terms, Waits, Work, WorkError};
use doorward_serve::metrics::Fate;
use tokio::time::{MissedTickBehavior, interval};

use crate::serve::clock;
use crate::serve::watched::reading::{Part, Unreadable, read};
use crate::serve::watched::remembered::{Listed, Remembered, Stamp, list};

/// A folder whose files hold the events of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WatchedFolder {
    /// The folder, with all folders in it.
    pub(crate) folder: PathBuf,
    /// The source.
    pub(crate) source: String,
}

/// Watches a folder for as long as the server runs. `data_dir` is where it is remembered what was read.
pub(super) async fn follow(watched: WatchedFolder, data_dir: PathBuf, handle: Handle) {
    let WatchedFolder { folder, source } = watched;
    let opened = {
        let folder = folder.clone();
        tokio::task::spawn_blocking(move || Remembered::open(&data_dir, &folder)).await
    };
    let remembered = match opened {
        Ok(Ok(remembered)) => remembered,
        Ok(Err(error)) => {
            tracing::error!(folder = %folder.display(), %error, "cannot remember what was read: not watched");
            return;
        }
        Err(_) => return,
    };
    let mut watch = Watch {
        folder,
        source: source.into(),
        handle,
        remembered,
        failed: BTreeMap::new(),
        waiting: BTreeMap::new(),
    };
    let mut before = BTreeMap::new();
    let mut interval = interval(EVERY);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        before = watch.round(before).await;
    }
}

/// A folder that is watched.
struct Watch {
    folder: PathBuf,
    source: Arc<str>,
    handle: Handle,
    remembered: Remembered,
    /// What could not be read, why, and in how many rounds it is tried again.
    failed: BTreeMap<PathBuf, (String, u32)>,
    /// Files with pages of an export of which no file has the last one: read again with what comes.
    waiting: BTreeMap<PathBuf, Stamp>,
}

/// Files of a round that hold statements of whole accounts, which count together.
#[derive(Default)]
struct Held {
    files: Vec<(PathBuf, Stamp)>,
    exports: Vec<AccountExport>,
}

/// Why a file is not done.
enum Undone {
    /// It cannot be read.
    Unreadable(String),
    /// What it holds cannot be recorded now.
    NotNow(WorkError),
}

/// What became of what a file holds.
#[derive(Clone, Copy, Default)]
struct Counts {
    accepted: u64,
    duplicate: u64,
    rejected: u64,
    exports: u64,
}

impl Watch {
    /// Looks at the folder once, reads what has stayed the same since `before`, and tells how it stands now.
    async fn round(&mut self, before: BTreeMap<PathBuf, Stamp>) -> BTreeMap<PathBuf, Stamp> {
        let folder = self.folder.clone();
        let Ok(Listed { files, failed }) = tokio::task::spawn_blocking(move || list(&folder)).await else {
            return before;
        };
        self.failed.retain(|path, _| files.contains_key(path) || failed.contains_key(path));
        for (path, error) in failed {
            self.tell_failed(&path, error);
        }
        let same = files.iter().filter(|(path, stamp)| before.get(*path) == Some(*stamp));
        self.waiting.retain(|path, stamp| files.get(path) == Some(stamp));
        let new = same.filter(|(path, stamp)| !self.remembered.has(path, stamp));
        let mut new: BTreeMap<PathBuf, Stamp> = new.map(|(path, stamp)| (path.clone(), *stamp)).collect();
        new.retain(|path, _| !self.waits(path));
        if new.keys().all(|path| self.waiting.contains_key(path)) {
            new.clear();
        }
        let (mut counts, mut read, mut held) = (Counts::default(), 0_u64, Held::default());
        for (path, stamp) in new {
            match self.file(&path, stamp, &mut held).await {
                Ok(of_file) => {
                    (counts, read) = (counts.and(of_file), read + 1);
                    self.failed.remove(&path);
                    self.count_file("read");
                }
                Err(Undone::Unreadable(error)) => self.tell_failed(&path, error),
                Err(Undone::NotNow(error)) => {
                    tracing::warn!(folder = %self.folder.display(), %error, "watched files wait");
                    return files;
                }
            }
        }
        match self.settle(held).await {
            Ok(of_exports) => counts = counts.and(of_exports),
            Err(error) => tracing::warn!(folder = %self.folder.display(), %error, "watched files wait"),
        }
        if read > 0 {
            let Counts { accepted, duplicate, rejected, exports } = counts;
            let (folder, source) = (self.folder.display(), &*self.source);
            tracing::info!(%folder, source, read, accepted, duplicate, rejected, exports, "watched files were read");
        }
        files
    }

    /// Whether a file that could not be read is left alone for this round.
    fn waits(&mut self, path: &Path) -> bool {
        match self.failed.get_mut(path) {
            Some((_, rounds)) if *rounds > 0 => {
                *rounds -= 1;
                true
            }
            _ => false,
        }
    }

    /// Says once why a file or folder cannot be read; it is tried again.
    fn tell_failed(&mut self, path: &Path, error: String) {
        let known = self.failed.get(path).is_some_and(|(known, _)| *known == error);
        if !known {
            let source = &*self.source;
            tracing::warn!(file = %path.display(), source, error, "cannot read a watched file: tried again");
        }
        self.failed.insert(path.to_owned(), (error, AGAIN_ROUNDS));
        self.count_file("unreadable");
    }

    fn count_file(&self, fate: &'static str) {
        let of = Fate { source: self.source.to_string(), fate };
        self.handle.metrics.watched_files.get_or_create(&of).inc();
    }

    /// Takes in what a file holds, part by part, and remembers it when all of it is durable; statements of whole accounts
    /// are held.
    async fn file(&mut self, path: &Path, stamp: Stamp, held: &mut Held) -> Result<Counts, Undone> {
        let mut reading = read(path, stamp.bytes, &self.source);
        let (mut counts, mut exports) = (Counts::default(), Vec::new());
        while let Some(part) = reading.next().await {
            let taken = match part {
                Part::Events { events, rejects } => {
                    self.push(Pushed::of(&self.source, events, rejects, clock())).await
                }
                Part::Export(export) if export.scope == Scope::Account => {
                    exports.push(*export);
                    continue;
                }
                Part::Export(export) => self.import(*export).await,
            };
            counts = counts.and(taken.map_err(Undone::NotNow)?);
        }
        reading.finish().await.map_err(|Unreadable(error)| Undone::Unreadable(error))?;
        if exports.is_empty() {
            self.remember(path, stamp).map_err(Undone::Unreadable)?;
        } else {
            held.files.push((path.to_owned(), stamp));
            held.exports.append(&mut exports);
        }
        Ok(counts)
    }

    fn remember(&mut self, path: &Path, stamp: Stamp) -> Result<(), String> {
        let remembered = self.remembered.remember(path, stamp);
        remembered.map_err(|error| format!("it was read, and that cannot be remembered: {error}"))
    }

    /// Takes in what files of one round tell of whole accounts. Pages without their last one wait for it, and are rejects
    /// until then, which are told once.
    async fn settle(&mut self, held: Held) -> Result<Counts, WorkError> {
        let Held { files, mut exports } = held;
        let rejects = join_pages(&mut exports);
        exports.sort_by(AccountExport::order);
        let mut counts = Counts::default();
        for export in exports {
            counts = counts.and(self.import(export).await?);
        }
        for (path, stamp) in files {
            let name = path.display().to_string();
            let told: Vec<Reject> = rejects.iter().filter(|one| one.source == name).cloned().collect();
            if told.is_empty() {
                self.waiting.remove(&path);
                if let Err(error) = self.remember(&path, stamp) {
                    self.tell_failed(&path, error);
                }
            } else if self.waiting.insert(path, stamp).is_none() {
                let told = Pushed::of(&self.source, Vec::new(), told, clock());
                counts = counts.and(self.push(told).await?);
            }
        }
        Ok(counts)
    }

    async fn push(&self, events: Pushed) -> Result<Counts, WorkError> {
        let (rejected, clamped) = (events.rejects.len() as u64, events.clamped());
        let pushed = self.handle.request(WAITS, |reply| Work::Ingest { events, reply }).await;
        let answer = pushed?;
        self.handle.metrics.count_events(&self.source, &answer, (rejected, clamped));
        let IngestAnswer { accepted, duplicate, .. } = answer;
        Ok(Counts { accepted, duplicate, rejected, exports: 0 })
    }

    /// Takes in an export of an account. An older one than is known is told, and done.
    async fn import(&self, export: AccountExport) -> Result<Counts, WorkError> {
        let rejects: Vec<Reject> = export.rejects.clone();
        let command = Box::new(Command::Import(Box::new(export)));
        let terms = Terms::of(&self.source);
        match self.handle.request(WAITS, |reply| Work::Command { command, terms, reply }).await {
            Ok(_) => {}
            Err(WorkError::Refused(refusal)) => tracing::warn!(%refusal, "an export was not taken"),
            Err(error) => return Err(error),
        }
        let counts = self.push(Pushed::of(&self.source, Vec::new(), rejects, clock())).await?;
        Ok(Counts { exports: 1, ..counts })
    }
}

impl Counts {
    const fn and(self, other: Self) -> Self {
        Self {
            accepted: self.accepted + other.accepted,
            duplicate: self.duplicate + other.duplicate,
            rejected: self.rejected + other.rejected,
            exports: self.exports + other.exports,
        }
    }
}

/// How often a folder is looked at: a file must stay the same for so long before it is read.
const EVERY: Duration = Duration::from_secs(1);
/// For how many rounds what cannot be read is left alone.
const AGAIN_ROUNDS: u32 = 5;
const WAITS: Waits = Waits { queue: Duration::from_secs(60), answer: Duration::from_secs(600) };
