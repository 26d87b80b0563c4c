//! Requirements that nothing can meet, or that nothing can miss, though no part of them alone says so.

use super::logic::{Leaf, Requirement};

/// With more different parts all worlds are too many to try, and a requirement stays as it is.
const LEAVES_MAX: usize = 12;

impl<'a> Requirement<'a> {
    /// The same, or that it is never or always met. Only where something is asked for here and excluded there can that
    /// be so.
    pub(super) fn settled(self) -> Self {
        let mut leaves = Vec::new();
        self.collect(&mut leaves);
        let is_contested = leaves.iter().any(|(_, sides)| *sides == [true, true]);
        if !is_contested || leaves.len() > LEAVES_MAX {
            return self;
        }
        let worlds = 0u32..1 << leaves.len();
        let (mut ever, mut always) = (false, true);
        for world in worlds {
            let is_met = self.is_met(&leaves, world);
            ever |= is_met;
            always &= is_met;
        }
        match (ever, always) {
            (false, _) => Self::Never,
            (true, true) => Self::Always,
            (true, false) => self,
        }
    }

    /// The different parts, and whether each is excluded and asked for.
    fn collect(&self, leaves: &mut Vec<(Leaf<'a>, [bool; 2])>) {
        match self {
            Self::Never | Self::Always => {}
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.collect(leaves)),
            Self::Leaf { leaf, holds } => {
                let sides = [!holds, *holds];
                match leaves.iter_mut().find(|(own, _)| own.says_as(leaf)) {
                    None => leaves.push((*leaf, sides)),
                    Some((_, own)) => own.iter_mut().zip(sides).for_each(|(own, side)| *own |= side),
                }
            }
        }
    }

    /// Whether it is met in a world, which has a bit for each part.
    fn is_met(&self, leaves: &[(Leaf<'a>, [bool; 2])], world: u32) -> bool {
        match self {
            Self::Never => false,
            Self::Always => true,
            Self::All(parts) => parts.iter().all(|part| part.is_met(leaves, world)),
            Self::Any(parts) => parts.iter().any(|part| part.is_met(leaves, world)),
            Self::Leaf { leaf, holds } => {
                let place = leaves.iter().position(|(own, _)| own.says_as(leaf)).unwrap_or(0);
                (world >> place & 1 == 1) == *holds
            }
        }
    }
}
