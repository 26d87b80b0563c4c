//! Whom policies let in from outside of the inventory: into roles by whom they trust, into resources by what is written
//! at them.
//!
//! Services of AWS are not outside, unless they vouch for somebody who is, nor are canonical ids, which do not tell whose
//! they are.

use std::collections::BTreeSet;

use crate::analysis::comers::{self, Comer, Door, STRANGER, is_outside};
use crate::analysis::ground::{Ground, Guarded};
use crate::analysis::question::truth;
use crate::document::{Effect, Principal as Named, Selection, Statement};
use crate::estate::{AccountId, AssignedBy, Estate, PolicyId, Principal, PrincipalId, PrincipalKind};
use crate::evaluate::{Policies, Policy, Verdict, evaluate_anywhere};
use crate::federation::{Breadth, Subject};
use crate::pattern::Pattern;
use crate::request::{Caller, CallerKind, Context, Membership, Permission, Request};
use crate::truth::Truth;

/// That somebody from outside is let in.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Entrance {
    /// What it leads into: a role or a resource, by its ARN.
    pub into: String,
    /// Who is let in: an account, an identity of one, somebody for whom an issuer vouches, or `*` for everybody.
    pub who: String,
    /// What they are called: `any workflow of repository r of organisation o on GitHub`.
    pub words: String,
    /// How many they may be.
    pub breadth: Breadth,
    /// What must hold for it that is not known, in words; absent where nothing must.
    pub only_if: Option<String>,
    /// The statements by which it is, each as its policy and its number there.
    pub statements: Vec<String>,
    /// Conditions of these that keep nobody out, because a token without what they ask for passes them.
    pub void: Vec<String>,
    /// For whom an issuer vouches.
    pub(crate) subject: Option<Subject>,
}

/// Everybody who is let in from outside, by what they are let into and who they are, each once: without a condition
/// where there is such a way.
#[must_use]
pub fn entrances(estate: &Estate) -> Vec<Entrance> {
    let assignments = estate.center().assigned().filter(|(_, one)| one.by != AssignedBy::Use);
    let exported: BTreeSet<AccountId> =
        assignments.filter_map(|(_, one)| Some(estate.principal(one.role)?.account)).collect();
    Ground::with(estate, |ground| {
        let mut found = Vec::new();
        for (id, principal) in estate.principals() {
            if principal.kind == PrincipalKind::Role && !principal.is_service_linked() {
                found.extend(into_role(ground, (id, principal), &exported));
            }
        }
        for (id, policy) in estate.policies() {
            let guarded = policy.name.strip_suffix(" resource");
            if let Some(into) = guarded.filter(|arn| estate.guard(arn) == Some(id)) {
                Guard { ground, into, policy: id }.find(&mut found);
            }
        }
        found.sort_by(|one, other| one.key().cmp(&other.key()));
        found.dedup_by(|next, kept| (&next.into, &next.who) == (&kept.into, &kept.who));
        found
    })
}

/// Who is let into a role from outside.
fn into_role(
    ground: Ground<'_>,
    (id, role): (PrincipalId, &Principal),
    exported: &BTreeSet<AccountId>,
) -> Vec<Entrance> {
    let told = |mut comer: Comer| {
        if is_of_center(role, &comer) {
            comer.words = assigned(ground.estate, id, exported.contains(&role.account)).into();
        }
        comer.entrance(role.arn())
    };
    comers(ground, id).into_iter().map(told).collect()
}

/// Whether somebody comes into a role of a permission set by the provider that Identity Center has made in its account.
fn is_of_center(role: &Principal, comer: &Comer) -> bool {
    let Some((provider, _)) = &comer.by else { return false };
    let name = provider.split_once(&format!(":{}:saml-provider/AWSSSO_", role.identity.account));
    let number = name.and_then(|(_, name)| name.strip_suffix("_DO_NOT_DELETE"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    role.is_of_permission_set() && number.is_some_and(is_number)
}

/// To whom Identity Center assigns a role, in words. Each of them is in the inventory where assignments are exported.
fn assigned(estate: &Estate, role: PrincipalId, are_exported: bool) -> String {
    match (estate.people_behind(role).len(), are_exported) {
        (0, true) => "nobody to whom an export tells that Identity Center assigns it".to_owned(),
        (1, true) => "the one to whom Identity Center assigns it".to_owned(),
        (people, true) => format!("the {people} to whom Identity Center assigns it"),
        (_, false) => {
            "whoever is assigned it by Identity Center, whose assignments are not exported".to_owned()
        }
    }
}

/// Whom a role lets in from outside.
pub(super) fn comers(ground: Ground<'_>, role: PrincipalId) -> Vec<Comer> {
    let estate = ground.estate;
    let trust = estate.principal(role).and_then(|one| estate.policy(one.trust?)?.document.document());
    let is_asked = trust.is_some_and(|document| comers::names_outsiders(estate, document));
    let guarded = Guarded::role(ground, role).filter(|_| is_asked);
    let account = estate.principal(role).map_or("", |one| &*one.identity.account);
    guarded.map(|guarded| Door { ground, guarded: &guarded, account }.comers()).unwrap_or_default()
}

impl Comer {
    fn entrance(self, into: &str) -> Entrance {
        Entrance {
            into: into.to_owned(),
            who: self.name.to_string(),
            words: self.words.into(),
            breadth: self.breadth,
            only_if: self.only_if,
            statements: self.statements,
            void: self.void,
            subject: self.by.map(|(_, subject)| subject),
        }
    }
}

impl Entrance {
    /// Whether everybody of another one may come in by this one, into whatever it leads.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        self.who == other.who
            || match (&self.subject, &other.subject) {
                (Some(own), Some(other)) => own.covers(other),
                (None, None) => self.who == "*",
                _ => false,
            }
    }

    /// Whether somebody outside may come in by it, by the name.
    pub(crate) fn is_open_to(&self, who: &str) -> bool {
        let is_account = who.starts_with("arn:") || who.bytes().all(|byte| byte.is_ascii_digit());
        let is_like = match &self.subject {
            Some(_) => Pattern::new(&self.who).matches(who),
            None => self.who == "*" && is_account,
        };
        is_like || self.who == who
    }

    fn key(&self) -> (&str, &str, &Option<String>, &Vec<String>) {
        (&self.into, &self.who, &self.only_if, &self.statements)
    }
}

/// How somebody is let in.
enum Entry {
    /// Without a condition.
    Free,
    /// Only if this holds, in words.
    OnlyIf(String),
}

/// A resource with a policy of its own.
struct Guard<'a> {
    ground: Ground<'a>,
    into: &'a str,
    policy: PolicyId,
}

impl Guard<'_> {
    fn find(&self, found: &mut Vec<Entrance>) {
        let Some(policy) = self.ground.estate.policy(self.policy) else { return };
        let Some(document) = policy.document.document() else { return };
        let allows = |(_, statement): &(u32, &Statement)| statement.effect == Effect::Allow;
        for (number, statement) in (1..).zip(&document.statements).filter(allows) {
            for named in comers::named(statement).filter(|one| is_outside(self.ground.estate, one)) {
                let only_if = match self.lets_in(named, statement) {
                    Some(Entry::Free) => None,
                    Some(Entry::OnlyIf(what)) => Some(what),
                    None => continue,
                };
                let sid = statement.sid.as_deref().filter(|sid| !sid.is_empty());
                let sid = sid.map(|sid| format!(" ({sid})")).unwrap_or_default();
                let (who, words, breadth) = comers::told(named);
                found.push(Entrance {
                    into: self.into.to_owned(),
                    who: who.to_owned(),
                    words,
                    breadth,
                    only_if,
                    statements: vec![format!("{} statement {number}{sid}", policy.name)],
                    void: Vec::new(),
                    subject: None,
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
        let guarded = Guarded::new(self.ground, self.resource(statement), "");
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
        match evaluate_anywhere(&request, &policies).verdict {
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
            Some(Selection::Only(patterns)) => patterns.first().map(Pattern::text),
            Some(Selection::AllBut(_)) | None => None,
        };
        named.filter(|text| text.starts_with(self.into) && !text.contains("${")).unwrap_or(self.into)
    }
}
