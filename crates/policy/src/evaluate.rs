//! What the policies say, as plain Cedar says it: decision, reasons and errors.

use std::sync::Arc;

use doorward_model::decision::PolicyFailure;
use doorward_views::snapshot::attribute::{Attribute, Record};
use doorward_views::snapshot::entity::{Entity, EntityIx};

use crate::actions::Action;
use crate::cedar::{Question, Uid};
use crate::context::Context;
use crate::index::{RowNumber, Side};
use crate::policy_set::Row;
use crate::reading::Masks;
use crate::slice;
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
        outcome.holding(world).filter(|row| row.permits == permits).map(|row| Arc::clone(&row.id)).collect()
    };
    let (permits, forbids) = (holding(true), holding(false));
    let allowed = forbids.is_empty() && !permits.is_empty();
    let reasons = if forbids.is_empty() { permits } else { forbids };
    Ok(Evaluation { allowed, reasons, errors: outcome.failures(world) })
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
    pub(crate) uid: Uid,
    /// What is stored of it, if it is known.
    pub(crate) entity: Option<&'w Arc<Entity>>,
    /// The action of the schema, if it is one.
    pub(crate) action: Option<&'w Action>,
    side: Side,
}

impl<'w> Parties<'w> {
    fn resolve(world: &'w World, query: &Query<'_>) -> Result<Self, Unusable> {
        Ok(Self {
            principal: Party::resolve(world, query.principal)?,
            action: Party::resolve(world, query.action)?,
            resource: Party::resolve(world, query.resource)?,
            unknown: Unknown::Absent,
        })
    }

    /// Of a principal that was found already; what is not known is marked so.
    pub(crate) fn of_known(
        world: &'w World,
        principal: EntityIx,
        action: EntityRef<'_>,
        resource: EntityRef<'_>,
    ) -> Result<Self, Unusable> {
        Ok(Self {
            principal: Party::stored(world, principal)?,
            action: Party::resolve(world, action)?,
            resource: Party::resolve(world, resource)?,
            unknown: Unknown::Marked,
        })
    }

    fn candidates(&self, world: &World) -> Vec<RowNumber> {
        let (principal, resource) = (&self.principal, &self.resource);
        world.policy.index.candidates(
            &principal.side,
            &self.action.side,
            &resource.side,
            |of_principal, name| {
                if of_principal { principal.attribute(name) } else { resource.attribute(name) }
            },
        )
    }
}

impl<'w> Party<'w> {
    fn resolve(world: &'w World, name: EntityRef<'_>) -> Result<Self, Unusable> {
        let vocabulary = &world.policy.vocabulary;
        if let Some(action) = world.policy.actions.find(name.kind, name.id) {
            let kind = vocabulary.type_number(name.kind);
            let side = Side { own: action.own_literal, literals: action.literals.clone(), kind };
            return Ok(Self { uid: Arc::clone(&action.uid), entity: None, action: Some(action), side });
        }
        if let Some(ix) = world.snapshot.find(name.kind, name.id) {
            return Self::stored(world, ix);
        }
        let own = vocabulary.literal(name.kind, name.id);
        let side = Side { own, literals: own.into_iter().collect(), kind: vocabulary.type_number(name.kind) };
        Ok(Self { uid: uid(world, name.kind, &name.id.into())?, entity: None, action: None, side })
    }

    fn stored(world: &'w World, ix: EntityIx) -> Result<Self, Unusable> {
        let entity = world.snapshot.entity(ix).ok_or_else(|| Unusable::Type(String::new()))?;
        let side = Side {
            own: world.binding.literal(ix),
            literals: entity.ancestors.iter().filter_map(|ix| world.binding.literal(*ix)).collect(),
            kind: world.policy.vocabulary.type_number(&entity.name.kind),
        };
        let uid = uid(world, &entity.name.kind, &entity.name.id)?;
        Ok(Self { uid, entity: Some(entity).filter(|entity| entity.known), action: None, side })
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&'w Attribute> {
        self.entity?.attributes.get(name)
    }
}

pub(crate) fn uid(world: &World, kind: &str, id: &Arc<str>) -> Result<Uid, Unusable> {
    world
        .policy
        .vocabulary
        .with_type(kind, |kind| kind.uid(id))
        .ok_or_else(|| Unusable::Type(kind.to_owned()))
}

/// What came of each candidate.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) rows: Vec<RowNumber>,
    pub(crate) results: Vec<Result<bool, String>>,
}

impl Outcome {
    pub(crate) fn each<'w>(
        &self,
        world: &'w World,
    ) -> impl Iterator<Item = (&'w Row, &Result<bool, String>)> {
        let rows = self.rows.iter().filter_map(|row| world.policy.rows.get(*row as usize));
        rows.zip(&self.results)
    }

    /// The policies that hold.
    pub(crate) fn holding<'w>(&self, world: &'w World) -> impl Iterator<Item = &'w Row> {
        self.each(world).filter(|(_, result)| **result == Ok(true)).map(|(row, _)| row)
    }

    pub(crate) fn failures(&self, world: &World) -> Vec<PolicyFailure> {
        let failure = |(row, result): (&Row, &Result<bool, String>)| {
            let message = result.as_ref().err()?.clone();
            Some(PolicyFailure { policy: row.id.to_string(), message })
        };
        self.each(world).filter_map(failure).collect()
    }
}

/// Evaluates the candidates over no more than what they read.
pub(crate) fn outcome(
    world: &World,
    parties: &Parties<'_>,
    context: &Context<'_>,
) -> Result<Outcome, Unusable> {
    let rows = parties.candidates(world);
    let candidates: Vec<_> = rows.iter().filter_map(|row| world.policy.rows.get(*row as usize)).collect();
    if candidates.is_empty() {
        return Ok(Outcome { rows, results: Vec::new() });
    }
    let mut reads = candidates.iter().fold(Masks::default(), |masks, row| masks.union(row.reads));
    reads.deep |= context.names_entity();
    let slice = slice::build(world, parties, context, &candidates, reads)?;
    let context = context.values(&world.policy.columns.context, reads).map_err(Unusable::Value)?;
    let uids = [&parties.principal.uid, &parties.action.uid, &parties.resource.uid];
    let question = Question::new(uids, context, slice).map_err(Unusable::Value)?;
    let bodies: Vec<_> = candidates.iter().map(|row| &row.body).collect();
    let results = question.evaluate(&bodies);
    Ok(Outcome { rows, results })
}
