//! Each method of pathfinding.cloud is among ours, by its facts: what it needs, and which kind of method it is.

use std::collections::{BTreeMap, BTreeSet};

use doorward_privilege::escalation::{Category, Rules};
use serde_json::Value;

use crate::support::shared;

/// Permissions that are listed there and that we do not ask for, each with the reason.
const NOT_NEEDED: [(&str, &str, &str); 1] = [(
    "ec2instanceconnect-003",
    "ec2:DescribeInstances",
    "it finds instances only: who knows the id and address of one does without",
)];

/// Methods that we count among another category, each with the reason.
const OTHER_CATEGORY: [(&str, Category, &str); 1] = [(
    "cloudformation-005",
    Category::ExistingPassrole,
    "nothing is passed: the stack has its role already, as in cloudformation-002",
)];

/// What a method needs, and its category.
type Facts = (BTreeSet<String>, Category);

#[test]
fn every_method_of_pathfinding_is_there_with_what_it_needs() {
    let Some(path) = shared("conformance/iam/pathfinding-paths/paths.json") else {
        return;
    };
    let text = std::fs::read_to_string(path).unwrap();
    let listed: Vec<Value> = serde_json::from_str(&text).unwrap();
    let theirs: BTreeMap<String, Facts> = listed.iter().map(facts).collect();
    assert_eq!(theirs.len(), 65);
    let rules = Rules::shipped().unwrap();
    let ours: BTreeMap<String, Facts> = rules
        .all()
        .iter()
        .filter(|rule| theirs.contains_key(&*rule.id))
        .map(|rule| {
            let needed = rule.permissions().into_iter().map(str::to_owned).collect();
            (rule.id.to_string(), (needed, rule.category))
        })
        .collect();
    assert_eq!(ours, theirs);
}

fn facts(method: &Value) -> (String, Facts) {
    let id = method["id"].as_str().unwrap();
    let required = method["permissions"]["required"].as_array().unwrap();
    let needed = required.iter().map(|one| one["permission"].as_str().unwrap());
    let counts =
        |permission: &&str| !NOT_NEEDED.iter().any(|(of, without, _)| (*of, *without) == (id, *permission));
    let other = OTHER_CATEGORY.iter().find_map(|(of, category, _)| (*of == id).then_some(*category));
    let category = other.unwrap_or_else(|| serde_json::from_value(method["category"].clone()).unwrap());
    (id.to_owned(), (needed.filter(counts).map(str::to_owned).collect(), category))
}
