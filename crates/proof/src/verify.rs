//! The text of a token in; who presents it, and for what, out.

use std::sync::Arc;

use doorward_model::record::TokenSubject;
use doorward_model::time::Time;
use subtle::ConstantTimeEq;

use crate::scope::Scope;
use crate::text::{self, Fault};
use crate::tokens::{Row, Tokens};

/// The name of callers that need no token, where that is configured: the enforcement point `loopback`.
pub const LOOPBACK: &str = "loopback";

/// Who was verified. It can be made only here, and so can all that it opens into:
///
/// ```
/// # use doorward_proof::{Asker, loopback_pep};
/// let verified = loopback_pep();
/// assert!(matches!(verified.asker(), Ok(Asker::Pep(pep)) if pep.name() == "loopback"));
/// ```
///
/// A name alone makes no enforcement point, and no subject:
///
/// ```compile_fail
/// # use doorward_proof::Pep;
/// let pep = Pep { name: "loopback" };
/// ```
///
/// ```compile_fail
/// # use doorward_proof::{Subject, loopback_pep};
/// let subject = Subject { token: &loopback_pep().token, party: &Default::default() };
/// ```
///
/// ```compile_fail
/// # use doorward_proof::{Verified, loopback_pep};
/// let verified = Verified { token: loopback_pep().token };
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verified {
    token: Arc<Row>,
}

/// Who asks for decisions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Asker<'a> {
    /// An enforcement point, about anybody.
    Pep(Pep<'a>),
    /// A subject, about itself.
    Subject(Subject<'a>),
}

/// A verified enforcement point.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pep<'a> {
    name: &'a str,
}

/// Somebody verified who asks about itself, by a token that names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Subject<'a> {
    token: &'a Row,
    party: &'a TokenSubject,
}

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
    /// It was issued, but for another tenant than the one whose door this is.
    #[error("the token belongs to another tenant")]
    Foreign,
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
    row.check(now)?;
    Ok(Verified { token: Arc::clone(row) })
}

/// The caller without a token on loopback, where configuration lets one ask for decisions: the enforcement point
/// [`LOOPBACK`], and nothing else.
#[must_use]
pub fn loopback_pep() -> Verified {
    let nothing = Row {
        id: String::new(),
        name: LOOPBACK.to_owned(),
        scopes: vec![Scope::Decide],
        subject: None,
        issued_at: Time::MIN,
        expires_at: None,
        revoked: false,
        foreign: false,
        secret_hash: [0; 32],
    };
    Verified { token: Arc::new(nothing) }
}

impl Verified {
    /// What the token is named.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.token.name
    }

    /// The public part of the token; none for a caller that needs none.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        Some(self.token.id.as_str()).filter(|id| !id.is_empty())
    }

    /// Who may ask for decisions, and about whom.
    ///
    /// # Errors
    /// [`Missing`] without the scope `decide`.
    pub fn asker(&self) -> Result<Asker<'_>, Missing> {
        self.having(Scope::Decide)?;
        Ok(match &self.token.subject {
            None => Asker::Pep(Pep { name: &self.token.name }),
            Some(party) => Asker::Subject(Subject { token: &self.token, party }),
        })
    }

    /// Somebody who may ask questions.
    ///
    /// # Errors
    /// [`Missing`] without the scope `read` or `admin`.
    pub fn reader(&self) -> Result<Operator<'_>, Missing> {
        self.having(Scope::Read).map(|()| Operator(&self.token.name))
    }

    /// Somebody who may give commands.
    ///
    /// # Errors
    /// [`Missing`] without the scope `admin`.
    pub fn admin(&self) -> Result<Operator<'_>, Missing> {
        self.having(Scope::Admin).map(|()| Operator(&self.token.name))
    }

    /// Somebody who may send the events of a source.
    ///
    /// # Errors
    /// [`Missing`] without the scope of that source.
    pub fn ingester<'a>(&'a self, source: &'a str) -> Result<Ingester<'a>, Missing> {
        self.having(Scope::Ingest(source.to_owned())).map(|()| Ingester { name: &self.token.name, source })
    }

    fn having(&self, scope: Scope) -> Result<(), Missing> {
        if self.token.scopes.iter().any(|own| own.includes(&scope)) { Ok(()) } else { Err(Missing(scope)) }
    }
}

impl<'a> Asker<'a> {
    /// The name of the enforcement point: one that asks about itself is its own.
    #[must_use]
    pub fn pep(self) -> &'a str {
        match self {
            Self::Pep(pep) => pep.name(),
            Self::Subject(subject) => subject.pep(),
        }
    }
}

impl<'a> Pep<'a> {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'a str {
        self.name
    }
}

impl<'a> Subject<'a> {
    /// The type under which policies know it.
    #[must_use]
    pub fn kind(self) -> &'a str {
        &self.party.kind
    }

    /// The id under which policies know it.
    #[must_use]
    pub fn id(self) -> &'a str {
        &self.party.id
    }

    /// The enforcement point that it is for itself: the name of the token.
    #[must_use]
    pub fn pep(self) -> &'a str {
        &self.token.name
    }

    /// The public part of its token.
    #[must_use]
    pub fn token(self) -> &'a str {
        &self.token.id
    }

    /// When its token was issued.
    #[must_use]
    pub fn issued_at(self) -> Time {
        self.token.issued_at
    }

    /// When its token ends; only a revocation ends it when absent.
    #[must_use]
    pub fn expires_at(self) -> Option<Time> {
        self.token.expires_at
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
