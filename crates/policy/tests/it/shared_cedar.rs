//! Cedar's own conformance cases: equal in decision, reasons and errors.

use std::collections::BTreeMap;
use std::io::Read;

use cedar_policy::{Context, Entities, EntityUid, PolicySet as Stable, Request, Schema};
use doorward_policy::evaluate;
use doorward_policy::evaluate::{EntityRef, Query};
use serde_json::Value;

use crate::support::{oracle, ours, record, shared, world_of};

#[test]
#[expect(clippy::disallowed_methods, reason = "the cases lie in a file")]
fn all_generated_cases_of_cedar_come_out_as_in_cedar() {
    let Some(path) = shared("conformance/cedar/corpus-tests.tar.gz") else {
        return;
    };
    let files = unpack(&std::fs::read(path).unwrap());
    let cases: Vec<_> = files.keys().filter(|name| is_case(name)).collect();
    assert_eq!(cases.len(), 7_809);
    let half = cases.len() / 2;
    let (first, second) = cases.split_at(half);
    let compared = std::thread::scope(|scope| {
        let run = |cases: &[&String]| cases.iter().map(|name| compare(name, &files)).sum::<usize>();
        let other = scope.spawn(move || run(second));
        run(first) + other.join().unwrap()
    });
    assert_eq!(compared, 62_472);
}

fn is_case(name: &str) -> bool {
    name.ends_with(".json") && !name.ends_with(".entities.json")
}

fn compare(name: &str, files: &BTreeMap<String, String>) -> usize {
    let stem = name.trim_end_matches(".json");
    let case: Value = serde_json::from_str(&files[name]).unwrap();
    let policies: Stable = files[&format!("{stem}.cedar")].parse().unwrap();
    let (schema, _) = Schema::from_cedarschema_str(&files[&format!("{stem}.cedarschema")]).unwrap();
    let entities = Entities::from_json_str(&files[&format!("{stem}.entities.json")], Some(&schema)).unwrap();
    let world = world_of(policies.clone(), Some(&schema), &entities);
    let requests = case["requests"].as_array().unwrap();
    for request in requests {
        let [principal, action, resource] = ["principal", "action", "resource"].map(|key| uid(&request[key]));
        let given = request["context"].clone();
        let typed = Context::from_json_value(given.clone(), Some((&schema, &action))).ok();
        let context = typed.unwrap_or_else(|| Context::from_json_value(given, None).unwrap());
        let asked = record(&context.to_json_value().unwrap());
        let parts = ["principal", "action", "resource"].map(|key| parts(&request[key]));
        let query = Query { principal: parts[0], action: parts[1], resource: parts[2], context: &asked };
        let evaluation = evaluate(&world, &query).unwrap();
        let stable = Request::new(principal, action, resource, context, None).unwrap();
        assert_eq!(
            ours(&evaluation),
            oracle(&stable, &policies, &entities),
            "{name}: {}",
            request["description"]
        );
        assert_eq!(expected(request), found(&evaluation), "{name}: {}", request["description"]);
    }
    requests.len()
}

fn uid(json: &Value) -> EntityUid {
    EntityUid::from_json(json.clone()).unwrap()
}

fn parts(json: &Value) -> EntityRef<'_> {
    EntityRef { kind: json["type"].as_str().unwrap(), id: json["id"].as_str().unwrap() }
}

type Found = (bool, Vec<String>, Vec<String>);

fn expected(request: &Value) -> Found {
    let ids = |key: &str| {
        let mut ids: Vec<String> =
            request[key].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    };
    (request["decision"] == "allow", ids("reason"), ids("errors"))
}

fn found(evaluation: &evaluate::Evaluation) -> Found {
    let sorted = |mut ids: Vec<String>| {
        ids.sort();
        ids
    };
    let reasons = evaluation.reasons.iter().map(ToString::to_string).collect();
    let errors = evaluation.errors.iter().map(|error| error.policy.clone()).collect();
    (evaluation.allowed, sorted(reasons), sorted(errors))
}

/// The regular files of a `.tar.gz` whose names are short: headers of 512 bytes, sizes in octal.
fn unpack(packed: &[u8]) -> BTreeMap<String, String> {
    let mut bytes = Vec::new();
    flate2::read::MultiGzDecoder::new(packed).read_to_end(&mut bytes).unwrap();
    let (mut files, mut at) = (BTreeMap::new(), 0);
    while bytes[at] != 0 {
        let text = |range: std::ops::Range<usize>| {
            let field = &bytes[at + range.start..at + range.end];
            String::from_utf8(field.split(|byte| *byte == 0).next().unwrap().to_vec()).unwrap()
        };
        let size = usize::from_str_radix(text(124..136).trim(), 8).unwrap();
        let body = &bytes[at + 512..at + 512 + size];
        match bytes[at + 156] {
            b'0' | 0 => drop(files.insert(text(0..100), String::from_utf8(body.to_vec()).unwrap())),
            b'5' => {}
            other => panic!("an entry of kind {other}"),
        }
        at += 512 + size.next_multiple_of(512);
    }
    files
}
