//! Intake from the outside: bytes in, items out.

mod shared_audit;
mod support;
