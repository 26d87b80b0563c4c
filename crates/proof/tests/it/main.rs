//! Tests of the proof crate at its boundary.

#[cfg(test)]
mod tokens;
