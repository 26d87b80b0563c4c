//! A request: who asks to use which permission on which resource, and what is known of the circumstances.
//!
//! Sources: IAM User Guide, "The request context" in "Policy evaluation logic", and "AWS global condition context keys".

use std::borrow::Cow;

mod caller;
mod context;

pub use caller::{Caller, CallerKind, Membership};
pub use context::{Context, Known, Since};
pub(crate) use context::{Looked, Personal, tells_of_resource};

/// A question to the evaluation.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Who asks.
    pub caller: Caller<'a>,
    /// What the caller would use.
    pub permission: &'a Permission,
    /// On what.
    pub resource: Resource<'a>,
    /// What is known of the circumstances.
    pub context: &'a Context,
}

/// A permission by its name, `service:Name`; case does not matter.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Permission(Box<str>);

impl Permission {
    /// A permission of a name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(name.to_ascii_lowercase().into())
    }

    /// Its name in lower case.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }

    /// The service before the colon.
    #[must_use]
    pub fn service(&self) -> &str {
        self.0.split_once(':').map_or("", |(service, _)| service)
    }

    /// What follows the colon.
    #[must_use]
    pub fn verb(&self) -> &str {
        self.0.split_once(':').map_or("", |(_, verb)| verb)
    }
}

/// What a permission is used on.
#[derive(Clone, Copy, Debug)]
pub struct Resource<'a> {
    /// Which resources.
    pub which: Which<'a>,
    /// The account that owns them; `None` when it is not known. The ARN of a bucket does not tell.
    pub account: Option<&'a str>,
    /// The organisation of that account.
    pub organisation: Membership<'a>,
    /// Its tags, the names in lower case; `None` when they are not known.
    pub tags: Option<&'a [(Box<str>, Box<str>)]>,
    /// The permissions boundary of the user or role that it is.
    pub boundary: Boundary<'a>,
    /// What the owner has set against public policies.
    pub public_access: PublicAccess,
}

/// The permissions boundary of a user or role that a permission is used on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Boundary<'a> {
    /// Whether it has one is not known, or it is no user or role.
    #[default]
    Unknown,
    /// It has none.
    None,
    /// The policy of this ARN.
    Of(&'a str),
}

/// Which resources a permission is used on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Which<'a> {
    /// The one of this ARN.
    One(&'a str),
    /// Some of those whose ARNs match this pattern.
    Some(&'a str),
    /// Some of these, where nothing that a wildcard stands for has a colon: names that somebody picks.
    Named(&'a str),
    /// None: the permission acts on no resource, and only `*` matches it ("Actions, resources, and condition keys for
    /// AWS services": no resource type).
    None,
}

/// Whether a public policy of a resource lets the public in.
///
/// Source: Amazon S3 User Guide, "Blocking public access to your Amazon S3 storage": `RestrictPublicBuckets`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum PublicAccess {
    /// It does.
    #[default]
    Open,
    /// A policy that is public lets in services and the owner's account only.
    Restricted,
}

impl<'a> Resource<'a> {
    /// The resource of an ARN, or all that match when it has wildcards. The account is the one that the ARN names.
    #[must_use]
    pub fn new(arn: &'a str) -> Self {
        let account = arn.split(':').nth(4).filter(|account| is_account(account));
        let which = if arn.contains(['*', '?']) { Which::Some(arn) } else { Which::One(arn) };
        Self { which, account, ..Self::none() }
    }

    /// The same, where nothing that a wildcard stands for has a colon.
    #[must_use]
    pub const fn named(self) -> Self {
        let which = if let Which::Some(text) = self.which { Which::Named(text) } else { self.which };
        Self { which, ..self }
    }

    /// No resource.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            which: Which::None,
            account: None,
            organisation: Membership::Unknown,
            tags: None,
            boundary: Boundary::Unknown,
            public_access: PublicAccess::Open,
        }
    }

    /// The same in an account.
    #[must_use]
    pub const fn in_account(self, account: &'a str) -> Self {
        Self { account: Some(account), ..self }
    }

    /// Its ARN, or the pattern of it; `*` when there is none.
    #[must_use]
    pub const fn text(&self) -> &'a str {
        match self.which {
            Which::One(text) | Which::Some(text) | Which::Named(text) => text,
            Which::None => "*",
        }
    }
}

/// Whether a text is the number of an account, or `aws`, to whom what is shared by all belongs.
fn is_account(text: &str) -> bool {
    text == AWS || (text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The owner of what AWS provides to all accounts, as in the ARN of a managed policy.
pub(crate) const AWS: &str = "aws";

/// The name at the end of an ARN, after the path.
pub(crate) fn last_name(arn: &str) -> &str {
    arn.rsplit(['/', ':']).next().unwrap_or(arn)
}

/// A text in lower case, as it is when it already is.
pub(crate) fn lower(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}
