//! The export for BloodHound: one as it is, and what its schema asks of all.

use std::collections::{BTreeMap, BTreeSet};

use doorward_privilege::opengraph::{ExportEdge, ExportNode, Property, export};
use proptest::collection::{btree_map, vec};
use proptest::prelude::{ProptestConfig, Strategy, any, prop_oneof};
use proptest::{prop_assert, prop_assert_eq, proptest};
use serde_json::{Value, json};

fn exported(nodes: &[ExportNode], edges: &[ExportEdge]) -> Value {
    let mut out = Vec::new();
    export(nodes.to_vec(), edges.to_vec(), &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

fn refused(nodes: &[ExportNode], edges: &[ExportEdge]) -> String {
    export(nodes.to_vec(), edges.to_vec(), Vec::new()).unwrap_err().to_string()
}

fn node(id: &str, kinds: &[&str]) -> ExportNode {
    let kinds = kinds.iter().map(|kind| (*kind).to_owned()).collect();
    ExportNode { id: id.to_owned(), kinds, properties: BTreeMap::new() }
}

fn edge(start: &str, end: &str, kind: &str) -> ExportEdge {
    ExportEdge {
        start: start.to_owned(),
        end: end.to_owned(),
        kind: kind.to_owned(),
        properties: BTreeMap::new(),
    }
}

fn properties<const N: usize>(all: [(&str, Property); N]) -> BTreeMap<String, Property> {
    all.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

#[test]
fn nodes_and_edges_are_what_bloodhound_takes() {
    let mut user = node("arn:aws:iam::111122223333:user/ci", &["AWS_User"]);
    user.properties = properties([
        ("name", "ci".into()),
        ("Blast Radius", Property::Number(39_285)),
        ("admin", Property::Truth(false)),
        ("objectid", "x".into()),
        ("tags", Property::Texts(vec!["a".to_owned(), "b".to_owned()])),
    ]);
    let role = node("arn:aws:iam::111122223333:role/admin", &["AWS_Role", "tier zero"]);
    let mut assume = edge(&user.id, &role.id, "sts:AssumeRole");
    assume.properties = properties([("onlyIf", Property::Truth(true))]);
    let expected = json!({
        "metadata": { "source_kind": "Doorward_Base" },
        "graph": {
            "nodes": [
                {
                    "id": "arn:aws:iam::111122223333:user/ci",
                    "kinds": ["AWS_User"],
                    "properties": {
                        "admin": false, "blast_radius": 39_285, "name": "ci", "object_id": "x", "tags": ["a", "b"]
                    }
                },
                { "id": "arn:aws:iam::111122223333:role/admin", "kinds": ["AWS_Role", "tier_zero"], "properties": {} }
            ],
            "edges": [{
                "kind": "sts_AssumeRole",
                "start": { "value": "arn:aws:iam::111122223333:user/ci", "match_by": "id" },
                "end": { "value": "arn:aws:iam::111122223333:role/admin", "match_by": "id" },
                "properties": { "onlyif": true }
            }]
        }
    });
    assert_eq!(exported(&[user, role], &[assume]), expected);
}

#[test]
fn ids_that_differ_in_case_only_stay_two_nodes() {
    let nodes = [node("Key", &["K"]), node("key", &["K"]), node("KEY", &["K"])];
    let all = exported(&nodes, &[edge("key", "KEY", "To")]);
    let ids: Vec<&Value> = all["graph"]["nodes"].as_array().unwrap().iter().map(|node| &node["id"]).collect();
    assert_eq!(ids, ["Key", "key~2", "KEY~3"]);
    let ends = &all["graph"]["edges"][0];
    assert_eq!([&ends["start"]["value"], &ends["end"]["value"]], ["key~2", "KEY~3"]);
}

#[test]
fn what_bloodhound_would_not_take_is_an_error_that_names_it() {
    assert_eq!(refused(&[node("a", &[])], &[]), "node a has 0 kinds: BloodHound takes one to three");
    let many = node("a", &["1", "2", "3", "4"]);
    assert_eq!(refused(&[many], &[]), "node a has 4 kinds: BloodHound takes one to three");
    let twice = [node("a", &["K"]), node("a", &["K"])];
    assert_eq!(refused(&twice, &[]), "two nodes have the id a");
    let astray = refused(&[node("a", &["K"])], &[edge("a", "b", "To")]);
    assert_eq!(astray, "an edge To names node b, which is not exported");
}

fn some_properties() -> impl Strategy<Value = BTreeMap<String, Property>> {
    let value = prop_oneof![
        any::<String>().prop_map(Property::Text),
        any::<i64>().prop_map(Property::Number),
        any::<bool>().prop_map(Property::Truth),
        vec(any::<String>(), 0..3).prop_map(Property::Texts),
    ];
    btree_map(prop_oneof![any::<String>(), "(objectid|ObjectId|[a-zA-Z ]{1,6})"], value, 0..5)
}

/// What a map of properties is to be: names in small letters, none of them reserved, and no objects or nulls.
fn are_properties(value: &Value) -> bool {
    let letter = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    let plain = |value: &Value| value.is_string() || value.is_number() || value.is_boolean();
    let texts = |value: &Value| value.as_array().is_some_and(|all| all.iter().all(Value::is_string));
    value.as_object().is_some_and(|all| {
        all.iter().all(|(key, value)| {
            !key.is_empty() && key.chars().all(letter) && key != "objectid" && (plain(value) || texts(value))
        })
    })
}

fn is_name(value: &Value) -> bool {
    let letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    value.as_str().is_some_and(|name| !name.is_empty() && name.chars().all(letter))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_export_keeps_to_the_schema(
        given in btree_map(prop_oneof![any::<String>(), "[aA]{1,3}"], (vec(any::<String>(), 1..4), some_properties()), 1..8),
        ends in vec((any::<usize>(), any::<usize>(), any::<String>(), some_properties()), 0..8)
    ) {
        let nodes: Vec<ExportNode> =
            given.into_iter().map(|(id, (kinds, properties))| ExportNode { id, kinds, properties }).collect();
        let id = |at: usize| nodes[at % nodes.len()].id.clone();
        let edges: Vec<ExportEdge> = ends
            .into_iter()
            .map(|(start, end, kind, properties)| ExportEdge { start: id(start), end: id(end), kind, properties })
            .collect();
        let all = exported(&nodes, &edges);
        let graph = &all["graph"];
        let mut ids = BTreeSet::new();
        for node in graph["nodes"].as_array().unwrap() {
            prop_assert!(ids.insert(node["id"].as_str().unwrap().to_uppercase()), "{} twice", node["id"]);
            prop_assert!(node["kinds"].as_array().unwrap().iter().all(is_name));
            prop_assert!(are_properties(&node["properties"]), "{}", node["properties"]);
        }
        prop_assert_eq!(ids.len(), nodes.len());
        prop_assert_eq!(graph["edges"].as_array().unwrap().len(), edges.len());
        for edge in graph["edges"].as_array().unwrap() {
            prop_assert!(is_name(&edge["kind"]) && are_properties(&edge["properties"]));
            for end in [&edge["start"], &edge["end"]] {
                prop_assert!(ids.contains(&end["value"].as_str().unwrap().to_uppercase()));
            }
        }
    }
}
