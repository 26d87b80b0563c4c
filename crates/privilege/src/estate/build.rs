//! Exports into an estate, and an estate back into rows.

use std::sync::Arc;

use doorward_model::identity::{Credential, CredentialState};
use doorward_model::inventory::AccountExport;

use super::change::Update;
use super::rows::{Holder, Rows, held};
use super::{Estate, PolicyId};

/// Collects what exports say. Where two speak of the same holder or document, the newer one is right.
#[derive(Debug, Default)]
pub struct Builder {
    exports: Vec<AccountExport>,
}

impl Builder {
    /// Takes in an export.
    pub fn add(&mut self, export: AccountExport) {
        self.exports.push(export);
    }

    /// The estate. It does not depend on the order in which exports were added.
    #[must_use]
    pub fn build(mut self) -> Estate {
        self.exports.sort_by(AccountExport::order);
        let mut rows = Rows::default();
        for export in self.exports {
            rows.join(export);
        }
        Estate::of(rows)
    }
}

impl Estate {
    /// Of rows.
    fn of(rows: Rows) -> Self {
        let estate = Self::among(rows, &[]);
        let mut accounts: Vec<Arc<str>> = estate.accounts().map(|(_, one)| Arc::clone(&one.id)).collect();
        if accounts.is_sorted() {
            return estate;
        }
        // Those that only people of Identity Center lead to came last.
        accounts.sort_unstable();
        Self::among(estate.rows(), &accounts)
    }

    /// Of rows, with accounts in this order before others.
    fn among(rows: Rows, accounts: &[Arc<str>]) -> Self {
        let mut empty = Self::default();
        for account in accounts {
            empty.add_account(account);
        }
        empty.any_policy = empty.named("any policy");
        if let Some(any) = empty.policies.get_mut(0) {
            any.document = held(ANY_POLICY);
        }
        let mut update = Update::new(&empty);
        update.take(rows);
        update.finish().0
    }

    /// The same, made anew of its rows: ids follow each other in the order of names again, and nothing is left of what
    /// is gone.
    #[must_use]
    pub(crate) fn anew(&self) -> Self {
        Self::of(self.rows())
    }

    /// The rows that it is made of.
    fn rows(&self) -> Rows {
        let mut rows = Rows::default();
        let name = |id: PolicyId| self.policy(id).map(|policy| policy.name.to_string()).unwrap_or_default();
        let told =
            |rights: &[super::Right]| rights.iter().map(|right| (right.origin, name(right.policy))).collect();
        for (_, principal) in self.principals().filter(|(_, one)| !self.center.makes(one.arn())) {
            let (id, identity) = (principal.arn().to_owned(), Arc::clone(&principal.identity));
            rows.rights.insert(id.clone(), told(&principal.rights));
            rows.holders.insert(id, Holder { kind: principal.kind, identity });
        }
        for (holder, rights) in self.waiting.iter() {
            rows.rights.insert(holder.to_string(), told(rights));
        }
        for (_, policy) in self.policies() {
            if let Some(hash) = policy.hash {
                rows.texts.insert(policy.name.to_string(), hash);
                rows.documents.insert(hash, policy.document.clone());
            }
        }
        rows.resources = self.resources().map(|(_, row)| (row.id.clone(), row.clone())).collect();
        for (id, credit) in self.credits.by_id.iter() {
            let (id, identity) = (id.to_string(), credit.holder.to_string());
            let state = if credit.is_active { CredentialState::Active } else { CredentialState::Inactive };
            let (kind, state) = (credit.kind.into(), state.into());
            rows.credentials
                .insert(id.clone(), Credential { id, identity, kind, state, ..Credential::default() });
        }
        let last_uses = self.last_uses.iter();
        rows.last_uses = last_uses.map(|(identity, own)| (identity.to_string(), (**own).clone())).collect();
        rows.center = self.center.rows.clone();
        rows.nodes.clone_from(&self.organisation.nodes);
        rows.control.clone_from(&self.organisation.control);
        for (holder, guards) in self.guards.iter() {
            rows.guards.extend(guards.iter().map(|id| (holder.to_string(), name(*id))));
        }
        rows
    }
}

/// What whoever may write policies could give itself.
const ANY_POLICY: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
