//! Policy files and a schema in, a validated set out: immutable, hashed, with its index.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use doorward_model::decision::{Obligation, ObligationType};
use doorward_model::hash::Hash16;
use doorward_views::snapshot::entity::Name;
use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::actions::Actions;
use crate::cedar::reads::{self, Reads};
use crate::cedar::{self, Body, Parts};
use crate::index::Index;
use crate::reading::{Columns, Masks};
use crate::vocabulary::{Vocabulary, number};

mod costs;
pub mod load;
mod strays;

pub(crate) use costs::Kind;
pub use costs::{Cost, Expected};
pub use strays::{Meant, Place, Stray};

/// A policy set that can decide.
#[derive(Debug)]
pub struct PolicySet {
    /// The hash of its files.
    pub hash: Hash16,
    pub(crate) stable: cedar_policy::PolicySet,
    pub(crate) rows: Vec<Row>,
    conditions: Vec<Condition>,
    pub(crate) index: Index,
    pub(crate) vocabulary: Vocabulary,
    pub(crate) columns: Columns,
    pub(crate) actions: Actions,
    /// The entity types of the schema; none without a schema.
    pub(crate) types: BTreeSet<String>,
}

/// A template with its slots filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The id of the policy that comes out.
    pub id: String,
    /// The id of the template.
    pub template: String,
    /// What stands for `?principal`.
    pub principal: Option<Name>,
    /// What stands for `?resource`.
    pub resource: Option<Name>,
}

/// One policy, ready to be evaluated.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) id: Arc<str>,
    pub(crate) permits: bool,
    /// What it asks beyond its scope, by its place among the conditions.
    condition: Option<u32>,
    extras: Option<Box<Extras>>,
}

/// What policies ask beyond their scope: kept once for all that ask the same, so that it is in the cache.
#[derive(Debug)]
pub(crate) struct Condition {
    pub(crate) body: Body,
    /// The same over a context that carries the attributes, where that can be.
    pub(crate) carried: Option<Body>,
    pub(crate) reads: Masks,
}

/// What only few policies ask for.
#[derive(Debug)]
struct Extras {
    /// `@step_up("ACR ...")` with `@max_age("SECONDS")`: the policy counts only after it (permit) or until then
    /// (forbid).
    step_up: Option<Obligation>,
    /// `@obligation("TYPE")`: what must be done whenever the policy settles a decision.
    obligation: Option<Obligation>,
    /// The entities that a deep condition names.
    literals: Box<[Name]>,
}

impl PolicySet {
    /// A set from parsed policies, checked against nothing. For what was checked before, and for comparisons.
    #[must_use]
    pub fn without_validation(
        stable: cedar_policy::PolicySet,
        schema: Option<&cedar_policy::Schema>,
    ) -> Self {
        Self::assemble(stable, Actions::of(schema), types_of(schema), Hash16::of(b""))
    }

    pub(crate) fn assemble(
        stable: cedar_policy::PolicySet,
        mut actions: Actions,
        types: BTreeSet<String>,
        hash: Hash16,
    ) -> Self {
        let mut vocabulary = Vocabulary::default();
        let mut columns = Columns::default();
        for kind in &types {
            vocabulary.add_type(kind);
        }
        let policies: Vec<_> = stable.policies().collect();
        let index = Index::build(&policies, &mut vocabulary);
        let mut conditions = Conditions::default();
        let row = |policy: &&cedar_policy::Policy| Row::of(policy, &mut columns, &mut conditions);
        let rows = policies.iter().map(row).collect();
        actions.bind(&vocabulary);
        let conditions = conditions.all;
        Self { hash, stable, rows, conditions, index, vocabulary, columns, actions, types }
    }

    /// What a policy asks beyond its scope; nothing when absent.
    pub(crate) fn condition(&self, row: &Row) -> Option<&Condition> {
        self.conditions.get(row.condition? as usize)
    }

    /// The same policies through Cedar's stable interface: the oracle of the tests.
    #[must_use]
    pub const fn stable(&self) -> &cedar_policy::PolicySet {
        &self.stable
    }

    /// How many policies there are, links included.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// All conditions, each once.
#[derive(Default)]
struct Conditions {
    all: Vec<Condition>,
    known: HashMap<Body, u32, FixedState>,
    parts: Parts,
}

impl Conditions {
    fn add(&mut self, body: &Body, reads: &Reads, columns: &mut Columns) -> u32 {
        let body = self.parts.share(body);
        *self.known.entry(body).or_insert_with_key(|body| {
            let carried = body.carried(reads).map(|body| self.parts.share(&body));
            let reads = columns.masks(reads, carried.as_ref());
            self.all.push(Condition { body: body.clone(), carried, reads });
            number(self.all.len() - 1)
        })
    }
}

impl Row {
    fn of(policy: &cedar_policy::Policy, columns: &mut Columns, conditions: &mut Conditions) -> Self {
        let id: Arc<str> = policy.id().to_string().into();
        let reads = reads::reads(policy);
        let literals = policy.entity_literals().iter().filter(|_| reads.deep).map(name_of).collect();
        Self {
            permits: policy.effect() == cedar_policy::Effect::Permit,
            condition: Body::of(policy).map(|body| conditions.add(&body, &reads, columns)),
            extras: Extras::of(policy, &id, literals),
            id,
        }
    }

    pub(crate) fn step_up(&self) -> Option<&Obligation> {
        self.extras.as_ref()?.step_up.as_ref()
    }

    pub(crate) fn obligation(&self) -> Option<&Obligation> {
        self.extras.as_ref()?.obligation.as_ref()
    }

    pub(crate) fn literals(&self) -> &[Name] {
        self.extras.as_ref().map(|extras| &*extras.literals).unwrap_or_default()
    }
}

impl Extras {
    fn of(policy: &cedar_policy::Policy, id: &str, literals: Box<[Name]>) -> Option<Box<Self>> {
        let extras = Self { step_up: step_up(policy, id), obligation: obligation(policy, id), literals };
        let any = extras.step_up.is_some() || extras.obligation.is_some() || !extras.literals.is_empty();
        any.then(|| Box::new(extras))
    }
}

fn step_up(policy: &cedar_policy::Policy, id: &str) -> Option<Obligation> {
    let acr_values = policy.annotation("step_up")?.split_whitespace().map(str::to_owned).collect();
    let max_age_s = policy.annotation("max_age").and_then(|text| text.parse().ok()).unwrap_or_default();
    Some(Obligation {
        id: id.to_owned(),
        kind: ObligationType::StepUp.into(),
        acr_values,
        max_age_s,
        properties: BTreeMap::new(),
    })
}

fn obligation(policy: &cedar_policy::Policy, id: &str) -> Option<Obligation> {
    let kind = ObligationType::from_word(policy.annotation("obligation")?)?;
    let property = |(name, value): (&str, &str)| {
        name.strip_prefix("obligation_").map(|name| (name.to_owned(), value.to_owned()))
    };
    let properties = policy.annotations().filter_map(property).collect();
    Some(Obligation { id: id.to_owned(), kind: kind.into(), properties, ..Obligation::default() })
}

pub(crate) fn types_of(schema: Option<&cedar_policy::Schema>) -> BTreeSet<String> {
    schema.into_iter().flat_map(|schema| schema.entity_types().map(ToString::to_string)).collect()
}

/// The constraint on principal or resource, in the numbers of the vocabulary; see [`Index`].
pub(crate) fn name_of(uid: &cedar_policy::EntityUid) -> Name {
    let (kind, id) = cedar::parts_of(uid.as_ref());
    Name::new(&kind, &id)
}
