//! What keeps a data folder in shape while it serves: what was pruned, checkpoints, the search index. Counted for
//! Prometheus, and told by `/v1/status`.

use std::sync::OnceLock;

use doorward_model::time::{Millis, Time};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use serde::Serialize;
use utoipa::ToSchema;

use crate::schema::Instant;

/// What is counted and timed.
#[derive(Debug, Default)]
pub struct Upkeep {
    /// What has expired and was dropped, by what it was: `event`, `decision`, `reject_file`.
    pub pruned: Family<What, Counter>,
    /// When all that had expired was last dropped; 0 before.
    pub pruned_at: Gauge,
    /// The row of the newest checkpoint; 0 without one.
    pub checkpoint_row: Gauge,
    /// When it was kept; 0 when an earlier run did.
    pub checkpoint_at: Gauge,
    /// Up to which row of the journal the search index goes.
    pub indexed_row: Gauge,
    /// How many bytes the journal uses.
    pub journal_bytes: Gauge,
    /// Why the import of this run stopped before its end, if it did.
    pub import_stopped: OnceLock<String>,
}

/// What was dropped.
#[derive(Clone, PartialEq, Eq, Hash, Debug, EncodeLabelSet)]
pub struct What {
    /// Its kind.
    pub kind: &'static str,
}

/// What keeps the data folder in shape, as it is told.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct UpkeepRow {
    /// How many bytes the journal uses.
    pub journal_bytes: i64,
    /// Up to which row of the journal the search index goes: what is newer is looked for in the journal itself.
    pub indexed_row: i64,
    /// When this run last kept a checkpoint.
    #[schema(value_type = Option<Instant>)]
    pub checkpoint_at: Option<Time>,
    /// What this run has dropped because it had expired.
    pub pruned: PrunedRow,
    /// Why the import of this run stopped before its end, and how to go on; absent when it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub import_stopped: Option<String>,
}

/// What was dropped.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct PrunedRow {
    /// When all that had expired was last dropped.
    #[schema(value_type = Option<Instant>)]
    pub at: Option<Time>,
    /// Audit events.
    pub events: u64,
    /// Decisions of our own.
    pub decisions: u64,
    /// Files of rejects.
    pub reject_files: u64,
}

impl Upkeep {
    /// Registers all of it.
    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register("pruned", "What has expired and was dropped, by kind", self.pruned.clone());
        let seconds = |registry: &mut Registry, name: &str, help: &str, gauge: &Gauge| {
            registry.register_with_unit(name, help, Unit::Seconds, gauge.clone());
        };
        seconds(registry, "pruned_timestamp", "When what had expired was last dropped", &self.pruned_at);
        seconds(registry, "checkpoint_timestamp", "When the newest checkpoint was kept", &self.checkpoint_at);
        registry.register("indexed_row", "The last row in the search index", self.indexed_row.clone());
        registry.register("checkpoint_row", "The row of the newest checkpoint", self.checkpoint_row.clone());
        registry.register_with_unit(
            "journal",
            "What the journal uses",
            Unit::Bytes,
            self.journal_bytes.clone(),
        );
    }

    /// Counts what was dropped.
    pub fn count_pruned(&self, kind: &'static str, count: u64) {
        self.pruned.get_or_create(&What { kind }).inc_by(count);
    }

    /// All of it, as it is told.
    #[must_use]
    pub fn row(&self) -> UpkeepRow {
        UpkeepRow {
            journal_bytes: self.journal_bytes.get(),
            indexed_row: self.indexed_row.get(),
            checkpoint_at: instant(&self.checkpoint_at),
            pruned: self.pruned(),
            import_stopped: self.import_stopped.get().cloned(),
        }
    }

    /// What was dropped, as it is told.
    #[must_use]
    pub fn pruned(&self) -> PrunedRow {
        let count = |kind| self.pruned.get_or_create(&What { kind }).get();
        PrunedRow {
            at: instant(&self.pruned_at),
            events: count("event"),
            decisions: count("decision"),
            reject_files: count("reject_file"),
        }
    }
}

/// Sets a gauge to an instant.
pub fn set_instant(gauge: &Gauge, at: Time) {
    gauge.set(at.ms().div_euclid(Millis::SECOND.0));
}

fn instant(gauge: &Gauge) -> Option<Time> {
    let seconds = gauge.get();
    (seconds != 0).then(|| Time::from_ms(seconds.saturating_mul(Millis::SECOND.0)))
}
