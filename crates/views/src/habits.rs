//! What one identity usually does: per feature a small table of values with decayed counts and distinct days.

use doorward_model::event::{Event, Outcome};
use doorward_model::finding::Feature;
use doorward_model::time::{Day, Time};

use crate::breadth::Breadth;
use crate::bursts::Burst;
use crate::drift::Drift;
use crate::fixed::decayed;
use crate::symbols::{Symbol, Symbols};

/// How fast a habit fades, in days to one half.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HalfLifeDays(pub u32);

/// The habits of one identity.
#[derive(Clone, Debug)]
pub struct Habits {
    /// When its first event happened.
    pub first_at: Time,
    /// When its latest event happened.
    pub last_at: Time,
    /// How many events it had.
    pub events: u64,
    /// How many of them were denied.
    pub denied: u64,
    /// On how many distinct days.
    pub days: u16,
    /// What gathers against it, or has been raised and is not over.
    pub bursts: Vec<Burst>,
    /// The highest weighted surprise of the latest day, thousandths of a bit.
    pub day_peak_milli: u64,
    pub(crate) last_day: Day,
    pub(crate) tables: [Table; Feature::ALL.len()],
    pub(crate) breadth: Breadth,
    pub(crate) drift: Drift,
}

/// The values of one feature.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    pub(crate) values: Vec<Value>,
    /// The decayed count of all values, including forgotten ones.
    pub(crate) mass: u32,
    pub(crate) mass_day: u16,
}

/// One value: 12 bytes, because there are many.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Value {
    pub(crate) symbol: Symbol,
    /// Decayed count in sixteenths of an event.
    pub(crate) count: u32,
    /// Days since [`DAY_ZERO`].
    pub(crate) last_day: u16,
    /// On how many days it was learned; 0 while it was seen only inside open cases.
    pub(crate) days: u8,
    /// How often it was seen before it was learned, up to 255.
    pub(crate) held: u8,
}

/// How one event is folded into a table.
#[derive(Clone, Copy)]
struct Step {
    day: u16,
    half_life: HalfLifeDays,
    learn: bool,
}

/// What a table says of the value of one event, before that event is folded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Slot {
    /// The value.
    pub symbol: Symbol,
    /// How often it was seen, decayed, in sixteenths of an event.
    pub count: u32,
    /// How often it was seen inside open cases before it was learned, up to 255.
    pub held: u8,
    /// How often any value was seen, decayed; for an action: how often its service was.
    pub mass: u32,
    /// On how many distinct days, up to 255.
    pub days: u8,
    /// Whether it is seen for the first time on this day.
    pub first_today: bool,
    at: Option<usize>,
}

impl Slot {
    /// Of a value that is counted by days: on how many of its own days an identity had it.
    pub(crate) fn of_days(symbol: Symbol, days: u8, own_days: u16, first_today: bool) -> Self {
        let events = |days: u32| days.saturating_mul(ONE);
        let (count, mass) = (events(days.into()), events(own_days.into()));
        Self { symbol, count, held: 0, mass, days, first_today, at: None }
    }
}

/// What the habits say of one event, before it is folded, by [`Feature::ALL`].
pub type Slots = [Option<Slot>; Feature::ALL.len()];

/// Nothing is asked: the event does not count for habits.
pub(crate) const NO_SLOTS: Slots = [None; Feature::ALL.len()];

impl Habits {
    /// None yet, as of the first event.
    #[must_use]
    pub fn new(now: Time) -> Self {
        Self {
            first_at: now,
            last_at: now,
            events: 0,
            denied: 0,
            days: 0,
            bursts: Vec::new(),
            day_peak_milli: 0,
            last_day: Day(i32::MIN),
            tables: Default::default(),
            breadth: Breadth::default(),
            drift: Drift::default(),
        }
    }

    /// What the habits say of an event that has not been folded.
    #[must_use]
    pub fn probe(&self, event: &Event, half_life: HalfLifeDays, symbols: &mut Symbols) -> Slots {
        let day = short_day(event.happened_at());
        let mut slots = values(event, symbols).map(|value| {
            value.map(|symbol| Slot {
                symbol,
                count: 0,
                held: 0,
                mass: 0,
                days: 0,
                first_today: true,
                at: None,
            })
        });
        for (slot, table) in slots.iter_mut().zip(&self.tables) {
            if let Some(slot) = slot {
                table.probe(slot, day, half_life);
            }
        }
        let [service, action, ..] = &mut slots;
        if let (Some(service), Some(action)) = (service, action) {
            action.mass = service.count;
        }
        slots
    }

    /// Takes in an event, using what was probed for it. `learn` is whether its new values may become normal.
    /// Returns the features whose value was learned for the first time.
    pub fn fold(
        &mut self,
        event: &Event,
        slots: &Slots,
        half_life: HalfLifeDays,
        learn: bool,
    ) -> [bool; Feature::ALL.len()] {
        let now = event.happened_at();
        if now.day() != self.last_day {
            self.last_day = now.day();
            self.days = self.days.saturating_add(1);
        }
        self.first_at = self.first_at.min(now);
        self.last_at = self.last_at.max(now);
        self.events += 1;
        self.denied += u64::from(event.outcome() == Outcome::Denied);
        let mut firsts = [false; Feature::ALL.len()];
        let step = Step { day: short_day(now), half_life, learn };
        for (((table, slot), limit), first) in
            self.tables.iter_mut().zip(slots).zip(TABLE_MAX).zip(&mut firsts)
        {
            if let Some(slot) = slot {
                *first = table.fold(slot, step, limit);
            }
        }
        firsts
    }

    /// How many distinct values of a feature are remembered.
    #[must_use]
    pub fn distinct(&self, feature: Feature) -> usize {
        self.table(feature).map_or(0, |table| table.values.len())
    }

    /// The remembered values of a feature, most frequent first, at most `limit`.
    #[must_use]
    pub fn usual(&self, feature: Feature, limit: usize) -> Vec<Symbol> {
        let mut values: Vec<_> = self.table(feature).map_or(&[][..], |table| &table.values).iter().collect();
        // Of equals, the one that was there first: the numbers of symbols may not be seen.
        values.sort_by_key(|value| std::cmp::Reverse(value.count));
        values.iter().take(limit).map(|value| value.symbol).collect()
    }

    /// The latest day on which it acted.
    #[must_use]
    pub fn last_day(&self) -> Day {
        self.last_day
    }

    fn table(&self, feature: Feature) -> Option<&Table> {
        usize::try_from(i32::from(feature)).ok().and_then(|at| self.tables.get(at))
    }
}

impl Table {
    fn probe(&self, slot: &mut Slot, day: u16, half_life: HalfLifeDays) {
        let fade = |count: u32, since: u16| decayed(count, u32::from(day.saturating_sub(since)), half_life.0);
        slot.mass = fade(self.mass, self.mass_day);
        let known = self.values.iter().enumerate().find(|(_, value)| value.symbol == slot.symbol);
        if let Some((at, value)) = known {
            slot.count = fade(value.count, value.last_day);
            slot.held = value.held;
            slot.days = value.days;
            slot.first_today = value.last_day < day;
            slot.at = Some(at);
        }
    }

    /// Returns whether the value is learned for the first time.
    fn fold(&mut self, slot: &Slot, step: Step, limit: usize) -> bool {
        let Step { day, half_life, learn } = step;
        // What was learned before a case goes on to be counted in it.
        if learn || slot.days > 0 {
            let faded = decayed(self.mass, u32::from(day.saturating_sub(self.mass_day)), half_life.0);
            self.mass = faded.saturating_add(ONE);
            self.mass_day = self.mass_day.max(day);
        }
        if let Some(value) = slot.at.and_then(|at| self.values.get_mut(at)) {
            let first = learn && slot.days == 0;
            if learn || slot.days > 0 {
                value.count = slot.count.saturating_add(ONE);
            } else {
                value.held = value.held.saturating_add(1);
            }
            value.days = value.days.saturating_add(u8::from(first || learn && slot.first_today));
            value.last_day = value.last_day.max(day);
            return first;
        }
        if self.values.len() >= limit {
            self.forget(day, half_life);
        }
        if self.values.len() == self.values.capacity() {
            // Most tables stay as they are for long: doubling would leave half of all memory empty.
            self.values.reserve_exact(self.values.len() / 4 + 1);
        }
        self.values.push(Value {
            symbol: slot.symbol,
            count: if learn { ONE } else { 0 },
            last_day: day,
            days: u8::from(learn),
            held: u8::from(!learn),
        });
        learn
    }

    /// Drops the least used value; of equally used ones the one that was first seen last, which lies behind the
    /// others.
    fn forget(&mut self, day: u16, half_life: HalfLifeDays) {
        let least = (self.values.iter().enumerate())
            .min_by_key(|(at, value)| {
                let count = decayed(value.count, u32::from(day.saturating_sub(value.last_day)), half_life.0);
                (count, value.days, std::cmp::Reverse(*at))
            })
            .map(|(at, _)| at);
        if let Some(at) = least {
            self.values.remove(at);
        }
    }
}

/// The value of each feature in an event, by [`Feature::ALL`]; `None` where the event has none that is a habit.
fn values(event: &Event, symbols: &mut Symbols) -> [Option<Symbol>; Feature::ALL.len()] {
    let mut named = |text: &str| (!text.is_empty()).then(|| symbols.intern(text));
    let (network, family) = if is_network(&event.client.network) {
        (named(&event.client.network), named(&event.client.family))
    } else {
        (None, None)
    };
    let (service, action) = symbols.intern_joined(&event.service, &event.action);
    [Some(service).filter(|service| *service != Symbol::EMPTY), Some(action), network, family]
}

/// Whether a network is a place that a caller can be at, and not a service that calls in its name.
#[must_use]
pub fn is_network(network: &str) -> bool {
    !network.is_empty() && network != "aws-internal" && !network.starts_with("service:")
}

pub(crate) fn short_day(time: Time) -> u16 {
    let days = time.day().0.saturating_sub(DAY_ZERO);
    u16::try_from(days.max(0)).unwrap_or(u16::MAX)
}

/// One event, in the unit of counts.
pub const ONE: u32 = 16;
/// 2000-01-01, where the days of a table begin.
const DAY_ZERO: i32 = 10_957;
/// How many values each table holds, by [`Feature::ALL`].
const TABLE_MAX: [usize; Feature::ALL.len()] = [32, 128, 24, 16];

#[cfg(test)]
mod tests {
    use doorward_model::event::Event;
    use doorward_model::finding::Feature;
    use doorward_model::time::{Millis, Time};

    use super::{Habits, HalfLifeDays, ONE, Slots, TABLE_MAX};
    use crate::symbols::Symbols;

    const HALF_LIFE: HalfLifeDays = HalfLifeDays(14);

    fn event(day: i64, action: &str, network: &str) -> Event {
        let mut event = Event { service: "s3".into(), action: action.into(), ..Event::default() };
        event.happened_at_ms = 1_700_000_000_000 + day * Millis::DAY.0;
        event.client.network = network.into();
        event
    }

    fn run(habits: &mut Habits, symbols: &mut Symbols, event: &Event, learn: bool) -> (Slots, [bool; 4]) {
        let slots = habits.probe(event, HALF_LIFE, symbols);
        (slots, habits.fold(event, &slots, HALF_LIFE, learn))
    }

    #[test]
    fn a_value_becomes_normal_over_days_and_fades() {
        let (mut habits, mut symbols) = (Habits::new(Time::from_ms(0)), Symbols::new(3));
        for day in 0..3 {
            run(&mut habits, &mut symbols, &event(day, "GetObject", "192.0.2.0/24"), true);
        }
        let (slots, firsts) =
            run(&mut habits, &mut symbols, &event(16, "GetObject", "198.51.100.0/24"), true);
        let [service, action, network, family] = slots;
        let said = |slot: Option<super::Slot>| slot.map(|slot| (slot.count, slot.days, slot.first_today));
        assert_eq!(said(service), said(action));
        assert_eq!(said(action).map(|(count, ..)| count / ONE), Some(1));
        assert_eq!(said(network), Some((0, 0, true)));
        assert_eq!(said(family), None);
        assert_eq!((firsts, habits.days, habits.events), ([false, false, true, false], 4, 4));
    }

    #[test]
    fn what_may_not_be_learned_never_becomes_normal() {
        let (mut habits, mut symbols) = (Habits::new(Time::from_ms(0)), Symbols::new(3));
        let odd = |day| event(day, "PutBucketPolicy", "192.0.2.0/24");
        for _ in 0..3 {
            run(&mut habits, &mut symbols, &event(0, "GetObject", ""), true);
        }
        for day in 0..9 {
            let (_, firsts) = run(&mut habits, &mut symbols, &odd(day), false);
            assert_eq!(firsts, [false; 4]);
        }
        let said = |slots: Slots| slots.map(|slot| slot.map(|slot| (slot.count / ONE, slot.held, slot.days)));
        let slots = habits.probe(&odd(9), HALF_LIFE, &mut symbols);
        // The service was learned before, and goes on; each of the others is as new as on the first day.
        let [service, rest @ ..] = said(slots);
        assert_eq!(rest, [Some((0, 9, 0)), Some((0, 9, 0)), None]);
        assert_eq!(service.map(|(_, held, days)| (held, days)), Some((0, 1)));
        // The case is over: it becomes a habit like any other, and its peers hear of it once.
        let (_, firsts) = run(&mut habits, &mut symbols, &odd(9), true);
        assert_eq!(firsts, [false, true, true, false]);
        let (slots, firsts) = run(&mut habits, &mut symbols, &odd(10), true);
        assert_eq!((said(slots)[1], firsts), (Some((0, 9, 1)), [false; 4]));
    }

    #[test]
    fn a_full_table_forgets_the_least_used() {
        let (mut habits, mut symbols) = (Habits::new(Time::from_ms(0)), Symbols::new(3));
        run(&mut habits, &mut symbols, &event(0, "GetObject", ""), true);
        run(&mut habits, &mut symbols, &event(0, "GetObject", ""), true);
        for i in 0..500 {
            run(&mut habits, &mut symbols, &event(0, &format!("Action{i}"), ""), true);
        }
        assert_eq!(habits.distinct(Feature::Action), TABLE_MAX[1]);
        let usual = habits.usual(Feature::Action, 1);
        assert_eq!(usual.iter().map(|symbol| symbols.name(*symbol)).collect::<Vec<_>>(), ["s3:GetObject"]);
    }
}
