//! Cases of iam-simulate: JSON lists, of its core engine (the request and its policies in the case itself) or of its
//! simulation engine (below `simulation`, with results by pattern of resource).

use serde_json::Value;

use super::json::{either, list, text};
use super::{ConformError, File, Format, Outcome, Report};
use crate::catalog::Catalog;
use crate::document::Document;
use crate::evaluate::{Answer, At, LayerKind, Level, Policies, Policy, evaluate};
use crate::request::{Caller, CallerKind, Permission, Request, Resource, Which};
use discovery::Discovery;

mod discovery;
mod expected;
mod wildcard;

pub(super) fn run(files: &[File], catalog: &Catalog, report: &mut Report) -> Result<(), ConformError> {
    for file in files.iter().filter(|file| file.is_asked && file.last_name().ends_with(".json")) {
        let cases: Value =
            serde_json::from_str(&file.text).map_err(|error| file.error(Format::IamSimulate, error))?;
        let cases =
            cases.as_array().ok_or_else(|| file.error(Format::IamSimulate, "it is no list of cases"))?;
        for (place, case) in cases.iter().enumerate() {
            let expected = case.get("expected").unwrap_or(&Value::Null);
            let shown = either(expected, &["response", "overallResult"]).and_then(Value::as_str);
            let outcome = one(case, expected, catalog);
            report.take(file.case_name(case, place), shown.unwrap_or("?"), outcome);
        }
    }
    Ok(())
}

fn one(case: &Value, expected: &Value, catalog: &Catalog) -> Result<Outcome, String> {
    let body = case.get("simulation").filter(|body| body.get("request").is_some());
    let held = Held::read(body.unwrap_or(case))?;
    let discovery = Discovery::read(case, &held)?;
    let asked = Asked { catalog, held: &held, discovery: &discovery };
    match body {
        None => expected::of_core(&asked, expected),
        Some(_) => wildcard::of_simulation(&asked, expected),
    }
}

/// A document by its name.
#[derive(Clone)]
struct Named {
    name: String,
    document: Document,
}

/// The documents of one level of an organisation.
#[derive(Clone)]
struct NamedLevel {
    name: String,
    documents: Vec<Named>,
}

/// What a case says.
#[derive(Clone)]
struct Held {
    principal: String,
    action: String,
    resource: String,
    account: String,
    /// Whether the case says that the action takes no resource.
    is_wildcard_only: bool,
    context: Vec<(String, Vec<Box<str>>)>,
    identity: Vec<Named>,
    boundary: Vec<Named>,
    session: Vec<Named>,
    endpoint: Vec<Named>,
    resource_policies: Vec<Named>,
    service_control: Vec<NamedLevel>,
    resource_control: Vec<NamedLevel>,
}

impl Held {
    fn read(body: &Value) -> Result<Self, String> {
        let request = body.get("request").ok_or("the case has no request")?;
        let resource = request.get("resource").ok_or("the request has no resource")?;
        let principal = request.get("principal").unwrap_or(&Value::Null);
        let context = either(request, &["context", "contextVariables"]).and_then(Value::as_object);
        let context = context.into_iter().flatten();
        let mut resource_policies = named(body, &["resourcePolicy"], Some("ResourcePolicy"))?;
        resource_policies.extend(named(body, &["resourcePolicies"], None)?);
        Ok(Self {
            principal: match principal {
                Value::String(name) => name.clone(),
                other if other.get("type").and_then(Value::as_str) == Some("Anonymous") => "*".to_owned(),
                other => return Err(format!("{other} is no principal")),
            },
            action: text(request, "action")?.to_owned(),
            resource: text(resource, "resource")?.to_owned(),
            account: text(resource, "accountId")?.to_owned(),
            is_wildcard_only: request.get("wildcardOnlyAction").and_then(Value::as_bool).unwrap_or(false),
            context: context
                .map(|(key, value)| Ok((key.clone(), super::json::values(value)?)))
                .collect::<Result<_, String>>()?,
            identity: named(body, &["identityPolicies"], None)?,
            boundary: named(body, &["permissionBoundaries", "permissionBoundaryPolicies"], None)?,
            session: named(body, &["sessionPolicy"], Some("SessionPolicy"))?,
            endpoint: named(body, &["endpointPolicies", "vpcEndpointPolicies"], None)?,
            resource_policies,
            service_control: levels(body, "serviceControlPolicies")?,
            resource_control: levels(body, "resourceControlPolicies")?,
        })
    }
}

/// The documents under one of several names: a list, or a single one with a name of its own.
fn named(body: &Value, fields: &[&str], name: Option<&str>) -> Result<Vec<Named>, String> {
    let Some(value) = either(body, fields) else { return Ok(Vec::new()) };
    let one = |(place, value): (usize, &Value)| {
        let own = value.get("name").and_then(Value::as_str).map(str::to_owned);
        let name = own.or_else(|| name.map(str::to_owned)).unwrap_or_else(|| place.to_string());
        let body = value.get("policy").unwrap_or(value);
        let document = super::json::document(body).map_err(|error| format!("policy {name}: {error}"))?;
        Ok(Named { name, document })
    };
    match value {
        Value::Array(values) => values.iter().enumerate().map(one).collect(),
        value => Ok(vec![one((0, value))?]),
    }
}

fn levels(body: &Value, field: &str) -> Result<Vec<NamedLevel>, String> {
    let one = |level: &Value| {
        let name = text(level, "orgIdentifier")?.to_owned();
        Ok(NamedLevel { name, documents: named(level, &["policies"], None)? })
    };
    list(body, field).iter().map(one).collect()
}

/// A case as it is asked.
struct Asked<'c> {
    catalog: &'c Catalog,
    held: &'c Held,
    discovery: &'c Discovery,
}

/// Lends the policies of a case.
struct Lent<'h> {
    identity: Vec<Policy<'h>>,
    boundary: Vec<Policy<'h>>,
    session: Vec<Policy<'h>>,
    endpoint: Vec<Policy<'h>>,
    resource: Vec<Policy<'h>>,
    service_control: Vec<(&'h str, Vec<Policy<'h>>)>,
    resource_control: Vec<(&'h str, Vec<Policy<'h>>)>,
}

impl<'h> Lent<'h> {
    fn of(held: &'h Held) -> Self {
        let levels = |levels: &'h [NamedLevel]| {
            levels.iter().map(|level| (level.name.as_str(), lend(&level.documents))).collect()
        };
        Self {
            identity: lend(&held.identity),
            boundary: lend(&held.boundary),
            session: lend(&held.session),
            endpoint: lend(&held.endpoint),
            resource: lend(&held.resource_policies),
            service_control: levels(&held.service_control),
            resource_control: levels(&held.resource_control),
        }
    }

    /// Calls with all policies of a request.
    fn with<T>(&self, ask: impl FnOnce(&Policies<'_>) -> T) -> T {
        let service = levels_of(&self.service_control);
        let control = levels_of(&self.resource_control);
        ask(&Policies {
            identity: &self.identity,
            boundary: &self.boundary,
            session: &self.session,
            service_control: &service,
            resource_control: &control,
            endpoint: &self.endpoint,
            resource: &self.resource,
        })
    }
}

fn lend(documents: &[Named]) -> Vec<Policy<'_>> {
    documents.iter().map(|one| Policy { name: &one.name, document: Some(&one.document) }).collect()
}

fn levels_of<'l>(levels: &'l [(&'l str, Vec<Policy<'l>>)]) -> Vec<Level<'l>> {
    levels.iter().map(|(name, policies)| Level { name, policies }).collect()
}

impl Asked<'_> {
    /// Asks about a resource, and calls with the answer.
    fn ask<T>(
        &self,
        which: Which<'_>,
        take: impl FnOnce(&Request<'_>, &Policies<'_>, &Answer<'_>) -> T,
    ) -> Result<T, String> {
        let (held, discovery) = (self.held, self.discovery);
        let principal = discovery.role.as_deref().unwrap_or(&held.principal);
        let caller = Caller::of(principal).ok_or_else(|| format!("{principal} is no principal"))?;
        let permission = Permission::new(&held.action);
        let resource = Resource { which, ..Resource::none().in_account(&held.account) };
        let request = Request { caller, permission: &permission, resource, context: &discovery.context };
        Ok(Lent::of(&discovery.held).with(|policies| take(&request, policies, &evaluate(&request, policies))))
    }

    /// Which resources the case asks about.
    fn which(&self) -> Which<'_> {
        let held = self.held;
        if held.is_wildcard_only {
            Which::None
        } else if held.resource.contains(['*', '?']) {
            Which::Some(&held.resource)
        } else {
            Which::One(&held.resource)
        }
    }
}

/// What the format calls a layer.
const fn layer_name(layer: LayerKind) -> &'static str {
    match layer {
        LayerKind::ServiceControl => "scp",
        LayerKind::ResourceControl => "rcp",
        LayerKind::Endpoint => "vpce",
        LayerKind::Boundary => "pb",
        LayerKind::Session => "session",
        LayerKind::Identity => "identity",
        LayerKind::Resource => "resource",
    }
}

/// What the format calls a layer where it speaks of its conditions.
const fn policy_type(layer: LayerKind) -> &'static str {
    match layer {
        LayerKind::Boundary => "permissionBoundary",
        LayerKind::Endpoint => "endpointPolicy",
        other => layer_name(other),
    }
}

/// The name of a level that an answer speaks of.
fn level_name<'p>(policies: &Policies<'p>, at: At) -> &'p str {
    let levels = match at.layer {
        LayerKind::ServiceControl => policies.service_control,
        LayerKind::ResourceControl => policies.resource_control,
        _ => &[],
    };
    levels.get(usize::from(at.level)).map_or("", |level| level.name)
}

/// The ARN of the role that a session is of, where the format lets the session's name open.
fn role_of(principal: &str) -> Option<String> {
    match Caller::of(principal)? {
        Caller { kind: CallerKind::Session { role_name, .. }, account, .. } => {
            Some(format!("arn:aws:iam::{account}:role/{role_name}"))
        }
        _ => None,
    }
}
