//! What a write event of the log makes of the inventory: the facts of its rows, and who did it.
//!
//! An event counts as of when it happened. Of two events on one row or part of a row the later counts, whichever comes
//! first; what an export says counts against events that happened before it was taken in, and what it does not name
//! against those up to its latest date, see [`Ledger::standing`].

pub(crate) mod holders;
mod policies;
mod rows;

use std::collections::BTreeMap;

use doorward_intake::change::{Change, Holder, Told};
use doorward_model::hash::Hash16;
use doorward_model::identity::Identity;
use doorward_model::inventory::change::{ChangedRow, Effect, InventoryChanged};
use doorward_model::inventory::row::RowKind;
use doorward_model::inventory::{AccountExport, Seen, Source};
use doorward_model::record::{Fact, Observation, Trust};
use doorward_views::control::Control;

/// What an event changes.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct Changes {
    /// The facts of its rows, and behind them that it has changed them.
    pub facts: Vec<Fact>,
    /// Documents that the facts name by their hashes, to be stored before the facts are recorded.
    pub texts: Vec<String>,
}

/// The facts that follow from what the event of an observation says, over what is known before it. Of a source that is
/// only taken at its word there are none. `text_of` gives the text of a document that is stored, of which one statement
/// is to be changed.
pub(crate) fn changes(
    control: &Control,
    seen: &Observation,
    told: Told,
    text_of: &dyn Fn(Hash16) -> Option<String>,
) -> Changes {
    if seen.trust() == Trust::Asserted {
        return Changes::default();
    }
    let mut ledger = Ledger {
        control,
        text_of,
        at_ms: seen.event.happened_at_ms,
        account: &seen.event.account,
        facts: Vec::new(),
        texts: BTreeMap::new(),
        rows: BTreeMap::new(),
        identities: BTreeMap::new(),
        unclear: Vec::new(),
    };
    ledger.take(told);
    ledger.done(seen)
}

/// Where is written down what an event changes.
struct Ledger<'a> {
    control: &'a Control,
    text_of: &'a dyn Fn(Hash16) -> Option<String>,
    /// When the event happened.
    at_ms: i64,
    /// In whose log it is.
    account: &'a str,
    facts: Vec<Fact>,
    texts: BTreeMap<Hash16, String>,
    rows: BTreeMap<(RowKind, Vec<String>, String), Effect>,
    /// Identities as this event has told them so far.
    identities: BTreeMap<String, Identity>,
    unclear: Vec<String>,
}

impl Ledger<'_> {
    fn take(&mut self, told: Told) {
        told.rows.into_iter().for_each(|rows| self.rows(rows));
        told.changes.into_iter().for_each(|change| self.change(change));
    }

    /// Rows that the event shows whole.
    fn rows(&mut self, rows: AccountExport) {
        let inventory = &self.control.inventory;
        rows.identities.into_iter().for_each(|row| self.created(row));
        rows.groups.into_iter().for_each(|row| self.put(&inventory.groups, row, ""));
        rows.policies.into_iter().for_each(|row| self.document(row));
        rows.entitlements.into_iter().for_each(|row| self.put(&inventory.entitlements, row, ""));
        rows.resources.into_iter().for_each(|row| self.put(&inventory.resources, row, ""));
        rows.nodes.into_iter().for_each(|row| self.put(&inventory.nodes, row, ""));
        rows.permission_sets.into_iter().for_each(|row| self.put(&inventory.permission_sets, row, ""));
        rows.assignments.into_iter().for_each(|row| self.put(&inventory.assignments, row, ""));
        rows.memberships.into_iter().for_each(|row| self.put(&inventory.memberships, row, ""));
    }

    fn change(&mut self, change: Change) {
        match change {
            Change::Exists(holder) => drop(self.holder(&holder)),
            Change::Gone(holder) => self.gone(&holder),
            Change::Renamed { from, name, path } => self.renamed(&from, &name, &path),
            Change::Own { holder, policy, origin, text } => {
                if let Some(holder) = self.holder(&holder) {
                    self.own(&holder, &policy, origin, text);
                }
            }
            Change::OwnGone { holder, policy, origin } => {
                let holder = self.named(&holder);
                self.own_gone(&holder, &policy, origin);
            }
            Change::Held { holder, policy, origin } => {
                if let Some(holder) = self.holder(&holder) {
                    self.held(&holder, policy, origin);
                }
            }
            Change::NotHeld { holder, policy, origin } => {
                let holder = self.named(&holder);
                self.not_held(&holder, policy, origin);
            }
            Change::Version { policy, version, text, in_force } => {
                self.version(&policy, version, text, in_force);
            }
            Change::VersionGone { policy, version } => self.version_gone(&policy, &version),
            Change::PolicyGone { policy } => self.policy_gone(&policy),
            Change::Member { user, group, is_member } => self.member(&user, &group, is_member),
            Change::Tagged { holder, set, unset } => self.tagged(&holder, set, unset),
            Change::Credential { holder, credential } => self.credential(&holder, *credential),
            Change::CredentialGone { holder, id } => self.credential_gone(&holder, &id),
            Change::Resource { row, part, role } => self.resource(*row, part, role.as_ref()),
            Change::RunsAsNobody(holder) => self.runs_as_nobody(&holder),
            Change::Statement { holder, sid, statement } => {
                self.statement(&holder.id, &sid, statement.as_deref());
            }
            Change::Control { policy, node, is_attached } => self.control(&policy, &node, is_attached),
            Change::RowGone { kind, key } => self.row_gone(kind, &key),
            Change::Unclear(what) => self.unclear.push(what),
        }
    }

    /// Writes down what becomes of a row, or of a part of it.
    fn note(&mut self, kind: RowKind, key: &[String], part: &str, effect: Effect) {
        let noted = self.rows.entry((kind, key.to_vec(), part.to_owned())).or_insert(effect);
        if *noted == Effect::Unchanged {
            *noted = effect;
        }
    }

    fn done(mut self, seen: &Observation) -> Changes {
        if self.rows.is_empty() && self.unclear.is_empty() {
            return Changes::default();
        }
        let event = &*seen.event;
        let left_out = self.rows.len().saturating_sub(InventoryChanged::ROWS_MAX);
        let rows = self.rows.into_iter().take(InventoryChanged::ROWS_MAX);
        self.facts.push(Fact::InventoryChanged(InventoryChanged {
            event: event.id.clone(),
            happened_at_ms: event.happened_at_ms,
            source: event.source.clone(),
            account: event.account.clone(),
            service: event.service.clone(),
            action: event.action.clone(),
            identity: seen.identity.clone(),
            chain: seen.chain.clone(),
            session: seen.session().to_owned(),
            address: event.client.address.clone(),
            network: event.client.network.clone(),
            rows: rows
                .map(|((kind, key, part), effect)| ChangedRow {
                    kind: kind.into(),
                    key,
                    part,
                    effect: effect.into(),
                })
                .collect(),
            left_out: left_out as u64,
            unclear: self.unclear,
            target: event.target.as_ref().map(|target| target.id.clone()).unwrap_or_default(),
        }));
        Changes { facts: self.facts, texts: self.texts.into_values().collect() }
    }

    /// The id that is meant.
    fn named(&self, holder: &Holder) -> String {
        if holder.is_named { self.called(&holder.id) } else { holder.id.clone() }
    }
}

/// An event says so, as of then.
const fn seen_at(at_ms: i64) -> Option<Seen> {
    Some(Seen { source: Source::Event as i32, at_ms, first_at_ms: 0 })
}
