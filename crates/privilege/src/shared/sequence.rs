//! A list whose items keep an order of their own, so that they come and go in its midst.

use std::sync::Arc;

use super::List;

/// A list in pieces of any length, of which a changed one shares what is the same.
#[derive(Clone, Debug)]
pub(crate) struct Sequence<T> {
    pieces: List<List<T>>,
    /// Of each piece, the place behind its last item.
    ends: List<usize>,
}

/// A piece has at most so many items, and half as many where it is made by cutting one.
const PIECE: usize = 256;

impl<T> Default for Sequence<T> {
    fn default() -> Self {
        Self { pieces: Arc::default(), ends: Arc::default() }
    }
}

impl<T> Sequence<T> {
    pub(crate) fn len(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn get(&self, at: usize) -> Option<&T> {
        let (piece, start) = self.piece(at);
        self.pieces.get(piece)?.get(at - start)
    }

    pub(crate) fn first(&self) -> Option<&T> {
        self.get(0)
    }

    pub(crate) fn last(&self) -> Option<&T> {
        self.get(self.len().checked_sub(1)?)
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + Clone {
        self.pieces.iter().flat_map(|piece| piece.iter())
    }

    /// The items from a place on.
    pub(crate) fn iter_from(&self, at: usize) -> impl Iterator<Item = &T> + Clone {
        let (piece, start) = self.piece(at);
        let pieces = self.pieces.iter().skip(piece);
        pieces.flat_map(|piece| piece.iter()).skip(at - start)
    }

    /// How many items, from the first on, are such; those behind are not.
    pub(crate) fn partition_point(&self, is_such: impl Fn(&T) -> bool) -> usize {
        let whole = self.pieces.partition_point(|piece| piece.last().is_some_and(&is_such));
        let start = self.start(whole);
        start + self.pieces.get(whole).map_or(0, |piece| piece.partition_point(is_such))
    }

    /// The piece that a place is in, or would be in behind the last, and where it starts.
    fn piece(&self, at: usize) -> (usize, usize) {
        let piece = self.ends.partition_point(|end| *end <= at);
        (piece, self.start(piece))
    }

    fn start(&self, piece: usize) -> usize {
        piece.checked_sub(1).and_then(|before| self.ends.get(before).copied()).unwrap_or(0)
    }
}

impl<T: Clone> Sequence<T> {
    /// Puts an item before that of a place.
    pub(crate) fn insert(&mut self, at: usize, item: T) {
        // Behind the last of a piece there is room, too.
        let (piece, start) = match at.checked_sub(1) {
            Some(before) => self.piece(before.min(self.len().saturating_sub(1))),
            None => (0, 0),
        };
        let pieces = Arc::make_mut(&mut self.pieces);
        let Some(own) = pieces.get_mut(piece).map(Arc::make_mut) else {
            pieces.push(Arc::new(vec![item]));
            return self.count();
        };
        own.insert((at - start).min(own.len()), item);
        if own.len() > PIECE {
            let rest = own.split_off(PIECE / 2);
            pieces.insert(piece + 1, Arc::new(rest));
        }
        self.count();
    }

    /// Takes out the item of a place.
    pub(crate) fn remove(&mut self, at: usize) {
        if at >= self.len() {
            return;
        }
        let (piece, start) = self.piece(at);
        let pieces = Arc::make_mut(&mut self.pieces);
        if let Some(own) = pieces.get_mut(piece).map(Arc::make_mut) {
            own.remove(at - start);
            if own.is_empty() {
                pieces.remove(piece);
            }
        }
        self.count();
    }

    fn count(&mut self) {
        let ends = self.pieces.iter().scan(0, |end, piece| {
            *end += piece.len();
            Some(*end)
        });
        self.ends = Arc::new(ends.collect());
    }
}

impl<T: Clone> FromIterator<T> for Sequence<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut items = items.into_iter();
        let piece = std::iter::from_fn(|| {
            let piece: Vec<T> = items.by_ref().take(PIECE).collect();
            (!piece.is_empty()).then(|| Arc::new(piece))
        });
        let mut sequence = Self { pieces: Arc::new(piece.collect()), ends: Arc::default() };
        sequence.count();
        sequence
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Sequence;

    proptest! {
        #[test]
        fn a_sequence_is_a_list(
            first in prop::collection::vec(0u16..2_000, 0..700),
            steps in prop::collection::vec((any::<bool>(), 0u16..2_000), 0..400),
        ) {
            let mut expected = first;
            expected.sort_unstable();
            let kept: Sequence<u16> = expected.iter().copied().collect();
            let (mut sequence, before) = (kept.clone(), expected.clone());
            for (comes, item) in steps {
                let at = expected.partition_point(|own| *own < item);
                prop_assert_eq!(sequence.partition_point(|own| *own < item), at);
                if comes {
                    expected.insert(at, item);
                    sequence.insert(at, item);
                } else {
                    if at < expected.len() {
                        expected.remove(at);
                    }
                    sequence.remove(at);
                }
                prop_assert_eq!(sequence.get(at), expected.get(at));
                prop_assert_eq!((sequence.first(), sequence.last()), (expected.first(), expected.last()));
                prop_assert_eq!((sequence.len(), sequence.is_empty()), (expected.len(), expected.is_empty()));
                prop_assert!(sequence.iter_from(at).eq(expected.iter().skip(at)));
            }
            prop_assert!(sequence.iter().eq(&expected));
            prop_assert!(kept.iter().eq(&before), "what was copied stays as it was");
        }
    }
}
