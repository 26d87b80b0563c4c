//! What the policies say, as plain Cedar says it: decision, reasons and errors.

use std::borrow::Cow;
use std::sync::Arc;

use doorward_model::decision::PolicyFailure;
use doorward_views::snapshot::attribute::{Attribute, Record};
use doorward_views::snapshot::entity::{Entity, EntityIx, Name};

use crate::actions::Action;
use crate::cedar::{self, Holds, Question, Slice, Type, Uid};
use crate::context::Context;
use crate::index::Side;
use crate::policy_set::{Condition, Row};
use crate::reading::Masks;
use crate::slice;
use crate::vocabulary::TypeNumber;
use crate::world::World;

/// The type and id of an entity, as a request names it; an alias will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntityRef<'a> {
    /// The type.
    pub kind: &'a str,
    /// The id.
    pub id: &'a str,
}

/// A question to the policies alone.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    /// Who.
    pub principal: EntityRef<'a>,
    /// Does what.
    pub action: EntityRef<'a>,
    /// To what.
    pub resource: EntityRef<'a>,
    /// Under which circumstances.
    pub context: &'a Record,
}

/// What plain Cedar answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// Whether it is allowed.
    pub allowed: bool,
    /// The policies that made it so, in the order of the set.
    pub reasons: Vec<Arc<str>>,
    /// The policies that could not be evaluated, in the order of the set.
    pub errors: Vec<PolicyFailure>,
}

/// The question cannot be put to Cedar.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// A type that cannot be one.
    #[error("{0:?} is no entity type")]
    Type(String),
    /// A stored or given value that cannot be one.
    #[error("cannot read a value: {0}")]
    Value(String),
    /// More entities can be reached than a decision may read.
    #[error("more than {max} entities can be reached", max = slice::ENTITIES_MAX)]
    TooWide,
}

/// Puts a question to the policies: equal to plain Cedar over all entities of the world in decision, reasons and
/// errors.
///
/// # Errors
/// [`Unusable`] when the question cannot be put to Cedar.
pub fn evaluate(world: &World, query: &Query<'_>) -> Result<Evaluation, Unusable> {
    let parties = Parties::resolve(world, query)?;
    let outcome = outcome(world, &parties, &Context::plain(query.context))?;
    let holding = |permits: bool| -> Vec<_> {
        outcome.holding().filter(|row| row.permits == permits).map(|row| Arc::clone(&row.id)).collect()
    };
    let (permits, forbids) = (holding(true), holding(false));
    let allowed = forbids.is_empty() && !permits.is_empty();
    let reasons = if forbids.is_empty() { permits } else { forbids };
    Ok(Evaluation { allowed, reasons, errors: outcome.failures() })
}

/// What becomes of an entity that is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unknown {
    /// It is absent, as in plain Cedar.
    Absent,
    /// Every entity has `known`, and that one has nothing else.
    Marked,
}

/// Principal, action and resource, found.
#[derive(Debug)]
pub(crate) struct Parties<'w> {
    pub(crate) principal: Party<'w>,
    pub(crate) action: Party<'w>,
    pub(crate) resource: Party<'w>,
    pub(crate) unknown: Unknown,
}

/// One of them.
#[derive(Debug)]
pub(crate) struct Party<'w> {
    who: Who<'w>,
    kind: Cow<'w, Type>,
    side: Cow<'w, Side>,
}

#[derive(Clone, Copy, Debug)]
enum Who<'w> {
    /// An action of the schema.
    Action(&'w Action),
    /// An entity of the snapshot, known or only named.
    Stored(&'w Arc<Entity>),
    /// What nobody has named yet.
    Strange(&'w str),
}

impl<'w> Parties<'w> {
    fn resolve(world: &'w World, query: &Query<'w>) -> Result<Self, Unusable> {
        Ok(Self {
            principal: Party::resolve(world, query.principal)?,
            action: Party::resolve(world, query.action)?,
            resource: Party::resolve(world, query.resource)?,
            unknown: Unknown::Absent,
        })
    }

    /// Of a principal and an action that were found already; what is not known is marked so.
    pub(crate) fn of_known(
        world: &'w World,
        (ix, principal): (EntityIx, &'w Arc<Entity>),
        action: &'w Action,
        resource: EntityRef<'w>,
    ) -> Result<Self, Unusable> {
        Ok(Self {
            principal: Party::stored(world, ix, principal)?,
            action: Party::action(action),
            resource: Party::resolve(world, resource)?,
            unknown: Unknown::Marked,
        })
    }

    fn uids(&self) -> [Uid; 3] {
        [&self.principal, &self.action, &self.resource].map(Party::uid)
    }

    fn candidates(&self, world: &'w World) -> Vec<&'w Row> {
        let (principal, resource) = (&self.principal, &self.resource);
        let rows = world.policy.index.candidates(
            &principal.side,
            &self.action.side,
            &resource.side,
            |of_principal, name| {
                if of_principal { principal.attribute(name) } else { resource.attribute(name) }
            },
        );
        rows.into_iter().filter_map(|row| world.policy.rows.get(row as usize)).collect()
    }
}

impl<'w> Party<'w> {
    fn resolve(world: &'w World, name: EntityRef<'w>) -> Result<Self, Unusable> {
        if let Some(action) = world.policy.actions.find(name.kind, name.id) {
            return Ok(Self::action(action));
        }
        let found = world.snapshot.find(name.kind, name.id);
        if let Some((ix, entity)) = found.and_then(|ix| Some((ix, world.snapshot.entity(ix)?))) {
            return Self::stored(world, ix, entity);
        }
        let own = world.policy.vocabulary.literal(name.kind, name.id);
        let (kind, number) = kind(world, name.kind)?;
        let side = Side { own, literals: own.into_iter().collect(), kind: number };
        Ok(Self { who: Who::Strange(name.id), kind, side: Cow::Owned(side) })
    }

    fn action(action: &'w Action) -> Self {
        Self {
            who: Who::Action(action),
            kind: Cow::Borrowed(&action.kind),
            side: Cow::Borrowed(&action.side),
        }
    }

    fn stored(world: &'w World, ix: EntityIx, entity: &'w Arc<Entity>) -> Result<Self, Unusable> {
        let (kind, number) = kind(world, &entity.name.kind)?;
        let side = Side {
            own: world.binding.literal(ix),
            literals: entity.ancestors.iter().filter_map(|ix| world.binding.literal(*ix)).collect(),
            kind: number,
        };
        Ok(Self { who: Who::Stored(entity), kind, side: Cow::Owned(side) })
    }

    fn uid(&self) -> Uid {
        match self.who {
            Who::Action(action) => Arc::clone(&action.uid),
            Who::Stored(entity) => self.kind.uid(&entity.name.id),
            Who::Strange(id) => self.kind.uid(&id.into()),
        }
    }

    /// The action of the schema, if it is one.
    pub(crate) const fn as_action(&self) -> Option<&'w Action> {
        match self.who {
            Who::Action(action) => Some(action),
            Who::Stored(_) | Who::Strange(_) => None,
        }
    }

    /// What is stored of it, if it is known.
    pub(crate) fn entity(&self) -> Option<&'w Entity> {
        match self.who {
            Who::Stored(entity) => Some(&**entity).filter(|entity| entity.known),
            Who::Action(_) | Who::Strange(_) => None,
        }
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&'w Attribute> {
        self.entity()?.attributes.get(name)
    }
}

fn kind<'w>(world: &'w World, name: &str) -> Result<(Cow<'w, Type>, Option<TypeNumber>), Unusable> {
    world.policy.vocabulary.kind(name).ok_or_else(|| Unusable::Type(name.to_owned()))
}

pub(crate) fn uid(world: &World, name: &Name) -> Result<Uid, Unusable> {
    Ok(kind(world, &name.kind)?.0.uid(&name.id))
}

/// What came of each candidate, in the order of the set.
#[derive(Debug)]
pub(crate) struct Outcome<'w>(pub(crate) Vec<(&'w Row, Holds)>);

impl<'w> Outcome<'w> {
    /// The policies that hold.
    pub(crate) fn holding(&self) -> impl Iterator<Item = &'w Row> {
        self.0.iter().filter(|(_, result)| *result == Ok(true)).map(|(row, _)| *row)
    }

    pub(crate) fn failures(&self) -> Vec<PolicyFailure> {
        let failure = |(row, result): &(&Row, Holds)| {
            let message = result.as_ref().err()?.clone();
            Some(PolicyFailure { policy: row.id.to_string(), message })
        };
        self.0.iter().filter_map(failure).collect()
    }
}

/// Evaluates the candidates over no more than what they read.
pub(crate) fn outcome<'w>(
    world: &'w World,
    parties: &Parties<'w>,
    context: &Context<'_>,
) -> Result<Outcome<'w>, Unusable> {
    let rows = parties.candidates(world);
    let reads = rows.iter().filter_map(|row| Some(world.policy.condition(row)?.reads));
    let Some(mut reads) = reads.reduce(Masks::union) else {
        return Ok(Outcome(rows.into_iter().map(|row| (row, Ok(true))).collect()));
    };
    reads.deep |= context.names_entity();
    let is_action = |party: &Party<'_>| party.as_action().is_some();
    if !reads.entities && !reads.deep && !is_action(&parties.principal) && !is_action(&parties.resource) {
        let outcome = carried(world, parties, context, &rows, reads)?;
        if outcome.0.iter().all(|(_, result)| result.is_ok()) {
            return Ok(outcome);
        }
    }
    let uids = parties.uids();
    let slice = slice::build(world, parties, &uids, (context, &rows), reads)?;
    let context = context.values(&world.policy.columns.context, reads).map_err(Unusable::Value)?;
    let question = Question { uids, context, slice };
    let results = cedar::evaluate(question, &rows, |row| Some(&world.policy.condition(row)?.body));
    results.map(Outcome).map_err(Unusable::Value)
}

/// Without entities: the context carries the attributes that are read.
fn carried<'w>(
    world: &'w World,
    parties: &Parties<'w>,
    context: &Context<'_>,
    rows: &[&'w Row],
    reads: Masks,
) -> Result<Outcome<'w>, Unusable> {
    let mut values = context.values(&world.policy.columns.context, reads).map_err(Unusable::Value)?;
    slice::carry(world, parties, reads, &mut values)?;
    // Who nobody asks for may be anybody.
    let uids = if reads.parties { parties.uids() } else { std::array::from_fn(|_| parties.action.uid()) };
    let question = Question { uids, context: values, slice: Slice::default() };
    let body = |condition: &'w Condition| condition.carried.as_ref().unwrap_or(&condition.body);
    let results = cedar::evaluate(question, rows, |row| world.policy.condition(row).map(body));
    results.map(Outcome).map_err(Unusable::Value)
}
