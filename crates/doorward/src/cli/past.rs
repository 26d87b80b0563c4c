//! How what is still so, or was at an instant, is asked for.

use clap::Args;

use super::verbs::{Asking, Listing, When};

/// How a list is asked for that can be had as of an instant.
#[derive(Debug, Args)]
pub struct PastListing {
    /// As it was then: an instant, or how long ago, such as 24h.
    #[arg(long, value_name = "WHEN")]
    pub as_of: Option<When>,
    /// How to list.
    #[command(flatten)]
    pub listing: Listing,
}

/// One thing, by its id.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Its id.
    pub id: String,
    /// As it was then: an instant, or how long ago, such as 24h.
    #[arg(long, value_name = "WHEN")]
    pub as_of: Option<When>,
    /// Whom to ask.
    #[command(flatten)]
    pub asking: Asking,
}
