//! Condition operators by their names.

use std::fmt;
use std::str::FromStr;

/// How a condition compares.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Operator {
    /// How the values of the request are taken together.
    pub qualifier: Qualifier,
    /// What is compared.
    pub test: Test,
    /// Whether it holds where the request does not have the key.
    pub if_exists: bool,
}

/// How several values of one key are taken together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Qualifier {
    /// The key has one value.
    One,
    /// Each value of the request must match; also where there is none.
    ForAllValues,
    /// At least one value of the request must match.
    ForAnyValue,
}

/// What is compared. `Not` and its kind hold where none of the values matches.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[expect(missing_docs, reason = "the names are those of the policy language")]
pub enum Test {
    StringEquals,
    StringNotEquals,
    StringEqualsIgnoreCase,
    StringNotEqualsIgnoreCase,
    StringLike,
    StringNotLike,
    NumericEquals,
    NumericNotEquals,
    NumericLessThan,
    NumericLessThanEquals,
    NumericGreaterThan,
    NumericGreaterThanEquals,
    DateEquals,
    DateNotEquals,
    DateLessThan,
    DateLessThanEquals,
    DateGreaterThan,
    DateGreaterThanEquals,
    Bool,
    BinaryEquals,
    IpAddress,
    NotIpAddress,
    ArnEquals,
    ArnNotEquals,
    ArnLike,
    ArnNotLike,
    /// Whether the key is absent.
    Null,
}

const NAMES: [(&str, Test); 27] = [
    ("StringEquals", Test::StringEquals),
    ("StringNotEquals", Test::StringNotEquals),
    ("StringEqualsIgnoreCase", Test::StringEqualsIgnoreCase),
    ("StringNotEqualsIgnoreCase", Test::StringNotEqualsIgnoreCase),
    ("StringLike", Test::StringLike),
    ("StringNotLike", Test::StringNotLike),
    ("NumericEquals", Test::NumericEquals),
    ("NumericNotEquals", Test::NumericNotEquals),
    ("NumericLessThan", Test::NumericLessThan),
    ("NumericLessThanEquals", Test::NumericLessThanEquals),
    ("NumericGreaterThan", Test::NumericGreaterThan),
    ("NumericGreaterThanEquals", Test::NumericGreaterThanEquals),
    ("DateEquals", Test::DateEquals),
    ("DateNotEquals", Test::DateNotEquals),
    ("DateLessThan", Test::DateLessThan),
    ("DateLessThanEquals", Test::DateLessThanEquals),
    ("DateGreaterThan", Test::DateGreaterThan),
    ("DateGreaterThanEquals", Test::DateGreaterThanEquals),
    ("Bool", Test::Bool),
    ("BinaryEquals", Test::BinaryEquals),
    ("IpAddress", Test::IpAddress),
    ("NotIpAddress", Test::NotIpAddress),
    ("ArnEquals", Test::ArnEquals),
    ("ArnNotEquals", Test::ArnNotEquals),
    ("ArnLike", Test::ArnLike),
    ("ArnNotLike", Test::ArnNotLike),
    ("Null", Test::Null),
];

impl Test {
    /// Whether it holds where no value matches, and so also where the request does not have the key.
    #[must_use]
    pub const fn is_negated(self) -> bool {
        matches!(
            self,
            Self::StringNotEquals
                | Self::StringNotEqualsIgnoreCase
                | Self::StringNotLike
                | Self::NumericNotEquals
                | Self::DateNotEquals
                | Self::NotIpAddress
                | Self::ArnNotEquals
                | Self::ArnNotLike
        )
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(_, test)| *test == self).map_or("", |(name, _)| name)
    }
}

impl FromStr for Operator {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (qualifier, rest) = match text.split_once(':') {
            None => (Qualifier::One, text),
            Some((name, rest)) if name.eq_ignore_ascii_case("ForAllValues") => {
                (Qualifier::ForAllValues, rest)
            }
            Some((name, rest)) if name.eq_ignore_ascii_case("ForAnyValue") => (Qualifier::ForAnyValue, rest),
            Some((name, _)) => {
                return Err(format!("{name} is no set operator: ForAllValues and ForAnyValue are"));
            }
        };
        let named =
            |name: &str| NAMES.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, test)| *test);
        let start = rest.len().checked_sub(IF_EXISTS.len()).and_then(|at| rest.split_at_checked(at));
        let (test, if_exists) = match start {
            Some((start, end)) if end.eq_ignore_ascii_case(IF_EXISTS) => (named(start), true),
            _ => (named(rest), false),
        };
        match test {
            Some(Test::Null) if if_exists => {
                Err("Null has no IfExists: it asks whether the key exists".to_owned())
            }
            Some(test) => Ok(Self { qualifier, test, if_exists }),
            None => Err(format!("condition operator {text} is not known")),
        }
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let qualifier = match self.qualifier {
            Qualifier::One => "",
            Qualifier::ForAllValues => "ForAllValues:",
            Qualifier::ForAnyValue => "ForAnyValue:",
        };
        let end = if self.if_exists { IF_EXISTS } else { "" };
        write!(f, "{qualifier}{}{end}", self.test.name())
    }
}

const IF_EXISTS: &str = "IfExists";
