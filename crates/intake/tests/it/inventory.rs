//! What exists, out of every form that tells it.

mod answers;
mod bad_input;
mod config;
mod report;
mod tree;
