//! What is described is what is served: every answer that any test here gets is held against the description.

use std::path::Path;
use std::sync::LazyLock;

use doorward_serve::openapi;
use http::{Method, StatusCode};
use serde_json::{Map, Value};

use crate::support::{Answer, Server, Setup};

static DESCRIBED: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(openapi::text()).unwrap());

/// Panics when an answer is not as described.
#[track_caller]
pub(crate) fn check((method, path): &(Method, String), answer: &Answer) {
    let Some(operation) = operation(method, path) else {
        assert!(matches!(answer.status.as_u16(), 404 | 405), "{method} {path} is served, and not described");
        return;
    };
    let status = answer.status.as_u16().to_string();
    let response = resolved(&operation["responses"][&status]);
    assert!(
        response.is_object(),
        "{method} {path} answers {status}, which is not described: {:?}",
        answer.body
    );
    let kind = answer.header("content-type");
    if !kind.contains("json") || answer.body.is_empty() {
        let content = &response["content"];
        let is_described = content.get(kind).is_some() || content.get("application/json").is_none();
        assert!(is_described, "{method} {path} {status}: {kind}");
        return;
    }
    let schema = &response["content"][kind]["schema"];
    assert!(!schema.is_null(), "{method} {path} answers {status} as {kind}, which is not described");
    if let Err(said) = fits(schema, &answer.json()) {
        panic!("{method} {path} {status} is not as described: {said} in {}", answer.json());
    }
}

fn operation(method: &Method, path: &str) -> Option<&'static Value> {
    let paths = DESCRIBED["paths"].as_object().unwrap();
    let item = paths.get(path).or_else(|| {
        let fitting = paths.iter().filter(|(template, _)| template.contains('{') && is_of(template, path));
        let found = fitting.max_by_key(|(template, _)| template.len());
        found.map(|(_, item)| item)
    });
    item?.get(method.as_str().to_lowercase())
}

/// Whether a path is one of a template: an id may hold slashes.
fn is_of(template: &str, path: &str) -> bool {
    let (before, rest) = template.split_once('{').unwrap();
    let after = rest.split_once('}').unwrap().1;
    let inner = path.strip_prefix(before).and_then(|path| path.strip_suffix(after));
    inner.is_some_and(|inner| !inner.is_empty())
}

fn resolved(schema: &Value) -> &Value {
    match schema["$ref"].as_str() {
        Some(name) => DESCRIBED.pointer(name.trim_start_matches('#')).unwrap_or_else(|| panic!("no {name}")),
        None => schema,
    }
}

/// Whether a value is as a schema says; members that it does not name are no less wrong than those that are missing.
fn fits(schema: &Value, value: &Value) -> Result<(), String> {
    let schema = resolved(schema);
    for any in ["oneOf", "anyOf"] {
        if let Some(options) = schema[any].as_array() {
            let tried: Vec<_> = options.iter().map(|option| fits(option, value)).collect();
            let why = || format!("none of {any}: {tried:?}");
            return tried.iter().any(Result::is_ok).then_some(()).ok_or_else(why);
        }
    }
    match (&schema["type"], schema.get("allOf")) {
        (Value::Null, None) => Ok(()),
        (Value::Array(types), _) => {
            let is = types.iter().any(|one| is_a(one.as_str().unwrap(), value));
            is.then_some(()).ok_or_else(|| format!("{value} is none of {types:?}"))?;
            if value.is_null() { Ok(()) } else { inside(schema, value) }
        }
        (Value::String(one), _) if !is_a(one, value) => Err(format!("{value} is no {one}")),
        _ => inside(schema, value),
    }
}

fn is_a(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        other => panic!("no type {other}"),
    }
}

fn inside(schema: &Value, value: &Value) -> Result<(), String> {
    match value {
        Value::Array(items) => items.iter().try_for_each(|item| fits(&schema["items"], item)),
        Value::Object(members) => {
            let (mut known, mut required) = (Map::new(), Vec::new());
            collect(schema, &mut known, &mut required);
            if let Some(missing) = required.iter().find(|name| !members.contains_key(name.as_str())) {
                return Err(format!("{missing} is missing"));
            }
            members.iter().try_for_each(|(name, member)| {
                let of = known.get(name).or_else(|| schema.get("additionalProperties"));
                let of = of.ok_or_else(|| format!("{name} is not described"))?;
                fits(of, member).map_err(|said| format!("{name}: {said}"))
            })
        }
        Value::String(text) if schema["format"] == "date-time" => {
            text.parse::<doorward_model::time::Time>().map(drop).map_err(|error| error.to_string())
        }
        _ => Ok(()),
    }
}

fn collect(schema: &Value, known: &mut Map<String, Value>, required: &mut Vec<String>) {
    let schema = resolved(schema);
    schema["allOf"].as_array().into_iter().flatten().for_each(|part| collect(part, known, required));
    known.extend(schema["properties"].as_object().cloned().unwrap_or_default());
    let names = schema["required"].as_array().into_iter().flatten();
    required.extend(names.map(|name| name.as_str().unwrap().to_owned()));
}

#[tokio::test]
async fn what_is_described_is_served() {
    let mut setup = Setup::default();
    setup.settings.public_url = Some("https://example.com/x".to_owned());
    let server = Server::start(setup).await;
    let answer = server.send(server.request(Method::GET, "/openapi.json"), "").await;
    assert_eq!(answer.body, openapi::text().as_bytes());
    let described = DESCRIBED["paths"].as_object().unwrap();
    let mut missing = Vec::new();
    for (path, methods) in described {
        for (method, operation) in methods.as_object().unwrap() {
            let served = async |value: &str| {
                let names = ["{id}", "{name}", "{identity}"];
                let at = path.replace("{source}", "trail").replace("{path}", "x");
                let at = names.iter().fold(at, |at, name| at.replace(name, value));
                let request = server.request(method.to_uppercase().parse().unwrap(), &at);
                let status = server.send(request, "").await.status;
                !matches!(status, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED)
            };
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let in_path: Vec<_> = parameters.filter(|parameter| parameter["in"] == "path").collect();
            let slashes = in_path.iter().any(|parameter| {
                parameter["description"]
                    .as_str()
                    .is_some_and(|said| said.contains("slashes and colons may stand"))
            });
            // A slash is a part of an id where that is said, and ends it everywhere else, unless it is encoded.
            let is_named = ["{id}", "{name}", "{identity}"].iter().any(|name| path.contains(name));
            let found = [served("x").await, served("x%2Fy").await, served("x/y").await];
            if found != [true, true, slashes || !is_named] {
                missing.push(format!("{method} {path} {found:?}"));
            }
        }
    }
    assert_eq!(missing, Vec::<String>::new());
    server.stop().await;
}

/// A route that is given to the router by `routes!` is described; there is no other way in.
#[test]
fn what_is_served_is_described() {
    let mut routed = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if std::fs::read_to_string(&path).unwrap().contains(".route(") {
                routed.push(path);
            }
        }
    }
    assert_eq!(routed, Vec::<std::path::PathBuf>::new());
}

#[test]
fn every_operation_says_what_it_is_and_what_it_takes() {
    let mut wrong = Vec::new();
    let described = DESCRIBED["paths"].as_object().unwrap();
    for (path, methods) in described {
        for (method, operation) in methods.as_object().unwrap() {
            let named = |name: &str| operation[name].as_str().is_some_and(|said| !said.is_empty());
            let shut = operation["security"].is_array();
            let open = path.starts_with("/health/")
                || ["/", "/openapi.json"].contains(&path.as_str())
                || path.starts_with("/.well-known/");
            if !named("summary") || !named("operationId") || shut == open {
                wrong.push(format!("{method} {path}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_page_in_the_repository_is_the_description() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(kept == openapi::text(), "docs/openapi.json is not what is served: run `cargo xtask docs`");
}

/// Every list and every command; what is shown by id is named once for all.
#[test]
fn the_page_at_the_root_names_what_can_be_asked_and_commanded() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/root.html");
    let page = std::fs::read_to_string(page).unwrap();
    let described = DESCRIBED["paths"].as_object().unwrap();
    // A path may begin as another one does, so each is looked for with what stands around it.
    let named = |(path, method): &(String, &String)| match method.as_str() {
        "get" => ["GET ", "<code>"]
            .iter()
            .any(|before| ["<", "?"].iter().any(|after| page.contains(&format!("{before}{path}{after}")))),
        _ => page.contains(&format!("{} {path}<", method.to_uppercase())),
    };
    let asked = described.iter().flat_map(|(path, methods)| {
        let path = path.replace("{source}", "SOURCE");
        methods.as_object().unwrap().keys().map(move |method| (path.clone(), method))
    });
    let asked = asked.filter(|(path, method)| path != "/" && (!path.contains('{') || *method != "get"));
    let missing: Vec<_> = asked.filter(|asked| !named(asked)).collect();
    assert!(missing.is_empty(), "the page at the root does not name {missing:?}");
}
