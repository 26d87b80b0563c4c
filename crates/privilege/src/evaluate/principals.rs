//! Whom a statement of a resource names, and how directly.
//!
//! Source: IAM User Guide, "IAM JSON policy elements: Principal", "NotPrincipal", and "Permissions boundaries for IAM
//! entities" (evaluating effective permissions with boundaries).

use super::answer::{At, LayerKind};
use super::logic::{Leaf, Logic};
use super::{Policies, layers::Named};
use crate::document::{Effect, Principal, Selection, Statement};
use crate::request::{Caller, CallerKind, Request, last_name};

/// Whether a statement names the caller, whatever for.
pub(super) fn names<'a, L: Logic<'a>>(
    statement: &'a Statement,
    request: &Request<'a>,
    policies: &Policies<'a>,
    at: At,
) -> L {
    match at.layer {
        LayerKind::Resource => {
            let named = named::<L>(statement, request, policies, at);
            named.directly.or(named.role).or(named.account)
        }
        // These name nobody or everybody; a policy of an endpoint may name some.
        LayerKind::Endpoint | LayerKind::ResourceControl if statement.principals.is_some() => {
            let named = named::<L>(statement, request, policies, at);
            named.directly.or(named.role).or(named.account)
        }
        _ => L::YES,
    }
}

/// How a statement of a resource names the caller.
pub(super) fn named<'a, L: Logic<'a>>(
    statement: &'a Statement,
    request: &Request<'a>,
    policies: &Policies<'a>,
    at: At,
) -> Named<L> {
    match &statement.principals {
        // Of nobody.
        None => Named::nobody(),
        Some(Selection::Only(principals)) => any(principals, &request.caller, at),
        Some(Selection::AllBut(principals)) => {
            // "NotPrincipal": a caller with a permissions boundary is denied whoever is excepted.
            let is_bound = statement.effect == Effect::Deny && !policies.boundary.is_empty();
            let excepted = any::<L>(principals, &request.caller, at);
            let directly = match is_bound {
                true => L::YES,
                false => excepted.directly.or(excepted.role).or(excepted.account).not(),
            };
            Named { directly, ..Named::nobody() }
        }
    }
}

fn any<'a, L: Logic<'a>>(principals: &'a [Principal], caller: &Caller<'a>, at: At) -> Named<L> {
    let mut named = Named::nobody();
    for principal in principals {
        match principal {
            Principal::Everybody => named.directly = L::YES,
            Principal::Account(account) if caller.is_identity() && **account == *caller.account => {
                named.account = L::YES;
            }
            Principal::Aws(name) => by_name(&mut named, name, caller, at),
            Principal::Service(name) if caller.kind == CallerKind::Service(name) => named.directly = L::YES,
            Principal::Federated(name) if is_provider(name, caller) => named.directly = L::YES,
            Principal::CanonicalUser(id) if caller.is_identity() => {
                let is_own = match caller.canonical_user {
                    Some(own) => L::of(own == &**id),
                    None => L::open(Leaf::CanonicalUser(id, at)),
                };
                named.account = named.account.or(is_own);
            }
            Principal::Account(_)
            | Principal::Service(_)
            | Principal::Federated(_)
            | Principal::CanonicalUser(_) => {}
        }
    }
    named
}

/// Takes in a principal that is named by an ARN or a unique id.
fn by_name<'a, L: Logic<'a>>(named: &mut Named<L>, name: &'a str, caller: &Caller<'a>, at: At) {
    // "Principal": AWS writes the unique id where an identity was deleted; no other identity ever has it.
    if !name.starts_with("arn:") {
        if caller.user_id.is_some_and(|own| own.split(':').next() == Some(name)) {
            match caller.kind {
                CallerKind::Role(_) | CallerKind::Session { .. } => named.role = L::YES,
                _ => named.directly = L::YES,
            }
        }
        return;
    }
    match caller.kind {
        CallerKind::User(arn) | CallerKind::FederatedUser(arn) | CallerKind::Root(arn) => {
            if arn == name {
                named.directly = L::YES;
            }
        }
        CallerKind::Role(arn) if arn == name => named.role = L::YES,
        CallerKind::Role(arn) => {
            if session(name, caller.account).is_some_and(|(role, _)| role == last_name(arn)) {
                let is_it = L::open(Leaf::Session(name, at));
                let before = std::mem::replace(&mut named.directly, L::NO);
                named.directly = before.or(is_it);
            }
        }
        CallerKind::Session { role, role_name, name: own } => {
            let is_role = match role {
                Some(arn) => arn == name,
                // Roles of one account have different names, whatever their paths.
                None => {
                    account_of(name) == caller.account
                        && name.contains(":role/")
                        && last_name(name) == role_name
                }
            };
            if is_role {
                named.role = L::YES;
            }
            if session(name, caller.account) == Some((role_name, own)) {
                named.directly = L::YES;
            }
        }
        CallerKind::Anonymous | CallerKind::Service(_) | CallerKind::Federated(_) => {}
    }
}

fn account_of(arn: &str) -> &str {
    arn.split(':').nth(4).unwrap_or("")
}

/// The names of role and session, when an ARN is that of a session in this account.
fn session<'a>(arn: &'a str, account: &str) -> Option<(&'a str, &'a str)> {
    let names = arn.split_once(":assumed-role/").filter(|_| account_of(arn) == account)?.1;
    names.split_once('/')
}

/// Whether a provider of identities is the caller's; it may be named by its ARN or by its host.
fn is_provider(name: &str, caller: &Caller<'_>) -> bool {
    let CallerKind::Federated(own) = caller.kind else { return false };
    let host = |name: &str| name.split_once(":oidc-provider/").map_or(name, |(_, host)| host).to_owned();
    own == name
        || (!(own.contains(":saml-provider/") || name.contains(":saml-provider/")) && host(own) == host(name))
}
