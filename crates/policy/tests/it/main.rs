//! Tests of the policy crate at its boundary.

mod certification;
mod decide;
mod entities;
mod load;
mod oracle;
mod shared_authzen;
mod shared_cedar;
mod support;
