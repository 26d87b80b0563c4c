//! What makes decisions dear: not how many policies there are, but how many a request meets.

use std::fmt;

use doorward_views::snapshot::attribute::Attribute;

use crate::actions::Action;
use crate::index::Side;
use crate::policy_set::{PolicySet, Row};

/// From so many policies under one key on, a lint says so.
const CROWD_MIN: usize = 33;

/// Something that makes decisions dear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cost {
    /// The policy names no principal, action, resource or first attribute: every request evaluates it.
    Always(String),
    /// The policy shares its key with so many others, itself included.
    Crowd(String, usize),
    /// The policy reads entities beyond principal, action and resource.
    Deep(String),
}

impl Cost {
    /// The policy, or the first of several.
    #[must_use]
    pub fn policy(&self) -> &str {
        match self {
            Self::Always(policy) | Self::Crowd(policy, _) | Self::Deep(policy) => policy,
        }
    }

    /// The word used everywhere.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Always(_) => "always",
            Self::Crowd(..) => "crowd",
            Self::Deep(_) => "deep",
        }
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Always(_) => f.write_str(
                "every request evaluates it: it names no principal, action, resource or first attribute",
            ),
            Self::Crowd(_, count) => write!(f, "it shares its key with {count} policies, itself included"),
            Self::Deep(_) => f.write_str("it reads entities beyond principal, action and resource"),
        }
    }
}

/// How many policies a request meets whatever its entities are; to them come those that name its entities or what
/// they are members of. A kind of request is a principal type, an action and a resource type of the schema.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// In the middle one of all kinds.
    pub typical: usize,
    /// In the dearest kind.
    pub most: usize,
    /// The principal type, action and resource type of the dearest kind; absent when the schema has none.
    pub dearest: Option<[String; 3]>,
}

impl PolicySet {
    /// What makes decisions dear: policies that every request evaluates, keys that many policies share, and policies
    /// that read far.
    #[must_use]
    pub fn costs(&self) -> Vec<Cost> {
        let id = |row: u32| self.rows.get(row as usize).map(|row| row.id.to_string()).unwrap_or_default();
        let always = self.index.always().iter().map(|row| Cost::Always(id(*row)));
        let crowds = self.index.crowds(CROWD_MIN).map(|(rows, first)| Cost::Crowd(id(first), rows));
        let is_deep = |row: &&Row| self.condition(row).is_some_and(|condition| condition.reads.deep);
        let deep = self.rows.iter().filter(is_deep).map(|row| Cost::Deep(row.id.to_string()));
        always.chain(crowds).chain(deep).collect()
    }

    /// How many policies a request is to meet.
    #[must_use]
    pub fn expected(&self) -> Expected {
        let mut kinds: Vec<_> = self.actions.kinds().map(|kind| (self.met(&kind), kind)).collect();
        kinds.sort_by(|(met, kind), (other_met, other)| {
            let names = |kind: &Kind<'_>| [kind.principal, kind.id, kind.resource].map(str::to_owned);
            met.cmp(other_met).then_with(|| names(other).cmp(&names(kind)))
        });
        let typical = kinds.get(kinds.len() / 2).map_or(0, |(met, _)| *met);
        kinds.last().map_or_else(Expected::default, |(most, kind)| Expected {
            typical,
            most: *most,
            dearest: Some([kind.principal, kind.id, kind.resource].map(str::to_owned)),
        })
    }

    fn met(&self, kind: &Kind<'_>) -> usize {
        let of = |name| Side { kind: self.vocabulary.type_number(name), ..Side::default() };
        // A value that equals no literal.
        let other = Attribute::Set([].into());
        let (principal, resource) = (of(kind.principal), of(kind.resource));
        self.index.candidates(&principal, &kind.action.side, &resource, |_, _| Some(&other)).len()
    }
}

/// One kind of request.
pub(crate) struct Kind<'a> {
    pub(crate) principal: &'a str,
    pub(crate) action: &'a Action,
    /// The id of the action.
    pub(crate) id: &'a str,
    pub(crate) resource: &'a str,
}
