//! By what policies tell callers apart: names, tags, and conditions on who asks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::analysis::trust::{mentioned, names_of};
use crate::condition::{Condition, Test};
use crate::document::{Document, Selection, Statement};
use crate::estate::{Estate, Policy, PolicyId, Principal};
use crate::pattern::Pattern;
use crate::request::Personal;
use crate::shared::Map;

/// Something of a caller that a policy may go by.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Ask {
    /// Whether it is this principal, by the ARN, or by account and name where a session is named.
    Named(Arc<str>),
    /// The value of a tag, by the tag's name in lower case.
    Tag(Box<str>),
    /// Whether a condition on its ARN or name holds, in which no variable stands.
    Condition(Box<Condition>),
    /// Its ARN, whatever that is.
    Arn,
    /// Its name, of a user, whatever that is.
    UserName,
}

/// What policies that say to whom they apply go by: those of roles and resources, and those that limit resources.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    /// How many policies name somebody: those of roles of its own account, and others.
    names: Map<Arc<str>, [u32; 2]>,
    /// How many policies go by something else, by the account whose roles they are of; others are of no account.
    others: Arc<BTreeMap<Ask, BTreeMap<Box<str>, u32>>>,
}

/// What policies go by that they did not go by before, or not any more.
#[derive(Debug, Default)]
pub(super) struct Turned {
    /// Who is named, or was.
    pub(super) names: BTreeSet<Arc<str>>,
    /// Whether something else is gone by, or was.
    pub(super) others: bool,
}

/// What documents that limit principals go by.
pub(super) fn asks(documents: &[&Document]) -> BTreeSet<Ask> {
    documents.iter().flat_map(|document| &document.statements).flat_map(of_statement).collect()
}

impl Asked {
    /// Of all policies of an estate.
    pub(super) fn new(estate: &Estate) -> Self {
        let mut asked = Self::default();
        for (_, policy) in estate.policies() {
            asked.count(policy, |count| *count += 1, &mut Turned::default());
        }
        asked
    }

    /// Takes in that some policies have other documents.
    pub(super) fn change(&mut self, (old, new): (&Estate, &Estate), changed: &BTreeSet<PolicyId>) -> Turned {
        let (mut come, mut gone) = (Turned::default(), Turned::default());
        for id in changed {
            if let Some(policy) = new.policy(*id) {
                self.count(policy, |count| *count += 1, &mut come);
            }
            if let Some(policy) = old.policy(*id) {
                self.count(policy, |count| *count = count.saturating_sub(1), &mut gone);
            }
        }
        come.names.append(&mut gone.names);
        Turned { others: come.others || gone.others, ..come }
    }

    /// Whether policies name a principal: those of roles of its own account, and others.
    pub(super) fn names(&self, principal: &Principal) -> [bool; 2] {
        let counts = names_of(principal).map(|name| self.names.get(&name).copied().unwrap_or_default());
        [0, 1].map(|side| counts.iter().any(|count| count.get(side).is_some_and(|count| *count > 0)))
    }

    /// What policies go by beside names; without those of roles of an account.
    pub(super) fn others<'a>(&'a self, but: Option<&'a str>) -> impl Iterator<Item = &'a Ask> {
        let counts = move |accounts: &BTreeMap<Box<str>, u32>| accounts.keys().any(|own| Some(&**own) != but);
        self.others.iter().filter(move |(_, accounts)| counts(accounts)).map(|(ask, _)| ask)
    }

    /// Counts what a policy goes by; what is counted for the first time, or not any more, is noted.
    fn count(&mut self, policy: &Policy, step: impl Fn(&mut u32), turned: &mut Turned) {
        let Some(document) = policy.document.document() else { return };
        let is_trust = policy.name.ends_with(" trust");
        let statements = document.statements.iter().filter(|statement| statement.principals.is_some());
        let asks: BTreeSet<Ask> = statements.flat_map(of_statement).collect();
        for ask in asks {
            if let Ask::Named(name) = ask {
                let is_within = is_trust && account_of(&policy.name) == account_of(&name);
                let mut counts = self.names.get(&name).copied().unwrap_or_default();
                let before = counts.map(|count| count > 0);
                let [within, across] = &mut counts;
                step(if is_within { within } else { across });
                if before != counts.map(|count| count > 0) {
                    turned.names.insert(Arc::clone(&name));
                }
                match counts {
                    [0, 0] => drop(self.names.remove(&name)),
                    counts => drop(self.names.insert(name, counts)),
                }
                continue;
            }
            let others = Arc::make_mut(&mut self.others);
            let accounts = others.entry(ask.clone()).or_default();
            let account = if is_trust { account_of(&policy.name) } else { "" };
            let count = accounts.entry(account.into()).or_default();
            let before = *count > 0;
            step(count);
            let is_left = *count > 0;
            if !is_left {
                accounts.remove(account);
            }
            if accounts.is_empty() {
                others.remove(&ask);
            }
            turned.others |= before != is_left;
        }
    }
}

/// The account of an ARN, or of somebody who is named by account and name.
pub(super) fn account_of(name: &str) -> &str {
    match name.starts_with("arn:") {
        true => name.split(':').nth(4).unwrap_or_default(),
        false => name.split(' ').next().unwrap_or_default(),
    }
}

fn of_statement(statement: &Statement) -> impl Iterator<Item = Ask> {
    let named = statement.principals.iter().flat_map(Selection::named).flat_map(mentioned).map(Ask::Named);
    let patterns = statement.resources.iter().flat_map(Selection::named);
    let patterns = patterns.chain(statement.conditions.iter().flat_map(Condition::patterns));
    let variables = patterns.flat_map(Pattern::variables).filter_map(of_key);
    named.chain(variables).chain(statement.conditions.iter().flat_map(of_condition))
}

fn of_key(key: &str) -> Option<Ask> {
    Some(match Personal::of(key)? {
        Personal::Arn => Ask::Arn,
        Personal::UserName => Ask::UserName,
        Personal::Tag(tag) => Ask::Tag(tag.into()),
    })
}

fn of_condition(condition: &Condition) -> Vec<Ask> {
    let Some(ask) = of_key(&condition.key) else { return Vec::new() };
    let test = condition.operator.test;
    let has_variables = condition.patterns().any(Pattern::has_variables);
    if matches!(ask, Ask::Tag(_)) || has_variables {
        return vec![ask];
    }
    // All whom it is asked of have an ARN, and users a name.
    if test == Test::Null {
        return Vec::new();
    }
    let is_exact = !matches!(test, Test::StringEqualsIgnoreCase | Test::StringNotEqualsIgnoreCase);
    if ask == Ask::Arn && is_exact && condition.patterns().all(Pattern::is_literal) {
        return condition.patterns().map(|pattern| Ask::Named(pattern.text().into())).collect();
    }
    vec![Ask::Condition(Box::new(condition.clone()))]
}
