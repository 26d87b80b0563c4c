//! A map by 64-bit key that is cheap to publish: 4,096 shared buckets of sorted rows.

use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

use foldhash::fast::FixedState;

use crate::chunked::Chunked;

const BUCKET_BITS: u32 = 12;

/// Rows by key, several per key, in shared buckets.
#[derive(Clone, Debug)]
pub struct CowMap<V> {
    hasher: FixedState,
    buckets: Chunked<Arc<Bucket<V>>, 64>,
    len: usize,
}

#[derive(Clone, Debug)]
struct Bucket<V> {
    rows: Vec<(u64, V)>,
}

impl<V> Default for Bucket<V> {
    fn default() -> Self {
        Self { rows: Vec::new() }
    }
}

impl<V: Clone> CowMap<V> {
    /// An empty map; the seed is of [`Self::key`].
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { hasher: FixedState::with_seed(seed), buckets: Chunked::blank(1 << BUCKET_BITS), len: 0 }
    }

    /// The key of a text in several parts. Two texts may share a key: rows must be told apart by what they hold.
    #[must_use]
    pub fn key(&self, parts: &[&str]) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        for part in parts {
            hasher.write(part.as_bytes());
            hasher.write_u8(0xff);
        }
        hasher.finish()
    }

    /// Adds a row after those of the same key.
    pub fn add(&mut self, key: u64, value: V) {
        if let Some(bucket) = self.buckets.get_mut(slot(key)) {
            let rows = &mut Arc::make_mut(bucket).rows;
            let at = rows.partition_point(|(other, _)| *other <= key);
            rows.insert(at, (key, value));
            self.len += 1;
        }
    }

    /// Removes the rows of a key that a test names, and says how many.
    pub fn remove(&mut self, key: u64, doomed: impl Fn(&V) -> bool) -> usize {
        if !self.all(key).iter().any(|(_, value)| doomed(value)) {
            return 0;
        }
        let Some(bucket) = self.buckets.get_mut(slot(key)) else {
            return 0;
        };
        let rows = &mut Arc::make_mut(bucket).rows;
        let before = rows.len();
        rows.retain(|(other, value)| *other != key || !doomed(value));
        self.len -= before - rows.len();
        before - rows.len()
    }

    /// The rows of a key, in the order in which they were added.
    #[must_use]
    pub fn all(&self, key: u64) -> &[(u64, V)] {
        let rows = self.buckets.get(slot(key)).map(|bucket| bucket.rows.as_slice()).unwrap_or_default();
        let rest = rows.get(first(rows, key)..).unwrap_or_default();
        let count = rest.iter().take_while(|(other, _)| *other == key).count();
        rest.get(..count).unwrap_or_default()
    }

    /// How many rows there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }
}

/// Where the rows of a key begin. Keys are hashes, evenly spread: a row lies close to where its key's share of the
/// bucket says, and to walk there from it touches a line or two of memory, where halving touches one per step.
fn first<V>(rows: &[(u64, V)], key: u64) -> usize {
    let share = (u128::from(key << BUCKET_BITS) * rows.len() as u128) >> u64::BITS;
    let (before, after) =
        rows.split_at_checked(usize::try_from(share).unwrap_or_default()).unwrap_or_default();
    let back = before.iter().rev().take_while(|(other, _)| *other >= key).count();
    let forth = after.iter().take_while(|(other, _)| *other < key).count();
    before.len() - back + forth
}

fn slot(key: u64) -> usize {
    usize::try_from(key >> (u64::BITS - BUCKET_BITS)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::collection::vec;
    use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};

    use super::CowMap;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn is_a_multimap_and_old_clones_stay(writes in vec((0_u64..40, 0_u8..4, any::<bool>(), any::<bool>()), 0..200)) {
            let (mut map, mut plain) = (CowMap::new(1), BTreeMap::<u64, Vec<u8>>::new());
            let mut published = Vec::new();
            for (key, value, add, publish) in writes {
                let key = key.wrapping_mul(0x4000_0000_0000_0001);
                let rows = plain.entry(key).or_default();
                if add {
                    map.add(key, value);
                    rows.push(value);
                } else {
                    let before = rows.len();
                    rows.retain(|other| *other != value);
                    prop_assert_eq!(map.remove(key, |other| *other == value), before - rows.len());
                }
                if publish {
                    published.push((map.clone(), plain.clone()));
                }
            }
            published.push((map, plain));
            for (map, plain) in published {
                prop_assert_eq!(map.len(), plain.values().map(Vec::len).sum::<usize>());
                for (key, rows) in plain {
                    prop_assert_eq!(map.all(key).iter().map(|(_, value)| *value).collect::<Vec<_>>(), rows);
                }
            }
        }
    }
}
