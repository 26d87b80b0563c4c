//! Whether two ways of writing down conditions say the same: they are compared as formulas over what is asked, not by
//! their looks.
//!
//! IAM User Guide, "Condition operators" and "Set operators": a negated operator holds where its contrary does not;
//! `IfExists` holds also where the key is absent; `ForAllValues` of a negated test is the contrary of `ForAnyValue` of
//! the test itself.

use std::collections::BTreeMap;

use crate::condition::{Operator, Qualifier, Test};

/// Something that is asked and holds or does not.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Atom {
    /// The request has the key.
    Present(String),
    /// The key's values pass a test that is not negated, against these values.
    Passes(Qualifier, Test, String, Vec<String>),
    /// The caller's session has this name.
    Session(String),
}

/// A formula over atoms.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Formula {
    Is(bool),
    Atom(Atom),
    Not(Box<Self>),
    All(Vec<Self>),
    Any(Vec<Self>),
}

impl Formula {
    pub(super) fn not(self) -> Self {
        Self::Not(Box::new(self))
    }

    /// Of one condition.
    pub(super) fn of(operator: Operator, key: &str, values: &[String]) -> Self {
        let key = key.to_ascii_lowercase();
        let mut values = values.to_vec();
        values.sort();
        let present = Self::Atom(Atom::Present(key.clone()));
        if operator.test == Test::Null {
            let asks_absent = values.iter().any(|value| value.eq_ignore_ascii_case("true"));
            return if asks_absent { present.not() } else { present };
        }
        let (test, is_negated) = plain(operator.test);
        let qualifier = match (operator.qualifier, is_negated) {
            (Qualifier::ForAllValues, true) => Qualifier::ForAnyValue,
            (Qualifier::ForAnyValue, true) => Qualifier::ForAllValues,
            (qualifier, _) => qualifier,
        };
        let passes = Self::Atom(Atom::Passes(qualifier, test, key, values));
        let holds = if is_negated { passes.not() } else { passes };
        if operator.if_exists { Self::Any(vec![present.not(), holds]) } else { holds }
    }

    fn atoms(&self, atoms: &mut Vec<Atom>) {
        match self {
            Self::Is(_) => {}
            Self::Atom(atom) => {
                if !atoms.contains(atom) {
                    atoms.push(atom.clone());
                }
            }
            Self::Not(part) => part.atoms(atoms),
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.atoms(atoms)),
        }
    }

    fn holds(&self, world: &BTreeMap<&Atom, bool>) -> bool {
        match self {
            Self::Is(holds) => *holds,
            Self::Atom(atom) => world.get(atom).copied().unwrap_or(false),
            Self::Not(part) => !part.holds(world),
            Self::All(parts) => parts.iter().all(|part| part.holds(world)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(world)),
        }
    }
}

/// The test that is not negated, and whether this one is.
fn plain(test: Test) -> (Test, bool) {
    match test {
        Test::StringNotEquals => (Test::StringEquals, true),
        Test::StringNotEqualsIgnoreCase => (Test::StringEqualsIgnoreCase, true),
        Test::StringNotLike => (Test::StringLike, true),
        Test::NumericNotEquals => (Test::NumericEquals, true),
        Test::DateNotEquals => (Test::DateEquals, true),
        Test::NotIpAddress => (Test::IpAddress, true),
        Test::ArnNotEquals | Test::ArnNotLike => (Test::ArnLike, true),
        Test::ArnEquals => (Test::ArnLike, false),
        test => (test, false),
    }
}

/// Whether two formulas hold in the same worlds; `None` when they ask too much to try all.
pub(super) fn is_same(one: &Formula, other: &Formula) -> Option<bool> {
    let mut atoms = Vec::new();
    one.atoms(&mut atoms);
    other.atoms(&mut atoms);
    let keys: Vec<String> = atoms.iter().filter_map(|atom| key(atom).map(str::to_owned)).collect();
    for key in keys {
        let present = Atom::Present(key);
        if !atoms.contains(&present) {
            atoms.push(present);
        }
    }
    if atoms.len() > ATOMS_MAX {
        return None;
    }
    let mut worlds = (0u32..1 << atoms.len()).map(|bits| {
        let value = |(place, atom)| (atom, bits >> place & 1 == 1);
        atoms.iter().enumerate().map(value).collect::<BTreeMap<_, _>>()
    });
    Some(worlds.all(|world| !is_possible(&world) || one.holds(&world) == other.holds(&world)))
}

fn key(atom: &Atom) -> Option<&str> {
    match atom {
        Atom::Passes(_, _, key, _) => Some(key),
        Atom::Present(_) | Atom::Session(_) => None,
    }
}

/// Where a key is absent, no test passes but one of all values.
fn is_possible(world: &BTreeMap<&Atom, bool>) -> bool {
    world.iter().all(|(atom, passes)| match atom {
        Atom::Passes(qualifier, _, key, _) => {
            let is_present = world.get(&Atom::Present(key.clone())).copied().unwrap_or(true);
            is_present || *passes == (*qualifier == Qualifier::ForAllValues)
        }
        Atom::Present(_) | Atom::Session(_) => true,
    })
}

/// More atoms make more worlds than are tried.
const ATOMS_MAX: usize = 20;
