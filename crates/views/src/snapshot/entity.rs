//! What policies speak about: identities, groups, resources.

use std::sync::Arc;

use doorward_model::identity::IdentityKind;

use crate::snapshot::attribute::Record;

/// The place of an entity in a snapshot and all later ones. It reaches no record and no answer.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EntityIx(pub u32);

impl EntityIx {
    /// The place in a column.
    #[must_use]
    pub const fn slot(self) -> usize {
        self.0 as usize
    }
}

/// The type and the id of an entity.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Name {
    /// The type, as the policy schema names it.
    pub kind: Arc<str>,
    /// The id.
    pub id: Arc<str>,
}

impl Name {
    /// The name of this type and id.
    #[must_use]
    pub fn new(kind: &str, id: &str) -> Self {
        Self { kind: kind.into(), id: id.into() }
    }
}

/// What seldom changes of an entity.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct Entity {
    /// Its type and id.
    pub name: Name,
    /// Whether anything is known of it but that others name it.
    pub known: bool,
    /// What it is, when it is an identity.
    pub identity: Option<IdentityKind>,
    /// The account it lives in; empty when in none.
    pub account: Arc<str>,
    /// Its attributes.
    pub attributes: Record,
    /// Its tags.
    pub tags: Record,
    /// What it is a direct member of.
    pub parents: Arc<[EntityIx]>,
    /// What it is a member of, directly or not, with itself; in order.
    pub ancestors: Arc<[EntityIx]>,
}
