//! Who joins a group. A member has the policies of both, and what either denies it is denied; a boundary limits what all
//! policies of a user allow, those of its groups as well ("Permissions boundaries for IAM entities"). So who joins is a
//! variant of itself.
//!
//! But most who have no boundary have nothing as a member that the group would not give anybody: these go on as the group,
//! whose node is one for all of them. Whether somebody does is decided by what both could allow and deny, never to the
//! effect that a denial that comes, or a right that goes, leads somebody further.
//!
//! What a member has by its own policies alone it has before it joins: from its variant, only that is drawn for which the
//! group gives something.

use std::rc::Rc;
use std::sync::Arc;

use crate::analysis::Drawing;
use crate::analysis::actor::Actor;
use crate::analysis::administrators::surely_administers;
use crate::analysis::draft::{Board, Cause, Place, Variant};
use crate::analysis::method::Method;
use crate::analysis::part::Parts;
use crate::analysis::pools::Member;
use crate::analysis::question::Acting;
use crate::escalation::{Actor as Who, Gives, Target};
use crate::estate::{PolicyId, PrincipalId, PrincipalKind};
use crate::graph::NodeId;
use crate::interest::{Mask, Sayings};
use crate::shared::{List, Map};
use crate::targets::{Certainty, Extent};

/// The nodes of those who have joined a group, by who it is and by the group.
#[derive(Clone, Debug, Default)]
pub(super) struct Joined(Map<PrincipalId, List<NodeId>>);

/// What a group gives its members.
#[derive(Debug, Default)]
pub(super) struct Given {
    said: Sayings,
    /// What policies go by that say to whom they apply, as far as it is true of who is nothing but a member.
    description: Option<String>,
    /// Whether members could put other policies in force that are attached to it.
    is_changeable: bool,
    /// Whether who is nothing but a member administers the account.
    administers: bool,
}

/// Who may join groups, with what of it makes a difference there.
struct Joiner<'m> {
    said: Sayings,
    description: Option<String>,
    /// Methods that it could use as a member of some group and neither as itself nor as the group.
    methods: Vec<&'m Method>,
}

/// Groups that somebody may join, each with how sure that is.
type Groups = Vec<(PrincipalId, Certainty)>;

impl Joined {
    /// The nodes in which a principal is who joins, or the group.
    pub(super) fn of(&self, id: PrincipalId) -> impl Iterator<Item = NodeId> {
        self.0.get(&id).into_iter().flat_map(|nodes| nodes.iter().copied())
    }

    /// Takes in the node of a variant, if it is one of these.
    pub(super) fn add(&mut self, variant: Variant, node: NodeId) {
        for id in Self::both(variant) {
            let mut nodes = self.0.remove(&id).unwrap_or_default();
            Arc::make_mut(&mut nodes).push(node);
            self.0.insert(id, nodes);
        }
    }

    /// Forgets the node of a variant.
    pub(super) fn remove(&mut self, variant: Variant, node: NodeId) {
        for id in Self::both(variant) {
            let mut nodes = self.0.remove(&id).unwrap_or_default();
            Arc::make_mut(&mut nodes).retain(|own| *own != node);
            if !nodes.is_empty() {
                self.0.insert(id, nodes);
            }
        }
    }

    fn both(variant: Variant) -> impl Iterator<Item = PrincipalId> {
        variant.group().into_iter().chain(variant.group().map(|_| variant.principal()))
    }
}

impl Method {
    /// Whether it is to join a group.
    pub(super) fn is_to_join(&self) -> bool {
        self.rule.gives == Gives::PoliciesOfTarget
    }

    /// Whether it goes against something of whoever uses it.
    fn is_against_own(&self) -> bool {
        matches!(self.rule.target, Target::Itself | Target::OwnGroup | Target::OwnPolicy)
    }

    /// Whether a user who holds so much could use it as a member of some group and neither as itself nor as the group.
    fn may_be_shared(&self, has: impl Fn(&Self) -> bool) -> bool {
        let is_of_users = matches!(self.rule.actor, Who::Any | Who::User);
        let needs_several = self.needs().nth(1).is_some() || self.asks_whom_to_assume();
        is_of_users && (self.is_against_own() || needs_several && has(self))
    }
}

impl Drawing<'_> {
    /// The part of all methods that are to join a group.
    pub(super) fn joining(&self) -> Parts {
        let methods = self.drawn.methods.iter().filter(|method| method.is_to_join());
        methods.map(Method::part).fold(Parts::NONE, Parts::or)
    }

    /// Whether a method is to join a group, and the actor is somebody who joins and not a group, which stands for whoever is
    /// a member of it.
    pub(super) fn joins(&self, actor: &Actor, method: &Method) -> bool {
        let is_user = |id| self.estate.principal(id).is_some_and(|one| one.kind == PrincipalKind::User);
        method.is_to_join() && is_user(actor.principal)
    }

    /// Whether an actor that may join groups is told apart from others who hold the same by who it is.
    pub(super) fn joins_alone(&self, actor: &Actor) -> bool {
        actor.boundary.is_some()
            || actor.variant.is_some()
            || self.description(actor.principal).as_deref() != Some("")
    }

    /// Whether a method can lead an actor to other targets than before it joined a group: it needs something that this one
    /// gives, or goes against this one.
    pub(super) fn leads_on(&self, method: &Method, actor: &Actor) -> bool {
        let is_of_group = matches!(method.rule.target, Target::OwnGroup | Target::OwnPolicy);
        is_of_group || actor.gains(&self.asked(method))
    }

    /// Whether it matters whom an actor may assume, when it has joined a group: this one gives the right to assume, or a method
    /// asks for both.
    pub(super) fn assumes_on(&self, actor: &Actor) -> bool {
        let mut asking = self.drawn.methods.iter().filter(|method| method.asks_whom_to_assume());
        actor.gains(&self.drawn.assume_mask) || asking.any(|method| actor.gains(&method.mask))
    }

    /// Leads an actor to what it is as a member of groups; gives those back as which it goes on.
    pub(super) fn lead_to_joined(
        &mut self,
        acting: &Acting<'_>,
        method: &Method,
        extent: Extent<Member>,
    ) -> Extent<Member> {
        let actor = acting.actor;
        if matches!(actor.variant, Some(Variant::AnyPolicy(_) | Variant::Anything(_))) {
            return Extent::Some(Vec::new());
        }
        let pool = self.pool_of(method.pool(actor.account), method);
        let groups = pool.each(extent.clone()).into_iter().filter_map(|(member, sure)| match member {
            Member::Principal(group) => Some((group, sure)),
            Member::Resource(_) => None,
        });
        let groups: Groups = groups.collect();
        if actor.boundary.is_some() {
            self.lead_to_bound(actor, method, groups);
            return Extent::Some(Vec::new());
        }
        let apart = self.told_apart(actor, groups);
        if apart.is_empty() || apart.len() > GROUPS_MAX {
            return extent;
        }
        self.lead_to_each(actor, method, &apart);
        let is_left = |member: &Member| !apart.iter().any(|(group, _)| Member::Principal(*group) == *member);
        Extent::Some(pool.each(extent).into_iter().filter(|(member, _)| is_left(member)).collect())
    }

    /// Leads an actor with a boundary to what it is as a member of groups.
    fn lead_to_bound(&mut self, actor: &Actor, method: &Method, mut groups: Groups) {
        if !self.changes_own_groups(actor) {
            groups.retain(|(group, _)| self.allows_within(*group, actor.boundary));
        }
        if groups.len() <= GROUPS_MAX {
            return self.lead_to_each(actor, method, &groups);
        }
        let first =
            groups.iter().map(|(group, _)| *group).min_by(|one, other| self.estate.order(*one, *other));
        let sure = groups.iter().map(|(_, sure)| *sure).max();
        if let (Some(first), Some(sure), Some(to)) =
            (first, sure, self.variant(Variant::AnyPolicy(actor.principal)))
        {
            self.lead(actor.node, to, (sure, by(method, first)));
        }
    }

    fn lead_to_each(&mut self, actor: &Actor, method: &Method, groups: &Groups) {
        for (group, sure) in groups {
            let joined = Variant::joined(actor.principal, actor.variant, *group);
            if let Some(to) = joined.and_then(|joined| self.variant(joined)) {
                self.lead(actor.node, to, (*sure, by(method, *group)));
            }
        }
    }

    /// Whether somebody was led to what it is as a member of a group, since there were so many edges.
    pub(super) fn has_joined(&self, first: usize) -> bool {
        let place = |node| self.drawn.board.place(node);
        let is_joined = |node| matches!(place(node), Some(Place::Variant(Variant::Joined(..))));
        self.leads.iter().skip(first).any(|lead| is_joined(lead.to))
    }

    /// Those of some groups as a member of which an actor without a boundary is something else than the group; so many that
    /// it can be told whether they are too many.
    fn told_apart(&mut self, actor: &Actor, groups: Groups) -> Groups {
        let own = match actor.variant {
            // Its next group counts beside what it has itself, and not beside what the last one gave.
            Some(Variant::Joined(id, _, beside)) => {
                let known = (self.estate, &self.drawn.masks);
                match beside.of(id) {
                    Some(own) => Actor::variant(known, own, actor.node),
                    None => Actor::new(known.0, id, known.1),
                }
            }
            _ => None,
        };
        let methods = Arc::clone(&self.drawn.methods);
        let joiner = self.joiner(own.as_ref().unwrap_or(actor), &methods);
        let differs = |(group, _): &(PrincipalId, Certainty)| {
            let given = self.given(*group);
            self.differs(&joiner, &given)
        };
        groups.into_iter().filter(differs).take(GROUPS_MAX + 1).collect()
    }

    fn joiner<'m>(&self, actor: &Actor, methods: &'m [Method]) -> Joiner<'m> {
        let said = actor.said(&self.drawn.masks);
        let has = |method: &Method| said.allows.meets(&self.asked(method));
        Joiner {
            methods: methods.iter().filter(|method| method.may_be_shared(has)).collect(),
            description: self.description(actor.principal),
            said,
        }
    }

    /// Whether somebody could be something else as a member of a group than both it and the group are.
    fn differs(&self, joiner: &Joiner<'_>, given: &Given) -> bool {
        let (own, said) = (&joiner.said, &given.said);
        let is_apart = joiner.description.is_none() || joiner.description != given.description;
        if own.denies.meets(&said.allows)
            || said.personal != Mask::default()
            || is_apart && said.allows != Mask::default()
        {
            return true;
        }
        let mut all = own.allows;
        all.join(&said.allows);
        let (mut adds, mut gives) = (own.allows, said.allows);
        // Beside what one allows on everything, nothing that the other allows of it matters.
        adds.leave(&said.frees);
        gives.leave(&own.frees);
        let is_by_both = |mask: &Mask| adds.meets(mask) && gives.meets(mask);
        let leads = |method: &&Method| {
            let asked = self.asked(method);
            all.holds(&method.mask)
                && match method.rule.target {
                    Target::Itself => gives.meets(&asked),
                    Target::OwnGroup => gives.meets(&asked) || method.rule.gives == Gives::AnyPolicy,
                    Target::OwnPolicy => gives.meets(&asked) || given.is_changeable,
                    Target::Role
                    | Target::User
                    | Target::Group
                    | Target::SamlProvider
                    | Target::OwnPermissionSet
                    | Target::Thing(_) => is_by_both(&asked),
                }
        };
        // From the group one goes on to others as whoever is in these: what one has itself, and is denied, must not end there.
        let opens = |method: &Method| method.is_to_join() && said.allows.meets(&method.mask);
        !given.administers
            && (self.drawn.methods.iter().any(opens)
                || all.holds(&self.drawn.kernel) && is_by_both(&self.drawn.kernel)
                || joiner.methods.iter().any(leads))
    }

    /// All that a method needs of the policies of an actor.
    fn asked(&self, method: &Method) -> Mask {
        let mut mask = method.mask;
        if method.asks_whom_to_assume() {
            mask.join(&self.drawn.assume_mask);
        }
        mask
    }

    fn description(&self, id: PrincipalId) -> Option<String> {
        self.drawn.bounds.description(self.estate, self.estate.principal(id)?)
    }

    /// Whether an actor could change whatever groups it is in, or what is attached to them: then it matters in which it is.
    fn changes_own_groups(&self, actor: &Actor) -> bool {
        let of_groups = |method: &&Method| matches!(method.rule.target, Target::OwnGroup | Target::OwnPolicy);
        self.drawn.methods.iter().filter(of_groups).any(|method| actor.limited.holds(&method.mask))
    }

    /// Whether a group could allow something of interest within a boundary.
    fn allows_within(&mut self, group: PrincipalId, boundary: Option<PolicyId>) -> bool {
        let allows = self.given(group).said.allows;
        let boundary = boundary.and_then(|boundary| self.drawn.masks.voice(boundary));
        boundary.is_some_and(|boundary| allows.meets(&boundary.said.allows))
    }

    /// What a group gives its members, found out once.
    fn given(&mut self, id: PrincipalId) -> Rc<Given> {
        if let Some(given) = self.given.get(&id) {
            return Rc::clone(given);
        }
        let given = Rc::new(self.look_into(id).unwrap_or_default());
        self.given.insert(id, Rc::clone(&given));
        given
    }

    fn look_into(&self, id: PrincipalId) -> Option<Given> {
        let group = Actor::new(self.estate, id, &self.drawn.masks)?;
        let may_administer = group.limited.holds(&self.drawn.kernel);
        Some(Given {
            said: group.said(&self.drawn.masks),
            description: self.description(id),
            is_changeable: group.changeable_policies(self.estate).next().is_some(),
            administers: may_administer && surely_administers(self.ground, &group, self.as_of),
        })
    }
}

/// That somebody joins a group by a method.
const fn by(method: &Method, group: PrincipalId) -> Cause {
    Cause::Rule(method.place, Some(Board::principal(group)))
}

/// Who may join more groups than these that give something is taken to have any policy within its boundary: of that there
/// is one node for many, and of each member of a group one by itself. Who has no boundary goes on as each of them then. An
/// account has 300 groups if AWS has not raised that.
const GROUPS_MAX: usize = 20;
