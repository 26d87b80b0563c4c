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
    /// Where a name in two parts is put together to be looked up.
    joined: String,
}

impl Symbol {
    /// The empty name, which has the same number everywhere.
    pub const EMPTY: Self = Self(0);
}

impl Symbols {
    /// Only the empty name, with the seed of the hash map.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let numbers = SeededMap::with_hasher(FixedState::with_seed(seed));
        let mut symbols = Self { numbers, names: Vec::new(), joined: String::new() };
        symbols.intern("");
        symbols
    }

    /// The number of a name, which is given one if it has none.
    pub fn intern(&mut self, name: &str) -> Symbol {
        if let Some(symbol) = self.numbers.get(name) {
            return *symbol;
        }
        let symbol = Symbol(u32::try_from(self.names.len()).unwrap_or(u32::MAX));
        let name: Arc<str> = name.into();
        self.names.push(Arc::clone(&name));
        self.numbers.insert(name, symbol);
        symbol
    }

    /// The number of the name `one:other`.
    pub fn intern_joined(&mut self, one: &str, other: &str) -> Symbol {
        let mut joined = std::mem::take(&mut self.joined);
        joined.clear();
        joined.extend([one, ":", other]);
        let symbol = self.intern(&joined);
        self.joined = joined;
        symbol
    }

    /// The one copy of a name, which is given a number if it has none.
    pub fn shared(&mut self, name: &str) -> Arc<str> {
        let symbol = self.intern(name);
        usize::try_from(symbol.0).ok().and_then(|at| self.names.get(at)).map(Arc::clone).unwrap_or_default()
    }

    /// The number of a name that has one.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Symbol> {
        self.numbers.get(name).copied()
    }

    /// The name of a number; empty for a number that was never given.
    #[must_use]
    pub fn name(&self, symbol: Symbol) -> &str {
        usize::try_from(symbol.0).ok().and_then(|at| self.names.get(at)).map_or("", |name| name)
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
