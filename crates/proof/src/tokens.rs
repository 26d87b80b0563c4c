//! The tokens that were issued, as facts tell.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use doorward_model::id::TenantId;
use doorward_model::record::{TokenIssued, TokenSubject};
use doorward_model::time::Time;

use crate::scope::Scope;
use crate::verify::Refused;

/// All tokens by their public part. A table is never changed: a change makes another, and readers load the latest.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Tokens {
    rows: BTreeMap<String, Arc<Row>>,
}

/// One token, without its secret.
#[derive(PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) id: String,
    /// What it is for; for an enforcement point its name.
    pub(crate) name: String,
    /// What it allows. What this release does not know allows nothing.
    pub(crate) scopes: Vec<Scope>,
    /// Who holds it, and asks about nobody else.
    pub(crate) subject: Option<TokenSubject>,
    pub(crate) issued_at: Time,
    /// When it ends; only a revocation ends it when absent.
    pub(crate) expires_at: Option<Time>,
    pub(crate) revoked: bool,
    /// Whether it is of another tenant.
    pub(crate) foreign: bool,
    pub(crate) secret_hash: [u8; 32],
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Row")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("scopes", &self.scopes)
            .field("subject", &self.subject)
            .field("expires_at", &self.expires_at)
            .field("revoked", &self.revoked)
            .field("foreign", &self.foreign)
            .finish_non_exhaustive()
    }
}

impl Tokens {
    /// The tokens of a tenant, after everything that was issued and revoked; the order does not matter. What was
    /// issued for another tenant, or for none, is known, so that it can be told, and opens nothing.
    #[must_use]
    pub fn of<'a>(
        tenant: &TenantId,
        issued: impl IntoIterator<Item = &'a TokenIssued>,
        revoked: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let revoked = revoked.into_iter().collect();
        let row = |token| Row::of(token, tenant, &revoked);
        let rows = issued.into_iter().filter_map(row).map(|row| (row.id.clone(), Arc::new(row)));
        Self { rows: rows.collect() }
    }

    /// Whether the token of a public part opens anything at an instant, whoever holds it.
    #[must_use]
    pub fn is_valid(&self, id: &str, now: Time) -> bool {
        self.find(id).is_some_and(|row| row.check(now).is_ok())
    }

    /// The public parts of those that were issued for another tenant.
    pub fn foreign(&self) -> impl Iterator<Item = &str> {
        self.rows.values().filter(|row| row.foreign).map(|row| row.id.as_str())
    }

    /// The token of a public part.
    pub(crate) fn find(&self, id: &str) -> Option<&Arc<Row>> {
        self.rows.get(id)
    }
}

impl Row {
    /// Whether it opens anything at an instant, or why not.
    pub(crate) fn check(&self, now: Time) -> Result<(), Refused> {
        if self.foreign {
            return Err(Refused::Foreign);
        }
        if self.revoked {
            return Err(Refused::Revoked);
        }
        if self.expires_at.is_some_and(|ends| ends <= now) {
            return Err(Refused::Expired);
        }
        Ok(())
    }

    /// A row whose hash is none would match no secret, so it is left out.
    fn of(issued: &TokenIssued, tenant: &TenantId, revoked: &BTreeSet<&str>) -> Option<Self> {
        Some(Self {
            id: issued.id.clone(),
            name: issued.name.clone(),
            scopes: issued.scopes.iter().filter_map(|scope| scope.parse().ok()).collect(),
            subject: issued.subject.clone(),
            issued_at: Time::from_ms(issued.issued_at_ms),
            expires_at: (issued.expires_at_ms != 0).then(|| Time::from_ms(issued.expires_at_ms)),
            revoked: revoked.contains(issued.id.as_str()),
            foreign: issued.tenant != tenant.as_str(),
            secret_hash: issued.secret_hash.as_slice().try_into().ok()?,
        })
    }
}
