//! CPU time.

use std::fs;
use std::time::Duration;

/// CPU time of the calling thread: other work on the machine disturbs it less than time on the clock.
pub(crate) fn thread_cpu() -> Duration {
    let counted = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(counted.split(' ').next().unwrap().parse().unwrap())
}

/// The one in the middle.
pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap()
}
