//! Single rows: whether an event still counts for one, and what becomes of it.

use doorward_intake::change::{EXISTS, Holder};
use doorward_model::identity::Credential;
use doorward_model::inventory::Seen;
use doorward_model::inventory::change::Effect;
use doorward_model::inventory::resource::Resource;
use doorward_model::inventory::row::{Row, RowKind, Withdrawn, account_in_whole, merged};
use doorward_model::record::Fact;
use doorward_views::inventory::table::Table;

use super::{Ledger, seen_at};

impl Ledger<'_> {
    /// As of when the event tells something of a row or of a part of it; `None` when something later is known.
    ///
    /// - An event that happened later has changed the row or the part: it counts.
    /// - An export names the row: it is as of when it was taken in, or as of when it says itself.
    /// - No export names it, but one has told the whole account: what happened up to its latest date is in it, and so
    ///   the row was there no more. What happened later may not be in it.
    pub(super) fn standing(
        &self,
        kind: RowKind,
        key: &[String],
        part: &str,
        known: Option<Seen>,
    ) -> Option<i64> {
        let inventory = &self.control.inventory;
        let last = |part: &str| inventory.changes.last_at_ms(kind, key, part);
        if last("").max(last(part)).is_some_and(|last| last > self.at_ms) {
            return None;
        }
        let name = key.first().map_or("", String::as_str);
        match known {
            Some(seen) if !seen.is_of_event() => {
                let known_at_ms = seen.at_ms.max(inventory.confirmed_at_ms(kind, name));
                (self.at_ms >= known_at_ms).then_some(self.at_ms)
            }
            // A part that comes late is a part of what is known since.
            Some(seen) if !part.is_empty() => Some(self.at_ms.max(seen.at_ms)),
            Some(_) => Some(self.at_ms),
            None => (!self.is_told_without(kind, name)).then_some(self.at_ms),
        }
    }

    /// Whether an export of the whole account is later than the event, and would have named such a row.
    fn is_told_without(&self, kind: RowKind, name: &str) -> bool {
        let import =
            account_in_whole(kind, name).and_then(|account| self.control.inventory.imports.get(account));
        import.is_some_and(|import| import.confirmed_at_ms != 0 && self.at_ms <= import.newest_at_ms)
    }

    /// A row is there, or a part of it is other than it was.
    pub(super) fn put<T: Row>(&mut self, table: &Table<T>, mut row: T, part: &str) {
        let key = row.key();
        let known = table.get(&key);
        let known_seen = known.as_ref().map(|known| known.seen().unwrap_or_default());
        let Some(at_ms) = self.standing(T::KIND, &key, part, known_seen) else { return };
        row.set_seen(seen_at(at_ms));
        let name = key.first().map_or("", String::as_str);
        let confirmed = self.control.inventory.confirmed_at_ms(T::KIND, name);
        let changes = known.is_none_or(|known| merged(&known, &row, confirmed).is_some());
        let effect = if changes { Effect::Found } else { Effect::Unchanged };
        if changes {
            self.facts.push(row.found());
        }
        self.note(T::KIND, &key, part, effect);
    }

    /// A row is there no more, unless something later is known of any part of it.
    pub(super) fn withdraw<T: Row>(&mut self, table: &Table<T>, key: &[String]) {
        let known = table.get(key).map(|known| known.seen().unwrap_or_default());
        self.withdraw_known(T::KIND, key, known);
    }

    pub(super) fn withdraw_known(&mut self, kind: RowKind, key: &[String], known: Option<Seen>) {
        if self.standing(kind, key, "", known).is_none() {
            return;
        }
        let mut changes = self.control.inventory.changes.of(kind, key);
        let is_later = changes.any(|change| change.happened_at_ms > self.at_ms);
        let mut effect = Effect::Unchanged;
        // What was there later is there still; what was told of it before is not.
        if known.is_some() && !is_later {
            let seen = seen_at(self.at_ms);
            self.facts.push(Fact::Withdrawn(Withdrawn { kind: kind.into(), key: key.to_vec(), seen }));
            effect = Effect::Withdrawn;
        }
        self.note(kind, key, "", effect);
    }

    /// A row whose kind is only known now is there no more.
    pub(super) fn row_gone(&mut self, kind: RowKind, key: &[String]) {
        let inventory = &self.control.inventory;
        match kind {
            RowKind::OrganisationNode => self.withdraw(&inventory.nodes, key),
            RowKind::Assignment => self.withdraw(&inventory.assignments, key),
            RowKind::PermissionSet => self.withdraw(&inventory.permission_sets, key),
            RowKind::Membership => self.withdraw(&inventory.memberships, key),
            RowKind::Group => self.withdraw(&inventory.groups, key),
            RowKind::Resource => self.withdraw(&inventory.resources, key),
            RowKind::Policy => self.withdraw(&inventory.policies, key),
            RowKind::Entitlement => self.withdraw(&inventory.entitlements, key),
            RowKind::AccessFinding => self.withdraw(&inventory.findings, key),
            RowKind::LastUse => self.withdraw(&inventory.last_uses, key),
            RowKind::Identity | RowKind::Credential | RowKind::Unknown => {}
        }
    }

    pub(super) fn credential(&mut self, holder: &Holder, mut row: Credential) {
        let Some(holder) = self.holder(holder) else { return };
        row.id = credential_id(&row.id, &holder);
        row.identity = holder;
        let known = self.control.credentials.get(&row.id);
        let key = row.key();
        let standing =
            self.standing(RowKind::Credential, &key, "", known.map(|known| known.seen.unwrap_or_default()));
        let Some(at_ms) = standing else { return };
        row.seen = seen_at(at_ms);
        let changes = self.control.credential_after(&row).is_some();
        let effect = if changes { Effect::Found } else { Effect::Unchanged };
        if changes {
            self.facts.push(row.found());
        }
        self.note(RowKind::Credential, &key, "", effect);
    }

    pub(super) fn credential_gone(&mut self, holder: &Holder, id: &str) {
        let key = [credential_id(id, &self.named(holder))];
        let known = self.control.credentials.get(&key[0]).map(|known| known.seen.unwrap_or_default());
        self.withdraw_known(RowKind::Credential, &key, known);
    }

    /// Of a resource that is known in an account this event says nothing else.
    pub(super) fn resource(&mut self, mut row: Resource, part: &str, role: Option<&Holder>) {
        let table = &self.control.inventory.resources;
        row.id = self.called_resource(&row.id);
        if let Some(role) = role {
            row.runs_as = self.named(role);
        }
        let known = table.get(&row.key());
        if known.is_some() && part == EXISTS {
            return;
        }
        if known.is_some_and(|known| !known.account.is_empty()) {
            row.account.clear();
        }
        self.put(table, row, part);
    }

    /// A row keeps what a later one leaves empty: to take a role away, it is told anew.
    pub(super) fn runs_as_nobody(&mut self, holder: &Holder) {
        let id = self.named(holder);
        let (key, part) = ([id], "runs_as");
        let known = self.control.inventory.resources.get(&key);
        let seen = known.as_ref().map(|known| known.seen.unwrap_or_default());
        let Some(at_ms) = self.standing(RowKind::Resource, &key, part, seen) else { return };
        let mut effect = Effect::Unchanged;
        if let Some(known) = known.filter(|known| !known.runs_as.is_empty()) {
            let seen = known.seen.unwrap_or_default();
            let withdrawn =
                Withdrawn { kind: RowKind::Resource.into(), key: key.to_vec(), seen: seen_at(at_ms) };
            self.facts.push(Fact::Withdrawn(withdrawn));
            let first_at_ms = seen.first();
            let seen = seen_at(at_ms).map(|now| Seen { first_at_ms, ..now });
            self.facts.push(Resource { runs_as: String::new(), seen, ..known }.found());
            effect = Effect::Found;
        }
        self.note(RowKind::Resource, &key, part, effect);
    }
}

/// What has no id of its own is known by its kind and holder.
fn credential_id(id: &str, holder: &str) -> String {
    if matches!(id, "password" | "second-factor") { format!("{id}:{holder}") } else { id.to_owned() }
}
