//! The description of the API: what the handlers say of themselves, and what is so of all that have a scope.

use std::sync::LazyLock;

use http::header;
use serde_json::{Map, Value, json};
use utoipa::OpenApi;

use crate::admin::privilege;
use crate::answers::privilege as asked;
use crate::answers::{events, findings, holds, identities, kills, rejects, rest, unusual};
use crate::problem::Problem;
use crate::server;

/// The description as `/openapi.json` answers it.
#[must_use]
pub fn text() -> &'static str {
    &TEXT
}

/// The description of the API. It needs no token: it stands in the source code as well.
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "server",
    responses((status = 200, description = "This document.", body = serde_json::Value))
)]
pub(crate) async fn described() -> ([(header::HeaderName, &'static str); 1], &'static str) {
    ([(header::CONTENT_TYPE, "application/json")], text())
}

static TEXT: LazyLock<String> = LazyLock::new(|| {
    let said = serde_json::to_value(server::routes().into_openapi()).unwrap_or_default();
    format!("{:#}\n", whole(said))
});

/// What no handler names by itself.
#[derive(OpenApi)]
#[openapi(paths(privilege::can, privilege::reach), components(schemas(Problem)))]
pub(crate) struct Common;

/// What the handlers say, with what is so of all of them.
fn whole(mut said: Value) -> Value {
    let mut paths = Map::new();
    for (path, mut item) in object(&mut said, "paths") {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            complete(&path, method, operation);
        }
        // How the router says that slashes may stand in an id.
        paths.insert(path.replace("{*", "{"), item);
    }
    let schemas = object(&mut object(&mut said, "components").into(), "schemas");
    let token = json!({"type": "http", "scheme": "bearer", "description": "A dw_ token with the scope that is named."});
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Doorward", "version": env!("CARGO_PKG_VERSION"), "description": ABOUT},
        "paths": paths,
        "components": {"schemas": schemas, "responses": failures(), "securitySchemes": {"token": token}},
    })
}

/// Takes an object out of another one.
fn object(from: &mut Value, name: &str) -> Map<String, Value> {
    match from.get_mut(name).map(Value::take) {
        Some(Value::Object(map)) => map,
        _ => Map::new(),
    }
}

fn complete(path: &str, method: &str, operation: &mut Value) {
    let scope = operation.pointer("/security").and_then(Value::as_array).and_then(|any| any.last());
    let scope = scope.and_then(|one| one.pointer("/token/0")).and_then(Value::as_str).map(str::to_owned);
    let Some(scope) = scope else { return };
    let list = LISTS.iter().find(|(of, _)| *of == path && method == "get");
    let asks = operation.get("requestBody").is_some();
    let mut parameters = Vec::new();
    let mut errors = vec![400, 401, 403, 503];
    let names_one = ["id}", "{name}", "/v1/policy", "/v1/kills"].iter().any(|end| path.contains(end));
    errors.extend((names_one || path == "/v1/journal/head").then_some(404));
    if let Some((_, fields)) = list {
        parameters.extend(fields.iter().map(|field| parameter("query", field, FIELD)));
        parameters.extend(PAGING.iter().map(|(name, about)| parameter("query", name, about)));
    }
    parameters.push(parameter("header", "Doorward-Min-Fact", FRESH));
    if path.starts_with("/v1/") && method == "get" && !["/v1/who", "/v1/status"].contains(&path) {
        parameters.push(parameter("header", "If-None-Match", KNOWN));
        errors.push(304);
        if !["/v1/events", "/v1/rejects"].contains(&path) && !path.starts_with("/v1/journal/") {
            parameters.push(parameter("query", "as_of", AS_OF));
            errors.extend([422, 504]);
        }
    }
    if operation.get("tags").is_some_and(|tags| tags.get(0).is_some_and(|tag| tag == "privilege")) {
        errors.extend([404, 409]);
    }
    if MATCHED.contains(&(method, path)) {
        parameters.push(parameter("header", "If-Match", MATCH));
        errors.push(412);
    }
    if scope == "admin" {
        errors.extend([409, 422, 504, 507]);
        if path != "/v1/imports" {
            parameters.push(parameter(
                "header",
                "Idempotency-Key",
                "Under the same key a command is carried out once, for 24 hours.",
            ));
        }
    }
    if scope.starts_with("ingest:") {
        errors.extend([504, 507]);
    }
    if asks {
        errors.extend([408, 413]);
        errors.extend((!path.starts_with("/access/")).then_some(415));
    }
    add(operation, "parameters", parameters);
    if let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) {
        for status in errors {
            let of = if path.starts_with("/access/") { "error" } else { "problem" };
            let named = || json!({"$ref": format!("#/components/responses/{of}-{status}")});
            responses.entry(status.to_string()).or_insert_with(named);
        }
    }
}

fn parameter(place: &str, name: &str, about: &str) -> Value {
    json!({"name": name, "in": place, "description": about, "required": false, "schema": {"type": "string"}})
}

fn add(operation: &mut Value, name: &str, more: Vec<Value>) {
    let Some(operation) = operation.as_object_mut() else { return };
    let all = operation.entry(name).or_insert_with(|| json!([]));
    if let Some(all) = all.as_array_mut() {
        all.extend(more);
    }
}

/// What is answered where something is wrong: by `/v1` a problem, by `/access` a string.
fn failures() -> Map<String, Value> {
    let problem = json!({"$ref": "#/components/schemas/Problem"});
    let kinds = [
        ("problem", "application/problem+json", problem),
        ("error", "application/json", json!({"type": "string"})),
    ];
    let mut named = Map::new();
    for (of, kind, schema) in kinds {
        for (status, about) in FAILURES {
            let content = json!({kind: {"schema": schema}});
            named.insert(format!("{of}-{status}"), json!({"description": about, "content": content}));
        }
    }
    named.insert("problem-304".to_owned(), json!({"description": "What is known still stands."}));
    named
}

const FAILURES: [(u16, &str); 13] = [
    (400, "The request cannot be read."),
    (401, "A valid token is needed."),
    (403, "The token lacks the scope."),
    (404, "There is no such thing."),
    (408, "The body did not arrive in time."),
    (409, "Something else stands in the way."),
    (412, "It has changed since."),
    (413, "The body is larger than its limit."),
    (415, "The content type or encoding is none that is read."),
    (422, "It can be read and not be done."),
    (503, "Not now: ask again."),
    (504, "The writer has not answered in time."),
    (507, "The disk is full: nothing is recorded; what denies is in force all the same."),
];
/// The lists, with what they may be filtered by.
const LISTS: [(&str, &[&str]); 15] = [
    ("/v1/identities", &identities::FIELDS),
    ("/v1/findings", &findings::FIELDS),
    ("/v1/events", &events::FIELDS),
    ("/v1/holds", &holds::FIELDS),
    ("/v1/journal/heads", &[]),
    ("/v1/identities/{id}/reach", &[]),
    ("/v1/kills", &kills::FIELDS),
    ("/v1/peps", &rest::PEP_FIELDS),
    ("/v1/privilege", &asked::FIELDS),
    ("/v1/privilege/choke-points", &[]),
    ("/v1/privilege/trend", &[]),
    ("/v1/rejects", &rejects::FIELDS),
    ("/v1/tokens", &rest::TOKEN_FIELDS),
    ("/v1/unusual", &unusual::FIELDS),
    ("/v1/who-can", &[]),
];
const PAGING: [(&str, &str); 2] = [
    ("limit", "How many entries the page holds at most."),
    ("cursor", "Where the page begins: what the page before gave as next_cursor."),
];
/// The commands that can be given for a version of what they are about.
const MATCHED: [(&str, &str); 5] = [
    ("post", "/v1/holds/{id}/release"),
    ("post", "/v1/kills/{identity}/revive"),
    ("put", "/v1/peps/{name}"),
    ("post", "/v1/tokens/{id}/revoke"),
    ("post", "/v1/policy"),
];
const FRESH: &str =
    "The answer must have seen this fact at least: what a command answered as fact, or a decision as seen.";
const KNOWN: &str = "The ETag of an answer that is known: 304 if it still stands.";
const AS_OF: &str =
    "The instant of which the answer is to be, by what facts said then; what was observed counts as nothing.";
const MATCH: &str =
    "The ETag of the thing as it was seen: the command is carried out only if it has not been changed since.";
const FIELD: &str = "Only entries with this value; may be given several times, then any of them.";
const ABOUT: &str = "Questions, commands, events and decisions. Errors of /v1 are problems (RFC 9457); errors of \
                     /access are strings, as AuthZEN has it.";
