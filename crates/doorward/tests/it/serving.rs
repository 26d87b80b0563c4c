//! `doorward serve` from outside: the real program as a process of its own, spoken to over HTTP.

mod checkpoints;
mod decide;
mod decision_log;
mod doors;
mod exports;
mod feeding;
mod full_disk;
mod indexing;
mod ingest;
mod kills;
mod limits;
mod once;
pub(crate) mod opened;
mod opens;
pub(crate) mod past;
mod privilege;
mod release;
mod responding;
mod secrets;
pub(crate) mod server;
mod shared_interop;
mod start;
mod watching;
