//! The interop cases of AuthZEN, decided in process by the shipped examples.

use serde_json::Value;

use crate::support::{example, permits, shared};

#[test]
fn the_todo_example_answers_every_interop_case() {
    check("authzen-todo", "conformance/authzen/todo/decisions-authorization-api-1_0-01.json", 40);
    // Forty cases, and three batches of two items each.
    check("authzen-todo", "conformance/authzen/todo/decisions-authorization-api-1_0-02.json", 46);
}

#[test]
fn the_gateway_example_answers_every_interop_case() {
    check("authzen-gateway", "conformance/authzen/api-gateway/decisions.json", 25);
}

fn check(example_name: &str, path: &str, expected: usize) {
    let Some(path) = shared(path) else {
        return;
    };
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let world = example(example_name);
    let mut cases: Vec<(Value, bool)> = Vec::new();
    for case in file["evaluation"].as_array().unwrap() {
        cases.push((case["request"].clone(), case["expected"].as_bool().unwrap()));
    }
    for batch in file["evaluations"].as_array().into_iter().flatten() {
        let items = batch["request"]["evaluations"].as_array().unwrap();
        for (item, expected) in items.iter().zip(batch["expected"].as_array().unwrap()) {
            let mut request = batch["request"].clone();
            request.as_object_mut().unwrap().extend(item.as_object().unwrap().clone());
            cases.push((request, expected["decision"].as_bool().unwrap()));
        }
    }
    let wrong: Vec<_> = cases
        .iter()
        .filter(|(request, expected)| {
            permits(&world, &serde_json::from_value(request.clone()).unwrap()) != *expected
        })
        .collect();
    assert_eq!((cases.len(), wrong), (expected, Vec::new()));
}
