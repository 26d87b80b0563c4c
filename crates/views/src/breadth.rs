//! How many different targets an identity reaches within minutes, and on how many days it reached as many before.
//!
//! An intruder who has little time does one thing to many targets. Each identity keeps two sets of 64 bits for the
//! minutes that run: a bit for each target, by its hash. Bits never say more than there were, so "at least so many"
//! holds exactly.

use doorward_model::event::{ActionClass, Event, Outcome};
use doorward_model::time::{Millis, Time};

use crate::habits::{Slot, short_day};
use crate::symbols::Symbols;

/// The breadth of one identity: 48 bytes.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Breadth {
    pub(crate) paces: [Pace; 2],
}

/// What one way of reaching targets has come to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Pace {
    /// A bit for each target of the window.
    pub(crate) targets: u64,
    /// Which window.
    pub(crate) window: u32,
    /// By step: the latest day on which it was reached, and on how many days it was learned.
    pub(crate) last_day: [u16; STEPS.len()],
    pub(crate) days: [u8; STEPS.len()],
}

/// What the breadth says of one event, before that event is folded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sight {
    way: usize,
    window: u32,
    bit: u64,
    /// The step that the event reaches, with its place.
    reached: Option<(usize, Slot)>,
}

impl Sight {
    /// The value of `Feature::Breadth` that the event reaches, if it does.
    #[must_use]
    pub fn slot(&self) -> Option<Slot> {
        self.reached.map(|(_, slot)| slot)
    }
}

impl Breadth {
    /// What it says of an event of an identity that has acted on so many days; nothing where no target is reached.
    pub(crate) fn probe(&self, event: &Event, own_days: u16, symbols: &mut Symbols) -> Option<Sight> {
        let way = way(event.class())?;
        let target = event.target.as_ref().filter(|_| event.outcome() != Outcome::Throttled)?;
        let (now, bit) = (event.happened_at(), 1 << (hash(target.id.as_bytes()) >> 58));
        let window = window(now);
        let pace = self.paces.get(way)?;
        let before = if pace.window == window { pace.targets } else { 0 };
        let count = (before | bit).count_ones();
        let step = (before & bit == 0).then(|| STEPS.iter().position(|step| *step == count)).flatten();
        let reached = step.and_then(|step| {
            let symbol = symbols.intern(VALUES.get(way)?.get(step)?);
            let (days, last_day) = (*pace.days.get(step)?, *pace.last_day.get(step)?);
            Some((step, Slot::of_days(symbol, days, own_days, last_day < short_day(now))))
        });
        Some(Sight { way, window, bit, reached })
    }

    /// Takes in what was probed. Returns whether the step it reaches is learned for the first time.
    pub(crate) fn fold(&mut self, sight: &Sight, now: Time, learn: bool) -> bool {
        let Some(pace) = self.paces.get_mut(sight.way) else { return false };
        if pace.window != sight.window {
            (pace.window, pace.targets) = (sight.window, 0);
        }
        pace.targets |= sight.bit;
        let Some((step, slot)) = sight.reached else { return false };
        let first = learn && slot.days == 0;
        if let (Some(days), Some(last_day)) = (pace.days.get_mut(step), pace.last_day.get_mut(step)) {
            *days = days.saturating_add(u8::from(first || learn && slot.first_today));
            *last_day = short_day(now).max(*last_day);
        }
        first
    }
}

/// Reading data, or changing something; nothing else is counted, because looking around is what consoles do.
fn way(class: ActionClass) -> Option<usize> {
    match class {
        ActionClass::Data => Some(0),
        ActionClass::Write | ActionClass::Execute | ActionClass::Permissions | ActionClass::Credential => {
            Some(1)
        }
        ActionClass::Unknown | ActionClass::Read | ActionClass::List => None,
    }
}

fn window(now: Time) -> u32 {
    u32::try_from(now.ms().div_euclid(WINDOW.0)).unwrap_or(0)
}

/// The same on every machine: a checkpoint may be loaded on another.
fn hash(bytes: &[u8]) -> u64 {
    let mix = |hash: u64, word: u64| {
        let mixed = (hash ^ word).wrapping_mul(ODD);
        mixed ^ mixed >> 32
    };
    let (words, rest) = bytes.as_chunks();
    let hash = words.iter().fold(ODD, |hash, word| mix(hash, u64::from_be_bytes(*word)));
    let hash = match rest {
        [] => hash,
        rest => mix(hash, rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte))),
    };
    hash.wrapping_mul(ODD)
}

/// What is counted together.
const WINDOW: Millis = Millis::MINUTE.times(10);
/// How many targets are worth a word.
const STEPS: [u32; 3] = [8, 16, 32];
/// By way and step, as narratives say it.
const VALUES: [[&str; STEPS.len()]; 2] = [
    [
        "8 targets in 10 minutes by reading data",
        "16 targets in 10 minutes by reading data",
        "32 targets in 10 minutes by reading data",
    ],
    [
        "8 targets in 10 minutes by changes",
        "16 targets in 10 minutes by changes",
        "32 targets in 10 minutes by changes",
    ],
];
/// The golden ratio as 0.64 fixed point, which is odd.
const ODD: u64 = 0x9e37_79b9_7f4a_7c15;

#[cfg(test)]
mod tests {
    use doorward_model::event::{ActionClass, Event, Target};
    use doorward_model::time::{Millis, Time};
    use proptest::prelude::{prop_assert, proptest};

    use super::{Breadth, STEPS, VALUES};
    use crate::symbols::Symbols;

    fn event(at: Millis, class: ActionClass, target: &str) -> Event {
        let target = Target { kind: String::new(), id: target.to_owned() };
        let mut event = Event { target: Some(target), ..Event::default() };
        event.set_class(class);
        event.happened_at_ms = 1_699_999_800_000 + at.0;
        event
    }

    /// Folds events of targets with so many seconds between them; says what was reached, and whether it was a first.
    fn run(
        breadth: &mut Breadth,
        from: Millis,
        class: ActionClass,
        targets: u32,
        learn: bool,
    ) -> Vec<(String, u8, bool)> {
        let mut symbols = Symbols::new(3);
        let mut reached = Vec::new();
        for target in 0..targets {
            let event = event(Millis(from.0 + i64::from(target) * 1_000), class, &format!("i-{target:08x}"));
            let Some(sight) = breadth.probe(&event, 9, &mut symbols) else { continue };
            let first = breadth.fold(&sight, Time::from_ms(event.happened_at_ms), learn);
            reached.extend(sight.slot().map(|slot| (symbols.name(slot.symbol).to_owned(), slot.days, first)));
        }
        reached
    }

    #[test]
    fn targets_are_counted_by_way_and_by_minutes() {
        let [data, changes] = VALUES.map(|values| values.map(str::to_owned));
        let mut breadth = Breadth::default();
        let at = |class, targets| run(&mut Breadth::default(), Millis(0), class, targets, true);
        assert_eq!(at(ActionClass::List, 90), []);
        assert_eq!(at(ActionClass::Data, 7), []);
        assert_eq!(at(ActionClass::Data, 12), [(data[0].clone(), 0, true)]);
        assert_eq!(
            at(ActionClass::Execute, 24),
            [(changes[0].clone(), 0, true), (changes[1].clone(), 0, true)]
        );
        // Five targets before a new window begins, and five in it, are not ten.
        let late = Millis::SECOND.times(595);
        assert_eq!(run(&mut breadth, late, ActionClass::Write, 10, true), []);
    }

    #[test]
    fn a_breadth_becomes_normal_over_days_unless_it_may_not_be_learned() {
        let mut breadth = Breadth::default();
        let mut day = |day, learn| run(&mut breadth, Millis::DAY.times(day), ActionClass::Data, 12, learn);
        let said = [(0, false), (1, true), (2, true), (2, true), (3, false), (4, true)].map(|(at, learn)| {
            day(at, learn).into_iter().map(|(_, days, first)| (days, first)).collect::<Vec<_>>()
        });
        assert_eq!(said.concat(), [(0, false), (0, true), (1, false), (2, false), (2, false)]);
    }

    proptest! {
        #[test]
        fn never_more_is_said_than_there_were(targets in 0_u32..200) {
            for (value, ..) in run(&mut Breadth::default(), Millis(0), ActionClass::Data, targets, true) {
                let said = value.split(' ').next().and_then(|word| word.parse::<u32>().ok()).unwrap();
                prop_assert!(STEPS.contains(&said) && said <= targets);
            }
        }
    }
}
