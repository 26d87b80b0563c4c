//! Whoever may act: a principal as it is, or as it would be with other policies.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use doorward_model::hash::Hash16;
use hashbrown::HashMap;

use crate::analysis::draft::{Beside, Variant};
use crate::estate::{AccountId, Estate, Policy, PolicyId, Principal, PrincipalId};
use crate::graph::NodeId;
use crate::interest::{Interest, Mask, Sayings};
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
    voices: OnceCell<Voices>,
    /// Which permissions of interest its policies could allow.
    pub(crate) mask: Mask,
    /// Those of them that its boundary could allow, too.
    pub(crate) limited: Mask,
    /// Those that the group could allow which it joins, where it has all others before it joins.
    gained: Option<Mask>,
}

/// What each policy says; equal documents say it once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Masks(Column<Arc<Voice>>);

/// A policy, as far as it tells actors apart.
#[derive(Debug)]
pub(crate) struct Voice {
    pub(crate) text: Text,
    /// Whether its document was read; else it may say anything.
    pub(crate) is_read: bool,
    pub(crate) said: Sayings,
}

/// What the policies of an actor say.
#[derive(Clone, Debug)]
pub(crate) struct Voices {
    /// Those that give it rights, as far as they are known.
    pub(crate) all: Vec<Arc<Voice>>,
    pub(crate) boundary: Option<Arc<Voice>>,
    /// What is allowed on everything, without conditions.
    pub(crate) freed: Mask,
}

/// What a policy says, in a word: the hash of its document, or itself where there is none.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Text {
    Of(Hash16),
    Unknown(PolicyId),
}

impl Voice {
    fn new((id, policy): (PolicyId, &Policy), interest: &Interest) -> Arc<Self> {
        let document = policy.document.document();
        Arc::new(Self {
            text: policy.hash().map_or(Text::Unknown(id), Text::Of),
            is_read: document.is_some(),
            said: document.map(|document| interest.said(document)).unwrap_or_default(),
        })
    }
}

impl Masks {
    /// Of all policies of an estate.
    pub(crate) fn new(estate: &Estate, interest: &Interest) -> Self {
        let mut known: HashMap<Hash16, Arc<Voice>> = HashMap::new();
        let voice = |(id, policy): (PolicyId, &Policy)| match policy.hash() {
            Some(hash) => Arc::clone(known.entry(hash).or_insert_with(|| Voice::new((id, policy), interest))),
            None => Voice::new((id, policy), interest),
        };
        Self(estate.policies().map(voice).collect())
    }

    /// Takes in that some policies have other documents, and that there are new ones.
    pub(crate) fn change(&mut self, estate: &Estate, interest: &Interest, changed: &BTreeSet<PolicyId>) {
        let first = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        for id in (first..).map(PolicyId) {
            let Some(policy) = estate.policy(id) else { break };
            self.0.push(Voice::new((id, policy), interest));
        }
        for id in changed {
            if let (Some(own), Some(policy)) = (self.0.get_mut(id.0 as usize), estate.policy(*id)) {
                *own = Voice::new((*id, policy), interest);
            }
        }
    }

    /// What a policy says.
    pub(crate) fn voice(&self, policy: PolicyId) -> Option<&Arc<Voice>> {
        self.0.get(policy.0 as usize)
    }

    /// What some policies could allow.
    fn allowed(&self, policies: &[PolicyId]) -> Mask {
        let mut allowed = Mask::default();
        policies.iter().filter_map(|id| self.voice(*id)).for_each(|voice| allowed.join(&voice.said.allows));
        allowed
    }
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
                voices: OnceCell::new(),
                mask: Mask::default(),
                limited: Mask::default(),
                gained: None,
                policies: principal.policies.clone(),
                boundary: principal.boundary,
            }
            .masked(masks),
        )
    }

    /// The same, with what its policies could allow.
    fn masked(mut self, masks: &Masks) -> Self {
        self.mask = masks.allowed(&self.policies);
        self.limited = self.mask;
        if let Some(boundary) = self.boundary {
            self.limited.keep(&masks.allowed(&[boundary]));
        }
        self
    }

    /// Whether it could have more of some permissions than before it joined the group that it joins, if it joins one.
    pub(crate) fn gains(&self, mask: &Mask) -> bool {
        self.gained.is_none_or(|gained| gained.meets(mask))
    }

    /// All that its policies say. One that is not there or cannot be read may deny everything.
    pub(crate) fn said(&self, masks: &Masks) -> Sayings {
        let voices = self.voices(masks);
        let mut said = Sayings { frees: voices.freed, ..Sayings::default() };
        for voice in &voices.all {
            said.allows.join(&voice.said.allows);
            said.denies.join(&voice.said.denies);
            said.personal.join(&voice.said.personal);
        }
        let is_whole =
            voices.all.len() == self.policies.len() && voices.all.iter().all(|voice| voice.is_read);
        if is_whole { said } else { Sayings { denies: Mask::ALL, ..said } }
    }

    /// What its policies say, found out once.
    pub(crate) fn voices(&self, masks: &Masks) -> &Voices {
        self.voices.get_or_init(|| {
            let voice = |id: &PolicyId| masks.voice(*id).map(Arc::clone);
            let all: Vec<Arc<Voice>> = self.policies.iter().filter_map(voice).collect();
            let mut freed = Mask::default();
            all.iter().for_each(|voice| freed.join(&voice.said.frees));
            Voices { all, boundary: self.boundary.as_ref().and_then(voice), freed }
        })
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
                Self { policies: estate.without_denying(estate.principal(id)?, way), ..actor }
            }
            Variant::OtherVersions(_) => actor.with_others(estate, estate.principal(id)?),
            Variant::Joined(_, group, beside) => {
                let varied = beside.of(id).map(|own| Self::variant((estate, masks), own, node));
                let own = varied.unwrap_or(Some(actor))?;
                let before = own.policies.len();
                let own = Self { variant: Some(variant), ..own };
                let joined = own.with_group(estate, (estate.principal(group)?, beside));
                let gained = masks.allowed(joined.policies.get(before..)?);
                // What it has without what denied it, it may have only now that it is a member.
                let is_freed = matches!(beside, Beside::WithoutDenial(_));
                Self { gained: (!is_freed).then_some(gained), ..joined }
            }
        };
        Some(varied.masked(masks))
    }

    /// With what other versions of the policies allow that a principal holds.
    fn with_others(mut self, estate: &Estate, holder: &Principal) -> Self {
        let arns = estate.changeable_policies(holder);
        self.policies.extend(arns.flat_map(|arn| estate.other_versions(arn)).copied());
        self
    }

    /// With the policies of a group.
    fn with_group(mut self, estate: &Estate, (group, beside): (&Principal, Beside)) -> Self {
        self.policies.extend(&group.policies);
        if beside == Beside::OtherVersions { self.with_others(estate, group) } else { self }
    }

    /// The groups that it is a member of.
    pub(crate) fn groups<'a>(&self, estate: &'a Estate) -> impl Iterator<Item = PrincipalId> + use<'a> {
        let own = estate.principal(self.principal).into_iter().flat_map(|one| &one.groups).copied();
        own.chain(self.variant.and_then(Variant::group))
    }

    /// The managed policies that are attached to it or a group of its, and that its account can change.
    pub(crate) fn changeable_policies<'a>(
        &self,
        estate: &'a Estate,
    ) -> impl Iterator<Item = &'a str> + use<'a> {
        // Those of the groups that it is in already are its own.
        let holders = [Some(self.principal), self.variant.and_then(Variant::group)];
        let holders = holders.into_iter().flatten().filter_map(|id| estate.principal(id));
        holders.flat_map(|one| estate.changeable_policies(one))
    }
}
