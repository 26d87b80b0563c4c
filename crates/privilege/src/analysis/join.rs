//! Who joins a group. Whoever has no permissions boundary goes on as the group, whose node is one for all who join it. But a
//! boundary limits what all policies of a user allow, those of its groups as well ("Permissions boundaries for IAM entities"):
//! who has one is a variant of itself, with the policies of both.
//!
//! Whether that is drawn does not depend on what a user is denied: a member has more than the group alone, and a denial that
//! comes must lead nobody further. So the denials of who has no boundary end where it joins: those who give rights to groups
//! are seldom denied to take them from themselves.

use std::sync::Arc;

use crate::analysis::Drawing;
use crate::analysis::actor::Actor;
use crate::analysis::draft::{Beside, Board, Cause, Variant};
use crate::analysis::method::Method;
use crate::analysis::pools::Member;
use crate::analysis::question::Acting;
use crate::escalation::{Gives, Target};
use crate::estate::{PolicyId, PrincipalId};
use crate::graph::NodeId;
use crate::interest::Mask;
use crate::shared::{List, Map};
use crate::targets::{Certainty, Extent};

/// The nodes of those who have joined a group, by who it is and by the group.
#[derive(Clone, Debug, Default)]
pub(super) struct Joined(Map<PrincipalId, List<NodeId>>);

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

/// Whether a method is to join a group, and the actor keeps its boundary as a member.
pub(super) fn joins_within(acting: &Acting<'_>, method: &Method) -> bool {
    method.rule.gives == Gives::PoliciesOfTarget && acting.actor.boundary.is_some()
}

impl Drawing<'_> {
    /// Whether a method can lead an actor to other targets than before it joined a group: to join others, by its own policies,
    /// it need not have joined this one.
    pub(super) fn leads_on(&self, method: &Method, actor: &Actor) -> bool {
        let Some(Variant::Joined(_, group, beside)) = actor.variant else { return true };
        let joins = method.rule.gives == Gives::PoliciesOfTarget;
        !joins || beside == Beside::OtherVersions || self.allowed_by(group).meets(&method.mask)
    }

    /// Leads an actor with a boundary to what it is as a member of groups.
    pub(super) fn lead_to_joined(&mut self, acting: &Acting<'_>, method: &Method, extent: Extent<Member>) {
        let Actor { principal, account, variant, node: from, boundary, .. } = *acting.actor;
        let pool = self.pool_of(method.pool(account), method);
        let groups = pool.each(extent).into_iter().filter_map(|(member, sure)| match member {
            Member::Principal(group) => Some((group, sure)),
            Member::Resource(_) => None,
        });
        let is_whole = self.changes_own_groups(acting.actor);
        let groups = groups.filter(|(group, _)| is_whole || self.allows_within(*group, boundary));
        let groups: Vec<(PrincipalId, Certainty)> = groups.collect();
        let by = |group| Cause::Rule(method.place, Some(Board::principal(group)));
        if groups.len() > GROUPS_MAX {
            let first =
                groups.iter().map(|(group, _)| *group).min_by(|one, other| self.estate.order(*one, *other));
            let sure = groups.iter().map(|(_, sure)| *sure).max();
            if let (Some(first), Some(sure), Some(to)) =
                (first, sure, self.variant(Variant::AnyPolicy(principal)))
            {
                self.lead(from, to, (sure, by(first)));
            }
            return;
        }
        for (group, sure) in groups {
            let joined = Variant::joined(principal, variant, group);
            if let Some(to) = joined.and_then(|joined| self.variant(joined)) {
                self.lead(from, to, (sure, by(group)));
            }
        }
    }

    /// Whether an actor could change whatever groups it is in, or what is attached to them: then it matters in which it is.
    fn changes_own_groups(&self, actor: &Actor) -> bool {
        let of_groups = |method: &&Method| matches!(method.rule.target, Target::OwnGroup | Target::OwnPolicy);
        self.drawn.methods.iter().filter(of_groups).any(|method| actor.limited.holds(&method.mask))
    }

    /// Whether a group could allow something of interest within a boundary.
    fn allows_within(&self, group: PrincipalId, boundary: Option<PolicyId>) -> bool {
        let boundary = boundary.and_then(|boundary| self.drawn.masks.voice(boundary));
        boundary.is_some_and(|boundary| self.allowed_by(group).meets(&boundary.said.allows))
    }

    /// What a group could allow.
    fn allowed_by(&self, group: PrincipalId) -> Mask {
        Actor::new(self.estate, group, &self.drawn.masks).map(|group| group.mask).unwrap_or_default()
    }
}

/// Who may join more groups than these that give something is taken to have any policy within its boundary: of that there
/// is one node for many, and of each member of a group one by itself. An account has 300 groups if AWS has not raised that.
const GROUPS_MAX: usize = 20;
