//! Answers of IAM about one role, user or policy.

use serde_json::{Value, json};

use crate::rows::rows_in_any_order;
use crate::support::read;

const ROLE: &str = "arn:aws:iam::111122223333:role/team/deploy";
const USER: &str = "arn:aws:iam::111122223333:user/ann";
const POLICY: &str = "arn:aws:iam::111122223333:policy/limit";

fn about(about: &str, output: &Value) -> String {
    json!({"account": "111122223333", "about": about, "output": output}).to_string()
}

fn document(action: &str) -> Value {
    json!({"Statement": {"Action": action, "Effect": "Allow", "Resource": "*"}, "Version": "2012-10-17"})
}

fn role() -> Value {
    json!({"Role": {
        "Path": "/team/", "RoleName": "deploy", "RoleId": "AROA1", "Arn": ROLE, "CreateDate": "2026-01-01T00:00:00+00:00",
        "AssumeRolePolicyDocument": {"Statement": {"Action": "sts:AssumeRole", "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"}}, "Version": "2012-10-17"},
        "MaxSessionDuration": 3600, "RoleLastUsed": {"LastUsedDate": "2026-02-01T00:00:00+00:00", "Region": "eu-west-1"},
        "PermissionsBoundary": {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": POLICY},
    }})
}

#[test]
fn a_role_a_user_and_what_they_hold() {
    let answers = [
        role().to_string(),
        about(
            ROLE,
            &json!({"RoleName": "deploy", "PolicyName": "own", "PolicyDocument": document("s3:GetObject")}),
        ),
        about(ROLE, &json!({"AttachedPolicies": [{"PolicyName": "limit", "PolicyArn": POLICY}]})),
        about(USER, &json!({"AttachedPolicies": []})),
        json!({"User": {"Path": "/", "UserName": "ann", "UserId": "AIDA1", "Arn": USER,
            "CreateDate": "2026-01-01T00:00:00+00:00", "PasswordLastUsed": "2026-01-05T00:00:00+00:00",
            "PermissionsBoundary": {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": POLICY}}})
        .to_string(),
        about(
            USER,
            &json!({"UserName": "ann", "PolicyName": "own", "PolicyDocument": "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%5D%7D"}),
        ),
        about(
            "arn:aws:iam::111122223333:group/all",
            &json!({"GroupName": "all", "PolicyName": "own", "PolicyDocument": document("s3:ListBucket")}),
        ),
        about(
            POLICY,
            &json!({"PolicyVersion": {"Document": document("ec2:*"), "VersionId": "v2",
            "IsDefaultVersion": true, "CreateDate": "2026-01-01T00:00:00+00:00"}}),
        ),
        about(
            POLICY,
            &json!({"PolicyVersion": {"Document": document("*"), "VersionId": "v1",
            "IsDefaultVersion": false, "CreateDate": "2025-01-01T00:00:00+00:00"}}),
        ),
        about(
            "arn:aws:iam::aws:policy/ReadOnlyAccess",
            &json!({"PolicyVersion": {"Document": document("s3:Get*"), "VersionId": "v9", "IsDefaultVersion": true}}),
        ),
    ];
    insta::assert_snapshot!(rows_in_any_order(answers.to_vec()).join("\n"));
}

#[test]
fn policies_of_which_only_the_names_are_told() {
    let names = |names: &[&str]| json!({"PolicyNames": names, "IsTruncated": false});
    let answers = [
        about(ROLE, &names(&["own", "other"])),
        about(
            ROLE,
            &json!({"RoleName": "deploy", "PolicyName": "own", "PolicyDocument": document("s3:GetObject")}),
        ),
        about(USER, &names(&[])),
        about("arn:aws:iam::111122223333:group/all", &json!({"PolicyNames": ["own"]})),
        // Keys name theirs in the same way.
        about("arn:aws:kms:eu-west-1:111122223333:key/k", &json!({"PolicyNames": ["default"]})),
    ];
    insta::assert_snapshot!(rows_in_any_order(answers.to_vec()).join("\n"));
}

#[test]
fn an_answer_that_is_not_of_whom_it_should_be_counts_for_nothing() {
    let inline =
        json!({"RoleName": "deploy", "PolicyName": "own", "PolicyDocument": document("s3:GetObject")});
    let attached = json!({"AttachedPolicies": [{"PolicyName": "limit", "PolicyArn": POLICY}]});
    let version =
        json!({"PolicyVersion": {"Document": document("*"), "VersionId": "v1", "IsDefaultVersion": true}});
    let here = "nothing of 111122223333 in this source counts";
    let mend = "store it as {\"about\": \"arn:aws:iam::111122223333:role/...\", \"output\": ...}";
    let of_aws = json!({"about": "arn:aws:iam::aws:policy/Reads", "output": version}).to_string();
    let whose = "store it as {\"account\": \"111122223333\", \"output\": ...}";
    for (answer, said) in [
        (
            of_aws,
            format!(
                "nothing tells the account of \"policy/Reads\": {whose}; nothing of the inventory in this source counts"
            ),
        ),
        (
            inline.to_string(),
            format!(
                "the answer does not tell what it is about: {mend}; nothing of the inventory in this source counts"
            ),
        ),
        (about(USER, &inline), format!("the answer is of role/deploy, and \"about\" names {USER}; {here}")),
        (
            about("arn:aws:s3:::b", &attached),
            format!("\"arn:aws:s3:::b\" is no ARN of a role, user or group; {here}"),
        ),
        (
            about("arn:aws:s3:::b", &json!({"PolicyNames": ["own"]})),
            format!("\"arn:aws:s3:::b\" is no ARN of a role, user or group; {here}"),
        ),
        (about(ROLE, &version), format!("\"{ROLE}\" is no ARN of a managed policy; {here}")),
        (
            about(POLICY, &json!({"PolicyVersion": {"Document": document("*"), "IsDefaultVersion": true}})),
            format!("VersionId is missing in PolicyVersion of the export; {here}"),
        ),
    ] {
        // What else the source says of the account does not count either.
        let outcome = read(format!("{answer}\n{}", role()).as_bytes());
        let reasons: Vec<String> = outcome.rejects.iter().map(|one| one.reason.to_string()).collect();
        assert_eq!((outcome.exports, reasons), (vec![], vec![format!("field not usable: {said}")]));
    }
}
