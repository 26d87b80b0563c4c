//! Where each identity stands: what it could become, and whether it has a way to what matters most.

use fixedbitset::FixedBitSet;

use crate::answers::toward_top;
use crate::atlas::Atlas;
use crate::estate::{Principal, PrincipalId, PrincipalKind};
use crate::graph::Filter;
use crate::reach::Toward;

/// Where the identities of an atlas stand: users and roles but those that only a service uses.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The ways to the administration of whichever account is nearest.
    pub(super) administration: Toward,
    /// The ways to whatever matters most and is nearest.
    pub(super) top: Toward,
    identities: FixedBitSet,
    administrators: FixedBitSet,
    escalating: FixedBitSet,
    latent: FixedBitSet,
    at_top: FixedBitSet,
    toward_top: FixedBitSet,
}

impl Standing {
    /// Of all identities of an atlas.
    #[must_use]
    pub fn of(atlas: &Atlas) -> Self {
        let analysis = &atlas.analysis;
        let accounts = atlas.estate.accounts().map(|(account, _)| analysis.administration(account));
        let administration = Toward::any_of(&analysis.graph, accounts.collect(), &Filter::default());
        let top = toward_top(atlas);
        let count = atlas.estate.principals_end() as usize;
        let mut standing = Self {
            administration,
            top,
            identities: FixedBitSet::with_capacity(count),
            administrators: FixedBitSet::with_capacity(count),
            escalating: FixedBitSet::with_capacity(count),
            latent: FixedBitSet::with_capacity(count),
            at_top: FixedBitSet::with_capacity(count),
            toward_top: FixedBitSet::with_capacity(count),
        };
        for (id, principal) in atlas.estate.principals() {
            if is_identity(principal) {
                standing.add(atlas, id);
            }
        }
        standing
    }

    fn add(&mut self, atlas: &Atlas, id: PrincipalId) {
        let (at, node) = (id.0 as usize, atlas.analysis.principal(id));
        let administers = atlas.analysis.is_administrator(id);
        let is_top = atlas.rating.tier_zero.contains(node.0 as usize);
        self.identities.insert(at);
        self.administrators.set(at, administers);
        let escalates = self.administration.conditions(node).is_some();
        self.escalating.set(at, !administers && escalates);
        self.latent.set(at, !administers && !escalates && !atlas.analysis.latent(id).is_empty());
        self.at_top.set(at, is_top);
        self.toward_top.set(at, !is_top && self.top.conditions(node).is_some());
    }

    /// How many identities there are.
    #[must_use]
    pub fn identities(&self) -> usize {
        self.identities.count_ones(..)
    }

    /// How many of them administer their account by their own policies.
    #[must_use]
    pub fn administrators(&self) -> usize {
        self.administrators.count_ones(..)
    }

    /// How many others can come to administer an account.
    #[must_use]
    pub fn escalating(&self) -> usize {
        self.escalating.count_ones(..)
    }

    /// How many more could, were something there that is not.
    #[must_use]
    pub fn latent(&self) -> usize {
        self.latent.count_ones(..)
    }

    /// How many have a way to something that matters most, and do not matter so themselves.
    #[must_use]
    pub fn toward_top(&self) -> usize {
        self.toward_top.count_ones(..)
    }

    /// Whether one administers an account, or can come to.
    pub(super) fn is_able(&self, id: PrincipalId) -> bool {
        let at = id.0 as usize;
        self.administrators.contains(at) || self.escalating.contains(at)
    }

    /// Whether one administers its account by its own policies.
    pub(super) fn is_administrator(&self, id: PrincipalId) -> bool {
        self.administrators.contains(id.0 as usize)
    }

    /// Whether one matters most, or has a way to what does.
    pub(super) fn is_near_top(&self, id: PrincipalId) -> bool {
        let at = id.0 as usize;
        self.at_top.contains(at) || self.toward_top.contains(at)
    }

    /// Whether one matters most itself.
    pub(super) fn is_at_top(&self, id: PrincipalId) -> bool {
        self.at_top.contains(id.0 as usize)
    }

    /// All of them, in order.
    pub fn all(&self) -> impl Iterator<Item = PrincipalId> + '_ {
        self.identities.ones().filter_map(|at| u32::try_from(at).ok()).map(PrincipalId)
    }
}

/// Groups are nobody, and what only a service uses is used by nobody else.
fn is_identity(principal: &Principal) -> bool {
    principal.kind != PrincipalKind::Group && !principal.is_service_linked()
}
