//! What an export says exists: the typed form of an import before it becomes facts.

use std::cmp::Ordering;

use prost::Message;

use crate::hash::Hash16;
use crate::identity::Identity;
use crate::reject::Reject;

/// Everything one export says of one account. An import is all or nothing per account.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AccountExport {
    /// The account the export is of.
    pub account: String,
    /// Users and roles.
    pub identities: Vec<Identity>,
    /// Groups with what is attached to them.
    pub groups: Vec<Group>,
    /// Which policies each identity or group holds.
    pub entitlements: Vec<Entitlement>,
    /// Policy documents by the name they are referred to.
    pub policies: Vec<PolicyDocument>,
    /// Documents that did not parse: kept, shown, and making dependent answers unknown.
    pub rejects: Vec<Reject>,
    /// The latest date in the export, milliseconds since the epoch: an older export never overwrites a newer one.
    pub newest_at_ms: i64,
    /// Whether all pages are there, so that absence means deletion.
    pub complete: bool,
}

impl AccountExport {
    /// The order in which exports are taken in: by account, the oldest first, and, of what is as old, by content. It
    /// does not depend on where they come from.
    #[must_use]
    pub fn order(&self, other: &Self) -> Ordering {
        let place = |export: &Self| (export.account.clone(), export.newest_at_ms);
        place(self).cmp(&place(other)).then_with(|| self.content().cmp(&other.content()))
    }

    /// What becomes facts, as bytes.
    fn content(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for identity in &self.identities {
            bytes.extend(identity.encode_length_delimited_to_vec());
        }
        for entitlement in &self.entitlements {
            bytes.extend(entitlement.encode_length_delimited_to_vec());
        }
        for policy in &self.policies {
            bytes.extend(policy.hash.0);
        }
        bytes
    }
}

/// A group of users.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// The group's ARN.
    pub id: String,
    /// Its name, by which membership is given.
    pub name: String,
}

/// An assigned right: that a holder has a policy, and by which way.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Entitlement {
    /// The identity or group that holds it.
    #[prost(string, tag = "1")]
    pub holder: String,
    /// The policy: a managed policy's ARN, or `inline:NAME` of the holder.
    #[prost(string, tag = "2")]
    pub policy: String,
    /// How it is assigned.
    #[prost(enumeration = "Origin", tag = "3")]
    pub origin: i32,
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
}

/// A policy document, kept whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyDocument {
    /// The name entitlements use: an ARN, or `HOLDER inline:NAME`.
    pub name: String,
    /// The document as JSON text.
    pub text: String,
    /// The hash of the text.
    pub hash: Hash16,
}
