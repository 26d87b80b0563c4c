//! A vector that is cheap to publish: two levels of shared chunks, copied only where a write falls.
//!
//! The writer owns a working copy and publishes a clone of it, which costs one reference count. The first write to
//! a chunk after that copies the chunk and the path to it; further writes are in place. Readers of an older clone
//! see nothing of it.

use std::sync::Arc;

/// How many chunks one branch holds.
const FANOUT: usize = 64;

/// A vector of `T` in shared chunks of `C`.
#[derive(Clone)]
pub struct Chunked<T, const C: usize> {
    root: Arc<Root<T, C>>,
    len: usize,
}

type Chunk<T, const C: usize> = Arc<[T; C]>;

#[derive(Clone)]
struct Root<T, const C: usize> {
    branches: Vec<Arc<[Chunk<T, C>; FANOUT]>>,
    /// A chunk of defaults, which stands where nothing was written yet.
    blank: Chunk<T, C>,
}

impl<T: Clone + Default, const C: usize> Chunked<T, C> {
    /// An empty vector.
    #[must_use]
    pub fn new() -> Self {
        let blank = Arc::new(std::array::from_fn(|_| T::default()));
        Self { root: Arc::new(Root { branches: Vec::new(), blank }), len: 0 }
    }

    /// A vector of so many defaults, which takes no room for them.
    #[must_use]
    pub fn blank(len: usize) -> Self {
        let mut vector = Self::new();
        let root = Arc::make_mut(&mut vector.root);
        for _ in 0..len.div_ceil(C * FANOUT) {
            root.branches.push(root.blank_branch());
        }
        vector.len = len;
        vector
    }

    /// Adds an element and returns its index.
    pub fn push(&mut self, value: T) -> usize {
        let index = self.len;
        if index.is_multiple_of(C * FANOUT) {
            let root = Arc::make_mut(&mut self.root);
            root.branches.push(root.blank_branch());
        }
        self.len += 1;
        if let Some(place) = self.get_mut(index) {
            *place = value;
        }
        index
    }

    /// The element to write to; copies its chunk when an older clone shares it.
    pub fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        if index >= self.len {
            return None;
        }
        let branch = Arc::make_mut(&mut self.root).branches.get_mut(index / (C * FANOUT))?;
        let chunk = Arc::make_mut(branch).get_mut(index / C % FANOUT)?;
        Arc::make_mut(chunk).get_mut(index % C)
    }
}

impl<T, const C: usize> Chunked<T, C> {
    /// The element at an index.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&T> {
        if index >= self.len {
            return None;
        }
        self.root.branches.get(index / (C * FANOUT))?.get(index / C % FANOUT)?.get(index % C)
    }

    /// How many elements there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// All elements in order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        let chunks = self.root.branches.iter().flat_map(|branch| branch.iter());
        chunks.flat_map(|chunk| chunk.iter()).take(self.len)
    }
}

impl<T, const C: usize> Root<T, C> {
    fn blank_branch(&self) -> Arc<[Chunk<T, C>; FANOUT]> {
        Arc::new(std::array::from_fn(|_| Arc::clone(&self.blank)))
    }
}

impl<T: Clone + Default, const C: usize> Default for Chunked<T, C> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: std::fmt::Debug, const C: usize> std::fmt::Debug for Chunked<T, C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_assert_eq, prop_oneof, proptest};

    use super::Chunked;

    #[derive(Clone, Debug)]
    enum Write {
        Push(u32),
        Set(usize, u32),
        Publish,
        Grow(u32),
    }

    fn write() -> impl Strategy<Value = Write> {
        prop_oneof![
            4 => any::<u32>().prop_map(Write::Push),
            4 => (any::<usize>(), any::<u32>()).prop_map(|(at, value)| Write::Set(at, value)),
            1 => Just(Write::Publish),
            1 => (0_u32..400).prop_map(Write::Grow),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn is_a_vector_and_old_clones_stay(writes in vec(write(), 0..200)) {
            let (mut chunked, mut plain) = (Chunked::<u32, 4>::new(), Vec::new());
            let mut published = Vec::new();
            for write in writes {
                match write {
                    Write::Push(value) => {
                        prop_assert_eq!(chunked.push(value), plain.len());
                        plain.push(value);
                    }
                    Write::Set(at, value) => {
                        let at = at % (plain.len() + 1);
                        let place = chunked.get_mut(at);
                        prop_assert_eq!(place.is_some(), at < plain.len());
                        if let Some(place) = place {
                            *place = value;
                            plain[at] = value;
                        }
                    }
                    Write::Publish => published.push((chunked.clone(), plain.clone())),
                    Write::Grow(by) => for value in 0..by {
                        chunked.push(value);
                        plain.push(value);
                    },
                }
            }
            published.push((chunked, plain));
            for (chunked, plain) in published {
                prop_assert_eq!(chunked.iter().copied().collect::<Vec<_>>(), plain.clone());
                prop_assert_eq!(chunked.len(), plain.len());
                prop_assert_eq!(chunked.get(plain.len()), None);
                for (at, value) in plain.iter().enumerate() {
                    prop_assert_eq!(chunked.get(at), Some(value));
                }
            }
        }
    }

    #[test]
    fn a_blank_vector_holds_defaults_and_takes_writes() {
        let mut blank = Chunked::<u32, 4>::blank(1_000);
        assert_eq!((blank.len(), blank.iter().sum::<u32>()), (1_000, 0));
        blank.get_mut(999).map(|place| *place = 7).unwrap();
        assert_eq!((blank.get(998), blank.get(999), blank.get(1_000)), (Some(&0), Some(&7), None));
    }
}
