//! Whether a condition holds in a request.

use std::net::IpAddr;

use super::value::{self, Read};
use super::{Condition, Qualifier, Test, Value};
use crate::pattern::Pattern;
use crate::pattern::units::{self, Unit};
use crate::request::{Looked, Request, Since};
use crate::truth::Truth;
use crate::variables::{self, Resolved};

impl Condition {
    /// Whether it holds in a request. "Policy variables with no value": where a variable stands for nothing, its value
    /// matches nothing, which is what negated operators ask for.
    pub(crate) fn holds(&self, request: &Request<'_>) -> Truth {
        let test = self.operator.test;
        let looked = request.look(&self.key);
        if test == Test::Null {
            return self.is_null(looked);
        }
        let values = match looked {
            Looked::Unknown | Looked::Present => return Truth::Open,
            Looked::Absent => return Truth::of(self.holds_absent()),
            Looked::Since(since) => return self.holds_since(since),
            Looked::Like(pattern) => return self.compare_like(request, pattern),
            Looked::One(value) => return self.compare(request, &[value]),
            Looked::Many(values) => values,
        };
        self.compare(request, values)
    }

    /// Whether it holds where the request does not have the key. "Condition operators": what is missing does not match,
    /// which is what negated operators ask for; "Set operators": no value at all satisfies `ForAllValues`, and never
    /// `ForAnyValue`.
    fn holds_absent(&self) -> bool {
        self.operator.if_exists
            || match self.operator.qualifier {
                Qualifier::One => self.operator.test.is_negated(),
                Qualifier::ForAllValues => true,
                Qualifier::ForAnyValue => false,
            }
    }

    /// Whether it holds where the key is an instant of which only the earliest is known.
    fn holds_since(&self, since: Since) -> Truth {
        let from = since.from_ms.saturating_mul(1000);
        let later = |own: i64| match self.operator.test {
            Test::DateLessThan if own <= from => Truth::No,
            Test::DateLessThanEquals | Test::DateEquals if own < from => Truth::No,
            Test::DateGreaterThan | Test::DateNotEquals if own < from => Truth::Yes,
            Test::DateGreaterThanEquals if own <= from => Truth::Yes,
            _ => Truth::Open,
        };
        let each = self.values.iter().map(|value| match value.read {
            Read::Date(own) => later(own),
            _ => Truth::Open,
        });
        let held = match self.operator.test.is_negated() {
            true => each.fold(Truth::Yes, Truth::and),
            false => each.fold(Truth::No, Truth::or),
        };
        if since.is_present || held == Truth::of(self.holds_absent()) { held } else { Truth::Open }
    }

    /// Whether the key is absent as each of the values says: `true` asks for its absence.
    fn is_null(&self, looked: Looked<'_>) -> Truth {
        let is_absent = match looked {
            Looked::Unknown | Looked::Since(Since { is_present: false, .. }) => return Truth::Open,
            Looked::Absent => true,
            Looked::One(_) | Looked::Many(_) | Looked::Present | Looked::Like(_) | Looked::Since(_) => false,
        };
        Truth::of(self.values.iter().any(|value| value.read == Read::Truth(is_absent)))
    }

    pub(super) fn compare<V: AsRef<str>>(&self, request: &Request<'_>, values: &[V]) -> Truth {
        let is_negated = self.operator.test.is_negated();
        let one = |value: &V| {
            let matched = self.matches_any(request, value.as_ref());
            if is_negated { matched.not() } else { matched }
        };
        match self.operator.qualifier {
            // Several values of a key that should have one: any of them may match, and none may where none should.
            Qualifier::One if is_negated => values.iter().map(one).fold(Truth::Yes, Truth::and),
            // "Set operators": it also holds where the key has no value but the empty text.
            Qualifier::ForAllValues if values.iter().all(|value| value.as_ref().is_empty()) => Truth::Yes,
            Qualifier::ForAllValues => values.iter().map(one).fold(Truth::Yes, Truth::and),
            Qualifier::One | Qualifier::ForAnyValue => values.iter().map(one).fold(Truth::No, Truth::or),
        }
    }

    /// Whether a value of the request matches one of the condition's.
    fn matches_any(&self, request: &Request<'_>, value: &str) -> Truth {
        let mut matched = Truth::No;
        for own in &self.values {
            matched = matched.or(self.matches(request, own, value));
            if matched == Truth::Yes {
                break;
            }
        }
        matched
    }

    fn matches(&self, request: &Request<'_>, own: &Value, value: &str) -> Truth {
        match &own.read {
            Read::Text(pattern) if pattern.has_variables() => match variables::resolve(pattern, request) {
                Resolved::Known(units) => Truth::of(self.matches_units(&units, value)),
                Resolved::Open(units) if self.matches_units(&units, value) => Truth::Open,
                Resolved::Open(_) | Resolved::Nothing => Truth::No,
            },
            Read::Text(pattern) => Truth::of(self.matches_text(pattern, value)),
            Read::Number(own) => {
                Truth::of(value::number(value).is_some_and(|value| self.ordered(&value, own)))
            }
            Read::Date(own) => Truth::of(value::date(value).is_some_and(|value| self.ordered(&value, own))),
            Read::Truth(own) => Truth::of(value::truth(value) == Some(*own)),
            Read::Network(address, bits) => {
                let asked = value::network(value);
                Truth::of(
                    asked.is_some_and(|(asked, width)| width >= *bits && begins(asked, *address, *bits)),
                )
            }
        }
    }

    fn ordered<T: Ord>(&self, value: &T, own: &T) -> bool {
        match self.operator.test {
            Test::NumericLessThan | Test::DateLessThan => value < own,
            Test::NumericLessThanEquals | Test::DateLessThanEquals => value <= own,
            Test::NumericGreaterThan | Test::DateGreaterThan => value > own,
            Test::NumericGreaterThanEquals | Test::DateGreaterThanEquals => value >= own,
            _ => value == own,
        }
    }

    fn matches_text(&self, pattern: &Pattern, value: &str) -> bool {
        match self.operator.test {
            Test::StringEqualsIgnoreCase | Test::StringNotEqualsIgnoreCase => {
                pattern.text().to_lowercase() == value.to_lowercase()
            }
            Test::ArnEquals | Test::ArnNotEquals | Test::ArnLike | Test::ArnNotLike => {
                pattern.is_any() || arn_matches(pattern, value)
            }
            _ => pattern.matches(value),
        }
    }

    fn matches_units(&self, own: &[Unit], value: &str) -> bool {
        match self.operator.test {
            Test::StringEqualsIgnoreCase | Test::StringNotEqualsIgnoreCase => {
                let lower: Vec<Unit> = own.iter().map(|unit| lower(*unit)).collect();
                units::matches(&lower, |unit| unit, value.to_lowercase().as_bytes())
            }
            Test::ArnEquals | Test::ArnNotEquals | Test::ArnLike | Test::ArnNotLike => {
                let mut parts = own.splitn(ARN_PARTS, |unit| *unit == Unit::Byte(b':'));
                value.splitn(ARN_PARTS, ':').count() == ARN_PARTS
                    && own.splitn(ARN_PARTS, |unit| *unit == Unit::Byte(b':')).count() == ARN_PARTS
                    && value.splitn(ARN_PARTS, ':').all(|part| {
                        parts.next().is_some_and(|own| units::matches(own, |unit| unit, part.as_bytes()))
                    })
            }
            _ => units::matches(own, |unit| unit, value.as_bytes()),
        }
    }
}

/// "Amazon Resource Name (ARN) condition operators": each of the six parts is compared by itself.
fn arn_matches(pattern: &Pattern, value: &str) -> bool {
    if pattern.is_literal() {
        return pattern.text() == value;
    }
    let mut own = pattern.text().splitn(ARN_PARTS, ':');
    let mut parts = value.splitn(ARN_PARTS, ':');
    for _ in 0..ARN_PARTS {
        let (Some(own), Some(part)) = (own.next(), parts.next()) else { return false };
        if !units::matches_glob(own, part) {
            return false;
        }
    }
    true
}

fn lower(unit: Unit) -> Unit {
    match unit {
        Unit::Byte(byte) => Unit::Byte(byte.to_ascii_lowercase()),
        Unit::One | Unit::Any | Unit::Part => unit,
    }
}

/// Whether two addresses begin with so many equal bits.
fn begins(one: IpAddr, other: IpAddr, bits: u8) -> bool {
    let differ = match (one, other) {
        (IpAddr::V4(one), IpAddr::V4(other)) => u128::from(one.to_bits() ^ other.to_bits()) << 96,
        (IpAddr::V6(one), IpAddr::V6(other)) => one.to_bits() ^ other.to_bits(),
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return false,
    };
    bits == 0 || differ.leading_zeros() >= u32::from(bits)
}

/// How many parts an ARN has.
const ARN_PARTS: usize = 6;
