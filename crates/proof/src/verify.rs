//! The text of a token in; who presents it, and for what, out.

use std::sync::Arc;

use doorward_model::time::Time;
use subtle::ConstantTimeEq;

use crate::scope::Scope;
use crate::text::{self, Fault};
use crate::tokens::Tokens;

/// The name of callers that need no token, where that is configured: the enforcement point `loopback`.
pub const LOOPBACK: &str = "loopback";

/// Who was verified. It can be made only here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verified {
    token: Option<Arc<str>>,
    name: Arc<str>,
    scopes: Arc<[Scope]>,
}

/// A verified enforcement point.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pep<'a>(&'a str);

/// Somebody verified who may ask questions or give commands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Operator<'a>(&'a str);

/// A verified sender of the events of one source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ingester<'a> {
    name: &'a str,
    source: &'a str,
}

/// Why a credential was refused. Callers are told only that it was; the log and the counters may say why.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refused {
    /// It has not the form of a token.
    #[error("not a token of the form dw_ID_SECRET_CHECKSUM")]
    Malformed,
    /// It was mistyped or cut.
    #[error("a mistyped token: its checksum is wrong")]
    Checksum,
    /// No such token was issued.
    #[error("no such token was issued")]
    Unknown,
    /// It was revoked.
    #[error("the token was revoked")]
    Revoked,
    /// It has ended.
    #[error("the token has expired")]
    Expired,
}

/// What was verified does not allow it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the token does not have the scope {0}")]
pub struct Missing(pub Scope);

/// Says who presents a token. A wrong secret is told from a public part that was never issued neither in the answer
/// nor in the time it takes.
///
/// # Errors
/// [`Refused`] says why it is refused.
pub fn verify(tokens: &Tokens, presented: &str, now: Time) -> Result<Verified, Refused> {
    let parsed = text::read(presented).map_err(|fault| match fault {
        Fault::Form => Refused::Malformed,
        Fault::Checksum => Refused::Checksum,
    })?;
    let row = tokens.find(parsed.id);
    let stored = row.map_or([0; 32], |row| row.secret_hash);
    let equal = text::hash_of(&parsed.secret).ct_eq(&stored);
    let row = row.filter(|_| bool::from(equal)).ok_or(Refused::Unknown)?;
    if row.revoked {
        return Err(Refused::Revoked);
    }
    if row.is_over(now) {
        return Err(Refused::Expired);
    }
    Ok(Verified {
        token: Some(row.id.as_str().into()),
        name: Arc::clone(&row.name),
        scopes: Arc::clone(&row.scopes),
    })
}

/// The caller without a token on loopback, where configuration lets one ask for decisions: the enforcement point
/// [`LOOPBACK`], and nothing else.
#[must_use]
pub fn loopback_pep() -> Verified {
    Verified { token: None, name: LOOPBACK.into(), scopes: [Scope::Decide].into() }
}

impl Verified {
    /// What the token is named.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The public part of the token; none for a caller that needs none.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// The enforcement point that it is.
    ///
    /// # Errors
    /// [`Missing`] without the scope `decide`.
    pub fn pep(&self) -> Result<Pep<'_>, Missing> {
        self.having(Scope::Decide).map(|()| Pep(&self.name))
    }

    /// Somebody who may ask questions.
    ///
    /// # Errors
    /// [`Missing`] without the scope `read` or `admin`.
    pub fn reader(&self) -> Result<Operator<'_>, Missing> {
        self.having(Scope::Read).map(|()| Operator(&self.name))
    }

    /// Somebody who may give commands.
    ///
    /// # Errors
    /// [`Missing`] without the scope `admin`.
    pub fn admin(&self) -> Result<Operator<'_>, Missing> {
        self.having(Scope::Admin).map(|()| Operator(&self.name))
    }

    /// Somebody who may send the events of a source.
    ///
    /// # Errors
    /// [`Missing`] without the scope of that source.
    pub fn ingester<'a>(&'a self, source: &'a str) -> Result<Ingester<'a>, Missing> {
        self.having(Scope::Ingest(source.to_owned())).map(|()| Ingester { name: &self.name, source })
    }

    fn having(&self, scope: Scope) -> Result<(), Missing> {
        if self.scopes.iter().any(|own| own.includes(&scope)) { Ok(()) } else { Err(Missing(scope)) }
    }
}

impl<'a> Pep<'a> {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'a str {
        self.0
    }
}

impl<'a> Operator<'a> {
    /// The name of the token, by which what was done is recorded.
    #[must_use]
    pub const fn name(self) -> &'a str {
        self.0
    }
}

impl<'a> Ingester<'a> {
    /// The name of the token.
    #[must_use]
    pub const fn name(self) -> &'a str {
        self.name
    }

    /// The source whose events it may send.
    #[must_use]
    pub const fn source(self) -> &'a str {
        self.source
    }
}
