//! Whether the policy of a bucket is public.
//!
//! Source: Amazon S3 User Guide, "Blocking public access to your Amazon S3 storage", the meaning of "public": a policy
//! is taken for public until it grants to fixed values only, without wildcards and variables, of the principal or of
//! one of the keys that the page lists.

use crate::condition::{Condition, Qualifier, Test};
use crate::document::{Document, Effect, Principal, Selection, Statement};

/// Whether a policy lets in the public.
pub(super) fn is_public(document: &Document) -> bool {
    document.statements.iter().any(|statement| {
        statement.effect == Effect::Allow
            && names_everybody(statement)
            && !statement.conditions.iter().any(is_fixed)
    })
}

fn names_everybody(statement: &Statement) -> bool {
    match &statement.principals {
        None => false,
        Some(Selection::AllBut(_)) => true,
        Some(Selection::Only(principals)) => principals.contains(&Principal::Everybody),
    }
}

/// Whether a condition lets in fixed values only.
fn is_fixed(condition: &Condition) -> bool {
    let operator = condition.operator;
    if operator.if_exists || operator.qualifier == Qualifier::ForAllValues {
        return false;
    }
    let is_written_out = |text: &str| !text.contains(['*', '?']) && !text.contains("${");
    match operator.test {
        Test::IpAddress => {
            &*condition.key == "aws:sourceip" && condition.values.iter().all(|value| !is_wide(value.text()))
        }
        Test::StringEquals | Test::StringLike | Test::ArnEquals | Test::ArnLike => {
            FIXING.contains(&&*condition.key)
                && condition.values.iter().all(|value| is_written_out(value.text()))
        }
        _ => false,
    }
}

/// Ranges wider than these take in the public.
fn is_wide(range: &str) -> bool {
    let (address, bits) = range.split_once('/').unwrap_or((range, "128"));
    let most = if address.contains(':') { 32 } else { 8 };
    bits.parse::<u8>().is_ok_and(|bits| bits < most)
}

/// Keys that fix who is let in.
const FIXING: [&str; 12] = [
    "aws:sourcearn",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:sourceowner",
    "aws:sourceaccount",
    "aws:principalarn",
    "aws:principalaccount",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:userid",
    "s3:dataaccesspointaccount",
    "s3:dataaccesspointarn",
];
