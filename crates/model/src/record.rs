//! Everything that happens is a record. State is the fold of them.

mod trust;

use crate::decision::{CallerKind, Decision, Mode, Pep};
use crate::event::Event;
use crate::finding::Finding;
use crate::hold::Hold;
use crate::id::{FactNumber, Partition};
use crate::identity::{Credential, Edge, Identity};
use crate::inventory::center::{Assignment, Membership, PermissionSet};
use crate::inventory::change::InventoryChanged;
use crate::inventory::finding::AccessFinding;
use crate::inventory::last_use::LastUse;
use crate::inventory::measure::PrivilegeMeasured;
use crate::inventory::organisation::OrganisationNode;
use crate::inventory::resource::Resource;
use crate::inventory::row::{PolicyFound, Withdrawn};
use crate::inventory::{Entitlement, Group};
use crate::time::Time;

pub use crate::record::trust::Trust;

/// One record of the log.
#[derive(Clone, PartialEq, Debug)]
pub enum Record {
    /// Small, totally ordered, folded by every node.
    Fact(Box<FactRecord>),
    /// One of many, ordered within its partition.
    Observation(Box<Observation>),
}

/// A fact with its place and time.
#[derive(Clone, PartialEq, prost::Message)]
pub struct FactRecord {
    /// Its place in the total order, from 1.
    #[prost(uint64, tag = "1")]
    pub number: u64,
    /// When it was recorded, by our clock, never going back; milliseconds since the epoch.
    #[prost(int64, tag = "2")]
    pub recorded_at_ms: i64,
    /// What is the case.
    #[prost(
        oneof = "Fact",
        tags = "10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, \
                35, 36, 37, 38, 39, 40, 41"
    )]
    pub fact: Option<Fact>,
}

impl FactRecord {
    /// Its place in the total order.
    #[must_use]
    pub fn number(&self) -> FactNumber {
        FactNumber(self.number)
    }

    /// When it was recorded.
    #[must_use]
    pub fn recorded_at(&self) -> Time {
        Time::from_ms(self.recorded_at_ms)
    }
}

/// What is the case from this record on.
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum Fact {
    /// An identity exists; what the fact leaves empty stays as it was known.
    #[prost(message, tag = "10")]
    IdentityFound(Identity),
    /// A credential exists.
    #[prost(message, tag = "11")]
    CredentialFound(Credential),
    /// Two identities belong together.
    #[prost(message, tag = "12")]
    EdgeFound(Edge),
    /// A right is assigned.
    #[prost(message, tag = "13")]
    EntitlementObserved(Entitlement),
    /// An export of an account was taken in whole.
    #[prost(message, tag = "14")]
    ImportCommitted(ImportCommitted),
    /// Something was noticed.
    #[prost(message, tag = "15")]
    FindingRaised(Finding),
    /// More of the same was noticed: the finding as it stands now.
    #[prost(message, tag = "16")]
    FindingGrown(Finding),
    /// What peers did for the first time since the last summary.
    #[prost(message, tag = "17")]
    Summary(Summary),
    /// Time has passed: sweeps run here, and nowhere else.
    #[prost(message, tag = "18")]
    Tick(Tick),
    /// A restriction is in force.
    #[prost(message, tag = "19")]
    HoldPlaced(Hold),
    /// A restriction was taken away before its time.
    #[prost(message, tag = "20")]
    HoldReleased(HoldReleased),
    /// What decides from now on.
    #[prost(message, tag = "21")]
    PolicyPublished(PolicyPublished),
    /// An enforcement point is known, with its mode.
    #[prost(message, tag = "22")]
    PepSet(PepSet),
    /// A token of our own was issued.
    #[prost(message, tag = "23")]
    TokenIssued(TokenIssued),
    /// A token of our own is no longer valid.
    #[prost(message, tag = "24")]
    TokenRevoked(TokenRevoked),
    /// A restriction would have been placed, had responses been enforced.
    #[prost(message, tag = "25")]
    HoldRecommended(Hold),
    /// A command that was given under a key has been carried out.
    #[prost(message, tag = "26")]
    CommandAnswered(CommandAnswered),
    /// All sessions and credentials of an identity that began before an instant are ended.
    #[prost(message, tag = "27")]
    IdentityKilled(IdentityKilled),
    /// A run ended abruptly: records of its last decisions may be missing.
    #[prost(message, tag = "28")]
    DecisionsMissing(DecisionsMissing),
    /// That the sessions and credentials of an identity were ended is taken back.
    #[prost(message, tag = "29")]
    IdentityRevived(IdentityRevived),
    /// A policy exists, with its document.
    #[prost(message, tag = "30")]
    PolicyFound(PolicyFound),
    /// A group of users exists.
    #[prost(message, tag = "31")]
    GroupFound(Group),
    /// A resource exists.
    #[prost(message, tag = "32")]
    ResourceFound(Resource),
    /// A node of the tree of an organisation exists.
    #[prost(message, tag = "33")]
    OrganisationNodeFound(OrganisationNode),
    /// A permission set exists.
    #[prost(message, tag = "34")]
    PermissionSetFound(PermissionSet),
    /// Somebody may use a permission set in an account.
    #[prost(message, tag = "35")]
    AssignmentFound(Assignment),
    /// A person is in a group of Identity Center.
    #[prost(message, tag = "36")]
    MembershipFound(Membership),
    /// Access Analyzer has found something.
    #[prost(message, tag = "37")]
    AccessFindingFound(AccessFinding),
    /// Something that was known is there no more.
    #[prost(message, tag = "38")]
    Withdrawn(Withdrawn),
    /// A write event of the log has changed the inventory.
    #[prost(message, tag = "39")]
    InventoryChanged(InventoryChanged),
    /// How much the inventory made possible.
    #[prost(message, tag = "40")]
    PrivilegeMeasured(PrivilegeMeasured),
    /// When an identity used a service last.
    #[prost(message, tag = "41")]
    LastUseFound(LastUse),
}

/// Under this name is recorded what the settings of a server say. Nobody else may use it.
pub const CONFIGURATION: &str = "configuration";

/// All sessions and credentials of an identity that began up to an instant are ended, in our own decision path.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct IdentityKilled {
    /// The identity.
    #[prost(string, tag = "1")]
    pub identity: String,
    /// The kill epoch: what was issued or authenticated up to then is refused, in every mode; milliseconds since the
    /// epoch.
    #[prost(int64, tag = "2")]
    pub up_to_ms: i64,
    /// Who ended them.
    #[prost(string, tag = "3")]
    pub by: String,
    /// Why.
    #[prost(string, tag = "4")]
    pub reason: String,
}

/// The kill epoch of an identity is lifted: what it ended, and has not ended otherwise, may pass again.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct IdentityRevived {
    /// The identity.
    #[prost(string, tag = "1")]
    pub identity: String,
    /// Who lifted it.
    #[prost(string, tag = "2")]
    pub by: String,
    /// Why.
    #[prost(string, tag = "3")]
    pub reason: String,
}

/// A command that was given under a key has been carried out: given again under it, it has this answer and no other
/// effect. It is recorded with the facts that the command led to.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct CommandAnswered {
    /// Who gave it.
    #[prost(string, tag = "1")]
    pub by: String,
    /// 16 bytes of BLAKE3 over the key.
    #[prost(bytes = "vec", tag = "2")]
    pub key_hash: Vec<u8>,
    /// 16 bytes of BLAKE3 over the request.
    #[prost(bytes = "vec", tag = "3")]
    pub request_hash: Vec<u8>,
    /// The last fact that the command led to.
    #[prost(uint64, tag = "4")]
    pub fact: u64,
    /// The id of what the command was about.
    #[prost(string, tag = "5")]
    pub id: String,
    /// When the key may be used anew, milliseconds since the epoch.
    #[prost(int64, tag = "6")]
    pub expires_at_ms: i64,
}

/// A restriction was taken away before its time.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct HoldReleased {
    /// The hold.
    #[prost(string, tag = "1")]
    pub id: String,
    /// Who released it.
    #[prost(string, tag = "2")]
    pub by: String,
    /// Why.
    #[prost(string, tag = "3")]
    pub reason: String,
}

/// A policy set: its files lie in the blob table by hash.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct PolicyPublished {
    /// The hash of the set.
    #[prost(string, tag = "1")]
    pub hash: String,
    /// Each file by its name, with the hash of its content: policies, schema, entities.
    #[prost(btree_map = "string, string", tag = "2")]
    pub files: std::collections::BTreeMap<String, String>,
    /// The mode of the set.
    #[prost(enumeration = "Mode", tag = "3")]
    pub mode: i32,
    /// The greatest risk at which anything passes, 0-100.
    #[prost(uint32, tag = "4")]
    pub risk_max: u32,
    /// Who published it.
    #[prost(string, tag = "5")]
    pub by: String,
}

/// An enforcement point is known, with its mode.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct PepSet {
    /// The enforcement point.
    #[prost(message, required, tag = "1")]
    pub pep: Pep,
    /// Who said so; empty when it showed up by itself.
    #[prost(string, tag = "2")]
    pub by: String,
}

impl PepSet {
    /// Somebody has asked as an enforcement point that nobody has spoken of: it starts in `shadow`.
    #[must_use]
    pub fn by_itself(name: &str) -> Self {
        Self { pep: Pep::new(name), by: String::new() }
    }
}

/// A token of our own, without its secret.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct TokenIssued {
    /// Its public part, by which it is found.
    #[prost(string, tag = "1")]
    pub id: String,
    /// What it is for, in the words of who asked for it; for an enforcement point its name.
    #[prost(string, tag = "2")]
    pub name: String,
    /// 32 bytes of BLAKE3 over the secret.
    #[prost(bytes = "vec", tag = "3")]
    pub secret_hash: Vec<u8>,
    /// What it allows: `ingest:SOURCE`, `decide`, `read`, `admin`.
    #[prost(string, repeated, tag = "4")]
    pub scopes: Vec<String>,
    /// When it was issued, milliseconds since the epoch.
    #[prost(int64, tag = "5")]
    pub issued_at_ms: i64,
    /// When it ends, milliseconds since the epoch; 0 when only a revocation ends it.
    #[prost(int64, tag = "6")]
    pub expires_at_ms: i64,
    /// Who asked for it.
    #[prost(string, tag = "7")]
    pub by: String,
    /// The tenant that it opens, and no other.
    #[prost(string, tag = "8")]
    pub tenant: String,
    /// The one about whom it asks, which is who holds it; absent when it asks about anybody, as an enforcement point.
    #[prost(message, optional, tag = "9")]
    pub subject: Option<TokenSubject>,
}

/// Who holds a token, by the type and id under which policies know it.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct TokenSubject {
    /// The type.
    #[prost(string, tag = "1")]
    pub kind: String,
    /// The id.
    #[prost(string, tag = "2")]
    pub id: String,
}

/// A token of our own is no longer valid.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct TokenRevoked {
    /// Its public part.
    #[prost(string, tag = "1")]
    pub id: String,
    /// Who revoked it.
    #[prost(string, tag = "2")]
    pub by: String,
}

/// A run ended abruptly. What was decided in its last moments may have no record: up to `flush_ms` before its end, which
/// came between the two instants.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct DecisionsMissing {
    /// So long before the last thing that it recorded, milliseconds since the epoch.
    #[prost(int64, tag = "1")]
    pub from_ms: i64,
    /// When the next run began, milliseconds since the epoch.
    #[prost(int64, tag = "2")]
    pub to_ms: i64,
    /// How long a decision waited for its record at most.
    #[prost(int64, tag = "3")]
    pub flush_ms: i64,
}

/// Time has passed.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub struct Tick {
    /// The instant it stands for, milliseconds since the epoch.
    #[prost(int64, tag = "1")]
    pub at_ms: i64,
}

/// An export of an account was taken in whole.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct ImportCommitted {
    /// The account.
    #[prost(string, tag = "1")]
    pub account: String,
    /// The latest date in the export, milliseconds since the epoch.
    #[prost(int64, tag = "2")]
    pub newest_at_ms: i64,
    /// How many identities it names.
    #[prost(uint64, tag = "3")]
    pub identities: u64,
    /// How many policy documents it holds.
    #[prost(uint64, tag = "4")]
    pub policies: u64,
    /// As of when an export that was complete has confirmed what is known of the account, or withdrawn it,
    /// milliseconds since the epoch; 0 when none has.
    #[prost(int64, tag = "5")]
    pub confirmed_at_ms: i64,
}

/// Counts that cross identities, merged from all partitions; bounded by [`Summary::FIRSTS_MAX`].
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Summary {
    /// Firsts since the last summary.
    #[prost(message, repeated, tag = "1")]
    pub firsts: Vec<PeerFirst>,
    /// How many identity-days ended with how much weighted surprise.
    #[prost(message, repeated, tag = "2")]
    pub pressures: Vec<PressureBin>,
}

/// So many identity-days ended in one bin of the logarithmic scale of weighted surprise.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, prost::Message)]
pub struct PressureBin {
    /// The bin: four to a doubling, from one bit.
    #[prost(uint32, tag = "1")]
    pub bin: u32,
    /// How many identity-days.
    #[prost(uint32, tag = "2")]
    pub days: u32,
}

impl Summary {
    /// How many firsts one summary holds; the rest wait for the next.
    pub const FIRSTS_MAX: usize = 4096;
}

/// So many members of a peer group had a value for the first time.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, prost::Message)]
pub struct PeerFirst {
    /// The peer group; empty for members of none. The tenant's counts are the sums of all.
    #[prost(string, tag = "1")]
    pub peer_group: String,
    /// Which habit; absent when the members themselves are new.
    #[prost(enumeration = "crate::finding::Feature", optional, tag = "2")]
    pub feature: Option<i32>,
    /// The value; empty when the members themselves are new.
    #[prost(string, tag = "3")]
    pub value: String,
    /// How many members.
    #[prost(uint32, tag = "4")]
    pub members: u32,
}

/// An observation with its place, time and the identity that the resolver named.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Observation {
    /// The partition of the identity.
    #[prost(uint32, tag = "1")]
    pub partition: u32,
    /// Its place within the partition, from 1.
    #[prost(uint64, tag = "2")]
    pub n: u64,
    /// When it was recorded, by our clock; milliseconds since the epoch.
    #[prost(int64, tag = "3")]
    pub recorded_at_ms: i64,
    /// The identity that acted.
    #[prost(string, tag = "4")]
    pub identity: String,
    /// The session that an enforcement point told of; an audit record names its own, see [`Self::session`].
    #[prost(string, tag = "5")]
    pub told_session: String,
    /// The identities behind it, nearest first.
    #[prost(string, repeated, tag = "6")]
    pub chain: Vec<String>,
    /// Whether it came after its reorder window: folded and judged as it stands, and counted.
    #[prost(bool, tag = "7")]
    pub late: bool,
    /// Whether a platform did it by itself or in a customer's name: kept out of habits.
    #[prost(bool, tag = "8")]
    pub by_platform: bool,
    /// The audit record; of a decision of our own, its form as one.
    #[prost(message, required, boxed, tag = "10")]
    pub event: Box<Event>,
    /// The decision, if it is a record of one.
    #[prost(message, optional, boxed, tag = "11")]
    pub decision: Option<Box<DecisionRecord>>,
    /// Whether an event of its source and id was known with other content when it came.
    #[prost(bool, tag = "12")]
    pub conflict: bool,
    /// How far its source is trusted.
    #[prost(enumeration = "Trust", tag = "13")]
    pub trust: i32,
}

/// A decision as it was recorded.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct DecisionRecord {
    /// The enforcement point that asked.
    #[prost(string, tag = "1")]
    pub pep: String,
    /// The type of the resource it asked for.
    #[prost(string, tag = "2")]
    pub resource_type: String,
    /// What was answered, and why.
    #[prost(message, required, tag = "3")]
    pub decision: Decision,
    /// The task it belongs to, as the enforcement point told; empty when it told of none.
    #[prost(string, tag = "4")]
    pub task: String,
    /// The tool that was called, as the enforcement point told; empty when it told of none.
    #[prost(string, tag = "5")]
    pub tool: String,
    /// How far it was known who asked.
    #[prost(enumeration = "CallerKind", tag = "6")]
    pub caller: i32,
}

impl Observation {
    /// The session it acted in; empty when there is none.
    #[must_use]
    pub fn session(&self) -> &str {
        if self.told_session.is_empty() { self.event.actor.session() } else { &self.told_session }
    }

    /// The partition of the identity.
    #[must_use]
    pub fn partition(&self) -> Partition {
        Partition(u16::try_from(self.partition).unwrap_or_default() % Partition::COUNT)
    }
}
