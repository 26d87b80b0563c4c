//! Who acted, out of `userIdentity`.

use doorward_model::event::{Actor, ActorKind};
use doorward_model::reject::RejectReason;
use doorward_model::time::Time;

use crate::cloudtrail::{ARN_BYTES_MAX, Fields, NAME_BYTES_MAX, kept, scalar, truth};
use crate::json::value::Value;

/// Kinds of record that come without a `userIdentity` because a service acted for itself.
const OF_SERVICES: [&str; 3] = ["AwsServiceEvent", "AwsCloudTrailInsight", "AwsVpceEvent"];

/// Reads the caller. A record that names none is one of a service, or, after somebody trimmed it, of somebody
/// unknown; a caller that is no object cannot be read.
pub(super) fn actor(fields: &Fields<'_>) -> Result<Actor, RejectReason> {
    match fields.identity {
        Some(identity) if identity.is_object() => Ok(read(identity)),
        Some(identity) if identity != Value::NULL => {
            Err(RejectReason::Field("userIdentity is no object".to_owned()))
        }
        _ if is_of_service(fields) => Ok(service(fields)),
        _ => Ok(Actor { account: kept(&scalar(fields.account), NAME_BYTES_MAX), ..Actor::default() }),
    }
}

fn is_of_service(fields: &Fields<'_>) -> bool {
    fields.insight.is_some() || OF_SERVICES.contains(&&*scalar(fields.kind))
}

fn service(fields: &Fields<'_>) -> Actor {
    let source = match scalar(fields.source) {
        source if source.is_empty() => "cloudtrail.amazonaws.com".to_owned(),
        source => kept(&source, NAME_BYTES_MAX),
    };
    Actor { kind: ActorKind::AwsService as i32, invoked_by: source, ..Actor::default() }
}

fn read(identity: Value<'_>) -> Actor {
    let mut actor = Actor::default();
    let mut kind = None;
    for (key, value) in identity.fields() {
        let name = |slot: &mut String| *slot = kept(&value.scalar(), NAME_BYTES_MAX);
        match &*key {
            "type" => kind = Some(kind_of(&value.scalar())),
            "arn" => actor.arn = kept(&value.scalar(), ARN_BYTES_MAX),
            "principalId" => actor.principal_id = kept(&value.scalar(), ARN_BYTES_MAX),
            "accountId" => name(&mut actor.account),
            "accessKeyId" => name(&mut actor.access_key_id),
            "userName" => name(&mut actor.user_name),
            "invokedBy" => name(&mut actor.invoked_by),
            "identityProvider" if actor.provider.is_empty() => {
                actor.provider = kept(&value.scalar(), ARN_BYTES_MAX);
            }
            "onBehalfOf" => actor.on_behalf_of = kept(&value.scalar_field("userId"), NAME_BYTES_MAX),
            "sessionContext" => read_session(value, &mut actor),
            "webIdFederationData" => read_federation(value, &mut actor),
            _ => {}
        }
    }
    actor.kind = kind.unwrap_or_else(|| kind_without_type(&actor)) as i32;
    actor
}

fn read_session(session: Value<'_>, actor: &mut Actor) {
    for (key, value) in session.fields() {
        match &*key {
            "sessionIssuer" => read_issuer(value, actor),
            "attributes" => read_attributes(value, actor),
            "webIdFederationData" => read_federation(value, actor),
            "sourceIdentity" => actor.source_identity = kept(&value.scalar(), NAME_BYTES_MAX),
            "ec2RoleDelivery" => actor.ec2_role_delivery = kept(&value.scalar(), NAME_BYTES_MAX),
            _ => {}
        }
    }
}

fn read_issuer(issuer: Value<'_>, actor: &mut Actor) {
    for (key, value) in issuer.fields() {
        match &*key {
            "arn" => actor.issuer_arn = kept(&value.scalar(), ARN_BYTES_MAX),
            "principalId" => actor.issuer_id = kept(&value.scalar(), NAME_BYTES_MAX),
            _ => {}
        }
    }
}

fn read_attributes(attributes: Value<'_>, actor: &mut Actor) {
    for (key, value) in attributes.fields() {
        match &*key {
            "creationDate" => {
                actor.session_created_at_ms = Time::parse(&value.scalar()).map_or(0, Time::ms);
            }
            "mfaAuthenticated" => actor.mfa = truth(value),
            _ => {}
        }
    }
}

fn read_federation(federation: Value<'_>, actor: &mut Actor) {
    let provider = federation.scalar_field("federatedProvider");
    if !provider.is_empty() {
        actor.provider = kept(&provider, ARN_BYTES_MAX);
    }
}

fn kind_of(text: &str) -> ActorKind {
    match text {
        "Root" => ActorKind::Root,
        "IAMUser" => ActorKind::IamUser,
        "AssumedRole" => ActorKind::AssumedRole,
        "Role" => ActorKind::Role,
        "FederatedUser" => ActorKind::FederatedUser,
        "AWSAccount" => ActorKind::AwsAccount,
        "AWSService" => ActorKind::AwsService,
        "WebIdentityUser" => ActorKind::WebIdentityUser,
        "SAMLUser" => ActorKind::SamlUser,
        "IdentityCenterUser" => ActorKind::IdentityCenterUser,
        "Directory" => ActorKind::Directory,
        _ => ActorKind::Unknown,
    }
}

/// Service events name only who invoked them.
fn kind_without_type(actor: &Actor) -> ActorKind {
    if !actor.invoked_by.is_empty() && actor.arn.is_empty() {
        ActorKind::AwsService
    } else if actor.arn.contains(":assumed-role/") {
        ActorKind::AssumedRole
    } else {
        ActorKind::Unknown
    }
}
