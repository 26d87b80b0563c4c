//! All that readers load, behind one pointer: what a decision reads, and what was derived from the inventory.

use std::sync::Arc;

use doorward_model::decision::Mode;
use doorward_model::id::FactNumber;
use doorward_privilege::derived::Derived;
use doorward_views::snapshot::Snapshot;
use doorward_views::snapshot::overlay::Overlay;

use crate::policy_set::PolicySet;
use crate::vocabulary::Binding;

/// Snapshot, overlay and policy set, as of one instant; and what could be done by the policies of the platforms, which
/// follows a little later and says as of when it is. No decision reads that.
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
    /// What could be done.
    pub privilege: Privilege,
    pub(crate) binding: Arc<Binding>,
}

/// What could be done by the policies of the platforms, as far as it has been derived.
#[derive(Clone, Debug, Default)]
pub struct Privilege {
    /// The newest that was derived; none before the first.
    pub derived: Option<Arc<Derived>>,
    /// The fact by which the inventory was changed last, or one soon after it; 0 while no inventory is known.
    pub changed: FactNumber,
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
        let privilege = Privilege::default();
        Self { snapshot, overlay, policy, settings, privilege, binding: Arc::new(binding) }
    }

    /// The same policies over a later snapshot; looks at the entities that came since.
    #[must_use]
    pub fn later(&self, snapshot: Arc<Snapshot>, overlay: Arc<Overlay>) -> Self {
        let mut binding = Arc::clone(&self.binding);
        if !binding.covers(&snapshot) {
            Arc::make_mut(&mut binding).extend(&self.policy.vocabulary, &snapshot);
        }
        let (policy, privilege) = (Arc::clone(&self.policy), self.privilege.clone());
        Self { snapshot, overlay, policy, settings: self.settings, privilege, binding }
    }
}
