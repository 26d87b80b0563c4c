//! All that a decision reads, behind one pointer.

use std::sync::Arc;

use doorward_model::decision::Mode;
use doorward_views::snapshot::Snapshot;
use doorward_views::snapshot::overlay::Overlay;

use crate::policy_set::PolicySet;
use crate::vocabulary::Binding;

/// Snapshot, overlay and policy set, as of one instant.
#[derive(Clone, Debug)]
pub struct World {
    /// The state as of one fact.
    pub snapshot: Arc<Snapshot>,
    /// Denials that are not durable yet.
    pub overlay: Arc<Overlay>,
    /// The policies.
    pub policy: Arc<PolicySet>,
    /// How the policy set decides.
    pub settings: Settings,
    pub(crate) binding: Arc<Binding>,
}

/// How a policy set decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Its mode.
    pub mode: Mode,
    /// The greatest risk at which anything passes, 0-100.
    pub risk_max: u32,
}

impl Default for Settings {
    /// A new policy set starts in `shadow`, without a risk ceiling.
    fn default() -> Self {
        Self { mode: Mode::Shadow, risk_max: 100 }
    }
}

impl World {
    /// A world of these; looks at every entity of the snapshot once.
    #[must_use]
    pub fn new(
        snapshot: Arc<Snapshot>,
        overlay: Arc<Overlay>,
        policy: Arc<PolicySet>,
        settings: Settings,
    ) -> Self {
        let mut binding = Binding::default();
        binding.extend(&policy.vocabulary, &snapshot);
        Self { snapshot, overlay, policy, settings, binding: Arc::new(binding) }
    }

    /// The same policies over a later snapshot; looks at the entities that came since.
    #[must_use]
    pub fn later(&self, snapshot: Arc<Snapshot>, overlay: Arc<Overlay>) -> Self {
        let mut binding = Arc::clone(&self.binding);
        if !binding.covers(&snapshot) {
            Arc::make_mut(&mut binding).extend(&self.policy.vocabulary, &snapshot);
        }
        Self { snapshot, overlay, policy: Arc::clone(&self.policy), settings: self.settings, binding }
    }
}
