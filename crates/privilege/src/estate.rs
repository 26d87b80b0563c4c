//! Who and what there is, in a form that questions are answered from: principals with all their policies, accounts with
//! what limits them, resources with the roles they run as. Made from rows of the inventory, in any order.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use doorward_model::identity::Identity;
use doorward_model::inventory::resource::Resource;

use crate::document::{Document, DocumentError, Effect, Principal as Named, Selection};

mod build;
mod rows;

pub use build::Builder;

use self::rows::Rows;

/// Names a principal of an [`Estate`]. Those of one account and kind follow each other, in the order of their ARNs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PrincipalId(pub u32);

/// Names a policy of an [`Estate`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
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

    /// It in one word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Role => "Role",
            Self::Group => "Group",
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
}

impl Principal {
    /// Its ARN.
    #[must_use]
    pub fn arn(&self) -> &str {
        &self.identity.id
    }

    /// Whether AWS alone decides what it may do: no control policy limits it, and nobody but its service uses it.
    #[must_use]
    pub fn is_service_linked(&self) -> bool {
        self.identity.name.starts_with("AWSServiceRoleFor")
            || self
                .identity
                .id
                .split(':')
                .nth(5)
                .is_some_and(|name| name.starts_with("role/aws-service-role/"))
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
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Way {
    /// It is attached to it.
    Managed,
    /// It is written into it.
    Inline,
    /// It comes from a group: written or attached there, or either.
    Group(Option<Written>),
}

/// Where a policy is written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
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

/// An account with what limits it.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its number.
    pub id: Arc<str>,
    /// Its name in the organisation; empty when that is not known.
    pub name: Arc<str>,
    /// Its organisation; empty when that is not known.
    pub organisation: Arc<str>,
    /// The path to it in the organisation, as `aws:PrincipalOrgPaths` shows it.
    pub path: Arc<str>,
    /// The account that manages the organisation, which no control policy limits; empty when that is not known.
    pub management: Arc<str>,
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
    any_policy: PolicyId,
    /// By account, kind and ARN.
    resources: Vec<Resource>,
    /// The role that each resource runs as.
    roles: Vec<Option<PrincipalId>>,
    by_resource: BTreeMap<String, u32>,
    /// The policies of resources, by their ARNs.
    guards: BTreeMap<Box<str>, PolicyId>,
    /// Versions of managed policies that are not in force, by the ARN.
    other_versions: BTreeMap<Box<str>, Vec<PolicyId>>,
    by_arn: BTreeMap<Arc<str>, PrincipalId>,
    by_account: BTreeMap<Arc<str>, AccountId>,
    by_policy: BTreeMap<Arc<str>, PolicyId>,
    /// What it was made of.
    rows: Arc<Rows>,
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

    /// All resources, in the order of their places.
    #[must_use]
    pub fn resources(&self) -> &[Resource] {
        &self.resources
    }

    /// The resource of an ARN.
    #[must_use]
    pub fn find_resource(&self, arn: &str) -> Option<u32> {
        self.by_resource.get(arn).copied()
    }

    /// The policy of a resource, or of the bucket that an object is in, or the function that a version is of.
    #[must_use]
    pub fn guard(&self, arn: &str) -> Option<PolicyId> {
        self.guards.get(arn).or_else(|| self.guards.get(container(arn)?)).copied()
    }

    /// The resource of an ARN, or the bucket that an object is in, or the function that a version is of.
    #[must_use]
    pub fn resource_of(&self, arn: &str) -> Option<&Resource> {
        let place = self.find_resource(arn).or_else(|| self.find_resource(container(arn)?))?;
        self.resources.get(place as usize)
    }

    /// The resources of a kind in an account, with their places.
    pub fn things<'a>(
        &'a self,
        account: AccountId,
        kind: &'a str,
    ) -> impl Iterator<Item = (u32, &'a Resource)> {
        let account = self.account(account).map_or("", |account| &account.id);
        let from = self.resources.partition_point(|one| (&*one.account, &*one.kind) < (account, kind));
        let placed = (0u32..).zip(&self.resources).skip(from);
        placed.take_while(move |(_, one)| one.account == account && one.kind == kind)
    }

    /// The role that a resource runs as.
    #[must_use]
    pub fn role_of(&self, resource: u32) -> Option<PrincipalId> {
        self.roles.get(resource as usize).copied().flatten()
    }

    /// Whether the trust policy of some role lets in whom a provider vouches for.
    #[must_use]
    pub fn is_trusted(&self, provider: &str) -> bool {
        let trust = self.principals.iter().filter_map(|one| self.policy(one.trust?)?.document.document());
        let named = trust.flat_map(|document| &document.statements).filter_map(|one| one.principals.as_ref());
        named
            .flat_map(Selection::named)
            .any(|one| matches!(one, Named::Federated(name) if **name == *provider))
    }

    /// The policy that allows everything, as whoever may write policies could give itself.
    #[must_use]
    pub const fn any_policy(&self) -> PolicyId {
        self.any_policy
    }

    /// The versions of a managed policy that are not in force.
    #[must_use]
    pub fn other_versions(&self, arn: &str) -> &[PolicyId] {
        self.other_versions.get(arn).map_or(&[], Vec::as_slice)
    }

    /// The ARNs of managed policies that a principal holds and its account can change.
    pub fn changeable_policies<'a>(&'a self, principal: &'a Principal) -> impl Iterator<Item = &'a str> {
        let held = principal.policies.iter().filter_map(|id| self.policy(*id));
        held.filter(|policy| policy.is_changeable).map(|policy| &*policy.name)
    }

    /// Those policies of a principal that deny something and come to it in a way.
    pub fn denying<'a>(&'a self, principal: &'a Principal, way: Way) -> impl Iterator<Item = PolicyId> + 'a {
        let own = principal.own as usize;
        let placed = principal.policies.iter().enumerate();
        let of_way = placed.filter(move |(place, _)| (*place >= own) == matches!(way, Way::Group(_)));
        let denies = move |id: &PolicyId| {
            let policy = self.policy(*id);
            let inline = policy.is_some_and(|policy| policy.name.contains(" inline:"));
            let right = match way {
                Way::Managed | Way::Group(Some(Written::Managed)) => !inline,
                Way::Inline | Way::Group(Some(Written::Inline)) => inline,
                Way::Group(None) => true,
            };
            let mut statements = policy.and_then(|policy| policy.document.document()).into_iter();
            right && statements.any(|one| one.statements.iter().any(|one| one.effect == Effect::Deny))
        };
        of_way.map(|(_, id)| *id).filter(denies)
    }

    /// How many different documents were read.
    #[must_use]
    pub fn documents_read(&self) -> usize {
        self.rows.documents.len()
    }
}

/// Whether a name is that of a managed policy that its account can change.
fn is_changeable(name: &str) -> bool {
    let is_policy = |name: &str| name.starts_with("policy/") && !name.contains(' ');
    name.starts_with("arn:")
        && !name.contains(":iam::aws:")
        && name.splitn(6, ':').nth(5).is_some_and(is_policy)
}

/// The ARN of what holds a thing: the bucket of an object, the function of a version.
fn container(arn: &str) -> Option<&str> {
    let name = arn.splitn(6, ':').nth(5)?;
    match arn.split(':').nth(2)? {
        "s3" => arn.split_once('/').map(|(bucket, _)| bucket),
        "lambda" if name.matches(':').count() > 1 => arn.rsplit_once(':').map(|(function, _)| function),
        _ => None,
    }
}
