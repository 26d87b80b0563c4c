//! What was worked out last for what repeats from record to record. It changes no result, only how soon it is there.

use std::hash::BuildHasher as _;

use foldhash::fast::FixedState;

use crate::cloudtrail::Permission;
use crate::user_agent::Shown;

/// What readers remember from one record to the next, and, handed on, from one source to the next.
#[derive(Default)]
pub struct Remembered {
    pub(crate) user_agents: Recent<Shown>,
    /// Permissions by the texts of source and name of an event.
    pub(crate) permissions: Recent<Permission>,
    /// Room to put such a text together.
    pub(crate) room: String,
}

impl std::fmt::Debug for Remembered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remembered").finish_non_exhaustive()
    }
}

/// What was worked out for the texts that were seen last.
pub(crate) struct Recent<T> {
    /// A text belongs to one of the sets, in which the one that was seen last comes first.
    sets: Vec<Set<T>>,
    /// What was worked out last for a text that is too long to be remembered.
    long: Option<T>,
}

type Set<T> = [Option<(u64, Box<Entry<T>>)>; 4];

struct Entry<T> {
    text: Box<str>,
    found: T,
}

const SETS: usize = 512;

/// A text of more bytes than this is not remembered.
const TEXT_BYTES_MAX: usize = 1024;

const HASHER: FixedState = FixedState::with_seed(0);

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self { sets: Vec::new(), long: None }
    }
}

impl<T> Recent<T> {
    /// What is found for a text, worked out unless it is remembered.
    pub(crate) fn of(&mut self, text: &str, find: impl FnOnce(&str) -> T) -> &T {
        if self.sets.is_empty() {
            self.sets.resize_with(SETS, Set::default);
        }
        let hash = HASHER.hash_one(text.as_bytes());
        let set = usize::try_from(hash % SETS as u64).ok().and_then(|place| self.sets.get_mut(place));
        match set {
            Some(set) if text.len() <= TEXT_BYTES_MAX => to_front(set, hash, text, find),
            _ => self.long.insert(find(text)),
        }
    }
}

/// Moves a text to the front of its set, where one that is new takes the place of the one seen longest ago.
fn to_front<'a, T>(set: &'a mut Set<T>, hash: u64, text: &str, find: impl FnOnce(&str) -> T) -> &'a T {
    let is_this = |known: &(u64, Box<Entry<T>>)| known.0 == hash && *known.1.text == *text;
    let place = set.iter().position(|entry| entry.as_ref().is_some_and(is_this)).unwrap_or(set.len() - 1);
    if let Some(before) = set.get_mut(..=place) {
        before.rotate_right(1);
    }
    let [first, ..] = set;
    let known = first.take().filter(is_this);
    let new = || (hash, Box::new(Entry { text: text.into(), found: find(text) }));
    &first.insert(known.unwrap_or_else(new)).1.found
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::{Recent, TEXT_BYTES_MAX};

    proptest! {
        #[test]
        fn what_is_remembered_is_what_would_be_found(texts in vec("[a-c]{0,9}", 0..200)) {
            let mut recent = Recent::default();
            for text in &texts {
                for text in [text.clone(), text.repeat(200)] {
                    let expected = (text.len(), text.clone());
                    prop_assert_eq!(recent.of(&text, |text| (text.len(), text.to_owned())), &expected);
                }
            }
        }
    }

    #[test]
    fn what_is_remembered_is_not_found_again() {
        let mut recent = Recent::default();
        let mut found = 0;
        let long = "x".repeat(TEXT_BYTES_MAX + 1);
        for text in ["a", "b", "a", &long, &long, "b"] {
            recent.of(text, |_| found += 1);
        }
        assert_eq!(found, 4);
    }
}
