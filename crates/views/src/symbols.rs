//! Names as small numbers, within one process. No number from here reaches a record, a checkpoint or an answer.

use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// A map whose hash seed is given: random in production, varied in replay tests, so that no order can be relied on.
pub type SeededMap<K, V> = HashMap<K, V, FixedState>;

/// An interned name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Symbol(pub u32);

/// Every name that was interned, by number and by text.
#[derive(Clone, Debug)]
pub struct Symbols {
    numbers: SeededMap<Arc<str>, Symbol>,
    names: Vec<Arc<str>>,
    /// The first part of each name that was interned in two parts.
    first_parts: SeededMap<Symbol, Symbol>,
    /// Where a name in two parts is put together to be looked up.
    joined: String,
}

impl Symbol {
    /// The empty name, which has the same number everywhere.
    pub const EMPTY: Self = Self(0);

    /// Its place among all.
    pub(crate) fn place(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl Symbols {
    /// Only the empty name, with the seed of the hash map.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let hasher = FixedState::with_seed(seed);
        Self {
            numbers: SeededMap::with_hasher(hasher.clone()),
            names: vec!["".into()],
            first_parts: SeededMap::with_hasher(hasher),
            joined: String::new(),
        }
    }

    /// The number of a name, which is given one if it has none.
    pub fn intern(&mut self, name: &str) -> Symbol {
        if name.is_empty() {
            return Symbol::EMPTY;
        }
        if let Some(symbol) = self.numbers.get(name) {
            return *symbol;
        }
        let symbol = Symbol(u32::try_from(self.names.len()).unwrap_or(u32::MAX));
        let name: Arc<str> = name.into();
        self.names.push(Arc::clone(&name));
        self.numbers.insert(name, symbol);
        symbol
    }

    /// The numbers of the names `one` and `one:other`.
    pub fn intern_joined(&mut self, one: &str, other: &str) -> (Symbol, Symbol) {
        let mut joined = std::mem::take(&mut self.joined);
        joined.clear();
        joined.extend([one, ":", other]);
        let symbol = self.intern(&joined);
        self.joined = joined;
        // With a colon in it, the first part may be another one of the same whole.
        if one.contains(':') {
            return (self.intern(one), symbol);
        }
        if let Some(first) = self.first_parts.get(&symbol) {
            return (*first, symbol);
        }
        let first = self.intern(one);
        self.first_parts.insert(symbol, first);
        (first, symbol)
    }

    /// The one copy of a name, which is given a number if it has none.
    pub fn shared(&mut self, name: &str) -> Arc<str> {
        let symbol = self.intern(name);
        self.names.get(symbol.place()).map(Arc::clone).unwrap_or_default()
    }

    /// The number of a name that has one.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Symbol> {
        if name.is_empty() {
            return Some(Symbol::EMPTY);
        }
        self.numbers.get(name).copied()
    }

    /// The name of a number; empty for a number that was never given.
    #[must_use]
    pub fn name(&self, symbol: Symbol) -> &str {
        self.names.get(symbol.place()).map_or("", |name| name)
    }

    /// How many names there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::{Symbol, Symbols};

    #[test]
    fn a_name_in_two_parts_has_its_own_first_part() {
        let mut symbols = Symbols::new(3);
        let pairs = [("s3", "Get"), ("a", "b:c"), ("a:b", "c"), ("a", "b:c"), ("", "x"), ("s3", "Get")];
        let named: Vec<_> = pairs.map(|(one, other)| symbols.intern_joined(one, other)).to_vec();
        let names = named.iter().map(|(first, joined)| (symbols.name(*first), symbols.name(*joined)));
        let expected = [
            ("s3", "s3:Get"),
            ("a", "a:b:c"),
            ("a:b", "a:b:c"),
            ("a", "a:b:c"),
            ("", ":x"),
            ("s3", "s3:Get"),
        ];
        assert_eq!(names.collect::<Vec<_>>(), expected);
        assert_eq!(
            (symbols.intern(""), symbols.find(""), symbols.name(Symbol(99))),
            (Symbol::EMPTY, Some(Symbol::EMPTY), "")
        );
    }
}
