//! What came of a scan: the stable contract that programs read, and its rendering for people.

mod build;
mod table;

use doorward_model::time::{Millis, Time};
use doorward_serve::answers::budget::Budget;
use doorward_serve::answers::findings::FindingRow;
use doorward_serve::answers::identities::IdentityDetail;
use doorward_serve::answers::unusual::UnusualRow;
use serde::Serialize;

use crate::privilege::Analyzed;

pub(crate) use build::of;
pub(crate) use table::paragraph;
pub use table::table;

/// With less history than this nobody knows what is normal.
const HISTORY_MIN: Millis = Millis::DAY.times(7);
/// A value is normal after three days of use, so less than this teaches nothing.
const LEARNED_MIN: Millis = Millis::DAY.times(3);

/// The report of a scan. Field names and meanings are a contract: fields are added, never renamed or removed.
/// Identities and findings are those of the admin API.
#[derive(Debug, Serialize)]
pub struct Report {
    /// How many records were read, and what became of them: `accepted + duplicate + rejected = read`.
    pub events: Events,
    /// What was read, by kind.
    pub sources: Vec<SourceRow>,
    /// Over which time, and which part of it was judged.
    pub coverage: Coverage,
    /// Everyone who acted or is in an export, by id.
    pub identities: Vec<IdentityDetail>,
    /// What to look at, the most urgent first.
    pub findings: Vec<FindingRow>,
    /// What is unusual and no finding, by day, the newest first, each ranked: at most 32 identities a day.
    pub unusual: Vec<UnusualRow>,
    /// How many cases are wanted in a day, which threshold follows, and what findings each kind of identity has in the
    /// judged part; absent where nothing was judged.
    pub budget: Option<Budget>,
    /// Who could become administrator, how, and where that can be cut; absent without an export of an inventory.
    pub privilege: Option<Analyzed>,
    /// What could not be read, by place: at most 10,000 of them.
    pub rejects: Vec<RejectRow>,
    /// What else is to be said, in sentences.
    pub notes: Vec<String>,
}

/// See [`Report::events`].
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Events {
    /// Records read.
    pub read: u64,
    /// Events recorded.
    pub accepted: u64,
    /// Events that were there already.
    pub duplicate: u64,
    /// Records that could not be read.
    pub rejected: u64,
    /// Accepted events whose id was there already with other content.
    pub conflicting: u64,
}

/// One kind of source.
#[derive(Debug, Serialize)]
pub struct SourceRow {
    /// `cloudtrail`, `iam export`, `inventory: resources`, ..., or the kind of what was skipped.
    pub kind: String,
    /// Whether it was read, skipped as no audit log, or is not supported yet.
    pub status: SourceStatus,
    /// Events, identities of an export, records of an unsupported family, or skipped files.
    pub count: u64,
    /// The accounts it is of.
    pub accounts: Vec<String>,
    /// The first instant.
    pub first: Option<Time>,
    /// The last instant.
    pub last: Option<Time>,
}

/// What was done with a source.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceStatus {
    /// Read.
    Read,
    /// An audit log of a family that is not read yet: its records are rejects.
    NotSupported,
    /// No audit log: skipped whole.
    Skipped,
}

/// Over which time the report speaks.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Coverage {
    /// The first event.
    pub first: Option<Time>,
    /// The last event.
    pub last: Option<Time>,
    /// From when on events were judged; the ones before were learned from.
    pub judged_from: Option<Time>,
    /// How many of the accepted events were judged.
    pub judged_events: u64,
    /// The last event that was learned from.
    #[serde(skip)]
    pub(crate) learned_to: Option<Time>,
    /// Whether there is too little history to know what is normal: then only hard evidence and firsts against
    /// peers are reported.
    pub short_history: bool,
}

impl Coverage {
    pub(crate) fn of(span: Option<(Time, Time)>, judge: Millis) -> Self {
        let Some((first, last)) = span else {
            return Self {
                first: None,
                last: None,
                judged_from: None,
                judged_events: 0,
                learned_to: None,
                short_history: true,
            };
        };
        let learned = last - judge - first;
        let short_history = last - first < HISTORY_MIN || learned < LEARNED_MIN;
        let judged_from = if last - first < HISTORY_MIN { first } else { (last - judge).max(first) };
        Self {
            first: Some(first),
            last: Some(last),
            judged_from: Some(judged_from),
            judged_events: 0,
            learned_to: None,
            short_history,
        }
    }

    /// If a long time without any event lies before the judged part: that time, and how many days to judge, so that as
    /// much before it is judged as was wanted.
    pub(crate) fn gap(&self) -> Option<(Millis, i64)> {
        let (learned_to, from, last) = (self.learned_to?, self.judged_from?, self.last?);
        let days = (last - (learned_to - (last - from))).0 / Millis::DAY.0 + 1;
        (from - learned_to >= GAP_MIN).then_some((from - learned_to, days))
    }

    /// A wider part to judge, in days: about a tenth of the whole; none when it would not be wider.
    pub(crate) fn wider(&self) -> Option<i64> {
        let (first, last, from) = (self.first?, self.last?, self.judged_from?);
        let tenth = (last - first).0 / 10 / Millis::DAY.0;
        let days = WIDER_DAYS.into_iter().rfind(|days| *days <= tenth.max(7))?;
        let judged = last - from;
        (Millis::DAY.times(days) > judged && last - first >= Millis::DAY.times(days).times(2)).then_some(days)
    }
}

/// If so much time without any event lies before the judged part, that is worth a note.
const GAP_MIN: Millis = Millis::DAY.times(30);
/// The parts that are recommended, in days.
const WIDER_DAYS: [i64; 5] = [7, 30, 90, 180, 365];

/// Something that could not be read.
#[derive(Debug, Serialize)]
pub struct RejectRow {
    /// The file.
    pub source: String,
    /// Which record of it, from 1; 0 is the file as a whole.
    pub record: u64,
    /// Why.
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use doorward_model::time::{Millis, Time};

    use super::Coverage;

    #[test]
    fn a_wider_part_is_about_a_tenth_of_the_whole() {
        let day = |days| Millis::DAY.times(days);
        let wider = |span, judge| {
            let first = Time::parse("2020-01-01T00:00:00Z").unwrap();
            Coverage::of(Some((first, first + day(span))), day(judge)).wider()
        };
        let spans = [5, 10, 14, 30, 69, 300, 1_000, 3_650, 20_000];
        let expected = [None, None, Some(7), Some(7), Some(7), Some(30), Some(90), Some(365), Some(365)];
        assert_eq!(spans.map(|span| wider(span, 1)), expected);
        assert_eq!(
            [wider(300, 30), wider(300, 29), Coverage::of(None, day(1)).wider()],
            [None, Some(30), None]
        );
    }
}
