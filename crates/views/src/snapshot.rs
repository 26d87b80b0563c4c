//! The published form of the state: what readers load, without lock and without I/O.
//!
//! A [`Snapshot`] is one consistent cut at a fact number. Its data lies in two columns by entity: what seldom changes
//! ([`Entity`]: name, attributes, ancestors) and what decides here and now ([`Hot`]: risk, holds, kill epoch; 32
//! bytes, one cache line). Full hold rows stand in a side table that is read only when a bit of `Hot` says so. The
//! [`writer::Writer`] owns a working copy, edits it and publishes clones that share whatever did not change.

pub mod attribute;
pub mod cow_map;
pub mod entity;
pub mod names;
pub mod overlay;
pub mod writer;

use std::sync::Arc;

use doorward_model::hold::{Hold, HoldScope};
use doorward_model::id::FactNumber;
use doorward_model::risk::Risk;
use doorward_model::time::Time;

use crate::chunked::Chunked;
use crate::snapshot::cow_map::CowMap;
use crate::snapshot::entity::{Entity, EntityIx};
use crate::snapshot::names::Names;

/// The state as of one fact.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The last fact that is in it.
    pub fact_number: FactNumber,
    names: Names,
    cold: Chunked<Arc<Entity>, 64>,
    hot: Chunked<Hot, 64>,
    holds: CowMap<Arc<Hold>>,
    /// How many holds are placed on something else than an identity.
    other_holds: u32,
    revoked: CowMap<()>,
}

/// What decides here and now about one identity: 32 bytes.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Hot {
    /// The risk at its peak.
    pub risk: Risk,
    /// Sessions and credentials that began at or before it are ended.
    pub kill_epoch: KillEpoch,
    /// How many holds are placed on it.
    pub holds: u16,
    /// How many grants are open for it.
    pub grants: u16,
}

/// The instant up to which all sessions of an identity are ended; none at first.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct KillEpoch(i64);

impl KillEpoch {
    /// Ends what began at or before an instant.
    #[must_use]
    pub const fn at(time: Time) -> Self {
        Self(time.ms())
    }

    /// Whether it ends what began at an instant. What does not say when it began is ended by any kill epoch.
    #[must_use]
    pub fn ends(self, began_at: Option<Time>) -> bool {
        self.0 != 0 && began_at.is_none_or(|began_at| began_at.ms() <= self.0)
    }
}

impl Snapshot {
    /// A snapshot of nothing; the seed is of the maps' hashes and reaches no answer.
    #[must_use]
    pub fn empty(seed: u64) -> Self {
        Self {
            fact_number: FactNumber(0),
            names: Names::new(seed),
            cold: Chunked::new(),
            hot: Chunked::new(),
            holds: CowMap::new(seed),
            other_holds: 0,
            revoked: CowMap::new(seed),
        }
    }

    /// How many entities have an index.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.cold.len()
    }

    /// Whether no entity has an index.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.cold.is_empty()
    }

    /// The entity of a name or alias; it may be one that was only ever named, see [`Entity::known`].
    #[must_use]
    pub fn find(&self, kind: &str, id: &str) -> Option<EntityIx> {
        self.names.find(kind, id, &self.cold)
    }

    /// The identities of a canonical id, whatever their types: one, unless two types share an id.
    pub fn find_identities(&self, id: &str) -> impl Iterator<Item = EntityIx> {
        self.names.find_all(names::ANY_IDENTITY, id, &self.cold)
    }

    /// What seldom changes of an entity.
    #[must_use]
    pub fn entity(&self, ix: EntityIx) -> Option<&Arc<Entity>> {
        self.cold.get(ix.slot())
    }

    /// What decides here and now about an entity.
    #[must_use]
    pub fn hot(&self, ix: EntityIx) -> Hot {
        self.hot.get(ix.slot()).copied().unwrap_or_default()
    }

    /// The holds on something, in force or not.
    pub fn holds(&self, scope: HoldScope, subject: &str) -> impl Iterator<Item = &Arc<Hold>> {
        let rows = if scope == HoldScope::Identity || self.other_holds > 0 {
            self.holds.all(self.holds.key(&[scope.word(), subject]))
        } else {
            &[]
        };
        rows.iter().map(|(_, hold)| hold).filter(move |hold| hold.scope() == scope && hold.subject == subject)
    }

    /// Whether a session or credential was revoked.
    #[must_use]
    pub fn is_revoked(&self, id: &str) -> bool {
        !self.revoked.all(revocation_key(id)).is_empty()
    }
}

/// 64 bits of a strong hash: no id can be made up that collides with a revoked one.
fn revocation_key(id: &str) -> u64 {
    let hash = doorward_model::hash::Hash16::of(id.as_bytes());
    hash.0.iter().take(8).fold(0, |key, byte| key << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::Hot;

    #[test]
    fn hot_is_half_a_cache_line() {
        assert_eq!(size_of::<Hot>(), 32);
    }
}
