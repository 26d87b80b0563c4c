//! The two logics that the rules are written over: three values, and what an answer depends on.

use std::fmt;

use super::answer::At;
use crate::condition::Condition;
use crate::truth::Truth;

/// A logic in which something may be open.
pub(super) trait Logic<'a>: Sized {
    /// What does not hold.
    const NO: Self;
    /// What holds.
    const YES: Self;
    /// What may hold.
    fn open(leaf: Leaf<'a>) -> Self;
    /// Whether both hold.
    fn and(self, other: Self) -> Self;
    /// Whether one of both holds.
    fn or(self, other: Self) -> Self;
    /// Whether it does not hold.
    fn not(self) -> Self;
    /// How much of it is known.
    fn truth(&self) -> Truth;
    /// The same once more.
    fn again(&self) -> Self;

    /// Of what is known.
    fn of(holds: bool) -> Self {
        if holds { Self::YES } else { Self::NO }
    }
}

impl<'a> Logic<'a> for Truth {
    const NO: Self = Self::No;
    const YES: Self = Self::Yes;

    fn open(_leaf: Leaf<'a>) -> Self {
        Self::Open
    }

    fn and(self, other: Self) -> Self {
        self.min(other)
    }

    fn or(self, other: Self) -> Self {
        self.max(other)
    }

    fn not(self) -> Self {
        Self::not(self)
    }

    fn truth(&self) -> Truth {
        *self
    }

    fn again(&self) -> Self {
        *self
    }
}

/// What an answer depends on: parts that are not known, and how they go together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Requirement<'a> {
    /// Nothing can make it hold.
    Never,
    /// It holds whatever is not known.
    Always,
    /// One part must hold, or must not.
    Leaf {
        /// The part.
        leaf: Leaf<'a>,
        /// Whether it must hold.
        holds: bool,
    },
    /// All must hold; at least two, and none of them is itself of this kind.
    All(Vec<Self>),
    /// One must hold; at least two, and none of them is itself of this kind.
    Any(Vec<Self>),
}

/// One part of what an answer depends on, with the statement that asks for it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Leaf<'a> {
    /// The condition of a statement.
    Condition(&'a Condition, At),
    /// The caller's session has the name of this one.
    Session(&'a str, At),
    /// The resource matches this pattern.
    Resource(&'a str, At),
    /// The canonical id of the caller's account is this.
    CanonicalUser(&'a str, At),
    /// The resource belongs to the caller's account.
    SameAccount,
    /// A document that is missing or cannot be read says so.
    Unread(At),
}

impl<'a> Logic<'a> for Requirement<'a> {
    const NO: Self = Self::Never;
    const YES: Self = Self::Always;

    fn open(leaf: Leaf<'a>) -> Self {
        Self::Leaf { leaf, holds: true }
    }

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Never, _) | (_, Self::Never) => Self::Never,
            (Self::Always, one) | (one, Self::Always) => one,
            (one, other) => {
                let parts = join(one, other, |part| match part {
                    Self::All(parts) => Ok(parts),
                    part => Err(part),
                });
                if contradict(&parts) { Self::Never } else { one_or(parts, Self::All) }
            }
        }
    }

    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Always, _) | (_, Self::Always) => Self::Always,
            (Self::Never, one) | (one, Self::Never) => one,
            (one, other) => {
                let parts = join(one, other, |part| match part {
                    Self::Any(parts) => Ok(parts),
                    part => Err(part),
                });
                if contradict(&parts) { Self::Always } else { one_or(parts, Self::Any) }
            }
        }
    }

    fn not(self) -> Self {
        match self {
            Self::Never => Self::Always,
            Self::Always => Self::Never,
            Self::Leaf { leaf, holds } => Self::Leaf { leaf, holds: !holds },
            Self::All(parts) => Self::Any(parts.into_iter().map(Self::not).collect()),
            Self::Any(parts) => Self::All(parts.into_iter().map(Self::not).collect()),
        }
    }

    fn truth(&self) -> Truth {
        match self {
            Self::Never => Truth::No,
            Self::Always => Truth::Yes,
            Self::Leaf { .. } | Self::All(_) | Self::Any(_) => Truth::Open,
        }
    }

    fn again(&self) -> Self {
        self.clone()
    }
}

/// The parts of both, each once.
fn join<'a>(
    one: Requirement<'a>,
    other: Requirement<'a>,
    parts: impl Fn(Requirement<'a>) -> Result<Vec<Requirement<'a>>, Requirement<'a>>,
) -> Vec<Requirement<'a>> {
    let mut joined = parts(one).unwrap_or_else(|part| vec![part]);
    for part in parts(other).unwrap_or_else(|part| vec![part]) {
        if !joined.contains(&part) {
            joined.push(part);
        }
    }
    joined
}

fn one_or<'a>(
    mut parts: Vec<Requirement<'a>>,
    many: impl Fn(Vec<Requirement<'a>>) -> Requirement<'a>,
) -> Requirement<'a> {
    if parts.len() > 1 {
        return many(parts);
    }
    parts.pop().unwrap_or(Requirement::Never)
}

/// Whether a part and its contrary are among them.
fn contradict(parts: &[Requirement<'_>]) -> bool {
    parts.iter().any(|part| match part {
        Requirement::Leaf { leaf, holds: true } => parts.iter().any(|other| match other {
            Requirement::Leaf { leaf: other, holds: false } => leaf.says_as(other),
            _ => false,
        }),
        _ => false,
    })
}

impl Leaf<'_> {
    /// Whether both ask the same, wherever that is written.
    #[must_use]
    pub fn says_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Condition(own, _), Self::Condition(other, _)) => own == other,
            (Self::Session(own, _), Self::Session(other, _))
            | (Self::Resource(own, _), Self::Resource(other, _))
            | (Self::CanonicalUser(own, _), Self::CanonicalUser(other, _)) => own == other,
            (Self::Unread(own), Self::Unread(other)) => own == other,
            (Self::SameAccount, Self::SameAccount) => true,
            _ => false,
        }
    }
}

impl fmt::Display for Requirement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => f.write_str("never"),
            Self::Always => f.write_str("always"),
            Self::Leaf { leaf, holds: true } => leaf.fmt(f),
            Self::Leaf { leaf, holds: false } => write!(f, "not ({leaf})"),
            Self::All(parts) => list(f, parts, " and "),
            Self::Any(parts) => list(f, parts, " or "),
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, parts: &[Requirement<'_>], between: &str) -> fmt::Result {
    let mut told: Vec<String> = Vec::new();
    for part in parts {
        let text = match part {
            Requirement::All(_) | Requirement::Any(_) => format!("({part})"),
            Requirement::Never | Requirement::Always | Requirement::Leaf { .. } => part.to_string(),
        };
        // Two statements may ask the same.
        if !told.contains(&text) {
            told.push(text);
        }
    }
    f.write_str(&told.join(between))
}

impl fmt::Display for Leaf<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Condition(condition, _) => condition.fmt(f),
            Self::Session(arn, _) => write!(f, "the session is {arn}"),
            Self::Resource(pattern, _) => write!(f, "the resource matches {pattern}"),
            Self::CanonicalUser(id, _) => write!(f, "the caller's account is canonical user {id}"),
            Self::SameAccount => f.write_str("the resource is of the caller's account"),
            Self::Unread(_) => f.write_str("a document that cannot be read says so"),
        }
    }
}
