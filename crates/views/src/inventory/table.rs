//! Rows of one kind by their keys, in little memory: each as the bytes of its message, without the names in its key.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use doorward_model::inventory::row::{Row, merged};

use crate::symbols::Symbols;

/// The rows of one kind.
#[derive(Clone)]
pub struct Table<T> {
    rows: BTreeMap<Key, Box<[u8]>>,
    kind: PhantomData<fn() -> T>,
}

/// The names of a row. Those that rows of several names are made of are shared.
type Key = Box<[Arc<str>]>;

impl<T: Row> Table<T> {
    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The row of a key.
    #[must_use]
    pub fn get(&self, key: &[String]) -> Option<T> {
        let key: Key = key.iter().map(|name| Arc::from(name.as_str())).collect();
        self.rows.get(&key).map(|row| read(&key, row))
    }

    /// All rows, by key.
    pub fn iter(&self) -> impl Iterator<Item = T> {
        self.rows.iter().map(|(key, row)| read(key, row))
    }

    /// The rows whose first name begins so, by key.
    pub fn under<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = T> + 'a {
        let from: Key = [Arc::from(prefix)].into();
        let rows = self.rows.range(from..);
        let own = rows.take_while(move |(key, _)| key.first().is_some_and(|name| name.starts_with(prefix)));
        own.map(|(key, row)| read(key, row))
    }

    /// The rows of this first name, by key.
    pub fn of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = T> + 'a {
        let from: Key = [Arc::from(name)].into();
        let rows = self.rows.range(from..);
        let own = rows.take_while(move |(key, _)| key.first().is_some_and(|first| **first == *name));
        own.map(|(key, row)| read(key, row))
    }

    /// What is known of a thing after this statement of it; `None` when that changes nothing. `confirmed_at_ms` is
    /// when the account of what is known was confirmed last.
    #[must_use]
    pub fn after(&self, found: &T, confirmed_at_ms: i64) -> Option<T> {
        match self.get(&found.key()) {
            Some(known) => merged(&known, found, confirmed_at_ms),
            None => Some(first(found)),
        }
    }

    pub(crate) fn fold(&mut self, found: &T, confirmed_at_ms: i64, symbols: &mut Symbols) {
        if let Some(mut next) = self.after(found, confirmed_at_ms) {
            let names = next.key();
            let key = match names.as_slice() {
                [name] => [Arc::from(name.as_str())].into(),
                names => names.iter().map(|name| symbols.shared(name)).collect(),
            };
            next.set_names(&vec![""; names.len()]);
            self.rows.insert(key, next.encode_to_vec().into());
        }
    }

    pub(crate) fn withdraw(&mut self, key: &[String]) {
        let key: Key = key.iter().map(|name| Arc::from(name.as_str())).collect();
        self.rows.remove(&key);
    }
}

/// A row as it is first told.
pub(crate) fn first<T: Row>(found: &T) -> T {
    let mut row = found.clone();
    if let Some(mut seen) = row.seen() {
        seen.first_at_ms = seen.first();
        row.set_seen(Some(seen));
    }
    row
}

fn read<T: Row>(key: &Key, row: &[u8]) -> T {
    // They were written here.
    let mut row = T::decode(row).unwrap_or_default();
    row.set_names(&key.iter().map(|name| &**name).collect::<Vec<_>>());
    row
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), kind: PhantomData }
    }
}

impl<T> PartialEq for Table<T> {
    fn eq(&self, other: &Self) -> bool {
        self.rows == other.rows
    }
}

impl<T: Row + fmt::Debug> fmt::Debug for Table<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use doorward_model::inventory::{Entitlement, Seen, Source};

    use super::*;

    fn held(holder: &str, policy: &str, origin: i32) -> Entitlement {
        let (holder, policy) = (holder.to_owned(), policy.to_owned());
        let seen = Some(Seen { source: Source::Iam.into(), at_ms: 7, first_at_ms: 7 });
        Entitlement { holder, policy, origin, document: vec![1; 16], seen }
    }

    #[test]
    fn rows_come_back_as_they_were_by_all_or_a_part_of_their_key() {
        let rows = [held("a:1", "p", 1), held("a:1", "p", 2), held("a:1", "q", 1), held("a:10", "p", 1)];
        let (mut table, mut symbols) = (Table::default(), Symbols::new(1));
        rows.iter().rev().for_each(|row| table.fold(row, 0, &mut symbols));
        assert_eq!(table.iter().collect::<Vec<_>>(), rows);
        assert_eq!(table.of("a:1").collect::<Vec<_>>(), rows[..3]);
        assert_eq!(table.under("a:1").collect::<Vec<_>>(), rows);
        assert_eq!((table.under("a:10").count(), table.under("a:2").count()), (1, 0));
        assert_eq!(table.get(&rows[1].key()), Some(rows[1].clone()));
        table.withdraw(&rows[1].key());
        assert_eq!((table.get(&rows[1].key()), table.len()), (None, 3));
    }

    #[test]
    fn holder_and_policy_are_kept_once_for_all_who_have_them() {
        let (mut table, mut symbols) = (Table::default(), Symbols::new(1));
        [held("a", "p", 1), held("b", "p", 1)].iter().for_each(|row| table.fold(row, 0, &mut symbols));
        let policies: Vec<_> = table.rows.keys().map(|key| Arc::as_ptr(&key[1]).cast::<u8>()).collect();
        assert_eq!(policies[0], policies[1]);
    }
}
