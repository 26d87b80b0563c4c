//! The program from outside: files in, a report out.
#![cfg(test)]

mod as_of;
mod attacks;
mod bad_input;
mod changes;
mod command_line;
mod doctor;
mod inventory;
mod privilege;
mod privilege_bad_input;
mod privilege_questions;
mod privilege_usage;
mod scan_kept;
mod scan_opened;
mod scanning;
mod serving;
mod shared_corpus;
mod shared_privilege;
mod signing;
mod support;
mod tree;
mod verbs;
