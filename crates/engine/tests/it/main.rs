//! The engine, fed with the records of a simulated organisation.
#![cfg(test)]

mod admission;
mod changes;
mod derived;
mod identity;
mod inventory;
mod laws;
mod opened;
mod support;
