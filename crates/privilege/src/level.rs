//! What is gained over something: four steps, by which permissions, edges of the graph, blast radius and efficiency are
//! weighed alike.

/// What is gained over a target, the least first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Level {
    /// To list it, and to read how it is set up.
    List,
    /// To read what it holds: data, or a secret.
    Read,
    /// To change or delete it.
    Write,
    /// To become it, or to say who may do what with it.
    Control,
}

impl Level {
    /// All, from the lowest on.
    pub const ALL: [Self; 4] = [Self::List, Self::Read, Self::Write, Self::Control];

    /// How much it weighs, in tenths.
    #[must_use]
    pub const fn tenths(self) -> u16 {
        match self {
            Self::List => 1,
            Self::Read => 4,
            Self::Write => 6,
            Self::Control => 10,
        }
    }

    /// What it is called.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Read => "read",
            Self::Write => "write",
            Self::Control => "control",
        }
    }
}
