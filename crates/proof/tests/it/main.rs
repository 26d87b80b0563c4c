//! Tests of the proof crate at its boundary.

#[cfg(test)]
mod heads;
#[cfg(test)]
mod tokens;
