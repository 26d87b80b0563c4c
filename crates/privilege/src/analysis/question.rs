//! What the evaluation answers about an actor.

use crate::analysis::actor::Actor;
use crate::analysis::explain::Evidence;
use crate::analysis::find::Asked;
use crate::document::Document;
use crate::estate::{AccountId, Estate, PolicyId, PrincipalId, PrincipalKind};
use crate::evaluate::{Leaf, Level, Policies, Policy, Requirement, Verdict, evaluate};
use crate::request::{Caller, CallerKind, Context, Membership, Permission, Request, Resource};
use crate::targets::{Certainty, Said};
use crate::truth::Truth;

/// An actor with its policies at hand.
#[derive(Debug)]
pub(crate) struct Acting<'a> {
    pub(crate) actor: &'a Actor,
    pub(crate) caller: Caller<'a>,
    identity: Vec<Policy<'a>>,
    boundary: Vec<Policy<'a>>,
    service_control: &'a [Level<'a>],
}

/// The control policies of all accounts, at hand.
#[derive(Debug)]
pub(crate) struct Control<'a>(Vec<Vec<(&'a str, Vec<Policy<'a>>)>>);

impl<'a> Control<'a> {
    /// Of an estate.
    pub(crate) fn service(estate: &'a Estate) -> Self {
        let levels = |account: &'a crate::estate::Account| {
            let levels = account.service_control.iter();
            levels.map(|level| (&*account.id, level.iter().map(|id| policy(estate, *id)).collect())).collect()
        };
        Self(estate.accounts().iter().map(levels).collect())
    }

    /// As levels, by account.
    pub(crate) fn levels(&'a self) -> Vec<Vec<Level<'a>>> {
        let level = |(name, policies): &'a (&'a str, Vec<Policy<'a>>)| Level { name, policies };
        self.0.iter().map(|levels| levels.iter().map(level).collect()).collect()
    }
}

fn policy(estate: &Estate, id: PolicyId) -> Policy<'_> {
    let policy = estate.policy(id);
    Policy {
        name: policy.map_or("", |policy| &policy.name),
        document: policy.and_then(|policy| policy.document.document()),
    }
}

impl<'a> Acting<'a> {
    /// An actor of an estate, with the control policies of each account.
    pub(crate) fn new(estate: &'a Estate, levels: &'a [Vec<Level<'a>>], actor: &'a Actor) -> Option<Self> {
        let principal = estate.principal(actor.principal)?;
        let own = actor.policies.iter().map(|id| policy(estate, *id));
        let stripped = actor
            .stripped
            .iter()
            .map(|(id, document)| Policy { document: document.as_ref(), ..policy(estate, *id) });
        let account = estate.account(actor.account)?;
        let kind = match principal.kind {
            PrincipalKind::Role => CallerKind::Role(principal.arn()),
            // What a group has, its members have.
            PrincipalKind::User | PrincipalKind::Group => CallerKind::User(principal.arn()),
        };
        let limited = account.management != account.id && !principal.is_service_linked();
        Some(Self {
            actor,
            caller: Caller {
                kind,
                account: &account.id,
                tags: Some(&principal.tags),
                organisation: membership(estate, actor.account),
                user_id: None,
                canonical_user: None,
            },
            identity: if actor.stripped.is_empty() { own.collect() } else { stripped.collect() },
            boundary: actor.boundary.iter().map(|id| policy(estate, *id)).collect(),
            service_control: levels
                .get(actor.account.0 as usize)
                .filter(|_| limited)
                .map_or(&[], Vec::as_slice),
        })
    }

    /// Whether it has a permission on a resource, or on some of a pattern.
    pub(crate) fn has(&self, need: &Asked, resource: &str) -> Option<Certainty> {
        let resource = Resource::new(resource).in_account(self.caller.account);
        self.answer((&need.permission, self.context(need)), resource, &[])
    }

    /// Whether it may assume a role.
    pub(crate) fn may_assume(
        &self,
        (estate, assuming): (&Estate, &Asked),
        role: PrincipalId,
    ) -> Option<Certainty> {
        let target = estate.principal(role)?;
        let trust = [policy(estate, target.trust?)];
        let mut resource = Resource::new(target.arn());
        resource.tags = Some(&target.tags);
        resource.organisation = membership(estate, target.account);
        self.answer((&assuming.permission, self.context(assuming)), resource, &trust)
    }

    fn context<'n>(&self, need: &'n Asked) -> &'n Context {
        let [of_role, of_user] = &need.contexts;
        if matches!(self.caller.kind, CallerKind::Role(_)) { of_role } else { of_user }
    }

    fn answer(
        &self,
        (permission, context): (&Permission, &Context),
        resource: Resource<'_>,
        of_resource: &[Policy<'_>],
    ) -> Option<Certainty> {
        let request = Request { caller: self.caller, permission, resource, context };
        certainty(evaluate(&request, &self.policies(of_resource)).verdict, true)
    }

    /// Whether it has a permission on everything of a pattern, but for what is denied by name.
    pub(crate) fn has_on_all(&self, need: &Asked, pattern: &str) -> Option<Certainty> {
        let resource = Resource::new(pattern).in_account(self.caller.account);
        let request = Request {
            caller: self.caller,
            permission: &need.permission,
            resource,
            context: self.context(need),
        };
        certainty(evaluate(&request, &self.policies(&[])).verdict, false)
    }

    /// Shows what lets it have a permission on a resource.
    pub(crate) fn show(&self, need: &Asked, resource: &str, evidence: &mut Evidence) {
        let resource = Resource::new(resource).in_account(self.caller.account);
        self.tell((&need.permission, self.context(need)), resource, (&[], evidence));
    }

    /// Shows what lets it assume a role.
    pub(crate) fn show_assume(
        &self,
        (estate, assuming): (&Estate, &Asked),
        role: PrincipalId,
        evidence: &mut Evidence,
    ) {
        let Some(target) = estate.principal(role) else { return };
        let trust: Vec<Policy<'_>> = target.trust.map(|id| policy(estate, id)).into_iter().collect();
        let mut resource = Resource::new(target.arn());
        resource.tags = Some(&target.tags);
        resource.organisation = membership(estate, target.account);
        self.tell((&assuming.permission, self.context(assuming)), resource, (&trust, evidence));
    }

    fn tell(
        &self,
        (permission, context): (&Permission, &Context),
        resource: Resource<'_>,
        (of_resource, evidence): (&[Policy<'_>], &mut Evidence),
    ) {
        let request = Request { caller: self.caller, permission, resource, context };
        let policies = self.policies(of_resource);
        let answer = evaluate(&request, &policies);
        for at in answer.because.iter() {
            let sid = policies
                .sid(at)
                .filter(|sid| !sid.is_empty())
                .map(|sid| format!(" ({sid})"))
                .unwrap_or_default();
            evidence.statements.push(format!("{} statement {}{sid}", policies.name(at), at.statement));
        }
        if let Verdict::OnlyIf(requirement) = answer.verdict
            && truth(&requirement, true) == Truth::Open
        {
            evidence.only_if.push(requirement.to_string());
        }
    }

    fn policies<'p>(&'p self, of_resource: &'p [Policy<'p>]) -> Policies<'p> {
        Policies {
            identity: &self.identity,
            boundary: &self.boundary,
            service_control: self.service_control,
            resource: of_resource,
            ..Policies::default()
        }
    }

    /// What its policies say of a permission.
    pub(crate) fn said(&self, permission: &Permission) -> Said<'_> {
        let granting = self.identity.iter().filter_map(|policy| policy.document);
        let control = self.service_control.iter().flat_map(|level| level.policies);
        let limiting = self.boundary.iter().chain(control).filter_map(|policy| policy.document);
        Said::new(granting, limiting, permission.name())
    }
}

/// How sure a verdict is. Of resources that are given by a pattern some can be chosen, or all are meant, and then it
/// is no answer that some match.
fn certainty(verdict: Verdict<'_>, chosen: bool) -> Option<Certainty> {
    match verdict {
        Verdict::Allowed => Some(Certainty::Certain),
        Verdict::OnlyIf(requirement) => match truth(&requirement, chosen) {
            Truth::Yes => Some(Certainty::Certain),
            Truth::Open => Some(Certainty::OnlyIf),
            Truth::No => None,
        },
        Verdict::Denied(_) | Verdict::Unknown => None,
    }
}

fn truth(requirement: &Requirement<'_>, chosen: bool) -> Truth {
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

fn membership(estate: &Estate, account: AccountId) -> Membership<'_> {
    match estate.account(account) {
        Some(account) if !account.organisation.is_empty() => {
            Membership::Of { id: &account.organisation, path: &account.path, management: &account.management }
        }
        Some(_) | None => Membership::Unknown,
    }
}

/// A document without what it denies.
pub(crate) fn without_denials(document: &Document) -> Document {
    let mut stripped = document.clone();
    stripped.statements.retain(|statement| statement.effect == crate::document::Effect::Allow);
    stripped
}
