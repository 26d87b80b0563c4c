//! Whoever may act: a principal as it is, or as it would be with other policies.

use crate::analysis::draft::Variant;
use crate::analysis::question::without_denials;
use crate::document::Document;
use crate::estate::{AccountId, Estate, PolicyId, PrincipalId};
use crate::graph::NodeId;
use crate::interest::{Interest, Mask};

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
}

/// What documents could allow, of each policy.
#[derive(Debug, Default)]
pub(crate) struct Masks(Vec<Mask>);

impl Masks {
    /// Of all policies of an estate.
    pub(crate) fn new(estate: &Estate, interest: &Interest) -> Self {
        let mask = |policy: &crate::estate::Policy| {
            policy.document.document().map(|document| interest.allowed(document)).unwrap_or_default()
        };
        Self(estate.policies().iter().map(mask).collect())
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

impl Actor {
    /// A principal as it is.
    pub(crate) fn new(estate: &Estate, id: PrincipalId, masks: &Masks) -> Option<Self> {
        let principal = estate.principal(id)?;
        Some(Self {
            principal: id,
            account: principal.account,
            node: NodeId(id.0),
            variant: None,
            mask: masks.joined(&principal.policies),
            policies: principal.policies.clone(),
            boundary: principal.boundary,
            stripped: Vec::new(),
        })
    }

    /// A principal as it would be, at a node of its own.
    pub(crate) fn variant(
        (estate, masks): (&Estate, &Masks),
        variant: Variant,
        node: NodeId,
    ) -> Option<Self> {
        let (Variant::AnyPolicy(id)
        | Variant::WithoutBoundary(id)
        | Variant::WithoutDenial(id, _)
        | Variant::OtherVersions(id)) = variant;
        let actor = Self { node, variant: Some(variant), ..Self::new(estate, id, masks)? };
        Some(match variant {
            Variant::AnyPolicy(_) => {
                let policies = vec![estate.any_policy()];
                Self { mask: masks.joined(&policies), policies, ..actor }
            }
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
                Self { mask: masks.joined(&policies), policies, ..actor }
            }
        })
    }
}
