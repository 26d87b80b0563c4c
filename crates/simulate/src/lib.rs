//! From a seed, a synthetic organisation: accounts with IAM exports, people, workloads, pipelines, vendors and AI
//! agents, weeks of audit records as CloudTrail writes them, and attacks with labels.
//!
//! The same [`Plan`] gives the same bytes on any machine: integers only, one small generator, no map order. Members
//! are derived on demand from seed and index, and records are made one day at a time, so that a million identities
//! fit into little memory. All names and addresses are invented or lie in ranges kept for documentation and tests.
//!
//! It never reads a clock, a file or the network, and it never says what a detector finds: labels say what was done.
//! How restless the benign part is stands in one published table, [`noise_table`].
//! Start reading at [`Plan`], then [`organisation()`] and [`Organisation::day`]; [`files()`] is the way to disk.

mod attack;
mod calls;
mod client;
mod day;
mod departments;
mod export;
mod files;
mod habits;
mod large;
mod network;
mod organisation;
mod plan;
mod random;
mod record;
mod session;
mod text;
mod words;

pub use attack::{Known, Label, Side, TECHNIQUES, Technique};
pub use files::{delivered, files};
pub use large::{large_account, large_data, large_log};
pub use organisation::{Account, Class, Member, Organisation, organisation};
pub use plan::{AttackPlan, Noise, NoiseRow, Plan, noise_table};
pub use record::{EventId, SimEvent};
