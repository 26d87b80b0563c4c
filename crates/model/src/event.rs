//! One normalised audit record, whatever source it came from.

use std::cmp::Ordering;

use crate::hash::Fingerprint;
use crate::time::{Millis, Time};

/// What an action does to what it touches, from harmless to dangerous within its group.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, prost::Enumeration)]
#[repr(i32)]
pub enum ActionClass {
    /// Not known to the tables: weighed like a write.
    Unknown = 0,
    /// Looks at one thing.
    Read = 1,
    /// Enumerates things.
    List = 2,
    /// Changes a resource.
    Write = 3,
    /// Changes who may do what: policies, trust, membership, sharing, logging and guard settings.
    Permissions = 4,
    /// Creates, hands out or changes a credential.
    Credential = 5,
    /// Reads the content that is being protected: objects, secrets, parameters, snapshots.
    Data = 6,
    /// Runs code or a model, or opens a shell.
    Execute = 7,
}

/// How the request ended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, prost::Enumeration)]
#[repr(i32)]
pub enum Outcome {
    /// The source does not say.
    Unknown = 0,
    /// It was carried out.
    Success = 1,
    /// It was refused for want of permission or proof.
    Denied = 2,
    /// It was refused for its rate.
    Throttled = 3,
    /// It failed for another reason.
    Failed = 4,
}

/// What kind of caller the record names, in the source's own terms (CloudTrail `userIdentity.type`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, prost::Enumeration)]
#[repr(i32)]
pub enum ActorKind {
    /// Something this release does not know, or nothing at all.
    Unknown = 0,
    /// The root user of an account.
    Root = 1,
    /// An IAM user.
    IamUser = 2,
    /// A session of a role.
    AssumedRole = 3,
    /// The caller of an assume-role request, before it has the role.
    Role = 4,
    /// A session from `GetFederationToken`.
    FederatedUser = 5,
    /// A caller of another account, of which this record knows no more.
    AwsAccount = 6,
    /// A service of the platform, acting for itself or for a customer.
    AwsService = 7,
    /// A caller proven by an OIDC provider.
    WebIdentityUser = 8,
    /// A caller proven by a SAML provider.
    SamlUser = 9,
    /// A person of IAM Identity Center.
    IdentityCenterUser = 10,
    /// A person of the identity store's own directory.
    Directory = 11,
}

/// Who acted, as the record says it. The resolver makes an identity of it.
///
/// Tag 8 was the unique id of the issuer and is not to be used again.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Actor {
    /// What kind of caller.
    #[prost(enumeration = "ActorKind", tag = "1")]
    pub kind: i32,
    /// The caller's ARN; for a session the session's.
    #[prost(string, tag = "2")]
    pub arn: String,
    /// The caller's unique id, `AROA...:session` for a session.
    #[prost(string, tag = "3")]
    pub principal_id: String,
    /// The account that the caller belongs to.
    #[prost(string, tag = "4")]
    pub account: String,
    /// The access key id the request was signed with.
    #[prost(string, tag = "5")]
    pub access_key_id: String,
    /// The plain name, where one is given.
    #[prost(string, tag = "6")]
    pub user_name: String,
    /// The ARN of the role or user that issued the session.
    #[prost(string, tag = "7")]
    pub issuer_arn: String,
    /// `sourceIdentity`: who is behind the chain, set once and kept along it.
    #[prost(string, tag = "9")]
    pub source_identity: String,
    /// The federation provider that proved the caller.
    #[prost(string, tag = "10")]
    pub provider: String,
    /// The service that made the request in the caller's name (`invokedBy`).
    #[prost(string, tag = "11")]
    pub invoked_by: String,
    /// When the session began, milliseconds since the epoch; 0 when not given.
    #[prost(int64, tag = "12")]
    pub session_created_at_ms: i64,
    /// Whether the session was proven with a second factor; absent when not given.
    #[prost(bool, optional, tag = "13")]
    pub mfa: Option<bool>,
    /// Identity Center: the user id on whose behalf the session acts.
    #[prost(string, tag = "14")]
    pub on_behalf_of: String,
    /// How EC2 delivered an instance role credential (`1.0` is IMDSv1, `2.0` IMDSv2); empty when it is none.
    #[prost(string, tag = "15")]
    pub ec2_role_delivery: String,
}

impl Actor {
    /// The kind of caller; where the record does not say, its ARN may.
    #[must_use]
    pub fn kind_shown(&self) -> ActorKind {
        match self.kind() {
            ActorKind::Unknown if self.arn.contains(":assumed-role/") => ActorKind::AssumedRole,
            ActorKind::Unknown if self.arn.contains(":user/") => ActorKind::IamUser,
            kind => kind,
        }
    }

    /// The session that the caller acts in: its ARN for one of a role, nothing for a long-lived key.
    #[must_use]
    pub fn session(&self) -> &str {
        match self.kind_shown() {
            ActorKind::AssumedRole | ActorKind::FederatedUser => &self.arn,
            _ => "",
        }
    }
}

/// What was acted on, as far as the record names it.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Target {
    /// The field or resource type that named it, such as `roleArn` or `AWS::S3::Object`.
    #[prost(string, tag = "1")]
    pub kind: String,
    /// Its name or ARN.
    #[prost(string, tag = "2")]
    pub id: String,
}

/// Where the request came from and with what.
///
/// Tag 3 was the user agent, which stands in the record itself, and is not to be used again.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Client {
    /// The address as the source gives it: an IP address, a service name, `AWS Internal`.
    #[prost(string, tag = "1")]
    pub address: String,
    /// The address as habits see it: `10.1.2.0/24`, `2001:db8:1::/48`, `vpce:vpce-1a2b`, `service:NAME`,
    /// `aws-internal`; empty when there is none.
    #[prost(string, tag = "2")]
    pub network: String,
    /// The family of the user agent, without versions: `aws-cli/2`, `boto3`, `terraform`, `console`, ...
    #[prost(string, tag = "4")]
    pub family: String,
    /// Where botocore says the credential came from: the letters of the `m/` field that name a credential
    /// provider, such as `0` (IMDS) or `g` (environment); empty when not said.
    #[prost(string, tag = "5")]
    pub credential_source: String,
}

/// How sure the mark of an AI agent is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, prost::Enumeration)]
#[repr(i32)]
pub enum AgentProof {
    /// Said by the client, and forgeable: a hint, never a grant.
    Claimed = 0,
    /// Set by the platform.
    Server = 1,
}

/// The sign of an AI agent in a record.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct AgentMark {
    /// The product in lower case, such as `claude-code`, `amazon-q`, `strands`; `mcp` when only the protocol shows.
    #[prost(string, tag = "1")]
    pub product: String,
    /// Who says so.
    #[prost(enumeration = "AgentProof", tag = "2")]
    pub proof: i32,
    /// The text that shows it, at most 160 bytes.
    #[prost(string, tag = "3")]
    pub evidence: String,
}

/// A credential that the request handed out.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Issued {
    /// The new access key id; empty for a password.
    #[prost(string, tag = "1")]
    pub access_key_id: String,
    /// The ARN it acts as: the new session, or the user who got a key.
    #[prost(string, tag = "2")]
    pub holder_arn: String,
    /// The role or user behind it: the role assumed, or the user who got a key.
    #[prost(string, tag = "3")]
    pub principal: String,
    /// When it ends, milliseconds since the epoch; 0 when it does not or is not said.
    #[prost(int64, tag = "4")]
    pub expires_at_ms: i64,
}

/// One audit record: who did what to what, when, from where, and how it ended.
///
/// Tag 3 was the hash of the content in another form and is not to be used again.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Event {
    /// The source family, such as `cloudtrail`.
    #[prost(string, tag = "1")]
    pub source: String,
    /// The id that the source gave it.
    #[prost(string, tag = "2")]
    pub id: String,
    /// Tells whether two records of one id have the same content: that of the redacted record without insignificant
    /// white space; absent when nobody has worked it out.
    #[prost(message, optional, tag = "20")]
    pub content: Option<Fingerprint>,
    /// When it happened, by the source's clock, milliseconds since the epoch.
    #[prost(int64, tag = "4")]
    pub happened_at_ms: i64,
    /// The account whose log this is.
    #[prost(string, tag = "5")]
    pub account: String,
    /// The region it happened in.
    #[prost(string, tag = "6")]
    pub region: String,
    /// Who acted.
    #[prost(message, required, tag = "7")]
    pub actor: Actor,
    /// The service, as in the prefix of a permission: `iam`, `s3`, `bedrock-agentcore`.
    #[prost(string, tag = "8")]
    pub service: String,
    /// The action without an API version suffix: `CreateAccessKey`.
    #[prost(string, tag = "9")]
    pub action: String,
    /// What the action does.
    #[prost(enumeration = "ActionClass", tag = "10")]
    pub class: i32,
    /// What it was done to.
    #[prost(message, optional, tag = "11")]
    pub target: Option<Target>,
    /// How it ended.
    #[prost(enumeration = "Outcome", tag = "12")]
    pub outcome: i32,
    /// The source's error code; empty on success.
    #[prost(string, tag = "13")]
    pub error_code: String,
    /// Where it came from.
    #[prost(message, required, tag = "14")]
    pub client: Client,
    /// The sign of an AI agent, if there is one.
    #[prost(message, optional, tag = "15")]
    pub agent: Option<AgentMark>,
    /// The credential it handed out, if it did.
    #[prost(message, optional, tag = "16")]
    pub issued: Option<Issued>,
    /// The source's id of the request.
    #[prost(string, tag = "17")]
    pub request_id: String,
    /// The record itself, redacted, without insignificant white space.
    #[prost(bytes = "vec", tag = "18")]
    pub raw: Vec<u8>,
    /// What the source claimed for [`happened_at`](Self::happened_at), milliseconds since the epoch, where that was
    /// not possible and the nearest time that is stands there; 0 where it stands as claimed.
    #[prost(int64, tag = "19")]
    pub claimed_at_ms: i64,
}

impl Event {
    /// How much later than its arrival an event of a live source may claim to have happened.
    pub const AHEAD_MAX: Millis = Millis::MINUTE.times(5);
    /// How much earlier than its arrival an event of a live source may claim to have happened.
    pub const BEHIND_MAX: Millis = Millis::DAY.times(7);

    /// Gives an event of a live source the nearest time to what it claims that is possible for one that arrives now,
    /// and keeps the claim.
    pub fn set_right(&mut self, arrived_at: Time) {
        let possible = self.happened_at().clamp(arrived_at - Self::BEHIND_MAX, arrived_at + Self::AHEAD_MAX);
        if possible != self.happened_at() {
            self.claimed_at_ms = self.happened_at_ms;
            self.happened_at_ms = possible.ms();
        }
    }

    /// When it happened as the source claims, possible or not: the same each time the record is sent.
    #[must_use]
    pub fn claimed_at(&self) -> Time {
        Time::from_ms(if self.claimed_at_ms == 0 { self.happened_at_ms } else { self.claimed_at_ms })
    }

    /// When it happened.
    #[must_use]
    pub fn happened_at(&self) -> Time {
        Time::from_ms(self.happened_at_ms)
    }

    /// `service:Action`, the way a permission is written.
    #[must_use]
    pub fn permission(&self) -> String {
        format!("{}:{}", self.service, self.action)
    }

    /// The total order in which a scan judges events: time, account, source id, content hash.
    #[must_use]
    pub fn order(&self, other: &Self) -> Ordering {
        let key = |event: &Self| event.happened_at_ms;
        key(self)
            .cmp(&key(other))
            .then_with(|| self.account.cmp(&other.account))
            .then_with(|| self.id.cmp(&other.id))
            .then_with(|| self.content.cmp(&other.content))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::Event;
    use crate::time::Time;

    proptest! {
        #[test]
        fn a_time_is_set_right_to_the_nearest_that_is_possible_and_the_claim_is_kept(
            happened: i32,
            arrived in 0_i64..4_000_000_000,
        ) {
            let (happened, arrived) = (Time::from_ms(i64::from(happened) * 1_000), Time::from_ms(arrived * 1_000));
            let mut event = Event { happened_at_ms: happened.ms(), ..Event::default() };
            event.set_right(arrived);
            let (earliest, latest) = (arrived - Event::BEHIND_MAX, arrived + Event::AHEAD_MAX);
            prop_assert_eq!(event.happened_at(), happened.max(earliest).min(latest));
            prop_assert_eq!(event.claimed_at_ms != 0, event.happened_at() != happened && happened.ms() != 0);
            if happened.ms() != 0 {
                prop_assert_eq!(event.claimed_at(), happened);
            }
            let once = event.clone();
            event.set_right(arrived);
            prop_assert_eq!(event, once);
        }
    }
}
