//! Intake turns the bytes of one source into audit events, inventory exports, and rejects.
//!
//! Bytes are pushed into a [`Reader`] as they come, already unpacked and cut anywhere; [`Item`]s come out. Of a folder
//! that is one source, a [`Tree`] takes the files. What is read: CloudTrail in every container it is delivered or exported in, and what exists, as IAM, AWS Config, Organizations,
//! Identity Center, Access Analyzer and the services themselves tell it: see docs/inventory.md.
//! Records of other audit families are named and rejected; files that are no audit logs are named and skipped.
//! Known secrets are taken out before anything is kept. Nothing is lost: each byte belongs to an accepted record,
//! to a reject that names its range and reason, or is insignificant.
//!
//! This crate opens no file, reads no clock and trusts no input. Start reading at [`Reader`], then `json/splitter`
//! for how records are found and `cloudtrail` for how one becomes an event.

mod agent;
pub mod change;
mod class;
mod client;
mod cloudtrail;
mod inventory;
mod json;
mod marks;
mod other;
mod reader;
mod record;
mod redact;
mod remembered;
mod user_agent;

pub use crate::inventory::tree::Tree;
pub use crate::reader::{Item, Limits, Reader};
pub use crate::redact::redacted;
pub use crate::remembered::Remembered;
