//! The program: configuration, composition, command line, and the one loop that joins journal and engine.
//!
//! - [`cli`] is what can be typed; [`run`] does it.
//! - [`scan`] reads files, orders what they hold by time, and feeds it to the [`writer`].
//! - [`writer`] is the loop: check, identify, append, step, and again for what follows.
//! - [`mod@privilege`] is what exports say could be done: who could become administrator, and how.
//! - `fold` goes on where a log ends: checkpoint and tail.
//! - `serve` puts the server together: journal, writer, what readers load, and the doors.
//! - `verbs` ask and tell: a running server through `client`, or a data folder.
//! - [`mod@reference`] are the generated pages of `docs/`.
//! - [`report`] is what came of it, and its renderings.
//!
//! All thinking is done in the crates below; nothing here knows what an access key is. Start reading at [`writer`].

pub mod cli;
mod client;
mod demo;
mod fold;
pub mod privilege;
pub mod reference;
pub mod report;
mod run;
pub mod scan;
pub mod serve;
mod signing;
mod verbs;
pub mod writer;

pub use run::run;
