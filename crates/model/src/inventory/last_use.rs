//! When identities used services last, as AWS itself keeps it.

use std::collections::BTreeMap;

use crate::inventory::Seen;

/// When an identity used a service last, and which of its actions. AWS looks back over a limited time, 400 days at most;
/// of a service that the identity may not use there is no row.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct LastUse {
    /// The ARN of the user or role, or of the group or policy by which somebody may use it.
    #[prost(string, tag = "1")]
    pub identity: String,
    /// The service, by its IAM prefix.
    #[prost(string, tag = "2")]
    pub service: String,
    /// When it was used last, milliseconds since the epoch; 0 when not in the time that is looked back over.
    #[prost(int64, tag = "3")]
    pub used_at_ms: i64,
    /// The region in which it was; empty where that is not told.
    #[prost(string, tag = "4")]
    pub region: String,
    /// Actions of the service that are watched one by one, each with when it was used last in the same way. Empty where
    /// nothing is told of single actions.
    #[prost(btree_map = "string, int64", tag = "5")]
    pub actions: BTreeMap<String, i64>,
    /// Who says so.
    #[prost(message, optional, tag = "6")]
    pub seen: Option<Seen>,
}
