//! Which roles a service may use: those whose trust policy lets it in for all that it does to use one.

use crate::document::{Document, Effect, Principal as Named, Selection};
use crate::estate::{Estate, PrincipalId};

/// Whether a role lets in one of these services.
pub(super) fn trusts(estate: &Estate, role: PrincipalId, services: &[Box<str>]) -> bool {
    let trust = estate.principal(role).and_then(|one| one.trust).and_then(|id| estate.policy(id));
    let document = trust.and_then(|policy| policy.document.document());
    document.is_some_and(|document| services.iter().any(|service| lets_in(document, service)))
}

/// Whether a trust policy allows a service all that it asks for.
fn lets_in(trust: &Document, service: &str) -> bool {
    let allows = |permission: &&str| {
        trust.statements.iter().any(|statement| {
            statement.effect == Effect::Allow
                && statement.names(permission)
                && matches!(&statement.principals, Some(Selection::Only(all)) if all.iter().any(|one| service_of(one) == Some(service)))
        })
    };
    asks_for(service).iter().all(allows)
}

/// The service that a trust policy names, without the ending of a partition; or who vouches for others, as identity pools
/// of Cognito do.
pub(super) fn service_of(named: &Named) -> Option<&str> {
    match named {
        Named::Service(name) => Some(name.strip_suffix(".cn").unwrap_or(name)),
        Named::Federated(name) => Some(name),
        Named::Everybody | Named::Account(_) | Named::Aws(_) | Named::CanonicalUser(_) => None,
    }
}

/// What a trust policy must allow a service, in lower case.
///
/// Sources: Amazon EKS User Guide, "Create IAM role with trust policy required by EKS Pod Identity"; IAM Roles Anywhere
/// User Guide, "The IAM Roles Anywhere trust model"; Amazon Cognito Developer Guide, "Using role-based access control".
fn asks_for(service: &str) -> &'static [&'static str] {
    match service {
        "pods.eks.amazonaws.com" => &["sts:assumerole", "sts:tagsession"],
        "rolesanywhere.amazonaws.com" => &["sts:assumerole", "sts:setsourceidentity", "sts:tagsession"],
        "cognito-identity.amazonaws.com" => &["sts:assumerolewithwebidentity"],
        _ => &["sts:assumerole"],
    }
}
