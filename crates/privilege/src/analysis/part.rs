//! The edges that leave an actor, in parts that are drawn by themselves: one for each method, and a few beside them.

use crate::analysis::draft::Cause;

/// Some parts of what leaves a node.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(super) struct Parts([u64; WORDS]);

const WORDS: usize = 4;

impl Parts {
    /// Nothing.
    pub(super) const NONE: Self = Self([0; WORDS]);
    /// All that leaves a node, actor or not.
    pub(super) const ALL: Self = Self([u64::MAX; WORDS]);
    /// To the administration of its account.
    pub(super) const ADMINISTER: Self = Self([1, 0, 0, 0]);
    /// To the roles that it may assume.
    pub(super) const ASSUME: Self = Self([2, 0, 0, 0]);
    /// The part of the first kind of data.
    const DATA: usize = 2;
    /// The part of the first method.
    const METHODS: usize = 32;

    /// To data of the kind of a place. Very many kinds would share the last part before those of methods.
    pub(super) fn data(kind: u32) -> Self {
        Self::numbered((kind as usize + Self::DATA).min(Self::METHODS - 1))
    }

    /// By the method of a place in the set. Very many methods would share the last part.
    pub(super) fn method(place: u32) -> Self {
        Self::numbered((place as usize + Self::METHODS).min(WORDS * 64 - 1))
    }

    fn numbered(number: usize) -> Self {
        Self(std::array::from_fn(|word| if word == number / 64 { 1 << (number % 64) } else { 0 }))
    }

    /// That in which an edge of a cause lies. What has no part of its own is drawn only with all.
    pub(super) fn of(cause: Cause) -> Self {
        match cause {
            Cause::Administers => Self::ADMINISTER,
            Cause::Assume => Self::ASSUME,
            Cause::Rule(place, _) => Self::method(place),
            Cause::Can(_, kind) => Self::data(kind),
            Cause::Holds
            | Cause::Member
            | Cause::Changed(_)
            | Cause::RunsAs
            | Cause::Assigned
            | Cause::InGroup => Self::NONE,
        }
    }

    /// What is in either.
    pub(super) fn or(self, other: Self) -> Self {
        Self(std::array::from_fn(|word| self.0.get(word).unwrap_or(&0) | other.0.get(word).unwrap_or(&0)))
    }

    /// What is in both.
    pub(super) fn and(self, other: Self) -> Self {
        Self(std::array::from_fn(|word| self.0.get(word).unwrap_or(&0) & other.0.get(word).unwrap_or(&0)))
    }

    /// Whether something is in both.
    pub(super) fn meets(self, other: Self) -> bool {
        self.and(other) != Self::NONE
    }

    /// Whether an edge of a cause lies in these.
    pub(super) fn hold(self, cause: Cause) -> bool {
        self == Self::ALL || self.meets(Self::of(cause))
    }
}
