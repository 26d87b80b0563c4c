//! What to do about a finding: a finding over state -> the facts to record.
//!
//! The ladder names, for findings that are bad and sure enough, which hold follows and for how long. A hold goes to
//! the identity of the finding and one hop further: to whom is the same person or program, and from a person to her
//! agents, never from an agent to its person. Guard rails bound it: what is old causes nothing, an exempt identity is
//! never held, and there is a budget of automatic holds per hour, beyond which holds are only recommended.
//!
//! What has become possible is no sign that somebody acts up. Whoever has gained a way by what another did is never held
//! for it; a hold is recommended, and never placed, on whoever made the change, where an event tells who that was.
//!
//! Nothing here places anything by itself: the facts go through the log like all others. Start reading at [`plan()`].

mod ladder;
mod plan;

pub use ladder::{Ladder, ResponseMode, Rung};
pub use plan::plan;
