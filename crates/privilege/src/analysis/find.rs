//! The methods of escalation, applied: for each actor, what it could become by which method, and what is missing where
//! only the state of the account stands in the way.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::analysis::Drawing;
use crate::analysis::alike::{Found, Question};
use crate::analysis::assume::Assumable;
use crate::analysis::draft::{Beside, Board, Cause, Place, PoolKey, Variant};
use crate::analysis::method::{Latent, Method};
use crate::analysis::part::Parts;
use crate::analysis::pools::{Member, both, exists};
use crate::analysis::question::Acting;
use crate::escalation::{Actor as Who, Gives, Kind, On, Rule, State, Target};
use crate::estate::{AccountId, PolicyId, PrincipalKind, Way, Written};
use crate::graph::NodeId;
use crate::interest::Mask;
use crate::targets::{Certainty, Extent, Matches, Pool};

/// What a method leads to.
enum Led {
    /// Members of its pool.
    To(Extent<Member>),
    /// The actor itself, or something of its own.
    ToItself(Option<Certainty>),
}

impl Drawing<'_> {
    /// Applies the methods of some parts to an actor that is no administrator.
    pub(super) fn escalate(&mut self, acting: &Acting<'_>, assumable: &Assumable, parts: Parts) {
        let methods = Arc::clone(&self.drawn.methods);
        for method in methods.iter().filter(|method| parts.meets(method.part())) {
            let question = self.question_of(acting, method, assumable);
            let found = self.alike((acting.actor.node, question), |drawing| {
                let first = drawing.leads.len();
                let missing = drawing.apply(acting, method, assumable);
                let is_open = drawing.has_open_targets(acting.actor.account, method);
                let is_shared = is_open && !(method.is_to_join() && drawing.has_joined(first));
                (Found { missing, ..Found::default() }, is_shared)
            });
            if let Some(missing) = found.missing {
                self.drawn.add_latent(acting.actor.principal, Latent { rule: method.place, missing });
            }
        }
    }

    /// What an actor has in common with others as to a method; `None` where that asks for something of its own.
    fn question_of(&self, acting: &Acting<'_>, method: &Method, assumable: &Assumable) -> Option<Question> {
        let joins = self.joins(acting.actor, method);
        let is_own = match method.rule.target {
            Target::Itself | Target::OwnGroup | Target::OwnPolicy | Target::OwnPermissionSet => true,
            Target::Role | Target::User | Target::Group | Target::SamlProvider | Target::Thing(_) => {
                let is_member = acting.actor.groups(self.estate).next().is_some();
                method.rule.states.contains(&State::Foreign) && is_member
                    || joins && self.joins_alone(acting.actor)
            }
        };
        // As a member of a group it uses all that it has.
        let mask = if joins { &Mask::ALL } else { &method.mask };
        let beside = match joins {
            true => JOINS,
            false if method.asks_whom_to_assume() => assumable.number(),
            false => 0,
        };
        if is_own { None } else { self.question(acting, (method.part(), mask), beside) }
    }

    /// Whether nothing that a method goes against or needs in an account has a policy of its own.
    fn has_open_targets(&self, account: AccountId, method: &Method) -> bool {
        let targets = self.drawn.pools.known(&method.pool(account));
        let things = method.existing().and_then(|kind| self.drawn.pools.known_kind((account, kind)));
        targets.into_iter().chain(things).all(|pool| !pool.is_guarded())
    }

    /// The parts that an actor which is no administrator has edges in: it holds what the methods need, and they are for it.
    pub(super) fn able(&self, acting: &Acting<'_>) -> Parts {
        let holds = |method: &&Method| {
            // A policy of a thing may let in whom its boundary does not.
            let thing = matches!(method.rule.target, Target::Thing(_));
            let own = if thing { &acting.actor.mask } else { &acting.actor.limited };
            own.holds(&method.mask)
                && self.is_for(&method.rule, acting)
                && self.leads_on(method, acting.actor)
        };
        let methods = self.drawn.methods.iter().filter(holds).map(Method::part);
        methods.fold(Parts::ADMINISTER, Parts::or)
    }

    fn is_for(&self, rule: &Rule, acting: &Acting<'_>) -> bool {
        let Some(principal) = self.estate.principal(acting.actor.principal) else { return false };
        match rule.actor {
            Who::Any => true,
            // What members of a group gain, users do.
            Who::User => principal.kind != PrincipalKind::Role,
            Who::Role => principal.kind == PrincipalKind::Role,
            Who::PermissionSetRole => principal.is_of_permission_set(),
        }
    }

    /// Leads an actor to where a method leads it, or tells what is missing for it.
    fn apply(&mut self, acting: &Acting<'_>, method: &Method, assumable: &Assumable) -> Option<String> {
        let aside = method.aside(acting)?;
        let account = acting.actor.account;
        let absent = method.rule.exists.iter().find(|kind| !exists(self.estate, account, **kind));
        let mut missing = absent.map(|kind| kind.noun().to_owned());
        let existing = if missing.is_none() { self.on_existing(acting, method) } else { None };
        let found = match existing {
            Some(sure) => self.found(acting, method, (aside.min(sure), assumable)),
            None => {
                let kind = method.existing().map_or("thing", Kind::noun);
                missing.get_or_insert_with(|| format!("{kind} on which it may do this"));
                Led::ToItself(None)
            }
        };
        match found {
            Led::To(extent) if extent.is_empty() => {}
            Led::To(extent) => {
                self.lead_to(acting, method, extent);
                return None;
            }
            Led::ToItself(Some(sure)) => {
                self.lead_own(acting, method, sure);
                return None;
            }
            Led::ToItself(None) => {}
        }
        // What a principal would be with other policies is nobody's question.
        let is_asked = acting.actor.variant.is_none() && method.rule.may_be_latent();
        let would_work = is_asked && self.holds_on_some(acting, method).is_some();
        would_work.then(|| missing.unwrap_or_else(|| method.rule.sought()))
    }

    /// Whether the actor has what the method needs on some target of the right form, whether there is one or not.
    fn holds_on_some(&self, acting: &Acting<'_>, method: &Method) -> Option<Certainty> {
        let account = &*self.estate.account(acting.actor.account)?.id;
        // A wildcard would match across the colons that follow.
        let partition = self.estate.principal(acting.actor.principal)?.arn().split(':').nth(1)?;
        let form = match method.rule.target {
            Target::Itself => self.estate.principal(acting.actor.principal)?.arn().to_owned(),
            Target::OwnGroup | Target::Group => format!("arn:{partition}:iam::{account}:group/*"),
            Target::OwnPolicy => format!("arn:{partition}:iam::{account}:policy/*"),
            Target::Role => format!("arn:{partition}:iam::{account}:role/*"),
            Target::User => format!("arn:{partition}:iam::{account}:user/*"),
            Target::SamlProvider => format!("arn:{partition}:iam::{account}:saml-provider/*"),
            Target::OwnPermissionSet => format!("arn:{partition}:sso:::permissionSet/*"),
            Target::Thing(kind) => kind.arns(account).replacen("arn:*:", &format!("arn:{partition}:"), 1),
        };
        let policies = format!("arn:{partition}:iam::{account}:policy/*");
        let on_target = method.on(On::Target).map(|need| acting.has(need, &form));
        let on_policy = method.on(On::PolicyOfTarget).map(|need| acting.has(need, &policies));
        least(on_target.chain(on_policy))
    }

    fn found(
        &mut self,
        acting: &Acting<'_>,
        method: &Method,
        (aside, assumable): (Certainty, &Assumable),
    ) -> Led {
        let own = |sure: Option<Certainty>| Led::ToItself(sure.map(|sure| sure.min(aside)));
        match method.rule.target {
            Target::Itself => {
                let holds =
                    method.rule.states.iter().all(|state| self.own_state(acting, (Target::Itself, *state)));
                own(holds.then(|| self.holds_on_some(acting, method)).flatten())
            }
            Target::OwnPermissionSet => own(self.holds_on_some(acting, method)),
            Target::OwnGroup => {
                if !method.rule.states.iter().all(|state| self.own_state(acting, (Target::OwnGroup, *state)))
                {
                    return own(None);
                }
                let estate = self.estate;
                let groups = acting.actor.groups(estate);
                let arns: Vec<&str> = groups.filter_map(|id| Some(estate.principal(id)?.arn())).collect();
                own(on_best(acting, method, &arns))
            }
            Target::OwnPolicy => {
                let other = method.rule.states.contains(&State::WithOtherVersion);
                let estate = self.estate;
                let policies = acting.actor.changeable_policies(estate);
                let arns: Vec<&str> =
                    policies.filter(|arn| !other || !estate.other_versions(arn).is_empty()).collect();
                own(on_best(acting, method, &arns))
            }
            Target::Role | Target::User | Target::Group | Target::SamlProvider | Target::Thing(_) => {
                Led::To(self.at(acting, method, (aside, assumable)))
            }
        }
    }

    /// Whether the actor itself, or a group of its, is in a state.
    fn own_state(&self, acting: &Acting<'_>, (target, state): (Target, State)) -> bool {
        let Some(principal) = self.estate.principal(acting.actor.principal) else { return false };
        match state {
            State::Changeable => !principal.is_kept_by_aws(),
            State::OfPermissionSet => principal.is_of_permission_set(),
            State::Bounded => acting.actor.boundary.is_some(),
            State::WithManagedDenial | State::WithInlineDenial | State::WithDenial => {
                let way = way_of(target, state);
                let is_whole =
                    matches!(acting.actor.variant, None | Some(Variant::Joined(.., Beside::Nothing)));
                is_whole && self.estate.is_denied_by(principal, way)
            }
            _ => true,
        }
    }

    /// Members of the pool of a method on which the actor has all that it needs.
    fn at(
        &mut self,
        acting: &Acting<'_>,
        method: &Method,
        (aside, assumable): (Certainty, &Assumable),
    ) -> Extent<Member> {
        let key = method.pool(acting.actor.account);
        let pool = self.pool_of(key.clone(), method);
        if pool.is_empty() {
            return Extent::Some(Vec::new());
        }
        let mut extent = Extent::All(aside);
        for need in method.on(On::Target) {
            let said = acting.said(&need.permission);
            let matches = self.matches.entry(key.clone()).or_default();
            let next = pool.extent(&said, matches, &mut |arn, _| acting.has(need, arn));
            extent = both(extent, next);
            if extent.is_empty() {
                return extent;
            }
        }
        let by_actor: Vec<State> =
            method.rule.states.iter().copied().filter(|state| depends(*state)).collect();
        let policies = self.on_policies(acting, method);
        if let Some(Extent::All(sure)) = policies {
            extent = both(extent, Extent::All(sure));
        }
        if by_actor.is_empty() && !matches!(policies, Some(Extent::Some(_))) {
            return extent;
        }
        let mut left = match method.asks_whom_to_assume() {
            // The few roles that it may assume, and not the many that it may not.
            true => pool.each(both(Extent::Some(assumable.among(&pool)), extent)),
            false => pool.each(extent),
        };
        if by_actor.contains(&State::Foreign) {
            let own: Vec<Member> = acting.actor.groups(self.estate).map(Member::Principal).collect();
            left.retain(|(member, _)| !own.contains(member));
        }
        if let Some(Extent::Some(policies)) = policies {
            let policies: BTreeMap<PolicyId, Certainty> = policies.into_iter().collect();
            left.retain_mut(|(member, sure)| keep(sure, self.on_policy_of(&policies, *member)));
        }
        Extent::Some(left)
    }

    /// On which policies of targets the actor has what a method needs there; `None` where it needs nothing there. All are
    /// meant only where each target has one of them.
    fn on_policies(&mut self, acting: &Acting<'_>, method: &Method) -> Option<Extent<PolicyId>> {
        let mut needs = method.on(On::PolicyOfTarget).peekable();
        needs.peek()?;
        let targets = self.pool_of(method.pool(acting.actor.account), method);
        let pool = self.drawn.pools.of_policies(self.estate, method.pool(acting.actor.account), &targets);
        let mut extent = Extent::All(Certainty::Certain);
        for need in needs {
            let said = acting.said(&need.permission);
            extent = both(
                extent,
                pool.extent(&said, &mut Matches::default(), &mut |arn, _| acting.has(need, arn)),
            );
        }
        match extent {
            // Otherwise not each target has one.
            Extent::All(sure) if !method.rule.states.contains(&State::WithOwnPolicy) => {
                Some(Extent::Some(pool.members().map(|(_, policy)| (*policy, sure)).collect()))
            }
            extent => Some(extent),
        }
    }

    fn on_policy_of(&self, allowed: &BTreeMap<PolicyId, Certainty>, member: Member) -> Option<Certainty> {
        let Member::Principal(id) = member else { return None };
        let policies = &self.estate.principal(id)?.policies;
        policies.iter().filter_map(|policy| allowed.get(policy).copied()).max()
    }

    /// Leads an actor to the targets of a method.
    fn lead_to(&mut self, acting: &Acting<'_>, method: &Method, extent: Extent<Member>) {
        let cause = |target| Cause::Rule(method.place, target);
        let joins = self.joins(acting.actor, method);
        let extent = if joins { self.lead_to_joined(acting, method, extent) } else { extent };
        let key = method.pool(acting.actor.account);
        let changed = method.rule.gives == Gives::TargetWithAnyPolicy;
        match extent {
            Extent::All(sure) => {
                let pool = self.pool_of(key.clone(), method);
                let node = if changed { self.changed_node(key, &pool) } else { self.pool_node(key, &pool) };
                self.lead(acting.actor.node, node, (sure, cause(None)));
            }
            Extent::Some(members) if changed => {
                let mut variants = BTreeMap::new();
                for (member, sure) in members {
                    let Some(node) = self.changed(member) else { continue };
                    let known = variants.entry(node).or_insert((sure, member));
                    known.0 = sure.max(known.0);
                    known.1 = self.first(known.1, member);
                }
                let at = (acting.actor.node, acting.actor.account);
                self.lead_to_some_changed(at, &variants, method.place);
            }
            Extent::Some(members) => {
                let targets: Vec<_> =
                    members.into_iter().map(|(one, sure)| (self.node_of(one), sure)).collect();
                self.lead_to_some((acting.actor.node, acting.actor.account), &targets, cause(None));
            }
        }
    }

    /// The node of what a principal would be, had it any policy.
    pub(super) fn changed(&mut self, member: Member) -> Option<NodeId> {
        match member {
            Member::Principal(id) => self.variant(Variant::AnyPolicy(id)),
            Member::Resource(_) => None,
        }
    }

    /// The first of two members, by their ARNs.
    fn first(&self, one: Member, other: Member) -> Member {
        match (one, other) {
            (Member::Principal(own), Member::Principal(id)) if self.estate.order(id, own).is_lt() => other,
            _ => one,
        }
    }

    /// The node that leads to what all members of a pool would be, had they any policy.
    fn changed_node(&mut self, key: PoolKey, pool: &Pool<Member>) -> NodeId {
        let (node, is_new) = self.drawn.board.at(Place::Changed(key));
        if is_new {
            self.lead_to_changed(node, pool);
        }
        node
    }

    /// Draws to what all members of a pool would be, had they any policy.
    pub(super) fn lead_to_changed(&mut self, node: NodeId, pool: &Pool<Member>) {
        let members = pool.members().rev();
        let variants: BTreeMap<NodeId, NodeId> =
            members.filter_map(|(_, member)| Some((self.changed(*member)?, self.node_of(*member)))).collect();
        for (variant, example) in variants {
            self.lead(node, variant, (Certainty::Certain, Cause::Changed(example)));
        }
    }

    /// The targets of a method in an account.
    pub(super) fn pool_of(&mut self, key: PoolKey, method: &Method) -> Arc<Pool<Member>> {
        self.drawn.pools.of_rule((self.estate, &self.drawn.trust), key, &method.rule)
    }

    /// Leads an actor to what it would be itself.
    fn lead_own(&mut self, acting: &Acting<'_>, method: &Method, sure: Certainty) {
        let (id, own) = (acting.actor.principal, acting.actor.variant);
        let has_any_policy = matches!(own, Some(Variant::AnyPolicy(_) | Variant::Anything(_)));
        let is_unbounded = matches!(
            own,
            Some(
                Variant::WithoutBoundary(_)
                    | Variant::Anything(_)
                    | Variant::Joined(.., Beside::WithoutBoundary)
            )
        );
        let variant = match method.rule.gives {
            Gives::AnyPolicy | Gives::TargetWithAnyPolicy if is_unbounded => Variant::Anything(id),
            Gives::AnyPolicy | Gives::TargetWithAnyPolicy => Variant::AnyPolicy(id),
            Gives::NewPrincipal if acting.actor.boundary.is_none() => Variant::AnyPolicy(id),
            Gives::NewPrincipal => Variant::Anything(id),
            Gives::WithoutBoundary if has_any_policy => Variant::Anything(id),
            Gives::WithoutBoundary => Variant::WithoutBoundary(id),
            Gives::WithoutDenial => {
                let state = method.rule.states.iter().copied().find(|state| is_denial(*state));
                let way = way_of(method.rule.target, state.unwrap_or(State::WithDenial));
                match own {
                    // It stays a member, even where what goes had let it join.
                    Some(Variant::Joined(_, group, Beside::Nothing)) => {
                        Variant::Joined(id, group, Beside::WithoutDenial(way))
                    }
                    _ => Variant::WithoutDenial(id, way),
                }
            }
            // Whoever has any policy has what other versions allow.
            Gives::OtherVersion if has_any_policy => return,
            Gives::OtherVersion => Variant::OtherVersions(id),
            Gives::Target | Gives::RoleOfTarget | Gives::RolesTrustingTarget | Gives::PoliciesOfTarget => {
                return;
            }
        };
        if own.is_none_or(|own| own != variant)
            && let Some(node) = self.variant(variant)
        {
            self.lead(acting.actor.node, node, (sure, Cause::Rule(method.place, None)));
        }
    }

    /// The node of a pool, which leads to all its members.
    pub(super) fn pool_node(&mut self, key: PoolKey, pool: &Pool<Member>) -> NodeId {
        let (node, is_new) = self.drawn.board.at(Place::Pool(key));
        if is_new {
            self.lead_to_members(node, pool);
        }
        node
    }

    /// Draws to all members of a pool.
    pub(super) fn lead_to_members(&mut self, node: NodeId, pool: &Pool<Member>) {
        for (_, member) in pool.members() {
            self.lead(node, self.node_of(*member), (Certainty::Certain, Cause::Member));
        }
    }

    pub(super) fn node_of(&self, member: Member) -> NodeId {
        match member {
            Member::Principal(id) => Board::principal(id),
            Member::Resource(place) => self.drawn.board.resource(place),
        }
    }
}

/// What the edges of who joins groups depend on beside its policies: it is no group.
const JOINS: u32 = 1;

/// Whether a state is that something denies.
fn is_denial(state: State) -> bool {
    matches!(state, State::WithManagedDenial | State::WithInlineDenial | State::WithDenial)
}

/// In which way the denial comes that a method takes away.
fn way_of(target: Target, state: State) -> Way {
    let written = match state {
        State::WithManagedDenial => Some(Written::Managed),
        State::WithInlineDenial => Some(Written::Inline),
        _ => None,
    };
    match (target, written) {
        (Target::OwnGroup, written) => Way::Group(written),
        (_, Some(Written::Inline)) => Way::Inline,
        (_, Some(Written::Managed) | None) => Way::Managed,
    }
}

/// Whether a state depends on who acts.
fn depends(state: State) -> bool {
    matches!(state, State::Assumable | State::AssumableWithTags | State::Foreign)
}

/// The surest of some targets.
fn on_best(acting: &Acting<'_>, method: &Method, targets: &[&str]) -> Option<Certainty> {
    let on_target = |arn: &&str| least(method.on(On::Target).map(|need| acting.has(need, arn)));
    targets.iter().filter_map(on_target).max()
}

/// Keeps what holds, as sure as it is.
fn keep(sure: &mut Certainty, holds: Option<Certainty>) -> bool {
    *sure = holds.unwrap_or(*sure).min(*sure);
    holds.is_some()
}

/// The least sure of answers; `None` when one is no.
pub(super) fn least(mut answers: impl Iterator<Item = Option<Certainty>>) -> Option<Certainty> {
    answers.try_fold(Certainty::Certain, |sure, answer| Some(sure.min(answer?)))
}
