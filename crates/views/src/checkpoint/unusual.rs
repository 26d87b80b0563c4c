//! What was unusual, by day.

use doorward_model::finding::Finding;
use doorward_model::time::Day;
use prost::Message;

use crate::unusual::{Peak, Unusual, UnusualDay};

/// All lists.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct UnusualImage {
    #[prost(int32, tag = "1")]
    day: i32,
    #[prost(message, repeated, tag = "2")]
    peaks: Vec<PeakRow>,
    #[prost(message, repeated, tag = "3")]
    past: Vec<DayRow>,
}

#[derive(Clone, PartialEq, Message)]
struct PeakRow {
    #[prost(string, tag = "1")]
    identity: String,
    #[prost(uint64, tag = "2")]
    score_milli: u64,
}

#[derive(Clone, PartialEq, Message)]
struct DayRow {
    #[prost(int32, tag = "1")]
    day: i32,
    #[prost(uint64, tag = "2")]
    threshold_milli: u64,
    #[prost(message, repeated, tag = "3")]
    rows: Vec<Finding>,
}

impl UnusualImage {
    pub(crate) fn of(unusual: &Unusual) -> Self {
        let peak =
            |peak: &Peak| PeakRow { identity: peak.identity.to_string(), score_milli: peak.score_milli };
        let day = |day: &UnusualDay| DayRow {
            day: day.day.0,
            threshold_milli: day.threshold_milli,
            rows: day.rows.clone(),
        };
        Self {
            day: unusual.day.0,
            peaks: unusual.peaks.iter().map(peak).collect(),
            past: unusual.past.iter().map(day).collect(),
        }
    }

    pub(crate) fn restore(self) -> Unusual {
        let peak =
            |row: PeakRow| Peak { score_milli: row.score_milli, identity: row.identity.into_boxed_str() };
        let day = |row: DayRow| UnusualDay {
            day: Day(row.day),
            threshold_milli: row.threshold_milli,
            rows: row.rows,
        };
        Unusual {
            day: Day(self.day),
            peaks: self.peaks.into_iter().map(peak).collect(),
            past: self.past.into_iter().map(day).collect(),
        }
    }
}
