//! The one registry of typed ids. A plain string is never an id in a signature.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

macro_rules! text_id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes the text as it stands.
            #[must_use]
            pub fn new(text: impl Into<Arc<str>>) -> Self {
                Self(text.into())
            }

            /// The text of the id.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({:?})"), &*self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }
    )*};
}

text_id! {
    /// The organisation whose records these are. A data folder holds exactly one.
    TenantId;
    /// The canonical name of an identity: an AWS role or user ARN, `idc:<account>/<session name>` for a person
    /// behind an Identity Center role, `agent:<identity id>/<product>` for an agent seen under another identity.
    IdentityId;
    /// The name of a credential: an access key id, a certificate serial, a token id.
    CredentialId;
    /// One continuous use of one credential, such as an assumed-role session ARN.
    SessionId;
    /// A finding, derived from detector, version and record, so that replay raises the same one again.
    FindingId;
    /// An account, subscription or project of a platform.
    AccountId;
}

/// The place of a fact in the total order of its tenant, from 1. Zero means "before the first".
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FactNumber(pub u64);

impl FactNumber {
    /// The number after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for FactNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One of [`Partition::COUNT`] slices of the observations of a tenant: all of an identity's are in one.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Partition(pub u16);

impl Partition {
    /// How many partitions there are.
    pub const COUNT: u16 = 1024;

    /// The partition of an identity: the first ten bits of BLAKE3 over tenant, a zero byte and identity.
    #[must_use]
    pub fn of(tenant: &TenantId, identity: &str) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(tenant.as_str().as_bytes());
        hasher.update(&[0]);
        hasher.update(identity.as_bytes());
        let [high, low, ..] = *hasher.finalize().as_bytes();
        Self((u16::from(high) << 2) | (u16::from(low) >> 6))
    }
}

#[cfg(test)]
mod tests {
    use super::{Partition, TenantId};

    #[test]
    fn a_partition_depends_on_tenant_and_identity_and_stays() {
        let one = TenantId::from("one");
        let role = "arn:aws:iam::111122223333:role/deploy";
        assert_eq!(Partition::of(&one, role), Partition(575));
        assert_ne!(Partition::of(&one, role), Partition::of(&TenantId::from("two"), role));
        assert!(Partition::of(&one, role).0 < Partition::COUNT);
    }
}
