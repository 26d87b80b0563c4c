//! What a case of iam-simulate expects, compared with an answer.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Asked, layer_name, level_name, policy_type};
use crate::condition::{Operator, Qualifier, Test};
use crate::conform::Outcome;
use crate::conform::formula::{Atom, Formula, is_same};
use crate::conform::json::{list, text};
use crate::document::Effect;
use crate::evaluate::LayerKind;
use crate::evaluate::{Answer, Applied, At, Denial, Leaf, Policies, Requirement, Verdict, applied};
use crate::request::{Caller, CallerKind, Request};
use crate::truth::Truth;

/// An answer, in the format's words.
pub(super) struct Got {
    pub(super) response: &'static str,
    /// What it depends on.
    pub(super) formula: Formula,
    /// The statements that this comes from.
    sources: BTreeSet<String>,
    /// The conditions that are left open, by kind of policy and effect.
    ignored: Vec<String>,
    /// The kinds of policies that do not let it through.
    blocked: BTreeSet<&'static str>,
}

/// A case of the core engine.
pub(super) fn of_core(asked: &Asked<'_>, expected: &Value) -> Result<Outcome, String> {
    let got =
        asked.ask(asked.which(), |request, policies, answer| Got::of(asked, request, policies, answer))?;
    let wrong = got.differs(asked, expected)?;
    Ok(Outcome { got: got.response.to_owned(), wrong, contradicts: None })
}

impl Got {
    pub(super) fn of(
        asked: &Asked<'_>,
        request: &Request<'_>,
        policies: &Policies<'_>,
        answer: &Answer<'_>,
    ) -> Self {
        let mut sources = BTreeSet::new();
        let formula = match &answer.verdict {
            Verdict::Allowed => Formula::Is(true),
            Verdict::OnlyIf(requirement) => {
                let own = own_session(&asked.held.principal);
                let session = if asked.discovery.is_on { Session::Open(own) } else { Session::Other };
                write(requirement, policies, &session, &mut sources)
            }
            Verdict::Denied(_) | Verdict::Unknown => Formula::Is(false),
        };
        let is_possible = is_same(&formula, &Formula::Is(false)) != Some(true);
        let response = match &answer.verdict {
            Verdict::Denied(Denial::Explicit) => "ExplicitlyDenied",
            Verdict::Unknown => "Unknown",
            _ if is_possible => "Allowed",
            _ => "ImplicitlyDenied",
        };
        let open = applied(request, policies);
        let ignored = open.iter().flat_map(ignored).collect();
        Self { response, formula, sources, ignored, blocked: blocked(answer) }
    }

    /// In what it differs from what a case expects.
    fn differs(&self, asked: &Asked<'_>, expected: &Value) -> Result<Option<String>, String> {
        let response = text(expected, "response")?;
        if response != self.response {
            return Ok(Some(format!("the answer is {}", self.response)));
        }
        if let Some(blocked) = expected.get("blockedBy") {
            let blocked: BTreeSet<&str> =
                blocked.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            if blocked != self.blocked {
                return Ok(Some(format!("it is blocked by {:?}", self.blocked)));
            }
        }
        if !asked.discovery.is_on {
            return Ok(None);
        }
        if let Some(wrong) = self.differs_in_conditions(expected)? {
            return Ok(Some(wrong));
        }
        let session = expected.get("ignoredRoleSessionName").and_then(Value::as_bool).unwrap_or(false);
        if session != names_session(&self.formula) {
            return Ok(Some(format!("whether the session's name matters: {}", !session)));
        }
        let (mut own, mut other) = (self.ignored.clone(), written_ignored(expected)?);
        own.sort();
        other.sort();
        Ok((own != other).then(|| format!("the open conditions are {own:?}")))
    }

    /// In what its conditions differ.
    pub(super) fn differs_in_conditions(&self, expected: &Value) -> Result<Option<String>, String> {
        let mut sources = BTreeSet::new();
        let other = match expected.get("conditions") {
            Some(conditions) => read(conditions, &mut sources)?,
            None if self.response == "Allowed" => Formula::Is(true),
            None => return Ok(None),
        };
        Ok(match is_same(&self.formula, &other) {
            Some(true) if sources == self.sources => None,
            Some(true) => Some(format!("the conditions come from {:?}", self.sources)),
            Some(false) => Some(format!("the conditions are {:?}", self.formula)),
            None => Some("the conditions ask too much to be compared".to_owned()),
        })
    }
}

fn blocked(answer: &Answer<'_>) -> BTreeSet<&'static str> {
    let mut blocked = BTreeSet::new();
    if !matches!(answer.verdict, Verdict::Denied(_)) {
        return blocked;
    }
    for layer in LayerKind::ALL {
        let said = answer.layers.of(layer);
        // What the caller and the resource do not allow is no obstacle of theirs; what they deny is.
        let must_allow = !matches!(layer, LayerKind::Identity | LayerKind::Resource);
        if said.denies == Truth::Yes || (must_allow && said.allows == Truth::No) {
            blocked.insert(layer_name(layer));
        }
    }
    blocked
}

/// What is known of the caller's session.
enum Session {
    /// It has another name than any that a statement names.
    Other,
    /// It may have any name; this one counts as met.
    Open(Option<String>),
}

fn own_session(principal: &str) -> Option<String> {
    match Caller::of(principal)?.kind {
        CallerKind::Session { name, .. } => Some(name.to_owned()),
        _ => None,
    }
}

/// What an answer depends on as a formula, with the statements that ask for it.
fn write(
    requirement: &Requirement<'_>,
    policies: &Policies<'_>,
    session: &Session,
    sources: &mut BTreeSet<String>,
) -> Formula {
    let mut each = |parts: &[Requirement<'_>]| -> Vec<Formula> {
        parts.iter().map(|part| write(part, policies, session, sources)).collect()
    };
    match requirement {
        Requirement::Never => Formula::Is(false),
        Requirement::Always => Formula::Is(true),
        Requirement::All(parts) => Formula::All(each(parts)),
        Requirement::Any(parts) => Formula::Any(each(parts)),
        Requirement::Leaf { leaf, holds } => {
            let asked = match leaf {
                Leaf::Condition(condition, at) => {
                    sources.insert(source(policies, *at));
                    let values: Vec<String> =
                        condition.values.iter().map(|value| value.text().to_owned()).collect();
                    Formula::of(condition.operator, &condition.key, &values)
                }
                Leaf::Session(arn, at) => match session {
                    Session::Other => Formula::Is(false),
                    Session::Open(own) => {
                        let name = arn.rsplit('/').next().unwrap_or(arn);
                        if own.as_deref() == Some(name) {
                            Formula::Is(true)
                        } else {
                            sources.insert(source(policies, *at));
                            Formula::Atom(Atom::Session(name.to_owned()))
                        }
                    }
                },
                // The format asks whether any resource of a pattern is let through.
                Leaf::Resource(..) => return Formula::Is(true),
                Leaf::CanonicalUser(..) | Leaf::SameAccount | Leaf::Unread(_) => Formula::Is(false),
            };
            if *holds { asked } else { asked.not() }
        }
    }
}

fn source(policies: &Policies<'_>, at: At) -> String {
    let effect = policies
        .of(at.layer, at.level.into())
        .get(usize::from(at.policy))
        .and_then(|policy| policy.document?.statements.get(usize::from(at.statement).saturating_sub(1)))
        .map_or("", |statement| effect_name(statement.effect));
    let level = level_name(policies, at);
    format!("{} {effect} {} {level}", policy_type(at.layer), at.statement)
}

const fn effect_name(effect: Effect) -> &'static str {
    match effect {
        Effect::Allow => "Allow",
        Effect::Deny => "Deny",
    }
}

/// Reads a tree of conditions.
fn read(value: &Value, sources: &mut BTreeSet<String>) -> Result<Formula, String> {
    for source in list(value, "sources") {
        let part = |field| source.get(field).map_or(String::new(), |part| part.to_string().replace('"', ""));
        sources.insert(format!(
            "{} {} {} {}",
            known_type(&part("policyType")),
            part("effect"),
            part("statementIndex"),
            part("orgIdentifier")
        ));
    }
    match text(value, "conditionType")? {
        "group" => {
            let parts = list(value, "conditions").iter().map(|part| read(part, sources));
            let parts = parts.collect::<Result<Vec<_>, _>>()?;
            match text(value, "operator")? {
                "and" => Ok(Formula::All(parts)),
                "or" => Ok(Formula::Any(parts)),
                other => Err(format!("{other} joins no conditions: and, or do")),
            }
        }
        "sessionName" => {
            let names = list(value, "sessionName").iter().filter_map(Value::as_str);
            Ok(Formula::Any(names.map(|name| Formula::Atom(Atom::Session(name.to_owned()))).collect()))
        }
        "condition" => {
            let operator: Operator = text(value, "op")?.parse()?;
            let values: Vec<String> =
                list(value, "values").iter().filter_map(Value::as_str).map(str::to_owned).collect();
            let is_inverted = value.get("inverted").and_then(Value::as_bool).unwrap_or(false);
            Ok(leaf(operator, text(value, "key")?, &values, is_inverted))
        }
        other => Err(format!("{other} is no kind of condition")),
    }
}

/// A condition of a tree. The contrary of a comparison holds also where the key is absent, which the format does not
/// write down.
fn leaf(operator: Operator, key: &str, values: &[String], is_inverted: bool) -> Formula {
    let contrary = |test| Formula::of(Operator { test, ..operator }, key, values).not();
    if !is_inverted || operator.qualifier != Qualifier::One {
        return Formula::of(operator, key, values);
    }
    match operator.test {
        Test::NumericLessThan => contrary(Test::NumericGreaterThanEquals),
        Test::NumericLessThanEquals => contrary(Test::NumericGreaterThan),
        Test::NumericGreaterThan => contrary(Test::NumericLessThanEquals),
        Test::NumericGreaterThanEquals => contrary(Test::NumericLessThan),
        Test::DateLessThan => contrary(Test::DateGreaterThanEquals),
        Test::DateLessThanEquals => contrary(Test::DateGreaterThan),
        Test::DateGreaterThan => contrary(Test::DateLessThanEquals),
        Test::DateGreaterThanEquals => contrary(Test::DateLessThan),
        Test::Bool => {
            let flipped = |value: &String| if value.eq_ignore_ascii_case("true") { "false" } else { "true" };
            let values: Vec<String> = values.iter().map(|value| flipped(value).to_owned()).collect();
            Formula::of(operator, key, &values).not()
        }
        _ => Formula::of(operator, key, values),
    }
}

fn names_session(formula: &Formula) -> bool {
    match formula {
        Formula::Atom(Atom::Session(_)) => true,
        Formula::Is(_) | Formula::Atom(_) => false,
        Formula::Not(part) => names_session(part),
        Formula::All(parts) | Formula::Any(parts) => parts.iter().any(names_session),
    }
}

/// The conditions of a statement that are left open.
fn ignored(applied: &Applied<'_>) -> Vec<String> {
    let place = format!("{} {}", policy_type(applied.at.layer), effect_name(applied.statement.effect));
    let one = |condition: &&crate::condition::Condition| {
        let mut values: Vec<&str> = condition.values.iter().map(crate::condition::Value::text).collect();
        values.sort_unstable();
        format!("{place} {} {} {values:?}", condition.operator, condition.key)
    };
    applied.open.iter().map(one).collect()
}

fn written_ignored(expected: &Value) -> Result<Vec<String>, String> {
    let mut written = Vec::new();
    for (layer, effects) in super::super::json::entries(expected, "ignoredConditions") {
        for (effect, key) in [("Allow", "allow"), ("Deny", "deny")] {
            for condition in list(effects, key) {
                let operator: Operator = text(condition, "op")?.parse()?;
                let mut values: Vec<&str> =
                    list(condition, "values").iter().filter_map(Value::as_str).collect();
                values.sort_unstable();
                let key = text(condition, "key")?.to_ascii_lowercase();
                written.push(format!("{} {effect} {operator} {key} {values:?}", known_type(layer)));
            }
        }
    }
    Ok(written)
}

/// A kind of policy by its name; what is none of the others is that of an endpoint.
fn known_type(name: &str) -> &str {
    let is_known = |layer: &LayerKind| policy_type(*layer) == name;
    if LayerKind::ALL.iter().any(is_known) { name } else { policy_type(LayerKind::Endpoint) }
}
