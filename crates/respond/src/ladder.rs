//! The ladder: which findings lead to which hold.

use doorward_model::finding::{Finding, Severity};
use doorward_model::hold::HoldProfile;
use doorward_model::time::Millis;

/// What follows from findings.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ladder {
    /// Whether holds are placed, recommended, or neither.
    pub mode: ResponseMode,
    /// The rungs; the strictest one that a finding reaches counts.
    pub rungs: Vec<Rung>,
    /// Identities that are never held automatically: break-glass accounts.
    pub exempt: Vec<String>,
    /// How many automatic holds may be placed in an hour.
    pub holds_per_hour_max: usize,
}

/// Whether holds are placed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ResponseMode {
    /// Findings are recorded, and nothing follows.
    Record,
    /// Holds are recommended.
    Shadow,
    /// Holds are placed.
    Enforce,
}

/// From which finding on which hold follows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rung {
    /// At least as bad as this.
    pub severity_min: Severity,
    /// At least as sure as this, in thousandths.
    pub confidence_min_milli: u32,
    /// The hold.
    pub profile: HoldProfile,
    /// How long it lasts.
    pub lasts: Millis,
}

impl Default for Ladder {
    /// Recommends: a step-up from medium findings on, baseline-only from high ones, a deny from critical ones.
    fn default() -> Self {
        let rung = |severity_min, confidence_min_milli, profile, hours| Rung {
            severity_min,
            confidence_min_milli,
            profile,
            lasts: Millis::HOUR.times(hours),
        };
        Self {
            mode: ResponseMode::Shadow,
            rungs: vec![
                rung(Severity::Medium, 500, HoldProfile::StepUp, 8),
                rung(Severity::High, 700, HoldProfile::BaselineOnly, 8),
                rung(Severity::Critical, 900, HoldProfile::Deny, 1),
            ],
            exempt: Vec::new(),
            holds_per_hour_max: 50,
        }
    }
}

impl Ladder {
    /// The strictest rung that a finding reaches.
    #[must_use]
    pub fn rung(&self, finding: &Finding) -> Option<&Rung> {
        let reached = self.rungs.iter().filter(|rung| {
            finding.severity() >= rung.severity_min && finding.confidence_milli >= rung.confidence_min_milli
        });
        reached.min_by_key(|rung| rung.profile)
    }
}
