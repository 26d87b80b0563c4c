//! Our own cases: YAML files of one topic each, where each case shows one rule of AWS and names its page.
//!
//! A file has `topic`, `defaults` for fields of its cases, and `cases`. A case has `rule` (what it shows, in a sentence),
//! `page`, `expected`, and either `read`, a document that is only read, or a question: `caller`, `permission`,
//! `resource`, `context` and so on, with the statements of each layer. `expected` is `allowed`, `denied` (by a
//! statement), `not allowed`, `unknown`, `only if` with what must hold, or the error of a document.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::json::values;
use super::{ConformError, File, Format, Outcome, Report};
use crate::document::Document;
use crate::evaluate::{Answer, Denial, LayerKind, Policies, Policy, Verdict, evaluate};
use crate::request::{
    Boundary, Caller, Context, Known, Membership, Permission, PublicAccess, Request, Resource, Which,
};

pub(super) fn run(files: &[File], report: &mut Report) -> Result<(), ConformError> {
    for file in files.iter().filter(|file| file.is_asked && file.last_name().ends_with(".yaml")) {
        let topic: Topic =
            yaml_serde::from_str(&file.text).map_err(|error| file.error(Format::Doorward, error))?;
        for (place, own) in topic.cases.into_iter().enumerate() {
            let mut fields = topic.defaults.clone();
            fields.extend(own);
            let case: Result<Case, _> = serde_json::from_value(Value::Object(fields));
            let case = case.map_err(|error| {
                let line =
                    line_of(&file.text, place).map(|line| format!(" at line {line}")).unwrap_or_default();
                file.error(Format::Doorward, format!("case {}{line}: {error}", place + 1))
            })?;
            let name = format!("{}: {}", file.last_name(), case.rule);
            let outcome = case.outcome();
            report.take(name, &case.expected, outcome);
        }
    }
    Ok(())
}

/// The line on which a case begins; none where cases do not begin lines. What belongs to a case is indented deeper.
fn line_of(text: &str, place: usize) -> Option<usize> {
    let cases = (1..).zip(text.lines()).skip_while(|(_, line)| !line.starts_with("cases:"));
    let begins =
        |line: &str| line.trim_start().starts_with("- ").then(|| line.len() - line.trim_start().len());
    let mut begun = cases.filter_map(|(number, line)| Some((number, begins(line)?))).peekable();
    let (_, indented) = *begun.peek()?;
    begun.filter(|(_, own)| *own == indented).nth(place).map(|(number, _)| number)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Topic {
    /// What its cases are about.
    #[serde(rename = "topic")]
    _topic: String,
    #[serde(default)]
    defaults: Map<String, Value>,
    cases: Vec<Map<String, Value>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    rule: String,
    #[serde(rename = "page")]
    _page: String,
    expected: String,
    /// The places of the statements that decided, as `identity 1` or `scp 2.1`.
    because: Option<Vec<String>>,
    /// A document that is only read.
    read: Option<String>,
    #[serde(default)]
    caller: String,
    /// The name of a session, where `caller` is its role.
    session_name: Option<String>,
    user_id: Option<String>,
    canonical_user: Option<String>,
    tags: Option<BTreeMap<String, String>>,
    organisation: Option<Organisation>,
    #[serde(default)]
    permission: String,
    /// An ARN, a pattern of ARNs, or `none`.
    #[serde(default)]
    resource: String,
    account: Option<String>,
    resource_tags: Option<BTreeMap<String, String>>,
    /// The permissions boundary of the user or role that the permission is used on; `none` where it has none.
    resource_boundary: Option<String>,
    resource_organisation: Option<Organisation>,
    #[serde(default)]
    restrict_public_buckets: bool,
    #[serde(default)]
    context: Map<String, Value>,
    /// Keys that the request does not have, even if they would follow from it.
    #[serde(default)]
    absent: Vec<String>,
    /// Keys that the request has, with values that are not known.
    #[serde(default)]
    present: Vec<String>,
    /// Keys of which nothing is known.
    #[serde(default)]
    unknown: Vec<String>,
    /// Whether other keys are not known; otherwise the request does not have them.
    #[serde(default)]
    rest_unknown: bool,
    /// The conditions of a statement that allows everything, as the only policy of the caller.
    condition: Option<Value>,
    identity: Option<Value>,
    boundary: Option<Value>,
    session: Option<Value>,
    endpoint: Option<Value>,
    resource_policy: Option<Value>,
    #[serde(default)]
    service_control: Vec<Value>,
    #[serde(default)]
    resource_control: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Organisation {
    /// Its id; `none` when the account is in none.
    id: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    management: String,
}

impl Organisation {
    fn membership(of: Option<&Self>) -> Membership<'_> {
        match of {
            None => Membership::Unknown,
            Some(of) if of.id == "none" => Membership::Outside,
            Some(Self { id, path, management }) => Membership::Of { id, path, management },
        }
    }
}

type Tags = Vec<(Box<str>, Box<str>)>;

fn tags(tags: Option<&BTreeMap<String, String>>) -> Option<Tags> {
    let pair = |(name, value): (&String, &String)| (name.to_lowercase().into(), value.as_str().into());
    tags.map(|tags| tags.iter().map(pair).collect())
}

/// The documents of a layer.
struct Documents(Vec<Option<Document>>);

impl Documents {
    /// A list of statements, an object with `version` and `statements`, one with `documents`, the text of a document,
    /// or `missing`.
    fn read(value: Option<&Value>) -> Result<Self, String> {
        let document = |version: &str, statements: &Value| {
            let body = json!({ "Version": version, "Statement": statements });
            Document::read(&body.to_string()).map(Some).map_err(|error| error.to_string())
        };
        Ok(Self(match value {
            None => Vec::new(),
            Some(Value::String(text)) if text == "missing" => vec![None],
            Some(Value::String(text)) => vec![Document::read(text).ok()],
            Some(Value::Object(fields)) => match (fields.get("documents"), fields.get("statements")) {
                (Some(Value::Array(documents)), None) => {
                    let mut all = Vec::new();
                    for one in documents {
                        all.extend(Self::read(Some(one))?.0);
                    }
                    all
                }
                (None, Some(statements)) => {
                    let version = fields.get("version").and_then(Value::as_str).unwrap_or("2012-10-17");
                    vec![document(version, statements)?]
                }
                _ => return Err("a layer has either documents or statements".to_owned()),
            },
            Some(statements) => vec![document("2012-10-17", statements)?],
        }))
    }

    fn lend(&self) -> Vec<Policy<'_>> {
        self.0.iter().map(|document| Policy { name: "", document: document.as_ref() }).collect()
    }
}

impl Case {
    fn outcome(&self) -> Result<Outcome, String> {
        if let Some(text) = &self.read {
            let got =
                Document::read(text).err().map_or_else(|| "readable".to_owned(), |error| error.to_string());
            return Ok(self.compared(got, &[]));
        }
        let (own, of_resource) = (tags(self.tags.as_ref()), tags(self.resource_tags.as_ref()));
        let caller = match &self.session_name {
            Some(name) => Caller::session(&self.caller, name),
            None => Caller::of(&self.caller),
        };
        let mut caller = caller.ok_or_else(|| format!("{} is no caller", self.caller))?;
        caller.tags = own.as_deref();
        caller.organisation = Organisation::membership(self.organisation.as_ref());
        caller.user_id = self.user_id.as_deref();
        caller.canonical_user = self.canonical_user.as_deref();
        let mut resource = Resource::new(&self.resource);
        resource.account = self.account.as_deref().or(resource.account);
        resource.organisation = Organisation::membership(self.resource_organisation.as_ref());
        resource.tags = of_resource.as_deref();
        resource.boundary = match self.resource_boundary.as_deref() {
            None => Boundary::Unknown,
            Some("none") => Boundary::None,
            Some(arn) => Boundary::Of(arn),
        };
        if self.resource == "none" {
            resource.which = Which::None;
        }
        if self.restrict_public_buckets {
            resource.public_access = PublicAccess::Restricted;
        }
        let permission = Permission::new(&self.permission);
        let context = self.known()?;
        self.ask(&Request { caller, permission: &permission, resource, context: &context })
    }

    fn known(&self) -> Result<Context, String> {
        let mut context = if self.rest_unknown { Context::unknown() } else { Context::known() };
        for (key, value) in &self.context {
            context.set(key, Known::Values(values(value)?));
        }
        self.absent.iter().for_each(|key| context.set(key, Known::Absent));
        self.present.iter().for_each(|key| context.set(key, Known::Present));
        self.unknown.iter().for_each(|key| context.set(key, Known::Unknown));
        Ok(context)
    }

    fn ask(&self, request: &Request<'_>) -> Result<Outcome, String> {
        let read = |value: &Option<Value>| Documents::read(value.as_ref());
        let own = [
            match &self.condition {
                Some(condition) => Documents::read(Some(&json!([{
                    "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition
                }])))?,
                None => read(&self.identity)?,
            },
            read(&self.boundary)?,
            read(&self.session)?,
            read(&self.endpoint)?,
            read(&self.resource_policy)?,
        ];
        let [identity, boundary, session, endpoint, resource] = own.each_ref().map(Documents::lend);
        let levels = |values: &[Value]| {
            values.iter().map(|value| Documents::read(Some(value))).collect::<Result<Vec<_>, _>>()
        };
        let (service, control) = (levels(&self.service_control)?, levels(&self.resource_control)?);
        let service: Vec<_> = service.iter().map(Documents::lend).collect();
        let control: Vec<_> = control.iter().map(Documents::lend).collect();
        let policies = Policies {
            identity: &identity,
            boundary: &boundary,
            session: &session,
            service_control: &super::held::named(&service),
            resource_control: &super::held::named(&control),
            endpoint: &endpoint,
            resource: &resource,
        };
        let answer = evaluate(request, &policies);
        Ok(self.compared(in_words(&answer), &because(&answer)))
    }

    fn compared(&self, got: String, because: &[String]) -> Outcome {
        let wrong = if got != self.expected {
            Some(format!("the answer is: {got}"))
        } else if self.because.as_ref().is_some_and(|expected| *expected != because) {
            Some(format!("it is decided by: {}", because.join(", ")))
        } else {
            None
        };
        Outcome { got, wrong, contradicts: None }
    }
}

fn in_words(answer: &Answer<'_>) -> String {
    match &answer.verdict {
        Verdict::Allowed => "allowed".to_owned(),
        Verdict::Denied(Denial::Explicit) => "denied".to_owned(),
        Verdict::Denied(Denial::Implicit) => "not allowed".to_owned(),
        Verdict::OnlyIf(requirement) => format!("only if {requirement}"),
        Verdict::Unknown => "unknown".to_owned(),
    }
}

fn because(answer: &Answer<'_>) -> Vec<String> {
    let place = |at: crate::evaluate::At| {
        let layer = match at.layer {
            LayerKind::ServiceControl => format!("service_control {}.", at.level + 1),
            LayerKind::ResourceControl => format!("resource_control {}.", at.level + 1),
            LayerKind::Endpoint => "endpoint ".to_owned(),
            LayerKind::Boundary => "boundary ".to_owned(),
            LayerKind::Session => "session ".to_owned(),
            LayerKind::Identity => "identity ".to_owned(),
            LayerKind::Resource => "resource_policy ".to_owned(),
        };
        let policy = if at.policy > 0 { format!("{}.", at.policy + 1) } else { String::new() };
        format!("{layer}{policy}{}", at.statement)
    };
    answer.because.iter().map(place).collect()
}
