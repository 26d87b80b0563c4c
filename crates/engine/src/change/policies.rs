//! Policies: documents of holders, what is attached to whom, versions of managed policies, control policies.

use doorward_intake::change::{NOT_SHOWN, trust, with_statement, without_statement};
use doorward_model::hash::Hash16;
use doorward_model::inventory::change::Effect;
use doorward_model::inventory::row::{PolicyFound, Row, RowKind};
use doorward_model::inventory::{Entitlement, Origin, PolicyDocument};
use doorward_privilege::document::Document;

use super::Ledger;
use super::holders::{BOUNDARY, TRUST, kind_of};

impl Ledger<'_> {
    /// A document under its name.
    pub(super) fn document(&mut self, document: PolicyDocument) {
        let readable = Document::read(&document.text).is_ok();
        let found = PolicyFound::of(&document, readable);
        self.put_document(found, document.text);
    }

    /// The text is stored only where a fact names it. What cannot be read is noted as such.
    fn put_document(&mut self, found: PolicyFound, text: String) {
        let (before, key, readable) = (self.facts.len(), found.key(), found.readable);
        self.put(&self.control.inventory.policies, found, "");
        if self.facts.len() > before {
            self.texts.insert(Hash16::of(text.as_bytes()), text);
            if !readable {
                self.rows.insert((RowKind::Policy, key, String::new()), Effect::Unreadable);
            }
        }
    }

    /// A policy that is a part of its holder.
    pub(super) fn own(&mut self, holder: &str, policy: &str, origin: Origin, text: String) {
        let document = PolicyDocument::of(format!("{holder} {policy}"), text);
        let held = Entitlement {
            holder: holder.to_owned(),
            policy: policy.to_owned(),
            origin: origin.into(),
            document: document.hash.0.to_vec(),
            seen: None,
        };
        if origin == Origin::Trust {
            self.identity(holder, TRUST, |role| trust(role, &document.text));
        }
        self.document(document);
        self.put(&self.control.inventory.entitlements, held, "");
    }

    pub(super) fn own_gone(&mut self, holder: &str, policy: &str, origin: Origin) {
        let inventory = &self.control.inventory;
        self.withdraw(&inventory.policies, &[format!("{holder} {policy}")]);
        self.withdraw(&inventory.entitlements, &key(holder, policy, origin));
    }

    pub(super) fn held(&mut self, holder: &str, policy: String, origin: Origin) {
        let table = &self.control.inventory.entitlements;
        if origin == Origin::Boundary && !self.bounds(holder, Some(&policy)) {
            return;
        }
        let holder = holder.to_owned();
        self.put(table, Entitlement { holder, policy, origin: origin.into(), ..Entitlement::default() }, "");
    }

    pub(super) fn not_held(&mut self, holder: &str, policy: Option<String>, origin: Origin) {
        if origin == Origin::Boundary {
            self.bounds(holder, None);
        } else if let Some(policy) = policy {
            self.withdraw(&self.control.inventory.entitlements, &key(holder, &policy, origin));
        }
    }

    /// A holder has one boundary: another one is there no more. Says whether nothing later is known of it.
    fn bounds(&mut self, holder: &str, policy: Option<&str>) -> bool {
        let (kind, id) = (kind_of(holder), [holder.to_owned()]);
        let table = &self.control.inventory.entitlements;
        let is_boundary = |held: &Entitlement| held.origin() == Origin::Boundary;
        let known: Vec<Entitlement> = table.of(holder).filter(is_boundary).collect();
        let last = self.control.inventory.changes.last_at_ms(kind, &id, BOUNDARY);
        if last.is_some_and(|last| last > self.at_ms) {
            return false;
        }
        let others = known.iter().filter(|held| Some(held.policy.as_str()) != policy);
        for other in others {
            self.withdraw(table, &other.key());
        }
        self.note(kind, &id, BOUNDARY, Effect::Unchanged);
        true
    }

    /// A version of a managed policy is there, or is in force from now on; the one that was in force stays beside it.
    pub(super) fn version(&mut self, policy: &str, version: String, text: Option<String>, in_force: bool) {
        let table = &self.control.inventory.policies;
        let key = [policy.to_owned()];
        let known = table.get(&key);
        let seen = known.as_ref().map(|known| known.seen.unwrap_or_default());
        let beside = PolicyDocument::version_name(policy, &version);
        if in_force && self.standing(RowKind::Policy, &key, "", seen).is_some() {
            self.put_in_force(policy, (version, text), known);
            return;
        }
        let Some(text) = text.filter(|_| !version.is_empty()) else { return };
        // A version that is known by an event that came earlier, and could not be shown then.
        let is_missing = |known: &PolicyFound| {
            known.version == version && known.document == Hash16::of(NOT_SHOWN.as_bytes()).0
        };
        let missing = known.into_iter().chain(table.get(std::slice::from_ref(&beside))).find(is_missing);
        let name = missing.as_ref().map_or(beside, |missing| missing.name.clone());
        let document = PolicyDocument { version, ..PolicyDocument::of(name, text) };
        match missing {
            Some(missing) => {
                let before = self.at_ms;
                let changed = self.control.inventory.changes.last_at_ms(RowKind::Policy, &missing.key(), "");
                let known_ms = missing.seen.unwrap_or_default().at_ms.max(changed.unwrap_or_default());
                self.at_ms = known_ms.max(before);
                self.document(document);
                self.at_ms = before;
            }
            None => self.version_beside(policy, document),
        }
    }

    /// A version that is not in force; none of a policy that is there no more.
    fn version_beside(&mut self, policy: &str, document: PolicyDocument) {
        let key = [policy.to_owned()];
        let changed = self.control.inventory.changes.last_at_ms(RowKind::Policy, &key, "");
        let is_gone = self.control.inventory.policies.get(&key).is_none();
        if !is_gone || changed.is_none_or(|at| at <= self.at_ms) {
            self.document(document);
        }
    }

    fn put_in_force(
        &mut self,
        policy: &str,
        (version, text): (String, Option<String>),
        known: Option<PolicyFound>,
    ) {
        let table = &self.control.inventory.policies;
        let beside = [PolicyDocument::version_name(policy, &version)];
        let (seen, name) = (None, policy.to_owned());
        let same = known.as_ref().filter(|known| text.is_none() && known.version == version).cloned();
        let stored = table.get(&beside).filter(|_| text.is_none());
        let other = known.filter(|known| !known.version.is_empty() && known.version != version);
        if let Some(other) = other {
            let name = PolicyDocument::version_name(policy, &other.version);
            self.put(table, PolicyFound { name, seen, ..other }, "");
        }
        match same.or(stored) {
            Some(stored) => self.put(table, PolicyFound { name, version: version.clone(), ..stored }, ""),
            None => {
                let text = text.unwrap_or_else(|| NOT_SHOWN.to_owned());
                let version = version.clone();
                self.document(PolicyDocument { version, ..PolicyDocument::of(name, text) });
            }
        }
        if !version.is_empty() && table.get(&beside).is_some() {
            self.withdraw(table, &beside);
        }
    }

    pub(super) fn version_gone(&mut self, policy: &str, version: &str) {
        let key = [PolicyDocument::version_name(policy, version)];
        self.withdraw(&self.control.inventory.policies, &key);
    }

    /// A policy in all of its versions. A control policy is named by its id alone.
    pub(super) fn policy_gone(&mut self, policy: &str) {
        let table = &self.control.inventory.policies;
        let Some(policy) = self.policy_of(policy) else {
            self.unclear.push(format!("nothing tells what policy {policy} is"));
            return;
        };
        for version in table.under(&format!("{policy} version:")) {
            self.withdraw(table, &version.key());
        }
        self.withdraw(table, &[policy]);
    }

    /// The ARN of a policy, which a control policy does not tell.
    fn policy_of(&self, policy: &str) -> Option<String> {
        let of_aws = match policy {
            "p-FullAWSAccess" => "service_control_policy",
            "p-RCPFullAWSAccess" => "resource_control_policy",
            _ if policy.starts_with("arn:") => return Some(policy.to_owned()),
            _ => "",
        };
        if !of_aws.is_empty() {
            return Some(format!("arn:aws:organizations::aws:policy/{of_aws}/{policy}"));
        }
        let inventory = &self.control.inventory;
        let is_it = |name: &str| name.contains(":organizations:") && name.rsplit('/').next() == Some(policy);
        let known = inventory.policies.under("arn:aws").map(|known| known.name).find(|name| is_it(name));
        // Where its document is not known, it may be known to be attached.
        let held = || {
            inventory.nodes.iter().flat_map(|node| inventory.entitlements.of(&node.id).collect::<Vec<_>>())
        };
        known.or_else(|| held().map(|held| held.policy).find(|name| is_it(name)))
    }

    /// A control policy limits what is below a node, or no more. Policies of other kinds neither allow nor deny.
    pub(super) fn control(&mut self, policy: &str, node: &str, is_attached: bool) {
        let Some(arn) = self.policy_of(policy) else {
            self.unclear.push(format!("nothing tells what policy {policy} of {node} is"));
            return;
        };
        let origin = if arn.contains("/service_control_policy/") {
            Origin::ServiceControl
        } else if arn.contains("/resource_control_policy/") {
            Origin::ResourceControl
        } else {
            return;
        };
        if is_attached {
            self.held(node, arn, origin);
        } else {
            self.not_held(node, Some(arn), origin);
        }
    }

    /// One statement of the policy of a resource. Where the others cannot be read, nor can what it says now.
    pub(super) fn statement(&mut self, resource: &str, sid: &str, statement: Option<&str>) {
        let known = self.control.inventory.policies.get(&[format!("{resource} resource")]);
        let text = known.as_ref().map(|known| {
            let hash = Hash16::from_slice(&known.document)?;
            (self.text_of)(hash)
        });
        let next = match (text, statement) {
            (None, Some(statement)) => with_statement(None, sid, statement),
            (None, None) => return,
            (Some(text), Some(statement)) => {
                text.and_then(|text| with_statement(Some(&text), sid, statement))
            }
            (Some(text), None) => text.and_then(|text| without_statement(&text, sid)),
        };
        match next.unwrap_or_else(|| NOT_SHOWN.to_owned()) {
            text if text.is_empty() => self.own_gone(resource, "resource", Origin::Resource),
            text => self.own(resource, "resource", Origin::Resource, text),
        }
    }
}

fn key(holder: &str, policy: &str, origin: Origin) -> [String; 3] {
    [holder.to_owned(), policy.to_owned(), i32::from(origin).to_string()]
}
