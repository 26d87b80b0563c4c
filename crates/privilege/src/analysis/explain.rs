//! What allows a step: the statements that decide, and what they ask for that is not known. Worked out again when it is
//! asked for, so that the graph need not carry it.

use std::sync::Arc;

use crate::analysis::actor::{Actor, Masks};
use crate::analysis::administrators::KERNEL;
use crate::analysis::center::{assigned, in_group};
use crate::analysis::comers::Comer;
use crate::analysis::data;
use crate::analysis::draft::{Cause, Place};
use crate::analysis::existing::existing;
use crate::analysis::ground::{Ground, Guarded};
use crate::analysis::method::{Asked, Method};
use crate::analysis::outside::comers;
use crate::analysis::question::{Acting, Outsider};
use crate::atlas::Atlas;
use crate::escalation::{On, Target};
use crate::estate::PrincipalId;
use crate::evaluate::{Denial, Verdict, evaluate, evaluate_anywhere};
use crate::graph::NodeId;
use crate::interest::Mask;
use crate::questions::{Can, CanAnswer};

/// What allows a step.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Evidence {
    /// The statements, each as its policy and its number there.
    pub statements: Vec<String>,
    /// What must hold that is not known, in words.
    pub only_if: Vec<String>,
    /// The regions that the actor picks, where it may not do so in all.
    pub regions: Vec<String>,
}

/// Whoever explains steps of an analysis.
#[derive(Debug)]
pub struct Explainer<'a> {
    atlas: &'a Atlas,
    ground: Ground<'a>,
    assuming: Asked,
}

impl Explainer<'_> {
    /// Hands an explainer to whoever wants to ask it.
    pub fn with<T>(atlas: &Atlas, ask: impl FnOnce(&Explainer<'_>) -> T) -> T {
        let assuming = Asked::plain("sts:AssumeRole", atlas.as_of);
        Ground::with(&atlas.estate, |ground| ask(&Explainer { atlas, ground, assuming }))
    }

    /// What allows the step from a node for a cause, to what it leads to.
    #[must_use]
    pub fn step(&self, from: NodeId, cause: Cause, to: NodeId) -> Evidence {
        self.evidence(from, cause, to).unwrap_or_default()
    }

    /// Whether a principal has a permission on a resource.
    pub(crate) fn can(&self, id: PrincipalId, permission: &str, resource: &str) -> Option<CanAnswer> {
        let actor = Actor::new(&self.atlas.estate, id, &Masks::default())?;
        let acting = Acting::new(self.ground, &actor)?;
        let asked = Asked::plain(permission, self.atlas.as_of);
        let assumes = asked.permission.name() == "sts:assumerole";
        let role = self.atlas.estate.find(resource).filter(|_| assumes);
        let role = role.and_then(|role| Guarded::role(self.ground, role));
        let guarded = role.unwrap_or_else(|| Guarded::new(self.ground, resource, acting.caller.account));
        let question = (&asked.permission, acting.context(&asked));
        Some(acting.pose(question, &guarded, |request, policies| {
            let mut answer = evaluate(request, policies);
            // Where the region is left open it is told for which ones; what is denied in each is denied.
            if matches!(answer.verdict, Verdict::OnlyIf(_)) {
                let best = evaluate_anywhere(request, policies);
                if matches!(best.verdict, Verdict::Denied(_)) {
                    answer = best;
                }
            }
            let Evidence { statements, only_if, .. } = Evidence::of(&answer, policies);
            CanAnswer {
                identity: self.atlas.estate.principal(id).map_or("", |one| one.arn()).to_owned(),
                by_role: None,
                people: self.people_behind(id),
                permission: permission.to_owned(),
                resource: resource.to_owned(),
                answer: match &answer.verdict {
                    Verdict::Allowed => Can::Allow,
                    Verdict::OnlyIf(_) => Can::OnlyIf,
                    Verdict::Unknown => Can::Unknown,
                    Verdict::Denied(Denial::Explicit) => Can::ExplicitDeny,
                    Verdict::Denied(Denial::Implicit) => Can::ImplicitDeny,
                },
                statement: statements,
                only_if,
                warning: None,
                usage: None,
            }
        }))
    }

    fn evidence(&self, from: NodeId, cause: Cause, to: NodeId) -> Option<Evidence> {
        if let (Some(Place::Outside(name)), Cause::Can(level, _)) = (self.atlas.analysis.place(from), cause) {
            let mut evidence = Evidence::default();
            let outsider = Outsider::new(self.ground, name)?;
            data::explain(&outsider, self.data(to)?, (level, self.atlas.as_of), &mut evidence);
            return Some(evidence);
        }
        if let (Some(from), Cause::Assume, Some(role)) =
            (self.atlas.analysis.place(from), cause, self.principal(to))
            && matches!(from, Place::Outside(_) | Place::Resource(_))
        {
            return self.entrance(from, role);
        }
        let id = self.principal(from)?;
        match (cause, self.principal(to)) {
            (Cause::Assigned, Some(role)) => return Some(assigned(&self.atlas.estate, id, role)),
            (Cause::InGroup, Some(group)) => return Some(in_group(&self.atlas.estate, id, group)),
            _ => {}
        }
        let known = (&self.atlas.estate, &Masks::default());
        let actor = if let Some(Place::Variant(variant)) = self.atlas.analysis.place(from) {
            Actor::variant(known, *variant, from)?
        } else {
            Actor::new(known.0, id, known.1)?
        };
        let acting = Acting::new(self.ground, &actor)?;
        let mut evidence = Evidence::default();
        match cause {
            Cause::Assume => {
                acting.show_assume(&self.assuming, self.principal(to)?, &mut evidence);
            }
            Cause::Administers => {
                let (permission, form) = KERNEL.first()?;
                let form = form.replace("{}", acting.caller.account);
                acting.show(&Asked::plain(permission, self.atlas.as_of), &form, &mut evidence);
            }
            Cause::Rule(place, example) => {
                let rule = self.atlas.rules.all().get(place as usize)?;
                let method = Method::new((place, rule), self.atlas.as_of, |_| Mask::default());
                let target = self.target(&acting, &method, example.unwrap_or(to));
                let existing = existing(&acting, &method).unwrap_or("*");
                let made = method.made(&acting).map_or_else(|| "*".to_owned(), |(form, _)| form);
                for need in method.needs() {
                    let on = match need.on() {
                        On::Target => target.as_str(),
                        On::PolicyOfTarget => &self.policy_of(&acting, need, example.unwrap_or(to)),
                        On::Existing => existing,
                        On::Made => &made,
                        On::New | On::Any => "*",
                    };
                    acting.show(need, on, &mut evidence);
                }
            }
            Cause::Can(level, _) => {
                data::explain(&acting, self.data(to)?, (level, self.atlas.as_of), &mut evidence);
            }
            Cause::Holds
            | Cause::Member
            | Cause::Changed(_)
            | Cause::RunsAs
            | Cause::Assigned
            | Cause::InGroup => {}
        }
        evidence.statements.dedup();
        evidence.only_if.dedup();
        evidence.regions.sort_unstable();
        evidence.regions.dedup();
        Some(evidence)
    }

    /// What lets somebody from outside assume a role, or whoever controls a provider of identities.
    fn entrance(&self, from: &Place, role: PrincipalId) -> Option<Evidence> {
        let name = match from {
            Place::Outside(name) => &**name,
            Place::Resource(place) => &*self.atlas.estate.resource(*place)?.id,
            _ => return None,
        };
        let is_meant = |comer: &Comer| match from {
            Place::Outside(_) => *comer.name == *name,
            _ => comer.by.as_ref().is_some_and(|(by, _)| **by == *name),
        };
        let comers = comers(self.ground, role).into_iter().filter(is_meant);
        let best = comers.min_by_key(|comer| (comer.only_if.clone(), Arc::clone(&comer.name)))?;
        Some(Evidence {
            statements: best.statements,
            only_if: best.only_if.into_iter().collect(),
            ..Evidence::default()
        })
    }

    /// What kind of data a node is, and its ARN.
    fn data(&self, node: NodeId) -> Option<(&str, &str)> {
        let Some(Place::Resource(place)) = self.atlas.analysis.place(node) else { return None };
        let resource = self.atlas.estate.resource(*place)?;
        Some((&resource.kind, &resource.id))
    }

    /// The people who may use a role, by name.
    fn people_behind(&self, role: PrincipalId) -> Vec<String> {
        let estate = &self.atlas.estate;
        let people = estate.people_behind(role).into_iter().filter_map(|id| estate.principal(id));
        let mut names: Vec<String> = people.map(|one| one.arn().to_owned()).collect();
        names.sort_unstable();
        names
    }

    fn principal(&self, node: NodeId) -> Option<PrincipalId> {
        match self.atlas.analysis.place(node)? {
            Place::Principal(id) => Some(*id),
            Place::Variant(variant) => Some(variant.principal()),
            _ => None,
        }
    }

    /// The ARN of what a method goes against.
    fn target(&self, acting: &Acting<'_>, method: &Method, to: NodeId) -> String {
        let (actor, estate) = (acting.actor, &self.atlas.estate);
        let first = |arns: Vec<&str>| {
            let allowed = |arn: &&&str| {
                method
                    .needs()
                    .filter(|need| need.on() == On::Target)
                    .all(|need| acting.has(need, arn).is_some())
            };
            arns.iter().find(allowed).map(|arn| (*arn).to_owned()).unwrap_or_default()
        };
        match method.target() {
            Target::Itself => estate.principal(actor.principal).map_or("", |one| one.arn()).to_owned(),
            Target::OwnGroup => {
                let groups = actor.groups(estate).filter_map(|id| estate.principal(id));
                first(groups.map(|group| group.arn()).collect())
            }
            Target::OwnPolicy => first(actor.changeable_policies(estate).collect()),
            Target::OwnPermissionSet => "arn:aws:sso:::permissionSet/*".to_owned(),
            Target::Role | Target::User | Target::Group | Target::SamlProvider | Target::Thing(_) => {
                self.arn(to).to_owned()
            }
        }
    }

    fn arn(&self, node: NodeId) -> &str {
        match self.atlas.analysis.place(node) {
            Some(Place::Resource(place)) => {
                self.atlas.estate.resource(*place).map_or("", |resource| &resource.id)
            }
            _ => self
                .principal(node)
                .and_then(|id| self.atlas.estate.principal(id))
                .map_or("", |one| one.arn()),
        }
    }

    fn policy_of(&self, acting: &Acting<'_>, need: &Asked, target: NodeId) -> String {
        let target = self.principal(target).and_then(|id| self.atlas.estate.principal(id));
        let mut policies = target.into_iter().flat_map(|one| self.atlas.estate.changeable_policies(one));
        policies.find(|arn| acting.has(need, arn).is_some()).unwrap_or_default().to_owned()
    }
}
