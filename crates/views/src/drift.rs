//! On how many of its latest days an identity did what neither it nor its peers do.
//!
//! An intruder who has much time does one odd thing a day, too small to gather. A machine does the same every day, so
//! a bit for each of its last sixteen days, and a word when several of them are set, cost next to nothing and tell.

use doorward_model::time::Time;

use crate::habits::{Slot, short_day};
use crate::symbols::Symbols;

/// The drift of one identity: 10 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Drift {
    /// A bit for each day with something odd, the latest of them lowest.
    pub(crate) odd: u16,
    /// The latest day with something odd.
    pub(crate) day: u16,
    /// By step: the latest day on which it was reached, and on how many days it was learned.
    pub(crate) last_day: [u16; STEPS.len()],
    pub(crate) days: [u8; STEPS.len()],
}

/// What the drift says of one odd event, before that event is folded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Odd {
    odd: u16,
    day: u16,
    /// The step that the event reaches, with its place.
    reached: Option<(usize, Slot)>,
}

impl Odd {
    /// The value of `Feature::Drift` that the event reaches, if it does.
    #[must_use]
    pub fn slot(&self) -> Option<Slot> {
        self.reached.map(|(_, slot)| slot)
    }
}

impl Drift {
    /// What it says of an odd event of an identity that has acted on so many days; nothing once the day is known to be
    /// odd, and of a day before the latest odd one.
    pub(crate) fn probe(&self, now: Time, own_days: u16, symbols: &mut Symbols) -> Option<Odd> {
        let day = short_day(now);
        if day <= self.day {
            return None;
        }
        let odd = self.odd.checked_shl(u32::from(day - self.day)).unwrap_or(0) | 1;
        let step = STEPS.iter().position(|step| *step == odd.count_ones());
        let reached = step.and_then(|step| {
            let symbol = symbols.intern(VALUES.get(step)?);
            let (days, last_day) = (*self.days.get(step)?, *self.last_day.get(step)?);
            Some((step, Slot::of_days(symbol, days, own_days, last_day < day)))
        });
        Some(Odd { odd, day, reached })
    }

    /// Takes in what was probed. Returns whether the step it reaches is learned for the first time.
    pub(crate) fn fold(&mut self, seen: &Odd, learn: bool) -> bool {
        (self.odd, self.day) = (seen.odd, seen.day);
        let Some((step, slot)) = seen.reached else { return false };
        let first = learn && slot.days == 0;
        if let (Some(days), Some(last_day)) = (self.days.get_mut(step), self.last_day.get_mut(step)) {
            *days = days.saturating_add(u8::from(first || learn && slot.first_today));
            *last_day = seen.day;
        }
        first
    }
}

/// How many odd days are worth a word.
const STEPS: [u32; 2] = [3, 5];
/// By step, as narratives say it.
const VALUES: [&str; STEPS.len()] = ["3 of 16 days", "5 of 16 days"];

#[cfg(test)]
mod tests {
    use doorward_model::time::{Millis, Time};
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::Drift;
    use crate::symbols::Symbols;

    /// Something odd on a day; what is reached by it, on how many days it was reached before, and whether that is a first.
    fn odd(drift: &mut Drift, day: i64, learn: bool) -> Option<(String, u8, bool)> {
        let mut symbols = Symbols::new(3);
        let seen =
            drift.probe(Time::from_ms(1_700_000_000_000) + Millis::DAY.times(day), 30, &mut symbols)?;
        let first = drift.fold(&seen, learn);
        seen.slot().map(|slot| (symbols.name(slot.symbol).to_owned(), slot.days, first))
    }

    #[test]
    fn odd_days_are_counted_within_sixteen() {
        let mut drift = Drift::default();
        let days = [0, 4, 4, 3, 9, 16, 17, 18, 19];
        let said: Vec<_> = days.into_iter().filter_map(|day| odd(&mut drift, day, true)).collect();
        let said: Vec<_> = said.iter().map(|(value, days, first)| (value.as_str(), *days, *first)).collect();
        // On day 9 three of them, on day 16 the first is forgotten and they are three again, on day 18 five.
        assert_eq!(said, [("3 of 16 days", 0, true), ("3 of 16 days", 1, false), ("5 of 16 days", 0, true)]);
    }

    #[test]
    fn what_may_not_be_learned_is_as_new_the_next_time() {
        let mut drift = Drift::default();
        let mut third = |from, learn| (from..from + 3).filter_map(|day| odd(&mut drift, day, learn)).next();
        let value = "3 of 16 days".to_owned();
        let said = [(0, false), (40, true), (80, true)].map(|(from, learn)| third(from, learn));
        assert_eq!(
            said,
            [(0, false), (0, true), (1, false)].map(|(days, first)| Some((value.clone(), days, first)))
        );
    }

    proptest! {
        #[test]
        fn a_word_is_said_when_so_many_of_the_days_were_odd(days in proptest::collection::vec(0_i64..90, 0..60)) {
            let (mut drift, mut seen) = (Drift::default(), std::collections::BTreeSet::new());
            for day in days {
                let is_late = seen.last().is_some_and(|last| day <= *last);
                let said = odd(&mut drift, day, true).map(|(value, ..)| value);
                if !is_late {
                    seen.insert(day);
                }
                let count = seen.range(day - 15..=day).count();
                let expected = (!is_late && matches!(count, 3 | 5)).then(|| format!("{count} of 16 days"));
                prop_assert_eq!(said, expected);
            }
        }
    }
}
