//! Whether this run is to measure at all.

/// Whether cargo was asked to bench: `cargo test --all-targets` runs this program, too, and is to measure nothing.
pub(crate) fn asked(arguments: &[String]) -> bool {
    arguments.iter().any(|argument| argument == "--bench")
}
