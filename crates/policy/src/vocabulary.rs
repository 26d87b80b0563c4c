//! The entities and types that a policy set names, as small numbers, and how a snapshot's entities map to them.

use std::borrow::Cow;
use std::sync::Arc;

use doorward_views::snapshot::Snapshot;
use doorward_views::snapshot::entity::{EntityIx, Name};
use fixedbitset::FixedBitSet;
use foldhash::fast::FixedState;
use hashbrown::{Equivalent, HashMap};

use crate::cedar::Type;

/// An entity that some policy names in its scope.
pub(crate) type Literal = u32;
/// A type of the schema or of some policy's scope.
pub(crate) type TypeNumber = u32;

/// All names that a policy set uses.
#[derive(Debug, Default)]
pub(crate) struct Vocabulary {
    literals: HashMap<Name, Literal, FixedState>,
    types: HashMap<Arc<str>, (TypeNumber, Option<Type>), FixedState>,
}

/// A name to look up.
#[derive(Hash)]
pub(crate) struct Borrowed<'a> {
    pub(crate) kind: &'a str,
    pub(crate) id: &'a str,
}

impl Equivalent<Name> for Borrowed<'_> {
    fn equivalent(&self, name: &Name) -> bool {
        *self.id == *name.id && *self.kind == *name.kind
    }
}

impl Vocabulary {
    pub(crate) fn add_literal(&mut self, name: Name) -> Literal {
        let next = number(self.literals.len());
        *self.literals.entry(name).or_insert(next)
    }

    pub(crate) fn add_type(&mut self, kind: &str) -> TypeNumber {
        let next = number(self.types.len());
        self.types.entry(Arc::from(kind)).or_insert_with(|| (next, Type::parse(kind))).0
    }

    pub(crate) fn literal(&self, kind: &str, id: &str) -> Option<Literal> {
        self.literals.get(&Borrowed { kind, id }).copied()
    }

    pub(crate) fn type_number(&self, kind: &str) -> Option<TypeNumber> {
        self.types.get(kind).map(|(number, _)| *number)
    }

    /// A type ready to make names of, and its number; one that the policy set does not use is parsed here.
    pub(crate) fn kind(&self, kind: &str) -> Option<(Cow<'_, Type>, Option<TypeNumber>)> {
        match self.types.get(kind) {
            Some((number, parsed)) => Some((Cow::Borrowed(parsed.as_ref()?), Some(*number))),
            None => Some((Cow::Owned(Type::parse(kind)?), None)),
        }
    }
}

pub(crate) fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Which entities of a snapshot are literals of a policy set. Indices of a snapshot never change, so it only grows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Binding {
    literals: HashMap<EntityIx, Literal, FixedState>,
    /// Asked first: nearly all ancestors of a request are no literals.
    is_literal: FixedBitSet,
    bound: u32,
}

impl Binding {
    /// Whether every entity of a snapshot has been looked at.
    pub(crate) fn covers(&self, snapshot: &Snapshot) -> bool {
        self.bound as usize >= snapshot.len()
    }

    /// Looks at the entities that came since.
    pub(crate) fn extend(&mut self, vocabulary: &Vocabulary, snapshot: &Snapshot) {
        let total = number(snapshot.len());
        for ix in (self.bound..total).map(EntityIx) {
            let name = snapshot.entity(ix).map(|entity| &entity.name);
            if let Some(literal) = name.and_then(|name| vocabulary.literal(&name.kind, &name.id)) {
                self.literals.insert(ix, literal);
                self.is_literal.grow_and_insert(ix.slot());
            }
        }
        self.bound = total;
    }

    pub(crate) fn literal(&self, ix: EntityIx) -> Option<Literal> {
        if self.is_literal.contains(ix.slot()) { self.literals.get(&ix).copied() } else { None }
    }
}
