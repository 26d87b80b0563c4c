//! Who may be let in to others from outside, after a change.

use std::sync::Arc;

use doorward_model::inventory::resource::Resource;

use crate::analysis::comers::{CLUSTER, PROVIDERS};
use crate::analysis::draft::Place;
use crate::analysis::part::Parts;
use crate::analysis::redraw::Redraw;
use crate::federation::Subject;

impl Redraw<'_> {
    /// Whether other providers of identities are there than before, or clusters that vouch for somebody.
    pub(super) fn has_other_providers(&self) -> bool {
        let vouches = |one: &Resource| PROVIDERS.contains(&&*one.kind) || one.kind == CLUSTER;
        let ends = [self.old, self.estate()];
        let mut changed = self.touched.resources.iter();
        changed.any(|place| ends.iter().filter_map(|estate| estate.resource(*place)).any(vouches))
    }

    /// Takes in that somebody vouches for others than before: whoever is one of them at the same time leads to them.
    pub(super) fn vouched_for(&mut self, subjects: &[Arc<Subject>]) {
        for subject in subjects {
            let covered = self.drawing.drawn.trust.subjects.covered(subject);
            self.outside.extend(covered.iter().map(|other| Arc::from(&*other.name)));
        }
    }

    /// Takes in that somebody outside may be let in to others. It may be a resource, or have been one.
    pub(super) fn let_in(&mut self, name: &Arc<str>) {
        let new = self.estate();
        if let Some(node) = self.drawing.drawn.board.node(&Place::Outside((**name).into())) {
            self.scope(node, Parts::ALL);
        }
        match new.find_resource(name) {
            Some(place) => {
                self.scope(self.drawing.drawn.board.resource(place), Parts::ALL);
                let account = new.resource(place).and_then(|one| new.find_account(&one.account));
                let methods = Arc::clone(&self.drawing.drawn.methods);
                if let Some(account) = account {
                    // Whether a provider is trusted tells whether it is a target.
                    methods.iter().filter(|one| one.needs_things()).for_each(|one| self.thing(account, one));
                }
            }
            None if self.drawing.drawn.lets_in(name) => {
                let (node, _) = self.drawing.drawn.board.at(Place::Outside((**name).into()));
                self.scope(node, Parts::ALL);
            }
            None => {}
        }
    }
}
