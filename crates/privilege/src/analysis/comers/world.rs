//! What a token may say: for each condition key of its issuer, one of what the conditions name, anything, or nothing.
//!
//! A world stands for all tokens that are so. Where the evaluation lets some of them in only, and these are just those of
//! narrower worlds, it is left out: they stand for themselves.

use std::collections::BTreeMap;

use crate::condition::Condition;
use crate::evaluate::{Leaf, Requirement};
use crate::federation::{Claim, Voucher};
use crate::pattern::{Pattern, units};
use crate::request::{Context, Known};
use crate::truth::Truth;

/// The condition keys of an issuer that have a say, each with what it may be.
#[derive(Debug)]
pub(super) struct Keys(BTreeMap<Box<str>, Key>);

#[derive(Debug)]
struct Key {
    /// Whether it tells who somebody is.
    tells: bool,
    choices: Vec<Said>,
    /// What of these no condition names, but anybody can have.
    open: Vec<Said>,
}

/// What a token says under a key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Said {
    /// A text that matches this.
    Like(Pattern),
    /// Nothing: it is without it.
    Absent,
    /// That is not known.
    Unknown,
}

/// What a token says under each key.
#[derive(Debug)]
pub(super) struct World<'a> {
    keys: &'a Keys,
    said: Vec<(&'a str, &'a Said)>,
}

impl Keys {
    /// Of the conditions that have a say.
    pub(super) fn new(voucher: &Voucher<'_>, conditions: &[&Condition]) -> Self {
        let mut keys: BTreeMap<Box<str>, Key> = BTreeMap::new();
        for condition in conditions.iter().filter(|condition| voucher.says(&condition.key)) {
            let claim = voucher.claim(&condition.key).and_then(|place| voucher.issuer.claims.get(place));
            let key = keys.entry(condition.key.clone()).or_insert_with(|| Key::of(claim));
            for pattern in condition.patterns().filter(|pattern| claim.is_some() && is_possible(pattern)) {
                let said = Said::Like(pattern.clone());
                if !pattern.has_variables() && !key.choices.contains(&said) {
                    key.choices.push(said);
                }
            }
        }
        for (name, claim) in voucher.open() {
            let key = keys.entry(name.into()).or_insert_with(|| Key::of(Some(claim)));
            let open = claim.open.keys().map(|value| Said::Like(Pattern::verbatim(value)));
            key.open = open.filter(|said| !key.choices.contains(said)).collect();
            key.choices.extend(key.open.iter().cloned());
        }
        // With too many worlds, what names most stays open: what depends on it is told as a condition.
        let count = |keys: &BTreeMap<Box<str>, Key>| {
            keys.values().fold(1usize, |count, key| count.saturating_mul(key.choices.len()))
        };
        while count(&keys) > WORLDS_MAX {
            let Some(largest) = keys.values_mut().max_by_key(|key| key.choices.len()) else { break };
            let is_known = largest.choices.iter().any(|said| matches!(said, Said::Like(_)));
            largest.choices = vec![if is_known { any() } else { Said::Unknown }];
        }
        Self(keys)
    }

    /// All worlds.
    pub(super) fn worlds(&self) -> impl Iterator<Item = World<'_>> {
        let count: usize = self.0.values().map(|key| key.choices.len()).product();
        (0..count).map(|number| {
            let mut rest = number;
            let said = self.0.iter().filter_map(|(key, of)| {
                let at = rest.checked_rem(of.choices.len())?;
                rest /= of.choices.len();
                Some((&**key, of.choices.get(at)?))
            });
            let said = said.collect();
            World { keys: self, said }
        })
    }
}

impl Key {
    /// Of a claim, if it is one that is known.
    fn of(claim: Option<&Claim>) -> Self {
        let choices = match claim {
            Some(claim) if claim.optional => vec![Said::Absent, any()],
            Some(_) => vec![any()],
            // No page says that AWS makes a key of it.
            None => vec![Said::Absent, Said::Unknown],
        };
        Self { tells: claim.is_some_and(|claim| !claim.chosen), choices, open: Vec::new() }
    }
}

fn any() -> Said {
    Said::Like(Pattern::new("*"))
}

impl World<'_> {
    /// What must hold for somebody to have such a token, beside what policies say.
    pub(super) fn assumed<'i>(&self, voucher: &Voucher<'i>) -> Option<&'i str> {
        self.said.iter().find_map(|(key, said)| {
            let is_open = self.keys.0.get(*key).is_some_and(|own| own.open.contains(said));
            let claim = voucher.issuer.claims.get(voucher.claim(key).filter(|_| is_open)?)?;
            let Said::Like(pattern) = said else { return None };
            claim.open.get(pattern.text()).map(|only_if| &**only_if)
        })
    }

    /// What the token says under a key, if that has a say.
    pub(super) fn says(&self, key: &str) -> Option<&Said> {
        self.said.iter().find(|(own, _)| *own == key).map(|(_, said)| *said)
    }

    /// The circumstances of a request with such a token for a role of an account.
    pub(super) fn context(&self, account: &str) -> Context {
        let mut context = Context::known_of_outsiders().and("aws:SourceAccount", account);
        for (key, said) in &self.said {
            let known = match said {
                Said::Like(pattern) => Known::Like(pattern.clone()),
                Said::Absent => Known::Absent,
                Said::Unknown => Known::Unknown,
            };
            context.set(key, known);
        }
        context
    }

    /// What tells who somebody is.
    pub(super) fn told(&self) -> Vec<(Box<str>, Pattern)> {
        let tells = |key: &str| self.keys.0.get(key).is_some_and(|key| key.tells);
        let told = self.said.iter().filter(|(key, _)| tells(key)).filter_map(|(key, said)| match said {
            Said::Like(pattern) => Some((Box::from(*key), pattern.clone())),
            Said::Absent | Said::Unknown => None,
        });
        told.collect()
    }

    /// Whether what is required holds in narrower worlds only.
    pub(super) fn is_told_of_others(&self, requirement: &Requirement<'_>) -> bool {
        self.elsewhere(requirement) == Truth::No
    }

    /// Whether a requirement can hold where nothing holds that narrower worlds are about.
    fn elsewhere(&self, requirement: &Requirement<'_>) -> Truth {
        match requirement {
            Requirement::Never => Truth::No,
            Requirement::Always => Truth::Yes,
            Requirement::Leaf { leaf: Leaf::Condition(condition, _), holds } => {
                let asks_for_one = *holds != condition.operator.test.is_negated();
                if asks_for_one && self.is_narrower(condition) { Truth::No } else { Truth::Open }
            }
            Requirement::Leaf { .. } => Truth::Open,
            Requirement::All(parts) => {
                parts.iter().map(|part| self.elsewhere(part)).min().unwrap_or(Truth::Yes)
            }
            Requirement::Any(parts) => {
                parts.iter().map(|part| self.elsewhere(part)).max().unwrap_or(Truth::No)
            }
        }
    }

    /// Whether a condition asks for what other worlds say, which are parts of this one.
    fn is_narrower(&self, condition: &Condition) -> bool {
        let (Some(Said::Like(own)), Some(key)) =
            (self.says(&condition.key), self.keys.0.get(&*condition.key))
        else {
            return false;
        };
        let own = own.units();
        let is_part = |pattern: &Pattern| {
            let asked = pattern.units();
            !is_possible(pattern)
                || !units::intersect(&own, &asked)
                || (units::covers(&own, &asked) && key.choices.contains(&Said::Like(pattern.clone())))
        };
        condition.values.len() == condition.patterns().count()
            && condition.patterns().all(|pattern| !pattern.has_variables() && is_part(pattern))
    }
}

/// Whether a token can say this. A wildcard that is not meant as one stands in a policy by mistake, and in no token.
fn is_possible(pattern: &Pattern) -> bool {
    !(pattern.is_literal() && pattern.text().contains(['*', '?']))
}

/// More are not tried for one issuer.
const WORLDS_MAX: usize = 256;
