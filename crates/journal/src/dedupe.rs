//! Whether an event has been seen before: fingerprints, grouped by the hour in which the event happened.
//!
//! An event is its (source, id); the same id with other content is another event that is kept and counted. Both
//! are remembered as 64-bit fingerprints, 16 bytes an event. That a new event is taken for a repeated one needs
//! a collision of both; a collision of the id alone only makes it a conflict, which is kept.
//!
//! Hours come into memory when an event of theirs is checked and leave it, the least recently used first, when
//! the limit is reached. An engine with a store reloads them; the memory engine has none and forgets them. An hour that
//! is too large for half of the limit by itself is spilled to `runs` bit by bit, so that memory stays bounded whatever
//! comes within an hour.

mod runs;

use std::collections::BTreeSet;
use std::hash::{BuildHasherDefault, Hasher};
use std::io;

use doorward_model::event::Event;
use doorward_model::hash;
use doorward_model::record::Record;
use doorward_model::time::Millis;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

pub(crate) use self::runs::Place;
use self::runs::{Known, Runs};
use crate::error::JournalError;

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
    /// Fingerprints of them in memory.
    pub fingerprints: usize,
    /// Fingerprints of them that were spilled to files, because their hour has too many.
    pub spilled: usize,
    /// Hours that have left memory so far.
    pub evicted: u64,
}

/// How many fingerprints are kept in memory unless told otherwise: about 130 MB.
pub const FINGERPRINTS_MAX: usize = 4_000_000;

/// How many bytes of memory the filters of what is spilled may take, over all hours: enough for 85 million events.
const FILTER_BYTES_MAX: usize = 128 << 20;

/// How many fingerprints an hour weighs on top of its own, so that many small hours are bounded too.
const HOUR_WEIGHT: usize = 32;

/// An hour of the sources' clocks: hours since the epoch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Hour(pub(crate) i64);

/// One event, remembered.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Fingerprint {
    pub(crate) id: u64,
    pub(crate) content: u64,
}

/// The fingerprint of an event, with the hour in which that happened.
pub(crate) type Dated = (Hour, Fingerprint);

impl Hour {
    pub(crate) fn of(event: &Event) -> Self {
        Self(event.claimed_at().ms().div_euclid(Millis::HOUR.0))
    }
}

impl Fingerprint {
    pub(crate) const BYTES: usize = 16;

    pub(crate) fn of(event: &Event) -> Self {
        // Who makes two ids collide makes conflicts, which are kept: only equal content is ever taken for a repetition.
        let [source, id] =
            [&event.source, &event.id].map(|text| first_word(hash::Fingerprint::of(text.as_bytes())));
        let content = event.content.unwrap_or_else(|| hash::Fingerprint::of(&event.raw));
        Self { id: id ^ source.rotate_left(1), content: first_word(content) }
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

/// In the order of bytes in which fingerprints are stored.
const fn first_word(of: hash::Fingerprint) -> u64 {
    of.high.swap_bytes()
}

/// The fingerprints in memory, and the reservations of the batch that is being prepared.
#[derive(Debug)]
pub(crate) struct Dedupe {
    hours: HashMap<Hour, HourSet>,
    fingerprints: usize,
    /// What the filters of spilled hours take, and may take.
    filter_bytes: usize,
    filter_bytes_max: usize,
    limit: usize,
    /// Where what is too much for memory goes; none where it stays all the same.
    place: Option<Place>,
    uses: u64,
    evicted: u64,
    reserved: Vec<Dated>,
}

/// Is given each fingerprint that the store has of an hour.
pub(crate) type Learn<'a> = &'a mut dyn FnMut(Fingerprint) -> Loaded;
/// Whether an hour could be loaded, or spilled.
pub(crate) type Loaded = Result<(), JournalError>;

/// What is known of one hour.
#[derive(Default, Debug)]
struct HourSet {
    /// The first content of each id.
    first: HashMap<u64, u64, BuildHasherDefault<AsItIs>>,
    /// Further contents of ids that have several.
    more: BTreeSet<Fingerprint>,
    /// What was spilled; nothing of it is above.
    runs: Runs,
    last_used: u64,
    /// Whether it has reservations, which no store has yet.
    pinned: bool,
}

impl Dedupe {
    /// None in memory, and at most about so many; what is too much of one hour goes to a place, if there is one.
    pub(crate) fn new(limit: usize, place: Option<Place>) -> Self {
        Self {
            hours: HashMap::default(),
            fingerprints: 0,
            filter_bytes: 0,
            filter_bytes_max: FILTER_BYTES_MAX,
            limit,
            place,
            uses: 0,
            evicted: 0,
            reserved: Vec::new(),
        }
    }

    pub(crate) fn has(&self, hour: Hour) -> bool {
        self.hours.contains_key(&hour)
    }

    /// Brings an hour into memory, with the fingerprints that the store has of it: `read` gives out each of them.
    pub(crate) fn load(&mut self, hour: Hour, read: impl FnOnce(Learn<'_>) -> Loaded) -> Loaded {
        self.uses += 1;
        // As many are expected as came in the hour before.
        let expected = self.hours.get(&Hour(hour.0 - 1)).map_or(0, |before| before.first.len());
        let set = self.hours.entry(hour).or_default();
        set.first.reserve(expected);
        set.last_used = self.uses;
        let loaded = read(&mut |fingerprint| {
            self.spill(hour)?;
            self.record(hour, fingerprint);
            Ok(())
        });
        if loaded.is_err() {
            // One that is there in part would say of known events that they are new.
            self.drop_hours(&BTreeSet::from([hour]));
        }
        self.evict();
        loaded
    }

    /// Answers for one event of an hour in memory and reserves it unless it is a duplicate.
    pub(crate) fn check(&mut self, hour: Hour, fingerprint: Fingerprint) -> Result<Seen, JournalError> {
        self.spill(hour)?;
        let set = self.hours.entry(hour).or_default();
        self.uses += 1;
        set.last_used = self.uses;
        let seen = set.check(fingerprint).map_err(JournalError::spilling)?;
        if seen != Seen::Duplicate {
            set.pinned = true;
            self.fingerprints += 1;
            self.reserved.push((hour, fingerprint));
        }
        Ok(seen)
    }

    /// Spills what is in memory of an hour, if that is too much. What is reserved is not the store's yet, and stays.
    fn spill(&mut self, hour: Hour) -> Loaded {
        let Some(place) = &self.place else { return Ok(()) };
        if let Some(set) = self.hours.get_mut(&hour)
            && !set.pinned
            && set.in_memory() >= (self.limit / 2).max(1)
        {
            let before = set.runs.bytes();
            self.fingerprints -= set.spill(place, self.filter_bytes_max).map_err(JournalError::spilling)?;
            self.filter_bytes = self.filter_bytes - before + set.runs.bytes();
            self.evict();
        }
        Ok(())
    }

    /// The fingerprints of the events among some records, in order. A decision of our own comes once, and has none.
    pub(crate) fn fingerprints(&self, records: &[Record]) -> Vec<Dated> {
        let mut reserved = self.reserved.iter();
        let dated = |record: &Record| match record {
            Record::Observation(seen) if seen.decision.is_none() => {
                let (hour, content) = (Hour::of(&seen.event), seen.event.content.map(first_word));
                // Most are recorded as they were checked, and who read the same bytes read the same id from them.
                let known =
                    reserved.next().filter(|(at, known)| *at == hour && Some(known.content) == content);
                Some(known.copied().unwrap_or_else(|| (hour, Fingerprint::of(&seen.event))))
            }
            Record::Observation(_) | Record::Fact(_) => None,
        };
        records.iter().filter_map(dated).collect()
    }

    /// Ends the reservations: exactly these events are recorded now.
    pub(crate) fn settle(&mut self, recorded: &[Dated]) {
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
            if self.hours.get(hour).is_some_and(|set| !set.pinned) {
                self.remove(*hour);
            }
        }
    }

    fn remove(&mut self, hour: Hour) {
        if let Some(set) = self.hours.remove(&hour) {
            self.fingerprints -= set.in_memory();
            self.filter_bytes -= set.runs.bytes();
        }
    }

    pub(crate) fn window(&self) -> Window {
        let spilled = self.hours.values().map(|set| set.runs.len()).sum();
        Window { hours: self.hours.len(), fingerprints: self.fingerprints, spilled, evicted: self.evicted }
    }

    /// An hour that is not in memory stays out of it: the store knows the event.
    fn record(&mut self, hour: Hour, fingerprint: Fingerprint) {
        if let Some(set) = self.hours.get_mut(&hour) {
            self.fingerprints += usize::from(set.insert(fingerprint) != Seen::Duplicate);
        }
    }

    /// Lets hours without reservations leave memory again.
    fn unpin(&mut self, reserved: &[Dated]) {
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

    /// Drops hours, the least recently used first, until the limits hold; never the one in use, and never a pinned one.
    /// One that was spilled is dear to reload, and goes after those that are not, unless it is the filters that are too
    /// many.
    fn evict(&mut self) {
        loop {
            let many_filters = self.filter_bytes > self.filter_bytes_max;
            if !many_filters && self.fingerprints + self.hours.len() * HOUR_WEIGHT <= self.limit {
                return;
            }
            let idle = self.hours.iter().filter(|(_, set)| set.last_used != self.uses && !set.pinned);
            let oldest = idle
                .min_by_key(|(_, set)| (set.runs.is_empty() == many_filters, set.last_used))
                .map(|(hour, _)| *hour);
            let Some(oldest) = oldest else { return };
            self.remove(oldest);
            self.evicted += 1;
        }
    }
}

impl HourSet {
    /// How many fingerprints of it are in memory.
    fn in_memory(&self) -> usize {
        self.first.len() + self.more.len()
    }

    /// What is known of a fingerprint, which is in memory afterwards unless it was known before.
    fn check(&mut self, fingerprint: Fingerprint) -> io::Result<Seen> {
        if self.runs.is_empty() {
            return Ok(self.insert(fingerprint));
        }
        let spilled = self.runs.find(fingerprint)?;
        Ok(match (spilled, self.first.contains_key(&fingerprint.id)) {
            (Known::Whole, _) => Seen::Duplicate,
            (Known::Id, false) => {
                self.insert(fingerprint);
                Seen::Conflict
            }
            (Known::Id, true) | (Known::No, _) => self.insert(fingerprint),
        })
    }

    /// Moves all that is in memory into a run, and tells how many that are.
    fn spill(&mut self, place: &Place, filter_bytes_max: usize) -> io::Result<usize> {
        let first = self.first.iter().map(|(&id, &content)| Fingerprint { id, content });
        let mut sorted: Vec<_> = first.chain(self.more.iter().copied()).collect();
        sorted.sort_unstable();
        self.runs.add(place, &sorted, filter_bytes_max)?;
        (self.first, self.more) = (HashMap::default(), BTreeSet::new());
        Ok(sorted.len())
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    fn fingerprint(at: usize) -> Fingerprint {
        let word = first_word(hash::Fingerprint::of(&at.to_le_bytes()));
        Fingerprint { id: word, content: !word }
    }

    /// Checks so many events of an hour and records them, a few at a time.
    fn fill(dedupe: &mut Dedupe, hour: i64, count: usize) {
        let hour = Hour(hour);
        if !dedupe.has(hour) {
            dedupe.load(hour, |_| Ok(())).unwrap();
        }
        let all: Vec<_> = (0..count).map(fingerprint).collect();
        for batch in all.chunks(10) {
            let recorded: Vec<_> = batch.iter().map(|fingerprint| (hour, *fingerprint)).collect();
            for fingerprint in batch {
                dedupe.check(hour, *fingerprint).unwrap();
            }
            dedupe.settle(&recorded);
        }
    }

    /// The hours in memory, and whether what they take was counted right.
    fn hours(dedupe: &Dedupe) -> (Vec<i64>, bool) {
        let sum = |of: fn(&HourSet) -> usize| dedupe.hours.values().map(of).sum::<usize>();
        let counted = (dedupe.fingerprints, dedupe.filter_bytes)
            == (sum(HourSet::in_memory), sum(|set| set.runs.bytes()));
        let mut hours: Vec<_> = dedupe.hours.keys().map(|hour| hour.0).collect();
        hours.sort_unstable();
        (hours, counted)
    }

    #[test]
    fn an_hour_that_was_spilled_goes_after_those_that_were_not() {
        let mut dedupe = Dedupe::new(200, Some(Place::Temporary));
        fill(&mut dedupe, 1, 250);
        for hour in 2..9 {
            fill(&mut dedupe, hour, 10);
        }
        assert_eq!(hours(&dedupe), (vec![1, 7, 8], true));
        assert_eq!(dedupe.check(Hour(1), fingerprint(3)).unwrap(), Seen::Duplicate);
    }

    #[test]
    fn when_filters_take_too_much_the_spilled_hour_that_was_longest_unused_goes() {
        let mut dedupe = Dedupe::new(600, Some(Place::Temporary));
        dedupe.filter_bytes_max = 2_000;
        fill(&mut dedupe, 0, 10);
        for hour in [1, 2] {
            fill(&mut dedupe, hour, 310);
        }
        assert_eq!(hours(&dedupe), (vec![0, 1, 2], true));
        fill(&mut dedupe, 1, 1);
        fill(&mut dedupe, 3, 900);
        assert_eq!(hours(&dedupe), (vec![0, 1, 3], true));
        dedupe.drop_hours(&BTreeSet::from([Hour(1), Hour(3), Hour(4)]));
        assert_eq!(hours(&dedupe), (vec![0], true));
    }

    #[test]
    fn an_hour_that_cannot_be_loaded_or_spilled_is_not_taken_for_a_new_one() {
        let nowhere = Place::Folder("nowhere/at/all".into());
        let mut dedupe = Dedupe::new(20, Some(nowhere));
        let all = |learn: Learn<'_>| (0..30).map(fingerprint).try_for_each(learn);
        let said = dedupe.load(Hour(1), all).unwrap_err().to_string();
        assert_eq!(said, "cannot use a temporary file for fingerprints of events");
        assert_eq!(hours(&dedupe), (vec![], true));
        // What is there stays there.
        fill(&mut dedupe, 2, 10);
        assert!(matches!(dedupe.check(Hour(2), fingerprint(50)), Err(JournalError::Spilling(_))));
        assert_eq!(hours(&dedupe), (vec![2], true));
    }
}
