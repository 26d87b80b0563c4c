//! From a request to the few policies whose scope it meets.
//!
//! A policy's condition is its scope and then its body, and no scope can err; so a policy whose scope is not met is
//! neither reason nor error, and may be left out. Each policy is filed once, under the rarest thing that its scope
//! names, or under the value that its first condition asks an attribute to have.

use std::hash::{BuildHasher, Hash};

use cedar_policy::{ActionConstraint, EntityUid, Policy, PrincipalConstraint, ResourceConstraint};
use doorward_views::snapshot::attribute::Attribute;
use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::cedar::reads::{self, Guard};
use crate::policy_set::name_of;
use crate::vocabulary::{Literal, TypeNumber, Vocabulary, number};

/// The place of a policy in its set, which is also the order in which errors are told.
pub(crate) type RowNumber = u32;

/// The index of a policy set.
#[derive(Debug, Default)]
pub(crate) struct Index {
    scopes: Vec<Scope>,
    keys: HashMap<Key, Rows, FixedState>,
    /// The lists of actions that policies name; policies that name the same share one.
    action_lists: Vec<Vec<Literal>>,
    guards: Vec<GuardColumn>,
    always: Vec<RowNumber>,
    has_pairs: bool,
}

/// One side of a request, in the numbers of the vocabulary.
#[derive(Clone, Debug, Default)]
pub(crate) struct Side {
    pub(crate) own: Option<Literal>,
    /// The literals among itself and what it is a member of.
    pub(crate) literals: Vec<Literal>,
    pub(crate) kind: Option<TypeNumber>,
}

#[derive(Debug)]
struct Scope {
    principal: Constraint,
    resource: Constraint,
    action: ActionScope,
}

#[derive(Clone, Copy, Debug)]
enum Constraint {
    Any,
    Is(TypeNumber),
    Equals(Literal),
    In(Literal),
    IsIn(TypeNumber, Literal),
}

#[derive(Clone, Copy, Debug)]
enum ActionScope {
    Any,
    Equals(Literal),
    /// One of a list, by its place among the lists.
    In(u32),
}

/// The policies under a key: nearly always one, which then lies in the table itself.
#[derive(Debug)]
enum Rows {
    One(RowNumber),
    Many(Vec<RowNumber>),
}

impl Rows {
    fn push(&mut self, row: RowNumber) {
        match self {
            Self::One(first) => *self = Self::Many(vec![*first, row]),
            Self::Many(rows) => rows.push(row),
        }
    }

    const fn as_slice(&self) -> &[RowNumber] {
        match self {
            Self::One(row) => std::slice::from_ref(row),
            Self::Many(rows) => rows.as_slice(),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Key {
    Principal(Literal),
    WithinPrincipal(Literal),
    PrincipalType(TypeNumber),
    Resource(Literal),
    WithinResource(Literal),
    ResourceType(TypeNumber),
    Action(Literal),
    WithinAction(Literal),
    /// Both sides, each itself or what it is a member of.
    Pair(Literal, Literal),
}

/// Policies by the value that their first condition asks of one attribute.
#[derive(Debug)]
struct GuardColumn {
    of_principal: bool,
    attribute: String,
    /// By a hash of the value: a collision costs an evaluation and changes nothing.
    by_value: HashMap<u64, Vec<RowNumber>, FixedState>,
    /// When the attribute is absent, all of them err.
    all: Vec<RowNumber>,
}

/// Under a scope key with so many policies a guard is used instead.
const GUARD_FROM: u32 = 3;
/// Under a scope key with so many policies the pair of both sides is used instead.
const PAIR_FROM: u32 = 33;

impl Index {
    pub(crate) fn build(policies: &[&Policy], vocabulary: &mut Vocabulary) -> Self {
        let mut index = Self::default();
        let scopes: Vec<_> = policies.iter().map(|policy| index.scope(policy, vocabulary)).collect();
        let options: Vec<_> = scopes.iter().map(|scope| index.options(scope)).collect();
        let mut uses = HashMap::<Key, u32, FixedState>::default();
        for key in options.iter().flatten().flatten() {
            *uses.entry(*key).or_default() += 1;
        }
        let crowd =
            |keys: &Vec<Key>| keys.iter().map(|key| uses.get(key).copied().unwrap_or_default()).sum::<u32>();
        for (row, ((policy, scope), options)) in policies.iter().zip(&scopes).zip(&options).enumerate() {
            let row = number(row);
            let best = options.iter().min_by_key(|keys| crowd(keys));
            let size = best.map_or(u32::MAX, crowd);
            let guard = if size >= GUARD_FROM { reads::guard(policy) } else { None };
            match (guard, scope.pair(), best) {
                (Some(guard), _, _) => index.file_guarded(row, &guard),
                (None, Some(pair), _) if size >= PAIR_FROM => {
                    index.has_pairs = true;
                    index.file(row, &[pair]);
                }
                (None, _, Some(keys)) => index.file(row, keys),
                (None, _, None) => index.always.push(row),
            }
        }
        index.scopes = scopes;
        index
    }

    fn file(&mut self, row: RowNumber, keys: &[Key]) {
        for key in keys {
            self.keys.entry(*key).and_modify(|rows| rows.push(row)).or_insert(Rows::One(row));
        }
    }

    fn file_guarded(&mut self, row: RowNumber, guard: &Guard) {
        let same = |column: &GuardColumn| {
            column.of_principal == guard.of_principal && column.attribute == guard.attribute
        };
        let at = self.guards.iter().position(same).unwrap_or_else(|| {
            self.guards.push(GuardColumn {
                of_principal: guard.of_principal,
                attribute: guard.attribute.clone(),
                by_value: HashMap::default(),
                all: Vec::new(),
            });
            self.guards.len() - 1
        });
        if let Some(column) = self.guards.get_mut(at) {
            column.all.push(row);
            column.by_value.entry(value_key(&guard.value)).or_default().push(row);
        }
    }

    /// The policies whose scope a request meets, in the order of the set. `attribute` gives what the principal
    /// (true) or the resource (false) has under a name.
    pub(crate) fn candidates<'a>(
        &self,
        principal: &Side,
        action: &Side,
        resource: &Side,
        attribute: impl Fn(bool, &str) -> Option<&'a Attribute>,
    ) -> Vec<RowNumber> {
        let mut rows = Vec::with_capacity(8);
        let mut take = |filed: &[RowNumber]| {
            let meets = |row: &&RowNumber| {
                self.scopes
                    .get(**row as usize)
                    .is_some_and(|scope| self.is_met(scope, principal, action, resource))
            };
            rows.extend(filed.iter().filter(meets));
        };
        for key in keys(principal, action, resource, self.has_pairs) {
            take(self.keys.get(&key).map(Rows::as_slice).unwrap_or_default());
        }
        for column in &self.guards {
            take(column.rows(attribute(column.of_principal, &column.attribute)));
        }
        take(&self.always);
        rows.sort_unstable();
        rows.dedup();
        rows
    }

    pub(crate) fn always(&self) -> &[RowNumber] {
        &self.always
    }

    /// The keys that so many policies share: how many, and the first of them.
    pub(crate) fn crowds(&self, from: usize) -> impl Iterator<Item = (usize, RowNumber)> {
        let guarded = self.guards.iter().flat_map(|column| column.by_value.values().map(Vec::as_slice));
        let crowded =
            self.keys.values().map(Rows::as_slice).chain(guarded).filter(move |rows| rows.len() >= from);
        let mut crowds: Vec<_> = crowded.filter_map(|rows| Some((rows.len(), *rows.first()?))).collect();
        crowds.sort_unstable_by_key(|(_, first)| *first);
        crowds.into_iter()
    }
}

/// Every key under which a policy that the request meets may be filed.
fn keys<'a>(
    principal: &'a Side,
    action: &'a Side,
    resource: &'a Side,
    pairs: bool,
) -> impl Iterator<Item = Key> + use<'a> {
    let own = [
        principal.own.map(Key::Principal),
        principal.kind.map(Key::PrincipalType),
        resource.own.map(Key::Resource),
        resource.kind.map(Key::ResourceType),
        action.own.map(Key::Action),
    ];
    let within =
        |side: &'a Side, key: fn(Literal) -> Key| side.literals.iter().map(move |literal| key(*literal));
    let paired = if pairs { principal.literals.as_slice() } else { &[] };
    own.into_iter()
        .flatten()
        .chain(within(principal, Key::WithinPrincipal))
        .chain(within(resource, Key::WithinResource))
        .chain(within(action, Key::WithinAction))
        .chain(paired.iter().flat_map(|p| resource.literals.iter().map(|r| Key::Pair(*p, *r))))
}

impl GuardColumn {
    fn rows(&self, value: Option<&Attribute>) -> &[RowNumber] {
        let Some(value) = value else {
            return &self.all;
        };
        self.by_value.get(&value_key(value)).map(Vec::as_slice).unwrap_or_default()
    }
}

/// Equal values have equal keys. Sets, records and calls equal no literal: one key does for them all.
fn value_key(value: &Attribute) -> u64 {
    let hasher = FixedState::with_seed(0);
    match value {
        Attribute::Bool(is) => hasher.hash_one((0, is)),
        Attribute::Long(number) => hasher.hash_one((1, number)),
        Attribute::Text(text) => hasher.hash_one((2, text)),
        Attribute::Entity(kind, id) => hasher.hash_one((3, kind, id)),
        Attribute::Set(_) | Attribute::Record(_) | Attribute::Call(..) => hasher.hash_one(4),
    }
}

impl Index {
    fn scope(&mut self, policy: &Policy, vocabulary: &mut Vocabulary) -> Scope {
        let principal = match policy.principal_constraint() {
            PrincipalConstraint::Any => Constraint::Any,
            PrincipalConstraint::Is(kind) => Constraint::Is(vocabulary.add_type(&kind.to_string())),
            PrincipalConstraint::Eq(uid) => Constraint::Equals(literal(vocabulary, &uid)),
            PrincipalConstraint::In(uid) => Constraint::In(literal(vocabulary, &uid)),
            PrincipalConstraint::IsIn(kind, uid) => {
                Constraint::IsIn(vocabulary.add_type(&kind.to_string()), literal(vocabulary, &uid))
            }
        };
        let resource = match policy.resource_constraint() {
            ResourceConstraint::Any => Constraint::Any,
            ResourceConstraint::Is(kind) => Constraint::Is(vocabulary.add_type(&kind.to_string())),
            ResourceConstraint::Eq(uid) => Constraint::Equals(literal(vocabulary, &uid)),
            ResourceConstraint::In(uid) => Constraint::In(literal(vocabulary, &uid)),
            ResourceConstraint::IsIn(kind, uid) => {
                Constraint::IsIn(vocabulary.add_type(&kind.to_string()), literal(vocabulary, &uid))
            }
        };
        let action = match policy.action_constraint() {
            ActionConstraint::Any => ActionScope::Any,
            ActionConstraint::Eq(uid) => ActionScope::Equals(literal(vocabulary, &uid)),
            ActionConstraint::In(uids) => {
                let list = uids.iter().map(|uid| literal(vocabulary, uid)).collect();
                ActionScope::In(self.action_list(list))
            }
        };
        Scope { principal, resource, action }
    }

    fn action_list(&mut self, list: Vec<Literal>) -> u32 {
        let at = self.action_lists.iter().position(|known| *known == list).unwrap_or_else(|| {
            self.action_lists.push(list);
            self.action_lists.len() - 1
        });
        number(at)
    }

    fn actions(&self, list: u32) -> &[Literal] {
        self.action_lists.get(list as usize).map(Vec::as_slice).unwrap_or_default()
    }

    fn is_met(&self, scope: &Scope, principal: &Side, action: &Side, resource: &Side) -> bool {
        let action = match scope.action {
            ActionScope::Any => true,
            ActionScope::Equals(literal) => action.own == Some(literal),
            ActionScope::In(list) => {
                self.actions(list).iter().any(|literal| action.literals.contains(literal))
            }
        };
        action && scope.principal.is_met(principal) && scope.resource.is_met(resource)
    }

    /// The sets of keys under which it could be filed; any one of them finds it.
    fn options(&self, scope: &Scope) -> Vec<Vec<Key>> {
        let principal = match scope.principal {
            Constraint::Any => None,
            Constraint::Is(kind) => Some(Key::PrincipalType(kind)),
            Constraint::Equals(literal) => Some(Key::Principal(literal)),
            Constraint::In(literal) | Constraint::IsIn(_, literal) => Some(Key::WithinPrincipal(literal)),
        };
        let resource = match scope.resource {
            Constraint::Any => None,
            Constraint::Is(kind) => Some(Key::ResourceType(kind)),
            Constraint::Equals(literal) => Some(Key::Resource(literal)),
            Constraint::In(literal) | Constraint::IsIn(_, literal) => Some(Key::WithinResource(literal)),
        };
        let action = match scope.action {
            ActionScope::Any => None,
            ActionScope::Equals(literal) => Some(vec![Key::Action(literal)]),
            ActionScope::In(list) => {
                Some(self.actions(list).iter().copied().map(Key::WithinAction).collect())
            }
        };
        let sides = [principal, resource].into_iter().flatten().map(|key| vec![key]);
        sides.chain(action).collect()
    }
}

impl Scope {
    fn pair(&self) -> Option<Key> {
        Some(Key::Pair(self.principal.literal()?, self.resource.literal()?))
    }
}

impl Constraint {
    fn is_met(self, side: &Side) -> bool {
        match self {
            Self::Any => true,
            Self::Is(kind) => side.kind == Some(kind),
            Self::Equals(literal) => side.own == Some(literal),
            Self::In(literal) => side.literals.contains(&literal),
            Self::IsIn(kind, literal) => side.kind == Some(kind) && side.literals.contains(&literal),
        }
    }

    const fn literal(self) -> Option<Literal> {
        match self {
            Self::Any | Self::Is(_) => None,
            Self::Equals(literal) | Self::In(literal) | Self::IsIn(_, literal) => Some(literal),
        }
    }
}

fn literal(vocabulary: &mut Vocabulary, uid: &EntityUid) -> Literal {
    vocabulary.add_literal(name_of(uid))
}
