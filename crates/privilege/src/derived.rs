//! What was derived from the inventory of a log, as readers load it.

use doorward_model::id::FactNumber;
use doorward_model::time::Time;

use crate::atlas::Atlas;

/// An atlas of what the facts of a log say.
#[derive(Clone, Debug)]
pub struct Derived {
    /// The inventory, with all that follows from it.
    pub atlas: Atlas,
    /// The last fact that it saw.
    pub fact: FactNumber,
    /// When it was derived.
    pub derived_at: Time,
}

impl Derived {
    /// Whether there is nothing that could be asked about: no inventory is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.atlas.estate.accounts().next().is_none() && self.atlas.estate.resources().next().is_none()
    }
}
