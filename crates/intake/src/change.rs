//! What an event says of the inventory: which rows a successful write has made, changed or ended.
//!
//! Whether an event is such a write is told by its service and action alone, from tables of exact names, before
//! anything of it is read: almost no event is. What an answer shows whole is read as an export of the same thing is, so
//! that both give the same rows. What only changes a part of a row, or names it without its path, is a [`Change`],
//! because what becomes of it depends on what is known.
//!
//! Sources: "CloudTrail record contents for management, data, and network activity events" of the CloudTrail user
//! guide, "Logging IAM and AWS STS API calls with AWS CloudTrail", and of each service its page on logging with
//! CloudTrail and its API reference. Documents of IAM are JSON in a string of the request, URL-encoded in the answer.

mod center;
mod iam;
mod organization;
mod record;
mod resource;
mod statement;
mod workload;

use std::collections::BTreeMap;

use doorward_model::event::{ActionClass, Event, Outcome};
use doorward_model::identity::{Credential, Identity};
use doorward_model::inventory::resource::Resource;
use doorward_model::inventory::row::RowKind;
use doorward_model::inventory::{AccountExport, Origin};

use crate::change::record::{Reader, Record};

use crate::inventory::document::trusted;
use crate::inventory::iam::kind::{of_role, role_peers, user_peers};

pub use crate::change::statement::{with_statement, without_statement};

/// What one event says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// Rows that it shows whole, by account.
    pub rows: Vec<AccountExport>,
    /// What else it changes, in order.
    pub changes: Vec<Change>,
}

/// A change of something that the event does not show whole.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Somebody is there.
    Exists(Holder),
    /// Somebody or something is there no more, with all that it holds.
    Gone(Holder),
    /// Somebody has another name or path; what is empty stays.
    Renamed {
        /// Who, by the name before.
        from: Holder,
        /// The new name.
        name: String,
        /// The new path.
        path: String,
    },
    /// A policy that is a part of its holder says this from now on.
    Own {
        /// Whose it is.
        holder: Holder,
        /// Its name: `inline:NAME`, `trust` or `resource`.
        policy: String,
        /// How it is assigned.
        origin: Origin,
        /// The document; a text that does not parse, where it is not shown.
        text: String,
    },
    /// A policy that was a part of its holder is there no more.
    OwnGone {
        /// Whose it was.
        holder: Holder,
        /// Its name.
        policy: String,
        /// How it was assigned.
        origin: Origin,
    },
    /// A policy is attached. A holder has one boundary: a new one replaces it.
    Held {
        /// To whom.
        holder: Holder,
        /// The policy.
        policy: String,
        /// How.
        origin: Origin,
    },
    /// A policy is attached no more.
    NotHeld {
        /// To whom it was.
        holder: Holder,
        /// The policy; any that is assigned so, where it is not named.
        policy: Option<String>,
        /// How it was.
        origin: Origin,
    },
    /// A managed policy has this version.
    Version {
        /// The policy.
        policy: String,
        /// The id of the version; empty where it is not told.
        version: String,
        /// The document; absent where the version was there before.
        text: Option<String>,
        /// Whether it is the one in force from now on.
        in_force: bool,
    },
    /// A version of a managed policy is there no more.
    VersionGone {
        /// The policy.
        policy: String,
        /// The id of the version.
        version: String,
    },
    /// A managed policy is there no more, in any version.
    PolicyGone {
        /// The policy.
        policy: String,
    },
    /// A user comes into a group, or leaves it.
    Member {
        /// The user.
        user: Holder,
        /// The name of the group.
        group: String,
        /// Whether it is in the group from now on.
        is_member: bool,
    },
    /// Tags are set and taken away.
    Tagged {
        /// Of whom.
        holder: Holder,
        /// Values by key.
        set: BTreeMap<String, String>,
        /// Keys that are there no more.
        unset: Vec<String>,
    },
    /// A credential is there; where it has no id, [`Credential::id`] says what it is, and its holder tells the rest.
    Credential {
        /// Whose it is.
        holder: Holder,
        /// What is told of it.
        credential: Box<Credential>,
    },
    /// A credential is there no more.
    CredentialGone {
        /// Whose it was.
        holder: Holder,
        /// Its id, or what it was.
        id: String,
    },
    /// Something is told of a resource; what is empty stays.
    Resource {
        /// What is told.
        row: Box<Resource>,
        /// Which part of it this is, so that of two statements on one part the later counts.
        part: &'static str,
        /// The role that it runs as, where that is named without its path.
        role: Option<Holder>,
    },
    /// A resource runs as nobody any more.
    RunsAsNobody(Holder),
    /// A statement of the policy of a resource is set or taken away; the others stay.
    Statement {
        /// The resource.
        holder: Holder,
        /// The id of the statement.
        sid: String,
        /// The statement; absent when it is taken away.
        statement: Option<String>,
    },
    /// A control policy is attached to a node of the organisation, or no more.
    Control {
        /// The id of the policy (`p-...`), which does not tell of what kind it is.
        policy: String,
        /// The id of the node.
        node: String,
        /// Whether it is attached from now on.
        is_attached: bool,
    },
    /// A row is there no more.
    RowGone {
        /// What it was.
        kind: RowKind,
        /// Its key.
        key: Vec<String>,
    },
    /// Something has changed, and the event does not show what: it was cut, or its parameters are not shown.
    Unclear(String),
}

/// Who or what something is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The ARN or id.
    pub id: String,
    /// Whether only the name in it was told: who is known by this name in this account, under whatever path, is meant.
    pub is_named: bool,
}

impl Holder {
    /// By an ARN or id.
    #[must_use]
    pub fn of(id: impl Into<String>) -> Self {
        Self { id: id.into(), is_named: false }
    }
}

/// The part of a row of which an event shows no more than that it is there.
pub const EXISTS: &str = "exists";

/// What stands in place of a document that an event does not show. It is no policy, so that what depends on it is
/// unknown.
pub const NOT_SHOWN: &str = "the event does not show this document";

/// Whether an event is a successful write of a kind that is read here.
#[must_use]
pub fn is_told(event: &Event) -> bool {
    reader(event).is_some()
}

/// What an event says of the inventory; `None` when that is nothing, as of what is no successful write of a kind that is
/// read here.
#[must_use]
pub fn read(event: &Event) -> Option<Told> {
    let reader = reader(event)?;
    let text = simdutf8::basic::from_utf8(&event.raw).ok()?;
    let mut record = Record::of(event, text);
    if let Err(unclear) = reader(&mut record) {
        record.changes.push(Change::Unclear(unclear.0));
    }
    record.told()
}

/// What a trust policy makes of a role: whom it lets in, and what kind of identity it is. One that cannot be read lets in
/// nobody that could be told.
pub fn trust(role: &mut Identity, document: &str) {
    role.trusted = trusted(document);
    let path =
        role.id.split_once(":role").map_or("", |(_, path)| path).trim_end_matches(&role.name).to_owned();
    role.kind = of_role(role, &path).into();
}

/// Whom a user or role is compared with, of whom only the name is known.
#[must_use]
pub fn peers(identity: &Identity) -> String {
    if identity.id.contains(":role/") { role_peers(&identity.name) } else { user_peers(identity) }
}

/// All actions that are read here, as permissions.
pub fn actions() -> impl Iterator<Item = String> {
    let services = SERVICES.iter();
    services.flat_map(|(service, actions)| actions.iter().map(move |(name, _)| format!("{service}:{name}")))
}

fn reader(event: &Event) -> Option<Reader> {
    let reads = matches!(event.class(), ActionClass::Read | ActionClass::List | ActionClass::Data);
    if reads || event.outcome() != Outcome::Success {
        return None;
    }
    let (_, actions) = SERVICES.iter().find(|(service, _)| *service == event.service)?;
    actions.iter().find(|(name, _)| *name == event.action).map(|(_, reader)| *reader)
}

/// The actions of each service that are read.
const SERVICES: [(&str, &[(&str, Reader)]); 21] = [
    ("iam", iam::ACTIONS),
    ("organizations", organization::ACTIONS),
    ("sso", center::ACTIONS),
    ("identitystore", center::STORE_ACTIONS),
    ("s3", resource::S3_ACTIONS),
    ("s3-control", resource::S3_ACTIONS),
    ("kms", resource::KMS_ACTIONS),
    ("sqs", resource::SQS_ACTIONS),
    ("sns", resource::SNS_ACTIONS),
    ("secretsmanager", resource::SECRET_ACTIONS),
    ("ecr", resource::ECR_ACTIONS),
    ("lambda", workload::LAMBDA_ACTIONS),
    ("ec2", workload::EC2_ACTIONS),
    ("ecs", workload::ECS_ACTIONS),
    ("codebuild", workload::CODEBUILD_ACTIONS),
    ("glue", workload::GLUE_ACTIONS),
    ("sagemaker", workload::SAGEMAKER_ACTIONS),
    ("cloudformation", workload::STACK_ACTIONS),
    ("eks", workload::EKS_ACTIONS),
    ("apprunner", workload::APP_RUNNER_ACTIONS),
    ("states", workload::STATES_ACTIONS),
];

#[cfg(test)]
mod tests {
    use doorward_model::event::ActionClass;

    use super::SERVICES;
    use crate::class::class;

    #[test]
    fn no_action_that_changes_something_is_taken_for_one_that_reads() {
        for (service, actions) in SERVICES {
            for (action, _) in actions {
                let class = class(service, action);
                let reads = [ActionClass::Read, ActionClass::List, ActionClass::Data].map(Some);
                assert!(!reads.contains(&class), "{service}:{action} {class:?}");
            }
        }
    }
}
