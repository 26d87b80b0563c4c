//! Policy files and a schema in, a validated set out: immutable, hashed, with its index.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use doorward_model::decision::{Obligation, ObligationType};
use doorward_model::hash::Hash16;
use doorward_views::snapshot::entity::Name;

use crate::actions::Actions;
use crate::cedar::reads::{self, Reads};
use crate::cedar::{self, Body, Parts};
use crate::index::Index;
use crate::reading::{Columns, Masks};
use crate::vocabulary::Vocabulary;

pub mod load;

/// A policy set that can decide.
#[derive(Debug)]
pub struct PolicySet {
    /// The hash of its files.
    pub hash: Hash16,
    pub(crate) stable: cedar_policy::PolicySet,
    pub(crate) rows: Vec<Row>,
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
    pub(crate) body: Body,
    pub(crate) reads: Masks,
    pub(crate) extras: Option<Box<Extras>>,
    /// The entities that a deep body names.
    pub(crate) literals: Box<[Name]>,
}

/// What only few policies ask for.
#[derive(Debug)]
pub(crate) struct Extras {
    /// `@step_up("ACR ...")` with `@max_age("SECONDS")`: the policy counts only after it (permit) or until then
    /// (forbid).
    pub(crate) step_up: Option<Obligation>,
    /// `@obligation("TYPE")`: what must be done whenever the policy settles a decision.
    pub(crate) obligation: Option<Obligation>,
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
        let mut parts = Parts::default();
        let rows = policies.iter().map(|policy| Row::of(policy, &mut columns, &mut parts)).collect();
        actions.bind(&vocabulary);
        Self { hash, stable, rows, index, vocabulary, columns, actions, types }
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

    /// What makes decisions dear: policies that every request evaluates, and keys that many policies share.
    #[must_use]
    pub fn costs(&self) -> Vec<Cost> {
        let id = |row: u32| self.rows.get(row as usize).map(|row| row.id.to_string()).unwrap_or_default();
        let always = self.index.always().iter().map(|row| Cost::Always(id(*row)));
        let crowds = self.index.crowds(CROWD_MIN).map(|(rows, first)| Cost::Crowd(id(first), rows));
        let deep = self.rows.iter().filter(|row| row.reads.deep).map(|row| Cost::Deep(row.id.to_string()));
        always.chain(crowds).chain(deep).collect()
    }
}

/// From so many policies under one key on, a lint says so.
const CROWD_MIN: usize = 33;

/// Something that makes decisions dear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cost {
    /// The policy names no principal, action, resource or first attribute: every request evaluates it.
    Always(String),
    /// The policy shares its key with so many others, itself included.
    Crowd(String, usize),
    /// The policy reads entities beyond principal, action and resource.
    Deep(String),
}

impl Row {
    fn of(policy: &cedar_policy::Policy, columns: &mut Columns, parts: &mut Parts) -> Self {
        let id: Arc<str> = policy.id().to_string().into();
        let reads: Reads = reads::reads(policy);
        Self {
            permits: policy.effect() == cedar_policy::Effect::Permit,
            body: Body::of(policy, parts),
            literals: policy.entity_literals().iter().filter(|_| reads.deep).map(name_of).collect(),
            reads: columns.masks(&reads),
            extras: Extras::of(policy, &id),
            id,
        }
    }

    pub(crate) fn step_up(&self) -> Option<&Obligation> {
        self.extras.as_ref()?.step_up.as_ref()
    }

    pub(crate) fn obligation(&self) -> Option<&Obligation> {
        self.extras.as_ref()?.obligation.as_ref()
    }
}

impl Extras {
    fn of(policy: &cedar_policy::Policy, id: &str) -> Option<Box<Self>> {
        let extras = Self { step_up: step_up(policy, id), obligation: obligation(policy, id) };
        (extras.step_up.is_some() || extras.obligation.is_some()).then(|| Box::new(extras))
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
