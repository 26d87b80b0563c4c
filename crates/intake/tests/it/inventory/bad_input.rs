//! Inventory that is cut, contradicts itself, or does not tell what it is of.

use doorward_intake::Limits;
use serde_json::{Value, json};

use crate::support::{read, read_with};

fn function(account: &str, name: &str) -> Value {
    let arn = format!("arn:aws:lambda:eu-central-1:{account}:function:{name}");
    json!({"FunctionName": name, "FunctionArn": arn, "Role": format!("arn:aws:iam::{account}:role/r")})
}

fn item(account: &str, name: &str) -> Value {
    json!({"resourceType": "AWS::SQS::Queue", "accountId": account, "awsRegion": "eu-central-1",
        "arn": format!("arn:aws:sqs:eu-central-1:{account}:{name}"), "configuration": {}})
}

/// The accounts that count, and the reasons of rejects.
fn told(text: &str) -> (Vec<String>, Vec<String>) {
    let outcome = read(text.as_bytes());
    (outcome.exports.iter().map(|export| export.account.clone()).collect(), outcome.reasons())
}

#[test]
fn a_source_that_is_cut_counts_not_at_all() {
    let lines = [item("111122223333", "a"), item("444455556666", "b"), item("444455556666", "c")];
    let text = lines.map(|line| line.to_string()).join("\n");
    for end in [text.len() - 1, text.len() - 40, text.len() / 2] {
        let cut = text.get(..end).unwrap();
        let expected = format!("reject 1 at 0..{end}: cut short: the source ends inside of a record or list");
        assert_eq!(read(cut.as_bytes()).lines(), [expected]);
    }
    let broken = format!("{text}\n}}");
    let lines = read(broken.as_bytes()).lines();
    assert_eq!(lines, [format!("reject 1 at 0..{}: not well-formed JSON: expected a value", broken.len())]);
}

#[test]
fn what_cannot_be_read_takes_its_account_with_it() {
    let mut wrong = item("444455556666", "b");
    wrong["awsRegion"] = json!(2);
    let lines = [item("444455556666", "a"), wrong, item("111122223333", "c"), item("444455556666", "d")];
    let reason = "field not usable: awsRegion of arn:aws:sqs:eu-central-1:444455556666:b is no text; nothing of 444455556666 in this source counts";
    assert_eq!(
        told(&lines.map(|line| line.to_string()).join("\n")),
        (vec!["111122223333".to_owned()], vec![reason.to_owned()])
    );
}

#[test]
fn what_nobody_can_assign_takes_all_with_it() {
    let nobody = json!({"resourceType": "AWS::SQS::Queue", "arn": "q", "configuration": {}}).to_string();
    let twice =
        r#"{"resourceType":"AWS::SQS::Queue","resourceType":"AWS::SQS::Queue","accountId":"444455556666"}"#;
    let whole = item("111122223333", "a").to_string();
    for (line, reason) in [
        (
            nobody.as_str(),
            "field not usable: accountId is missing in an item of AWS Config: select it; nothing of the inventory in this source counts",
        ),
        (twice, "field not usable: the key \"resourceType\" stands twice in one object"),
    ] {
        for text in [format!("{line}\n{whole}"), format!("{whole}\n{line}")] {
            assert_eq!(told(&text), (vec![], vec![reason.to_owned()]), "{text}");
        }
    }
}

#[test]
fn a_snapshot_counts_all_or_not_at_all() {
    let whole = json!({"fileVersion": "1.0", "configSnapshotId": "1",
        "configurationItems": [item("111122223333", "a"), item("444455556666", "b")]});
    let text = whole.to_string();
    assert_eq!(told(&text), (vec!["111122223333".to_owned(), "444455556666".to_owned()], vec![]));
    for end in [text.len() - 1, text.len() - 20, text.len() / 2] {
        let cut = told(text.get(..end).unwrap());
        assert_eq!(cut, (vec![], vec!["cut short: the source ends inside of a record or list".to_owned()]));
    }
    for other in [
        json!({"awsAccountId": "111122223333"}),
        json!("text"),
        json!({"digestStartTime": 1, "digestS3Bucket": 2}),
    ] {
        let items = [item("111122223333", "a"), other];
        let reason = "field not usable: an item of AWS Config does not tell its resourceType or its account; nothing of the inventory in this source counts";
        let text = json!({"configurationItems": items}).to_string();
        assert_eq!(told(&text), (vec![], vec![reason.to_owned()]), "{text}");
    }
}

#[test]
fn after_a_page_that_cannot_be_read_no_other_counts() {
    let page = |name: &str, truncated: bool| {
        let arn = format!("arn:aws:iam::111122223333:user/{name}");
        json!({"UserDetailList": [{"Arn": arn, "UserName": name, "CreateDate": "2026-01-01T00:00:00Z"}], "IsTruncated": truncated, "Marker": if truncated { "m" } else { "" }})
    };
    let mut wrong = page("b", true);
    wrong["UserDetailList"][0].as_object_mut().unwrap().remove("Arn");
    let pages = [page("a", true), wrong, page("c", false)];
    let text = pages.map(|page| page.to_string()).join("\n");
    let reason = "field not usable: Arn is missing in UserDetailList of the export";
    assert_eq!(told(&text), (vec![], vec![reason.to_owned()]));
    let twice = text.replacen("\"UserName\":\"b\"", "\"UserName\":\"b\",\"UserName\":\"b\",\"Arn\":\"a\"", 1);
    let reason = "field not usable: the key \"UserName\" stands twice in one object";
    assert_eq!(told(&twice), (vec![], vec![reason.to_owned()]));
}

#[test]
fn accounts_that_collide_are_told() {
    let answer = json!({"account": "444455556666", "output": {"Functions": [function("111122223333", "f")]}});
    let reason = "field not usable: arn:aws:lambda:eu-central-1:111122223333:function:f is not of account 444455556666, which the wrapper names: name the account that was asked; nothing of 444455556666 in this source counts";
    assert_eq!(told(&answer.to_string()), (vec![], vec![reason.to_owned()]));
    let instances =
        json!({"Reservations": [{"OwnerId": "111122223333", "Instances": [{"InstanceId": "i-1"}]}]});
    let answer = json!({"account": "444455556666", "output": instances});
    let reason = "field not usable: something of account 111122223333 is not of account 444455556666, which the wrapper names: name the account that was asked; nothing of 444455556666 in this source counts";
    assert_eq!(told(&answer.to_string()), (vec![], vec![reason.to_owned()]));
}

#[test]
fn an_answer_that_does_not_tell_what_it_is_of_says_how_to_mend_it() {
    let policy = r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;
    let bucket = policy.replace("\"Resource\":\"*\"", "\"Resource\":\"arn:aws:s3:::b/*\"");
    let all = "nothing of the inventory in this source counts";
    for (answer, reason) in [
        (
            json!({"Policy": policy, "PolicyName": "default"}),
            "nothing tells which resource the policy is of: store it as {\"about\": \"arn:aws:...\", \"output\": ...}",
        ),
        (
            json!({"Policy": bucket}),
            "nothing tells the account of \"arn:aws:s3:::b\": store it as {\"account\": \"111122223333\", \"output\": ...}",
        ),
        (
            json!({"PublicAccessBlockConfiguration": {"BlockPublicPolicy": true}}),
            "nothing tells whose public access is blocked: store it as {\"account\": \"111122223333\", \"about\": \"arn:aws:s3:::...\", \"output\": ...}",
        ),
        (
            json!({"Jobs": [{"Name": "j", "Role": "r"}]}),
            "nothing tells the account of the glue:job \"j\": store it as {\"account\": \"111122223333\", \"region\": \"eu-central-1\", \"output\": ...}",
        ),
        (
            json!({"Children": [{"Id": "ou-1-a", "Type": "ORGANIZATIONAL_UNIT"}]}),
            "the answer does not tell what it is about: store it as {\"about\": \"arn:aws:organizations::111122223333:ou/...\", \"output\": ...}",
        ),
        (
            json!({"InlinePolicy": policy}),
            "the answer does not tell what it is about: store it as {\"about\": \"arn:aws:sso:::permissionSet/ssoins-.../ps-...\", \"output\": ...}",
        ),
    ] {
        let expected = format!("field not usable: {reason}; {all}");
        assert_eq!(told(&answer.to_string()), (vec![], vec![expected]), "{answer}");
    }
}

/// That these nodes are below another.
fn children(above: &str, below: &[(&str, &str)]) -> Value {
    let children: Vec<Value> = below.iter().map(|(id, kind)| json!({"Id": id, "Type": kind})).collect();
    let about = format!("arn:aws:organizations::999900001111:ou/o-1/{above}");
    json!({"about": about, "output": {"Children": children}})
}

#[test]
fn a_tree_that_contradicts_itself_counts_not_at_all() {
    let unit = "ORGANIZATIONAL_UNIT";
    let whole = item("111122223333", "a");
    let nodes = |nodes: &[&str]| {
        let nodes: Vec<Value> = nodes.iter().map(|id| json!({"id": id})).collect();
        let of = json!({"orgId": "o-1", "orgNodes": nodes});
        json!({"resourceType": "Yams::Organizations::Account", "accountId": "999900001111", "configuration": of})
    };
    let account = [("111122223333", "ACCOUNT")];
    let units: Vec<String> = (1..=40).map(|level| format!("ou-{level}")).collect();
    let deep: Vec<&str> = std::iter::once("r-1").chain(units.iter().map(String::as_str)).collect();
    for (answers, said, accounts) in [
        (vec![nodes(&deep)], "ou-32 is said to lie deeper than 32 levels", &[][..]),
        (
            vec![children("ou-1", &[("r-1", "ROOT")]), children("ou-1", &account)],
            "the root r-1 is said to lie below ou-1",
            &["111122223333"],
        ),
        (
            vec![
                children("ou-1", &[("ou-2", unit)]),
                children("ou-2", &[("ou-3", unit), ("ou-4", unit)]),
                children("ou-3", &[("ou-1", unit)]),
            ],
            "ou-1 is said to lie below itself: ou-1 below ou-3 below ou-2 below ou-1",
            &[],
        ),
        (
            vec![nodes(&["ou-1", "r-1", "111122223333"])],
            "the root r-1 is said to lie below ou-1",
            &["111122223333"],
        ),
        (
            vec![nodes(&["r-1", "ou-1"]), nodes(&["r-1", "ou-1", "ou-1"])],
            "ou-1 is said to lie below itself: ou-1 below ou-1",
            &[],
        ),
    ] {
        let text: Vec<String> = answers.iter().chain([&whole]).map(Value::to_string).collect();
        let outcome = read(text.join("\n").as_bytes());
        let (organisation, others): (Vec<_>, Vec<_>) =
            outcome.exports.iter().partition(|export| export.account == "o-1");
        let told: Vec<&str> = others.iter().map(|export| &*export.account).collect();
        let expected = format!("field not usable: {said}; nothing of o-1 in this source counts");
        assert_eq!((told, outcome.reasons()), (vec!["111122223333"], vec![expected]));
        // Which accounts are in it counts still, so that what limits them is unknown.
        let nodes = organisation.iter().flat_map(|export| &export.nodes);
        let nodes: Vec<_> = nodes.map(|node| (&*node.id, &*node.parent, &*node.organisation)).collect();
        assert_eq!(nodes, accounts.iter().map(|id| (*id, "", "o-1")).collect::<Vec<_>>(), "{said}");
        assert_eq!(outcome.rejects[0].record, 1, "{said}");
    }
    // The same nodes told in any order are a tree.
    let answers = [
        children("ou-2", &[("ou-3", unit)]),
        children("r-1", &[("ou-1", unit)]),
        children("ou-1", &[("ou-2", unit)]),
    ];
    assert_eq!(told(&answers.map(|answer| answer.to_string()).join("\n")), (vec!["o-1".to_owned()], vec![]));
}

#[test]
fn more_inventory_than_a_source_may_hold_is_refused() {
    let lines = ["a", "b", "c"].map(|name| item("111122223333", name).to_string());
    let size = lines[0].len();
    let limits = Limits { export_bytes_max: 2 * size, ..Limits::default() };
    let outcome = read_with(limits, &[lines.join("\n").as_bytes()]);
    let reason = format!(
        "over a limit: more than {} bytes of inventory in one source: split it; nothing of the inventory in this source counts",
        2 * size
    );
    assert_eq!((outcome.reasons(), outcome.exports), (vec![reason], vec![]));
}

#[test]
fn a_long_answer_may_be_longer_than_a_record() {
    let limits = Limits { record_bytes_max: 500, ..Limits::default() };
    let functions: Vec<Value> = (0..20).map(|n| function("111122223333", &format!("f{n}"))).collect();
    let outcome = read_with(limits, &[json!({"Functions": functions}).to_string().as_bytes()]);
    assert_eq!((outcome.reasons(), outcome.exports[0].resources.len()), (vec![], 20));
    let event = json!({"eventVersion": "1", "Functions": ["x".repeat(600)]});
    let outcome = read_with(limits, &[event.to_string().as_bytes()]);
    assert_eq!(outcome.reasons(), ["not an audit record that is known: an object of no known form"]);
}
