//! What the kernel says of the memory of a process. Benches share this file by its path.

use std::fs;

/// A line of `/proc/PROCESS/status` that counts KiB, in bytes; none when the process has ended.
pub(crate) fn status_bytes(process: &str, line: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let counted = status.lines().find_map(|text| text.strip_prefix(line)?.strip_prefix(':'))?;
    Some(counted.split_whitespace().next()?.parse::<u64>().ok()? * 1_024)
}
