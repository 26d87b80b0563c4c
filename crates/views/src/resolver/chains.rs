//! Chains of identities, of which each is kept once: many keys are issued along the same one.

use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashSet;

/// Each chain once.
#[derive(Clone, Debug)]
pub(super) struct Chains {
    known: HashSet<Arc<[String]>, FixedState>,
    /// How many are kept before those are dropped that no key has any more.
    room: usize,
}

impl Chains {
    /// None, with the seed of the hash set.
    pub(super) fn new(seed: u64) -> Self {
        Self { known: HashSet::with_hasher(FixedState::with_seed(seed)), room: CHAINS_MIN }
    }

    /// The one copy of a chain.
    pub(super) fn shared(&mut self, chain: &[String]) -> Arc<[String]> {
        if let Some(known) = self.known.get(chain) {
            return Arc::clone(known);
        }
        if self.known.len() >= self.room {
            self.known.retain(|chain| Arc::strong_count(chain) > 1);
            self.room = (self.known.len() * 2).max(CHAINS_MIN);
        }
        let chain: Arc<[String]> = chain.into();
        self.known.insert(Arc::clone(&chain));
        chain
    }
}

/// How many are kept at least before any is dropped.
const CHAINS_MIN: usize = 1 << 10;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{CHAINS_MIN, Chains};

    #[test]
    fn a_chain_is_kept_once_and_no_longer_than_a_key_has_it() {
        let mut chains = Chains::new(1);
        let chain = |number: usize| [format!("role-{number}"), "alice".to_owned()];
        let held = chains.shared(&chain(0));
        for number in 0..10 * CHAINS_MIN {
            assert_eq!(*chains.shared(&chain(number)), chain(number));
        }
        assert!(
            Arc::ptr_eq(&held, &chains.shared(&chain(0))),
            "a chain that a key has is kept a second time"
        );
        let kept = chains.known.len();
        assert!(kept <= CHAINS_MIN, "{kept} chains are kept, though one of them has a key");
    }
}
