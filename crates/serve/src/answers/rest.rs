//! Enforcement points, tokens, the policy set.

use std::collections::BTreeMap;

use doorward_journal::{Journal, JournalError};
use doorward_model::record::{PepSet, PolicyPublished, TokenIssued, TokenSubject};
use doorward_model::time::Time;
use doorward_views::state::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::answers::identities::told;
use crate::answers::query::{Page, Query, QueryError, page};
use crate::policy_files::blob_hash;
use crate::schema::Instant;

/// What enforcement points may be filtered by.
pub const PEP_FIELDS: [&str; 2] = ["mode", "q"];
/// What tokens may be filtered by.
pub const TOKEN_FIELDS: [&str; 2] = ["name", "q"];

/// An enforcement point.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct PepRow {
    /// Its name.
    pub name: String,
    /// `enforce`, `shadow` or `learn`.
    pub mode: &'static str,
    /// The mode in force: the weaker of its own and that of the policy set.
    pub in_force: &'static str,
    /// Who set its mode; empty when nobody has.
    pub by: String,
    /// Whether it showed up by itself: it is in `shadow` until somebody sets its mode.
    pub new: bool,
}

/// A token, without its secret.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct TokenRow {
    /// Its public part.
    pub id: String,
    /// What it is for; for an enforcement point its name.
    pub name: String,
    /// What it allows.
    pub scopes: Vec<String>,
    /// Who holds it, and asks about nobody else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<SubjectRow>,
    /// When it was issued.
    #[schema(value_type = Instant)]
    pub issued_at: Time,
    /// When it ends; only a revocation ends it when absent.
    #[schema(value_type = Option<Instant>)]
    pub expires_at: Option<Time>,
    /// Who asked for it.
    pub by: String,
    /// Whether it is valid now.
    pub valid: bool,
}

/// Who holds a token, as policies know it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubjectRow {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its id.
    pub id: String,
}

/// The policy set that decides.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct PolicyRow {
    /// The hash of the set.
    pub hash: String,
    /// `enforce`, `shadow` or `learn`.
    pub mode: &'static str,
    /// The greatest risk at which anything passes, 0-100.
    pub risk_max: u32,
    /// Who published it.
    pub by: String,
    /// Its files: name and text.
    pub files: BTreeMap<String, String>,
}

/// A page of enforcement points.
///
/// # Errors
/// [`QueryError`] names what cannot be read.
pub fn peps(state: &State, query: &Query) -> Result<Page<PepRow>, QueryError> {
    let control = &state.control;
    page(&control.peps, query, control.fact_number, |set| {
        let asked = query.is("mode", set.pep.mode().word()) && query.finds(&[&set.pep.name]);
        asked.then(|| pep_row(state, &set.pep.name)).flatten()
    })
}

/// An enforcement point.
#[must_use]
pub fn pep_row(state: &State, name: &str) -> Option<PepRow> {
    let PepSet { pep, by } = state.control.peps.get(name)?;
    let set = state.control.policy.as_ref().map(|policy| policy.mode());
    let in_force = set.map_or_else(|| pep.mode(), |set| set.weakest(pep.mode()));
    Some(PepRow {
        name: pep.name.clone(),
        mode: pep.mode().word(),
        in_force: in_force.word(),
        by: by.clone(),
        new: by.is_empty(),
    })
}

/// A page of tokens; revoked ones are gone.
///
/// # Errors
/// [`QueryError`] names what cannot be read.
pub fn tokens(state: &State, query: &Query, now: Time) -> Result<Page<TokenRow>, QueryError> {
    let control = &state.control;
    page(&control.tokens, query, control.fact_number, |token| {
        let asked = query.is("name", &token.name) && query.finds(&[&token.id, &token.name]);
        asked.then(|| token_row(state, token, now))
    })
}

/// A token.
#[must_use]
pub fn token(state: &State, id: &str, now: Time) -> Option<TokenRow> {
    state.control.tokens.get(id).map(|token| token_row(state, token, now))
}

fn token_row(state: &State, token: &TokenIssued, now: Time) -> TokenRow {
    let expires_at = told(token.expires_at_ms);
    TokenRow {
        id: token.id.clone(),
        name: token.name.clone(),
        scopes: token.scopes.clone(),
        subject: token.subject.clone().map(|TokenSubject { kind, id }| SubjectRow { kind, id }),
        issued_at: Time::from_ms(token.issued_at_ms),
        expires_at,
        by: token.by.clone(),
        valid: expires_at.is_none_or(|ends| now < ends) && token.tenant == state.tenant().as_str(),
    }
}

/// The policy set that decides, with its files.
///
/// # Errors
/// When a file cannot be read back.
pub fn policy(state: &State, journal: &dyn Journal) -> Result<Option<PolicyRow>, JournalError> {
    state.control.policy.as_ref().map(|published| policy_of(published, journal)).transpose()
}

/// A policy set, with its files.
///
/// # Errors
/// When a file cannot be read back.
pub fn policy_of(published: &PolicyPublished, journal: &dyn Journal) -> Result<PolicyRow, JournalError> {
    let mut files = BTreeMap::new();
    for (name, hash) in &published.files {
        let bytes = blob_hash(hash).map(|hash| journal.blob(hash)).transpose()?.flatten();
        let text = bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        files.insert(name.clone(), text.unwrap_or_default());
    }
    Ok(PolicyRow {
        hash: published.hash.clone(),
        mode: published.mode().word(),
        risk_max: published.risk_max,
        by: published.by.clone(),
        files,
    })
}
