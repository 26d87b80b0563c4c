//! What becomes possible while the server runs: an export is how it was, an event that opens a way is a finding that names
//! who made it, and one that closes it says so.

use doorward_model::time::{Millis, Time};
use serde_json::{Value, json};

use crate::serving::server::{Server, ago, poll, seconds};
use crate::verbs::done;

pub(crate) fn arn(name: &str) -> String {
    format!("arn:aws:iam::111122223333:{name}")
}

fn document(statement: &Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": [statement]})
}

fn role(name: &str, trusted: &Value) -> Value {
    let trust = json!({"Effect": "Allow", "Principal": trusted, "Action": "sts:AssumeRole"});
    json!({
        "Path": "/", "RoleName": name, "RoleId": format!("AROA{}", name.to_uppercase()), "Arn": arn(&format!("role/{name}")),
        "CreateDate": "2024-01-01T00:00:00Z", "AssumeRolePolicyDocument": document(&trust),
        "InstanceProfileList": [], "RolePolicyList": [], "AttachedManagedPolicies": [],
    })
}

/// Two users who may assume roles, a role that trusts the account, one that alice assumes, and a policy that nobody holds.
pub(crate) fn export() -> Value {
    let user = |name: &str| {
        let assumes = json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"});
        json!({
            "Path": "/", "UserName": name, "UserId": format!("AIDA{}", name.to_uppercase()),
            "Arn": arn(&format!("user/{name}")), "CreateDate": "2024-01-01T00:00:00Z", "GroupList": [],
            "AttachedManagedPolicies": [],
            "UserPolicyList": [{"PolicyName": "assumes", "PolicyDocument": document(&assumes)}],
        })
    };
    let all = document(&json!({"Effect": "Allow", "Action": "*", "Resource": "*"}));
    json!({
        "UserDetailList": [user("ann"), user("bob")],
        "GroupDetailList": [],
        "RoleDetailList": [
            role("build-runner", &json!({"AWS": arn("root")})),
            role("deploys", &json!({"Service": "ec2.amazonaws.com"})),
        ],
        "Policies": [{
            "PolicyName": "all", "PolicyId": "ANPAALL", "Arn": arn("policy/all"), "Path": "/", "DefaultVersionId": "v1",
            "AttachmentCount": 0, "IsAttachable": true, "CreateDate": "2024-01-01T00:00:00Z",
            "PolicyVersionList": [
                {"Document": all, "VersionId": "v1", "IsDefaultVersion": true, "CreateDate": "2024-01-01T00:00:00Z"},
            ],
        }],
    })
}

/// A record of alice, who has signed in through Identity Center; of IAM, of the session that she has opened from there.
pub(crate) fn record(
    at: Time,
    (id, service, action): (&str, &str, &str),
    request: &Value,
    answer: &Value,
) -> Value {
    let session = service == "iam";
    let role = if session { "deploys" } else { "AWSReservedSSO_Admin_0123456789abcdef" };
    let name = if session { "alice" } else { "alice@corp.example" };
    let key = if session { "ASIAEXAMPLE000000002" } else { "ASIAEXAMPLE000000001" };
    let issuer = json!({
        "type": "Role", "principalId": format!("AROA{role}"), "arn": arn(&format!("role/{role}")),
        "accountId": "111122223333", "userName": role,
    });
    let identity = json!({
        "type": "AssumedRole", "principalId": format!("AROA{role}:{name}"),
        "arn": format!("arn:aws:sts::111122223333:assumed-role/{role}/{name}"), "accountId": "111122223333",
        "accessKeyId": key, "sessionContext": {"sessionIssuer": issuer},
    });
    json!({
        "eventVersion": "1.11", "eventID": id, "eventTime": seconds(at), "eventSource": format!("{service}.amazonaws.com"),
        "eventName": action, "awsRegion": "us-east-1", "recipientAccountId": "111122223333",
        "sourceIPAddress": "198.51.100.7", "userAgent": "aws-cli/2.31.0", "userIdentity": identity,
        "requestParameters": request, "responseElements": answer,
    })
}

fn findings(server: &Server) -> Vec<Value> {
    let page = server.get("/v1/findings?type=escalation-opened");
    page["items"].as_array().unwrap().clone()
}

#[test]
fn an_event_that_opens_a_way_is_a_finding_that_names_who_made_it_until_it_is_closed() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), None);
    let taken = server.ask("POST", "/v1/imports", export().to_string().as_bytes());
    assert_eq!(taken.status, 200, "{}", taken.text());
    let trend = |server: &Server| server.get("/v1/privilege/trend")["items"].as_array().unwrap().clone();
    poll(|| !trend(&server).is_empty());
    let first = trend(&server);
    let counted =
        ["identities", "administrators", "escalating", "entrances"].map(|name| first[0][name].clone());
    assert_eq!(
        (counted, first.len(), findings(&server).len()),
        ([4, 0, 0, 0].map(|number| json!(number)), 1, 0)
    );
    let url = format!("http://{}", server.address);
    let drawn = done(&server.token, &["privilege", "trend", "-o", "svg", "--url", &url]);
    let day = first[0]["at"].as_str().unwrap().split('T').next().unwrap();
    let told =
        format!("<desc>administrators: first 0, last 0, most 0 on {day}. can come to administer: first 0");
    assert!(drawn.starts_with("<svg ") && drawn.contains(&told), "{drawn}");

    let at = ago(Millis::MINUTE);
    let assumed = json!({"credentials": {"accessKeyId": "ASIAEXAMPLE000000002", "sessionToken": "x",
        "expiration": seconds(at + Millis::HOUR)},
        "assumedRoleUser": {"assumedRoleId": "AROADEPLOYS:alice", "arn": "arn:aws:sts::111122223333:assumed-role/deploys/alice"}});
    let assume = json!({"roleArn": arn("role/deploys"), "roleSessionName": "alice"});
    let attach = json!({"roleName": "build-runner", "policyArn": arn("policy/all")});
    for event in [
        record(at, ("e-1", "sts", "AssumeRole"), &assume, &assumed),
        record(at + Millis::SECOND, ("e-2", "iam", "AttachRolePolicy"), &attach, &Value::Null),
    ] {
        let pushed = server.push(event.to_string().as_bytes());
        assert_eq!(pushed.status, 200, "{}", pushed.text());
    }
    poll(|| !findings(&server).is_empty());
    let found = findings(&server);
    let id = found[0]["id"].as_str().unwrap();
    let found = server.get(&format!("/v1/findings/{id}"));
    let told = found["narrative"].as_str().unwrap();
    let opened = format!(
        "build-runner, ann, bob are able to become administrator of 111122223333 since {}. alice@corp.example (through \
         role deploys) attached all to build-runner (event e-2, iam:AttachRolePolicy, session \
         arn:aws:sts::111122223333:assumed-role/deploys/alice).",
        Time::from_ms((at + Millis::SECOND).ms() / 1_000 * 1_000)
    );
    assert!(told.starts_with(&opened), "{told}");
    let chain = json!([arn("role/deploys"), "idc:111122223333/alice@corp.example"]);
    assert_eq!((&found["chain"], &found["identity"]), (&chain, &json!(arn("role/build-runner"))));
    assert_eq!(found["opened"]["changes"][0]["event"], "e-2");
    assert_eq!(found["evidence"][0]["address"], "198.51.100.7");
    let holds = server.get("/v1/holds?state=recommended");
    let held: Vec<_> =
        holds["items"].as_array().unwrap().iter().map(|hold| (&hold["subject"], &hold["state"])).collect();
    assert_eq!(held, [(&json!(arn("role/deploys")), &json!("recommended"))]);

    let detach =
        record(at + Millis::SECOND.times(2), ("e-3", "iam", "DetachRolePolicy"), &attach, &Value::Null);
    assert_eq!(server.push(detach.to_string().as_bytes()).status, 200);
    let closed = || server.get(&format!("/v1/findings/{id}"))["opened"]["closed_at"].is_string();
    poll(closed);
    assert_eq!(findings(&server).len(), 1);
}
