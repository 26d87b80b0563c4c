//! An estate with all that was derived from it, ready to be asked: this is what readers load.

use doorward_model::time::Time;

use crate::analysis::Analysis;
use crate::escalation::Rules;
use crate::estate::Estate;
use crate::graph::GraphError;
use crate::rating::{Rating, TierZero};

/// An estate, the graph of who could become whom, and what it is worth.
#[derive(Clone, Debug)]
pub struct Atlas {
    /// Who and what there is.
    pub estate: Estate,
    /// The methods of escalation.
    pub rules: Rules,
    /// The instant from which on requests are judged.
    pub as_of: Time,
    /// What matters most.
    pub tier_zero: TierZero,
    /// The graph.
    pub analysis: Analysis,
    /// Blast radius, exposure, choke points.
    pub rating: Rating,
}

impl Atlas {
    /// Derives everything from an estate.
    ///
    /// # Errors
    /// When the graph would be too large.
    pub fn new(estate: Estate, rules: Rules, as_of: Time, tier_zero: &TierZero) -> Result<Self, GraphError> {
        let analysis = Analysis::new(&estate, &rules, as_of)?;
        let rating = Rating::new(&estate, &analysis, tier_zero);
        Ok(Self { estate, rules, as_of, tier_zero: tier_zero.clone(), analysis, rating })
    }
}
