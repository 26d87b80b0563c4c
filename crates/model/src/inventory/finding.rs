//! What IAM Access Analyzer has found, as it says it.

use std::collections::BTreeMap;

use crate::inventory::Seen;

/// A finding of Access Analyzer: access from outside, inside access, or something unused.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct AccessFinding {
    /// Its id.
    #[prost(string, tag = "1")]
    pub id: String,
    /// Its type, in the word of Access Analyzer: `ExternalAccess`, `InternalAccess`, `UnusedIAMRole`, ...
    #[prost(string, tag = "2")]
    pub kind: String,
    /// The ARN of the resource it is about.
    #[prost(string, tag = "3")]
    pub resource: String,
    /// The type of the resource, in the word of Access Analyzer.
    #[prost(string, tag = "4")]
    pub resource_type: String,
    /// The account that owns the resource.
    #[prost(string, tag = "5")]
    pub account: String,
    /// Who has access, each as `KIND:ID`, such as `AWS:111122223333` or `Federated:cognito-identity.amazonaws.com`.
    #[prost(string, repeated, tag = "6")]
    pub principals: Vec<String>,
    /// What they may do, as IAM names it.
    #[prost(string, repeated, tag = "7")]
    pub actions: Vec<String>,
    /// Under which condition: values by condition key.
    #[prost(btree_map = "string, string", tag = "8")]
    pub condition: BTreeMap<String, String>,
    /// Whether anybody has access.
    #[prost(bool, tag = "9")]
    pub is_public: bool,
    /// `ACTIVE`, `ARCHIVED` or `RESOLVED`.
    #[prost(string, tag = "10")]
    pub status: String,
    /// What resource control policies do about it, in the word of Access Analyzer; empty where it does not tell.
    #[prost(string, tag = "11")]
    pub restriction: String,
    /// What is not used.
    #[prost(message, repeated, tag = "12")]
    pub unused: Vec<Unused>,
    /// When it was raised, milliseconds since the epoch; 0 when not known.
    #[prost(int64, tag = "13")]
    pub created_at_ms: i64,
    /// Who says so.
    #[prost(message, optional, tag = "14")]
    pub seen: Option<Seen>,
}

/// Something that is not used.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Unused {
    /// A service prefix (`s3`), an action (`s3:PutObject`), an access key id, `password` or `role`.
    #[prost(string, tag = "1")]
    pub what: String,
    /// When it was used last, milliseconds since the epoch; 0 when never, within what Access Analyzer looks at.
    #[prost(int64, tag = "2")]
    pub last_used_at_ms: i64,
}
