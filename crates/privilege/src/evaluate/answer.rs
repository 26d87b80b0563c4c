//! What an evaluation answers, and where that is written.

use super::logic::Requirement;
use crate::truth::Truth;

/// The answer to a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer<'a> {
    /// Whether it is allowed.
    pub verdict: Verdict<'a>,
    /// The statements that decided: those that deny, or one of each layer and level that allows. Where a document is
    /// missing or unreadable it stands here with statement 0.
    pub because: Because,
    /// What each layer says by itself.
    pub layers: Layers,
}

/// Whether a request is allowed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict<'a> {
    /// It is.
    Allowed,
    /// It is not.
    Denied(Denial),
    /// It is, if this holds.
    OnlyIf(Requirement<'a>),
    /// It depends on a document that is missing or cannot be read.
    Unknown,
}

/// How a request is denied.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Denial {
    /// A statement denies it.
    Explicit,
    /// Nothing allows it, or not everything that must.
    Implicit,
}

/// A kind of policies.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum LayerKind {
    /// Service control policies.
    ServiceControl,
    /// Resource control policies.
    ResourceControl,
    /// Policies of the endpoint.
    Endpoint,
    /// The permissions boundary.
    Boundary,
    /// Session policies.
    Session,
    /// Policies of the caller and of its groups.
    Identity,
    /// Policies of the resource.
    Resource,
}

impl LayerKind {
    /// All of them, in their order.
    pub const ALL: [Self; 7] = [
        Self::ServiceControl,
        Self::ResourceControl,
        Self::Endpoint,
        Self::Boundary,
        Self::Session,
        Self::Identity,
        Self::Resource,
    ];
}

/// Where something is written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct At {
    /// In which kind of policies.
    pub layer: LayerKind,
    /// At which level of an organisation, from 0; 0 elsewhere.
    pub level: u8,
    /// In which policy of these, from 0.
    pub policy: u16,
    /// In which statement, from 1; 0 is the policy as a whole.
    pub statement: u16,
}

impl At {
    /// A place by its numbers; numbers beyond what fits stand for the last that does.
    pub(super) fn new(layer: LayerKind, level: usize, policy: usize, statement: usize) -> Self {
        Self {
            layer,
            level: u8::try_from(level).unwrap_or(u8::MAX),
            policy: u16::try_from(policy).unwrap_or(u16::MAX),
            statement: u16::try_from(statement).unwrap_or(u16::MAX),
        }
    }
}

/// The statements that decided, up to [`Self::MAX`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Because {
    places: [Option<At>; Self::MAX],
    len: u8,
}

impl Because {
    /// More statements are not named.
    pub const MAX: usize = 16;

    /// The statements.
    pub fn iter(&self) -> impl Iterator<Item = At> {
        self.places.into_iter().flatten()
    }

    pub(super) fn push(&mut self, at: At) {
        if let Some(place) = self.places.get_mut(usize::from(self.len)) {
            *place = Some(at);
            self.len += 1;
        }
    }
}

/// What each layer says by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Layers([Said; LayerKind::ALL.len()]);

/// What a layer says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Said {
    /// Whether it lets through.
    pub allows: Truth,
    /// Whether it denies.
    pub denies: Truth,
}

impl Default for Layers {
    fn default() -> Self {
        Self([Said { allows: Truth::Yes, denies: Truth::No }; LayerKind::ALL.len()])
    }
}

impl Layers {
    /// What a layer says. One that does not apply lets everything through.
    #[must_use]
    pub fn of(&self, layer: LayerKind) -> Said {
        let nothing = Said { allows: Truth::Yes, denies: Truth::No };
        self.0.get(layer as usize).copied().unwrap_or(nothing)
    }

    pub(super) fn set(&mut self, layer: LayerKind, said: Said) {
        if let Some(own) = self.0.get_mut(layer as usize) {
            *own = said;
        }
    }

    /// Whether one of them denies.
    #[must_use]
    pub fn denies(&self) -> Truth {
        self.0.iter().map(|said| said.denies).max().unwrap_or_default()
    }
}
