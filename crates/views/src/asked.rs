//! Who asked about an identity, and what it has been permitted: where a hold bites, and what baseline-only allows.

use doorward_model::decision::Effect;
use doorward_model::hold::Habit;
use doorward_model::record::DecisionRecord;
use doorward_model::time::{Day, Millis, Time};

/// The enforcement points that asked about one thing, each with its latest question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Askers(pub(crate) Vec<(String, Time)>);

impl Askers {
    /// How long after its last question an enforcement point still counts as one.
    pub const WINDOW: Millis = Millis::DAY.times(7);

    /// Takes in that an enforcement point asked at an instant.
    pub fn fold(&mut self, pep: &str, at: Time) {
        let room = self.0.len() < PEPS_MAX;
        match self.0.iter_mut().find(|(known, _)| known == pep) {
            Some((_, last)) => *last = at.max(*last),
            None if room => self.0.push((pep.to_owned(), at)),
            None => {}
        }
    }

    /// Those that asked within the window before an instant, by name.
    #[must_use]
    pub fn recent(&self, now: Time) -> Vec<String> {
        let recent = self.0.iter().filter(|(_, last)| now - *last <= Self::WINDOW);
        let mut peps: Vec<_> = recent.map(|(pep, _)| pep.clone()).collect();
        peps.sort();
        peps
    }
}

/// What enforcement points asked about one identity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Who asked.
    pub askers: Askers,
    pub(crate) permitted: Vec<Permitted>,
}

/// Something that was permitted, and on how many days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Permitted {
    pub(crate) habit: Habit,
    pub(crate) days: u32,
    pub(crate) last: Day,
}

impl Asked {
    /// Takes in a decision about the identity, on an action, made at an instant.
    pub fn fold(&mut self, action: &str, made: &DecisionRecord, at: Time) {
        self.askers.fold(&made.pep, at);
        // What `enforce` would have permitted is a habit, and only that: a shadow mode permits everything.
        if made.decision.decided() == Effect::Permit {
            self.fold_permitted(action, made, at.day());
        }
    }

    /// What was permitted on enough distinct days.
    #[must_use]
    pub fn habits(&self) -> Vec<Habit> {
        let usual = self.permitted.iter().filter(|permitted| permitted.days >= Habit::DAYS_MIN);
        let mut habits: Vec<_> = usual.map(|permitted| permitted.habit.clone()).collect();
        habits.sort();
        habits
    }

    fn fold_permitted(&mut self, action: &str, made: &DecisionRecord, day: Day) {
        let known = self.permitted.iter_mut().find(|permitted| {
            let habit = &permitted.habit;
            habit.action == action && habit.resource_type == made.resource_type && habit.pep == made.pep
        });
        match known {
            Some(permitted) if permitted.last < day => {
                permitted.last = day;
                permitted.days += 1;
            }
            Some(_) => {}
            None => {
                if self.permitted.len() >= PERMITTED_MAX {
                    self.forget();
                }
                let habit = Habit {
                    action: action.to_owned(),
                    resource_type: made.resource_type.clone(),
                    pep: made.pep.clone(),
                };
                self.permitted.push(Permitted { habit, days: 1, last: day });
            }
        }
    }

    /// Drops what was permitted on the fewest days; of those, what lies longest back.
    fn forget(&mut self) {
        let least =
            self.permitted.iter().enumerate().min_by_key(|(_, permitted)| (permitted.days, permitted.last));
        if let Some(at) = least.map(|(at, _)| at) {
            self.permitted.remove(at);
        }
    }
}

const PEPS_MAX: usize = 64;
const PERMITTED_MAX: usize = 256;

#[cfg(test)]
mod tests {
    use doorward_model::decision::{Decision, Effect};
    use doorward_model::hold::Habit;
    use doorward_model::record::DecisionRecord;
    use doorward_model::time::{Millis, Time};

    use super::Asked;

    fn made(pep: &str, decided: Effect) -> DecisionRecord {
        let decision = Decision { decided: decided.into(), ..Decision::default() };
        DecisionRecord {
            pep: pep.into(),
            resource_type: "todo".into(),
            decision,
            ..DecisionRecord::default()
        }
    }

    #[test]
    fn three_distinct_days_make_a_habit_and_refusals_never_do() {
        let mut asked = Asked::default();
        let at = |day: i64, hour: i64| Time::from_ms(day * Millis::DAY.0 + hour * Millis::HOUR.0);
        for day in 0..3 {
            asked.fold("write", &made("gateway", Effect::Deny), at(day, 1));
            asked.fold("read", &made("gateway", Effect::Permit), at(day, 2));
            assert_eq!(asked.habits().len(), usize::from(day == 2));
            asked.fold("read", &made("gateway", Effect::Permit), at(day, 3));
        }
        let read = Habit { action: "read".into(), resource_type: "todo".into(), pep: "gateway".into() };
        assert_eq!(asked.habits(), [read]);
        assert_eq!(asked.askers.recent(at(9, 3)), ["gateway"]);
        assert_eq!(asked.askers.recent(at(9, 4)), [""; 0]);
    }
}
