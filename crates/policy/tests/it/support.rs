//! Worlds for tests, and the way from Cedar's entities to ours.

use std::path::PathBuf;
use std::sync::Arc;

use cedar_policy::{Authorizer, Entities, PolicySet as Stable, Schema};
use doorward_model::decision::{Effect, Mode};
use doorward_model::id::{FactNumber, TenantId};
use doorward_model::record::{TokenIssued, TokenSubject};
use doorward_model::time::Time;
use doorward_policy::decide::{Caller, Request};
use doorward_policy::evaluate::{EntityRef, Evaluation};
use doorward_policy::policy_set::PolicySet;
use doorward_policy::policy_set::load::{Source, Sources};
use doorward_policy::world::{Settings, World};
use doorward_policy::{Properties, decide, entities};
use doorward_proof::{Asker, NewToken, Scope, Tokens, Verified, issue, loopback_pep, verify};
use doorward_views::snapshot::attribute::{Attribute, Record};
use doorward_views::snapshot::entity::Name;
use doorward_views::snapshot::overlay::Overlay;
use doorward_views::snapshot::writer::{EntityRow, Writer};
use serde_json::Value;

/// A world of these rows.
pub(crate) fn world(policy: PolicySet, rows: Vec<EntityRow>, settings: Settings) -> World {
    let mut writer = Writer::new(7);
    for row in rows {
        writer.put_entity(row).unwrap();
    }
    let snapshot = writer.publish(FactNumber(41));
    World::new(snapshot, Arc::new(Overlay::default()), Arc::new(policy), settings)
}

/// A world of Cedar's policies and entities; actions of the schema stay with the policy set.
pub(crate) fn world_of(policies: Stable, schema: Option<&Schema>, entities: &Entities) -> World {
    let policy = PolicySet::without_validation(policies, schema);
    world(policy, rows(entities), Settings::default())
}

/// Cedar's entities as rows.
pub(crate) fn rows(entities: &Entities) -> Vec<EntityRow> {
    let json = entities.to_json_value().unwrap();
    json.as_array().unwrap().iter().map(row).collect()
}

fn row(json: &Value) -> EntityRow {
    EntityRow {
        name: name(&json["uid"]),
        attributes: record(&json["attrs"]),
        tags: record(&json["tags"]),
        parents: json["parents"].as_array().unwrap().iter().map(name).collect(),
        ..EntityRow::default()
    }
}

fn name(json: &Value) -> Name {
    Name::new(json["type"].as_str().unwrap(), json["id"].as_str().unwrap())
}

/// Values by name, from Cedar's JSON.
pub(crate) fn record(json: &Value) -> Record {
    let parts = json.as_object().into_iter().flatten();
    parts.map(|(name, value)| (Arc::from(name.as_str()), attribute(value))).collect()
}

fn attribute(json: &Value) -> Attribute {
    match json {
        Value::Bool(is) => Attribute::Bool(*is),
        Value::Number(number) => Attribute::Long(number.as_i64().unwrap()),
        Value::String(text) => Attribute::from(text.as_str()),
        Value::Array(values) => Attribute::Set(values.iter().map(attribute).collect()),
        Value::Object(object) if object.contains_key("__entity") => {
            let name = name(&json["__entity"]);
            Attribute::Entity(name.kind, name.id)
        }
        Value::Object(object) if object.contains_key("__extn") => {
            let call = &json["__extn"];
            let many = call["args"].as_array().cloned().unwrap_or_else(|| vec![call["arg"].clone()]);
            Attribute::Call(call["fn"].as_str().unwrap().into(), many.iter().map(attribute).collect())
        }
        Value::Object(_) => Attribute::Record(record(json)),
        Value::Null => panic!("Cedar has no null"),
    }
}

/// Decision, reasons and errors.
pub(crate) type Answer = (bool, Vec<String>, Vec<String>);

/// What plain Cedar says, errors in its own words.
pub(crate) fn oracle(request: &cedar_policy::Request, policies: &Stable, entities: &Entities) -> Answer {
    let response = Authorizer::new().is_authorized(request, policies, entities);
    let mut reasons: Vec<_> = response.diagnostics().reason().map(ToString::to_string).collect();
    reasons.sort();
    let errors = response.diagnostics().errors().map(ToString::to_string).collect();
    (response.decision() == cedar_policy::Decision::Allow, reasons, errors)
}

/// Ours in the same form.
pub(crate) fn ours(evaluation: &Evaluation) -> Answer {
    let mut reasons: Vec<_> = evaluation.reasons.iter().map(ToString::to_string).collect();
    reasons.sort();
    let text = |policy: &str, message: &str| format!("error while evaluating policy `{policy}`: {message}");
    let errors = evaluation.errors.iter().map(|error| text(&error.policy, &error.message)).collect();
    (evaluation.allowed, reasons, errors)
}

/// A folder of shared test data; says so and gives nothing where it is absent.
#[expect(clippy::disallowed_methods, reason = "where shared test data lies is told by the environment")]
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("DOORWARD_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let full = root.join(path);
    if full.exists() {
        return Some(full);
    }
    eprintln!("SKIPPED: {} is not there", full.display());
    None
}

/// A request as AuthZEN writes it.
#[derive(serde::Deserialize)]
pub(crate) struct Question {
    subject: Party,
    action: Action,
    resource: Party,
    context: Option<Record>,
}

#[derive(Clone, serde::Deserialize)]
struct Party {
    r#type: String,
    id: String,
    properties: Option<Record>,
}

#[derive(Clone, serde::Deserialize)]
struct Action {
    name: String,
    properties: Option<Record>,
}

/// An enforcement point, by its token.
pub(crate) fn verified(name: &str, subject: Option<TokenSubject>, issued_at: Time) -> Verified {
    let (name, by) = (name.to_owned(), "test".to_owned());
    let asked = NewToken { name, scopes: vec![Scope::Decide], subject, by, expires_at: None };
    let (secret, fact) = issue(asked, &[7; 32], issued_at).unwrap();
    let tenant = TenantId::from("test");
    let fact = TokenIssued { tenant: tenant.to_string(), ..fact };
    verify(&Tokens::of(&tenant, [&fact], []), secret.expose(), issued_at).unwrap()
}

/// A verified enforcement point says for whom it asks.
pub(crate) fn asserted<'a>(verified: &'a Verified, mode: Mode, subject: EntityRef<'a>) -> Caller<'a> {
    match verified.asker().unwrap() {
        Asker::Pep(pep) => Caller::Asserted { pep, mode, subject },
        Asker::Subject(who) => Caller::Verified { who, mode },
    }
}

/// Whether the enforcement point `loopback` gets a yes to a question.
pub(crate) fn permits(world: &World, question: &Question) -> bool {
    let loopback = loopback_pep();
    let subject = EntityRef { kind: &question.subject.r#type, id: &question.subject.id };
    let resource = EntityRef { kind: &question.resource.r#type, id: &question.resource.id };
    let request = Request {
        context: question.context.as_ref(),
        properties: Properties {
            subject: question.subject.properties.as_ref(),
            resource: question.resource.properties.as_ref(),
            action: question.action.properties.as_ref(),
        },
        ..Request::new(asserted(&loopback, Mode::Enforce, subject), &question.action.name, resource)
    };
    let decision = decide(world, &request, Time::from_ms(1_760_000_000_000));
    assert!(decision.failures.is_empty(), "{decision:?}");
    decision.effect() == Effect::Permit
}

/// The world that an example folder describes.
pub(crate) fn example(name: &str) -> World {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name);
    let read = |path: PathBuf| Source {
        text: std::fs::read_to_string(&path).unwrap(),
        path: path.file_name().unwrap().to_string_lossy().into_owned(),
    };
    let policies =
        std::fs::read_dir(folder.join("policies")).unwrap().map(|entry| read(entry.unwrap().path()));
    let sources = Sources {
        policies: policies.collect(),
        schema: vec![read(folder.join("schema.cedarschema"))],
        links: Vec::new(),
    };
    let policy = PolicySet::load(&sources).unwrap();
    let rows = entities::parse(&read(folder.join("entities.yaml")).text).unwrap();
    world(policy, rows, Settings { mode: Mode::Enforce, ..Settings::default() })
}
