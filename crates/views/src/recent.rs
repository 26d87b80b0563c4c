//! A map that forgets: what was not used for a while is gone, and there is a limit to how much it holds.

use std::hash::{BuildHasher, Hash};

use doorward_model::time::{Millis, Time};
use foldhash::fast::FixedState;
use hashbrown::{Equivalent, HashTable};

/// Two generations of entries. Each lookup moves the entry into the younger one; every `span` the older one is
/// dropped. So an entry lives for at least one span after its last use, and at most two.
#[derive(Clone, Debug)]
pub struct Recent<K, V> {
    young: HashTable<(K, V)>,
    old: HashTable<(K, V)>,
    hasher: FixedState,
    since: Time,
    span: Millis,
    generation_max: usize,
}

impl<K: Hash + Eq, V> Recent<K, V> {
    /// Empty. `generation_max` entries in one generation start the next one early.
    #[must_use]
    pub fn new(span: Millis, generation_max: usize, seed: u64) -> Self {
        let hasher = FixedState::with_seed(seed);
        Self {
            young: HashTable::new(),
            old: HashTable::new(),
            hasher,
            since: Time::MIN,
            span,
            generation_max,
        }
    }

    /// The entry of a key, kept for another span from `now`.
    pub fn touch<Q>(&mut self, key: &Q, now: Time) -> Option<&mut V>
    where
        Q: Hash + Equivalent<K> + ?Sized,
    {
        self.turn(now);
        let hash = self.hasher.hash_one(key);
        let absent = match self.young.find_entry(hash, |(known, _)| key.equivalent(known)) {
            Ok(found) => return Some(&mut found.into_mut().1),
            Err(absent) => absent,
        };
        let older = self.old.find_entry(hash, |(known, _)| key.equivalent(known)).ok()?;
        let (entry, _) = older.remove();
        let hasher = &self.hasher;
        let young = absent.into_table().insert_unique(hash, entry, |(known, _)| hasher.hash_one(known));
        Some(&mut young.into_mut().1)
    }

    /// The entry of a key, without keeping it longer.
    pub fn peek<Q>(&self, key: &Q) -> Option<&V>
    where
        Q: Hash + Equivalent<K> + ?Sized,
    {
        let hash = self.hasher.hash_one(key);
        let is = |(known, _): &(K, V)| key.equivalent(known);
        self.young.find(hash, is).or_else(|| self.old.find(hash, is)).map(|(_, value)| value)
    }

    /// Puts an entry, replacing what was there.
    pub fn put(&mut self, key: K, value: V, now: Time) {
        self.turn(now);
        let hash = self.hasher.hash_one(&key);
        if let Ok(older) = self.old.find_entry(hash, |(known, _)| *known == key) {
            older.remove();
        }
        self.put_into(Generation::Young, hash, key, value);
    }

    /// Forgets all entries but those that pass.
    pub fn retain(&mut self, mut passes: impl FnMut(&V) -> bool) {
        self.young.retain(|(_, value)| passes(value));
        self.old.retain(|(_, value)| passes(value));
    }

    /// When the younger generation began.
    pub(crate) const fn since(&self) -> Time {
        self.since
    }

    /// All entries by key, and whether each is of the older generation.
    pub(crate) fn rows(&self) -> Vec<(&K, &V, bool)>
    where
        K: Ord,
    {
        let young = self.young.iter().map(|(key, value)| (key, value, false));
        let mut rows: Vec<_> = young.chain(self.old.iter().map(|(key, value)| (key, value, true))).collect();
        rows.sort_by_key(|(key, ..)| *key);
        rows
    }

    /// Puts all entries back.
    pub(crate) fn restore(&mut self, rows: impl IntoIterator<Item = (K, V, bool)>, since: Time) {
        for (key, value, old) in rows {
            let generation = if old { Generation::Old } else { Generation::Young };
            self.put_into(generation, self.hasher.hash_one(&key), key, value);
        }
        self.since = since;
    }

    /// How many entries are held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    /// Whether none are.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.young.is_empty() && self.old.is_empty()
    }

    fn put_into(&mut self, generation: Generation, hash: u64, key: K, value: V) {
        let table = match generation {
            Generation::Young => &mut self.young,
            Generation::Old => &mut self.old,
        };
        let hasher = &self.hasher;
        match table.find_entry(hash, |(known, _)| *known == key) {
            Ok(found) => found.into_mut().1 = value,
            Err(absent) => {
                absent.into_table().insert_unique(hash, (key, value), |(known, _)| hasher.hash_one(known));
            }
        }
    }

    fn turn(&mut self, now: Time) {
        let age = now - self.since;
        if age <= self.span && self.young.len() < self.generation_max {
            return;
        }
        std::mem::swap(&mut self.young, &mut self.old);
        self.young = HashTable::new();
        if age.0 > self.span.0.saturating_mul(2) {
            self.old.clear();
        }
        // From here on it only gets smaller.
        let hasher = &self.hasher;
        self.old.shrink_to_fit(|(known, _)| hasher.hash_one(known));
        self.since = now;
    }
}

#[derive(Clone, Copy)]
enum Generation {
    Young,
    Old,
}

#[cfg(test)]
mod tests {
    use doorward_model::time::{Millis, Time};

    use super::Recent;

    #[test]
    fn an_entry_lives_while_it_is_used_and_no_longer() {
        let at = |hour: i64| Time::from_ms(hour * Millis::HOUR.0);
        let mut recent = Recent::<String, u8>::new(Millis::HOUR.times(10), 1_000, 1);
        recent.put("used".into(), 1, at(0));
        recent.put("left".into(), 2, at(0));
        let seen: Vec<_> = (1..6).map(|i| recent.touch("used", at(i * 8)).copied()).collect();
        assert_eq!(seen, [Some(1); 5]);
        assert_eq!((recent.peek("left"), recent.len()), (None, 1));
    }

    #[test]
    fn a_full_generation_starts_the_next() {
        let mut recent = Recent::<u32, ()>::new(Millis::HOUR, 10, 1);
        for key in 0..1_000 {
            recent.put(key, (), Time::from_ms(0));
        }
        assert!(recent.len() <= 20, "{}", recent.len());
        assert_eq!(recent.peek(&999), Some(&()));
    }
}
