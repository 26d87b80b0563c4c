//! Answers of the admin API as plain functions of state and journal, for the API and for the command line without one.
//!
//! A [`query::Query`] and the state in, a [`query::Page`] of rows out; each looks at a bounded number of entries, and
//! says by its cursor where to go on.

pub mod budget;
pub mod events;
pub mod explain;
pub mod findings;
pub mod heads;
pub mod holds;
pub mod identities;
pub mod kills;
pub mod opened;
pub mod privilege;
pub mod query;
pub mod rejects;
pub mod rest;
pub mod status;
pub mod trend;
pub mod unusual;
pub mod version;
pub mod who;
