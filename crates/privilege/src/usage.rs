//! What of its rights each identity uses: the ledger of a log in terms of permissions, and what that log could have shown;
//! and beside it what AWS itself keeps of when identities tried something last, which is part of an estate.
//!
//! What no log could have shown is never called unused. A permission is seen by an account's log if calls of its kind
//! stand there: management events that read, those that write, data events of a service that read, those that write.

use std::collections::{BTreeMap, BTreeSet};

use doorward_model::time::Time;
use doorward_model::usage::{Ledger, Span};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::answers::PrincipalAnswer;
use crate::catalog::{Access, Catalog, CatalogError, PermissionId};
use crate::estate::Estate;
use crate::permission_set::PermissionSet;

mod asked;
mod efficiency;
mod entries;
mod logged;
mod record;
mod step;
mod tracked;
mod trust;
mod ways;
mod who;

pub use self::asked::used;
pub use self::efficiency::{Efficiencies, EfficiencyAnswer};
pub use self::logged::{Logged, Table};
pub use self::step::{StepAnswer, Taken};
pub use self::tracked::TrackedAnswer;
pub use self::trust::{RoleAnswer, TakenCounts, TrustAnswer, trust};
pub use self::ways::UsedWays;

/// A ledger, with what is needed to read it.
#[derive(Clone, Debug)]
pub struct Usage {
    /// What was used by whom.
    pub ledger: Ledger,
    /// The permissions that are known.
    pub catalog: Catalog,
    /// Which events show their use.
    pub table: Table,
    /// What each account's log shows.
    logs: BTreeMap<String, Log>,
    /// By service, the permissions that calls use.
    callable: BTreeMap<String, PermissionSet>,
}

/// What the log of an account shows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Log {
    /// From its first event to its last, and how many there are.
    pub window: Span,
    /// The kinds of calls in it.
    pub kinds: BTreeSet<Kind>,
}

/// Calls that are recorded together or not at all.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// Management events, which read or write.
    Management(Doing),
    /// Data events of a service.
    Data(String, Doing),
}

/// What a call does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Doing {
    /// It reads or lists.
    Reads,
    /// It changes something.
    Writes,
}

impl Usage {
    /// Reads a ledger by the tables that are part of the program.
    ///
    /// # Errors
    /// Never, as a test shows; an error and not a panic all the same.
    pub fn new(ledger: Ledger) -> Result<Self, CatalogError> {
        let catalog = Catalog::shipped()?;
        let table = Table::shipped(&catalog)?;
        Ok(Self::by(ledger, catalog, table))
    }

    /// Reads a ledger by other tables.
    #[must_use]
    pub fn by(ledger: Ledger, catalog: Catalog, table: Table) -> Self {
        let mut logs: BTreeMap<String, Log> = BTreeMap::new();
        for (account, action, span) in ledger.logged() {
            let log = logs
                .entry(account.to_owned())
                .and_modify(|log| log.window = log.window.join(span))
                .or_insert_with(|| Log { window: span, kinds: BTreeSet::new() });
            let permissions = table.permissions(&catalog, action);
            log.kinds.extend(permissions.into_iter().filter_map(|one| Kind::of(&catalog, &table, one)));
        }
        let callable = callable(&catalog, &table);
        Self { ledger, catalog, table, logs, callable }
    }

    /// What had been used by an instant. See [`Ledger::as_of`] for what is exact.
    #[must_use]
    pub fn as_of(&self, at: Time) -> Self {
        Self::by(self.ledger.clone().as_of(at), self.catalog.clone(), self.table.clone())
    }

    /// Whether anything tells what principals of an estate use.
    #[must_use]
    pub fn tells_of(&self, estate: &Estate) -> bool {
        !self.ledger.is_empty() || estate.tells_last_uses()
    }

    /// What the log of an account shows; nothing where there is none.
    #[must_use]
    pub fn log(&self, account: &str) -> Option<&Log> {
        self.logs.get(account)
    }

    /// All logs, by account.
    pub fn logs(&self) -> impl Iterator<Item = (&str, &Log)> {
        self.logs.iter().map(|(account, log)| (account.as_str(), log))
    }

    /// The permissions whose use the log of an account would show.
    #[must_use]
    pub fn seen_in(&self, account: &str) -> PermissionSet {
        let Some(log) = self.log(account) else { return PermissionSet::new() };
        self.catalog.all().iter().filter(|one| self.would_show(log, *one)).collect()
    }

    /// Whether a log would show the use of a permission.
    #[must_use]
    pub fn would_show(&self, log: &Log, permission: PermissionId) -> bool {
        Kind::of(&self.catalog, &self.table, permission).is_some_and(|kind| log.kinds.contains(&kind))
    }

    /// Whether the log of an account would show the use of a permission.
    #[must_use]
    pub fn shows(&self, account: &str, permission: &str) -> bool {
        let log = self.log(account);
        log.zip(self.catalog.find(permission)).is_some_and(|(log, one)| self.would_show(log, one))
    }

    /// The permissions that an identity used, by the name that the log has for it.
    #[must_use]
    pub fn used_by(&self, identity: &str) -> PermissionSet {
        let actions = self.ledger.of(identity).map(|(action, _)| action);
        actions.flat_map(|action| self.table.permissions(&self.catalog, action)).collect()
    }
}

/// The permissions that calls use, by service.
fn callable(catalog: &Catalog, table: &Table) -> BTreeMap<String, PermissionSet> {
    let mut by_service: BTreeMap<&str, Vec<PermissionId>> = BTreeMap::new();
    for permission in catalog.all().iter().filter(|one| table.logged(*one) != Logged::Never) {
        if let Some((service, _)) = catalog.lower_name(permission).split_once(':') {
            by_service.entry(service).or_default().push(permission);
        }
    }
    let sets = by_service.into_iter().map(|(service, all)| (service.to_owned(), all.into_iter().collect()));
    sets.collect()
}

/// What the log of an account shows, as it is told.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct LogAnswer {
    /// The account.
    pub account: String,
    /// When its first event happened.
    #[schema(value_type = String, format = DateTime)]
    pub from: Time,
    /// When its last one happened.
    #[schema(value_type = String, format = DateTime)]
    pub to: Time,
    /// How many events there are.
    pub events: u64,
    /// The kinds of calls in it: management events that read or write, data events of services.
    pub sources: Vec<String>,
}

/// What logs show, by account.
#[must_use]
pub fn logs(usage: &Usage) -> Vec<LogAnswer> {
    let told = |(account, log): (&str, &Log)| LogAnswer {
        account: account.to_owned(),
        from: log.window.first,
        to: log.window.last,
        events: log.window.count,
        sources: log.sources(),
    };
    usage.logs().map(told).collect()
}

/// Says of principals of an estate how much of their rights they use. No answer depends on the seed.
pub fn rate(usage: &Usage, estate: &Estate, answers: &mut [PrincipalAnswer]) {
    if !usage.tells_of(estate) {
        return;
    }
    let mut efficiencies = Efficiencies::new(usage, estate, SEED);
    for answer in answers {
        answer.usage = estate.find(&answer.arn).and_then(|id| efficiencies.of(id));
    }
}

impl Log {
    /// What it shows, in words.
    #[must_use]
    pub fn sources(&self) -> Vec<String> {
        self.kinds.iter().map(Kind::to_string).collect()
    }
}

impl Kind {
    /// By which calls the use of a permission is seen; none where it never is.
    fn of(catalog: &Catalog, table: &Table, permission: PermissionId) -> Option<Self> {
        let doing = match catalog.access(permission) {
            _ if table.is_recorded_as_read(permission) => Doing::Reads,
            Access::List | Access::Read => Doing::Reads,
            Access::Write | Access::Tagging | Access::Permissions => Doing::Writes,
        };
        match table.logged(permission) {
            Logged::Management => Some(Self::Management(doing)),
            Logged::Data => {
                let (service, _) = catalog.lower_name(permission).split_once(':')?;
                Some(Self::Data(service.to_owned(), doing))
            }
            Logged::Never => None,
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let word = |doing: &Doing| match doing {
            Doing::Reads => "reads",
            Doing::Writes => "writes",
        };
        match self {
            Self::Management(doing) => write!(f, "management {}", word(doing)),
            Self::Data(service, doing) => write!(f, "data {} of {service}", word(doing)),
        }
    }
}

/// No input can choose it, and no answer depends on it.
const SEED: u64 = 0x9e37_79b9_7f4a_7c15;
