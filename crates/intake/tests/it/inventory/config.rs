//! Items of AWS Config.

use serde_json::{Value, json};

use crate::rows::rows_of;

/// A user, a group, a role and a policy, and after them a resource of each kind of which more is known.
const ITEMS: &[u8] = include_bytes!("../../../testdata/config.jsonl");

fn items() -> Vec<Value> {
    let lines = str::from_utf8(ITEMS).unwrap().lines();
    lines.map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn identities_and_resources_with_their_policies_and_roles() {
    insta::assert_snapshot!(rows_of(ITEMS).join("\n"));
}

#[test]
fn lines_lists_and_answers_say_the_same() {
    let list = rows_of(json!(items()).to_string().as_bytes());
    assert_eq!(rows_of(ITEMS), list, "lines");
    let lines: Vec<String> = items().iter().map(Value::to_string).collect();
    let results = json!({"Results": lines, "QueryInfo": {"SelectFields": []}});
    assert_eq!(rows_of(results.to_string().as_bytes()), list, "results");
    // The configuration interface tells parts as JSON in strings.
    let told = |mut item: Value| {
        for part in ["configuration", "supplementaryConfiguration"] {
            item[part] = json!(item[part].to_string());
        }
        item
    };
    let base: Vec<Value> = items().into_iter().map(told).collect();
    assert_eq!(rows_of(json!({"BaseConfigurationItems": base}).to_string().as_bytes()), list, "base");
}

#[test]
fn of_what_is_told_twice_the_newer_counts() {
    let mut old = items().remove(0);
    old["configuration"]["attachedManagedPolicies"] = json!([{"policyArn": "arn:aws:iam::aws:policy/AdministratorAccess", "policyName": "AdministratorAccess"}]);
    old["configurationItemCaptureTime"] = json!("2025-12-31T00:00:00.000Z");
    let new = items().remove(0);
    let expected = rows_of(new.to_string().as_bytes());
    for pair in [[&old, &new], [&new, &old]] {
        assert_eq!(rows_of(json!(pair).to_string().as_bytes()), expected);
    }
    let mut gone = old.clone();
    gone["configurationItemStatus"] = json!("ResourceDeleted");
    gone["configurationItemCaptureTime"] = json!("2026-02-01T00:00:00.000Z");
    assert_eq!(rows_of(json!([gone, new]).to_string().as_bytes()), Vec::<String>::new());
}

#[test]
fn an_organisation_beside_the_items() {
    let policy = |kind: &str| format!("arn:aws:organizations::111122223333:policy/o-1/{kind}/p-1");
    let node = |id: &str, name: &str, kind: &str| {
        json!({"id": id, "name": name, "type": kind, "arn": format!("arn:aws:organizations::111122223333:x/o-1/{id}"),
            "serviceControlPolicies": [policy("service_control_policy")],
            "resourceControlPolicies": [policy("resource_control_policy")]})
    };
    let account = |id: &str| {
        json!({"resourceType": "Yams::Organizations::Account", "accountId": id, "configuration": {
            "orgId": "o-1", "orgNodes": [node("r-1", "Root", "ROOT"), node("ou-1", "all", "OU"), node(id, "one", "ACCOUNT")]}})
    };
    let document = json!({"Statement": [{"Action": "*", "Effect": "Deny", "Resource": "*"}]});
    let control = |arn: &str| {
        json!({"resourceType": "Yams::Organizations::ServiceControlPolicy", "accountId": "111122223333", "arn": arn,
            "configuration": {"document": document}})
    };
    let aws = "arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess";
    let items = json!([
        account("111122223333"),
        account("444455556666"),
        control(&policy("service_control_policy")),
        control(aws)
    ]);
    insta::assert_snapshot!(rows_of(items.to_string().as_bytes()).join("\n"));
}
