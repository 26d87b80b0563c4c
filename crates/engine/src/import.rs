//! An export as the difference that it makes: what is new, changed or gone becomes facts, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use doorward_model::command::Refusal;
use doorward_model::identity::{Credential, Identity};
use doorward_model::inventory::gone::Gone;
use doorward_model::inventory::row::{PolicyFound, Row, RowKind, Withdrawn, account_in_whole};
use doorward_model::inventory::{AccountExport, Origin, PolicyDocument, Scope, Seen, Source};
use doorward_model::record::{Fact, ImportCommitted};
use doorward_model::time::Time;
use doorward_privilege::document::Document;
use doorward_views::control::Control;
use doorward_views::inventory::table::Table;
use doorward_views::symbols::Symbols;

use crate::change::holders::{BOUNDARY, kind_of, settle};

/// The facts of an export, in a fixed order: kind by kind, each in the order of its keys, then what is gone, then that
/// the export was taken in. Only a statement of a whole account has a date that a later one must not be older than,
/// and only one that is complete tells by absence.
pub(crate) fn import(control: &Control, export: &AccountExport, now: Time) -> Result<Vec<Fact>, Refusal> {
    let import = Import { control, export, at_ms: now.ms().max(export.newest_at_ms).max(0) };
    let committed = import.committed()?;
    let mut facts = Vec::new();
    import.identities(&mut facts);
    let inventory = &control.inventory;
    import.rows(&inventory.groups, export.groups.clone(), &mut facts);
    import.policies(&mut facts);
    import.rows(&inventory.entitlements, export.entitlements.clone(), &mut facts);
    import.credentials(&mut facts);
    import.rows(&inventory.resources, export.resources.clone(), &mut facts);
    import.rows(&inventory.nodes, export.nodes.clone(), &mut facts);
    import.rows(&inventory.permission_sets, export.permission_sets.clone(), &mut facts);
    import.rows(&inventory.assignments, export.assignments.clone(), &mut facts);
    import.rows(&inventory.memberships, export.memberships.clone(), &mut facts);
    import.rows(&inventory.findings, export.findings.clone(), &mut facts);
    import.rows(&inventory.last_uses, export.last_uses.clone(), &mut facts);
    if import.is_whole() {
        import.missed(&mut facts);
    }
    export.gone.iter().for_each(|gone| import.gone(gone, &mut facts));
    facts.extend(committed.map(Fact::ImportCommitted));
    Ok(facts)
}

struct Import<'a> {
    control: &'a Control,
    export: &'a AccountExport,
    /// As of when rows are that do not tell: when they are imported, and in a scan, which knows no clock, the latest
    /// date among them.
    at_ms: i64,
}

impl Import<'_> {
    /// Whether what is not named is not there. Every account has roles: without any, pages are missing.
    fn is_whole(&self) -> bool {
        let AccountExport { scope, complete, identities, .. } = self.export;
        *scope == Scope::Account && *complete && !identities.is_empty()
    }

    /// That the statement of an account was taken in, if it is not older than the one that is known.
    fn committed(&self) -> Result<Option<ImportCommitted>, Refusal> {
        let AccountExport { account, newest_at_ms, scope, .. } = self.export;
        if *scope == Scope::Rows {
            return Ok(None);
        }
        let known = self.control.inventory.imports.get(account);
        if let Some(known) = known.filter(|known| known.newest_at_ms > *newest_at_ms) {
            return Err(Refusal::OlderExport {
                account: account.clone(),
                newest: Time::from_ms(*newest_at_ms),
                known: Time::from_ms(known.newest_at_ms),
            });
        }
        let confirmed_before = known.map_or(0, |known| known.confirmed_at_ms);
        Ok(Some(ImportCommitted {
            account: account.clone(),
            newest_at_ms: *newest_at_ms,
            identities: self.export.identities.len() as u64,
            policies: self.export.policies.len() as u64,
            confirmed_at_ms: if self.is_whole() { self.at_ms } else { confirmed_before },
        }))
    }

    fn identities(&self, facts: &mut Vec<Fact>) {
        let found = self.export.identities.iter().map(|found| (found.id.as_str(), found));
        let found: BTreeMap<&str, &Identity> = found.collect();
        let mut symbols = Symbols::new(0);
        for (id, found) in found {
            let seen = self.seen(found.seen);
            let mut found = Identity { seen: Some(seen), ..found.clone() };
            settle(self.control, &mut found, seen.at_ms);
            let confirmed = self.control.inventory.confirmed_at_ms(RowKind::Identity, id);
            let known = self.control.identities.get(id);
            if known.is_none_or(|known| known.seen().is_none()) && self.is_ended(&found) {
                continue;
            }
            if known.is_none_or(|known| known.after(&found, confirmed, &mut symbols).is_some()) {
                facts.push(Fact::IdentityFound(found));
            }
        }
    }

    /// The text of a document that is known is not read again.
    fn policies(&self, facts: &mut Vec<Fact>) {
        let table = &self.control.inventory.policies;
        let found: BTreeMap<&str, &PolicyDocument> =
            self.export.policies.iter().map(|found| (found.name.as_str(), found)).collect();
        let mut rows = Vec::new();
        for (name, found) in found {
            let known = table.get(&[name.to_owned()]).filter(|known| known.document == found.hash.0);
            let readable = known.map_or_else(|| Document::read(&found.text).is_ok(), |known| known.readable);
            rows.push(PolicyFound::of(found, readable));
        }
        self.rows(table, rows, facts);
    }

    fn credentials(&self, facts: &mut Vec<Fact>) {
        let known = |found: &Credential| self.control.credentials.contains_key(&found.id);
        let changes = |found: &Credential| {
            self.control.credential_after(found).is_some() && (known(found) || !self.is_past(found))
        };
        facts.extend(self.dated(self.export.credentials.clone()).filter(changes).map(Row::found));
    }

    /// The rows of a kind that change what is known.
    fn rows<T: Row>(&self, table: &Table<T>, rows: Vec<T>, facts: &mut Vec<Fact>) {
        let changes = |found: &T| {
            let name = found.key().into_iter().next().unwrap_or_default();
            let confirmed = self.control.inventory.confirmed_at_ms(T::KIND, &name);
            table.after(found, confirmed).is_some()
        };
        let rows = self.dated(rows).filter_map(|found| self.standing(table, found));
        facts.extend(rows.filter(changes).map(Row::found));
    }

    /// A row as it counts: what an event has changed since is no more than filled where it is known, and is there no
    /// more where it is not.
    fn standing<T: Row>(&self, table: &Table<T>, mut found: T) -> Option<T> {
        if self.is_past(&found) {
            let known = table.get(&found.key())?.seen().unwrap_or_default();
            let seen = found.seen().unwrap_or_default();
            found.set_seen(Some(Seen { at_ms: seen.at_ms.min(known.at_ms.saturating_sub(1)), ..seen }));
        }
        Some(found)
    }

    /// Whether an event has changed a row since, or made or ended its holder, so that what is not known is there no more.
    fn is_past<T: Row>(&self, found: &T) -> bool {
        let (key, at_ms) = (found.key(), found.seen().unwrap_or_default().at_ms);
        let changes = &self.control.inventory.changes;
        let is_later = |kind, key: &[String], part: &str| {
            changes.last_at_ms(kind, key, part).is_some_and(|last| last > at_ms)
        };
        let holder = key.first().filter(|_| matches!(T::KIND, RowKind::Entitlement | RowKind::Policy));
        let holder =
            holder.map(|name| [name.split_once(' ').map_or(&**name, |(holder, _)| holder).to_owned()]);
        let is_boundary = key.get(2).is_some_and(|origin| *origin == i32::from(Origin::Boundary).to_string());
        let of_holder = |holder: &[String; 1]| {
            let kind = kind_of(&holder[0]);
            is_later(kind, holder, "") || (is_boundary && is_later(kind, holder, BOUNDARY))
        };
        is_later(T::KIND, &key, "") || holder.is_some_and(|holder| of_holder(&holder))
    }

    /// The same of an identity.
    fn is_ended(&self, found: &Identity) -> bool {
        let key = [found.id.clone()];
        let last = self.control.inventory.changes.last_at_ms(RowKind::Identity, &key, "");
        last.is_some_and(|last| last > found.seen.unwrap_or_default().at_ms)
    }

    /// Rows in the order of their keys, each as of a time; of several with one key the last.
    fn dated<T: Row>(&self, rows: Vec<T>) -> impl Iterator<Item = T> {
        let rows: BTreeMap<Vec<String>, T> = rows.into_iter().map(|row| (row.key(), row)).collect();
        rows.into_values().map(|mut row| {
            row.set_seen(Some(self.seen(row.seen())));
            row
        })
    }

    fn seen(&self, seen: Option<Seen>) -> Seen {
        let seen = seen.unwrap_or_default();
        let at_ms = if seen.at_ms == 0 { self.at_ms } else { seen.at_ms };
        Seen { at_ms, first_at_ms: 0, ..seen }
    }

    /// What the account no longer has: it was known, and a complete statement does not name it.
    fn missed(&self, facts: &mut Vec<Fact>) {
        let Some(prefix) = self.prefix() else { return };
        let (export, inventory) = (self.export, &self.control.inventory);
        let named: BTreeSet<&str> = export.identities.iter().map(|found| found.id.as_str()).collect();
        let from = (Bound::Included(&*prefix), Bound::Unbounded);
        let identities = self.control.identities.range::<str, _>(from);
        let identities = identities.take_while(|(id, _)| id.starts_with(&prefix)).map(|(_, known)| known);
        let missed = identities.filter(|known| {
            let is_listed = account_in_whole(RowKind::Identity, &known.id).is_some();
            is_listed
                && known.gone().is_none()
                && !named.contains(&*known.id)
                && self.could_list(RowKind::Identity, &[known.id.to_string()], known.seen())
        });
        let missed: BTreeSet<&str> = missed.map(|known| &*known.id).collect();
        facts.extend(missed.iter().map(|id| self.withdrawn(RowKind::Identity, vec![(*id).to_owned()])));
        self.missed_rows(&inventory.groups, &export.groups, &prefix, facts);
        let policies: Vec<PolicyFound> =
            export.policies.iter().map(|document| PolicyFound::of(document, true)).collect();
        self.missed_rows(&inventory.policies, &policies, &prefix, facts);
        self.missed_rows(&inventory.entitlements, &export.entitlements, &prefix, facts);
        if !missed.is_empty() {
            let credentials = self.control.credentials.values();
            let lost = credentials.filter(|credential| missed.contains(credential.identity.as_str()));
            facts.extend(lost.map(|lost| self.withdrawn(RowKind::Credential, lost.key())));
        }
    }

    fn missed_rows<T: Row>(&self, table: &Table<T>, rows: &[T], prefix: &str, facts: &mut Vec<Fact>) {
        let named: BTreeSet<Vec<String>> = rows.iter().map(Row::key).collect();
        for known in table.under(prefix) {
            let key = known.key();
            if !self.could_list(T::KIND, &key, known.seen()) {
                continue;
            }
            let is_listed = key.first().is_some_and(|name| account_in_whole(T::KIND, name).is_some());
            if is_listed && !named.contains(&key) {
                facts.push(self.withdrawn(T::KIND, key));
            }
        }
    }

    /// What is told to be there no more, with all that it held: unless something later is known of it.
    fn gone(&self, Gone { id, at_ms }: &Gone, facts: &mut Vec<Fact>) {
        let Control { identities, credentials, inventory, .. } = self.control;
        let seen = Seen { at_ms: *at_ms, ..Seen::by(Source::Config) };
        let mut end = |kind: RowKind, key: Vec<String>, known: Option<Seen>| {
            let name = key.first().map_or("", String::as_str);
            let confirmed_at_ms = inventory.confirmed_at_ms(kind, name);
            let is_changed = inventory.changes.of(kind, &key).any(|one| one.happened_at_ms >= *at_ms);
            if confirmed_at_ms < *at_ms && !is_changed && Gone::ends(*at_ms, known) {
                facts.push(Fact::Withdrawn(Withdrawn { kind: kind.into(), key, seen: Some(seen) }));
            }
        };
        if let Some(known) = identities.get(id.as_str()).filter(|known| known.gone().is_none()) {
            end(RowKind::Identity, vec![id.clone()], known.seen());
            for own in credentials.values().filter(|one| one.identity == *id) {
                end(RowKind::Credential, own.key(), own.seen);
            }
        }
        inventory.groups.of(id).for_each(|row| end(RowKind::Group, row.key(), row.seen));
        inventory.resources.of(id).for_each(|row| end(RowKind::Resource, row.key(), row.seen));
        inventory.entitlements.of(id).for_each(|row| end(RowKind::Entitlement, row.key(), row.seen));
        inventory.last_uses.of(id).for_each(|row| end(RowKind::LastUse, row.key(), row.seen));
        let parts = format!("{id} ");
        let policies = inventory.policies.of(id).chain(inventory.policies.under(&parts));
        policies.for_each(|row| end(RowKind::Policy, row.key(), row.seen));
    }

    /// Whether the statement would have named a row. What only events have shown since the latest date in it may be
    /// younger; what they have shown to act, and nobody else has told of, may have another name there.
    fn could_list(&self, kind: RowKind, key: &[String], seen: Option<Seen>) -> bool {
        let newest_at_ms = self.export.newest_at_ms;
        // One that has changed nothing has shown it, too.
        let mut changes = self.control.inventory.changes.of(kind, key);
        let mut is_younger =
            |seen: Seen| seen.at_ms > newest_at_ms || changes.any(|one| one.happened_at_ms > newest_at_ms);
        seen.is_some_and(|seen| !seen.is_of_event() || !is_younger(seen))
    }

    fn withdrawn(&self, kind: RowKind, key: Vec<String>) -> Fact {
        Fact::Withdrawn(Withdrawn {
            kind: kind.into(),
            key,
            seen: Some(self.seen(Some(Seen::by(Source::Iam)))),
        })
    }

    /// How the ARNs of IAM in this account begin; `None` where the statement names nothing of it.
    fn prefix(&self) -> Option<String> {
        let AccountExport { account, identities, groups, policies, .. } = self.export;
        let names = identities.iter().map(|found| &found.id);
        let names = names.chain(groups.iter().map(|found| &found.id));
        let mut names = names.chain(policies.iter().map(|found| &found.name));
        let own = names.find(|name| account_in_whole(RowKind::Policy, name) == Some(account))?;
        let partition = own.split(':').nth(1)?;
        Some(format!("arn:{partition}:iam::{account}:"))
    }
}
