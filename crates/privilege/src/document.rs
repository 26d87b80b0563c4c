//! Policy documents: JSON text into typed statements, once; what is not understood is an error, so that answers which
//! depend on it are unknown.
//!
//! Source: IAM User Guide, "Grammar of the IAM JSON policy language".

use doorward_model::inventory::DOCUMENT_BYTES_MAX;
use serde::Deserialize;

use crate::pattern::Pattern;
use crate::request::Personal;

mod read;

pub use crate::condition::Condition;

/// A policy document: of an identity, a resource, a boundary, a session, an organisation, or the trust policy of a role.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Document {
    /// Which release of the policy language it is written in.
    pub version: Version,
    /// Its statements, in their order.
    pub statements: Vec<Statement>,
}

/// A release of the policy language.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Version {
    /// Without policy variables; also where a document names none.
    #[default]
    V2008,
    /// With policy variables.
    V2012,
}

/// A statement: whom it lets or forbids what, on which resources, under which conditions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Statement {
    /// Its name, if it has one.
    pub sid: Option<Box<str>>,
    /// What it does where it applies.
    pub effect: Effect,
    /// To whom it applies; absent in policies of identities.
    pub principals: Option<Selection<Principal>>,
    /// To which permissions it applies; patterns in lower case.
    pub permissions: Selection<Pattern>,
    /// To which resources it applies; absent in trust policies.
    pub resources: Option<Selection<Pattern>>,
    /// All must hold for it to apply.
    pub conditions: Vec<Condition>,
}

impl Statement {
    /// Whether it allows whatever it names on everything, without conditions.
    pub(crate) fn is_unlimited(&self) -> bool {
        let of_all = |resources: &Selection<Pattern>| match resources {
            Selection::Only(patterns) => patterns.iter().any(Pattern::is_any),
            Selection::AllBut(_) => false,
        };
        self.effect == Effect::Allow
            && self.conditions.is_empty()
            && self.resources.as_ref().is_some_and(of_all)
    }

    /// The condition keys that it asks for, in conditions and as variables, in lower case; a key may come twice.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        let conditions = &self.conditions;
        let patterns = self.resources.iter().flat_map(Selection::named);
        let patterns = patterns.chain(conditions.iter().flat_map(Condition::patterns));
        conditions.iter().map(|condition| &*condition.key).chain(patterns.flat_map(Pattern::variables))
    }

    /// Whether it may mean something else of one identity than of another of the same account and type.
    pub(crate) fn is_personal(&self) -> bool {
        self.keys().any(|key| Personal::of(key).is_some())
    }

    /// Whether it speaks of a permission, given in lower case.
    #[must_use]
    pub fn names(&self, permission: &str) -> bool {
        let is_named = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(permission));
        match &self.permissions {
            Selection::Only(patterns) => is_named(patterns),
            Selection::AllBut(patterns) => !is_named(patterns),
        }
    }
}

/// What a statement does where it applies.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Deserialize)]
pub enum Effect {
    /// It allows.
    Allow,
    /// It denies, whatever else allows.
    Deny,
}

/// What is named, or all but what is named (`NotAction`, `NotResource`, `NotPrincipal`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Selection<T> {
    /// These.
    Only(Vec<T>),
    /// All but these.
    AllBut(Vec<T>),
}

impl<T> Selection<T> {
    /// What is named.
    #[must_use]
    pub fn named(&self) -> &[T] {
        match self {
            Self::Only(named) | Self::AllBut(named) => named,
        }
    }
}

/// Whom a statement names.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Principal {
    /// Everybody, also without credentials.
    Everybody,
    /// An account by its id or the ARN of its root: whoever that account lets.
    Account(Box<str>),
    /// An identity or session by its ARN, or by the unique id that is left when it was deleted.
    Aws(Box<str>),
    /// A service of AWS.
    Service(Box<str>),
    /// A provider of identities: OIDC by its host or ARN, SAML by its ARN.
    Federated(Box<str>),
    /// The canonical id of an account, as S3 names it.
    CanonicalUser(Box<str>),
}

/// Why a document cannot be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DocumentError {
    /// It is no JSON, or not of the form of a policy.
    #[error("policy document is not of the form of a policy: {0}")]
    Form(String),
    /// It is larger than any that AWS takes.
    #[error("policy document has more than {DOCUMENT_BYTES_MAX} bytes, and AWS takes none that large")]
    TooLarge,
    /// A release of the policy language that is not known.
    #[error("policy language version {0} is not known: 2008-10-17 and 2012-10-17 are")]
    Version(String),
    /// A statement that cannot be understood.
    #[error("statement {number} of the policy: {what}")]
    Statement {
        /// Its place, from 1.
        number: usize,
        /// What is wrong.
        what: String,
    },
}

impl Document {
    /// Reads a document from JSON text.
    ///
    /// # Errors
    ///
    /// When any part of it is not understood: a document is read as a whole or not at all.
    pub fn read(text: &str) -> Result<Self, DocumentError> {
        if text.len() > DOCUMENT_BYTES_MAX { Err(DocumentError::TooLarge) } else { read::document(text) }
    }

    /// The condition keys that it asks for, in conditions and as variables, in lower case; a key may come twice.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.statements.iter().flat_map(Statement::keys)
    }
}
