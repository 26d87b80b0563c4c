//! Whether a condition holds where of a key's one value only a pattern is known that it matches.

use super::value::Read;
use super::{Condition, Test, Value};
use crate::pattern::Pattern;
use crate::pattern::units::{self, Unit};
use crate::request::Request;
use crate::truth::Truth;
use crate::variables::{self, Resolved};

impl Condition {
    /// It holds for sure where it does for every text of the pattern.
    pub(super) fn compare_like(&self, request: &Request<'_>, like: &Pattern) -> Truth {
        if like.is_literal() {
            return self.compare(request, &[like.text()]);
        }
        let matches = |own: &Value| self.matches_like(request, own, like);
        let matched = self.values.iter().map(matches).fold(Truth::No, Truth::or);
        if self.operator.test.is_negated() { matched.not() } else { matched }
    }

    fn matches_like(&self, request: &Request<'_>, own: &Value, like: &Pattern) -> Truth {
        let Read::Text(own) = &own.read else { return Truth::Open };
        if own.is_any() {
            return Truth::Yes;
        }
        let (own, is_known) = match variables::resolve(own, request) {
            Resolved::Known(own) => (own, true),
            Resolved::Open(own) => (own, false),
            Resolved::Nothing => return Truth::No,
        };
        let compared = match self.operator.test {
            Test::StringEqualsIgnoreCase | Test::StringNotEqualsIgnoreCase => {
                compare(&lower(&own), &lower(&like.units()))
            }
            Test::ArnEquals | Test::ArnNotEquals | Test::ArnLike | Test::ArnNotLike => {
                compare_arns(&own, &like.units())
            }
            _ => compare(&own, &like.units()),
        };
        if is_known { compared } else { compared.min(Truth::Open) }
    }
}

/// Whether a pattern matches all texts of another, some or none.
fn compare(own: &[Unit], like: &[Unit]) -> Truth {
    match (units::covers(own, like), units::intersect(own, like)) {
        (true, _) => Truth::Yes,
        (false, true) => Truth::Open,
        (false, false) => Truth::No,
    }
}

/// The same of ARNs, part by part. A wildcard that may stand for a colon leaves open how a text falls into parts.
fn compare_arns(own: &[Unit], like: &[Unit]) -> Truth {
    if compare(own, like) == Truth::No {
        return Truth::No;
    }
    let parts = |units: &[Unit]| -> Vec<Vec<Unit>> {
        units.splitn(PARTS, |unit| *unit == Unit::Byte(b':')).map(<[Unit]>::to_vec).collect()
    };
    let (own, like) = (parts(own), parts(like));
    let is_plain = |part: &Vec<Unit>| part.iter().all(|unit| matches!(unit, Unit::Byte(_)));
    let is_clear = own.len() == PARTS && like.len() == PARTS && like.iter().take(PARTS - 1).all(is_plain);
    if !is_clear {
        return Truth::Open;
    }
    own.iter().zip(&like).map(|(own, like)| compare(own, like)).fold(Truth::Yes, Truth::and)
}

fn lower(units: &[Unit]) -> Vec<Unit> {
    let lower = |unit: &Unit| match unit {
        Unit::Byte(byte) => Unit::Byte(byte.to_ascii_lowercase()),
        Unit::One | Unit::Any | Unit::Part => *unit,
    };
    units.iter().map(lower).collect()
}

/// How many parts an ARN has.
const PARTS: usize = 6;
