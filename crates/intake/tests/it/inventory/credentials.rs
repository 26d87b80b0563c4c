//! Answers of IAM on credentials, providers of identities, and what was used last.

use serde_json::{Value, json};

use crate::rows::{rows_in_any_order, rows_of};
use crate::support::read;

const ANN: &str = "arn:aws:iam::111122223333:user/team/ann";

fn about(about: &str, output: &Value) -> String {
    json!({"account": "111122223333", "region": "", "about": about, "output": output}).to_string()
}

#[test]
fn credentials_of_users_and_of_root() {
    let answers = [
        about(
            ANN,
            &json!({"AccessKeyMetadata": [
            {"UserName": "ann", "AccessKeyId": "AKIA1", "Status": "Active", "CreateDate": "2026-01-01T00:00:00+00:00"},
            {"UserName": "ann", "AccessKeyId": "AKIA2", "Status": "Inactive", "CreateDate": "2025-01-01T00:00:00+00:00"}]}),
        ),
        about(
            "AKIA1",
            &json!({"UserName": "ann", "AccessKeyLastUsed": {"LastUsedDate": "2026-02-01T00:00:00+00:00", "ServiceName": "s3", "Region": "eu-central-1"}}),
        ),
        about(
            "AKIA3",
            &json!({"UserName": "bob", "AccessKeyLastUsed": {"ServiceName": "N/A", "Region": "N/A"}}),
        ),
        about("", &json!({"AccessKeyMetadata": [], "IsTruncated": false})),
        about(
            ANN,
            &json!({"LoginProfile": {"UserName": "ann", "CreateDate": "2026-01-03T00:00:00+00:00", "PasswordResetRequired": false}}),
        ),
        about(
            ANN,
            &json!({"MFADevices": [{"UserName": "ann", "SerialNumber": "arn:aws:iam::111122223333:mfa/ann", "EnableDate": "2026-01-04T00:00:00+00:00"}]}),
        ),
        about("arn:aws:iam::111122223333:user/bob", &json!({"MFADevices": []})),
        json!({"VirtualMFADevices": [
            {"SerialNumber": "arn:aws:iam::111122223333:mfa/free"},
            {"SerialNumber": "arn:aws:iam::111122223333:mfa/cy", "EnableDate": "2026-01-05T00:00:00+00:00",
                "User": {"UserName": "cy", "UserId": "AIDA3", "Arn": "arn:aws:iam::111122223333:user/cy"}}]})
        .to_string(),
        about(
            "",
            &json!({"SummaryMap": {"Users": 3, "AccountMFAEnabled": 1, "AccountAccessKeysPresent": 0, "AccountSigningCertificatesPresent": 0}}),
        ),
    ];
    // What is told of one key by two answers is one row, in whichever order they come.
    insta::assert_snapshot!(rows_in_any_order(answers.to_vec()).join("\n"));
}

#[test]
fn providers_of_identities() {
    let oidc = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com";
    let saml = "arn:aws:iam::111122223333:saml-provider/corp";
    let answers = [
        json!({"OpenIDConnectProviderList": [{"Arn": oidc}]}).to_string(),
        about(oidc, &json!({"Url": "token.actions.githubusercontent.com", "ClientIDList": ["sts.amazonaws.com", "other"],
            "ThumbprintList": ["6938"], "CreateDate": "2026-01-01T00:00:00+00:00", "Tags": [{"Key": "team", "Value": "a"}]})),
        json!({"SAMLProviderList": [{"Arn": saml, "ValidUntil": "2030-01-01T00:00:00+00:00", "CreateDate": "2025-01-01T00:00:00+00:00"}]}).to_string(),
        about(saml, &json!({"SAMLMetadataDocument": "<EntityDescriptor/>", "CreateDate": "2025-01-01T00:00:00+00:00", "Tags": []})),
    ];
    insta::assert_snapshot!(rows_of(answers.join("\n").as_bytes()).join("\n"));
}

fn last_accessed(status: &str) -> Value {
    json!({"JobStatus": status, "JobType": "ACTION_LEVEL", "JobCreationDate": "2026-03-01T00:00:00+00:00",
        "JobCompletionDate": "2026-03-01T00:00:05+00:00", "IsTruncated": false, "ServicesLastAccessed": [
            {"ServiceName": "Amazon S3", "ServiceNamespace": "s3", "LastAuthenticated": "2026-02-01T00:00:00+00:00",
                "LastAuthenticatedEntity": ANN, "LastAuthenticatedRegion": "eu-central-1", "TotalAuthenticatedEntities": 1,
                "TrackedActionsLastAccessed": [
                    {"ActionName": "GetBucketPolicy", "LastAccessedEntity": ANN, "LastAccessedTime": "2026-02-01T00:00:00+00:00", "LastAccessedRegion": "eu-central-1"},
                    {"ActionName": "s3:PutBucketPolicy"}]},
            {"ServiceName": "AWS IAM", "ServiceNamespace": "iam", "TotalAuthenticatedEntities": 0}]})
}

#[test]
fn what_was_used_last() {
    let told = rows_of(about(ANN, &last_accessed("COMPLETED")).as_bytes());
    assert_eq!(
        told,
        [
            "export 111122223333 Rows newest 0".to_owned(),
            format!("last use {ANN} of iam 0 \"\" {{}} seen by iam at 1772323205000"),
            format!(
                "last use {ANN} of s3 1769904000000 \"eu-central-1\" {{\"GetBucketPolicy\": 1769904000000, \"PutBucketPolicy\": 0}} seen by iam at 1772323205000"
            ),
        ]
    );
}

#[test]
fn an_answer_that_does_not_tell_whose_it_is_says_how_to_mend_it() {
    let key = json!({"UserName": "ann", "AccessKeyId": "AKIA1", "Status": "Active"});
    let wrong = |answer: String, said: &str, counts: &str| {
        let outcome = read(answer.as_bytes());
        let reason = format!("field not usable: {said}; nothing of {counts} in this source counts");
        assert_eq!(
            (outcome.exports, outcome.rejects.iter().map(|one| one.reason.to_string()).collect()),
            (vec![], vec![reason])
        );
    };
    let nobody = "the inventory";
    let account = "store it as {\"account\": \"111122223333\", \"output\": ...}";
    wrong(
        json!({"AccessKeyMetadata": [key]}).to_string(),
        &format!("nothing tells the account of the user \"ann\": {account}"),
        nobody,
    );
    wrong(
        json!({"SummaryMap": {"AccountMFAEnabled": 1}}).to_string(),
        &format!("nothing tells the account of the summary: {account}"),
        nobody,
    );
    let here = "111122223333";
    wrong(
        about("arn:aws:iam::111122223333:user/bob", &json!({"AccessKeyMetadata": [key]})),
        "the answer is of the user ann, and \"about\" names arn:aws:iam::111122223333:user/bob",
        here,
    );
    wrong(
        about("", &json!({"MFADevices": []})),
        "nothing tells the user that the answer is of: store it as {\"about\": \"arn:aws:iam::111122223333:user/...\", \"output\": ...}",
        here,
    );
    wrong(
        about("", &json!({"UserName": "ann", "AccessKeyLastUsed": {"ServiceName": "s3"}})),
        "the answer does not tell what it is about: store it as {\"about\": \"AKIA...\", \"output\": ...}",
        here,
    );
    wrong(
        about(ANN, &json!({"UserName": "ann", "AccessKeyLastUsed": {"ServiceName": "s3"}})),
        &format!("\"about\" is {ANN}, and should be the id of an access key"),
        here,
    );
    wrong(
        about("arn:aws:iam::444455556666:user/ann", &json!({"AccessKeyMetadata": [key]})),
        "arn:aws:iam::444455556666:user/ann is not of account 111122223333, which the wrapper names: name the account that was asked",
        here,
    );
    wrong(
        about(ANN, &last_accessed("IN_PROGRESS")),
        "the job is IN_PROGRESS, and not done: ask for its details again",
        here,
    );
    let mut undated = last_accessed("COMPLETED");
    undated.as_object_mut().unwrap().remove("JobCompletionDate");
    wrong(about(ANN, &undated), "JobCompletionDate does not tell when the job was done", here);
    wrong(
        about("s3", &last_accessed("COMPLETED")),
        "\"s3\" is no ARN of a user, group, role or policy",
        here,
    );
    wrong(
        last_accessed("COMPLETED").to_string(),
        "the answer does not tell what it is about: store it as {\"about\": \"arn:aws:iam::111122223333:role/...\", \"output\": ...}",
        nobody,
    );
    wrong(
        about("arn:aws:s3:::b", &json!({"ClientIDList": [], "ThumbprintList": []})),
        "\"arn:aws:s3:::b\" is no ARN of a provider of identities",
        here,
    );
}
