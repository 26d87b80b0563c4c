//! Events in, findings out: what each detector says, and what it leaves alone.
#![cfg(test)]

mod limits;
mod lineage;
mod novelty;
mod opened;
mod watch;
