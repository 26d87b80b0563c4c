//! Surprise that gathers against an identity, and the finding that it becomes.

use std::fmt;

use doorward_model::finding::Finding;
use doorward_model::hash::Hash16;
use doorward_model::time::{Millis, Time};
use prost::Message;

/// Surprise that gathers, with its finding as it stands, raised or not. On their first days most identities have one,
/// and few are ever raised: so the finding lies packed, in less than half of the memory.
#[derive(Clone, PartialEq)]
pub struct Burst {
    /// How far it has come.
    pub course: Course,
    packed: Box<[u8]>,
}

/// How far a burst has come.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Course {
    /// The leaky sum as of `last_at`, thousandths of a bit.
    pub pressure_milli: u64,
    /// When the first event of the finding happened.
    pub first_at: Time,
    /// When the latest contribution happened.
    pub last_at: Time,
    /// The score that was last made a fact; `None` while it has not been raised.
    pub raised_milli: Option<u64>,
    /// How many events it had when it was last made a fact.
    pub raised_events: u64,
    /// Whether its latest contribution was judged, and not only learned from.
    pub judged: bool,
    /// Of the id of the event that it goes back to.
    pub(crate) began: Hash16,
}

impl Course {
    /// Of a burst that begins with an event.
    #[must_use]
    pub fn begin(event: &str, at: Time) -> Self {
        Self {
            pressure_milli: 0,
            first_at: at,
            last_at: at,
            raised_milli: None,
            raised_events: 0,
            judged: false,
            began: Hash16::of(event.as_bytes()),
        }
    }

    /// Whether another contribution would still belong to it.
    #[must_use]
    pub fn is_alive(&self, now: Time) -> bool {
        now - self.last_at <= Burst::QUIET
    }

    /// Whether both go back to the same event: then one is the other at another time.
    #[must_use]
    pub fn began_as(&self, other: &Self) -> bool {
        self.began == other.began
    }

    /// Whether it was raised and is not over: what is new meanwhile is not learned.
    #[must_use]
    pub fn is_open(&self, now: Time) -> bool {
        self.raised_milli.is_some() && self.is_alive(now) && now - self.first_at < Burst::HELD
    }
}

impl Burst {
    /// How long after its latest contribution a burst is over.
    pub const QUIET: Millis = Millis::HOUR.times(24);

    /// How long what is new in a burst is kept from being learned: who lets a case lie for longer accepts it.
    pub const HELD: Millis = Millis::DAY.times(7);

    /// A finding that has come so far.
    #[must_use]
    pub fn new(finding: &Finding, course: Course) -> Self {
        Self { course, packed: finding.encode_to_vec().into() }
    }

    /// The finding as it stands.
    #[must_use]
    pub fn finding(&self) -> Finding {
        // INVARIANT: these bytes were encoded from a finding.
        Finding::decode(&*self.packed).unwrap_or_default()
    }
}

impl fmt::Debug for Burst {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Burst").field("course", &self.course).field("finding", &self.finding()).finish()
    }
}
