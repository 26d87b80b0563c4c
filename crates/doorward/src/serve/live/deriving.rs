//! The writer's side of what is derived from the inventory: facts go out as they are, an atlas comes back.

use std::sync::Arc;
use std::sync::mpsc::Sender;

use doorward_journal::Journal;
use doorward_model::id::FactNumber;
use doorward_model::record::Fact;
use doorward_policy::world::{Privilege, World};
use doorward_privilege::derived::Derived;

use crate::serve::deriver::Told;
use crate::serve::live::Live;

impl<J: Journal> Live<J> {
    /// Tells of the inventory from now on, after each commit.
    pub(crate) fn tell(&mut self, deriver: Sender<Told>) {
        self.deriver = Some(deriver);
    }

    /// Hands on what was told of the inventory. Nothing is copied, and nothing waits.
    pub(super) fn hand_on(&mut self, mut told: Vec<Fact>) {
        let Some(deriver) = &self.deriver else { return };
        told.retain(Fact::is_of_inventory);
        let fact = self.writer.engine().state.control.fact_number;
        if !told.is_empty() && deriver.send(Told { facts: told, fact }).is_err() {
            self.deriver = None;
            let error = "what derives privilege from the inventory has ended: start the server again";
            tracing::error!(error);
            self.metrics.deriving.fail(error.to_owned());
        }
    }

    /// Publishes what was derived. Who derived it keeps a pointer to what it replaces: a large one is not freed here.
    pub(super) fn take_derived(&mut self, derived: Arc<Derived>) {
        self.privilege.derived = Some(derived);
        let world = self.shared.world.load();
        self.share(world.later(Arc::clone(&world.snapshot), Arc::clone(&world.overlay)));
    }

    /// Lets readers load a world, with the newest that was derived.
    pub(super) fn share(&self, mut world: World) {
        world.privilege = self.privilege.clone();
        self.shared.world.store(Arc::new(world));
    }
}

/// What is known of the inventory before anything is derived from it.
pub(super) fn known(told: &[Fact], fact: FactNumber) -> Privilege {
    let is_known = told.iter().any(Fact::is_of_inventory);
    Privilege { derived: None, changed: if is_known { fact } else { FactNumber::default() } }
}
