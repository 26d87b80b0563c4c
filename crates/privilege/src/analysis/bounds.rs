//! Who stands for all that could have any policy within the same limits: what they would be is one node.

use crate::estate::{AccountId, Estate, PolicyId, Principal, PrincipalId, PrincipalKind};
use crate::graph::NodeId;
use crate::shared::Map;

/// What limits a principal, whatever its policies.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Bound {
    account: AccountId,
    boundary: Option<PolicyId>,
    kind: PrincipalKind,
    is_service_linked: bool,
}

impl Bound {
    pub(super) fn of(principal: &Principal) -> Self {
        Self {
            account: principal.account,
            boundary: principal.boundary,
            kind: principal.kind,
            is_service_linked: principal.is_service_linked(),
        }
    }
}

/// For all principals of a bound the first by ARN, and the node of what it would be, if there is one.
#[derive(Clone, Debug, Default)]
pub(super) struct Bounds(Map<Bound, (PrincipalId, Option<NodeId>)>);

impl Bounds {
    pub(super) fn new(estate: &Estate) -> Self {
        let mut bounds = Self::default();
        for (id, principal) in estate.principals() {
            let bound = Bound::of(principal);
            if bounds.0.get(&bound).is_none() {
                bounds.0.insert(bound, (id, None));
            }
        }
        bounds
    }

    /// Who stands for a principal, and the node.
    pub(super) fn of(&self, principal: &Principal) -> Option<(PrincipalId, Option<NodeId>)> {
        self.0.get(&Bound::of(principal)).copied()
    }

    /// Remembers the node of what all principals of the same bound would be.
    pub(super) fn set_node(&mut self, principal: &Principal, node: NodeId) {
        if let Some((_, own)) = self.0.get_mut(&Bound::of(principal)) {
            *own = Some(node);
        }
    }

    /// Forgets a node.
    pub(super) fn forget(&mut self, node: NodeId) {
        let bound = self.0.iter().find(|(_, (_, own))| *own == Some(node)).map(|(bound, _)| *bound);
        if let Some((_, own)) = bound.and_then(|bound| self.0.get_mut(&bound)) {
            *own = None;
        }
    }

    /// Takes in that a principal is another than it was. Gives the nodes whose principal is another now, with it if
    /// there is one.
    pub(super) fn change(
        &mut self,
        (old, new): (&Estate, &Estate),
        id: PrincipalId,
    ) -> Vec<(NodeId, Option<PrincipalId>)> {
        let [before, after] = [old, new].map(|estate| estate.principal(id).map(Bound::of));
        let mut moved = Vec::new();
        if let Some(before) = before.filter(|bound| after != Some(*bound))
            && let Some((first, node)) = self.0.get(&before).copied().filter(|(first, _)| *first == id)
        {
            let others = new.of_kind(before.account, before.kind);
            let next = others.into_iter().find(|(_, one)| Bound::of(one) == before).map(|(id, _)| id);
            match next {
                Some(next) => drop(self.0.insert(before, (next, node))),
                None => drop(self.0.remove(&before)),
            }
            debug_assert_ne!(next, Some(first), "it is in another bound now");
            moved.extend(node.map(|node| (node, next)));
        }
        if let (Some(bound), Some(principal)) = (after, new.principal(id)) {
            let known = self.0.get(&bound).copied();
            let first = known.and_then(|(first, _)| new.principal(first));
            if first.is_none_or(|first| principal.arn() < first.arn()) {
                let node = known.and_then(|(_, node)| node);
                self.0.insert(bound, (id, node));
                moved.extend(node.map(|node| (node, Some(id))));
            }
        }
        moved
    }
}
