//! Which commands were carried out under a key of their giver, so that none is carried out twice.

use std::collections::{BTreeMap, BTreeSet};

use doorward_model::record::CommandAnswered;
use doorward_model::time::Time;

/// The latest answers by giver and key, until they end; past [`Answered::MAX`] the one that ends first makes room.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Answered {
    by_key: BTreeMap<Key, CommandAnswered>,
    /// The same by when they end.
    ends: BTreeSet<(i64, u64, Key)>,
}

/// Giver and hash of the key.
type Key = (String, Vec<u8>);

impl Answered {
    /// How many are known at most.
    pub const MAX: usize = 10_000;

    /// What a giver was answered under a key, if that has not ended.
    #[must_use]
    pub fn find(&self, by: &str, key_hash: &[u8], now: Time) -> Option<&CommandAnswered> {
        let found = self.by_key.get(&(by.to_owned(), key_hash.to_vec()));
        found.filter(|answered| now.ms() < answered.expires_at_ms)
    }

    /// All of them, by giver and key.
    pub fn iter(&self) -> impl Iterator<Item = &CommandAnswered> {
        self.by_key.values()
    }

    pub(crate) fn fold(&mut self, answered: &CommandAnswered) {
        let key = (answered.by.clone(), answered.key_hash.clone());
        if let Some(before) = self.by_key.insert(key.clone(), answered.clone()) {
            self.ends.remove(&place(&before, key.clone()));
        }
        self.ends.insert(place(answered, key));
        if self.by_key.len() > Self::MAX {
            self.forget_first();
        }
    }

    /// Time passes: what has ended is dropped.
    pub(crate) fn sweep(&mut self, now: Time) {
        while self.ends.first().is_some_and(|(ends, ..)| *ends <= now.ms()) {
            self.forget_first();
        }
    }

    fn forget_first(&mut self) {
        if let Some((.., key)) = self.ends.pop_first() {
            self.by_key.remove(&key);
        }
    }
}

fn place(answered: &CommandAnswered, key: Key) -> (i64, u64, Key) {
    (answered.expires_at_ms, answered.fact, key)
}

#[cfg(test)]
mod tests {
    use doorward_model::record::CommandAnswered;
    use doorward_model::time::Time;

    use super::Answered;

    fn answered(key: usize, ends: i64) -> CommandAnswered {
        let key_hash = key.to_le_bytes().to_vec();
        CommandAnswered { by: "root".to_owned(), key_hash, expires_at_ms: ends, ..CommandAnswered::default() }
    }

    #[test]
    fn the_one_that_ends_first_makes_room_and_what_has_ended_is_gone() {
        let mut all = Answered::default();
        for key in 0..=Answered::MAX {
            all.fold(&answered(key, 10 + i64::try_from(key).unwrap()));
        }
        let known = |all: &Answered, key: usize, now| {
            all.find("root", &key.to_le_bytes(), Time::from_ms(now)).is_some()
        };
        assert_eq!(all.iter().count(), Answered::MAX);
        assert_eq!([known(&all, 0, 0), known(&all, 1, 0), known(&all, 1, 11)], [false, true, false]);
        assert_eq!(all.find("other", &1_usize.to_le_bytes(), Time::from_ms(0)), None);
        all.fold(&answered(1, i64::MAX));
        all.sweep(Time::from_ms(20_000));
        assert_eq!(all.iter().collect::<Vec<_>>(), [&answered(1, i64::MAX)]);
        let mut other = Answered::default();
        other.fold(&answered(1, i64::MAX));
        assert_eq!(all, other);
    }
}
