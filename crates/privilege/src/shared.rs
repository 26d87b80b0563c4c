//! Lists and maps of which a changed one shares what is the same: a copy is one word, and a change copies the few
//! neighbours of what it touches.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

use foldhash::fast::FixedState;

pub(crate) use self::sequence::Sequence;

mod sequence;

/// A list that is shared until it is changed: then a changed copy takes the place of one of its owners.
pub(crate) type List<T> = Arc<Vec<T>>;

/// A list in pieces.
#[derive(Debug)]
pub(crate) struct Column<T> {
    pieces: List<List<T>>,
    len: usize,
}

/// So many items lie in a piece.
const PIECE: usize = 64;

impl<T> Default for Column<T> {
    fn default() -> Self {
        Self { pieces: Arc::default(), len: 0 }
    }
}

impl<T> Clone for Column<T> {
    fn clone(&self) -> Self {
        Self { pieces: Arc::clone(&self.pieces), len: self.len }
    }
}

impl<T> Column<T> {
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn get(&self, at: usize) -> Option<&T> {
        self.pieces.get(at / PIECE)?.get(at % PIECE)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> + Clone {
        self.pieces.iter().flat_map(|piece| piece.iter())
    }

    /// The places of items that another list does not share, so that they may be others there.
    pub(crate) fn apart_from(&self, other: &Self) -> impl Iterator<Item = usize> {
        let pieces = self.pieces.len().max(other.pieces.len());
        let is_shared = |at: usize| match (self.pieces.get(at), other.pieces.get(at)) {
            (Some(own), Some(other)) => Arc::ptr_eq(own, other),
            _ => false,
        };
        (0..pieces).filter(move |at| !is_shared(*at)).flat_map(|at| at * PIECE..(at + 1) * PIECE)
    }
}

impl<T: Clone> Column<T> {
    /// An item, to be changed.
    pub(crate) fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        if at >= self.len {
            return None;
        }
        let piece = Arc::make_mut(&mut self.pieces).get_mut(at / PIECE)?;
        Arc::make_mut(piece).get_mut(at % PIECE)
    }

    /// Adds an item at the end.
    pub(crate) fn push(&mut self, item: T) {
        let pieces = Arc::make_mut(&mut self.pieces);
        match pieces.last_mut().filter(|_| !self.len.is_multiple_of(PIECE)) {
            Some(last) => Arc::make_mut(last).push(item),
            None => {
                let mut piece = Vec::with_capacity(PIECE);
                piece.push(item);
                pieces.push(Arc::new(piece));
            }
        }
        self.len += 1;
    }

    /// Makes it so long, with copies of an item.
    pub(crate) fn grow(&mut self, len: usize, item: &T) {
        while self.len < len {
            self.push(item.clone());
        }
    }
}

impl<T: Clone> FromIterator<T> for Column<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut column = Self::default();
        items.into_iter().for_each(|item| column.push(item));
        column
    }
}

/// A map in pieces, by a hash of the key.
#[derive(Debug)]
pub(crate) struct Map<K, V> {
    pieces: List<Arc<BTreeMap<K, V>>>,
}

/// So many pieces has a map.
const PIECES: usize = 512;

impl<K, V> Default for Map<K, V> {
    fn default() -> Self {
        Self { pieces: Arc::default() }
    }
}

impl<K, V> Clone for Map<K, V> {
    fn clone(&self) -> Self {
        Self { pieces: Arc::clone(&self.pieces) }
    }
}

impl<K: Ord + Hash, V> Map<K, V> {
    pub(crate) fn get<Q: Ord + Hash + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.pieces.get(place(key))?.get(key)
    }

    /// All of them, in an order of no meaning.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.pieces.iter().flat_map(|piece| piece.iter())
    }

    pub(crate) fn len(&self) -> usize {
        self.pieces.iter().map(|piece| piece.len()).sum()
    }
}

impl<K: Ord + Hash + Clone, V: Clone> Map<K, V> {
    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.piece(place(&key))?.insert(key, value)
    }

    pub(crate) fn remove<Q: Ord + Hash + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.get(key)?;
        self.piece(place(key))?.remove(key)
    }

    /// What stands under a key, to be changed.
    pub(crate) fn get_mut<Q: Ord + Hash + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.get(key)?;
        self.piece(place(key))?.get_mut(key)
    }

    fn piece(&mut self, place: usize) -> Option<&mut BTreeMap<K, V>> {
        let pieces = Arc::make_mut(&mut self.pieces);
        if pieces.is_empty() {
            pieces.resize(PIECES, Arc::default());
        }
        pieces.get_mut(place).map(Arc::make_mut)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "any bits of a hash are as good as others")]
fn place<Q: Hash + ?Sized>(key: &Q) -> usize {
    FixedState::with_seed(0).hash_one(key) as usize % PIECES
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::{Column, Map};

    proptest! {
        #[test]
        fn what_was_copied_stays_as_it_was(
            first in prop::collection::vec(0u8..50, 0..300),
            later in prop::collection::vec((0usize..300, 0u8..50), 0..50),
        ) {
            let column: Column<u8> = first.iter().copied().collect();
            let mut map = Map::default();
            for (at, item) in first.iter().enumerate() {
                map.insert(at, *item);
            }
            let (mut changed, mut changed_map) = (column.clone(), map.clone());
            let (mut expected, mut expected_map) = (first.clone(), first.iter().copied().enumerate().collect::<BTreeMap<_, _>>());
            for (at, item) in later {
                match (changed.get_mut(at), expected.get_mut(at)) {
                    (Some(own), Some(expected)) => (*own, *expected) = (item, item),
                    (None, None) => {
                        changed.push(item);
                        expected.push(item);
                    }
                    other => prop_assert!(false, "{:?}", other),
                }
                if item == 0 {
                    prop_assert_eq!(changed_map.remove(&at), expected_map.remove(&at));
                } else {
                    prop_assert_eq!(changed_map.insert(at, item), expected_map.insert(at, item));
                }
            }
            prop_assert_eq!(&column.iter().copied().collect::<Vec<_>>(), &first);
            prop_assert_eq!(changed.len(), expected.len());
            prop_assert_eq!(changed.iter().copied().collect::<Vec<_>>(), expected);
            prop_assert_eq!(changed_map.len(), expected_map.len());
            prop_assert_eq!(map.iter().map(|(at, item)| (*at, *item)).collect::<BTreeMap<_, _>>(), first.into_iter().enumerate().collect());
            for (at, item) in &expected_map {
                prop_assert_eq!(changed_map.get(at), Some(item));
            }
        }
    }
}
