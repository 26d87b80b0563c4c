//! What could be done, by policies.

mod analyze;
mod conform;

use anyhow::Result;

use crate::cli::privilege::PrivilegeVerb;

/// Answers a question about privilege.
pub(crate) fn privilege(verb: &PrivilegeVerb) -> Result<()> {
    match verb {
        PrivilegeVerb::Analyze(args) => analyze::analyze(args),
        PrivilegeVerb::Conform(args) => conform::conform(args),
    }
}
