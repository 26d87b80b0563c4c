//! Who acted, out of `userIdentity`.

use doorward_model::event::{Actor, ActorKind};
use doorward_model::reject::RejectReason;
use doorward_model::time::Time;

use crate::cloudtrail::{ARN_BYTES_MAX, Fields, NAME_BYTES_MAX, kept, scalar, truth};
use crate::json::value::{Value, Walk};

/// Kinds of record that come without a `userIdentity` because a service acted for itself.
const OF_SERVICES: [&str; 3] = ["AwsServiceEvent", "AwsCloudTrailInsight", "AwsVpceEvent"];

/// Reads the caller. A record that names none is one of a service, or, after somebody trimmed it, of somebody
/// unknown; a caller that is no object cannot be read.
pub(super) fn actor(fields: &Fields<'_>) -> Result<Actor, RejectReason> {
    match fields.identity {
        Some(identity) if identity.is_object() => Ok(named(read(identity), fields)),
        Some(identity) if identity != Value::NULL => {
            Err(RejectReason::Field("userIdentity is no object".to_owned()))
        }
        _ if is_of_service(fields) => Ok(service(fields)),
        _ => Ok(Actor { account: kept(&scalar(fields.account), NAME_BYTES_MAX), ..Actor::default() }),
    }
}

/// Sign-ins of persons of Identity Center name them beside their identity.
fn named(mut actor: Actor, fields: &Fields<'_>) -> Actor {
    let is_person = matches!(actor.kind(), ActorKind::IdentityCenterUser | ActorKind::Directory);
    if is_person && actor.user_name.is_empty() {
        let name =
            fields.additional.map(|additional| additional.scalar_field("UserName")).unwrap_or_default();
        if name != HIDDEN_NAME {
            actor.user_name = kept(&name, NAME_BYTES_MAX);
        }
    }
    actor
}

/// CloudTrail writes this for a name that may be a password typed into the wrong field.
const HIDDEN_NAME: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";

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
    Walk::of(identity).object(|key, walk| match key {
        "type" => kind = Some(kind_of(&walk.scalar())),
        "arn" => actor.arn = arn(walk),
        "principalId" => actor.principal_id = arn(walk),
        "accountId" => actor.account = name(walk),
        "accessKeyId" => actor.access_key_id = name(walk),
        "userName" => actor.user_name = name(walk),
        "invokedBy" => actor.invoked_by = name(walk),
        "identityProvider" if actor.provider.is_empty() => actor.provider = arn(walk),
        "onBehalfOf" => walk.object(|key, walk| {
            if key == "userId" {
                actor.on_behalf_of = name(walk);
            }
        }),
        "sessionContext" => read_session(walk, &mut actor),
        "webIdFederationData" => read_federation(walk, &mut actor),
        _ => {}
    });
    actor.kind = kind.unwrap_or_else(|| kind_without_type(&actor)) as i32;
    actor
}

fn name(walk: &mut Walk<'_>) -> String {
    kept(&walk.scalar(), NAME_BYTES_MAX)
}

fn arn(walk: &mut Walk<'_>) -> String {
    kept(&walk.scalar(), ARN_BYTES_MAX)
}

fn read_session(session: &mut Walk<'_>, actor: &mut Actor) {
    session.object(|key, walk| match key {
        "sessionIssuer" => read_issuer(walk, actor),
        "attributes" => read_attributes(walk, actor),
        "webIdFederationData" => read_federation(walk, actor),
        "sourceIdentity" => actor.source_identity = name(walk),
        "ec2RoleDelivery" => actor.ec2_role_delivery = name(walk),
        _ => {}
    });
}

fn read_issuer(issuer: &mut Walk<'_>, actor: &mut Actor) {
    issuer.object(|key, walk| {
        if key == "arn" {
            actor.issuer_arn = arn(walk);
        }
    });
}

fn read_attributes(attributes: &mut Walk<'_>, actor: &mut Actor) {
    attributes.object(|key, walk| match key {
        "creationDate" => actor.session_created_at_ms = Time::parse(&walk.scalar()).map_or(0, Time::ms),
        "mfaAuthenticated" => actor.mfa = truth(walk.value()),
        _ => {}
    });
}

fn read_federation(federation: &mut Walk<'_>, actor: &mut Actor) {
    federation.object(|key, walk| {
        if key != "federatedProvider" {
            return;
        }
        let provider = arn(walk);
        if !provider.is_empty() {
            actor.provider = provider;
        }
    });
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
