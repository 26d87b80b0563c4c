//! Whom policies let in from outside of the inventory: into roles by whom they trust, into resources by what is written
//! at them.
//!
//! Services of AWS are not outside, nor are canonical ids, which do not tell whose they are.

use crate::analysis::ground::{Ground, Guarded};
use crate::analysis::question::truth;
use crate::document::{Effect, Principal as Named, Selection, Statement};
use crate::estate::{Estate, PolicyId, PrincipalId, PrincipalKind};
use crate::evaluate::{Policies, Policy, Verdict, evaluate};
use crate::request::{Caller, CallerKind, Context, Membership, Permission, Request};
use crate::truth::Truth;

/// That somebody from outside is let in.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Entrance {
    /// What it leads into: a role or a resource, by its ARN.
    pub into: String,
    /// Who is let in: an account, an identity of one, a provider of identities, or `*` for everybody.
    pub who: String,
    /// What must hold for it that is not known, in words; absent where nothing must.
    pub only_if: Option<String>,
    /// The statement by which it is, as its policy and its number there.
    pub statement: String,
}

/// Everybody who is let in from outside, by what they are let into and who they are, each once: without a condition
/// where there is such a way.
#[must_use]
pub fn entrances(estate: &Estate) -> Vec<Entrance> {
    Ground::with(estate, |ground| {
        let mut found = Vec::new();
        for (id, principal) in estate.principals() {
            let is_open = principal.kind == PrincipalKind::Role && !principal.is_service_linked();
            if let Some(trust) = principal.trust.filter(|_| is_open) {
                Door { ground, into: principal.arn(), role: Some(id), policy: trust }.find(&mut found);
            }
        }
        for (id, policy) in estate.policies() {
            let guarded = policy.name.strip_suffix(" resource");
            if let Some(into) = guarded.filter(|arn| estate.guard(arn) == Some(id)) {
                Door { ground, into, role: None, policy: id }.find(&mut found);
            }
        }
        found.sort_unstable();
        found.dedup_by(|next, kept| (&next.into, &next.who) == (&kept.into, &kept.who));
        found
    })
}

/// How somebody is let in.
enum Entry {
    /// Without a condition.
    Free,
    /// Only if this holds, in words.
    OnlyIf(String),
}

/// Something with a policy of its own.
struct Door<'a> {
    ground: Ground<'a>,
    into: &'a str,
    /// Set for roles.
    role: Option<PrincipalId>,
    policy: PolicyId,
}

impl Door<'_> {
    fn find(&self, found: &mut Vec<Entrance>) {
        let Some(policy) = self.ground.estate.policy(self.policy) else { return };
        let Some(document) = policy.document.document() else { return };
        for (number, statement) in (1..).zip(&document.statements) {
            for named in outsiders(self.ground.estate, statement) {
                let only_if = match self.lets_in(named, statement) {
                    Some(Entry::Free) => None,
                    Some(Entry::OnlyIf(what)) => Some(what),
                    None => continue,
                };
                let sid = statement.sid.as_deref().filter(|sid| !sid.is_empty());
                let sid = sid.map(|sid| format!(" ({sid})")).unwrap_or_default();
                found.push(Entrance {
                    into: self.into.to_owned(),
                    who: text(named).to_owned(),
                    only_if,
                    statement: format!("{} statement {number}{sid}", policy.name),
                });
            }
        }
    }

    /// Whether somebody is let in by a statement, whatever the others deny; and what must hold for it. Whoever is outside
    /// is taken to have all rights that its own side can give.
    fn lets_in(&self, named: &Named, statement: &Statement) -> Option<Entry> {
        let estate = self.ground.estate;
        let root = match named {
            Named::Account(account) => format!("arn:aws:iam::{account}:root"),
            _ => STRANGER.to_owned(),
        };
        let caller = match named {
            Named::Everybody => Caller { organisation: Membership::Outside, ..Caller::of(&root)? },
            Named::Account(_) => Caller::of(&root)?,
            Named::Aws(arn) => Caller::of(arn)?,
            Named::Federated(name) => Caller { kind: CallerKind::Federated(name), ..Caller::anonymous() },
            Named::Service(_) | Named::CanonicalUser(_) => return None,
        };
        let guarded = match self.role {
            Some(role) => Guarded::role(self.ground, role)?,
            None => Guarded::new(self.ground, self.resource(statement), ""),
        };
        let any = estate.policy(estate.any_policy())?;
        let own = [Policy { name: &any.name, document: any.document.document() }];
        let policies = Policies {
            identity: if caller.is_identity() { &own } else { &[] },
            resource: &guarded.policies,
            resource_control: guarded.resource_control,
            ..Policies::default()
        };
        let permission = match &statement.permissions {
            Selection::Only(patterns) => Permission::new(patterns.first()?.text()),
            Selection::AllBut(_) => Permission::new("*"),
        };
        let context = Context::unknown();
        let request =
            Request { caller, permission: &permission, resource: guarded.resource(), context: &context };
        match evaluate(&request, &policies).verdict {
            Verdict::Allowed => Some(Entry::Free),
            Verdict::OnlyIf(requirement) => match truth(&requirement, true) {
                Truth::Yes => Some(Entry::Free),
                Truth::Open => Some(Entry::OnlyIf(requirement.to_string())),
                Truth::No => None,
            },
            Verdict::Denied(_) | Verdict::Unknown => None,
        }
    }

    /// On what a statement lets somebody in: the thing itself, or what is in it.
    fn resource<'s>(&'s self, statement: &'s Statement) -> &'s str {
        let named = match &statement.resources {
            Some(Selection::Only(patterns)) => patterns.first().map(crate::pattern::Pattern::text),
            Some(Selection::AllBut(_)) | None => None,
        };
        named.filter(|text| text.starts_with(self.into) && !text.contains("${")).unwrap_or(self.into)
    }
}

/// Whom a statement that allows names from outside.
fn outsiders<'a>(estate: &'a Estate, statement: &'a Statement) -> impl Iterator<Item = &'a Named> {
    let allows = statement.effect == Effect::Allow;
    let named = match statement.principals.as_ref().filter(|_| allows) {
        Some(Selection::Only(named)) => named.as_slice(),
        // All but some are nearly everybody.
        Some(Selection::AllBut(_)) => std::slice::from_ref(&Named::Everybody),
        None => &[],
    };
    named.iter().filter(|named| match named {
        Named::Everybody | Named::Federated(_) => true,
        Named::Account(account) => estate.find_account(account).is_none(),
        // The unique id that is left of somebody who was deleted lets nobody in.
        Named::Aws(arn) => {
            let account = arn.split(':').nth(4).filter(|_| arn.starts_with("arn:"));
            account.is_some_and(|account| estate.find_account(account).is_none())
        }
        Named::Service(_) | Named::CanonicalUser(_) => false,
    })
}

fn text(named: &Named) -> &str {
    match named {
        Named::Everybody => "*",
        Named::Account(text)
        | Named::Aws(text)
        | Named::Service(text)
        | Named::Federated(text)
        | Named::CanonicalUser(text) => text,
    }
}

/// Stands for an account of which nothing is known.
const STRANGER: &str = "arn:aws:iam::000000000000:root";
