//! The journal, tested at its boundary: one suite for all engines, and what only SQLite can do.
#![cfg(test)]

mod backup;
mod conformance;
mod dedupe;
mod durability;
mod engines;
mod folder;
mod following;
mod golden;
mod index;
mod proptests;
mod samples;
mod tampering;
