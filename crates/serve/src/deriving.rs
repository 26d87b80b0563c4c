//! How far what could be done is derived from the inventory. Counted for Prometheus, and told by `/v1/status`.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use doorward_model::time::{Millis, Time};
use doorward_policy::world::Privilege;
use doorward_privilege::derived::Derived;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use serde::Serialize;
use utoipa::ToSchema;

use crate::schema::Instant;

/// What is counted and timed.
#[derive(Debug, Default)]
pub struct Deriving {
    fact: Gauge,
    took_ms: Gauge,
    nodes: Gauge,
    edges: Gauge,
    failed: Counter,
    error: ArcSwapOption<String>,
}

/// How far what could be done is derived from the inventory.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct DerivingRow {
    /// The last fact that it saw; 0 while nothing is derived.
    pub seen: u64,
    /// Whether the inventory has changed since.
    pub behind: bool,
    /// The instant from which on requests are judged: the newest date of the exports.
    #[schema(value_type = Option<Instant>)]
    pub as_of: Option<Time>,
    /// When it was derived.
    #[schema(value_type = Option<Instant>)]
    pub derived_at: Option<Time>,
    /// How long that took.
    pub took_ms: i64,
    /// How many nodes the graph has.
    pub nodes: i64,
    /// How many edges it has.
    pub edges: i64,
    /// Why the newest could not be derived; absent when it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Deriving {
    /// Registers all of it.
    pub(crate) fn register(&self, registry: &mut Registry) {
        let gauges = [
            ("privilege_fact", "The last fact that what could be done was derived from", &self.fact),
            ("privilege_nodes", "Nodes of the graph of who could become whom", &self.nodes),
            ("privilege_edges", "Edges of it", &self.edges),
            ("privilege_milliseconds", "How long the last derivation took", &self.took_ms),
        ];
        for (name, help, gauge) in gauges {
            registry.register(name, help, gauge.clone());
        }
        registry.register("privilege_failed", "Derivations that failed", self.failed.clone());
    }

    /// Something was derived within a time.
    pub fn done(&self, derived: &Derived, took: Millis) {
        let graph = &derived.atlas.analysis.graph;
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.fact.set(derived.fact.0.cast_signed());
        self.took_ms.set(took.0);
        self.nodes.set(number(graph.node_count()));
        self.edges.set(number(graph.edge_count()));
        self.error.store(None);
    }

    /// Nothing could be derived from what is known now; what was before stays.
    pub fn fail(&self, error: String) {
        self.failed.inc();
        self.error.store(Some(Arc::new(error)));
    }

    /// Why the newest could not be derived, if it could not.
    #[must_use]
    pub fn error(&self) -> Option<String> {
        self.error.load().as_deref().cloned()
    }

    /// All of it, as it is told; none while no inventory is known.
    #[must_use]
    pub fn row(&self, Privilege { derived, changed }: &Privilege) -> Option<DerivingRow> {
        let derived = derived.as_deref();
        (changed.0 != 0).then(|| DerivingRow {
            seen: derived.map_or(0, |derived| derived.fact.0),
            behind: derived.is_none_or(|derived| derived.fact < *changed),
            as_of: derived.map(|derived| derived.atlas.as_of).filter(|at| at.ms() > 0),
            derived_at: derived.map(|derived| derived.derived_at),
            took_ms: self.took_ms.get(),
            nodes: self.nodes.get(),
            edges: self.edges.get(),
            error: self.error(),
        })
    }
}
