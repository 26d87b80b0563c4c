//! The engine, fed with the records of a simulated organisation.

mod admission;
mod identity;
mod laws;
mod support;
