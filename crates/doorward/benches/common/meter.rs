//! What the kernel counts of a process or a thread, and whether this run is to measure at all.

use std::fs;
use std::time::Duration;

/// CPU time of the calling thread: other work on the machine disturbs it less than time on the clock.
pub(crate) fn thread_cpu() -> Duration {
    let counted = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(counted.split(' ').next().unwrap().parse().unwrap())
}

/// A line of `/proc/PROCESS/status` that counts KiB, in bytes; none when the process has ended.
pub(crate) fn status_bytes(process: &str, line: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let counted = status.lines().find_map(|text| text.strip_prefix(line)?.strip_prefix(':'))?;
    Some(counted.split_whitespace().next()?.parse::<u64>().ok()? * 1_024)
}

/// Whether cargo was asked to bench: `cargo test --all-targets` runs this program, too, and is to measure nothing.
pub(crate) fn asked(arguments: &[String]) -> bool {
    arguments.iter().any(|argument| argument == "--bench")
}

/// The one in the middle.
pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap()
}
