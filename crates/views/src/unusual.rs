//! What is unusual and stays under the threshold: the identities with the most surprise of each day, ranked.
//!
//! While a day runs, only its highest surprise is kept, for few identities; at its end the list is made from what
//! gathers against them by then, so that it outlives that. Bounded by [`Unusual::ROWS_MAX`] and [`Unusual::DAYS_MAX`].

use std::cmp::Reverse;
use std::collections::VecDeque;

use doorward_model::finding::{Evidence, Finding};
use doorward_model::time::Day;

use crate::bursts::{Burst, Course};

/// The ranked lists of the latest days.
#[derive(Clone, Debug, PartialEq)]
pub struct Unusual {
    /// The day that runs.
    pub(crate) day: Day,
    /// The highest surprise that was judged in it, by identity; the greatest first, then by name.
    pub(crate) peaks: Vec<Peak>,
    /// The days that are over, the oldest first.
    pub(crate) past: VecDeque<UnusualDay>,
}

/// The highest surprise of an identity on the day that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Peak {
    pub(crate) score_milli: u64,
    pub(crate) identity: Box<str>,
}

/// The list of one day.
#[derive(Clone, Debug, PartialEq)]
pub struct UnusualDay {
    /// The day.
    pub day: Day,
    /// What it would have taken to become a finding, in thousandths of a bit.
    pub threshold_milli: u64,
    /// What has gathered, the most surprising first, each with its highest score of the day and little evidence.
    pub rows: Vec<Finding>,
}

impl Unusual {
    /// How many identities are ranked in a day.
    pub const ROWS_MAX: usize = 32;
    /// How many days are kept that had a list.
    pub const DAYS_MAX: usize = 30;
    /// How many events of each are kept.
    pub const EVIDENCE_MAX: usize = 4;

    /// The lists of the days that are over, the oldest first.
    pub fn past(&self) -> impl DoubleEndedIterator<Item = &UnusualDay> {
        self.past.iter()
    }

    /// Takes note of what gathers, unless it is a finding or was only learned from.
    pub(crate) fn note(&mut self, identity: &str, course: &Course) {
        let score_milli = course.pressure_milli;
        if course.raised_milli.is_some() || !course.judged || score_milli == 0 {
            return;
        }
        if let Some(known) = self.peaks.iter().position(|peak| *peak.identity == *identity) {
            if self.peaks.get(known).is_some_and(|peak| peak.score_milli >= score_milli) {
                return;
            }
            self.peaks.remove(known);
        }
        let peak = Peak { score_milli, identity: identity.into() };
        let rank = |peak: &Peak| Reverse(peak.score_milli);
        let before = |other: &Peak| (rank(other), &other.identity) < (rank(&peak), &peak.identity);
        let place = self.peaks.partition_point(before);
        if place < Self::ROWS_MAX {
            self.peaks.insert(place, peak);
            self.peaks.truncate(Self::ROWS_MAX);
        }
    }

    /// Begins another day, and keeps the list of the one that is over.
    pub(crate) fn begin(&mut self, day: Day, ended: UnusualDay) {
        self.day = day;
        self.peaks.clear();
        if ended.rows.is_empty() {
            return;
        }
        if self.past.len() >= Self::DAYS_MAX {
            self.past.pop_front();
        }
        self.past.push_back(ended);
    }

    /// The list of the day that runs; `bursts` is what gathers against an identity.
    pub(crate) fn today<'a>(
        &self,
        threshold_milli: u64,
        mut bursts: impl FnMut(&str) -> &'a [Burst],
    ) -> UnusualDay {
        let row = |peak: &Peak| {
            let open = bursts(&peak.identity).iter().filter(|burst| burst.course.raised_milli.is_none());
            let finding = open.max_by_key(|burst| burst.course.last_at)?.finding();
            let mut row = Finding { score_milli: peak.score_milli, ..finding };
            keep_foremost(&mut row.evidence);
            Some(row)
        };
        UnusualDay { day: self.day, threshold_milli, rows: self.peaks.iter().filter_map(row).collect() }
    }
}

impl Default for Unusual {
    fn default() -> Self {
        Self { day: Day(i32::MIN), peaks: Vec::new(), past: VecDeque::new() }
    }
}

/// Keeps the first event and those that surprise most, in their order.
fn keep_foremost(evidence: &mut Vec<Evidence>) {
    let bits = |one: &Evidence| one.novelties.iter().map(|novelty| novelty.bits_milli).sum::<u32>();
    while evidence.len() > Unusual::EVIDENCE_MAX {
        // Of equals the latest goes.
        let least = evidence.iter().enumerate().skip(1).rev().min_by_key(|(_, one)| bits(one));
        let Some((at, _)) = least else { return };
        evidence.remove(at);
    }
    evidence.shrink_to_fit();
}

#[cfg(test)]
mod tests {
    use doorward_model::finding::{Evidence, Finding, Novelty};
    use doorward_model::time::{Day, Time};
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::{Unusual, UnusualDay};
    use crate::bursts::{Burst, Course};

    fn course(pressure_milli: u64, raised: bool) -> Course {
        let raised_milli = raised.then_some(pressure_milli);
        Course { pressure_milli, raised_milli, judged: true, ..Course::begin("e1", Time::from_ms(0)) }
    }

    fn ranked(unusual: &Unusual) -> Vec<(&str, u64)> {
        unusual.peaks.iter().map(|peak| (&*peak.identity, peak.score_milli)).collect()
    }

    #[test]
    fn the_highest_of_the_day_counts_and_findings_and_lessons_do_not() {
        let mut unusual = Unusual::default();
        let noted = [
            ("b", 3, false),
            ("c", 9, true),
            ("a", 3, false),
            ("d", 0, false),
            ("b", 7, false),
            ("b", 5, false),
        ];
        for (identity, pressure, raised) in noted {
            unusual.note(identity, &course(pressure, raised));
        }
        unusual.note("e", &Course { judged: false, ..course(9, false) });
        assert_eq!(ranked(&unusual), [("b", 7), ("a", 3)]);
    }

    #[test]
    fn a_day_that_ends_keeps_its_list_with_the_foremost_evidence() {
        let mut unusual = Unusual::default();
        let mut finding = Finding { identity: "a".to_owned(), ..Finding::default() };
        let event = |(event, bits_milli): (&str, u32)| Evidence {
            event: event.to_owned(),
            novelties: vec![Novelty { bits_milli, ..Novelty::default() }],
            ..Evidence::default()
        };
        finding.evidence = [("e1", 1), ("e2", 9), ("e3", 2), ("e4", 5), ("e5", 4)].map(event).to_vec();
        unusual.note("a", &course(5, false));
        unusual.note("raised since", &course(8, false));
        let bursts = [course(5, false), course(9, true)].map(|course| Burst::new(finding.clone(), course));
        let of = |who: &str| if who == "a" { &bursts[..1] } else { &bursts[1..] };
        let ended = unusual.today(24_000, of);
        let said: Vec<_> = (ended.rows.iter())
            .map(|row| (&row.identity, row.evidence.iter().map(|one| &*one.event).collect::<Vec<_>>()))
            .collect();
        assert_eq!(said, [(&"a".to_owned(), vec!["e1", "e2", "e4", "e5"])]);
        unusual.begin(Day(8), ended.clone());
        assert_eq!((ranked(&unusual), unusual.past().collect::<Vec<_>>()), (vec![], vec![&ended]));
        for day in 9..50 {
            unusual.begin(Day(day), UnusualDay { day: Day(day), ..ended.clone() });
        }
        unusual.begin(Day(50), UnusualDay { rows: Vec::new(), ..ended });
        assert_eq!(unusual.past().map(|past| past.day.0).collect::<Vec<_>>(), (20..50).collect::<Vec<_>>());
    }

    proptest! {
        #[test]
        fn the_list_is_the_top_of_all_that_was_noted(noted in proptest::collection::vec((0_u8..90, 1_u64..40), 0..400)) {
            let mut unusual = Unusual::default();
            let mut highest = std::collections::BTreeMap::new();
            for (who, pressure) in noted {
                let who = format!("{who:02}");
                unusual.note(&who, &course(pressure, false));
                let known = highest.entry(who).or_insert(0);
                *known = pressure.max(*known);
            }
            let mut all: Vec<_> = highest.iter().map(|(who, pressure)| (who.as_str(), *pressure)).collect();
            all.sort_by_key(|(who, pressure)| (std::cmp::Reverse(*pressure), *who));
            all.truncate(Unusual::ROWS_MAX);
            prop_assert_eq!(ranked(&unusual), all);
        }
    }
}
