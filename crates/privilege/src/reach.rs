//! What a node reaches, how well, and by which path.
//!
//! How well a target is reached is the best over all paths of what their last step gives, halved for each step of the
//! path that holds only if a condition does; from the third condition on a path loses no more, so that what can be
//! reached at all never comes to nothing. A hop more costs nothing: hops of an attacker are cheap.

mod backward;
mod forward;
mod path;
mod toward;

pub use self::backward::sources;
pub use self::forward::{Reached, reach};
pub use self::path::{Path, best_path, best_paths};
pub use self::toward::Toward;

use crate::graph::Level;

/// How well a target is reached.
///
/// ```
/// use doorward_privilege::graph::Level;
/// use doorward_privilege::reach::Best;
///
/// let sure = Best { level: Level::Read, conditions: 0 };
/// let perhaps = Best { level: Level::Control, conditions: 2 };
/// assert_eq!((sure.eightieths(), perhaps.eightieths()), (32, 20));
/// assert!(sure > perhaps);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Best {
    /// What the last step gives.
    pub level: Level,
    /// How many steps of the path hold only if a condition does; 3 stands for any more.
    pub conditions: u8,
}

/// From so many conditions on, a path loses no more.
pub const MAX_CONDITIONS: u8 = 3;

impl Best {
    /// The share of the whole, in eightieths: 80 is control without a condition.
    #[must_use]
    pub fn eightieths(self) -> u32 {
        (u32::from(self.level.tenths()) << MAX_CONDITIONS) >> self.conditions.min(MAX_CONDITIONS)
    }

    /// As a number that is larger for what is better, and never 0.
    pub(crate) fn rank(self) -> u16 {
        let eightieths = u16::try_from(self.eightieths()).unwrap_or(u16::MAX >> 2);
        (eightieths << 2) | self.level as u16
    }

    /// What a rank stands for.
    pub(crate) fn of_rank(rank: u16) -> Option<Self> {
        let level = *Level::ALL.get(usize::from(rank & 3))?;
        let with = |conditions| Self { level, conditions };
        (0..=MAX_CONDITIONS).map(with).find(|best| best.rank() == rank)
    }
}

impl PartialOrd for Best {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Best {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank().cmp(&other.rank())
    }
}
