//! What is counted, in the words of Prometheus.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::deriving::Deriving;
use crate::handle::IngestAnswer;
use crate::upkeep::Upkeep;

/// What is counted.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// Requests by route and status.
    pub requests: Family<Request, Counter>,
    /// Decisions by what was answered.
    pub decisions: Family<Answer, Counter>,
    /// Decisions whose record found no room and was lost.
    pub decisions_shed: Counter,
    /// Decisions that were not given, because their record found no room.
    pub decisions_refused: Counter,
    /// Credentials that were refused, by why.
    pub refused: Family<Why, Counter>,
    /// Pushed events by source and what became of them.
    pub events: Family<Fate, Counter>,
    /// Requests that reached a limit, by which.
    pub limits: Family<Why, Counter>,
    /// What keeps the data folder in shape.
    pub upkeep: Upkeep,
    /// How far what could be done is derived.
    pub deriving: Deriving,
    /// Files of watched folders by source and fate: `read`, `unreadable` (each attempt).
    pub watched_files: Family<Fate, Counter>,
    /// Decisions whose record is still on its way to the journal.
    pub decisions_waiting: Gauge,
}

/// A route and a status.
#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
pub struct Request {
    /// The route, as its pattern.
    pub route: String,
    /// The status.
    pub status: u16,
}

/// What was answered.
#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
pub struct Answer {
    /// The effect.
    pub effect: &'static str,
    /// The mode in force.
    pub mode: &'static str,
}

/// A reason.
#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
pub struct Why {
    /// The reason.
    pub reason: &'static str,
}

/// What became of an event.
#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
pub struct Fate {
    /// The source.
    pub source: String,
    /// `accepted`, `duplicate`, `conflicting`, `rejected`, `clamped`, `late`.
    pub fate: &'static str,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new(Registry::with_prefix("doorward"))
    }
}

impl Metrics {
    /// Registers what is counted here beside what the registry holds already.
    #[must_use]
    pub fn new(mut registry: Registry) -> Self {
        let requests = Family::default();
        let decisions = Family::default();
        let (decisions_shed, decisions_refused) = (Counter::default(), Counter::default());
        let (refused, events, limits) = (Family::default(), Family::default(), Family::default());
        registry.register("http_requests", "Requests by route and status", requests.clone());
        registry.register("decisions", "Decisions by what was answered", decisions.clone());
        registry.register("decisions_shed", "Records of decisions that were lost", decisions_shed.clone());
        registry.register(
            "decisions_refused",
            "Decisions not given for want of room",
            decisions_refused.clone(),
        );
        registry.register("credentials_refused", "Credentials refused, by why", refused.clone());
        registry.register("events", "Pushed events by source and fate", events.clone());
        registry.register("limits_reached", "Requests that reached a limit", limits.clone());
        let upkeep = Upkeep::default();
        upkeep.register(&mut registry);
        let deriving = Deriving::default();
        deriving.register(&mut registry);
        let (watched_files, decisions_waiting) = (Family::default(), Gauge::default());
        registry.register(
            "watched_files",
            "Files of watched folders by source and fate",
            watched_files.clone(),
        );
        registry.register(
            "decisions_waiting",
            "Decisions whose record is on its way to the journal",
            decisions_waiting.clone(),
        );
        Self {
            registry,
            requests,
            decisions,
            decisions_shed,
            decisions_refused,
            refused,
            events,
            limits,
            upkeep,
            deriving,
            watched_files,
            decisions_waiting,
        }
    }

    /// All of it as text.
    ///
    /// # Errors
    /// When a label cannot be written.
    pub fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }

    /// Counts events that were pushed, with how many were rejected and how many claimed an impossible time.
    pub fn count_events(&self, source: &str, answer: &IngestAnswer, (rejected, clamped): (u64, u64)) {
        let fates = [
            ("accepted", answer.accepted),
            ("duplicate", answer.duplicate),
            ("conflicting", answer.conflicting),
            ("rejected", rejected),
            ("clamped", clamped),
            ("late", answer.late),
        ];
        for (fate, events) in fates.into_iter().filter(|(_, events)| *events > 0) {
            self.events.get_or_create(&Fate { source: source.to_owned(), fate }).inc_by(events);
        }
    }

    /// Counts a request that reached a limit.
    pub fn limit(&self, reason: &'static str) {
        self.limits.get_or_create(&Why { reason }).inc();
    }
}
