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

/// An item as it is delivered into a bucket.
fn delivered(mut item: Value) -> Value {
    let members = item.as_object_mut().unwrap();
    for (told, name) in [("accountId", "awsAccountId"), ("arn", "ARN")] {
        let value = members.remove(told).unwrap();
        members.insert(name.to_owned(), value);
    }
    let tags = members.remove("tags").into_iter().flat_map(|tags| tags.as_array().unwrap().clone());
    let tags = tags.map(|tag| (tag["key"].as_str().unwrap().to_owned(), tag["value"].clone()));
    members.insert("tags".to_owned(), Value::Object(tags.collect()));
    let beside = json!({"configurationItemVersion": "1.3", "configurationItemStatus": "OK", "configurationStateId": 1,
        "configurationStateMd5Hash": "", "relatedEvents": [], "relationships": [{"resourceType": "AWS::IAM::Policy"}],
        "availabilityZone": "Not Applicable"});
    members.extend(beside.as_object().unwrap().clone());
    item
}

#[test]
fn snapshots_and_histories_say_what_queries_say() {
    let expected = rows_of(ITEMS);
    let items: Vec<Value> = items().into_iter().map(delivered).collect();
    let snapshot = json!({"fileVersion": "1.0", "configSnapshotId": "8a1c", "configurationItems": items});
    assert_eq!(rows_of(snapshot.to_string().as_bytes()), expected);
    let history = json!({"configurationItems": items, "fileVersion": "1.0"});
    assert_eq!(rows_of(history.to_string().as_bytes()), expected);
    // The answer of `get-resource-config-history` has the names of the interface, and one part as text.
    let answered = self::items().into_iter().map(|mut item| {
        item["configuration"] = json!(item["configuration"].to_string());
        item
    });
    let answer = json!({"configurationItems": answered.collect::<Vec<_>>(), "nextToken": null});
    assert_eq!(rows_of(answer.to_string().as_bytes()), expected);
    assert_eq!(
        rows_of(json!({"fileVersion": "1.0", "configurationItems": []}).to_string().as_bytes()),
        Vec::<String>::new()
    );
}

#[test]
fn of_a_history_the_last_version_of_a_thing_counts() {
    let mut versions: Vec<Value> = items().into_iter().take(2).map(delivered).collect();
    let expected = rows_of(json!({"configurationItems": versions}).to_string().as_bytes());
    let mut old = versions[0].clone();
    old["configurationItemCaptureTime"] = json!("2025-12-01T00:00:00.000Z");
    old["configuration"]["groupList"] = json!(["admins"]);
    let mut gone = versions[1].clone();
    gone["configurationItemCaptureTime"] = json!("2025-12-02T00:00:00.000Z");
    gone["configurationItemStatus"] = json!("ResourceDeleted");
    gone["configuration"] = json!(null);
    versions.push(old);
    versions.insert(0, gone);
    let told = |versions: &[Value]| rows_of(json!({"configurationItems": versions}).to_string().as_bytes());
    assert_eq!(told(&versions), expected);
    versions[0]["configurationItemCaptureTime"] = json!("2026-02-01T00:00:00.000Z");
    let arn = versions[0]["ARN"].as_str().unwrap().to_owned();
    let gone = format!("gone {arn} at 1769904000000");
    let user: Vec<String> =
        expected.iter().filter(|line| !line.contains("group/deployers")).cloned().collect();
    let (export, rest) = user.split_first().unwrap();
    assert_eq!(told(&versions), [&[export.clone(), gone.clone()], rest].concat());
    // Other sources may tell of it, so that it is told by itself, too.
    versions[0]["configurationItemStatus"] = json!("ResourceDeletedNotRecorded");
    assert_eq!(told(&versions[..1]), ["export 111122223333 Rows newest 0".to_owned(), gone]);
    versions[0]["configurationItemStatus"] = json!("ResourceNotRecorded");
    assert_eq!(told(&versions[..1]), Vec::<String>::new());
}

#[test]
fn a_policy_may_be_text_in_text() {
    let document =
        json!({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "lambda:*", "Resource": "*"}]});
    let told = |policy: Value| {
        let item = json!({"resourceType": "AWS::Lambda::Function", "accountId": "111122223333", "awsRegion": "eu-central-1",
            "arn": "arn:aws:lambda:eu-central-1:111122223333:function:f", "configuration": {},
            "supplementaryConfiguration": {"Policy": policy}});
        rows_of(item.to_string().as_bytes())
    };
    let plain = told(document.clone());
    assert!(plain.iter().any(|line| line.starts_with("policy ")), "{plain:#?}");
    let text = document.to_string();
    assert_eq!(told(json!(text)), plain);
    assert_eq!(told(json!(json!(text).to_string())), plain);
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
    assert_eq!(
        rows_of(json!([gone, new]).to_string().as_bytes()),
        ["export 111122223333 Rows newest 0", "gone arn:aws:iam::111122223333:user/ci at 1769904000000"]
    );
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
