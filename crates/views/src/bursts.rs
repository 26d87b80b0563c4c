//! Surprise that gathers against an identity, and the finding that it becomes.

use std::fmt;

use doorward_model::finding::{EVIDENCE_BYTES_MAX, EVIDENCE_MAX, Evidence, Finding};
use doorward_model::hash::Hash16;
use doorward_model::time::{Millis, Time};
use prost::Message;

/// Surprise that gathers, with its finding as it stands, raised or not. On their first days most identities have one,
/// and few are ever raised: so the finding lies packed, in less than half of the memory.
#[derive(Clone, PartialEq)]
pub struct Burst {
    /// How far it has come.
    pub course: Course,
    /// The finding without its evidence, as a message, and behind it the evidence, as fields of the same message.
    packed: Box<[u8]>,
    /// How many bytes the first part has.
    head_bytes: u32,
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
    pub fn new(finding: Finding, course: Course) -> Self {
        let mut head = finding;
        let evidence = Finding { evidence: std::mem::take(&mut head.evidence), ..Finding::default() };
        Self::pack(&head, &[], &evidence, course)
    }

    /// The finding as it stands.
    #[must_use]
    pub fn finding(&self) -> Finding {
        // INVARIANT: these bytes were encoded from a finding.
        Finding::decode(&*self.packed).unwrap_or_default()
    }

    /// The finding as it stands, without its evidence.
    #[must_use]
    pub fn head(&self) -> Finding {
        let (head, _) = self.parts();
        // INVARIANT: these bytes were encoded from a finding.
        Finding::decode(head).unwrap_or_default()
    }

    /// Whether one more event fits behind the others, with which there are so many.
    #[must_use]
    pub fn has_room(&self, events: u64, more: &Evidence) -> bool {
        let (_, evidence) = self.parts();
        events <= EVIDENCE_MAX as u64 && evidence.len() + more.encoded_len() <= EVIDENCE_BYTES_MAX
    }

    /// It has come further: with this head in place of its own, and one more event behind the others.
    #[must_use]
    pub fn with(&self, head: &Finding, more: Evidence, course: Course) -> Self {
        let (_, evidence) = self.parts();
        Self::pack(head, evidence, &Finding { evidence: vec![more], ..Finding::default() }, course)
    }

    /// Of a head, evidence that is packed, and more of it.
    fn pack(head: &Finding, evidence: &[u8], more: &Finding, course: Course) -> Self {
        let (head, more) = (head.encode_to_vec(), more.encode_to_vec());
        let packed = [head.as_slice(), evidence, &more].concat();
        Self { course, packed: packed.into(), head_bytes: u32::try_from(head.len()).unwrap_or(u32::MAX) }
    }

    fn parts(&self) -> (&[u8], &[u8]) {
        let at = usize::try_from(self.head_bytes).unwrap_or(usize::MAX);
        self.packed.split_at_checked(at).unwrap_or((&self.packed, &[]))
    }
}

impl fmt::Debug for Burst {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Burst").field("course", &self.course).field("finding", &self.finding()).finish()
    }
}
