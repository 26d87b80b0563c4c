//! The entities that the candidates of one request can read, built for it and dropped after it.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use doorward_views::snapshot::attribute::{Attribute, Record};
use doorward_views::snapshot::entity::{Entity, Name};

use crate::cedar::{self, Built, Slice, Uid};
use crate::context::Context;
use crate::evaluate::{Parties, Party, Unknown, Unusable, uid};
use crate::policy_set::Row;
use crate::reading::{Masks, selected};
use crate::world::World;

/// How many entities one decision may read.
pub(crate) const ENTITIES_MAX: usize = 10_000;

/// The attribute that tells a known entity from one that was only named.
const KNOWN: &str = "known";

/// What the candidates read, and no more; all that can be reached when some candidate looks beyond.
pub(crate) fn build(
    world: &World,
    parties: &Parties<'_>,
    context: &Context<'_>,
    candidates: &[&Row],
    reads: Masks,
) -> Result<Slice, Unusable> {
    let [p, a, r] = [&parties.principal.uid, &parties.action.uid, &parties.resource.uid];
    // Only an action of the schema is kept whole.
    let strange_action = reads.action && parties.action.action.is_none();
    if reads.deep || strange_action || p == r || p == a || a == r {
        return reachable(world, parties, context, candidates);
    }
    let mut slice = Slice::default();
    add(world, &mut slice, &parties.principal, Reading::of(parties, reads.principal, reads.principal_in))?;
    add(world, &mut slice, &parties.resource, Reading::of(parties, reads.resource, reads.resource_in))?;
    if let Some(action) = parties.action.action.filter(|_| reads.action) {
        slice.add_whole(&action.entity);
    }
    Ok(slice)
}

/// What is read of one entity.
#[derive(Clone, Copy)]
struct Reading {
    attributes: u128,
    ancestors: bool,
    unknown: Unknown,
}

impl Reading {
    const fn of(parties: &Parties<'_>, attributes: u128, ancestors: bool) -> Self {
        Self { attributes, ancestors, unknown: parties.unknown }
    }
}

fn add(world: &World, slice: &mut Slice, party: &Party<'_>, reading: Reading) -> Result<(), Unusable> {
    if let Some(action) = party.action {
        slice.add_whole(&action.entity);
        return Ok(());
    }
    let mut values: Vec<(&str, Built)> = Vec::with_capacity(4);
    for name in selected(&world.policy.columns.attributes, reading.attributes) {
        if let Some(attribute) = party.attribute(name) {
            values.push((name, build_value(attribute)?));
        } else if name == KNOWN && reading.unknown == Unknown::Marked {
            values.push((KNOWN, Built::from(party.entity.is_some())));
        }
    }
    let ancestors = match party.entity.filter(|_| reading.ancestors) {
        Some(entity) => ancestors(world, entity)?,
        None => Vec::new(),
    };
    if party.entity.is_some() || !values.is_empty() {
        slice.add(&party.uid, values, ancestors, []);
    }
    Ok(())
}

/// Principal, action, resource, the entities that candidates name, those in the context, and all that their
/// attributes and tags lead to; each in full.
fn reachable(
    world: &World,
    parties: &Parties<'_>,
    context: &Context<'_>,
    candidates: &[&Row],
) -> Result<Slice, Unusable> {
    let mut reach = Reach { world, unknown: parties.unknown, seen: BTreeSet::new(), open: VecDeque::new() };
    for party in [&parties.principal, &parties.action, &parties.resource] {
        let (kind, id) = cedar::parts_of(&party.uid);
        reach.name(Name::new(&kind, &id))?;
    }
    for name in candidates.iter().flat_map(|row| row.literals.iter()) {
        reach.name(name.clone())?;
    }
    for attribute in context.attributes() {
        reach.within(attribute)?;
    }
    let mut slice = Slice::default();
    while let Some(name) = reach.open.pop_front() {
        reach.add(&mut slice, &name)?;
    }
    Ok(slice)
}

struct Reach<'w> {
    world: &'w World,
    unknown: Unknown,
    seen: BTreeSet<Name>,
    open: VecDeque<Name>,
}

impl Reach<'_> {
    fn name(&mut self, name: Name) -> Result<(), Unusable> {
        if self.seen.insert(name.clone()) {
            self.open.push_back(name);
        }
        if self.seen.len() > ENTITIES_MAX { Err(Unusable::TooWide) } else { Ok(()) }
    }

    fn within(&mut self, attribute: &Attribute) -> Result<(), Unusable> {
        match attribute {
            Attribute::Bool(_) | Attribute::Long(_) | Attribute::Text(_) => Ok(()),
            Attribute::Entity(kind, id) => self.name(Name { kind: Arc::clone(kind), id: Arc::clone(id) }),
            Attribute::Set(values) | Attribute::Call(_, values) => {
                values.iter().try_for_each(|value| self.within(value))
            }
            Attribute::Record(record) => record.iter().try_for_each(|(_, value)| self.within(value)),
        }
    }

    fn add(&mut self, slice: &mut Slice, name: &Name) -> Result<(), Unusable> {
        if let Some(action) = self.world.policy.actions.find(&name.kind, &name.id) {
            slice.add_whole(&action.entity);
            return Ok(());
        }
        let found =
            self.world.snapshot.find(&name.kind, &name.id).and_then(|ix| self.world.snapshot.entity(ix));
        let stored = found.filter(|entity| entity.known && entity.name == *name);
        let marked = self.unknown == Unknown::Marked;
        let Some(entity) = stored else {
            if marked {
                let uid = uid(self.world, &name.kind, &name.id)?;
                slice.add(&uid, [(KNOWN, Built::from(false))], [], []);
            }
            return Ok(());
        };
        let mut attributes = build_all(&entity.attributes)?;
        if marked && entity.attributes.get(KNOWN).is_none() {
            attributes.push((KNOWN, Built::from(true)));
        }
        let uid = uid(self.world, &name.kind, &name.id)?;
        slice.add(&uid, attributes, ancestors(self.world, entity)?, build_all(&entity.tags)?);
        for (_, attribute) in entity.attributes.iter().chain(entity.tags.iter()) {
            self.within(attribute)?;
        }
        Ok(())
    }
}

fn ancestors(world: &World, entity: &Entity) -> Result<Vec<Uid>, Unusable> {
    let above =
        entity.ancestors.iter().filter_map(|ix| world.snapshot.entity(*ix)).map(|entity| &entity.name);
    above.filter(|name| **name != entity.name).map(|name| uid(world, &name.kind, &name.id)).collect()
}

fn build_value(attribute: &Attribute) -> Result<Built, Unusable> {
    cedar::value(attribute).map_err(Unusable::Value)
}

fn build_all(record: &Record) -> Result<Vec<(&str, Built)>, Unusable> {
    record.iter().map(|(name, attribute)| Ok((&**name, build_value(attribute)?))).collect()
}
