//! What the evaluation answers about an actor.

use crate::analysis::actor::Actor;
use crate::analysis::data::Asks;
use crate::analysis::explain::Evidence;
use crate::analysis::ground::{Ground, Guarded, membership, policy};
use crate::analysis::method::Asked;
use crate::document::{Document, Effect};
use crate::estate::{AccountId, Estate, Principal, PrincipalId, PrincipalKind};
use crate::evaluate::{
    Answer, Leaf, Level, Policies, Policy, Requirement, Verdict, evaluate_anywhere, picked_region,
};
use crate::request::{Caller, CallerKind, Context, Permission, Request};
use crate::targets::{Certainty, Said};
use crate::truth::Truth;

/// An actor with its policies at hand.
#[derive(Debug)]
pub(crate) struct Acting<'a> {
    pub(crate) actor: &'a Actor,
    pub(crate) caller: Caller<'a>,
    ground: Ground<'a>,
    identity: Vec<Policy<'a>>,
    boundary: Vec<Policy<'a>>,
    service_control: &'a [Level<'a>],
}

impl<'a> Acting<'a> {
    /// An actor on its ground.
    pub(crate) fn new(ground: Ground<'a>, actor: &'a Actor) -> Option<Self> {
        let estate = ground.estate;
        let principal = estate.principal(actor.principal)?;
        let limited = !principal.is_service_linked();
        Some(Self {
            actor,
            caller: caller(estate, principal)?,
            ground,
            identity: actor.policies.iter().map(|id| policy(estate, *id)).collect(),
            boundary: actor.boundary.iter().map(|id| policy(estate, *id)).collect(),
            service_control: if limited { ground.service_control(actor.account) } else { &[] },
        })
    }

    /// The estate it acts in.
    pub(crate) const fn estate(&self) -> &'a Estate {
        self.ground.estate
    }

    /// Whether it has a permission on a resource, or on some of a pattern.
    pub(crate) fn has(&self, need: &Asked, resource: &str) -> Option<Certainty> {
        let guarded = Guarded::new(self.ground, resource, self.caller.account);
        self.ask((&need.permission, self.context(need)), &guarded, |answer, _| {
            certainty(&answer.verdict, true)
        })
    }

    /// Whether it has a permission on something that it may name as it likes, of a pattern.
    pub(crate) fn has_on_named(&self, need: &Asked, pattern: &str) -> Option<Certainty> {
        let guarded = Guarded::named(self.ground, pattern, self.caller.account);
        self.ask((&need.permission, self.context(need)), &guarded, |answer, _| {
            certainty(&answer.verdict, true)
        })
    }

    /// Whether it may assume a role.
    pub(crate) fn may_assume(&self, assuming: &Asked, role: PrincipalId) -> Option<Certainty> {
        let guarded = Guarded::role(self.ground, role)?;
        let asked = (&assuming.permission, self.context(assuming));
        self.ask(asked, &guarded, |answer, _| certainty(&answer.verdict, true))
    }

    /// Whether it has a permission on everything of a pattern, but for what is denied by name.
    pub(crate) fn has_on_all(&self, need: &Asked, pattern: &str) -> Option<Certainty> {
        let guarded = Guarded::new(self.ground, pattern, self.caller.account);
        self.ask((&need.permission, self.context(need)), &guarded, |answer, _| {
            certainty(&answer.verdict, false)
        })
    }

    /// Shows what lets it have a permission on a resource.
    pub(crate) fn show(&self, need: &Asked, resource: &str, evidence: &mut Evidence) {
        let guarded = Guarded::new(self.ground, resource, self.caller.account);
        self.pose((&need.permission, self.context(need)), &guarded, |request, policies| {
            evidence.add(&evaluate_anywhere(request, policies), policies);
            evidence.regions.extend(picked_region(request, policies));
        });
    }

    /// Shows what lets it assume a role.
    pub(crate) fn show_assume(&self, assuming: &Asked, role: PrincipalId, evidence: &mut Evidence) {
        if let Some(guarded) = Guarded::role(self.ground, role) {
            let asked = (&assuming.permission, self.context(assuming));
            self.ask(asked, &guarded, |answer, policies| evidence.add(answer, policies));
        }
    }

    /// Asks the evaluation, and hands on what it answers in the region that suits the actor best.
    pub(crate) fn ask<T>(
        &self,
        asked: (&Permission, &Context),
        guarded: &Guarded<'_>,
        take: impl FnOnce(&Answer<'_>, &Policies<'_>) -> T,
    ) -> T {
        self.pose(asked, guarded, |request, policies| take(&evaluate_anywhere(request, policies), policies))
    }

    /// Hands on a request of the actor with the policies that speak of it.
    pub(crate) fn pose<T>(
        &self,
        (permission, context): (&Permission, &Context),
        guarded: &Guarded<'_>,
        take: impl FnOnce(&Request<'_>, &Policies<'_>) -> T,
    ) -> T {
        let request = Request { caller: self.caller, permission, resource: guarded.resource(), context };
        let policies = Policies {
            identity: &self.identity,
            boundary: &self.boundary,
            service_control: self.service_control,
            resource_control: guarded.resource_control,
            resource: &guarded.policies,
            ..Policies::default()
        };
        take(&request, &policies)
    }

    /// What is known where this one asks.
    pub(crate) fn context<'n>(&self, need: &'n Asked) -> &'n Context {
        need.context(matches!(self.caller.kind, CallerKind::Role(_)))
    }

    /// What its policies say of a permission on things of an account, and what limits access to these.
    pub(crate) fn said_in(&self, permission: &Permission, account: AccountId) -> Said<'_> {
        let mut said = self.said(permission);
        let control = self.ground.resource_control(account).iter().flat_map(|level| level.policies);
        let statements = control.filter_map(|policy| policy.document).flat_map(|one| &one.statements);
        let named = statements.filter(|statement| statement.names(permission.name()));
        said.limits.push(named.collect());
        said
    }

    /// What its policies say of a permission.
    pub(crate) fn said(&self, permission: &Permission) -> Said<'_> {
        let documents = |policies: &[Policy<'a>]| -> Vec<&'a Document> {
            policies.iter().filter_map(|policy| policy.document).collect()
        };
        let boundary = std::iter::once(&*self.boundary).filter(|boundary| !boundary.is_empty());
        let control = self.service_control.iter().map(|level| level.policies);
        let limits = boundary.chain(control).map(|layer| documents(layer).into_iter());
        let mut said = Said::new(documents(&self.identity).into_iter(), limits, permission.name());
        // Beside what allows it on everything, nothing else that allows it matters.
        if said.granting.iter().any(|statement| statement.is_unlimited()) {
            said.granting.retain(|statement| statement.effect == Effect::Deny || statement.is_unlimited());
        }
        said
    }
}

impl Asks for Acting<'_> {
    fn has(&self, asked: &Asked, arn: &str) -> Option<Certainty> {
        self.has(asked, arn)
    }

    fn show(&self, asked: &Asked, arn: &str, evidence: &mut Evidence) {
        self.show(asked, arn, evidence);
    }
}

/// A principal as the evaluation takes it; `None` where its account is not there.
pub(super) fn caller<'a>(estate: &'a Estate, principal: &'a Principal) -> Option<Caller<'a>> {
    let kind = match principal.kind {
        PrincipalKind::Role => CallerKind::Role(principal.arn()),
        // What a group has, its members have.
        PrincipalKind::User | PrincipalKind::Group | PrincipalKind::Person => {
            CallerKind::User(principal.arn())
        }
    };
    Some(Caller {
        kind,
        account: &estate.account(principal.account)?.id,
        tags: Some(&principal.tags),
        organisation: membership(estate, principal.account),
        user_id: None,
        canonical_user: None,
    })
}

/// Somebody of whom the inventory shows nothing: everybody, another account, or an identity of one. It is taken to have
/// all permissions at home.
#[derive(Debug)]
pub(crate) struct Outsider<'a> {
    ground: Ground<'a>,
    /// As a caller; empty for everybody.
    arn: String,
    own: Policy<'a>,
}

impl<'a> Outsider<'a> {
    /// By the name that policies of resources give it; `None` for whom no request comes from.
    pub(crate) fn new(ground: Ground<'a>, name: &str) -> Option<Self> {
        let is_number = name.bytes().all(|byte| byte.is_ascii_digit());
        let arn = if is_number { format!("arn:aws:iam::{name}:root") } else { name.to_owned() };
        Caller::of(&arn)?;
        Some(Self { ground, arn, own: policy(ground.estate, ground.estate.any_policy()) })
    }

    fn ask<T>(
        &self,
        asked: &Asked,
        arn: &str,
        take: impl FnOnce(&Answer<'_>, &Policies<'_>) -> T,
    ) -> Option<T> {
        let caller = Caller::of(&self.arn)?;
        let guarded = Guarded::new(self.ground, arn, caller.account);
        let context = asked.context(caller.role().is_some());
        let request =
            Request { caller, permission: &asked.permission, resource: guarded.resource(), context };
        let policies = Policies {
            identity: if caller.is_identity() { std::slice::from_ref(&self.own) } else { &[] },
            resource_control: guarded.resource_control,
            resource: &guarded.policies,
            ..Policies::default()
        };
        Some(take(&evaluate_anywhere(&request, &policies), &policies))
    }
}

impl Asks for Outsider<'_> {
    fn has(&self, asked: &Asked, arn: &str) -> Option<Certainty> {
        self.ask(asked, arn, |answer, _| certainty(&answer.verdict, true)).flatten()
    }

    fn show(&self, asked: &Asked, arn: &str, evidence: &mut Evidence) {
        self.ask(asked, arn, |answer, policies| evidence.add(answer, policies));
        // What it may at home is not shown, but taken for granted.
        evidence.statements.retain(|statement| !statement.starts_with(self.own.name));
    }
}

impl Evidence {
    /// What an answer is because of.
    fn add(&mut self, answer: &Answer<'_>, policies: &Policies<'_>) {
        for at in answer.because.iter() {
            let sid = policies.sid(at).filter(|sid| !sid.is_empty());
            let sid = sid.map(|sid| format!(" ({sid})")).unwrap_or_default();
            let said = format!("{} statement {}{sid}", policies.name(at), at.statement);
            // A control policy may be attached to several levels.
            if !self.statements.contains(&said) {
                self.statements.push(said);
            }
        }
        if let Verdict::OnlyIf(requirement) = &answer.verdict
            && truth(requirement, true) == Truth::Open
        {
            self.only_if.push(requirement.to_string());
        }
    }

    /// Of an answer.
    pub(crate) fn of(answer: &Answer<'_>, policies: &Policies<'_>) -> Self {
        let mut evidence = Self::default();
        evidence.add(answer, policies);
        evidence
    }
}

/// How sure a verdict is. Of resources that are given by a pattern some can be chosen, or all are meant, and then it
/// is no answer that some match.
fn certainty(verdict: &Verdict<'_>, chosen: bool) -> Option<Certainty> {
    match verdict {
        Verdict::Allowed => Some(Certainty::Certain),
        Verdict::OnlyIf(requirement) => match truth(requirement, chosen) {
            Truth::Yes => Some(Certainty::Certain),
            Truth::Open => Some(Certainty::OnlyIf),
            Truth::No => None,
        },
        Verdict::Denied(_) | Verdict::Unknown => None,
    }
}

pub(crate) fn truth(requirement: &Requirement<'_>, chosen: bool) -> Truth {
    match requirement {
        Requirement::Never => Truth::No,
        Requirement::Always => Truth::Yes,
        Requirement::Leaf { leaf: Leaf::Resource(..), holds } => match chosen || !holds {
            true => Truth::Yes,
            false => Truth::No,
        },
        Requirement::Leaf { .. } => Truth::Open,
        Requirement::All(parts) => parts.iter().map(|part| truth(part, chosen)).min().unwrap_or(Truth::Yes),
        Requirement::Any(parts) => parts.iter().map(|part| truth(part, chosen)).max().unwrap_or(Truth::No),
    }
}
