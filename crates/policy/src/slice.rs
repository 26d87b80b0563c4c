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
    uids: &[Uid; 3],
    asked: (&Context<'_>, &[&Row]),
    reads: Masks,
) -> Result<Slice, Unusable> {
    let [p, a, r] = uids;
    // Only an action of the schema is kept whole.
    let strange_action = reads.action && parties.action.as_action().is_none();
    if reads.deep || strange_action || p == r || p == a || a == r {
        return reachable(world, parties.unknown, uids, asked);
    }
    let mut slice = Slice::default();
    let reading = |attributes, ancestors| Reading { attributes, ancestors, unknown: parties.unknown };
    add(world, &mut slice, (p, &parties.principal), reading(reads.principal, reads.principal_in))?;
    add(world, &mut slice, (r, &parties.resource), reading(reads.resource, reads.resource_in))?;
    if let Some(action) = parties.action.as_action().filter(|_| reads.action) {
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

fn add(
    world: &World,
    slice: &mut Slice,
    (uid, party): (&Uid, &Party<'_>),
    reading: Reading,
) -> Result<(), Unusable> {
    if let Some(action) = party.as_action() {
        slice.add_whole(&action.entity);
        return Ok(());
    }
    let mut values: Vec<(&str, Built)> = Vec::new();
    for column in selected(&world.policy.columns.attributes, reading.attributes) {
        values.extend(attribute(party, &column.name, reading.unknown)?.map(|value| (&*column.name, value)));
    }
    let ancestors = match party.entity().filter(|_| reading.ancestors) {
        Some(entity) => ancestors(world, entity)?,
        None => Vec::new(),
    };
    if party.entity().is_some() || !values.is_empty() {
        slice.add(uid, values, ancestors, []);
    }
    Ok(())
}

/// The attributes that a context carries instead of entities.
pub(crate) fn carry<'w>(
    world: &'w World,
    parties: &Parties<'_>,
    reads: Masks,
    values: &mut Vec<(&'w str, Built)>,
) -> Result<(), Unusable> {
    let columns = &world.policy.columns.attributes;
    for column in selected(columns, reads.principal) {
        let value = attribute(&parties.principal, &column.name, parties.unknown)?;
        values.extend(value.map(|value| (&*column.of_principal, value)));
    }
    for column in selected(columns, reads.resource) {
        let value = attribute(&parties.resource, &column.name, parties.unknown)?;
        values.extend(value.map(|value| (&*column.of_resource, value)));
    }
    Ok(())
}

fn attribute(party: &Party<'_>, name: &str, unknown: Unknown) -> Result<Option<Built>, Unusable> {
    match party.attribute(name) {
        Some(attribute) => build_value(attribute).map(Some),
        None if name == KNOWN && unknown == Unknown::Marked => {
            Ok(Some(Built::from(party.entity().is_some())))
        }
        None => Ok(None),
    }
}

/// Principal, action, resource, the entities that candidates name, those in the context, and all that their
/// attributes and tags lead to; each in full.
fn reachable(
    world: &World,
    unknown: Unknown,
    uids: &[Uid; 3],
    (context, candidates): (&Context<'_>, &[&Row]),
) -> Result<Slice, Unusable> {
    let mut reach = Reach { world, unknown, seen: BTreeSet::new(), open: VecDeque::new() };
    for uid in uids {
        let (kind, id) = cedar::parts_of(uid);
        reach.name(Name::new(&kind, &id))?;
    }
    for name in candidates.iter().flat_map(|row| row.literals()) {
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
                let uid = uid(self.world, name)?;
                slice.add(&uid, [(KNOWN, Built::from(false))], [], []);
            }
            return Ok(());
        };
        let mut attributes = build_all(&entity.attributes)?;
        if marked && entity.attributes.get(KNOWN).is_none() {
            attributes.push((KNOWN, Built::from(true)));
        }
        let uid = uid(self.world, name)?;
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
    above.filter(|name| **name != entity.name).map(|name| uid(world, name)).collect()
}

fn build_value(attribute: &Attribute) -> Result<Built, Unusable> {
    cedar::value(attribute).map_err(Unusable::Value)
}

fn build_all(record: &Record) -> Result<Vec<(&str, Built)>, Unusable> {
    record.iter().map(|(name, attribute)| Ok((&**name, build_value(attribute)?))).collect()
}
