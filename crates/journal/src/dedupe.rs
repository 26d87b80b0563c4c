//! Whether an event has been seen before: fingerprints, grouped by the hour in which the event happened.
//!
//! An event is its (source, id); the same id with other content is another event that is kept and counted. Both
//! are remembered as 64-bit fingerprints, 16 bytes an event. That a new event is taken for a repeated one needs
//! a collision of both; a collision of the id alone only makes it a conflict, which is kept.
//!
//! Hours come into memory when an event of theirs is checked and leave it, the least recently used first, when
//! the limit is reached. An engine with a store reloads them; the memory engine has none and forgets them.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasherDefault, Hasher};

use doorward_model::event::Event;
use doorward_model::hash::Hash16;
use doorward_model::time::Millis;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

/// What is known about an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Seen {
    /// Its id is new.
    New,
    /// The same event is recorded already.
    Duplicate,
    /// The same id is recorded with other content: to be recorded too, and counted.
    Conflict,
}

/// How much is in memory.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Window {
    /// Hours.
    pub hours: usize,
    /// Fingerprints in them.
    pub fingerprints: usize,
    /// Hours that have left memory so far.
    pub evicted: u64,
}

/// How many fingerprints are kept in memory unless told otherwise: about 130 MB.
pub const FINGERPRINTS_MAX: usize = 4_000_000;

/// How many fingerprints an hour weighs on top of its own, so that many small hours are bounded too.
const HOUR_WEIGHT: usize = 32;

/// An hour of the sources' clocks: hours since the epoch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Hour(pub(crate) i64);

/// One event, remembered.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Fingerprint {
    pub(crate) id: u64,
    pub(crate) content: u64,
}

impl Hour {
    pub(crate) fn of(event: &Event) -> Self {
        Self(event.claimed_at().ms().div_euclid(Millis::HOUR.0))
    }
}

impl Fingerprint {
    pub(crate) const BYTES: usize = 16;

    pub(crate) fn of(event: &Event) -> Self {
        // Who makes two ids collide makes conflicts, which are kept: only equal content is ever taken for a repetition.
        let [source, id] = [&event.source, &event.id].map(|text| Hash16::fingerprint(text.as_bytes()));
        let content = Hash16::from_slice(&event.content_hash);
        let content = content.unwrap_or_else(|| Hash16::fingerprint(&event.raw));
        Self { id: first_word(id) ^ first_word(source).rotate_left(1), content: first_word(content) }
    }

    pub(crate) fn to_bytes(self) -> [u8; Self::BYTES] {
        ((u128::from(self.content) << 64) | u128::from(self.id)).to_le_bytes()
    }

    pub(crate) fn from_bytes(bytes: &[u8; Self::BYTES]) -> Self {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = *bytes;
        Self {
            id: u64::from_le_bytes([a, b, c, d, e, f, g, h]),
            content: u64::from_le_bytes([i, j, k, l, m, n, o, p]),
        }
    }
}

fn first_word(hash: Hash16) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = hash.0;
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

/// The fingerprints in memory, and the reservations of the batch that is being prepared.
#[derive(Debug)]
pub(crate) struct Dedupe {
    hours: BTreeMap<Hour, HourSet>,
    fingerprints: usize,
    limit: usize,
    uses: u64,
    evicted: u64,
    reserved: Vec<(Hour, Fingerprint)>,
}

/// What is known of one hour.
#[derive(Default, Debug)]
struct HourSet {
    /// The first content of each id.
    first: HashMap<u64, u64, BuildHasherDefault<AsItIs>>,
    /// Further contents of ids that have several.
    more: BTreeSet<Fingerprint>,
    last_used: u64,
    /// Whether it has reservations, which no store has yet.
    pinned: bool,
}

impl Dedupe {
    pub(crate) fn new(limit: usize) -> Self {
        Self { hours: BTreeMap::new(), fingerprints: 0, limit, uses: 0, evicted: 0, reserved: Vec::new() }
    }

    pub(crate) fn has(&self, hour: Hour) -> bool {
        self.hours.contains_key(&hour)
    }

    /// Brings an hour into memory, with the fingerprints that the store has of it.
    pub(crate) fn load(&mut self, hour: Hour, stored: impl Iterator<Item = Fingerprint>) {
        let set = self.hours.entry(hour).or_default();
        self.uses += 1;
        set.last_used = self.uses;
        for fingerprint in stored {
            self.fingerprints += usize::from(set.insert(fingerprint) != Seen::Duplicate);
        }
        self.evict();
    }

    /// Answers for one event of an hour in memory and reserves it unless it is a duplicate.
    pub(crate) fn check(&mut self, hour: Hour, fingerprint: Fingerprint) -> Seen {
        let set = self.hours.entry(hour).or_default();
        self.uses += 1;
        set.last_used = self.uses;
        let seen = set.insert(fingerprint);
        if seen != Seen::Duplicate {
            set.pinned = true;
            self.fingerprints += 1;
            self.reserved.push((hour, fingerprint));
        }
        seen
    }

    /// Ends the reservations: exactly these events are recorded now.
    pub(crate) fn settle(&mut self, recorded: &[(Hour, Fingerprint)]) {
        if recorded == self.reserved {
            self.reserved.clear();
            self.unpin(recorded);
        } else {
            self.withdraw();
            for &(hour, fingerprint) in recorded {
                self.record(hour, fingerprint);
            }
        }
        self.evict();
    }

    /// Ends the reservations: nothing of them was recorded.
    pub(crate) fn withdraw(&mut self) {
        let reserved = std::mem::take(&mut self.reserved);
        for &(hour, fingerprint) in &reserved {
            self.forget(hour, fingerprint);
        }
        self.unpin(&reserved);
    }

    /// Forgets an event that is no longer recorded.
    pub(crate) fn forget(&mut self, hour: Hour, fingerprint: Fingerprint) {
        if let Some(set) = self.hours.get_mut(&hour) {
            self.fingerprints -= usize::from(set.remove(fingerprint));
        }
    }

    /// Drops hours of which the store has forgotten something, to be loaded again when needed. What is reserved for the
    /// batch that is being prepared stays.
    pub(crate) fn drop_hours(&mut self, hours: &BTreeSet<Hour>) {
        for hour in hours {
            if self.hours.get(hour).is_some_and(|set| !set.pinned)
                && let Some(set) = self.hours.remove(hour)
            {
                self.fingerprints -= set.first.len() + set.more.len();
            }
        }
    }

    pub(crate) fn window(&self) -> Window {
        Window { hours: self.hours.len(), fingerprints: self.fingerprints, evicted: self.evicted }
    }

    /// An hour that is not in memory stays out of it: the store knows the event.
    fn record(&mut self, hour: Hour, fingerprint: Fingerprint) {
        if let Some(set) = self.hours.get_mut(&hour) {
            self.fingerprints += usize::from(set.insert(fingerprint) != Seen::Duplicate);
        }
    }

    /// Lets hours without reservations leave memory again.
    fn unpin(&mut self, reserved: &[(Hour, Fingerprint)]) {
        let mut done = None;
        for &(hour, _) in reserved {
            if done != Some(hour)
                && let Some(set) = self.hours.get_mut(&hour)
            {
                set.pinned = false;
            }
            done = Some(hour);
        }
    }

    /// Drops hours, the least recently used first, until the limit holds; never the one in use, and never a
    /// pinned one.
    fn evict(&mut self) {
        while self.fingerprints + self.hours.len() * HOUR_WEIGHT > self.limit {
            let idle = self.hours.iter().filter(|(_, set)| set.last_used != self.uses && !set.pinned);
            let Some(oldest) = idle.min_by_key(|(_, set)| set.last_used).map(|(hour, _)| *hour) else {
                return;
            };
            if let Some(set) = self.hours.remove(&oldest) {
                self.fingerprints -= set.first.len() + set.more.len();
                self.evicted += 1;
            }
        }
    }
}

impl HourSet {
    fn insert(&mut self, fingerprint: Fingerprint) -> Seen {
        match self.first.entry(fingerprint.id) {
            Entry::Vacant(place) => {
                place.insert(fingerprint.content);
                Seen::New
            }
            Entry::Occupied(first) if *first.get() == fingerprint.content => Seen::Duplicate,
            Entry::Occupied(_) if self.more.insert(fingerprint) => Seen::Conflict,
            Entry::Occupied(_) => Seen::Duplicate,
        }
    }

    /// Whether it was there. The next content of the same id becomes the first.
    fn remove(&mut self, fingerprint: Fingerprint) -> bool {
        if self.more.remove(&fingerprint) {
            return true;
        }
        if self.first.get(&fingerprint.id) != Some(&fingerprint.content) {
            return false;
        }
        let of_the_id =
            Fingerprint { content: 0, ..fingerprint }..=Fingerprint { content: u64::MAX, ..fingerprint };
        let next = self.more.range(of_the_id).next().copied();
        match next {
            Some(next) => {
                self.more.remove(&next);
                self.first.insert(next.id, next.content);
            }
            None => {
                self.first.remove(&fingerprint.id);
            }
        }
        true
    }
}

/// A fingerprint is a hash already.
#[derive(Default, Debug)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = word;
    }
}
