//! Sets of known permissions. Most hold few permissions of few services, which lie side by side: only the words of the
//! bitset that are not empty are kept.

use crate::catalog::PermissionId;

/// A set of permissions of one catalog.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct PermissionSet {
    /// In order of their places; none is empty.
    words: Box<[Word]>,
}

/// 64 permissions that follow each other, one bit each.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
struct Word {
    place: u16,
    bits: u64,
}

const BITS: u16 = 64;

impl Word {
    fn of(permission: PermissionId) -> Self {
        Self { place: permission.0 / BITS, bits: 1 << (permission.0 % BITS) }
    }
}

impl PermissionSet {
    /// No permission.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the permission is in it.
    #[must_use]
    pub fn contains(&self, permission: PermissionId) -> bool {
        let wanted = Word::of(permission);
        let found = self.words.binary_search_by_key(&wanted.place, |word| word.place);
        found.ok().and_then(|at| self.words.get(at)).is_some_and(|word| word.bits & wanted.bits != 0)
    }

    /// What is in both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let both = both(&self.words, &other.words).map(|(place, bits)| Word { place, bits });
        Self { words: both.filter(|word| word.bits != 0).collect() }
    }

    /// What is in either.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        self.joined(other, |one, two| one | two)
    }

    /// What is in any of them.
    #[must_use]
    pub fn union<'a, T: IntoIterator<Item = &'a Self>>(sets: T) -> Self {
        let mut words: Vec<Word> = Vec::new();
        for set in sets {
            words.extend_from_slice(&set.words);
        }
        Self::of(words)
    }

    /// What is in it and not in the other.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        self.joined(other, |one, two| one & !two)
    }

    /// Whether all of it is in the other.
    #[must_use]
    pub fn is_subset(&self, other: &Self) -> bool {
        self.shared(other) == self.len()
    }

    /// How many permissions are in both.
    #[must_use]
    pub fn shared(&self, other: &Self) -> usize {
        both(&self.words, &other.words).map(|(_, bits)| count(bits)).sum()
    }

    /// How many permissions are in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.words.iter().map(|word| count(word.bits)).sum()
    }

    /// Whether no permission is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Its permissions, in the order of the catalog: by name.
    pub fn iter(&self) -> impl Iterator<Item = PermissionId> {
        self.words.iter().flat_map(|word| ones(word.bits).map(|bit| PermissionId(word.place * BITS + bit)))
    }

    /// 64 permissions each that follow each other: how manieth they are, and the bits of those that are in it.
    pub(crate) fn words(&self) -> impl Iterator<Item = (usize, u64)> {
        self.words.iter().map(|word| (usize::from(word.place), word.bits))
    }

    /// Of words in any order, of one place as often as they like.
    fn of(mut words: Vec<Word>) -> Self {
        if !words.is_sorted_by(|one, next| one.place < next.place) {
            words.sort_unstable_by_key(|word| word.place);
            words.dedup_by(|next, kept| {
                let same = next.place == kept.place;
                kept.bits |= if same { next.bits } else { 0 };
                same
            });
        }
        Self { words: words.into() }
    }

    fn joined(&self, other: &Self, join: impl Fn(u64, u64) -> u64) -> Self {
        let joined = pairs(&self.words, &other.words).map(|(place, one, two)| (place, join(one, two)));
        Self {
            words: joined.filter(|(_, bits)| *bits != 0).map(|(place, bits)| Word { place, bits }).collect(),
        }
    }
}

impl FromIterator<PermissionId> for PermissionSet {
    fn from_iter<T: IntoIterator<Item = PermissionId>>(permissions: T) -> Self {
        let mut words: Vec<Word> = Vec::new();
        for word in permissions.into_iter().map(Word::of) {
            match words.last_mut() {
                Some(last) if last.place == word.place => last.bits |= word.bits,
                _ => words.push(word),
            }
        }
        Self::of(words)
    }
}

fn count(bits: u64) -> usize {
    bits.count_ones() as usize
}

/// The places of the bits that are set, from the lowest.
fn ones(mut bits: u64) -> impl Iterator<Item = u16> {
    std::iter::from_fn(move || {
        let lowest = u16::try_from(bits.trailing_zeros()).ok().filter(|_| bits != 0)?;
        bits &= bits - 1;
        Some(lowest)
    })
}

/// What is in both, at each place where both have a word, in order. A short list is not compared with all of a long one.
fn both<'a>(one: &'a [Word], two: &'a [Word]) -> impl Iterator<Item = (u16, u64)> {
    let (few, mut many) = if one.len() <= two.len() { (one, two) } else { (two, one) };
    few.iter().filter_map(move |word| {
        let before = many.partition_point(|other| other.place < word.place);
        many = many.get(before..)?;
        let other = many.first().filter(|other| other.place == word.place)?;
        Some((word.place, word.bits & other.bits))
    })
}

/// Both at each place where either has a word, in order.
fn pairs<'a>(mut one: &'a [Word], mut two: &'a [Word]) -> impl Iterator<Item = (u16, u64, u64)> {
    std::iter::from_fn(move || {
        let place = match (one.first(), two.first()) {
            (None, None) => return None,
            (Some(only), None) | (None, Some(only)) => only.place,
            (Some(first), Some(second)) => first.place.min(second.place),
        };
        Some((place, taken(&mut one, place), taken(&mut two, place)))
    })
}

/// The bits at that place, which are taken off; none, if the first word is another.
fn taken(words: &mut &[Word], place: u16) -> u64 {
    match words.split_first() {
        Some((first, rest)) if first.place == place => {
            *words = rest;
            first.bits
        }
        _ => 0,
    }
}
