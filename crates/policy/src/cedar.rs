//! The only module that imports `cedar_policy_core`, which promises no stable interface: pinned with `=`, and held
//! against the stable interface by the differential tests at every change of version.
//!
//! It builds the values and the few entities of one request, and evaluates the bodies of the policies whose scope
//! the index has settled already. Both spare what the stable interface pays per request: closures of ancestors,
//! copies of the request, and conditions built anew for every policy.

use std::collections::BTreeMap;
use std::sync::Arc;

use cedar_policy_core::ast::{
    Context, Eid, Entity, EntityType, EntityUID, EntityUIDEntry, Expr, ExprKind, Literal, Name, PartialValue,
    Request, RestrictedExpr, Value, ValueKind,
};
use cedar_policy_core::entities::{Entities, NoEntitiesSchema, TCComputation};
use cedar_policy_core::evaluator::{Evaluator, RestrictedEvaluator};
use cedar_policy_core::extensions::Extensions;
use doorward_views::snapshot::attribute::{Attribute, Record};
use foldhash::fast::FixedState;
use hashbrown::HashSet;

pub(crate) mod carried;
pub(crate) mod reads;

/// The name of an entity, as Cedar wants it.
pub(crate) type Uid = Arc<EntityUID>;

/// The type of an entity, parsed once.
#[derive(Clone, Debug)]
pub(crate) struct Type(EntityType);

impl Type {
    /// Reads a type name; `None` when it is none.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        name.parse().ok().map(Self)
    }

    /// The type of a name.
    pub(crate) fn of(uid: &EntityUID) -> Self {
        Self(uid.entity_type().clone())
    }

    /// The name of an entity of this type.
    pub(crate) fn uid(&self, id: &Arc<str>) -> Uid {
        Arc::new(EntityUID::from_components(self.0.clone(), Eid::new(Arc::clone(id)), None))
    }
}

/// The body of a policy, without its scope and without source locations, which cost a reference count per node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Body(Expr);

impl Body {
    /// `true && body`, so that a body that is no truth value errs as it does in Cedar; `None` for a policy that asks
    /// for nothing but its scope.
    pub(crate) fn of(policy: &cedar_policy::Policy) -> Option<Self> {
        let policy: &cedar_policy_core::ast::Policy = policy.as_ref();
        let body = policy.non_scope_constraints()?;
        let always = matches!(body.expr_kind(), ExprKind::Lit(Literal::Bool(true)));
        (!always).then(|| Self(Expr::and(Expr::val(true), reads::without_locations(body))))
    }
}

/// The parts of bodies, each kept once: what many policies ask is then in the cache for all of them.
#[derive(Debug, Default)]
pub(crate) struct Parts(HashSet<Expr, FixedState>);

impl Parts {
    /// The same body, of parts that others have too.
    pub(crate) fn share(&mut self, body: &Body) -> Body {
        Body(self.shared(&body.0))
    }

    fn shared(&mut self, expr: &Expr) -> Expr {
        let whole = match expr.expr_kind() {
            ExprKind::And { left, right } => Expr::and(self.shared(left), self.shared(right)),
            ExprKind::Or { left, right } => Expr::or(self.shared(left), self.shared(right)),
            ExprKind::BinaryApp { op, arg1, arg2 } => {
                Expr::binary_app(*op, self.shared(arg1), self.shared(arg2))
            }
            ExprKind::GetAttr { expr, attr } => Expr::get_attr(self.shared(expr), attr.clone()),
            _ => expr.clone(),
        };
        self.0.get_or_insert_with(&whole, Expr::clone).clone()
    }
}

/// A value that an attribute, a property or a part of the context has.
pub(crate) fn value(attribute: &Attribute) -> Result<Value, String> {
    Ok(match attribute {
        Attribute::Bool(is) => Value::from(*is),
        Attribute::Long(number) => Value::from(*number),
        Attribute::Text(text) => Value::new(Literal::String(Arc::clone(text).into()), None),
        Attribute::Entity(kind, id) => {
            let kind = Type::parse(kind).ok_or_else(|| format!("{kind} is no entity type"))?;
            Value::new(Literal::EntityUID(kind.uid(id)), None)
        }
        Attribute::Set(values) => {
            let values: Result<Vec<_>, _> = values.iter().map(value).collect();
            Value::set(values?, None)
        }
        Attribute::Record(record) => Value::record_arc(pairs(record)?, None),
        Attribute::Call(..) => call(attribute)?,
    })
}

fn pairs<K: From<Arc<str>> + Ord>(record: &Record) -> Result<Arc<BTreeMap<K, Value>>, String> {
    record
        .iter()
        .map(|(name, part)| Ok((Arc::clone(name).into(), value(part)?)))
        .collect::<Result<_, _>>()
        .map(Arc::new)
}

fn call(attribute: &Attribute) -> Result<Value, String> {
    let evaluator = RestrictedEvaluator::new(Extensions::all_available());
    evaluator.interpret(expression(attribute)?.as_borrowed()).map_err(|error| error.to_string())
}

fn expression(attribute: &Attribute) -> Result<RestrictedExpr, String> {
    let Attribute::Call(function, arguments) = attribute else {
        return value(attribute).map(RestrictedExpr::from);
    };
    let function: Name = function.parse().map_err(|_| format!("{function} is no function"))?;
    let arguments: Result<Vec<_>, _> = arguments.iter().map(expression).collect();
    Ok(RestrictedExpr::call_extension_fn(function, arguments?))
}

pub(crate) use cedar_policy_core::ast::Value as Built;

/// A record of values by name.
pub(crate) fn record<const N: usize>(parts: [(&str, Value); N]) -> Value {
    Value::record(parts, None)
}

pub(crate) fn set(items: impl IntoIterator<Item = Value>) -> Value {
    Value::set(items, None)
}

/// The entities that one request needs.
#[derive(Debug, Default)]
pub(crate) struct Slice {
    entities: Vec<Entity>,
}

impl Slice {
    /// Adds an entity with some or all of its attributes, ancestors and tags.
    pub(crate) fn add<'a>(
        &mut self,
        uid: &Uid,
        attributes: impl IntoIterator<Item = (&'a str, Value)>,
        ancestors: impl IntoIterator<Item = Uid>,
        tags: impl IntoIterator<Item = (&'a str, Value)>,
    ) {
        let parts = |(name, value): (&str, Value)| (name.into(), PartialValue::from(value));
        self.entities.push(Entity::new_with_attr_partial_value(
            (**uid).clone(),
            attributes.into_iter().map(parts),
            std::iter::empty().collect(),
            ancestors.into_iter().map(|uid| (*uid).clone()).collect(),
            tags.into_iter().map(parts),
        ));
    }

    /// Adds an entity that is kept whole: an action of the schema.
    pub(crate) fn add_whole(&mut self, action: &Whole) {
        self.entities.push(action.0.clone());
    }
}

/// An entity that is kept as Cedar has it.
#[derive(Clone, Debug)]
pub(crate) struct Whole(Entity);

/// An action of the schema: its name, itself, and the groups it is in.
pub(crate) fn action_entity(entity: &cedar_policy::Entity) -> (Uid, Whole, Vec<EntityUID>) {
    let entity: &Entity = entity.as_ref();
    (Arc::new(entity.uid().clone()), Whole(entity.clone()), entity.ancestors().cloned().collect())
}

/// The type and the id of a name.
pub(crate) fn parts_of(uid: &EntityUID) -> (String, String) {
    let id: &str = uid.eid().as_ref();
    (uid.entity_type().to_string(), id.to_owned())
}

/// Whether a body holds; or why that cannot be said, in Cedar's words.
pub(crate) type Holds = Result<bool, String>;

/// What bodies are evaluated over.
pub(crate) struct Question<'n> {
    /// Principal, action, resource.
    pub(crate) uids: [Uid; 3],
    pub(crate) context: Vec<(&'n str, Value)>,
    pub(crate) slice: Slice,
}

/// Whether the body of each row holds. What has no body holds.
pub(crate) fn evaluate<T: Copy>(
    question: Question<'_>,
    rows: &[T],
    body: impl Fn(&T) -> Option<&Body>,
) -> Result<Vec<(T, Holds)>, String> {
    let [principal, action, resource] = question.uids.map(|euid| EntityUIDEntry::Known { euid, loc: None });
    let context = question.context.into_iter().map(|(name, value)| (name.into(), value)).collect();
    let context = Context::Value(Arc::new(context));
    let request = Request::new_unchecked(principal, action, resource, Some(context));
    let entities = Entities::from_entities(
        question.slice.entities,
        None::<&NoEntitiesSchema>,
        TCComputation::AssumeAlreadyComputed,
        Extensions::all_available(),
    );
    let entities = entities.map_err(|error| error.to_string())?;
    let evaluator = Evaluator::new(request, &entities, Extensions::all_available());
    let slots = std::iter::empty().collect();
    let holds = |body: &Body| match evaluator.interpret(&body.0, &slots) {
        // INVARIANT: a conjunction is a truth value or an error.
        Ok(value) => Ok(*value.value_kind() == ValueKind::Lit(Literal::Bool(true))),
        Err(error) => Err(error.to_string()),
    };
    Ok(rows.iter().map(|row| (*row, body(row).map_or(Ok(true), holds))).collect())
}
