//! JSON into statements.

use serde::Deserialize;

use self::forms::{Entries, OneOrMany, RawPrincipal, Scalar};
use super::{Condition, Document, DocumentError, Effect, Principal, Selection, Statement, Version};
use crate::pattern::Pattern;

mod forms;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDocument {
    #[serde(rename = "Version")]
    version: Option<String>,
    #[serde(rename = "Id")]
    _id: Option<String>,
    #[serde(rename = "Statement")]
    statements: OneOrMany<RawStatement>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct RawStatement {
    sid: Option<Box<str>>,
    effect: Effect,
    principal: Option<RawPrincipal>,
    not_principal: Option<RawPrincipal>,
    action: Option<OneOrMany<String>>,
    not_action: Option<OneOrMany<String>>,
    resource: Option<OneOrMany<String>>,
    not_resource: Option<OneOrMany<String>>,
    condition: Option<Entries<Keys>>,
}

/// What one operator compares: keys with their values.
type Keys = Entries<OneOrMany<Scalar>>;

pub(super) fn document(text: &str) -> Result<Document, DocumentError> {
    let raw: RawDocument =
        serde_json::from_str(text).map_err(|error| DocumentError::Form(error.to_string()))?;
    let version = match raw.version.as_deref() {
        None | Some("2008-10-17") => Version::V2008,
        Some("2012-10-17") => Version::V2012,
        Some(other) => return Err(DocumentError::Version(other.to_owned())),
    };
    let numbered = raw.statements.into_vec().into_iter().enumerate();
    let statements = numbered.map(|(place, raw)| {
        statement(raw, version).map_err(|what| DocumentError::Statement { number: place + 1, what })
    });
    Ok(Document { version, statements: statements.collect::<Result<_, _>>()? })
}

fn statement(raw: RawStatement, version: Version) -> Result<Statement, String> {
    let resource = |text: &String| match version {
        Version::V2008 => Pattern::new(text),
        Version::V2012 => Pattern::of_resource(text),
    };
    let permissions = selection(raw.action, raw.not_action, "Action", |text| Pattern::of_permission(text))?;
    let conditions = raw.condition.unwrap_or_default().into_iter();
    let mut conditions = conditions
        .flat_map(|(operator, keys)| of_operator(operator, keys, version))
        .collect::<Result<Vec<Condition>, _>>()?;
    // All must hold, so that their order says nothing: answers show them in one that does not depend on the writer.
    conditions.sort_by_cached_key(|condition| (condition.operator.to_string(), condition.key.clone()));
    Ok(Statement {
        sid: raw.sid,
        effect: raw.effect,
        principals: principals(raw.principal, raw.not_principal)?,
        permissions: permissions.ok_or("it names neither Action nor NotAction")?,
        resources: selection(raw.resource, raw.not_resource, "Resource", resource)?,
        conditions,
    })
}

fn of_operator(
    operator: String,
    keys: Keys,
    version: Version,
) -> impl Iterator<Item = Result<Condition, String>> {
    keys.into_iter().map(move |(key, values)| {
        let values = values.into_vec().into_iter().map(Scalar::text).collect();
        Condition::read(&operator, &key, values, version == Version::V2012)
    })
}

fn selection(
    only: Option<OneOrMany<String>>,
    all_but: Option<OneOrMany<String>>,
    name: &str,
    pattern: impl Fn(&String) -> Pattern,
) -> Result<Option<Selection<Pattern>>, String> {
    let patterns = |texts: OneOrMany<String>| texts.into_vec().iter().map(&pattern).collect();
    match (only, all_but) {
        (Some(_), Some(_)) => Err(format!("it names both {name} and Not{name}")),
        (Some(only), None) => Ok(Some(Selection::Only(patterns(only)))),
        (None, Some(all_but)) => Ok(Some(Selection::AllBut(patterns(all_but)))),
        (None, None) => Ok(None),
    }
}

fn principals(
    only: Option<RawPrincipal>,
    all_but: Option<RawPrincipal>,
) -> Result<Option<Selection<Principal>>, String> {
    match (only, all_but) {
        (Some(_), Some(_)) => Err("it names both Principal and NotPrincipal".to_owned()),
        (Some(only), None) => Ok(Some(Selection::Only(named(only)?))),
        (None, Some(all_but)) => Ok(Some(Selection::AllBut(named(all_but)?))),
        (None, None) => Ok(None),
    }
}

fn named(raw: RawPrincipal) -> Result<Vec<Principal>, String> {
    let kinds = match raw {
        RawPrincipal::Star(star) if star == "*" => return Ok(vec![Principal::Everybody]),
        // Not of the grammar, but AWS takes what could stand under `AWS`.
        RawPrincipal::Star(name) if name.starts_with("arn:") || account(&name).is_some() => {
            return Ok(vec![principal("AWS", name)?]);
        }
        RawPrincipal::Star(other) => {
            return Err(format!("{other} is no principal: write * or {{\"AWS\": \"{other}\"}}"));
        }
        RawPrincipal::Kinds(kinds) => kinds,
    };
    let mut named = Vec::new();
    for (kind, names) in kinds {
        for name in names.into_vec() {
            named.push(principal(&kind, name)?);
        }
    }
    Ok(named)
}

fn principal(kind: &str, name: String) -> Result<Principal, String> {
    Ok(match kind {
        "AWS" if name == "*" => Principal::Everybody,
        "AWS" => match account(&name) {
            Some(account) => Principal::Account(account.into()),
            None => Principal::Aws(name.into()),
        },
        "Service" => Principal::Service(name.into()),
        "Federated" => Principal::Federated(name.into()),
        "CanonicalUser" => Principal::CanonicalUser(name.into()),
        other => return Err(format!("{other} is no kind of principal")),
    })
}

/// The account that a name stands for: its id, or the ARN of its root.
fn account(name: &str) -> Option<&str> {
    let id = name.strip_suffix(":root").and_then(|arn| arn.split(':').nth(4)).unwrap_or(name);
    (id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit())).then_some(id)
}
