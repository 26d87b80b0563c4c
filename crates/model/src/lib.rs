//! The words of Doorward, used by every other crate and using none of them.
//!
//! Everything that happens is a [`record::Record`]: a fact (small, totally ordered), an observation (many,
//! ordered within a partition) or a tick. State is a fold of records, and every answer is a function of it.
//! Types that are stored are `prost` messages, so that an old reader skips what a new writer adds; enumerations
//! in them put the strictest or the unknown meaning at zero, which is what an unknown number reads as.
//!
//! This crate has no I/O, no clock and no randomness. Start reading at [`record`], then [`event`] and [`finding`].

pub mod command;
pub mod decision;
pub mod event;
pub mod finding;
pub mod hash;
pub mod head;
pub mod hold;
pub mod id;
pub mod identity;
pub mod inventory;
pub mod record;
pub mod reject;
pub mod risk;
pub mod time;
pub mod token;
pub mod usage;
