//! Where each credential has been used lately, by each identity that uses it: the facts behind lineage findings.
//!
//! An agent under a person's session uses her key, and is another identity, perhaps of another shard: what one shard
//! knows of a key may not depend on which others it folds.

use doorward_model::event::Event;
use doorward_model::time::{Millis, Time};

use hashbrown::Equivalent;
use smol_str::SmolStr;

use crate::recent::Recent;
use crate::symbols::Symbol;

/// Where and how one key was used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyUse {
    /// Where the client first said that it took the key from; empty when it never said.
    pub source: Symbol,
    places: [Place; PLACES_MAX],
    stays: u8,
}

/// A stay of a key in one network.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// The network.
    pub network: Symbol,
    /// The latest use there, in seconds since the epoch: eight bytes a place, because there are many keys.
    to_s: u32,
}

impl Place {
    /// A place, with the latest use there.
    pub(crate) fn new(network: Symbol, to: Time) -> Self {
        Self { network, to_s: u32::try_from(to.ms().div_euclid(SECOND_MS)).unwrap_or(0) }
    }

    /// The latest use there, to the second.
    #[must_use]
    pub fn to(&self) -> Time {
        Time::from_ms(i64::from(self.to_s) * SECOND_MS)
    }
}

/// The use of a key that an event shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sighting {
    /// Who used it.
    pub identity: Symbol,
    /// From where.
    pub network: Symbol,
    /// Where the client says that it took the key from; empty when it does not say.
    pub source: Symbol,
}

/// The keys that were used in the last one and a half days.
#[derive(Clone, Debug)]
pub struct Keys {
    pub(crate) uses: Recent<KeyName, KeyUse>,
}

/// A key in the hands of an identity.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct KeyName {
    pub(crate) identity: Symbol,
    pub(crate) key: SmolStr,
}

/// [`KeyName`], borrowed.
#[derive(Hash)]
struct Query<'a> {
    identity: Symbol,
    key: &'a str,
}

impl Keys {
    /// None, with the seed of the hash map.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { uses: Recent::new(Millis::HOUR.times(36), KEYS_MAX, seed) }
    }

    /// What is known of a key in the hands of an identity.
    #[must_use]
    pub fn peek(&self, identity: Symbol, key: &str) -> Option<&KeyUse> {
        self.uses.peek(&Query { identity, key })
    }

    /// Takes in a use of the key of an event.
    pub(crate) fn fold(&mut self, event: &Event, seen: Sighting) {
        let (now, key) = (event.happened_at(), event.actor.access_key_id.as_str());
        match self.uses.touch(&Query { identity: seen.identity, key }, now) {
            Some(used) => used.fold(seen, now),
            None => {
                self.uses.put(
                    KeyName { identity: seen.identity, key: key.into() },
                    KeyUse::first(seen, now),
                    now,
                );
            }
        }
    }
}

impl Equivalent<KeyName> for Query<'_> {
    fn equivalent(&self, known: &KeyName) -> bool {
        (self.identity, self.key) == (known.identity, &*known.key)
    }
}

impl KeyUse {
    /// The network of its first use, and of its latest two changes of network, oldest first.
    #[must_use]
    pub fn places(&self) -> &[Place] {
        self.places.get(..usize::from(self.stays)).unwrap_or_default()
    }

    /// What a checkpoint kept: the places, oldest first, of which at least one and no more than fit are used.
    pub(crate) fn restored(source: Symbol, places: &[Place]) -> Option<Self> {
        let mut used = Self { source, places: [*places.first()?; PLACES_MAX], stays: 0 };
        for (at, place) in used.places.iter_mut().zip(places) {
            *at = *place;
            used.stays += 1;
        }
        Some(used)
    }

    fn first(seen: Sighting, now: Time) -> Self {
        let place = Place::new(seen.network, now);
        Self { source: seen.source, places: [place; PLACES_MAX], stays: 1 }
    }

    fn fold(&mut self, seen: Sighting, now: Time) {
        if self.source == Symbol::EMPTY {
            self.source = seen.source;
        }
        let latest = usize::from(self.stays).checked_sub(1).and_then(|at| self.places.get_mut(at));
        if let Some(place) = latest
            && place.network == seen.network
        {
            *place = Place::new(seen.network, now.max(place.to()));
            return;
        }
        let [_, second, last] = &mut self.places;
        let place = Place::new(seen.network, now);
        match self.stays {
            1 => *second = place,
            2 => *last = place,
            _ => *second = std::mem::replace(last, place),
        }
        self.stays = self.stays.saturating_add(1).min(PLACES_MAX_U8);
    }
}

const SECOND_MS: i64 = 1_000;
const KEYS_MAX: usize = 1 << 20;
const PLACES_MAX: usize = 3;
const PLACES_MAX_U8: u8 = 3;

#[cfg(test)]
mod tests {
    use doorward_model::event::Event;
    use doorward_model::time::Time;

    use super::{Keys, Sighting};
    use crate::symbols::Symbol;

    #[test]
    fn a_key_keeps_its_first_network_and_its_latest_two_moves() {
        let (mut keys, who) = (Keys::new(1), Symbol(1));
        let mut event = Event::default();
        event.actor.access_key_id = "ASIAEXAMPLE".to_owned();
        for (second, network, source) in [(1, 10, 0), (2, 11, 0), (3, 12, 7), (4, 13, 8), (9, 13, 0)] {
            event.happened_at_ms = second * 1_000;
            keys.fold(&event, Sighting { identity: who, network: Symbol(network), source: Symbol(source) });
        }
        let used = keys.peek(who, "ASIAEXAMPLE").unwrap();
        let places: Vec<_> = used.places().iter().map(|place| (place.network.0, place.to())).collect();
        let at = |second: i64| Time::from_ms(second * 1_000);
        assert_eq!(places, [(10, at(1)), (12, at(3)), (13, at(9))]);
        assert_eq!((used.source, keys.peek(Symbol(2), "ASIAEXAMPLE")), (Symbol(7), None));
    }
}
