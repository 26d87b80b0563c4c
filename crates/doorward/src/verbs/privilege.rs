//! What could be done, by policies.

mod analyze;
mod ask;
mod conform;
mod export;
mod picture;

use anyhow::Result;

use crate::cli::privilege::PrivilegeVerb;

pub(crate) use self::ask::{can, path, reach, who_can};

/// Answers a question about privilege.
pub(crate) fn privilege(verb: &PrivilegeVerb) -> Result<()> {
    match verb {
        PrivilegeVerb::Analyze(args) => analyze::analyze(args),
        PrivilegeVerb::Conform(args) => conform::conform(args),
        PrivilegeVerb::Export(args) => export::export(args),
    }
}
