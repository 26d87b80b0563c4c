//! From a name or alias to the index of an entity. Indices are handed out in order and never taken back.

use std::sync::Arc;

use crate::chunked::Chunked;
use crate::snapshot::cow_map::CowMap;
use crate::snapshot::entity::{Entity, EntityIx, Name};

/// The type under which identities are also found by their id alone.
pub const ANY_IDENTITY: &str = "";

type Cold = Chunked<Arc<Entity>, 64>;

/// All names.
#[derive(Clone, Debug)]
pub struct Names {
    rows: CowMap<Row>,
}

#[derive(Clone, Debug)]
enum Row {
    /// The entity's own name, which stands in the entity.
    Own(EntityIx),
    /// The id alone of an identity, which stands in the entity too.
    Identity(EntityIx),
    /// Another name of it.
    Alias(Arc<(Name, EntityIx)>),
}

impl Names {
    pub(super) fn new(seed: u64) -> Self {
        Self { rows: CowMap::new(seed) }
    }

    pub(super) fn find(&self, kind: &str, id: &str, cold: &Cold) -> Option<EntityIx> {
        self.find_all(kind, id, cold).next()
    }

    pub(super) fn find_all(&self, kind: &str, id: &str, cold: &Cold) -> impl Iterator<Item = EntityIx> {
        let is = move |name: &Name| *name.id == *id && *name.kind == *kind;
        self.rows.all(self.rows.key(&[kind, id])).iter().filter_map(move |(_, row)| match row {
            Row::Own(ix) => cold.get(ix.slot()).is_some_and(|entity| is(&entity.name)).then_some(*ix),
            Row::Identity(ix) => {
                let is_it = |entity: &Arc<Entity>| kind == ANY_IDENTITY && *entity.name.id == *id;
                cold.get(ix.slot()).is_some_and(is_it).then_some(*ix)
            }
            Row::Alias(alias) => is(&alias.0).then_some(alias.1),
        })
    }

    /// Lets an identity be found by its id alone, beside any other of that id.
    pub(super) fn add_identity(&mut self, id: &str, ix: EntityIx) {
        self.rows.add(self.rows.key(&[ANY_IDENTITY, id]), Row::Identity(ix));
    }

    pub(super) fn add_own(&mut self, name: &Name, ix: EntityIx) {
        self.rows.add(self.rows.key(&[&name.kind, &name.id]), Row::Own(ix));
    }

    /// Replaces what the alias stood for before.
    pub(super) fn set_alias(&mut self, name: Name, ix: EntityIx) {
        let key = self.rows.key(&[&name.kind, &name.id]);
        self.rows.remove(key, |row| matches!(row, Row::Alias(alias) if alias.0 == name));
        self.rows.add(key, Row::Alias(Arc::new((name, ix))));
    }
}
