//! What events say of the inventory: which ones are read, and that none is read wrongly, whatever stands in it.

use std::collections::BTreeSet;

use doorward_intake::change::{Change, actions, is_told, read};
use doorward_intake::{Item, Limits, Reader};
use doorward_model::event::Event;
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use serde_json::{Value, json};

const PAGE: &str = include_str!("../../../../docs/inventory.md");

#[test]
fn the_page_lists_the_events_that_are_read() {
    let (_, section) = PAGE.split_once("## Events that change it").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let mut listed = Vec::new();
    for line in section.lines().filter(|line| line.starts_with("| `")) {
        let columns: Vec<&str> = line.split('|').collect();
        let words =
            |column: &str| column.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
        for service in words(columns[1]) {
            listed.extend(words(columns[2]).iter().map(|action| format!("{service}:{action}")));
        }
    }
    let known: BTreeSet<String> = actions().collect();
    assert_eq!(listed.iter().cloned().collect::<BTreeSet<_>>(), known);
    assert_eq!((listed.len(), actions().count()), (known.len(), known.len()));
}

fn event(action: &str, parts: &Value) -> Event {
    let (service, action) = action.split_once(':').unwrap();
    let mut record = json!({
        "eventVersion": "1.11", "eventTime": "2026-11-01T10:00:00Z", "awsRegion": "eu-west-1",
        "eventSource": format!("{service}.amazonaws.com"), "eventName": action,
        "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/ann", "accountId": "111122223333", "userName": "ann"},
        "eventID": "e", "recipientAccountId": "111122223333",
    });
    for (name, part) in parts.as_object().unwrap() {
        record[name] = part.clone();
    }
    let mut events = Vec::new();
    let mut keep = |item| match item {
        Item::Event(event) => events.push(*event),
        other => panic!("{other:?}"),
    };
    let mut reader = Reader::new("test", Limits::default());
    reader.push(record.to_string().as_bytes(), &mut keep);
    reader.finish(&mut keep);
    events.pop().unwrap()
}

#[test]
fn what_failed_says_nothing() {
    for action in actions() {
        let told = event(&action, &json!({"errorCode": "AccessDenied"}));
        assert_eq!((is_told(&told), read(&told)), (false, None), "{action}");
        assert!(is_told(&event(&action, &json!({}))), "{action}");
    }
}

#[test]
fn a_write_of_something_else_says_nothing() {
    let queue = "https://sqs.eu-west-1.amazonaws.com/111122223333/q";
    let with = |attributes: Value| {
        let request = json!({"requestParameters": {"queueUrl": queue, "attributes": attributes}});
        read(&event("sqs:SetQueueAttributes", &request)).map(|told| told.changes.len())
    };
    assert_eq!(with(json!({"VisibilityTimeout": "60"})), None);
    assert_eq!(with(json!({"VisibilityTimeout": "60", "Policy": ""})), Some(2));
}

/// A write of which nothing is shown never seems to say that nothing has changed.
#[test]
fn what_is_left_out_is_said_to_be_unclear() {
    let quiet = [
        // What starts as nobody, or tells of no success, changes nothing.
        "ec2:RunInstances",
        "ec2:TerminateInstances",
        "organizations:CreateAccountResult",
    ];
    let omitted = json!({"omitted": true, "originalSize": 200_000});
    for parts in [
        json!({}),
        json!({"requestParameters": null, "responseElements": null}),
        json!({"requestParameters": omitted, "responseElements": omitted}),
    ] {
        for action in actions().filter(|action| !quiet.contains(&action.as_str())) {
            let told = read(&event(&action, &parts)).unwrap();
            // One who acts may leave itself unnamed.
            let own = ["LoginProfile", "MFADevice"].iter().any(|word| action.contains(word));
            let unclear = told.changes.iter().any(|change| matches!(change, Change::Unclear(_)));
            let hidden = !told.changes.is_empty() && action.contains("PublicAccessBlock");
            assert!(unclear || own || hidden, "{action} {parts} {told:?}");
        }
    }
}

/// Names of members that readers look for.
const NAMES: [&str; 47] = [
    "userName",
    "roleName",
    "groupName",
    "policyName",
    "policyArn",
    "policyDocument",
    "user",
    "role",
    "group",
    "policy",
    "arn",
    "path",
    "tags",
    "tagKeys",
    "key",
    "value",
    "versionId",
    "accessKeyId",
    "functionName",
    "statement",
    "statementId",
    "bucketName",
    "bucketPolicy",
    "attributes",
    "Policy",
    "queueUrl",
    "topicArn",
    "instancesSet",
    "items",
    "instanceId",
    "iamInstanceProfile",
    "name",
    "permissionSetArn",
    "targetId",
    "principalId",
    "policyId",
    "content",
    "policySummary",
    "organizationalUnit",
    "id",
    "keyMetadata",
    "keyId",
    "assumeRolePolicyDocument",
    "instanceProfileName",
    "omitted",
    "newUserName",
    "newPath",
];

/// Any values under the names that records have.
fn values() -> impl Strategy<Value = Value> {
    let texts = prop_oneof![
        "[ -~]{0,12}",
        Just("arn:aws:iam::111122223333:user/x/y".to_owned()),
        Just("arn:aws:lambda:eu-west-1:111122223333:function:f:1".to_owned()),
        Just(r#"{"Statement":[{"Sid":"a"}]}"#.to_owned()),
        Just("%7B%22Statement%22%3A".to_owned()),
        Just("https://sqs.eu-west-1.amazonaws.com/111122223333/q".to_owned()),
        Just("HIDDEN_DUE_TO_SECURITY_REASONS".to_owned()),
    ];
    let leaf = prop_oneof![
        texts.prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null)
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let name = proptest::sample::select(&NAMES[..]);
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((name, inner), 0..6).prop_map(|fields| {
                Value::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
            }),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_stands_in_a_record_it_says_the_same_each_time(
        place in any::<proptest::sample::Index>(),
        (request, response) in (values(), values()),
    ) {
        let all: Vec<String> = actions().collect();
        let told = event(&all[place.index(all.len())], &json!({"requestParameters": request, "responseElements": response}));
        let first = read(&told);
        prop_assert_eq!(&read(&told), &first);
        for rows in first.iter().flat_map(|told| &told.rows) {
            // A document that an entitlement names is there.
            for held in rows.entitlements.iter().filter(|held| !held.document.is_empty()) {
                prop_assert!(rows.policies.iter().any(|policy| policy.hash.0[..] == held.document[..]));
            }
        }
    }
}
