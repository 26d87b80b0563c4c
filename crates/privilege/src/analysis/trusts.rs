//! Which roles a service may use: those whose trust policy lets it in for all that it does to use one.

use crate::condition::{Condition, Qualifier, Test};
use crate::document::{Document, Effect, Principal as Named, Selection};
use crate::estate::{Estate, PrincipalId};
use crate::pattern::Pattern;

/// Whether a role lets in one of these services, called for a thing of the account of the role.
pub(super) fn trusts(estate: &Estate, role: PrincipalId, services: &[Box<str>]) -> bool {
    let Some(role) = estate.principal(role) else { return false };
    let trust = role.trust.and_then(|id| estate.policy(id)?.document.document());
    let account = &role.identity.account;
    trust.is_some_and(|trust| services.iter().any(|service| lets_in(trust, service, account)))
}

/// Whether a trust policy allows a service all that it asks for where it calls for a thing of an account.
fn lets_in(trust: &Document, service: &str, account: &str) -> bool {
    let allows = |permission: &&str| {
        trust.statements.iter().any(|statement| {
            statement.effect == Effect::Allow
                && statement.names(permission)
                && matches!(&statement.principals, Some(Selection::Only(all)) if all.iter().any(|one| service_of(one) == Some(service)))
                && statement.conditions.iter().all(|condition| may_be_for(condition, account))
        })
    };
    asks_for(service).iter().all(allows)
}

/// Whether a condition may hold where a service calls for a thing of an account. Which thing it is stays open; that its
/// ARN names no account, as that of a bucket, too.
///
/// Sources: IAM User Guide, "AWS global condition context keys" (`aws:SourceAccount`, `aws:SourceArn`) and "IAM JSON policy
/// elements: Condition operators" (ARNs are compared part by part).
fn may_be_for(condition: &Condition, account: &str) -> bool {
    let operator = condition.operator;
    let is_own = |part: &str| part.is_empty() || part.contains("${") || Pattern::new(part).matches(account);
    let of_arn = |arn: &str| match arn.splitn(6, ':').collect::<Vec<_>>().as_slice() {
        [_, _, _, _, part, _] => is_own(part),
        _ => true,
    };
    let is_for: &dyn Fn(&str) -> bool = match (&*condition.key, operator.test) {
        ("aws:sourceaccount", Test::StringEquals | Test::StringEqualsIgnoreCase | Test::StringLike) => {
            &is_own
        }
        ("aws:sourcearn", Test::ArnEquals | Test::ArnLike | Test::StringEquals) => &of_arn,
        _ => return true,
    };
    let is_asked = !operator.if_exists && operator.qualifier != Qualifier::ForAllValues;
    !is_asked || condition.patterns().any(|own| is_for(own.text()))
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
