//! What is known of the circumstances of a request: of each condition key its values, that it is absent, or nothing.
//!
//! Source: IAM User Guide, "AWS global condition context keys"; Service Authorization Reference for keys of services.

use super::{AWS, Boundary, CallerKind, Membership, Request, Resource, last_name, lower};
use crate::pattern::Pattern;
use crate::region::{self, Regions};

/// What is known of a condition key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Known {
    /// It has these values.
    Values(Vec<Box<str>>),
    /// The request does not have it.
    Absent,
    /// The request has it, with values that are not known.
    Present,
    /// The request has one value for it, which is not known but matches this pattern.
    Like(Pattern),
    /// It is an instant that is not known, but not before this one.
    Since(Since),
    /// Nothing.
    Unknown,
}

/// An instant of which only is known that it is not before another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Since {
    /// The other, in milliseconds since 1970.
    pub from_ms: i64,
    /// Whether the request has the key for sure.
    pub is_present: bool,
}

/// What is known of the circumstances.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Context {
    /// Said of single keys, in the order of the keys, which are in lower case.
    keys: Vec<(Box<str>, Known)>,
    rest: Rest,
}

/// What holds for keys of which nothing is said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Rest {
    /// What follows from the request; nothing more is known.
    Unknown,
    /// What follows from the request; it has no other keys.
    Absent,
    /// It has no other keys, whatever follows from the request.
    Closed,
    /// Nothing is known, whatever follows from the request.
    Open,
}

/// What a request says of a condition key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Looked<'a> {
    /// It has one value.
    One(&'a str),
    /// It has these.
    Many(&'a [Box<str>]),
    /// It does not have it.
    Absent,
    /// It has it; what, is not known.
    Present,
    /// It has one value that matches this; which, is not known.
    Like(&'a Pattern),
    /// It is an instant that is not before this one.
    Since(Since),
    /// That is not known.
    Unknown,
}

impl Context {
    const fn with(rest: Rest) -> Self {
        Self { keys: Vec::new(), rest }
    }

    /// Nothing is known but what follows from the request itself.
    #[must_use]
    pub const fn unknown() -> Self {
        Self::with(Rest::Unknown)
    }

    /// What is known of any request from outside: whoever asks can do so over TLS, as all clients of AWS do.
    #[must_use]
    pub fn known_of_outsiders() -> Self {
        Self::unknown().and("aws:SecureTransport", "true")
    }

    /// The request has no keys but those that follow from itself and those that are added.
    #[must_use]
    pub const fn known() -> Self {
        Self::with(Rest::Absent)
    }

    /// The request has the keys that are added and no others, not even those that would follow from itself.
    #[must_use]
    pub const fn only() -> Self {
        Self::with(Rest::Closed)
    }

    /// Nothing is known but what is added, not even what would follow from the request itself.
    #[must_use]
    pub const fn open() -> Self {
        Self::with(Rest::Open)
    }

    /// Says something of a key; what was said of it before is forgotten.
    pub fn set(&mut self, key: &str, known: Known) {
        let key = lower(key);
        match self.keys.binary_search_by(|(own, _)| (**own).cmp(&key)) {
            Ok(at) => {
                if let Some((_, own)) = self.keys.get_mut(at) {
                    *own = known;
                }
            }
            Err(at) => self.keys.insert(at, (key.into(), known)),
        }
    }

    /// The same with one value for a key.
    #[must_use]
    pub fn and(mut self, key: &str, value: &str) -> Self {
        self.set(key, Known::Values(vec![value.into()]));
        self
    }

    /// The keys of which something is said, in lower case.
    pub fn keys(&self) -> impl Iterator<Item = (&str, &Known)> {
        self.keys.iter().map(|(key, known)| (&**key, known))
    }

    fn said(&self, key: &str) -> Option<&Known> {
        let at = self.keys.binary_search_by(|(own, _)| (**own).cmp(key)).ok()?;
        self.keys.get(at).map(|(_, known)| known)
    }
}

impl<'a> Request<'a> {
    /// What the request says of a key, which is in lower case.
    pub(crate) fn look(&self, key: &str) -> Looked<'a> {
        let context = self.context;
        match context.said(key) {
            Some(Known::Values(values)) if values.is_empty() => return Looked::Absent,
            Some(Known::Values(values)) => return Looked::Many(values),
            Some(Known::Absent) => return Looked::Absent,
            Some(Known::Present) => return Looked::Present,
            Some(Known::Like(pattern)) => return Looked::Like(pattern),
            Some(Known::Since(since)) => return Looked::Since(*since),
            Some(Known::Unknown) => return Looked::Unknown,
            None => {}
        }
        match context.rest {
            Rest::Closed => Looked::Absent,
            Rest::Open => Looked::Unknown,
            Rest::Unknown => self.follows(key).unwrap_or(Looked::Unknown),
            Rest::Absent => self.follows(key).unwrap_or(Looked::Absent),
        }
    }

    /// What follows from the request itself.
    fn follows(&self, key: &str) -> Option<Looked<'a>> {
        let name = match key.split_once(':')? {
            ("aws", name) => name,
            ("s3", "resourceaccount") => "resourceaccount",
            ("iam", BOUNDARY) => return self.boundary_of_target(),
            (_, name) if name.starts_with(RESOURCE_TAG) => name,
            _ => return None,
        };
        if let Some(tag) = name.strip_prefix(PRINCIPAL_TAG) {
            return Some(match self.caller.kind {
                CallerKind::Anonymous | CallerKind::Service(_) | CallerKind::Federated(_) => Looked::Absent,
                _ => tag_of(self.caller.tags, tag),
            });
        }
        if let Some(tag) = name.strip_prefix(RESOURCE_TAG) {
            return Some(tag_of(self.resource.tags, tag));
        }
        match name {
            "requestedregion" => self.fixed_region().map(Looked::One),
            _ => self.of_caller(name).or_else(|| of_resource(&self.resource, name)),
        }
    }

    /// The permissions boundary of the user or role that is changed. Where one is made or its boundary is set, the key has
    /// what the request asks for.
    ///
    /// Sources: Service Authorization Reference, "Condition keys for AWS Identity and Access Management"; IAM User Guide,
    /// "Permissions boundaries for IAM entities", delegating responsibility to others.
    fn boundary_of_target(&self) -> Option<Looked<'a>> {
        let verb = self.permission.verb();
        let is_asked_for =
            verb.starts_with("create") || (verb.starts_with("put") && verb.ends_with(BOUNDARY));
        match self.resource.boundary {
            _ if is_asked_for || self.permission.service() != "iam" => None,
            Boundary::Unknown => None,
            Boundary::None => Some(Looked::Absent),
            Boundary::Of(arn) => Some(Looked::One(arn)),
        }
    }

    /// The region to which the request goes, where the caller has no choice: that in which the one endpoint of the service
    /// stands, or that of the resource. To pass a role is no call of its own: it goes where that goes which hands on the
    /// role.
    ///
    /// Sources: IAM User Guide, "AWS global condition context keys" (`aws:RequestedRegion`), "AWS: Denies access to AWS
    /// based on the requested Region", "Manage AWS STS in an AWS Region" and "Grant a user permissions to pass a role to an
    /// AWS service"; AWS General Reference, "AWS service endpoints".
    fn fixed_region(&self) -> Option<&'a str> {
        if self.permission.name() == "iam:passrole" {
            return None;
        }
        let home = Regions::known().of_service(self.partition(), self.permission.service());
        home.or_else(|| region::named(self.resource.text()))
    }

    /// The partition of AWS in which the request is made.
    pub(crate) fn partition(&self) -> &'a str {
        let of_caller = self.caller.arn().and_then(region::partition);
        of_caller.or_else(|| region::partition(self.resource.text())).unwrap_or("aws")
    }

    fn of_caller(&self, name: &str) -> Option<Looked<'a>> {
        let caller = self.caller;
        let is_identity = caller.is_identity();
        let if_identity = |looked| if is_identity { looked } else { Looked::Absent };
        Some(match name {
            "principalarn" => match caller.arn() {
                Some(arn) => Looked::One(arn),
                None => if_identity(Looked::Present),
            },
            "principalaccount" => if_identity(Looked::One(caller.account)),
            "principalorgid" => if_identity(organisation(caller.organisation, |id, _| id)),
            "principalorgpaths" => if_identity(organisation(caller.organisation, |_, path| path)),
            "principaltype" => principal_type(caller.kind),
            "principalisawsservice" => {
                Looked::One(if matches!(caller.kind, CallerKind::Service(_)) { "true" } else { "false" })
            }
            "principalservicename" => match caller.kind {
                CallerKind::Service(name) => Looked::One(name),
                _ => Looked::Absent,
            },
            "username" => match caller.kind {
                CallerKind::User(arn) => Looked::One(last_name(arn)),
                _ => Looked::Absent,
            },
            "userid" => match (caller.kind, caller.user_id) {
                (CallerKind::Anonymous, _) => Looked::One("anonymous"),
                (CallerKind::Root(_), _) => Looked::One(caller.account),
                (CallerKind::Service(_) | CallerKind::Federated(_), None) => Looked::Absent,
                (_, Some(id)) => Looked::One(id),
                (_, None) => Looked::Present,
            },
            // "AWS global condition context keys": they are there only where a service calls for a resource of somebody. The one
            // that Amazon SNS has besides is no other (Amazon SNS Developer Guide, "Example cases for Amazon SNS access
            // control").
            "sourcearn" | "sourceaccount" | "sourceorgid" | "sourceorgpaths" | "sourceowner" => {
                match caller.kind {
                    CallerKind::Service(_) => return None,
                    _ => Looked::Absent,
                }
            }
            _ => return None,
        })
    }
}

/// What a condition key tells of a caller that not all identities of its account and type have in common.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Personal<'a> {
    Arn,
    UserName,
    /// The value of the tag of this name.
    Tag(&'a str),
}

impl<'a> Personal<'a> {
    /// Of a key in lower case; nothing where it tells no more of one than of another.
    pub(crate) fn of(key: &'a str) -> Option<Self> {
        match key.strip_prefix("aws:")? {
            "principalarn" => Some(Self::Arn),
            "username" => Some(Self::UserName),
            name => name.strip_prefix(PRINCIPAL_TAG).map(Self::Tag),
        }
    }
}

fn of_resource<'a>(resource: &Resource<'a>, name: &str) -> Option<Looked<'a>> {
    let is_shared = resource.account == Some(AWS);
    Some(match name {
        "resourceaccount" => match resource.account {
            Some(account) if !is_shared => Looked::One(account),
            _ => Looked::Unknown,
        },
        "resourceorgid" => organisation(resource.organisation, |id, _| id),
        "resourceorgpaths" => organisation(resource.organisation, |_, path| path),
        _ => return None,
    })
}

fn organisation<'a>(of: Membership<'a>, part: impl Fn(&'a str, &'a str) -> &'a str) -> Looked<'a> {
    match of {
        Membership::Unknown => Looked::Unknown,
        Membership::Outside => Looked::Absent,
        Membership::Of { id, path, .. } => Looked::One(part(id, path)),
    }
}

fn principal_type(kind: CallerKind<'_>) -> Looked<'static> {
    match kind {
        CallerKind::Anonymous => Looked::One("Anonymous"),
        CallerKind::Root(_) => Looked::One("Account"),
        CallerKind::User(_) => Looked::One("User"),
        CallerKind::Role(_) | CallerKind::Session { .. } => Looked::One("AssumedRole"),
        CallerKind::FederatedUser(_) => Looked::One("FederatedUser"),
        CallerKind::Service(_) | CallerKind::Federated(_) => Looked::Unknown,
    }
}

fn tag_of<'a>(tags: Option<&'a [(Box<str>, Box<str>)]>, name: &str) -> Looked<'a> {
    match tags {
        None => Looked::Unknown,
        Some(tags) => {
            let found = tags.iter().find(|(own, _)| **own == *name);
            found.map_or(Looked::Absent, |(_, value)| Looked::One(value))
        }
    }
}

const PRINCIPAL_TAG: &str = "principaltag/";
const RESOURCE_TAG: &str = "resourcetag/";
const BOUNDARY: &str = "permissionsboundary";

/// Whether what a condition key says depends on the resource that a permission is used on, beyond its account.
pub(crate) fn tells_of_resource(key: &str) -> bool {
    key.contains(RESOURCE_TAG) || matches!(key, "aws:resourcearn" | "iam:permissionsboundary")
}
