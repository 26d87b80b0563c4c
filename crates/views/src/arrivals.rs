//! How far the log of each account has come, so that what comes out of its order is known to be late.

use doorward_model::event::Event;
use doorward_model::time::{Millis, Time};
use foldhash::fast::FixedState;
use smol_str::SmolStr;

use crate::symbols::SeededMap;

/// The newest event of each account.
#[derive(Clone, Debug)]
pub struct Arrivals {
    newest: SeededMap<SmolStr, Time>,
}

impl Arrivals {
    /// How long before the newest event of its account an event of a live source may have happened without being late.
    pub const WINDOW: Millis = Millis::HOUR;

    /// No account yet, with the seed of the map.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { newest: SeededMap::with_hasher(FixedState::with_seed(seed)) }
    }

    /// Takes in an event in the order in which it is recorded, and says whether it comes after its window.
    pub fn take(&mut self, event: &Event, recorded_at: Time) -> bool {
        // One claim of the far future, which a file may make, must not make all that follow late.
        let at = event.happened_at().min(recorded_at + Event::AHEAD_MAX);
        if let Some(newest) = self.newest.get_mut(event.account.as_str()) {
            let late = event.happened_at() + Self::WINDOW < *newest;
            *newest = at.max(*newest);
            return late;
        }
        if self.newest.len() >= ACCOUNTS_MAX {
            self.forget();
        }
        self.newest.insert(event.account.as_str().into(), at);
        false
    }

    /// Each account with its newest event, in a fixed order.
    #[must_use]
    pub fn newest(&self) -> Vec<(&str, Time)> {
        let mut rows: Vec<_> =
            self.newest.iter().map(|(account, newest)| (account.as_str(), *newest)).collect();
        rows.sort();
        rows
    }

    /// Puts back what [`Self::newest`] gave.
    pub(crate) fn restore(&mut self, rows: impl Iterator<Item = (String, Time)>) {
        self.newest.clear();
        self.newest.extend(rows.map(|(account, newest)| (account.into(), newest)));
    }

    /// Drops the half of the accounts whose newest events lie longest back.
    fn forget(&mut self) {
        let mut rows: Vec<_> = self.newest.drain().map(|(account, newest)| (newest, account)).collect();
        rows.sort();
        self.newest
            .extend(rows.into_iter().skip(ACCOUNTS_MAX / 2).map(|(newest, account)| (account, newest)));
    }
}

/// How many accounts are remembered.
const ACCOUNTS_MAX: usize = 16_384;

#[cfg(test)]
mod tests {
    use doorward_model::event::Event;
    use doorward_model::time::{Millis, Time};

    use super::{ACCOUNTS_MAX, Arrivals};

    const NOW: Time = Time::from_ms(1_700_000_000_000);

    fn take(arrivals: &mut Arrivals, account: &str, at: Time) -> bool {
        let event = Event { account: account.to_owned(), happened_at_ms: at.ms(), ..Event::default() };
        arrivals.take(&event, NOW)
    }

    #[test]
    fn late_is_more_than_an_hour_behind_the_newest_of_the_account() {
        let mut arrivals = Arrivals::new(1);
        let mut late =
            |account: &str, minutes: i64| take(&mut arrivals, account, NOW - Millis::MINUTE.times(minutes));
        let taken = [("a", 120), ("a", 0), ("a", 60), ("a", 61), ("b", 61), ("a", 30), ("a", 61)];
        assert_eq!(
            taken.map(|(account, minutes)| late(account, minutes)),
            [false, false, false, true, false, false, true]
        );
    }

    #[test]
    fn a_claim_of_the_far_future_makes_what_follows_no_later_than_it_is() {
        let mut arrivals = Arrivals::new(1);
        let mut late = |minutes: i64| take(&mut arrivals, "a", NOW + Millis::MINUTE.times(minutes));
        assert_eq!([1_000_000, 0, -55, -56].map(&mut late), [false, false, false, true]);
    }

    #[test]
    fn beyond_the_limit_those_are_forgotten_that_lie_longest_back() {
        let mut arrivals = Arrivals::new(1);
        for at in 0..=i64::try_from(ACCOUNTS_MAX).unwrap() {
            assert!(!take(&mut arrivals, &at.to_string(), NOW - Millis::HOUR + Millis(at)));
        }
        assert_eq!(arrivals.newest().len(), ACCOUNTS_MAX / 2 + 1);
        let old = NOW - Millis::DAY;
        let known = ["0", "8191", "8192", "16384"].map(|account| take(&mut arrivals, account, old));
        assert_eq!(known, [false, false, true, true]);
    }
}
