//! What was found in the files, counted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use doorward_model::event::Event;
use doorward_model::inventory::{AccountExport, Scope};
use doorward_model::reject::{Reject, RejectReason};
use doorward_model::time::Time;

/// Counts by source and kind.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Events read, duplicates among them.
    pub(crate) events: u64,
    /// What could not be read.
    pub(crate) rejected: u64,
    /// Events by source, with accounts and span.
    pub(crate) sources: BTreeMap<String, Source>,
    /// What of an inventory was found, by kind.
    pub(crate) inventory: BTreeMap<String, Rows>,
    /// Keys that records lay under.
    pub(crate) wrappers: BTreeSet<String>,
    /// Files that are no audit logs, by kind.
    pub(crate) skipped: BTreeMap<String, u64>,
    /// Records of audit families that are not read yet, by family.
    pub(crate) unsupported: BTreeMap<String, u64>,
    /// The newest event: when it happened, its id, and the file it stands in.
    pub(crate) newest: Option<(Time, String, Arc<str>)>,
    /// What else is to be said.
    pub(crate) notes: Vec<String>,
}

/// What one source family brought.
#[derive(Debug)]
pub(crate) struct Source {
    /// How many events.
    pub(crate) events: u64,
    /// Whose logs.
    pub(crate) accounts: BTreeSet<String>,
    /// The first instant.
    pub(crate) first: Time,
    /// The last instant.
    pub(crate) last: Time,
}

/// Rows of one kind.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    /// How many.
    pub(crate) count: u64,
    /// Of which accounts, organisations and the like.
    pub(crate) accounts: BTreeSet<String>,
}

impl Tally {
    pub(super) fn event(&mut self, event: &Event) {
        self.events += 1;
        let at = event.happened_at();
        if !self.sources.contains_key(&event.source) {
            let source = Source { events: 0, accounts: BTreeSet::new(), first: at, last: at };
            self.sources.insert(event.source.clone(), source);
        }
        if let Some(source) = self.sources.get_mut(&event.source) {
            source.events += 1;
            source.first = source.first.min(at);
            source.last = source.last.max(at);
            if !source.accounts.contains(&event.account) {
                source.accounts.insert(event.account.clone());
            }
        }
    }

    /// Looks for the newest event among some of one file.
    pub(super) fn newest(&mut self, file: &Arc<str>, events: &[Box<Event>]) {
        let newest = events.iter().max_by_key(|event| (event.happened_at_ms, &event.id));
        let newest = newest.map(|event| (event.happened_at(), event.id.clone(), Arc::clone(file)));
        self.newest = self.newest.take().max(newest);
    }

    /// Of a statement of a whole account its identities count, of others all kinds of rows.
    pub(super) fn export(&mut self, export: &AccountExport) {
        match export.scope {
            Scope::Account => self.rows("iam export".to_owned(), export, export.identities.len() as u64),
            Scope::Rows => {
                for (kind, count) in export.counts() {
                    self.rows(format!("inventory: {kind}"), export, count);
                }
            }
        }
    }

    fn rows(&mut self, kind: String, export: &AccountExport, count: u64) {
        let rows = self.inventory.entry(kind).or_default();
        rows.count += count;
        rows.accounts.insert(export.account.clone());
    }

    pub(super) fn reject(&mut self, reject: &Reject) {
        self.rejected += 1;
        if let RejectReason::SourceNotSupported(family) = &reject.reason {
            *self.unsupported.entry(family.clone()).or_insert(0) += 1;
        }
    }

    pub(super) fn wrapped(&mut self, name: String) {
        self.wrappers.insert(name);
    }

    pub(super) fn skipped(&mut self, kind: String) {
        *self.skipped.entry(kind).or_insert(0) += 1;
    }

    /// The first and the last instant of all events; `None` when there are none.
    pub(super) fn span(&self) -> Option<(Time, Time)> {
        let first = self.sources.values().map(|source| source.first).min()?;
        let last = self.sources.values().map(|source| source.last).max()?;
        Some((first, last))
    }
}
