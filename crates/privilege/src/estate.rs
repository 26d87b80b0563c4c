//! Who and what there is, in a form that questions are answered from: principals with all their policies, accounts with
//! what limits them, resources with the roles they run as. Made from rows of the inventory, in any order.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use doorward_model::hash::Hash16;
use doorward_model::identity::Identity;

use crate::document::{Document, DocumentError};

mod build;

pub use build::Builder;

/// Names a principal of an [`Estate`]. Those of one account and kind follow each other, in the order of their ARNs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PrincipalId(pub u32);

/// Names a policy of an [`Estate`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PolicyId(pub u32);

/// Names an account of an [`Estate`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AccountId(pub u32);

/// What kind of principal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum PrincipalKind {
    /// A user.
    User,
    /// A role.
    Role,
    /// A group: no principal to AWS, but what its members gain.
    Group,
}

impl PrincipalKind {
    /// All kinds, in the order in which principals of an account lie.
    pub const ALL: [Self; 3] = [Self::User, Self::Role, Self::Group];
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
}

impl Principal {
    /// Its ARN.
    #[must_use]
    pub fn arn(&self) -> &str {
        &self.identity.id
    }

    /// Whether AWS alone decides what it may do: outside of service control policies, and not to be changed by others.
    #[must_use]
    pub fn is_service_linked(&self) -> bool {
        self.identity.id.contains(":role/aws-service-role/")
            || self.identity.name.starts_with("AWSServiceRoleFor")
    }
}

/// A policy by its name.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The name: an ARN, `HOLDER inline:NAME`, or `HOLDER trust`.
    pub name: Arc<str>,
    /// The document; equal documents are one.
    pub document: Held,
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
        match self {
            Self::Read(document) => Some(document),
            Self::Unreadable(_) | Self::Missing => None,
        }
    }
}

/// An account with what limits it.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its number.
    pub id: Arc<str>,
    /// Whether the inventory shows it; another account is only named by somebody's trust.
    pub is_shown: bool,
    /// Its organisation; empty when that is not known.
    pub organisation: Arc<str>,
    /// Whether it manages its organisation, where no control policy applies.
    pub is_management: bool,
    /// Service control policies by level, from the root to the account: one of each level must allow.
    pub service_control: Vec<Vec<PolicyId>>,
    /// Resource control policies, in the same way.
    pub resource_control: Vec<Vec<PolicyId>>,
    /// Where its principals lie, by kind.
    principals: [Range<u32>; PrincipalKind::ALL.len()],
}

/// Everything that questions are answered from.
#[derive(Clone, Debug, Default)]
pub struct Estate {
    accounts: Vec<Account>,
    principals: Vec<Principal>,
    policies: Vec<Policy>,
    by_arn: BTreeMap<Arc<str>, PrincipalId>,
    by_account: BTreeMap<Arc<str>, AccountId>,
    by_policy: BTreeMap<Arc<str>, PolicyId>,
    /// Each different document that was read, by the hash of its text.
    documents: BTreeMap<Hash16, Held>,
}

impl Estate {
    /// All principals, in the order of their ids.
    #[must_use]
    pub fn principals(&self) -> &[Principal] {
        &self.principals
    }

    /// All accounts, in the order of their ids.
    #[must_use]
    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// All policies, in the order of their ids.
    #[must_use]
    pub fn policies(&self) -> &[Policy] {
        &self.policies
    }

    /// A principal by its id.
    #[must_use]
    pub fn principal(&self, id: PrincipalId) -> Option<&Principal> {
        self.principals.get(id.0 as usize)
    }

    /// A policy by its id.
    #[must_use]
    pub fn policy(&self, id: PolicyId) -> Option<&Policy> {
        self.policies.get(id.0 as usize)
    }

    /// An account by its id.
    #[must_use]
    pub fn account(&self, id: AccountId) -> Option<&Account> {
        self.accounts.get(id.0 as usize)
    }

    /// The principal of an ARN.
    #[must_use]
    pub fn find(&self, arn: &str) -> Option<PrincipalId> {
        self.by_arn.get(arn).copied()
    }

    /// The account of a number.
    #[must_use]
    pub fn find_account(&self, id: &str) -> Option<AccountId> {
        self.by_account.get(id).copied()
    }

    /// The policy of a name.
    #[must_use]
    pub fn find_policy(&self, name: &str) -> Option<PolicyId> {
        self.by_policy.get(name).copied()
    }

    /// The principals of a kind in an account, in the order of their ARNs.
    pub fn of_kind(
        &self,
        account: AccountId,
        kind: PrincipalKind,
    ) -> impl Iterator<Item = (PrincipalId, &Principal)> {
        let place = PrincipalKind::ALL.iter().position(|one| *one == kind).unwrap_or(0);
        let range = self.account(account).and_then(|account| account.principals.get(place)).cloned();
        let ids = range.unwrap_or(0..0).map(PrincipalId);
        ids.filter_map(|id| self.principal(id).map(|principal| (id, principal)))
    }

    /// How many different documents were read.
    #[must_use]
    pub fn documents_read(&self) -> usize {
        self.documents.len()
    }
}
