//! The two modes of iam-simulate, said in what this evaluation knows of keys.
//!
//! In its strict mode a request has the keys that the case gives and no others. In discovery mode a key is known as far
//! as a constraint says so. Of other keys the case may give a value, which then counts where it lets through and is left
//! open where it forbids: a condition of an allow that holds with it is met, and a deny that does not hold with it does
//! not apply.

use serde_json::Value;

use super::{Held, role_of};
use crate::condition::Condition;
use crate::conform::json::{either, list, text};
use crate::document::{Document, Effect, Selection};
use crate::request::{Caller, Context, Known, Permission, Request, Resource};
use crate::truth::Truth;

/// How a case is asked.
pub(super) struct Discovery {
    /// Whether what is not known is left open.
    pub(super) is_on: bool,
    pub(super) context: Context,
    /// The policies, without what the given values settle.
    pub(super) held: Held,
    /// The role whose sessions are asked about, instead of one by its name.
    pub(super) role: Option<String>,
}

/// What is known of keys of some names.
struct Constraint {
    name: Names,
    is_presence_known: bool,
    is_value_known: bool,
}

enum Names {
    /// One key, in lower case.
    One(String),
    /// Those that match this expression, in lower case.
    Like(String),
}

impl Discovery {
    pub(super) fn read(case: &Value, held: &Held) -> Result<Self, String> {
        let options =
            case.get("simulationOptions").or_else(|| case.get("simulation")).unwrap_or(&Value::Null);
        let mode = either(options, &["mode", "simulationMode"]).and_then(Value::as_str).unwrap_or("Strict");
        match mode {
            "Strict" => Ok(Self { is_on: false, context: strict(held), held: held.clone(), role: None }),
            "Discovery" => {
                let constraints = list(options, "discoveryContextKeyConstraints").iter().map(constraint);
                Ok(discover(held, &constraints.collect::<Result<Vec<_>, _>>()?))
            }
            other => Err(format!("{other} is no mode: Strict and Discovery are")),
        }
    }
}

fn constraint(value: &Value) -> Result<Constraint, String> {
    let name = text(value, "keyName")?.to_ascii_lowercase();
    let is = |field: &str| value.get(field).and_then(Value::as_bool).unwrap_or(false);
    let like = name.strip_prefix('/').and_then(|name| name.strip_suffix('/')).map(str::to_owned);
    Ok(Constraint {
        name: like.map_or(Names::One(name), Names::Like),
        is_presence_known: is("presenceIsKnown"),
        is_value_known: is("valueIsKnown"),
    })
}

fn strict(held: &Held) -> Context {
    let mut context = Context::only();
    for (key, values) in &held.context {
        context.set(key, Known::Values(values.clone()));
    }
    context
}

fn discover(held: &Held, constraints: &[Constraint]) -> Discovery {
    let given = strict(held);
    let mut context = Context::open();
    let mut settled = held.clone();
    let of = |key: &str| constraints.iter().find(|one| one.name.names(key));
    let mut known = |key: &str| {
        let Some(constraint) = of(key).filter(|one| one.is_presence_known) else { return };
        let values =
            held.context.iter().find(|(own, _)| own.eq_ignore_ascii_case(key)).map(|(_, values)| values);
        context.set(
            key,
            match values {
                None => Known::Absent,
                Some(values) if constraint.is_value_known => Known::Values(values.clone()),
                Some(_) => Known::Present,
            },
        );
    };
    held.context.iter().for_each(|(key, _)| known(key));
    held.documents().flat_map(Document::keys).for_each(known);
    let is_left_open = |key: &str| of(key).is_none();
    let principal = held.principal.clone();
    for document in settled.documents_mut() {
        settle(document, held, &principal, &given, is_left_open);
    }
    Discovery { is_on: true, context, held: settled, role: role_of(&principal) }
}

/// Takes out of a document what the given values settle.
fn settle(
    document: &mut Document,
    held: &Held,
    principal: &str,
    given: &Context,
    is_left_open: impl Fn(&str) -> bool,
) {
    let permission = Permission::new(&held.action);
    let caller = Caller::of(principal).unwrap_or(Caller::anonymous());
    let resource = Resource::new(&held.resource).in_account(&held.account);
    let request = Request { caller, permission: &permission, resource, context: given };
    let has = |key: &str| held.context.iter().any(|(own, _)| own.eq_ignore_ascii_case(key));
    for statement in &mut document.statements {
        let holds = |condition: &Condition| condition.holds(&request);
        let is_open = |condition: &Condition| is_left_open(&condition.key);
        match statement.effect {
            Effect::Allow => statement.conditions.retain(|condition| {
                !(is_open(condition) && has(&condition.key) && holds(condition) == Truth::Yes)
            }),
            Effect::Deny => {
                if statement.conditions.iter().any(|one| is_open(one) && holds(one) == Truth::No) {
                    statement.permissions = Selection::Only(Vec::new());
                }
            }
        }
    }
}

impl Held {
    fn documents(&self) -> impl Iterator<Item = &Document> {
        let levels = self.service_control.iter().chain(&self.resource_control);
        let lists = [&self.identity, &self.boundary, &self.session, &self.endpoint, &self.resource_policies];
        let single = lists.into_iter().flatten();
        single.chain(levels.flat_map(|level| &level.documents)).map(|one| &one.document)
    }

    fn documents_mut(&mut self) -> impl Iterator<Item = &mut Document> {
        let levels = self.service_control.iter_mut().chain(&mut self.resource_control);
        let lists = [
            &mut self.identity,
            &mut self.boundary,
            &mut self.session,
            &mut self.endpoint,
            &mut self.resource_policies,
        ];
        let single = lists.into_iter().flatten();
        single.chain(levels.flat_map(|level| &mut level.documents)).map(|one| &mut one.document)
    }
}

impl Names {
    fn names(&self, key: &str) -> bool {
        let key = key.to_ascii_lowercase();
        match self {
            Self::One(own) => *own == key,
            Self::Like(expression) => is_like(expression, &key),
        }
    }
}

/// Whether a key matches a regular expression of characters, `.`, `*`, `+`, `?`, `^`, `$` and escapes, at any place.
fn is_like(expression: &str, key: &str) -> bool {
    let parts = parts(expression);
    let key: Vec<char> = key.chars().collect();
    match parts.split_first() {
        Some((Part::Begin, rest)) => here(rest, &key),
        _ => (0..=key.len()).any(|from| key.get(from..).is_some_and(|key| here(&parts, key))),
    }
}

/// A part of a regular expression.
#[derive(Clone, Copy)]
enum Part {
    Begin,
    End,
    /// A character, or any, so many times.
    Takes(Option<char>, Times),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Times {
    Once,
    Perhaps,
    Any,
    Some,
}

fn parts(expression: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = expression.chars().peekable();
    while let Some(next) = rest.next() {
        let taken = match next {
            '^' => {
                parts.push(Part::Begin);
                continue;
            }
            '$' => {
                parts.push(Part::End);
                continue;
            }
            '.' => None,
            '\\' => rest.next(),
            other => Some(other),
        };
        let times = match rest.peek() {
            Some('*') => Times::Any,
            Some('+') => Times::Some,
            Some('?') => Times::Perhaps,
            _ => Times::Once,
        };
        if times != Times::Once {
            rest.next();
        }
        parts.push(Part::Takes(taken, times));
    }
    parts
}

fn here(parts: &[Part], key: &[char]) -> bool {
    let Some((part, rest)) = parts.split_first() else { return true };
    let (taken, times) = match part {
        Part::Begin => return false,
        Part::End => return key.is_empty() && here(rest, key),
        Part::Takes(taken, times) => (taken, times),
    };
    let most = match times {
        Times::Once | Times::Perhaps => 1,
        Times::Any | Times::Some => key.len(),
    };
    let least = usize::from(matches!(times, Times::Once | Times::Some));
    let runs = key.iter().take(most).take_while(|next| taken.is_none_or(|taken| taken == **next)).count();
    (least..=runs).any(|count| key.get(count..).is_some_and(|key| here(rest, key)))
}
