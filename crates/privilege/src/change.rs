//! What changed in an inventory, and the atlas after it.

use doorward_model::inventory::AccountExport;
use doorward_model::inventory::row::Withdrawn;

use crate::atlas::Atlas;
use crate::graph::GraphError;

/// Rows that changed.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// Rows as they are now, whole, documents with their text. Rows of the same key that were known are replaced.
    pub now: Vec<AccountExport>,
    /// Rows that are gone. They go before others come. What a holder has goes only where it is named here: the rights
    /// of an identity that is gone wait for it to come back.
    pub gone: Vec<Withdrawn>,
}

impl Atlas {
    /// The atlas after a change. All its answers are those of an atlas of the changed rows; this one stays as it is.
    ///
    /// # Errors
    /// When the graph would be too large.
    pub fn later(&self, change: &Change) -> Result<Self, GraphError> {
        let (estate, touched) = self.estate.later(change);
        let redrawn = self.analysis.later((&self.estate, &estate), &touched, self.as_of)?;
        let Some(redrawn) = redrawn else {
            // Where accounts are others, ids would be in another order than names.
            let estate = if touched.accounts || estate.is_worn() { estate.anew() } else { estate };
            return Self::new(estate, self.rules.clone(), self.as_of, &self.tier_zero);
        };
        let rating = self.rating.later(&self.analysis, (&estate, &redrawn), &self.tier_zero);
        Ok(Self {
            estate,
            rules: self.rules.clone(),
            as_of: self.as_of,
            tier_zero: self.tier_zero.clone(),
            analysis: redrawn.analysis,
            rating,
        })
    }
}
