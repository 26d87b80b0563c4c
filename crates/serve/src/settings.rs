//! What the server goes by, and how much it takes on.

use std::time::Duration;

/// What the server goes by.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The URL by which the world knows this server, `https://HOST[:PORT]`; without one discovery answers with the
    /// address of a loopback request, in http, and refuses any other.
    pub public_url: Option<String>,
    /// Whether callers on loopback may ask for decisions without a token, as the enforcement point `loopback`.
    pub open_on_loopback: bool,
    /// Whether an answer waits for its record.
    pub decision_log: DecisionLog,
    /// What happens to a decision whose record finds no room.
    pub overflow: Overflow,
    /// How much is taken on.
    pub limits: Limits,
}

/// Whether an answer waits for its record.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum DecisionLog {
    /// It does not: a crash may lose the records of the last moments, and the next start says so.
    #[default]
    Buffered,
    /// It does: what was answered is recorded.
    Strict,
}

/// What happens to a decision whose record finds no room on its way to the journal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Overflow {
    /// The decision is not given: the caller is told to ask again. While nothing can be recorded, as when the disk is
    /// full, decisions go on until 65,536 records wait; from then on none is given, not even one that denies, and an
    /// enforcement point must take that for a no. `doorward_decisions_waiting` and `doorward_decisions_refused` tell.
    #[default]
    Refuse,
    /// The decision is given, and the lost record is counted.
    Shed,
}

/// How much is taken on. Reaching a limit is answered as such, and counted.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How large the body of a question or command may be.
    pub body_bytes_max: usize,
    /// How deep JSON may be nested.
    pub depth_max: u32,
    /// How many questions one batch may hold.
    pub batch_max: usize,
    /// How large a body of events may be, as sent.
    pub ingest_bytes_max: usize,
    /// How large a body of events may be, unpacked.
    pub unpacked_bytes_max: usize,
    /// How many entries a page holds at most.
    pub page_max: usize,
    /// How many rows of the log a question as of an instant may have read: a row holds up to 1,000 records.
    pub as_of_rows_max: u64,
    /// How many questions about privilege are answered at once; the next ones wait.
    pub privilege_at_once: usize,
    /// How many connections are served at once; the next ones wait.
    pub connections_max: usize,
    /// How long the head of a request may take to arrive.
    pub head_wait: Duration,
    /// How long the body of a request may take to arrive.
    pub body_wait: Duration,
    /// How long work may wait for room in the queue of the writer.
    pub queue_wait: Duration,
    /// How long the writer may take to answer.
    pub answer_wait: Duration,
    /// How long open requests may take to finish when the server stops.
    pub stop_wait: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes_max: 1 << 20,
            depth_max: 32,
            batch_max: 1_000,
            ingest_bytes_max: 16 << 20,
            unpacked_bytes_max: 128 << 20,
            page_max: 1_000,
            as_of_rows_max: 100_000,
            privilege_at_once: 2,
            connections_max: 4_096,
            head_wait: Duration::from_secs(10),
            body_wait: Duration::from_secs(30),
            queue_wait: Duration::from_secs(2),
            answer_wait: Duration::from_secs(30),
            stop_wait: Duration::from_secs(10),
        }
    }
}
