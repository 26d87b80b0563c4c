//! What is unusual, and what is plainly wrong: an event over the habits as of the event before -> findings.
//!
//! - `novelty` is the core score: how surprising the values of an event are for this identity and its peers, in
//!   bits, weighted by what the action could do.
//! - `lineage` is hard evidence about credentials, which needs no habits.
//! - [`opened`] is about what the inventory makes possible that it did not, and which change opened it.
//! - `burst` lets surprise gather over hours, and turns it into one finding that grows instead of many.
//! - [`TYPES`] are the types of findings, with what raises each.
//! - [`Parameters`] are the numbers behind all of it.
//! - [`narrative`] says in sentences what a finding rests on, from its numbers and nothing else.
//!
//! Nothing here changes state: [`inspect()`] returns what should be folded and recorded. Start reading there.

mod burst;
mod catalogue;
mod inspect;
mod lineage;
pub mod narrative;
mod novelty;
pub mod opened;
mod parameters;

pub use catalogue::{FindingType, TYPES};
pub use inspect::{Inspection, Judging, Settings, Standard, inspect};
pub use parameters::{Parameters, Weights};
