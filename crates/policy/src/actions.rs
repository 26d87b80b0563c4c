//! The actions of a schema: their groups, their classes, and how much risk they bear.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use doorward_model::event::ActionClass;
use doorward_views::snapshot::entity::Name;
use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::cedar::{self, Type, Uid};
use crate::index::Side;
use crate::policy_set::{Kind, Place, Stray};
use crate::vocabulary::{Borrowed, Vocabulary};

/// All actions by type and id.
#[derive(Debug, Default)]
pub(crate) struct Actions {
    all: HashMap<Name, Action, FixedState>,
    /// The type of the action of an id, where the id alone says which.
    types: HashMap<Arc<str>, Arc<str>, FixedState>,
    /// Annotations that mean nothing.
    pub(crate) strays: Vec<Stray>,
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
    /// The types of principals and of resources that it applies to.
    applies_to: [Vec<String>; 2],
    /// What the policies name of it and its groups.
    pub(crate) side: Side,
}

impl Actions {
    /// The actions of a schema, without annotations.
    pub(crate) fn of(schema: Option<&cedar_policy::Schema>) -> Self {
        let mut actions = Self::default();
        let Some((schema, entities)) =
            schema.and_then(|schema| Some((schema, schema.action_entities().ok()?)))
        else {
            return actions;
        };
        for entity in entities.iter() {
            let applies_to = applies_to(schema, &entity.uid());
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
                applies_to,
                side: Side::default(),
                uid: Arc::clone(&uid),
            };
            actions.all.insert(name(&uid), action);
        }
        actions.types = types_by_id(&actions.all);
        actions
    }

    /// Every kind of request that the schema knows.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = Kind<'_>> {
        self.all.iter().flat_map(|(name, action)| {
            let [principals, resources] = &action.applies_to;
            principals.iter().flat_map(move |principal| {
                let kind = move |resource| Kind { principal, action, id: &name.id, resource };
                resources.iter().map(move |resource: &String| kind(resource.as_str()))
            })
        })
    }

    /// Reads `@class` and `@risk_max` of the actions of one file of the schema, and returns those that cannot be read.
    pub(crate) fn annotate(&mut self, fragment: &cedar_policy::SchemaFragment) -> Vec<Misread> {
        let mut misread = Vec::new();
        for (name, action) in &mut self.all {
            let namespace = name.kind.strip_suffix("::Action").and_then(|namespace| namespace.parse().ok());
            let id = cedar_policy::EntityId::new(&*name.id);
            let names = fragment.action_annotations(namespace.clone(), &id).into_iter().flatten();
            let at = format!("{}::{:?}", name.kind, name.id);
            self.strays.extend(names.filter_map(|(name, _)| Stray::of(Place::Action, &at, name)));
            let annotation = |key| fragment.action_annotation(namespace.clone(), &id, key);
            if let Some(text) = annotation(CLASS) {
                match class(text) {
                    Some(class) => action.class = class,
                    None => {
                        misread.push(Misread { key: CLASS, text: text.to_owned(), expected: CLASSES_TOLD });
                    }
                }
            }
            if let Some(text) = annotation(RISK_MAX) {
                match text.parse().ok().filter(|risk_max| *risk_max <= 100) {
                    Some(risk_max) => action.risk_max = Some(risk_max),
                    None => misread.push(Misread {
                        key: RISK_MAX,
                        text: text.to_owned(),
                        expected: "no number from 0 to 100",
                    }),
                }
            }
        }
        misread
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

fn applies_to(schema: &cedar_policy::Schema, action: &cedar_policy::EntityUid) -> [Vec<String>; 2] {
    let principals = schema.principals_for_action(action).into_iter().flatten().map(ToString::to_string);
    let resources = schema.resources_for_action(action).into_iter().flatten().map(ToString::to_string);
    [principals.collect(), resources.collect()]
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

/// An annotation of an action that cannot be read. Left alone it would silently make an action one of unknown class,
/// or one without a ceiling.
pub(crate) struct Misread {
    /// The name of the annotation.
    pub(crate) key: &'static str,
    /// What it says.
    pub(crate) text: String,
    /// What is wrong with it.
    pub(crate) expected: &'static str,
}

const CLASS: &str = "class";
const RISK_MAX: &str = "risk_max";
const CLASSES_TOLD: &str = "none of read, list, write, permissions, credential, data, execute";

const CLASSES: [(&str, ActionClass); 7] = [
    ("read", ActionClass::Read),
    ("list", ActionClass::List),
    ("write", ActionClass::Write),
    ("permissions", ActionClass::Permissions),
    ("credential", ActionClass::Credential),
    ("data", ActionClass::Data),
    ("execute", ActionClass::Execute),
];
