//! Users, roles, groups and policies.

use std::sync::Arc;

use doorward_model::hash::Hash16;
use doorward_model::identity::Identity;
use doorward_model::inventory::Origin;

use super::{AccountId, PolicyId, PrincipalId};
use crate::document::{Document, DocumentError};

/// What kind of principal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum PrincipalKind {
    /// A user.
    User,
    /// A role.
    Role,
    /// A group, of an account or of Identity Center: no principal to AWS, but what its members gain.
    Group,
    /// A person of Identity Center, who acts through the roles that it is assigned.
    Person,
}

impl PrincipalKind {
    /// All kinds, in the order in which principals of an account lie.
    pub const ALL: [Self; 4] = [Self::User, Self::Role, Self::Group, Self::Person];

    /// It in one word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Role => "Role",
            Self::Group => "Group",
            Self::Person => "Person",
        }
    }
}

/// A user, role or group with its policies.
#[derive(Clone, Debug)]
pub struct Principal {
    /// What kind.
    pub kind: PrincipalKind,
    /// Its account.
    pub account: AccountId,
    /// What the inventory says of it.
    pub identity: Arc<Identity>,
    /// The policies of its own and, of a user, those of its groups.
    pub policies: Vec<PolicyId>,
    /// How many of these are its own: they come first.
    pub own: u32,
    /// What limits it.
    pub boundary: Option<PolicyId>,
    /// Who may become it; of roles.
    pub trust: Option<PolicyId>,
    /// The groups it is a member of.
    pub groups: Vec<PrincipalId>,
    /// Its tags, the names in lower case.
    pub tags: Vec<(Box<str>, Box<str>)>,
    /// Whether an instance profile holds it.
    pub in_instance_profile: bool,
    /// Whether it has a password; `None` when that is not known.
    pub has_password: Option<bool>,
    /// How many access keys it has; `None` when that is not known.
    pub keys: Option<u32>,
    /// What it has, as rows say it.
    pub(super) rights: Vec<Right>,
    /// Its ARN, as it is shared.
    pub(super) name: Arc<str>,
    pub(super) service_linked: bool,
}

/// That a holder has a policy.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Right {
    pub(super) origin: Origin,
    pub(super) policy: PolicyId,
}

impl Principal {
    /// Its ARN.
    #[must_use]
    pub fn arn(&self) -> &str {
        &self.identity.id
    }

    /// Its ARN, to be shared.
    pub(crate) fn shared_arn(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }

    /// Whether AWS alone decides what it may do: no control policy limits it, and nobody but its service uses it.
    #[must_use]
    pub const fn is_service_linked(&self) -> bool {
        self.service_linked
    }

    /// Whether it is a person or a group of Identity Center.
    #[must_use]
    pub fn is_of_center(&self) -> bool {
        self.identity.id.starts_with("idc:")
    }

    /// Whether it is the root user of its account.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.identity.id.ends_with(":root")
    }

    /// Whether others cannot change it: a role of a service, or of Identity Center.
    #[must_use]
    pub fn is_kept_by_aws(&self) -> bool {
        self.is_service_linked() || self.is_of_permission_set()
    }

    /// Whether it is a role that Identity Center made of a permission set.
    #[must_use]
    pub fn is_of_permission_set(&self) -> bool {
        self.identity.name.starts_with("AWSReservedSSO_")
    }
}

/// How a policy comes to a principal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Way {
    /// It is attached to it.
    Managed,
    /// It is written into it.
    Inline,
    /// It comes from a group: written or attached there, or either.
    Group(Option<Written>),
}

/// Where a policy is written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Written {
    /// By itself.
    Managed,
    /// Into its holder.
    Inline,
}

/// A policy by its name.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The name: an ARN, `HOLDER inline:NAME`, or `HOLDER trust`.
    pub name: Arc<str>,
    /// The document; equal documents are one.
    pub document: Held,
    /// Whether it is a managed policy that its account can change.
    pub is_changeable: bool,
    /// The hash of the text of the document; nothing where it is missing.
    pub(super) hash: Option<Hash16>,
}

/// A document, or why there is none.
#[derive(Clone, Debug)]
pub enum Held {
    /// It was read.
    Read(Arc<Document>),
    /// It is there and cannot be understood: what depends on it is unknown.
    Unreadable(Arc<DocumentError>),
    /// The inventory names it and does not hold it: what depends on it is unknown.
    Missing,
}

impl Held {
    /// The document, if it was read.
    #[must_use]
    pub fn document(&self) -> Option<&Document> {
        self.shared().map(|document| &**document)
    }

    /// The same, as all who hold an equal one share it.
    #[must_use]
    pub fn shared(&self) -> Option<&Arc<Document>> {
        match self {
            Self::Read(document) => Some(document),
            Self::Unreadable(_) | Self::Missing => None,
        }
    }
}

impl Policy {
    /// The hash of the text of its document, where one is known.
    pub(crate) const fn hash(&self) -> Option<Hash16> {
        self.hash
    }
}
