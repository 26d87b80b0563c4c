//! What could be done, by policies.

mod analyze;
mod ask;
mod conform;
mod over;
mod trend;

use anyhow::Result;

use crate::cli::privilege::PrivilegeVerb;

pub(crate) use self::ask::{can, path, reach, who_can};

/// Answers a question about privilege.
pub(crate) fn privilege(verb: &PrivilegeVerb) -> Result<()> {
    match verb {
        PrivilegeVerb::Analyze(args) => analyze::analyze(args),
        PrivilegeVerb::Trend(args) => trend::trend(args),
        PrivilegeVerb::Conform(args) => conform::conform(args),
        PrivilegeVerb::Export(args) => ask::export(args),
    }
}
