//! Time on the CPU as a measurement: other work on the machine disturbs it less than time on the clock. The benches of
//! several crates share this file by its path, so that none of them needs another crate to build.

use std::path::PathBuf;
use std::time::Duration;

use criterion::measurement::{Measurement, ValueFormatter, WallTime};

/// The CPU time of a thread, as the scheduler counts it.
pub(crate) struct CpuTime(PathBuf);

impl Default for CpuTime {
    /// That of the thread that asks.
    fn default() -> Self {
        Self::of("/proc/thread-self")
    }
}

impl CpuTime {
    /// That of the thread of a folder under `/proc`.
    pub(crate) fn of(thread: impl Into<PathBuf>) -> Self {
        Self(thread.into().join("schedstat"))
    }

    /// How long the thread has run.
    #[expect(clippy::unwrap_used, reason = "a benchmark stops at what it did not expect")]
    pub(crate) fn now(&self) -> Duration {
        let counted = std::fs::read_to_string(&self.0).unwrap();
        Duration::from_nanos(counted.split(' ').next().unwrap().parse().unwrap())
    }
}

impl Measurement for CpuTime {
    type Intermediate = Duration;
    type Value = Duration;

    fn start(&self) -> Duration {
        self.now()
    }

    fn end(&self, started: Duration) -> Duration {
        self.now().saturating_sub(started).max(Duration::from_nanos(1))
    }

    fn add(&self, one: &Duration, other: &Duration) -> Duration {
        *one + *other
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        WallTime.to_f64(value)
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}
