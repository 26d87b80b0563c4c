//! Many components walk the condensed graph at once, a bit of a mask each.

use fixedbitset::FixedBitSet;

use super::components::Components;
use super::sum::{EMPTY, Mask, is_empty, union, without};
use crate::reach::MAX_CONDITIONS;

/// Where the walkers have been.
pub(super) struct Walk {
    /// By layer, which is how many conditions it took: who came to a component, and to none of these earlier.
    pub(super) came: [Vec<(u32, Mask)>; LAYERS],
    /// By component: who came to it.
    seen: Vec<Mask>,
    /// By component: who came to it and has not gone on.
    waiting: Vec<Mask>,
    /// At which components somebody waits.
    open: FixedBitSet,
    /// No word above this one of `open` has a bit.
    top: usize,
    /// Where steps with a condition lead.
    later: Vec<(u32, Mask)>,
}

/// No condition, one, two, and any more.
pub(super) const LAYERS: usize = MAX_CONDITIONS as usize + 1;

impl Walk {
    pub(super) fn new(components: usize) -> Self {
        Self {
            came: std::array::from_fn(|_| Vec::new()),
            seen: vec![EMPTY; components],
            waiting: vec![EMPTY; components],
            open: FixedBitSet::with_capacity(components),
            top: 0,
            later: Vec::new(),
        }
    }

    /// Brings walkers to a component; those who have been there are left out.
    pub(super) fn arrive(&mut self, component: u32, mask: Mask) {
        let at = component as usize;
        let (Some(seen), Some(waiting)) = (self.seen.get_mut(at), self.waiting.get_mut(at)) else { return };
        let new = without(mask, *seen);
        if is_empty(new) {
            return;
        }
        *seen = union(*seen, new);
        *waiting = union(*waiting, new);
        self.open.insert(at);
        self.top = self.top.max(at / WORD);
    }

    /// Lets all walk on until nobody comes to anything new.
    pub(super) fn run(&mut self, components: &Components) {
        for layer in 0..LAYERS {
            for (component, mask) in std::mem::take(&mut self.later) {
                self.arrive(component, mask);
            }
            while let Some(component) = self.highest() {
                self.go_on(components, component, layer);
            }
        }
    }

    /// The open component with the highest number, from which no other leads to it without a condition.
    fn highest(&mut self) -> Option<u32> {
        loop {
            let word = *self.open.as_slice().get(self.top)?;
            if word != 0 {
                let at = self.top * WORD + word.ilog2() as usize;
                self.open.remove(at);
                return u32::try_from(at).ok();
            }
            self.top = self.top.checked_sub(1)?;
        }
    }

    fn go_on(&mut self, components: &Components, component: u32, layer: usize) {
        let Some(mask) = self.waiting.get_mut(component as usize).map(std::mem::take) else { return };
        if let Some(came) = self.came.get_mut(layer) {
            came.push((component, mask));
        }
        for next in components.sure.of(component) {
            self.arrive(*next, mask);
        }
        for next in components.only_if.of(component) {
            if layer < LAYERS - 1 {
                self.later.push((*next, mask));
            } else {
                self.arrive(*next, mask);
            }
        }
    }

    /// Forgets all walkers.
    pub(super) fn clear(&mut self) {
        for (component, _) in self.came.iter_mut().flat_map(|came| came.drain(..)) {
            if let Some(seen) = self.seen.get_mut(component as usize) {
                *seen = EMPTY;
            }
        }
    }
}

const WORD: usize = usize::BITS as usize;
