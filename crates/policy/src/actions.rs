//! The actions of a schema: their groups, their classes, and how much risk they bear.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use doorward_model::event::ActionClass;
use doorward_views::snapshot::entity::Name;
use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::cedar::{self, Type, Uid};
use crate::index::Side;
use crate::vocabulary::{Borrowed, Vocabulary};

/// All actions by type and id.
#[derive(Debug, Default)]
pub(crate) struct Actions {
    all: HashMap<Name, Action, FixedState>,
    /// The type of the action of an id, where the id alone says which.
    types: HashMap<Arc<str>, Arc<str>, FixedState>,
}

/// One action.
#[derive(Debug)]
pub(crate) struct Action {
    pub(crate) kind: Type,
    pub(crate) uid: Uid,
    pub(crate) entity: cedar::Whole,
    pub(crate) class: ActionClass,
    /// The greatest risk at which it passes; any, when not said.
    pub(crate) risk_max: Option<u32>,
    ancestors: Vec<Name>,
    /// What the policies name of it and its groups.
    pub(crate) side: Side,
}

impl Actions {
    /// The actions of a schema, without annotations.
    pub(crate) fn of(schema: Option<&cedar_policy::Schema>) -> Self {
        let mut actions = Self::default();
        let entities = schema.and_then(|schema| schema.action_entities().ok());
        for entity in entities.iter().flat_map(cedar_policy::Entities::iter) {
            let (uid, entity, ancestors) = cedar::action_entity(entity);
            let name = |uid| {
                let (kind, id) = cedar::parts_of(uid);
                Name::new(&kind, &id)
            };
            let action = Action {
                kind: Type::of(&uid),
                entity,
                class: ActionClass::Unknown,
                risk_max: None,
                ancestors: ancestors.iter().map(name).collect(),
                side: Side::default(),
                uid: Arc::clone(&uid),
            };
            actions.all.insert(name(&uid), action);
        }
        actions.types = types_by_id(&actions.all);
        actions
    }

    /// Reads `@class` and `@risk_max` of the actions of one file of the schema.
    pub(crate) fn annotate(&mut self, fragment: &cedar_policy::SchemaFragment) {
        for (name, action) in &mut self.all {
            let namespace = name.kind.strip_suffix("::Action").and_then(|namespace| namespace.parse().ok());
            let annotation = |key| {
                fragment.action_annotation(namespace.clone(), &cedar_policy::EntityId::new(&*name.id), key)
            };
            action.class = annotation("class").and_then(class).unwrap_or(action.class);
            action.risk_max = annotation("risk_max").and_then(|text| text.parse().ok()).or(action.risk_max);
        }
    }

    /// Looks up what of the actions the policies name.
    pub(crate) fn bind(&mut self, vocabulary: &Vocabulary) {
        for (name, action) in &mut self.all {
            let literal = |name: &Name| vocabulary.literal(&name.kind, &name.id);
            let own = literal(name);
            let groups = action.ancestors.iter().filter_map(literal);
            let literals = own.into_iter().chain(groups).collect();
            action.side = Side { own, literals, kind: vocabulary.type_number(&name.kind) };
        }
    }

    /// The action of a type and an id.
    pub(crate) fn find(&self, kind: &str, id: &str) -> Option<&Action> {
        self.all.get(&Borrowed { kind, id })
    }

    /// The action of an id: `Action::"ID"`, or that of the one namespace that has such an action.
    pub(crate) fn named(&self, id: &str) -> Option<&Action> {
        self.find(self.types.get(id)?, id)
    }
}

fn types_by_id(actions: &HashMap<Name, Action, FixedState>) -> HashMap<Arc<str>, Arc<str>, FixedState> {
    let mut kinds = BTreeMap::<Arc<str>, BTreeSet<Arc<str>>>::new();
    for name in actions.keys() {
        kinds.entry(Arc::clone(&name.id)).or_default().insert(Arc::clone(&name.kind));
    }
    let only = |(id, kinds): (Arc<str>, BTreeSet<Arc<str>>)| {
        let plain = kinds.get("Action").cloned();
        let kind = plain.or_else(|| kinds.first().filter(|_| kinds.len() == 1).cloned())?;
        Some((id, kind))
    };
    kinds.into_iter().filter_map(only).collect()
}

fn class(word: &str) -> Option<ActionClass> {
    let word = word.trim();
    CLASSES.iter().find(|(name, _)| *name == word).map(|(_, class)| *class)
}

/// Whether a text is a class that `@class` may name.
pub(crate) fn is_class(word: &str) -> bool {
    class(word).is_some()
}

const CLASSES: [(&str, ActionClass); 7] = [
    ("read", ActionClass::Read),
    ("list", ActionClass::List),
    ("write", ActionClass::Write),
    ("permissions", ActionClass::Permissions),
    ("credential", ActionClass::Credential),
    ("data", ActionClass::Data),
    ("execute", ActionClass::Execute),
];
