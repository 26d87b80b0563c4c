//! Who vouches for whom from outside, as data: how each issuer of tokens writes whom a token is for, and whether many
//! share the issuer.
//!
//! Whether somebody is let in is left to the evaluation. This says which parts of a token tell who somebody is, what such
//! a part can be, and how whoever it is is called.

use std::sync::LazyLock;

use serde::Deserialize;

mod form;
mod read;
mod subject;

pub use form::Form;
pub use read::IssuerError;
pub use subject::{Breadth, Subject};

/// The issuers that are known, in their order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Issuers(Vec<Issuer>);

/// Whoever vouches for somebody, or many who do so alike.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issuer {
    /// Its address without `https://`, or what AWS calls it.
    pub issuer: Form,
    /// What the names of those begin with whom it vouches for.
    pub name: Box<str>,
    /// What they are called ends so: `on GitHub`.
    pub title: Box<str>,
    /// Whether anybody can become one of those whom it vouches for, so that who belongs to whom stands in the token.
    pub shared: bool,
    /// The parts that tell to whom somebody belongs.
    #[serde(default)]
    pub tenant: Vec<Box<str>>,
    /// Whether a subject may be written so that it fits no form, by anybody.
    #[serde(default)]
    pub written_freely: bool,
    /// The kind of resources that have the issuer as an attribute, and by which it is called where one is known.
    #[serde(default)]
    pub resource: Option<Box<str>>,
    /// What the condition keys of a token begin with; as the issuer where nothing is said.
    #[serde(default)]
    pub keys: Option<Box<str>>,
    /// What is asked for to assume a role, all of it; `sts:AssumeRoleWithWebIdentity` where nothing is said.
    #[serde(default = "web_identity")]
    pub permissions: Vec<Box<str>>,
    /// What a token says that AWS makes a condition key of.
    pub claims: Vec<Claim>,
    /// The pages that say so.
    pub source: Box<str>,
}

/// A part of a token, as a condition key.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// Its name behind that of the issuer; a whole key where it has a colon. A `*` at its end stands for any end.
    pub key: Box<str>,
    /// Whether whoever asks for the token says what stands there, so that it tells nothing of who that is.
    #[serde(default)]
    pub chosen: bool,
    /// Whether a token may be without it.
    #[serde(default)]
    pub optional: bool,
    /// Whether it is another one for each whom the issuer vouches for.
    #[serde(default)]
    pub one: bool,
    /// What names leave out.
    #[serde(default)]
    pub prefix: Box<str>,
    /// What stands in names where a form fits.
    #[serde(default)]
    pub short: Option<Box<str>>,
    /// How it is written.
    #[serde(default)]
    pub forms: Vec<Form>,
    /// What anybody can have there, and what must hold for it.
    #[serde(default)]
    pub open: std::collections::BTreeMap<Box<str>, Box<str>>,
}

fn web_identity() -> Vec<Box<str>> {
    vec!["sts:AssumeRoleWithWebIdentity".into()]
}

/// The issuers that are part of the program. A test reads them, so a released program has all of them.
static SHIPPED: LazyLock<Issuers> = LazyLock::new(|| Issuers::shipped().unwrap_or_default());

/// An issuer by its address, with the parts of that.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Voucher<'a> {
    pub(crate) issuer: &'a Issuer,
    /// Its address as it stands in policies.
    pub(crate) address: &'a str,
    /// The parts of the address, by name.
    pub(crate) parts: Vec<(&'a str, String)>,
}

impl Issuers {
    /// Those that are part of the program, read once.
    #[must_use]
    pub fn known() -> &'static Self {
        &SHIPPED
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> &[Issuer] {
        &self.0
    }

    /// The issuer of an address.
    pub(crate) fn of<'a>(&'a self, address: &'a str) -> Option<Voucher<'a>> {
        self.0.iter().find_map(|issuer| {
            let parts = issuer.issuer.fit(address)?;
            let parts = parts.into_iter().map(|part| (part.name, part.text.to_owned())).collect();
            Some(Voucher { issuer, address, parts })
        })
    }
}

impl Voucher<'_> {
    /// The claim of a condition key, which is in lower case; its place among the claims.
    pub(crate) fn claim(&self, key: &str) -> Option<usize> {
        let end = key.strip_prefix(&*self.keys()).and_then(|end| end.strip_prefix(':'));
        self.issuer.claims.iter().position(|claim| {
            let asked = if claim.key.contains(':') { Some(key) } else { end };
            let wanted = claim.key.to_ascii_lowercase();
            asked.is_some_and(|asked| match wanted.strip_suffix('*') {
                Some(begin) => asked.starts_with(begin),
                None => asked == wanted,
            })
        })
    }

    /// Whether a condition key, in lower case, is one of its tokens.
    pub(crate) fn says(&self, key: &str) -> bool {
        self.claim(key).is_some() || key.strip_prefix(&*self.keys()).is_some_and(|end| end.starts_with(':'))
    }

    /// The claims of which anybody can have something, by their condition keys.
    pub(crate) fn open(&self) -> impl Iterator<Item = (String, &Claim)> {
        let open = self.issuer.claims.iter().filter(|claim| !claim.open.is_empty());
        open.map(|claim| (format!("{}:{}", self.keys(), claim.key.to_ascii_lowercase()), claim))
    }

    /// What its condition keys begin with, in lower case.
    fn keys(&self) -> String {
        self.issuer.keys.as_deref().unwrap_or(self.address).to_ascii_lowercase()
    }

    /// A text with the parts of the address in it.
    pub(crate) fn fill(&self, text: &str) -> String {
        form::fill(text, self.parts.iter().map(|(name, part)| (*name, part.as_str())))
    }
}
