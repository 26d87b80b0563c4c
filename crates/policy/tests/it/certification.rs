//! What the AuthZEN certification scenario demands of its fixture, answered by the shipped example.

use serde_json::json;

use crate::support::{example, permits};

#[test]
fn the_certification_example_answers_as_its_scenario_demands() {
    let world = example("authzen-certification");
    let (alice, bob) = (json!({"type": "user", "id": "alice"}), json!({"type": "user", "id": "bob"}));
    let admin = json!({"type": "user", "id": "bob", "properties": {"role": "admin", "since": null}});
    let alice_admin = json!({"type": "user", "id": "alice", "properties": {"role": "admin", "level": 2.5}});
    let (one, two) =
        (json!({"type": "record", "id": "record-1"}), json!({"type": "record", "id": "record-2"}));
    let archived = json!({"type": "record", "id": "record-2", "properties": {"status": "archived"}});
    let unseen = json!({"type": "record", "id": "record-9"});
    let named = |name: &str| json!({"name": name});
    let delete = |soft: bool| json!({"name": "delete", "properties": {"soft": soft}});
    let cases = [
        (&alice, named("read"), &one, true),
        (&alice, named("write"), &one, true),
        (&bob, named("read"), &one, true),
        (&bob, named("write"), &one, false),
        (&alice, named("write"), &archived, false),
        (&admin, named("write"), &archived, true),
        (&alice_admin, named("write"), &archived, true),
        (&alice, delete(true), &one, true),
        (&alice, delete(false), &one, false),
        (&alice, named("delete"), &one, false),
        // What the searches of the scenario rest on: stored attributes alone.
        (&alice, named("read"), &two, true),
        (&alice, named("write"), &two, false),
        (&bob, named("write"), &two, true),
        // A record that nobody has seen is read by everybody, and archived only if the request says so.
        (&bob, named("write"), &unseen, false),
        (&alice, named("write"), &unseen, true),
    ];
    let answers: Vec<_> = cases
        .iter()
        .map(|(subject, action, resource, expected)| {
            let context = json!({"time": "2025-06-27T18:03-07:00", "risk": {"score": 0}, "request": 7});
            let question =
                json!({"subject": subject, "action": action, "resource": resource, "context": context});
            let answer = permits(&world, &serde_json::from_value(question.clone()).unwrap());
            (answer == *expected).then_some(()).ok_or(question)
        })
        .collect();
    assert_eq!(answers, vec![Ok(()); cases.len()]);
}

#[test]
fn strangers_and_unknown_targets_are_refused() {
    let world = example("authzen-certification");
    let ask = |subject: (&str, &str), action: &str, resource: &str| {
        let question = json!({
            "subject": {"type": subject.0, "id": subject.1},
            "action": {"name": action},
            "resource": {"type": resource, "id": "record-1"},
        });
        permits(&world, &serde_json::from_value(question).unwrap())
    };
    let answers = [
        ask(("user", "alice"), "read", "record"),
        ask(("user", "mallory"), "read", "record"),
        ask(("group", "writers"), "read", "record"),
        ask(("user", "alice"), "burn", "record"),
        ask(("user", "alice"), "read", "vault"),
    ];
    assert_eq!(answers, [true, false, false, false, false]);
}
