//! Whether a bench is to measure at all. The benches without criterion, which knows by itself, share this file by its
//! path.

/// Whether cargo was asked to bench: `cargo test --all-targets` runs this program, too, and is to measure nothing.
pub(crate) fn asked(arguments: &[String]) -> bool {
    arguments.iter().any(|argument| argument == "--bench")
}
