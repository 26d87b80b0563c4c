//! Facts of the inventory as the changes that they belong to.

use doorward_model::event::ActionClass;
use doorward_model::finding::{Evidence, OpenedBy};
use doorward_model::inventory::Seen;
use doorward_model::inventory::change::{ChangedRow, Effect, InventoryChanged};
use doorward_model::record::Fact;

use crate::opened::ChangeSeen;

/// The changes that facts tell of, in their order: each event with the rows before it, each export of an account with
/// those that came by it, and whatever is left, as one export of no account.
#[must_use]
pub fn changes(facts: &[Fact]) -> Vec<ChangeSeen> {
    let mut found = Vec::new();
    let (mut of_event, mut of_export) = (Rows::default(), Rows::default());
    for fact in facts {
        match fact {
            Fact::InventoryChanged(changed) => found.push(by_event(changed, &std::mem::take(&mut of_event))),
            Fact::ImportCommitted(import) => {
                let own = std::mem::take(&mut of_export);
                found.extend(own.export(&import.account, import.newest_at_ms));
            }
            fact => {
                let Some((row, seen)) = row(fact) else { continue };
                let rows = if seen.is_of_event() { &mut of_event } else { &mut of_export };
                rows.latest_ms = rows.latest_ms.max(seen.at_ms);
                rows.all.push(row);
            }
        }
    }
    for rest in [of_export, of_event] {
        let latest_ms = rest.latest_ms;
        found.extend(rest.export("", latest_ms));
    }
    found
}

/// Rows that wait for what tells whose they are.
#[derive(Default)]
struct Rows {
    all: Vec<ChangedRow>,
    latest_ms: i64,
}

impl Rows {
    fn export(self, account: &str, at_ms: i64) -> Option<ChangeSeen> {
        let by = OpenedBy { account: account.to_owned(), at_ms, rows: self.all, ..OpenedBy::default() };
        (!by.rows.is_empty()).then(|| ChangeSeen { by, ..ChangeSeen::default() })
    }
}

fn by_event(changed: &InventoryChanged, before: &Rows) -> ChangeSeen {
    let named = changed.rows.iter().filter(|row| row.effect() != Effect::Unchanged);
    let mut rows: Vec<ChangedRow> = named.cloned().collect();
    // More rows than it could name came with it.
    let is_named =
        |row: &ChangedRow| changed.rows.iter().any(|one| (one.kind, &one.key) == (row.kind, &row.key));
    rows.extend(before.all.iter().filter(|row| !is_named(row)).cloned());
    ChangeSeen {
        by: OpenedBy {
            event: changed.event.clone(),
            at_ms: changed.happened_at_ms,
            account: changed.account.clone(),
            permission: changed.permission(),
            identity: changed.identity.clone(),
            chain: changed.chain.clone(),
            session: changed.session.clone(),
            rows,
        },
        evidence: Some(Evidence {
            event: changed.event.clone(),
            happened_at_ms: changed.happened_at_ms,
            permission: changed.permission(),
            class: ActionClass::Permissions.into(),
            target: changed.target.clone(),
            address: changed.address.clone(),
            ..Evidence::default()
        }),
    }
}

/// The row that a fact is of, with who says so; none where it is of no row of an inventory.
fn row(fact: &Fact) -> Option<(ChangedRow, Seen)> {
    let (kind, key) = fact.row()?;
    let (effect, seen) = match fact {
        Fact::Withdrawn(gone) => (Effect::Withdrawn, gone.seen),
        Fact::IdentityFound(row) => (Effect::Found, row.seen),
        Fact::CredentialFound(row) => (Effect::Found, row.seen),
        Fact::EntitlementObserved(row) => (Effect::Found, row.seen),
        Fact::PolicyFound(row) => (Effect::Found, row.seen),
        Fact::GroupFound(row) => (Effect::Found, row.seen),
        Fact::ResourceFound(row) => (Effect::Found, row.seen),
        Fact::OrganisationNodeFound(row) => (Effect::Found, row.seen),
        Fact::PermissionSetFound(row) => (Effect::Found, row.seen),
        Fact::AssignmentFound(row) => (Effect::Found, row.seen),
        Fact::MembershipFound(row) => (Effect::Found, row.seen),
        // What Access Analyzer says changes nothing.
        _ => return None,
    };
    let row = ChangedRow { kind: kind.into(), key, effect: effect.into(), ..ChangedRow::default() };
    Some((row, seen.unwrap_or_default()))
}
