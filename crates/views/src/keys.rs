//! Where each credential has been used lately, by each identity that uses it: the facts behind lineage findings.
//!
//! An agent under a person's session uses her key, and is another identity, perhaps of another shard: what one shard
//! knows of a key may not depend on which others it folds.

use doorward_model::event::Event;
use doorward_model::record::Observation;
use doorward_model::time::{Millis, Time};

use hashbrown::Equivalent;

use crate::habits::is_network;
use crate::recent::Recent;

/// Where and how one key was used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyUse {
    /// The network of its first use, and of its latest two changes of network, oldest first.
    pub places: Vec<Place>,
    /// Where the client first said that it took the key from; empty when it never said.
    pub source: String,
}

/// A stay of a key in one network.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// The network.
    pub network: String,
    /// The first use there.
    pub from: Time,
    /// The latest use there.
    pub to: Time,
}

/// The keys that were used in the last one and a half days.
#[derive(Clone, Debug)]
pub struct Keys {
    pub(crate) uses: Recent<(String, String), KeyUse>,
}

impl Keys {
    /// None, with the seed of the hash map.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { uses: Recent::new(Millis::HOUR.times(36), KEYS_MAX, seed) }
    }

    /// What is known of the key of an observation, before it is folded.
    #[must_use]
    pub fn peek(&self, seen: &Observation) -> Option<&KeyUse> {
        self.uses.peek(&Query(&seen.identity, &seen.event.actor.access_key_id))
    }

    /// Takes in where the key of an observation was used.
    pub fn fold(&mut self, seen: &Observation) {
        let (event, key) = (&seen.event, seen.event.actor.access_key_id.as_str());
        if key.is_empty() || !is_network(&event.client.network) {
            return;
        }
        let now = event.happened_at();
        match self.uses.touch(&Query(&seen.identity, key), now) {
            Some(used) => used.fold(event, now),
            None => self.uses.put((seen.identity.clone(), key.to_owned()), KeyUse::first(event, now), now),
        }
    }
}

/// Identity and key, borrowed.
#[derive(Hash)]
struct Query<'a>(&'a str, &'a str);

impl Equivalent<(String, String)> for Query<'_> {
    fn equivalent(&self, (identity, key): &(String, String)) -> bool {
        (self.0, self.1) == (identity, key)
    }
}

impl KeyUse {
    fn first(event: &Event, now: Time) -> Self {
        let place = Place { network: event.client.network.clone(), from: now, to: now };
        Self { places: vec![place], source: event.client.credential_source.clone() }
    }

    fn fold(&mut self, event: &Event, now: Time) {
        if self.source.is_empty() {
            self.source.clone_from(&event.client.credential_source);
        }
        match self.places.last_mut() {
            Some(place) if place.network == event.client.network => place.to = place.to.max(now),
            _ => self.places.push(Place { network: event.client.network.clone(), from: now, to: now }),
        }
        if self.places.len() > PLACES_MAX {
            self.places.remove(1);
        }
    }
}

const KEYS_MAX: usize = 1 << 20;
const PLACES_MAX: usize = 3;
