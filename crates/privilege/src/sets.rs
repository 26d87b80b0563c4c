//! Interned sets of permissions: equal sets have one number, so they are kept once and compared as numbers.

use std::hash::BuildHasher as _;

use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashTable};

use crate::catalog::Catalog;
use crate::document::Selection;
use crate::pattern::Pattern;
use crate::permission_set::PermissionSet;

/// A set of permissions by its number, which means something within one [`Sets`] only.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct SetId(u32);

impl SetId {
    /// The empty set, in all [`Sets`].
    pub const EMPTY: Self = Self(0);
    /// All known permissions, in all [`Sets`].
    pub const ALL: Self = Self(1);
}

/// Sets of permissions of one catalog, and what patterns were found to match. No number from here reaches a record or an
/// answer: it depends on the order in which sets came up.
#[derive(Debug)]
pub struct Sets<'a> {
    catalog: &'a Catalog,
    sets: Vec<PermissionSet>,
    numbers: HashTable<SetId>,
    hasher: FixedState,
    patterns: HashMap<Pattern, SetId, FixedState>,
    nothing: PermissionSet,
}

impl<'a> Sets<'a> {
    /// The empty set and the full one, with the seed of the hash maps.
    #[must_use]
    pub fn new(catalog: &'a Catalog, seed: u64) -> Self {
        let hasher = FixedState::with_seed(seed);
        let mut sets = Self {
            catalog,
            sets: Vec::new(),
            numbers: HashTable::new(),
            patterns: HashMap::with_hasher(hasher.clone()),
            hasher,
            nothing: PermissionSet::new(),
        };
        sets.intern(PermissionSet::new());
        sets.intern(catalog.all().clone());
        sets
    }

    /// The catalog that its permissions are of.
    #[must_use]
    pub fn catalog(&self) -> &'a Catalog {
        self.catalog
    }

    /// The number of a set, which is given one if it has none.
    pub fn intern(&mut self, set: PermissionSet) -> SetId {
        let Self { sets, numbers, hasher, .. } = self;
        let of = |number: &SetId| sets.get(number.0 as usize);
        let hash = hasher.hash_one(&set);
        if let Some(known) = numbers.find(hash, |number| of(number) == Some(&set)) {
            return *known;
        }
        let number = SetId(u32::try_from(sets.len()).unwrap_or(u32::MAX));
        numbers.insert_unique(hash, number, |number| of(number).map_or(0, |set| hasher.hash_one(set)));
        sets.push(set);
        number
    }

    /// The set of that number.
    #[must_use]
    pub fn get(&self, number: SetId) -> &PermissionSet {
        self.sets.get(number.0 as usize).unwrap_or(&self.nothing)
    }

    /// The permissions that the pattern matches.
    pub fn matching(&mut self, pattern: &Pattern) -> SetId {
        if pattern.is_any() {
            return SetId::ALL;
        }
        if let Some(known) = self.patterns.get(pattern) {
            return *known;
        }
        let number = self.intern(self.catalog.matching(pattern));
        self.patterns.insert(pattern.clone(), number);
        number
    }

    /// The permissions that `Action` or `NotAction` of a statement names.
    pub fn selected(&mut self, selection: &Selection<Pattern>) -> SetId {
        let named = match selection.named() {
            [pattern] => self.matching(pattern),
            patterns => {
                let matched: Vec<SetId> = patterns.iter().map(|pattern| self.matching(pattern)).collect();
                self.intern(PermissionSet::union(matched.into_iter().map(|number| self.get(number))))
            }
        };
        match selection {
            Selection::Only(_) => named,
            Selection::AllBut(_) => self.minus(SetId::ALL, named),
        }
    }

    /// What is in both.
    pub fn and(&mut self, one: SetId, two: SetId) -> SetId {
        match (one, two) {
            _ if one == two => one,
            (SetId::ALL, other) | (other, SetId::ALL) => other,
            (SetId::EMPTY, _) | (_, SetId::EMPTY) => SetId::EMPTY,
            _ => self.intern(self.get(one).and(self.get(two))),
        }
    }

    /// What is in either.
    pub fn or(&mut self, one: SetId, two: SetId) -> SetId {
        match (one, two) {
            _ if one == two => one,
            (SetId::EMPTY, other) | (other, SetId::EMPTY) => other,
            (SetId::ALL, _) | (_, SetId::ALL) => SetId::ALL,
            _ => self.intern(self.get(one).or(self.get(two))),
        }
    }

    /// What is in the first and not in the second.
    pub fn minus(&mut self, one: SetId, two: SetId) -> SetId {
        match (one, two) {
            _ if one == two => SetId::EMPTY,
            (_, SetId::EMPTY) => one,
            (SetId::EMPTY, _) | (_, SetId::ALL) => SetId::EMPTY,
            _ => self.intern(self.get(one).minus(self.get(two))),
        }
    }

    /// How many different sets came up.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sets.len()
    }

    /// Whether no set came up, which is never: two are there from the start.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sets.is_empty()
    }
}
