//! What exists, out of every form that tells it.

mod answers;
mod bad_input;
mod config;
mod credentials;
mod holders;
mod report;
mod tree;
