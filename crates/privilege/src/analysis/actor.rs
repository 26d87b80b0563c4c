//! Whoever may act: a principal as it is, or as it would be with other policies.

use std::collections::BTreeSet;

use crate::analysis::draft::Variant;
use crate::analysis::question::without_denials;
use crate::document::Document;
use crate::estate::{AccountId, Estate, Policy, PolicyId, PrincipalId};
use crate::graph::NodeId;
use crate::interest::{Interest, Mask};
use crate::shared::Column;

/// A principal with the policies that count.
#[derive(Clone, Debug)]
pub(crate) struct Actor {
    /// The principal.
    pub(crate) principal: PrincipalId,
    /// Its account.
    pub(crate) account: AccountId,
    /// Its node, or that of the variant.
    pub(crate) node: NodeId,
    /// What differs from the principal as it is.
    pub(crate) variant: Option<Variant>,
    /// The policies that give it rights.
    pub(crate) policies: Vec<PolicyId>,
    /// What limits it.
    pub(crate) boundary: Option<PolicyId>,
    /// The same without what they deny, where that does not count; else nothing.
    pub(crate) stripped: Vec<(PolicyId, Option<Document>)>,
    /// Which permissions of interest its policies could allow.
    pub(crate) mask: Mask,
    /// Those of them that its boundary could allow, too.
    pub(crate) limited: Mask,
}

/// What documents could allow, of each policy.
#[derive(Clone, Debug, Default)]
pub(crate) struct Masks(Column<Mask>);

impl Masks {
    /// Of all policies of an estate.
    pub(crate) fn new(estate: &Estate, interest: &Interest) -> Self {
        Self(estate.policies().map(|(_, policy)| mask(policy, interest)).collect())
    }

    /// Takes in that some policies have other documents, and that there are new ones.
    pub(crate) fn change(&mut self, estate: &Estate, interest: &Interest, changed: &BTreeSet<PolicyId>) {
        for (_, policy) in estate.policies().skip(self.0.len()) {
            self.0.push(mask(policy, interest));
        }
        for id in changed {
            if let (Some(own), Some(policy)) = (self.0.get_mut(id.0 as usize), estate.policy(*id)) {
                *own = mask(policy, interest);
            }
        }
    }

    /// What policies together could allow.
    pub(crate) fn joined(&self, policies: &[PolicyId]) -> Mask {
        let mut joined = Mask::default();
        for policy in policies {
            if let Some(mask) = self.0.get(policy.0 as usize) {
                joined.join(mask);
            }
        }
        joined
    }
}

fn mask(policy: &Policy, interest: &Interest) -> Mask {
    policy.document.document().map(|document| interest.allowed(document)).unwrap_or_default()
}

impl Actor {
    /// A principal as it is.
    pub(crate) fn new(estate: &Estate, id: PrincipalId, masks: &Masks) -> Option<Self> {
        // People and groups of Identity Center act through roles.
        let principal = estate.principal(id).filter(|one| !one.is_of_center())?;
        Some(
            Self {
                principal: id,
                account: principal.account,
                node: NodeId(id.0),
                variant: None,
                mask: Mask::default(),
                limited: Mask::default(),
                policies: principal.policies.clone(),
                boundary: principal.boundary,
                stripped: Vec::new(),
            }
            .masked(masks),
        )
    }

    /// The same, with what its policies could allow.
    fn masked(mut self, masks: &Masks) -> Self {
        self.mask = masks.joined(&self.policies);
        self.limited = self.mask;
        if let Some(boundary) = self.boundary {
            self.limited.keep(&masks.joined(&[boundary]));
        }
        self
    }

    /// A principal as it would be, at a node of its own.
    pub(crate) fn variant(
        (estate, masks): (&Estate, &Masks),
        variant: Variant,
        node: NodeId,
    ) -> Option<Self> {
        let id = variant.principal();
        let actor = Self { node, variant: Some(variant), ..Self::new(estate, id, masks)? };
        let varied = match variant {
            Variant::AnyPolicy(_) => Self { policies: vec![estate.any_policy()], ..actor },
            Variant::Anything(_) => Self { policies: vec![estate.any_policy()], boundary: None, ..actor },
            Variant::WithoutBoundary(_) => Self { boundary: None, ..actor },
            Variant::WithoutDenial(_, way) => {
                let gone: Vec<PolicyId> = estate.denying(estate.principal(id)?, way).collect();
                let read = |id: PolicyId| estate.policy(id).and_then(|policy| policy.document.document());
                let left = |id: &PolicyId| match gone.contains(id) {
                    true => (*id, read(*id).map(without_denials)),
                    false => (*id, read(*id).cloned()),
                };
                Self { stripped: actor.policies.iter().map(left).collect(), ..actor }
            }
            Variant::OtherVersions(_) => {
                let arns = estate.changeable_policies(estate.principal(id)?);
                let others = arns.flat_map(|arn| estate.other_versions(arn)).copied();
                let policies: Vec<PolicyId> = actor.policies.iter().copied().chain(others).collect();
                Self { policies, ..actor }
            }
        };
        Some(varied.masked(masks))
    }
}
