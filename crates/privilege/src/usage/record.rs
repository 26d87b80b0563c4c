//! What each principal did, by permission.

use std::collections::BTreeMap;

use doorward_model::usage::{SESSION, Span, Use};

use super::Usage;
use super::tracked::{Tracked, Tried};
use super::who::Who;
use crate::catalog::PermissionId;
use crate::estate::{Estate, PrincipalId};

/// What somebody did, under all names that the log has for it.
#[derive(Clone, Debug, Default)]
pub(super) struct Record<'a> {
    uses: BTreeMap<PermissionId, Vec<&'a Use>>,
    sessions: Vec<&'a Use>,
    tracked: Option<Tracked>,
}

/// What everybody did.
#[derive(Debug)]
pub(super) struct Records<'a> {
    usage: &'a Usage,
    estate: &'a Estate,
    names: BTreeMap<PrincipalId, Vec<&'a str>>,
}

impl<'a> Records<'a> {
    pub(super) fn new(usage: &'a Usage, estate: &'a Estate, who: &Who<'_>) -> Self {
        let mut records = Self { usage, estate, names: BTreeMap::new() };
        for name in usage.ledger.identities() {
            if let Some(id) = who.principal(name) {
                records.names.entry(id).or_default().push(name);
            }
        }
        records
    }

    /// What a principal did.
    pub(super) fn take(&self, id: PrincipalId) -> Record<'a> {
        let principal = self.estate.principal(id);
        let tracked = principal.and_then(|principal| Tracked::of(self.usage, self.estate, principal));
        Record { tracked, ..self.of(self.names.get(&id).into_iter().flatten().copied()) }
    }

    /// When a principal did something, whatever it was.
    pub(super) fn active(&self, id: PrincipalId) -> Option<Span> {
        let names = self.names.get(&id).into_iter().flatten();
        names.flat_map(|name| self.usage.ledger.of(name)).map(|(_, used)| used.all).reduce(Span::join)
    }

    fn of(&self, names: impl Iterator<Item = &'a str>) -> Record<'a> {
        let mut record = Record::default();
        for (action, used) in names.flat_map(|name| self.usage.ledger.of(name)) {
            if action == SESSION {
                record.sessions.push(used);
            }
            for permission in self.usage.table.permissions(&self.usage.catalog, action) {
                record.uses.entry(permission).or_default().push(used);
            }
        }
        record
    }
}

impl<'a> Record<'a> {
    fn uses(&self, usage: &Usage, permission: &str) -> impl Iterator<Item = &'a Use> {
        let known = usage.catalog.find(permission).and_then(|id| self.uses.get(&id));
        known.cloned().unwrap_or_default().into_iter()
    }

    /// The use of a permission on whatever resource.
    pub(super) fn all(&self, usage: &Usage, permission: &str) -> Option<Span> {
        self.uses(usage, permission).map(|used| used.all).reduce(Span::join)
    }

    /// The use of a permission by resource.
    pub(super) fn on(&self, usage: &Usage, permission: &str) -> impl Iterator<Item = (&'a str, Span)> {
        let uses = self.uses(usage, permission);
        uses.flat_map(|used| used.on.iter().map(|(resource, span)| (resource.as_str(), *span)))
    }

    /// Whether it was used on resources that are not kept.
    pub(super) fn is_partial(&self, usage: &Usage, permission: &str) -> bool {
        self.uses(usage, permission).any(|used| used.not_kept() > 0)
    }

    /// Whether a permission may have been used though the log of the account does not show it.
    pub(super) fn is_hidden(&self, usage: &Usage, account: &str, permission: &str) -> bool {
        let is_shown = usage.shows(account, permission);
        match self.tried(usage, permission) {
            Tried::Never => false,
            Tried::Last(at) => !is_shown || usage.log(account).is_none_or(|log| !log.window.contains(at)),
            Tried::Untold => !is_shown,
        }
    }

    /// Whether it tried to use a permission, as AWS keeps it.
    fn tried(&self, usage: &Usage, permission: &str) -> Tried {
        let told = self.tracked.as_ref().zip(usage.catalog.find(permission));
        told.map_or(Tried::Untold, |(tracked, permission)| tracked.of_permission(permission))
    }

    /// The roles that it used, of a person of Identity Center.
    pub(super) fn sessions(&self) -> impl Iterator<Item = (&'a str, Span)> {
        let of = |used: &&'a Use| used.on.iter().map(|(role, span)| (role.as_str(), *span));
        self.sessions.iter().flat_map(of)
    }
}
