//! The folds: records in, state out, and the snapshot that readers load.
//!
//! - [`resolver`] names the identity of an event, who it acts for, and the chain behind it; [`arrivals`] knows how far
//!   each log has come.
//! - [`control`] holds what facts say: identities, credentials, edges, findings, the [`inventory`], and [`peers`].
//! - [`habits`], [`breadth`], [`drift`] and [`keys`] hold what observations say, per identity and per credential, in
//!   [`shard`]s.
//! - [`unusual`] ranks what gathers and stays under the threshold, day by day.
//! - [`state`] is all of it, with one way to change it: fold a record.
//! - [`snapshot`] is the published form: one pointer, no lock, no I/O.
//!
//! Nothing here reads a clock, a file or a random number, and no answer depends on the order of a map. Numbers that
//! are folded are integers ([`fixed`]). Start reading at [`state`].

pub mod answered;
pub mod arrivals;
pub mod asked;
pub mod breadth;
pub mod bursts;
pub mod checkpoint;
pub mod chunked;
pub mod control;
pub mod drift;
pub mod edges;
pub mod fixed;
pub mod habits;
pub mod identities;
pub mod inventory;
pub mod keys;
pub mod peers;
pub mod publish;
pub mod recent;
pub mod resolver;
pub mod shard;
pub mod snapshot;
pub mod state;
pub mod symbols;
pub mod told;
pub mod trend;
pub mod unusual;
