//! What happens in the run of a seed: made once, so that two runs can do the same.

use std::collections::BTreeSet;

use doorward_intake::{Item, Limits, Reader};
use doorward_model::decision::Mode;
use doorward_model::event::Event;
use doorward_model::hold::HoldProfile;
use doorward_model::time::{Millis, Time};
use doorward_simulate::{Plan, files};

use crate::disk::{End, Fault};

/// One thing that is done, and what goes wrong in it.
#[derive(Clone, Debug)]
pub(crate) struct Act {
    /// What the clock says, which may go back.
    pub(crate) now: Time,
    pub(crate) deed: Deed,
    pub(crate) wrong: Option<Fault>,
}

/// What may be done. A `pick` selects among what is there at that moment.
#[derive(Clone, Debug)]
pub(crate) enum Deed {
    Deliver(Vec<Event>),
    Place { pick: usize, profile: HoldProfile, lasts: Millis },
    Release { pick: usize },
    IssueToken { lasts: Millis },
    RevokeToken { pick: usize },
    Publish { people: Vec<String>, mode: Mode, risk_max: u32 },
    SetPep { mode: Mode },
    Ask { pick: usize, action: &'static str },
    Tick,
    Checkpoint,
    Restart,
}

/// Numbers that look random (splitmix64).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A place in a list of so many.
    fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(len.max(1)).unwrap()).unwrap()
    }

    /// A number below another.
    fn below(&mut self, end: u32) -> u32 {
        u32::try_from(self.next() % u64::from(end.max(1))).unwrap()
    }

    fn one_in(&mut self, times: u32) -> bool {
        self.below(times) == 0
    }

    fn millis(&mut self, end: u32) -> Millis {
        Millis(self.below(end).into())
    }

    fn minutes(&mut self, max: u32) -> Millis {
        Millis::MINUTE.times(i64::from(1 + self.below(max)))
    }

    fn mode(&mut self) -> Mode {
        // Mostly what has teeth.
        [Mode::Enforce, Mode::Enforce, Mode::Enforce, Mode::Shadow, Mode::Learn][self.index(5)]
    }
}

/// The records of a small organisation with attacks among them, in the order in which they happened.
pub(crate) fn organisation(seed: u64) -> Vec<Event> {
    let plan = Plan { events_per_identity_day: 4, accounts: 4, ..Plan::new(seed, 30, 6) };
    let mut events = Vec::new();
    files(&plan, &mut |path, bytes| {
        if path.starts_with("AWSLogs/") {
            let mut take = |item| {
                if let Item::Event(event) = item {
                    events.push(*event);
                }
            };
            let mut reader = Reader::new(path, Limits::default());
            reader.push(bytes, &mut take);
            reader.finish(&mut take);
        }
    });
    events.sort_by(Event::order);
    // The last hours, in which the attacks lie.
    let first = events.len().saturating_sub(EVENTS);
    events.split_off(first)
}

/// What happens for a seed with these records.
pub(crate) fn script(seed: u64, events: &[Event]) -> Vec<Act> {
    let mut dice = Dice::new(seed);
    let mut acts = Vec::new();
    let mut now = events[0].happened_at();
    let mut late: Vec<Event> = Vec::new();
    let mut rest = events;
    let people = people(events);
    let first = Deed::Publish { people: people.clone(), mode: Mode::Enforce, risk_max: 100 };
    acts.push(Act { now, deed: first, wrong: None });
    acts.push(Act { now, deed: Deed::SetPep { mode: Mode::Enforce }, wrong: None });
    while !rest.is_empty() || !late.is_empty() {
        let (batch, after) = rest.split_at(rest.len().min(1 + dice.index(16)));
        let from = rest.len() - after.len();
        rest = after;
        let mut batch: Vec<_> = batch.to_vec();
        let held_back = dice.index(1 + batch.len());
        if from > 0 && !rest.is_empty() && dice.one_in(5) {
            late.extend(batch.split_off(batch.len() - held_back));
        } else {
            batch.append(&mut late);
        }
        if dice.one_in(6) {
            let again = dice.index(events.len());
            // Only what has been delivered before, or comes now, can be a repetition.
            batch.extend(events[..again.min(events.len() - rest.len())].iter().rev().take(5).cloned());
        }
        let happened = batch.iter().map(Event::happened_at).max().unwrap_or(now);
        now = now.max(happened) + dice.millis(90_000);
        acts.push(Act { now: clock(&mut dice, now), deed: Deed::Deliver(batch), wrong: wrong(&mut dice) });
        for _ in 0..dice.below(4) {
            now = now + dice.millis(20_000);
            let deed = deed(&mut dice, &people);
            acts.push(Act { now: clock(&mut dice, now), deed, wrong: wrong(&mut dice) });
        }
    }
    acts
}

/// What the clock says at an instant: now and then it was set back, by up to three hours.
fn clock(dice: &mut Dice, now: Time) -> Time {
    if dice.one_in(12) { now - dice.minutes(180) } else { now }
}

/// Some people of Identity Center, by their names there.
fn people(events: &[Event]) -> Vec<String> {
    let sessions = events.iter().filter(|event| event.actor.arn.contains("/AWSReservedSSO_"));
    let names: BTreeSet<_> = sessions.filter_map(|event| event.actor.arn.rsplit('/').next()).collect();
    names.into_iter().take(3).map(str::to_owned).collect()
}

fn deed(dice: &mut Dice, people: &[String]) -> Deed {
    let pick = dice.index(PICK_MAX);
    match dice.below(20) {
        0..=3 => Deed::Place { pick, profile: HoldProfile::ALL[dice.index(5)], lasts: dice.minutes(240) },
        4 | 5 => Deed::Release { pick },
        6 => Deed::IssueToken { lasts: dice.minutes(600) },
        7 => Deed::RevokeToken { pick },
        8 => Deed::Publish {
            people: people.iter().take(dice.index(4)).cloned().collect(),
            mode: dice.mode(),
            risk_max: 30 + 10 * dice.below(8),
        },
        9 => Deed::SetPep { mode: dice.mode() },
        10..=16 => Deed::Ask { pick, action: ["read", "write", "shred", "assume"][dice.index(4)] },
        17 => Deed::Tick,
        18 => Deed::Checkpoint,
        _ => Deed::Restart,
    }
}

fn wrong(dice: &mut Dice) -> Option<Fault> {
    let after = dice.below(3);
    let end = match dice.below(8) {
        0 => End::Lost,
        1 => End::Durable,
        2 => End::Full,
        _ => return None,
    };
    Some(Fault { after, end })
}

/// How many records a seed has.
const EVENTS: usize = 180;

/// From how many a pick selects at most.
const PICK_MAX: usize = 1 << 20;
