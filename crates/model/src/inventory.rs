//! What exports say exists: the typed form of an import before it becomes facts.
//!
//! An [`AccountExport`] holds rows. Each row says by its [`Seen`] where it comes from and, where the source tells it,
//! as of when; when it was seen first and last comes from the fold. What one row says of another, it says by id.

pub mod center;
pub mod change;
pub mod finding;
pub mod gone;
pub mod last_use;
pub mod measure;
pub mod organisation;
mod pages;
pub mod resource;
pub mod row;
mod told;

use std::cmp::Ordering;

use prost::Message;

use crate::hash::Hash16;
use crate::identity::{Credential, Identity};
use crate::inventory::center::{Assignment, Membership, PermissionSet};
use crate::inventory::finding::AccessFinding;
use crate::inventory::gone::Gone;
use crate::inventory::last_use::LastUse;
use crate::inventory::organisation::OrganisationNode;
use crate::inventory::resource::Resource;
use crate::reject::Reject;

pub use crate::inventory::pages::join_pages;

/// Everything one source says of one account. An import is all or nothing per account.
///
/// What belongs to no account has an export of its own, under the id of what it belongs to: an organisation
/// (`o-...`), an instance of Identity Center (`ssoins-...`), or its identity store (`d-...`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AccountExport {
    /// The account the export is of, or the id of what else it is of.
    pub account: String,
    /// What it is a statement of.
    pub scope: Scope,
    /// Users and roles.
    pub identities: Vec<Identity>,
    /// Groups with what is attached to them.
    pub groups: Vec<Group>,
    /// Which policies identities, groups, resources, permission sets and nodes of the organisation hold.
    pub entitlements: Vec<Entitlement>,
    /// Policy documents by the name they are referred to.
    pub policies: Vec<PolicyDocument>,
    /// Keys, passwords, certificates and second factors of identities.
    pub credentials: Vec<Credential>,
    /// Resources, workloads among them.
    pub resources: Vec<Resource>,
    /// The tree of the organisation.
    pub nodes: Vec<OrganisationNode>,
    /// Permission sets of Identity Center.
    pub permission_sets: Vec<PermissionSet>,
    /// Who may use which permission set in the account.
    pub assignments: Vec<Assignment>,
    /// Who is in which group of Identity Center.
    pub memberships: Vec<Membership>,
    /// What Access Analyzer has found.
    pub findings: Vec<AccessFinding>,
    /// When identities used services last.
    pub last_uses: Vec<LastUse>,
    /// What is told to be there no more.
    pub gone: Vec<Gone>,
    /// Documents that did not parse: kept, shown, and making dependent answers unknown; and that an account is not whole.
    pub rejects: Vec<Reject>,
    /// The latest date of users, groups, roles and policies, milliseconds since the epoch: an older statement of a
    /// whole account never overwrites a newer one. 0 where there is none.
    pub newest_at_ms: i64,
    /// Whether all users, groups, roles and policies of this account are there, so that absence means deletion. It
    /// says nothing of other kinds of rows, which no source lists in whole, nor of rows that say that they are of
    /// another account.
    pub complete: bool,
    /// That its source ends before the last page, as it is told where no other source has that page: see [`join_pages`].
    pub cut: Option<Reject>,
}

/// What an export is a statement of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Scope {
    /// Of the users, groups, roles and policies of an account as a whole, as of one time.
    #[default]
    Account,
    /// Of the rows it holds and no others; each is as of its own time.
    Rows,
}

impl AccountExport {
    /// The order in which exports are taken in: by account, the oldest first, and, of what is as old, by content. It
    /// does not depend on where they come from.
    #[must_use]
    pub fn order(&self, other: &Self) -> Ordering {
        let place = |export: &Self| (export.account.clone(), export.newest_at_ms);
        place(self).cmp(&place(other)).then_with(|| self.content().cmp(&other.content()))
    }

    /// Adds the rows of another export, and what is told of them.
    pub fn add(&mut self, rows: Self) {
        self.identities.extend(rows.identities);
        self.groups.extend(rows.groups);
        self.entitlements.extend(rows.entitlements);
        self.policies.extend(rows.policies);
        self.credentials.extend(rows.credentials);
        self.resources.extend(rows.resources);
        self.nodes.extend(rows.nodes);
        self.permission_sets.extend(rows.permission_sets);
        self.assignments.extend(rows.assignments);
        self.memberships.extend(rows.memberships);
        self.findings.extend(rows.findings);
        self.last_uses.extend(rows.last_uses);
        self.gone.extend(rows.gone);
        self.rejects.extend(rows.rejects);
        self.newest_at_ms = self.newest_at_ms.max(rows.newest_at_ms);
    }

    /// How many rows there are of each kind, by the name of the kind; kinds that are not there are left out.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = [
            ("identities", self.identities.len()),
            ("groups", self.groups.len()),
            ("entitlements", self.entitlements.len()),
            ("policies", self.policies.len()),
            ("credentials", self.credentials.len()),
            ("resources", self.resources.len()),
            ("organisation nodes", self.nodes.len()),
            ("permission sets", self.permission_sets.len()),
            ("assignments", self.assignments.len()),
            ("memberships", self.memberships.len()),
            ("access findings", self.findings.len()),
            ("last uses", self.last_uses.len()),
        ];
        counts.into_iter().filter(|(_, count)| *count > 0).map(|(kind, count)| (kind, count as u64))
    }

    /// What becomes facts, as bytes.
    fn content(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        add(&mut bytes, &self.identities);
        add(&mut bytes, &self.groups);
        add(&mut bytes, &self.entitlements);
        for policy in &self.policies {
            bytes.extend(policy.hash.0);
        }
        add(&mut bytes, &self.credentials);
        add(&mut bytes, &self.resources);
        add(&mut bytes, &self.nodes);
        add(&mut bytes, &self.permission_sets);
        add(&mut bytes, &self.assignments);
        add(&mut bytes, &self.memberships);
        add(&mut bytes, &self.findings);
        add(&mut bytes, &self.last_uses);
        for Gone { id, at_ms } in &self.gone {
            bytes.extend(id.as_bytes());
            bytes.extend(at_ms.to_be_bytes());
        }
        bytes
    }
}

fn add(bytes: &mut Vec<u8>, rows: &[impl Message]) {
    for row in rows {
        bytes.extend(row.encode_length_delimited_to_vec());
    }
}

/// Where a row comes from, and as of when.
#[derive(Clone, Copy, PartialEq, Eq, Hash, prost::Message)]
pub struct Seen {
    /// What kind of source says so.
    #[prost(enumeration = "Source", tag = "1")]
    pub source: i32,
    /// When the source saw it so, milliseconds since the epoch; 0 where the source does not tell, which is then when
    /// it was imported.
    #[prost(int64, tag = "2")]
    pub at_ms: i64,
    /// When it was seen first by any source, milliseconds since the epoch; 0 in exports, which do not tell.
    #[prost(int64, tag = "3")]
    pub first_at_ms: i64,
}

impl Seen {
    /// When it was seen first, as far as this tells.
    #[must_use]
    pub const fn first(self) -> i64 {
        if self.first_at_ms == 0 { self.at_ms } else { self.first_at_ms }
    }

    /// Whether no export has said so, but an event of the log.
    #[must_use]
    pub fn is_of_event(&self) -> bool {
        matches!(self.source(), Source::Event | Source::Unknown)
    }

    /// What a source says without telling as of when.
    #[must_use]
    pub fn by(source: Source) -> Self {
        Self { source: source.into(), at_ms: 0, first_at_ms: 0 }
    }
}

/// What kind of source says that something exists.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, prost::Enumeration)]
#[repr(i32)]
pub enum Source {
    /// Not known to this release.
    Unknown = 0,
    /// An event of the log: it stands until an export confirms it.
    Event = 1,
    /// `aws iam get-account-authorization-details`, and other answers of IAM.
    Iam = 2,
    /// The credential report of IAM.
    CredentialReport = 3,
    /// AWS Config.
    Config = 4,
    /// AWS Organizations.
    Organizations = 5,
    /// IAM Access Analyzer.
    AccessAnalyzer = 6,
    /// An answer of the service that the row is of.
    Service = 7,
    /// IAM Identity Center and its identity store.
    IdentityCenter = 8,
}

impl Source {
    /// The word used everywhere.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Event => "event",
            Self::Iam => "iam",
            Self::CredentialReport => "credential report",
            Self::Config => "aws config",
            Self::Organizations => "organizations",
            Self::AccessAnalyzer => "access analyzer",
            Self::Service => "service",
            Self::IdentityCenter => "identity center",
        }
    }
}

/// A group of users.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Group {
    /// The group's ARN, or `idc:STORE/ID` of a group of Identity Center.
    #[prost(string, tag = "1")]
    pub id: String,
    /// Its name, by which membership is given in IAM.
    #[prost(string, tag = "2")]
    pub name: String,
    /// The account it lives in.
    #[prost(string, tag = "3")]
    pub account: String,
    /// The platform's unique id (`AGPA...`).
    #[prost(string, tag = "4")]
    pub unique_id: String,
    /// When it was made, milliseconds since the epoch; 0 when not known.
    #[prost(int64, tag = "5")]
    pub created_at_ms: i64,
    /// Who says so.
    #[prost(message, optional, tag = "6")]
    pub seen: Option<Seen>,
}

/// An assigned right: that a holder has a policy, and by which way.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Entitlement {
    /// The identity, group, resource, permission set or node of the organisation that holds it.
    #[prost(string, tag = "1")]
    pub holder: String,
    /// The policy: a managed policy's ARN, `inline:NAME` of the holder, `trust` or `resource`.
    #[prost(string, tag = "2")]
    pub policy: String,
    /// How it is assigned.
    #[prost(enumeration = "Origin", tag = "3")]
    pub origin: i32,
    /// The hash of the document, 16 bytes, where it is the holder's own; empty where the policy has a name of its own,
    /// and where the source does not show the document.
    #[prost(bytes = "vec", tag = "4")]
    pub document: Vec<u8>,
    /// Who says so.
    #[prost(message, optional, tag = "5")]
    pub seen: Option<Seen>,
}

impl Entitlement {
    /// The name of its document among the [`PolicyDocument`]s.
    #[must_use]
    pub fn document_name(&self) -> String {
        if is_own(&self.policy) { format!("{} {}", self.holder, self.policy) } else { self.policy.clone() }
    }
}

/// Whether a policy has no name of its own, but is a part of its holder.
fn is_own(policy: &str) -> bool {
    policy.starts_with("inline:") || matches!(policy, "trust" | "resource")
}

/// How a right is assigned.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, prost::Enumeration)]
#[repr(i32)]
pub enum Origin {
    /// Not known to this release.
    Unknown = 0,
    /// Written into the holder.
    Inline = 1,
    /// A managed policy attached to the holder.
    Attached = 2,
    /// The boundary that limits the holder.
    Boundary = 3,
    /// The trust policy of a role.
    Trust = 4,
    /// The policy of a resource; the holder is the resource.
    Resource = 5,
    /// A service control policy; the holder is a node of the organisation.
    ServiceControl = 6,
    /// A resource control policy; the holder is a node of the organisation.
    ResourceControl = 7,
    /// A policy of a permission set, attached or inline; the holder is the permission set.
    PermissionSet = 8,
}

/// A policy document of more bytes than this is none: the largest that AWS takes, policies of buckets and keys, are of
/// 20 and 32 KB, by the pages "Amazon S3 endpoints and quotas" and "AWS KMS resource quotas".
pub const DOCUMENT_BYTES_MAX: usize = 1 << 20;

/// A policy document, kept whole; of one that is larger than [`DOCUMENT_BYTES_MAX`] only so much that this shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyDocument {
    /// The name entitlements use: an ARN, or `HOLDER inline:NAME`, `HOLDER trust`, `HOLDER resource`. A version of a
    /// managed policy that is not in force is `ARN version:ID`.
    pub name: String,
    /// The document as JSON text.
    pub text: String,
    /// The hash of the text.
    pub hash: Hash16,
    /// The id of the version, such as `v3`; empty where the policy has no versions.
    pub version: String,
    /// Who says so.
    pub seen: Option<Seen>,
}

impl PolicyDocument {
    /// A document of this name and text.
    #[must_use]
    pub fn of(name: String, text: String) -> Self {
        let hash = Hash16::of(text.as_bytes());
        Self { name, text, hash, version: String::new(), seen: None }
    }

    /// The name of a version of a managed policy that is not the one in force, so that nobody takes it for that.
    #[must_use]
    pub fn version_name(arn: &str, version: &str) -> String {
        format!("{arn} version:{version}")
    }

    /// Whether a name is one of a policy that AWS keeps for all accounts.
    #[must_use]
    pub fn is_of_aws(name: &str) -> bool {
        name.contains(":iam::aws:policy/")
    }

    /// Whether a version of a policy of AWS is older than one that is known of it. Accounts know such a policy as of
    /// different times; it never has an older version in force again.
    #[must_use]
    pub fn goes_back(name: &str, known: &str, version: &str) -> bool {
        let number = |version: &str| version.strip_prefix('v').and_then(|number| number.parse::<u32>().ok());
        let versions = number(known).zip(number(version));
        Self::is_of_aws(name) && versions.is_some_and(|(known, version)| version < known)
    }

    /// The policy and the version, where this is one that is not in force.
    #[must_use]
    pub fn not_in_force(&self) -> Option<(&str, &str)> {
        Self::not_in_force_of(&self.name)
    }

    /// The policy and the version that a name is of, where it is that of one that is not in force.
    #[must_use]
    pub fn not_in_force_of(name: &str) -> Option<(&str, &str)> {
        name.split_once(" version:")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entitlement_leads_to_its_document() {
        let named = |policy: &str| {
            let (holder, policy) = ("arn:aws:iam::1:role/a".to_owned(), policy.to_owned());
            Entitlement { holder, policy, ..Entitlement::default() }.document_name()
        };
        let names = ["inline:x", "trust", "resource", "arn:aws:iam::aws:policy/ReadOnlyAccess", "p-12345678"];
        assert_eq!(
            names.map(named),
            [
                "arn:aws:iam::1:role/a inline:x",
                "arn:aws:iam::1:role/a trust",
                "arn:aws:iam::1:role/a resource",
                "arn:aws:iam::aws:policy/ReadOnlyAccess",
                "p-12345678",
            ]
        );
    }

    #[test]
    fn a_version_that_is_not_in_force_is_never_taken_for_the_policy() {
        let document = |name: String| PolicyDocument::of(name, "{}".to_owned());
        let arn = "arn:aws:iam::1:policy/a@v1";
        assert_eq!(document(arn.to_owned()).not_in_force(), None);
        let old = document(PolicyDocument::version_name(arn, "v1"));
        assert_eq!(
            (old.name.as_str(), old.not_in_force()),
            ("arn:aws:iam::1:policy/a@v1 version:v1", Some((arn, "v1")))
        );
    }

    #[test]
    fn only_kinds_that_are_there_are_counted() {
        let export = AccountExport {
            groups: vec![Group::default(), Group::default()],
            findings: vec![AccessFinding::default()],
            ..AccountExport::default()
        };
        assert_eq!(export.counts().collect::<Vec<_>>(), [("groups", 2), ("access findings", 1)]);
    }
}
