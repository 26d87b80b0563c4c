//! How a step was used, as it is told.

use doorward_model::time::Time;
use doorward_model::usage::Span;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whether a log shows that a step was taken.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Taken {
    /// It does.
    Seen,
    /// It does not, though it would.
    Unused,
    /// No call is made for it: it holds by itself, like being in a group.
    #[default]
    Standing,
    /// Nobody can tell: no log that is known would show it.
    Unknown,
}

/// How a step was used.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct StepAnswer {
    /// Whether the log shows it.
    pub taken: Taken,
    /// When it was seen first.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<Time>,
    /// When it was seen last.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<Time>,
    /// How often it was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
}

impl StepAnswer {
    /// Without times.
    pub(super) const fn of(taken: Taken) -> Self {
        Self { taken, first: None, last: None, count: None }
    }

    /// Seen so.
    pub(super) const fn seen(span: Span) -> Self {
        Self { taken: Taken::Seen, first: Some(span.first), last: Some(span.last), count: Some(span.count) }
    }

    /// Seen so, if at all; else unknown where a log need not have shown it.
    pub(super) fn told(seen: Option<Span>, is_open: bool) -> Self {
        match seen {
            Some(span) => Self::seen(span),
            None if is_open => Self::of(Taken::Unknown),
            None => Self::of(Taken::Unused),
        }
    }

    /// Both together, where both were seen.
    pub(super) fn join(self, other: &Self) -> Self {
        Self {
            taken: self.taken,
            first: self.first.min(other.first),
            last: self.last.max(other.last),
            count: self.count.zip(other.count).map(|(one, other)| one.saturating_add(other)),
        }
    }
}
