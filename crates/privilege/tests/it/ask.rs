//! What tests share: policies from text, and answers in short.

use doorward_privilege::document::Document;
use doorward_privilege::evaluate::{Answer, Denial, Level, Policies, Policy, Verdict, evaluate};
use doorward_privilege::request::{Caller, Context, Permission, Request, Resource};

/// A document of these statements, in the version with variables.
pub(crate) fn document(statements: &str) -> Document {
    Document::read(&format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#)).unwrap()
}

/// Statements by the layer they stand in; empty where there is none.
#[derive(Clone, Copy, Default)]
pub(crate) struct Layers<'a> {
    pub(crate) identity: &'a str,
    pub(crate) boundary: &'a str,
    pub(crate) session: &'a str,
    pub(crate) service_control: &'a [&'a str],
    pub(crate) resource_control: &'a [&'a str],
    pub(crate) endpoint: &'a str,
    pub(crate) resource: &'a str,
}

/// The answer to a request, in short.
pub(crate) fn ask(
    layers: Layers<'_>,
    caller: Caller<'_>,
    what: &str,
    on: Resource<'_>,
    context: &Context,
) -> String {
    let permission = Permission::new(what);
    let request = Request { caller, permission: &permission, resource: on, context };
    answer(layers, &request)
}

pub(crate) fn answer(layers: Layers<'_>, request: &Request<'_>) -> String {
    let read =
        |text: &str| -> Vec<Document> { if text.is_empty() { Vec::new() } else { vec![document(text)] } };
    let single =
        [layers.identity, layers.boundary, layers.session, layers.endpoint, layers.resource].map(read);
    let [identity, boundary, session, endpoint, resource] = single.each_ref().map(|one| refer(one));
    let levels = |texts: &[&str]| texts.iter().map(|text| read(text)).collect::<Vec<_>>();
    let (service, control) = (levels(layers.service_control), levels(layers.resource_control));
    let (service, control) = (service.iter().map(|one| refer(one)), control.iter().map(|one| refer(one)));
    let (service, control): (Vec<_>, Vec<_>) = (service.collect(), control.collect());
    let level = |policies| Level { name: "l", policies };
    let service: Vec<Level<'_>> = service.iter().map(|one| level(one)).collect();
    let control: Vec<Level<'_>> = control.iter().map(|one| level(one)).collect();
    let policies = Policies {
        identity: &identity,
        boundary: &boundary,
        session: &session,
        service_control: &service,
        resource_control: &control,
        endpoint: &endpoint,
        resource: &resource,
    };
    short(&evaluate(request, &policies))
}

fn refer(documents: &[Document]) -> Vec<Policy<'_>> {
    documents.iter().map(|document| Policy { name: "p", document: Some(document) }).collect()
}

/// An answer in one line.
pub(crate) fn short(answer: &Answer<'_>) -> String {
    match &answer.verdict {
        Verdict::Allowed => "allowed".to_owned(),
        Verdict::Denied(Denial::Explicit) => "denied".to_owned(),
        Verdict::Denied(Denial::Implicit) => "not allowed".to_owned(),
        Verdict::OnlyIf(requirement) => format!("only if {requirement}"),
        Verdict::Unknown => "unknown".to_owned(),
    }
}
