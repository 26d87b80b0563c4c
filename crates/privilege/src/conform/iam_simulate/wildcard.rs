//! Cases of iam-simulate's simulation engine. A request for resources of a pattern is answered for each pattern that a
//! statement allows within it, and for each type of resource that the permission acts on.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Asked;
use super::expected::Got;
use crate::conform::Outcome;
use crate::conform::json::{list, text, text_or};
use crate::document::{Effect, Selection};
use crate::evaluate::{LayerKind, applied};
use crate::pattern::units::{self, Unit};
use crate::pattern::{self, Pattern};
use crate::request::Which;

/// What is answered for one pattern.
struct Part {
    resource_type: String,
    pattern: String,
    got: Got,
}

pub(super) fn of_simulation(asked: &Asked<'_>, expected: &Value) -> Result<Outcome, String> {
    let held = asked.held;
    let permission = asked.catalog.find(&held.action);
    let types = permission.map_or(&[][..], |permission| asked.catalog.acts_on(permission));
    let is_wild = held.resource.contains(['*', '?']) && !types.is_empty();
    let which = if types.is_empty() && permission.is_some() { Which::None } else { asked.which() };
    let whole = asked.ask(which, |request, policies, answer| Got::of(asked, request, policies, answer))?;
    if !is_wild {
        let wrong = single(asked, expected, &whole)?;
        return Ok(Outcome { got: whole.response.to_owned(), wrong, contradicts: None });
    }
    let parts = if whole.response == "ImplicitlyDenied" { Vec::new() } else { parts(asked)? };
    let has = |response: &&str| parts.iter().any(|part| part.got.response == *response);
    let overall = ["Allowed", "ExplicitlyDenied"].into_iter().find(has);
    let overall = overall.unwrap_or("ImplicitlyDenied");
    let wrong = match text(expected, "resultType")? {
        "wildcard" if text(expected, "overallResult")? == overall => differs(expected, &parts)?,
        "wildcard" => Some(format!("the answer is {overall}")),
        other => Some(format!("the result is of type wildcard, not {other}")),
    };
    Ok(Outcome { got: overall.to_owned(), wrong, contradicts: None })
}

fn single(asked: &Asked<'_>, expected: &Value, got: &Got) -> Result<Option<String>, String> {
    let kind = text(expected, "resultType")?;
    if kind != "single" {
        return Ok(Some(format!("the result is of type single, not {kind}")));
    }
    if text(expected, "overallResult")? != got.response {
        return Ok(Some(format!("the answer is {}", got.response)));
    }
    if !asked.discovery.is_on {
        return Ok(None);
    }
    let none = Value::Null;
    got.differs_in_conditions(list(expected, "results").first().unwrap_or(&none))
}

/// What is answered for each pattern and type.
fn parts(asked: &Asked<'_>) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let permission = asked.catalog.find(&asked.held.action);
    let types = permission.map_or(&[][..], |permission| asked.catalog.acts_on(permission));
    for pattern in candidates(asked)? {
        let mut asked_for: Vec<Unit> = units::of_glob(&pattern).collect();
        if Pattern::new(&pattern).is_short_arn() {
            pattern::complete(&mut asked_for);
        }
        for acts_on in types {
            let Some(kind) = asked.catalog.resource_type(acts_on.resource_type) else { continue };
            let is_of = |arn: &Pattern| meet(&segments(&arn.units()), &segments(&asked_for));
            if kind.arns.iter().any(is_of) {
                let text = written(&asked_for);
                let which = if text.contains(['*', '?']) { Which::Some(&text) } else { Which::One(&text) };
                let got = asked
                    .ask(which, |request, policies, answer| Got::of(asked, request, policies, answer))?;
                let pattern = pattern.clone();
                parts.push(Part { resource_type: kind.name.to_string(), pattern, got });
            }
        }
    }
    Ok(parts)
}

/// The patterns that statements of the caller and the resource allow within what is asked for; what allows more than
/// that stands for what is asked for, but a short ARN for itself.
fn candidates(asked: &Asked<'_>) -> Result<BTreeSet<String>, String> {
    let resource = &asked.held.resource;
    let asked_for: Vec<Unit> = units::of_glob(resource).collect();
    asked.ask(asked.which(), |request, policies, _| {
        let mut patterns = BTreeSet::new();
        let allowing = applied(request, policies).into_iter().filter(|one| {
            one.statement.effect == Effect::Allow
                && matches!(one.at.layer, LayerKind::Identity | LayerKind::Resource)
        });
        for one in allowing {
            let Some(Selection::Only(own)) = &one.statement.resources else {
                patterns.insert(resource.clone());
                continue;
            };
            for own in own {
                let mut places = own.units();
                if !own.is_short_arn() && units::covers(&places, &asked_for) {
                    patterns.insert(resource.clone());
                    continue;
                }
                if one.at.layer == LayerKind::Identity && own.is_short_arn() {
                    pattern::complete(&mut places);
                }
                if units::intersect(&places, &asked_for) {
                    patterns.insert(own.text().to_owned());
                }
            }
        }
        patterns
    })
}

/// The parts of an ARN: six, or fewer where one is any text and the last.
fn segments(places: &[Unit]) -> Vec<&[Unit]> {
    places.splitn(ARN_PARTS, |unit| *unit == Unit::Byte(b':')).collect()
}

/// Whether two ARNs may be the same, part by part.
fn meet(one: &[&[Unit]], other: &[&[Unit]]) -> bool {
    let is_open = |parts: &[&[Unit]]| parts.len() < ARN_PARTS && parts.last() == Some(&&[Unit::Any][..]);
    if one.len() != other.len() && !is_open(one) && !is_open(other) {
        return false;
    }
    one.iter().zip(other).all(|(one, other)| units::intersect(one, other))
}

const ARN_PARTS: usize = 6;

fn written(places: &[Unit]) -> String {
    let bytes = places.iter().map(|unit| match unit {
        Unit::Byte(byte) => *byte,
        Unit::One => b'?',
        Unit::Any | Unit::Part => b'*',
    });
    String::from_utf8_lossy(&bytes.collect::<Vec<u8>>()).into_owned()
}

/// In what the results by pattern differ.
fn differs(expected: &Value, parts: &[Part]) -> Result<Option<String>, String> {
    let line = |kind: &str, pattern: &str, result: &str| format!("{kind} {pattern} {result}");
    let mut own: Vec<String> =
        parts.iter().map(|part| line(&part.resource_type, &part.pattern, part.got.response)).collect();
    let results = list(expected, "results");
    let mut other: Vec<String> = results
        .iter()
        .map(|one| {
            line(
                text_or(one, "resourceType", ""),
                text_or(one, "resourcePattern", ""),
                text_or(one, "result", ""),
            )
        })
        .collect();
    own.sort();
    other.sort();
    if own != other {
        return Ok(Some(format!("the results are {own:?}")));
    }
    for result in results {
        let is_it = |part: &&Part| {
            part.resource_type == text_or(result, "resourceType", "")
                && part.pattern == text_or(result, "resourcePattern", "")
        };
        if let Some(part) = parts.iter().find(is_it)
            && let Some(wrong) = part.got.differs_in_conditions(result)?
        {
            return Ok(Some(wrong));
        }
    }
    Ok(None)
}
