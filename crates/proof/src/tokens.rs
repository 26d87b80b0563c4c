//! The tokens that were issued, as facts tell.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use doorward_model::record::{TokenIssued, TokenRevoked};
use doorward_model::time::Time;

use crate::scope::Scope;

/// All tokens by their public part. It is never changed: a change makes another table, and readers load the latest.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Tokens {
    rows: BTreeMap<String, Row>,
}

/// One token, without its secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    /// Its public part.
    pub id: String,
    /// What it is for; for an enforcement point its name.
    pub name: Arc<str>,
    /// What it allows. What this release does not know allows nothing.
    pub scopes: Arc<[Scope]>,
    /// When it was issued.
    pub issued_at: Time,
    /// When it ends; only a revocation ends it when absent.
    pub expires_at: Option<Time>,
    /// Who asked for it.
    pub by: String,
    /// Whether it was revoked.
    pub revoked: bool,
    pub(crate) secret_hash: [u8; 32],
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Row")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("scopes", &self.scopes)
            .field("expires_at", &self.expires_at)
            .field("revoked", &self.revoked)
            .finish_non_exhaustive()
    }
}

impl Tokens {
    /// The table after everything that was issued and revoked; the order does not matter.
    #[must_use]
    pub fn of<'a>(
        issued: impl IntoIterator<Item = &'a TokenIssued>,
        revoked: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let mut rows: BTreeMap<_, _> =
            issued.into_iter().filter_map(Row::of).map(|row| (row.id.clone(), row)).collect();
        for id in revoked {
            if let Some(row) = rows.get_mut(id) {
                row.revoked = true;
            }
        }
        Self { rows }
    }

    /// The table with one more token. What was issued before under the same public part stays as it is.
    #[must_use]
    pub fn with(&self, issued: &TokenIssued) -> Self {
        let mut rows = self.rows.clone();
        if let Some(row) = Row::of(issued) {
            rows.entry(row.id.clone()).or_insert(row);
        }
        Self { rows }
    }

    /// The table after a revocation.
    #[must_use]
    pub fn without(&self, revoked: &TokenRevoked) -> Self {
        let mut rows = self.rows.clone();
        if let Some(row) = rows.get_mut(&revoked.id) {
            row.revoked = true;
        }
        Self { rows }
    }

    /// The token of a public part.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&Row> {
        self.rows.get(id)
    }

    /// All tokens, in the order of their public parts.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.values()
    }
}

impl Row {
    /// Whether it is valid at an instant.
    #[must_use]
    pub fn is_valid(&self, now: Time) -> bool {
        !self.revoked && !self.is_over(now)
    }

    pub(crate) fn is_over(&self, now: Time) -> bool {
        self.expires_at.is_some_and(|ends| ends <= now)
    }

    /// A row whose hash is none would match no secret, so it is left out.
    fn of(issued: &TokenIssued) -> Option<Self> {
        Some(Self {
            id: issued.id.clone(),
            name: issued.name.as_str().into(),
            scopes: issued.scopes.iter().filter_map(|scope| scope.parse().ok()).collect(),
            issued_at: Time::from_ms(issued.issued_at_ms),
            expires_at: (issued.expires_at_ms != 0).then(|| Time::from_ms(issued.expires_at_ms)),
            by: issued.by.clone(),
            revoked: false,
            secret_hash: issued.secret_hash.as_slice().try_into().ok()?,
        })
    }
}
