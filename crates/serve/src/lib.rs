//! Requests from outside in; questions, commands and events to the rest of the program; answers out.
//!
//! - [`handle`]: what the rest of the program fills: pointers to read, and queues to the one writer.
//! - `authzen`: may this caller do this. Answered here and now, from the world that the pointer names.
//! - `ingest`: events pushed by a source, acknowledged when they are durable.
//! - `admin` and [`answers`]: questions and commands of people and programs that run Doorward. The answers are plain
//!   functions of state and journal, and serve the command line as well.
//! - [`server`]: connections, limits, headers, stopping.
//!
//! This crate owns no state and makes nothing durable. It is the only one that knows HTTP codes. No credential and
//! no body reaches a log. Start reading at [`handle`], then [`server`].

mod admin;
pub mod answers;
mod app;
mod authzen;
pub mod deriving;
mod door;
pub mod handle;
pub mod idempotency;
pub mod ingest;
mod layers;
pub mod metrics;
pub mod openapi;
mod pages;
pub mod past;
pub mod policy_files;
mod problem;
mod schema;
pub mod server;
pub mod settings;
pub mod upkeep;
pub mod uses;

pub use crate::handle::mode_of;
pub use crate::settings::{DecisionLog, Limits, Overflow, Settings};
