//! How much the inventory made possible, point by point.

use std::collections::BTreeSet;

use doorward_model::inventory::measure::PrivilegeMeasured;
use doorward_model::time::{Millis, Time};

/// The latest points, oldest first.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Trend(BTreeSet<PrivilegeMeasured>);

impl Trend {
    /// So many points are kept: more than a year of days.
    pub const POINTS_MAX: usize = 400;

    /// Takes in a point. The same point twice is as once.
    pub fn fold(&mut self, measured: PrivilegeMeasured) {
        self.0.insert(measured);
        while self.0.len() > Self::POINTS_MAX {
            self.0.pop_first();
        }
    }

    /// The points, oldest first.
    pub fn points(&self) -> impl DoubleEndedIterator<Item = &PrivilegeMeasured> {
        self.0.iter()
    }

    /// Whether it is time for another point: none is known of this day.
    #[must_use]
    pub fn is_due(&self, now: Time) -> bool {
        let day = |ms: i64| ms.div_euclid(Millis::DAY.0);
        self.0.last().is_none_or(|last| day(last.at_ms) < day(now.ms()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(at_ms: i64) -> PrivilegeMeasured {
        PrivilegeMeasured { at_ms, ..PrivilegeMeasured::default() }
    }

    #[test]
    fn the_latest_points_are_kept_each_once_and_in_order() {
        let mut trend = Trend::default();
        let days = i64::try_from(Trend::POINTS_MAX).unwrap() + 2;
        for day in (0..days).chain([days - 1, 0]) {
            trend.fold(at(day));
        }
        let kept: Vec<i64> = trend.points().map(|point| point.at_ms).collect();
        assert_eq!(kept, (2..days).collect::<Vec<_>>());
    }

    #[test]
    fn a_point_is_due_once_a_day() {
        let mut trend = Trend::default();
        let noon = Time::from_ms(Millis::DAY.0 * 10 + Millis::HOUR.0 * 12);
        assert!(trend.is_due(noon));
        trend.fold(at(noon.ms()));
        let later =
            [Millis::HOUR.times(11), Millis::HOUR.times(12)].map(|passed| trend.is_due(noon + passed));
        assert_eq!(later, [false, true]);
    }
}
