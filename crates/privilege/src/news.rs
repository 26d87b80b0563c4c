//! What one atlas has that the one before had not: identities that can come to administer an account, ways to what
//! matters most, and whoever is newly let in from outside.
//!
//! Nobody is compared with everybody: whether an identity has a way is worked out for all at once, in both atlases, and
//! only those are looked at of whom it differs. They are folded by the point at which their new ways can be cut, and each
//! piece of news says which of the changes opened it. An identity is the same by its ARN, whatever its number.
//!
//! An account that was not known before has no news: what is found in it is how it was.

mod attribution;
mod comparison;
mod fold;
mod open;
mod outside;
mod standing;

use doorward_model::inventory::row::RowKind;

pub use self::open::Possible;
pub use self::standing::Standing;

use self::comparison::Comparison;
use crate::answers::{ChokeAnswer, PathAnswer};
use crate::atlas::Atlas;
use crate::federation::Breadth;

/// Names a row of the inventory that has changed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct RowRef {
    /// What it is of.
    pub kind: RowKind,
    /// Its key among those of its kind.
    pub key: Vec<String>,
}

/// What kind of news.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum NewsKind {
    /// Identities administer an account, or can come to.
    Escalation,
    /// Identities have a way to something that matters most.
    TierZero,
    /// Somebody is let in from outside.
    OutsideTrust,
}

/// Something that is possible and was not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct News {
    /// What kind.
    pub kind: NewsKind,
    /// How many have gained the way.
    pub count: u32,
    /// How many of them need no condition for it.
    pub sure: u32,
    /// Some of them, those with the largest blast radius first: at most [`EXAMPLES_MAX`].
    pub examples: Vec<Gained>,
    /// Where it leads, in words. Whoever is let in by several policies at once is let into each.
    pub to: Vec<String>,
    /// Whether that is the administration of an account, or something that matters most.
    pub reaches_top: bool,
    /// The way of the first of them.
    pub path: PathAnswer,
    /// Where it is cut for all of them.
    pub cut: ChokeAnswer,
    /// The rows that opened it, in order.
    pub rows: Vec<RowRef>,
    /// The changes that these rows belong to, by their places, in order.
    pub changes: Vec<usize>,
    /// Whether it is known that these rows opened it. Where it is not, all that changed are named.
    pub is_attributed: bool,
}

/// Somebody who has gained a way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Gained {
    /// The ARN of an identity; from outside, who is let in.
    pub identity: String,
    /// What somebody from outside is called, with conditions that keep nobody out; empty for identities.
    pub words: String,
    /// How many somebody from outside may be; nothing for identities.
    pub breadth: Option<Breadth>,
    /// The blast radius before, in thousandths of a percent.
    pub before_millipercent: u32,
    /// The blast radius now.
    pub after_millipercent: u32,
}

/// So many of those who have gained a way are named.
pub const EXAMPLES_MAX: usize = 10;

/// What an atlas has that the one before had not, and which of the changes between them opened it: each change is the rows
/// that it touched. In the order of the kinds, what most have gained first.
#[must_use]
pub fn news(before: &Atlas, after: &Atlas, changes: &[Vec<RowRef>]) -> Vec<News> {
    let comparison = Comparison::new(before, after, changes);
    let mut found = fold::ways(&comparison);
    found.extend(outside::entrances(&comparison));
    found.sort_by(|one, other| {
        let place = |news: &News| (news.kind, std::cmp::Reverse(news.count), news.path.id.clone());
        let first = |news: &News| news.examples.first().map(|example| example.identity.clone());
        place(one).cmp(&place(other)).then_with(|| first(one).cmp(&first(other)))
    });
    found
}
