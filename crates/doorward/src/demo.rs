//! The files of a simulated organisation.

use anyhow::Result;

use crate::cli::DemoArgs;

pub(crate) fn write(_args: &DemoArgs) -> Result<()> {
    Ok(())
}
