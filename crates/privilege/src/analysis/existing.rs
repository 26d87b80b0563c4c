//! Methods that need something which is there already: on which of those things an actor could use one.

use crate::analysis::Drawing;
use crate::analysis::method::Method;
use crate::analysis::pools::both;
use crate::analysis::question::Acting;
use crate::targets::{Certainty, Extent, Matches};

impl Drawing<'_> {
    /// Whether the actor has all that a method needs on one and the same of the things that there are.
    pub(super) fn on_existing(&mut self, acting: &Acting<'_>, method: &Method) -> Option<Certainty> {
        if method.on_existing().next().is_none() {
            return Some(Certainty::Certain);
        }
        let pool = self.drawn.pools.of_kind(self.estate, (acting.actor.account, method.existing()?));
        let mut extent = Extent::All(Certainty::Certain);
        for need in method.on_existing() {
            let said = acting.said(&need.permission);
            extent = both(
                extent,
                pool.extent(&said, &mut Matches::default(), &mut |arn, _| acting.has(need, arn)),
            );
        }
        pool.each(extent).into_iter().map(|(_, sure)| sure).max()
    }
}

/// The first of the things on which the actor has all that a method needs.
pub(super) fn existing<'a>(acting: &Acting<'a>, method: &Method) -> Option<&'a str> {
    let things = acting.estate().things(acting.actor.account, method.existing()?.word());
    let mut arns = things.map(|(_, one)| &*one.id);
    arns.find(|arn| method.on_existing().all(|need| acting.has(need, arn).is_some()))
}
