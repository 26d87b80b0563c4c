//! A file into parts of a bounded size, read on a thread of its own.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, anyhow};
use doorward_model::event::Event;
use doorward_model::inventory::AccountExport;
use doorward_model::reject::{Reject, RejectReason};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::{JoinHandle, spawn_blocking};

use crate::scan::SourceFile;
use crate::scan::read::{Found, Raw, all};

/// Some of what a file holds.
pub(super) enum Part {
    /// Events, and what could not be read between them.
    Events { events: Vec<Box<Event>>, rejects: Vec<Reject> },
    /// An export of an account.
    Export(Box<AccountExport>),
}

/// A file could not be read at all: why.
pub(super) struct Unreadable(pub(super) String);

/// A file that is being read. Dropped, it stops.
pub(super) struct Reading {
    parts: Receiver<Part>,
    reader: JoinHandle<Result<()>>,
}

/// Begins to read a file.
pub(super) fn read(path: &Path, bytes: u64, source: &Arc<str>) -> Reading {
    let (sender, parts) = channel(PARTS_MAX);
    let file = SourceFile { path: path.to_owned(), bytes };
    let mut collected = Collected { sender, events: Vec::new(), rejects: Vec::new() };
    let source = Arc::clone(source);
    let reader = spawn_blocking(move || {
        all(&[file], (1, Raw::Keep), &mut |found| collected.take(found, &source))?;
        collected.send()
    });
    Reading { parts, reader }
}

impl Reading {
    /// The next part; none when the file has ended.
    pub(super) async fn next(&mut self) -> Option<Part> {
        self.parts.recv().await
    }

    /// Whether all of it was read.
    pub(super) async fn finish(self) -> std::result::Result<(), Unreadable> {
        match self.reader.await {
            Ok(done) => done.map_err(|error| Unreadable(format!("{error:#}"))),
            Err(_) => Err(Unreadable("the reader has stopped".to_owned())),
        }
    }
}

/// What was found and is still to be passed on.
struct Collected {
    sender: Sender<Part>,
    events: Vec<Box<Event>>,
    rejects: Vec<Reject>,
}

impl Collected {
    fn take(&mut self, found: Found, source: &str) -> Result<()> {
        match found {
            Found::Events { events, .. } => self.events.extend(events),
            Found::Export(export) => return self.pass(Part::Export(export)),
            // Nothing of it was read: it is no reject of the source, but tried again.
            Found::Reject(Reject { reason: RejectReason::Unreadable(error), .. }) => {
                return Err(anyhow!(error));
            }
            Found::Reject(reject) => self.rejects.push(reject),
            Found::Skipped(kind) => {
                tracing::info!(source, kind, "a watched file is no audit log, and skipped");
            }
            Found::Wrapped(_) | Found::FileDone { .. } => {}
        }
        if self.events.len() + self.rejects.len() >= PART_MAX { self.send() } else { Ok(()) }
    }

    fn send(&mut self) -> Result<()> {
        let (events, rejects) = (std::mem::take(&mut self.events), std::mem::take(&mut self.rejects));
        if events.is_empty() && rejects.is_empty() {
            return Ok(());
        }
        self.pass(Part::Events { events, rejects })
    }

    fn pass(&self, part: Part) -> Result<()> {
        self.sender.blocking_send(part).map_err(|_| anyhow!("nobody waits for it any more"))
    }
}

/// How many records one part holds before it is passed on.
const PART_MAX: usize = 5_000;
/// How many parts wait to be taken.
const PARTS_MAX: usize = 2;
