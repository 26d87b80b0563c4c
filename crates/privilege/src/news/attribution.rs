//! Which of the rows that changed have opened a step.
//!
//! Those that bear on what the step depends on now (the statements that allow it), on what stood in its way before (who
//! denies: boundaries, control policies, statements that deny), and on who or what it leads from and to where that is
//! new or other than it was. Where that names none, all that speak of either end; and where there are none, all.

use std::collections::BTreeSet;

use doorward_model::inventory::row::{Row as _, RowKind};
use doorward_model::inventory::{Entitlement, PolicyDocument};

use crate::analysis::Place;
use crate::atlas::Atlas;
use crate::document::Effect;
use crate::estate::{Account, Estate, PolicyId, Principal, PrincipalId};
use crate::graph::NodeId;
use crate::news::RowRef;
use crate::news::comparison::{Comparison, Step};

/// What has opened something.
#[derive(Clone, Debug, Default)]
pub(super) struct Attributed {
    /// The rows, in order.
    pub(super) rows: Vec<RowRef>,
    /// The changes that they belong to, in order.
    pub(super) changes: Vec<usize>,
    /// What the rows are about, by the policy where it is one: what several rows have in common.
    pub(super) names: BTreeSet<String>,
    /// Whether that is known.
    pub(super) is_sure: bool,
}

/// What has opened a step that these statements allow.
pub(super) fn attributed(comparison: &Comparison<'_>, step: &Step, statements: &[String]) -> Attributed {
    let ends = [step.from, step.to];
    let mut bearing = Bearing::default();
    bearing.deciding.extend(statements.iter().filter_map(|statement| policy_of(statement)));
    for atlas in [comparison.before.atlas, comparison.after.atlas] {
        let same = ends.map(|node| answers_name(comparison.after.atlas, node));
        for name in same.iter().flatten() {
            bearing.end(atlas, name);
        }
    }
    for name in ends.iter().filter_map(|node| answers_name(comparison.after.atlas, *node)) {
        bearing.stood(comparison.before.atlas, &name);
        if differs(comparison, &name) {
            bearing.other.insert(name);
        }
    }
    bearing.find(comparison.changes)
}

/// What has let somebody in from outside, by the policy of what they are let into.
pub(super) fn opened_at(comparison: &Comparison<'_>, into: &str, policy: &str) -> Attributed {
    let mut bearing = Bearing::default();
    bearing.deciding.insert(policy.to_owned());
    for atlas in [comparison.before.atlas, comparison.after.atlas] {
        bearing.end(atlas, into);
    }
    bearing.stood(comparison.before.atlas, into);
    bearing.find(comparison.changes)
}

/// The policy of a statement, as answers name it.
fn policy_of(statement: &str) -> Option<String> {
    statement.split_once(" statement ").map(|(policy, _)| policy.to_owned())
}

/// What a row may bear on.
#[derive(Default)]
struct Bearing {
    /// Policies that allow the step now.
    deciding: BTreeSet<String>,
    /// Policies that could deny it before.
    denying: BTreeSet<String>,
    /// Ends of the step that are new, or other than they were.
    other: BTreeSet<String>,
    /// Everybody and everything that has to do with the ends: themselves, groups, accounts, units, policies.
    concerned: BTreeSet<String>,
}

impl Bearing {
    /// Takes in who has to do with an end of the step.
    fn end(&mut self, atlas: &Atlas, name: &str) {
        let estate = &atlas.estate;
        self.concerned.insert(name.to_owned());
        let named = |id: PolicyId| estate.policy(id).map(|policy| policy.name.to_string());
        if let Some(principal) = estate.find(name).and_then(|id| estate.principal(id)) {
            let held = principal.policies.iter().chain(&principal.boundary).chain(&principal.trust);
            self.concerned.extend(held.filter_map(|id| named(*id)));
            self.concerned.extend(groups(estate, principal));
        }
        self.concerned.extend(estate.guard(name).and_then(named));
        if let Some(account) = account_of(estate, name) {
            self.concerned.extend(account.path.split('/').filter(|unit| !unit.is_empty()).map(str::to_owned));
            self.concerned.insert(account.id.to_string());
            let control = account.service_control.iter().chain(&account.resource_control);
            self.concerned.extend(control.flatten().filter_map(|id| named(*id)));
        }
    }

    /// Takes in what could deny before what an end does, or what is done to it.
    fn stood(&mut self, before: &Atlas, name: &str) {
        let estate = &before.estate;
        let principal = estate.find(name).and_then(|id| estate.principal(id));
        let held = principal.into_iter().flat_map(|one| one.policies.iter().chain(&one.trust)).copied();
        let denies = |id: &PolicyId| {
            let document = estate.policy(*id).and_then(|policy| policy.document.document());
            // What could not be read allowed nothing.
            document.is_none_or(|document| document.statements.iter().any(|one| one.effect == Effect::Deny))
        };
        let stood = held.chain(estate.guard(name)).filter(denies);
        let boundary = principal.and_then(|one| one.boundary);
        let account = account_of(estate, name);
        let control = account.into_iter().flat_map(|account| {
            account.service_control.iter().chain(&account.resource_control).flatten().copied()
        });
        let all = stood.chain(boundary).chain(control);
        self.denying.extend(all.filter_map(|id| estate.policy(id).map(|policy| policy.name.to_string())));
    }

    /// The rows among those that changed.
    fn find(&self, changes: &[Vec<RowRef>]) -> Attributed {
        let bears: [&dyn Fn(&RowRef) -> bool; 3] =
            [&|row| self.opens(row), &|row| self.concerns(row), &|_| true];
        let found = bears.into_iter().map(|bears| {
            let mut attributed = Attributed::default();
            for (at, rows) in changes.iter().enumerate() {
                let mut own: Vec<RowRef> = rows.iter().filter(|row| bears(row)).cloned().collect();
                attributed.changes.extend((!own.is_empty()).then_some(at));
                attributed.rows.append(&mut own);
            }
            attributed.rows.sort_unstable();
            attributed.rows.dedup();
            attributed.names = attributed.rows.iter().map(about).collect();
            attributed
        });
        let mut found = found.zip([true, true, false]).filter(|(attributed, _)| !attributed.rows.is_empty());
        found.next().map(|(attributed, is_sure)| Attributed { is_sure, ..attributed }).unwrap_or_default()
    }

    /// Whether a row bears on what the step depends on.
    fn opens(&self, row: &RowRef) -> bool {
        let is_of = |policies: &BTreeSet<String>| match entitlement(row) {
            Some(held) => policies.contains(&held.document_name()) && self.concerned.contains(&held.holder),
            None => row.kind == RowKind::Policy && row.key.iter().any(|name| policies.contains(base(name))),
        };
        let is_other = || row.key.iter().any(|part| self.other.contains(holder(part)));
        is_of(&self.deciding) || is_of(&self.denying) || is_other()
    }

    /// Whether a row speaks of either end at all.
    fn concerns(&self, row: &RowRef) -> bool {
        row.key
            .iter()
            .any(|part| self.concerned.contains(base(part)) || self.concerned.contains(holder(part)))
    }
}

/// Whether an end was not there before, or was another: in other groups, with other tags or credentials.
fn differs(comparison: &Comparison<'_>, name: &str) -> bool {
    let [before, after] = [&comparison.before, &comparison.after].map(|side| &side.atlas.estate);
    match (before.find(name), after.find(name)) {
        (Some(before_id), Some(after_id)) => state(before, before_id) != state(after, after_id),
        (None, Some(_)) => true,
        (_, None) => {
            let [was, is] = [before, after].map(|estate| estate.resource_of(name));
            let tells = |resource: &doorward_model::inventory::resource::Resource| {
                (resource.kind.clone(), resource.attributes.clone(), resource.tags.clone())
            };
            is.is_some() && was.map(tells) != is.map(tells)
        }
    }
}

/// What a principal is, beside what its policies say.
fn state(estate: &Estate, id: PrincipalId) -> Option<impl PartialEq> {
    let one = estate.principal(id)?;
    let groups: BTreeSet<String> = groups(estate, one).collect();
    Some((groups, one.tags.clone(), one.in_instance_profile, one.has_password, one.keys))
}

fn groups<'a>(estate: &'a Estate, principal: &'a Principal) -> impl Iterator<Item = String> + 'a {
    principal.groups.iter().filter_map(|id| Some(estate.principal(*id)?.arn().to_owned()))
}

/// The account of a principal or resource, or the one that is administered.
fn account_of<'a>(estate: &'a Estate, name: &str) -> Option<&'a Account> {
    let number = match name.strip_prefix("administrator of ") {
        Some(number) => number,
        None => estate
            .resource_of(name)
            .map(|resource| resource.account.as_str())
            .filter(|account| !account.is_empty())
            .or_else(|| name.split(':').nth(4))?,
    };
    estate.account(estate.find_account(number)?)
}

/// The name of a node that is shown.
fn answers_name(atlas: &Atlas, node: NodeId) -> Option<String> {
    let is_shown = match atlas.analysis.place(node)? {
        Place::Principal(_) | Place::Resource(_) | Place::Administration(_) | Place::Outside(_) => true,
        Place::Variant(_) | Place::Pool(_) | Place::Changed(_) => false,
    };
    is_shown.then(|| crate::answers::name(atlas, node))
}

/// The right that a row assigns.
fn entitlement(row: &RowRef) -> Option<Entitlement> {
    if row.kind != RowKind::Entitlement {
        return None;
    }
    let names: Vec<&str> = row.key.iter().map(String::as_str).collect();
    let mut held = Entitlement::default();
    held.set_names(&names);
    Some(held)
}

/// What a row is about, by which several rows are one cause.
fn about(row: &RowRef) -> String {
    match (entitlement(row), &*row.key) {
        (Some(held), _) => held.document_name(),
        (None, [name, ..]) => base(name).to_owned(),
        (None, []) => String::new(),
    }
}

/// The policy, where a name is that of a version of one.
fn base(name: &str) -> &str {
    PolicyDocument::not_in_force_of(name).map_or(name, |(policy, _)| policy)
}

/// The holder, where a name is that of a policy of its own; of a credential, whose it is.
fn holder(name: &str) -> &str {
    let name = name.split_once(' ').map_or(name, |(holder, _)| holder);
    name.find("arn:").and_then(|at| name.get(at..)).unwrap_or(name)
}
