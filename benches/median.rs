//! The middle of several measurements.

use std::time::Duration;

/// The one in the middle.
#[expect(clippy::unwrap_used, reason = "a benchmark stops at what it did not expect")]
pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap()
}
