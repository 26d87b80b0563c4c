//! The actions of a schema: their groups, their classes, and how much risk they bear.

use std::collections::BTreeMap;

use doorward_model::event::ActionClass;
use doorward_views::snapshot::entity::Name;

use crate::cedar::{self, Uid};
use crate::vocabulary::{Literal, Vocabulary};

/// All actions by type and id.
#[derive(Debug, Default)]
pub(crate) struct Actions {
    by_name: BTreeMap<String, BTreeMap<String, Action>>,
}

/// One action.
#[derive(Debug)]
pub(crate) struct Action {
    pub(crate) uid: Uid,
    pub(crate) entity: cedar::Whole,
    pub(crate) class: ActionClass,
    /// The greatest risk at which it passes; any, when not said.
    pub(crate) risk_max: Option<u32>,
    ancestors: Vec<Name>,
    /// The literals among itself and its groups, itself first when it is one.
    pub(crate) literals: Vec<Literal>,
    pub(crate) own_literal: Option<Literal>,
}

impl Actions {
    /// The actions of a schema, without annotations.
    pub(crate) fn of(schema: Option<&cedar_policy::Schema>) -> Self {
        let mut actions = Self::default();
        let entities = schema.and_then(|schema| schema.action_entities().ok());
        for entity in entities.iter().flat_map(cedar_policy::Entities::iter) {
            let (uid, entity, ancestors) = cedar::action_entity(entity);
            let (kind, id) = cedar::parts_of(&uid);
            let name = |uid| {
                let (kind, id) = cedar::parts_of(uid);
                Name::new(&kind, &id)
            };
            let ancestors = ancestors.iter().map(name).collect();
            let action = Action {
                uid,
                entity,
                class: ActionClass::Unknown,
                risk_max: None,
                ancestors,
                literals: Vec::new(),
                own_literal: None,
            };
            actions.by_name.entry(kind).or_default().insert(id, action);
        }
        actions
    }

    /// Reads `@class` and `@risk_max` of the actions of one file of the schema.
    pub(crate) fn annotate(&mut self, fragment: &cedar_policy::SchemaFragment) {
        for (kind, actions) in &mut self.by_name {
            let namespace = kind.strip_suffix("::Action").and_then(|namespace| namespace.parse().ok());
            for (id, action) in actions {
                let annotation = |key| {
                    fragment.action_annotation(namespace.clone(), &cedar_policy::EntityId::new(id), key)
                };
                action.class = annotation("class").and_then(class).unwrap_or(action.class);
                action.risk_max =
                    annotation("risk_max").and_then(|text| text.parse().ok()).or(action.risk_max);
            }
        }
    }

    /// Looks up which actions the policies name.
    pub(crate) fn bind(&mut self, vocabulary: &Vocabulary) {
        for (kind, actions) in &mut self.by_name {
            for (id, action) in actions {
                action.own_literal = vocabulary.literal(kind, id);
                let groups =
                    action.ancestors.iter().filter_map(|name| vocabulary.literal(&name.kind, &name.id));
                action.literals = action.own_literal.into_iter().chain(groups).collect();
            }
        }
    }

    /// The action of a type and an id.
    pub(crate) fn find(&self, kind: &str, id: &str) -> Option<&Action> {
        self.by_name.get(kind)?.get(id)
    }

    /// The type of the action of an id: `Action`, or that of the one namespace that has such an action.
    pub(crate) fn type_of(&self, id: &str) -> Option<&str> {
        let mut having =
            self.by_name.iter().filter(|(_, actions)| actions.contains_key(id)).map(|(kind, _)| kind);
        let first = having.next()?;
        let plain = self.by_name.get_key_value("Action").filter(|(_, actions)| actions.contains_key(id));
        match (plain, having.next()) {
            (Some((plain, _)), _) => Some(plain),
            (None, None) => Some(first),
            (None, Some(_)) => None,
        }
    }
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
