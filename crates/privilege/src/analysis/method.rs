//! A method of escalation, made ready to be asked of many.

use std::collections::BTreeSet;

use doorward_model::time::{Millis, Time};

use crate::analysis::draft::{PoolKey, PoolOf};
use crate::analysis::find::least;
use crate::analysis::part::Parts;
use crate::analysis::question::Acting;
use crate::document::{Effect, Selection};
use crate::escalation::{Gives, Kind, On, Rule, Target};
use crate::estate::AccountId;
use crate::interest::Mask;
use crate::pattern::{ARN_COLONS, Pattern};
use crate::request::{Context, Known, Permission, Since};
use crate::targets::Certainty;

/// A method that would work, were something in the account that is not.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Latent {
    /// The method, by its place in the set.
    pub rule: u32,
    /// What is missing, in words.
    pub missing: String,
}

/// A method, made ready to be applied to many.
#[derive(Debug)]
pub(crate) struct Method {
    pub(super) place: u32,
    pub(super) rule: Rule,
    /// All that it needs.
    pub(super) mask: Mask,
    needs: Vec<Asked>,
}

/// A permission that is needed, as a question.
#[derive(Debug)]
pub(crate) struct Asked {
    on: On,
    pub(crate) permission: Permission,
    /// What is known where a role asks, and where a user does.
    pub(crate) contexts: [Context; 2],
}

impl Asked {
    /// On which resource it is needed.
    pub(crate) const fn on(&self) -> On {
        self.on
    }

    /// What is known where a session of a role asks, or anybody else.
    pub(crate) const fn context(&self, is_role: bool) -> &Context {
        let [of_role, of_user] = &self.contexts;
        if is_role { of_role } else { of_user }
    }

    /// A permission, of whose circumstances nothing is known.
    pub(crate) fn plain(permission: &str, as_of: Time) -> Self {
        let contexts = [true, false].map(|is_role| circumstances(as_of, is_role));
        Self { on: On::Target, permission: Permission::new(permission), contexts }
    }
}

impl Method {
    /// The method of a place in the set; `mask` gives that of a permission.
    pub(crate) fn new((place, rule): (u32, &Rule), as_of: Time, mask: impl Fn(&str) -> Mask) -> Self {
        let mut all = Mask::default();
        rule.needs.iter().for_each(|need| all.join(&mask(&need.permission)));
        let asked = |need: &crate::escalation::Need| {
            let keys = [("iam:passedtoservice", &need.passed_to), ("iam:policyarn", &need.attaches)];
            let said = keys.into_iter().filter_map(|(key, value)| Some((key, value.as_deref()?)));
            let said: Vec<(&str, &str)> = said.collect();
            let plain = Asked::plain(&need.permission, as_of);
            let with = |context| {
                let mut with =
                    said.iter().fold(context, |context: Context, (key, value)| context.and(key, value));
                // Within a boundary, what is made is of no more use than the boundary allows.
                if need.on == On::Made && rule.gives == Gives::NewPrincipal {
                    with.set("iam:PermissionsBoundary", Known::Absent);
                }
                with
            };
            Asked { on: need.on, contexts: plain.contexts.map(with), ..plain }
        };
        Self { place, needs: rule.needs.iter().map(asked).collect(), rule: rule.clone(), mask: all }
    }

    /// The part of what leaves an actor that it draws.
    pub(super) fn part(&self) -> Parts {
        Parts::method(self.place)
    }

    /// The pool of its targets in an account.
    pub(super) const fn pool(&self, account: AccountId) -> PoolKey {
        PoolKey { account, of: PoolOf::Rule(self.place) }
    }

    /// Whether it goes against things that lie in an account, or needs some to be there.
    pub(super) fn needs_things(&self) -> bool {
        !self.rule.exists.is_empty() || matches!(self.rule.target, Target::Thing(_) | Target::SamlProvider)
    }

    /// Whether it asks whom the actor may assume.
    pub(super) fn asks_whom_to_assume(&self) -> bool {
        self.rule.states.iter().any(|state| state.permission().is_some())
    }

    /// Whether it depends on which policies a target has, or on what the target would be.
    pub(super) fn looks_into_targets(&self) -> bool {
        self.on(On::PolicyOfTarget).next().is_some() || self.rule.gives == Gives::TargetWithAnyPolicy
    }

    /// What it goes against.
    pub(crate) const fn target(&self) -> Target {
        self.rule.target
    }

    /// What it needs.
    pub(crate) fn needs(&self) -> impl Iterator<Item = &Asked> {
        self.needs.iter()
    }

    pub(super) fn on(&self, on: On) -> impl Iterator<Item = &Asked> {
        self.needs.iter().filter(move |need| need.on == on)
    }

    /// What it needs on a thing that is there already.
    pub(crate) fn on_existing(&self) -> impl Iterator<Item = &Asked> {
        self.on(On::Existing)
    }

    /// What kind of thing that is.
    pub(crate) fn existing(&self) -> Option<Kind> {
        self.rule.exists.first().copied()
    }

    /// Whether the actor has what the method needs beside its target, as far as that does not depend on what there is;
    /// `None` when it has not.
    pub(super) fn aside(&self, acting: &Acting<'_>) -> Option<Certainty> {
        let on_some = |need: &Asked| acting.has(need, "*");
        self.on_existing().all(|need| on_some(need).is_some()).then_some(())?;
        let others = self.needs.iter().filter(|need| matches!(need.on, On::New | On::Any));
        let sure = least(others.map(on_some))?;
        let (_, on_one) = self.made(acting)?;
        Some(sure.min(on_one))
    }

    /// Of what form a thing may be that the actor makes, and has all on that the method needs there; `None` where there is
    /// none. Any form where the method makes nothing, or nothing tells forms apart.
    pub(super) fn made(&self, acting: &Acting<'_>) -> Option<(String, Certainty)> {
        let any = || "*".to_owned();
        let Some(first) = self.on(On::Made).next() else {
            return Some((any(), Certainty::Certain));
        };
        let on_all = |form: &str| least(self.on(On::Made).map(|need| acting.has_on_named(need, form)));
        let granting = acting.said(&first.permission).granting;
        let allowing = granting.iter().filter(|statement| statement.effect == Effect::Allow);
        let forms = allowing.flat_map(|statement| match &statement.resources {
            Some(Selection::Only(patterns)) => patterns.iter().map(form).collect(),
            Some(Selection::AllBut(_)) | None => vec![any()],
        });
        let forms: BTreeSet<String> = forms.collect();
        let possible = forms.into_iter().filter_map(|form| Some((on_all(&form)?, form)));
        // The first of the surest.
        possible.rev().max_by_key(|(sure, _)| *sure).map(|(sure, form)| (form, sure))
    }
}

/// What a pattern means, as a resource to ask of. One with variables may mean anything, and so may one that does not tell
/// of which type the resource is, for it has a colon or a slash behind that.
fn form(pattern: &Pattern) -> String {
    let resource = pattern.text().splitn(ARN_COLONS + 1, ':').nth(ARN_COLONS);
    let of_type = resource.and_then(|resource| resource.split_once([':', '/']));
    let is_told = of_type.is_some_and(|(of_type, _)| !of_type.contains(['*', '?']));
    if is_told && !pattern.has_variables() { pattern.text().to_owned() } else { "*".to_owned() }
}

/// What is known of any request after an instant: it comes later, and the session that makes it does not live longer
/// than sessions do ("IAM and AWS STS quotas": 36 hours). A key of a user has no such time. Whoever
/// asks can do so over TLS, as all clients of AWS do.
fn circumstances(as_of: Time, is_role: bool) -> Context {
    let since = |from_ms, is_present| Known::Since(Since { from_ms, is_present });
    let mut context = Context::unknown().and("aws:SecureTransport", "true");
    context.set("aws:TokenIssueTime", since(as_of.ms() - SESSION_MAX.0, is_role));
    context.set("aws:CurrentTime", since(as_of.ms(), true));
    context.set("aws:EpochTime", since(as_of.ms(), true));
    context
}

/// No session lives longer.
const SESSION_MAX: Millis = Millis::HOUR.times(36);
