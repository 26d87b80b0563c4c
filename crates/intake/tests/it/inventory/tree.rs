//! Folders as `iam-collect` writes them.

use doorward_intake::{Limits, Tree};
use doorward_model::inventory::organisation::{NodeKind, OrganisationNode};
use doorward_model::inventory::{AccountExport, Scope, Seen, Source};
use serde_json::{Value, json};

use crate::rows::rows;
use crate::support::Outcome;

const ACCOUNT: &str = "/data/aws/aws/accounts/111122223333";
const ORGANISATION: &str = "/data/aws/aws/organizations/o-1";

type Files = Vec<(&'static str, Value)>;

fn policy(action: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]})
}

fn iam(rest: &str) -> String {
    format!("arn:aws:iam::111122223333:{rest}")
}

/// Users, groups, roles and policies.
fn identities() -> Files {
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
    vec![
        (
            "iam/user/team%2fann/metadata.json",
            json!({"arn": iam("user/team/Ann"), "path": "/team/", "id": "AIDA1", "name": "Ann",
            "created": "2026-01-02T00:00:00.000Z", "permissionBoundary": iam("policy/Limit")}),
        ),
        ("iam/user/team%2fann/groups.json", json!([iam("group/Ops")])),
        ("iam/user/team%2fann/tags.json", json!({"email": "ann@corp.example"})),
        (
            "iam/group/ops/metadata.json",
            json!({"arn": iam("group/Ops"), "path": "/", "id": "AGPA1", "name": "Ops",
            "created": "2026-01-01T00:00:00.000Z"}),
        ),
        ("iam/group/ops/managed-policies.json", json!(["arn:aws:iam::aws:policy/ReadOnlyAccess"])),
        (
            "iam/group/ops/inline-policies.json",
            json!([{"PolicyName": "Queues", "PolicyDocument": policy("sqs:*")}]),
        ),
        (
            "iam/role/deploy/metadata.json",
            json!({"arn": iam("role/Deploy"), "path": "/", "id": "AROA1", "name": "Deploy",
            "created": "2026-01-03T00:00:00.000Z"}),
        ),
        ("iam/role/deploy/trust-policy.json", trust),
        (
            "iam/role/deploy/inline-policies.json",
            json!([{"PolicyName": "All", "PolicyDocument": policy("*")}]),
        ),
        ("iam/role/deploy/managed-policies.json", json!([iam("policy/Limit")])),
        ("iam/role/deploy/instance-profiles.json", json!([iam("instance-profile/Deploy")])),
        (
            "iam/policy/limit/metadata.json",
            json!({"arn": iam("policy/Limit"), "name": "Limit", "id": "ANPA1", "defaultVersionId": "v3",
            "path": "/", "permissionsBoundaryUsageCount": 1, "isAttachable": true, "updateDate": "2026-01-04T00:00:00.000Z"}),
        ),
        ("iam/policy/limit/current-policy.json", policy("s3:*")),
        (
            "iam/aws/policy/readonlyaccess/metadata.json",
            json!({"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess", "name": "ReadOnlyAccess",
            "defaultVersionId": "v9", "permissionsBoundaryUsageCount": 0, "updateDate": "2025-01-04T00:00:00.000Z"}),
        ),
        ("iam/aws/policy/readonlyaccess/current-policy.json", policy("s3:Get*")),
    ]
}

/// What else there is in an account.
fn resources() -> Files {
    let here = |service: &str, rest: &str| format!("arn:aws:{service}:eu-central-1:111122223333:{rest}");
    vec![
        ("metadata.json", json!({"id": "111122223333"})),
        ("organization.json", json!({"organizationId": "o-1"})),
        ("s3-bpa.json", json!({"BlockPublicAcls": true, "BlockPublicPolicy": true})),
        (
            "s3/data/metadata.json",
            json!({"name": "data", "region": "eu-central-1", "arn": "arn:aws:s3:::data"}),
        ),
        ("s3/data/policy.json", policy("s3:GetObject")),
        ("s3/data/bpa.json", json!({"BlockPublicPolicy": true, "RestrictPublicBuckets": false})),
        ("s3/data/encryption.json", json!([{"BucketKeyEnabled": true}])),
        ("s3/data/tags.json", json!({"team": "a"})),
        (
            "s3/eu-central-1/accesspoint/in/metadata.json",
            json!({"name": "in", "arn": here("s3", "accesspoint/in")}),
        ),
        (
            "lambda/eu-central-1/function/run/metadata.json",
            json!({"name": "Run", "role": iam("role/Deploy"), "arn": here("lambda", "function:Run")}),
        ),
        ("lambda/eu-central-1/function/run/policy.json", policy("lambda:InvokeFunction")),
        (
            "codebuild/eu-central-1/project/p/metadata.json",
            json!({"name": "p", "serviceRole": iam("role/Deploy"), "arn": here("codebuild", "project/p")}),
        ),
        (
            "iam/instance-profile/deploy/metadata.json",
            json!({"name": "/", "path": "/", "id": "AIPA1", "roles": [iam("role/Deploy")],
            "arn": iam("instance-profile/Deploy")}),
        ),
        (
            "iam/oidc-provider/ci.example/metadata.json",
            json!({"url": "ci.example", "audiences": ["sts"], "arn": iam("oidc-provider/ci.example")}),
        ),
        ("sqs/eu-central-1/jobs/metadata.json", json!({"name": "jobs", "arn": here("sqs", "jobs")})),
        (
            "ram/eu-central-1/arn-aws-ec2-eu-central-1-111122223333-subnet-subnet-1.json",
            json!({"arn": here("ec2", "subnet/subnet-1"),
            "shares": [here("ram", "resource-share/1")], "policy": policy("ec2:RunInstances")}),
        ),
        ("ram/global/none.json", json!({"arn": here("ec2", "subnet/subnet-2"), "shares": []})),
    ]
}

/// What there is of Identity Center.
fn center() -> Files {
    let store = |rest: &str| format!("arn:aws:identitystore:::{rest}");
    vec![
        (
            "sso/instance/ssoins-1/metadata.json",
            json!({"arn": "arn:aws:sso:::instance/ssoins-1", "identityStoreId": "d-1"}),
        ),
        (
            "sso/permissionset/ssoins-1%2fps-1/metadata.json",
            json!({"arn": "arn:aws:sso:::permissionSet/ssoins-1/ps-1", "name": "Admin"}),
        ),
        (
            "sso/permissionset/ssoins-1%2fps-1/awsManagedPolicies.json",
            json!([{"Name": "ReadOnlyAccess", "Arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}]),
        ),
        (
            "sso/permissionset/ssoins-1%2fps-1/customerManagedPolicies.json",
            json!([{"Name": "Own", "Path": "/p/", "arn": iam("policy/Own")}]),
        ),
        ("sso/permissionset/ssoins-1%2fps-1/inlinePolicy.json", policy("sns:*")),
        (
            "sso/permissionset/ssoins-1%2fps-1/permissionBoundary.json",
            json!({"CustomerManagedPolicyReference": {"Name": "Limit", "Path": "/"}}),
        ),
        ("sso/permissionset/ssoins-1%2fps-1/accounts.json", json!(["111122223333"])),
        (
            "identitystore/user/u-1/metadata.json",
            json!({"arn": store("user/u-1"), "id": "u-1", "identityStoreId": "d-1", "userName": "ann",
            "emails": [{"Value": "ann@corp.example", "Primary": true}]}),
        ),
        (
            "identitystore/group/g-1/metadata.json",
            json!({"arn": store("group/g-1"), "id": "g-1", "identityStoreId": "d-1", "displayName": "Ops"}),
        ),
        ("identitystore/group/g-1/members.json", json!([store("user/u-1")])),
        (
            "identitystore/membership/m-1/metadata.json",
            json!({"arn": store("membership/m-1"), "id": "m-1", "identityStoreId": "d-1",
            "groupId": "g-1", "memberId": {"UserId": "u-1"}}),
        ),
    ]
}

fn organisation() -> Files {
    let policy_arn =
        |kind: &str, id: &str| format!("arn:aws:organizations::999900001111:policy/o-1/{kind}/{id}");
    let (scp, rcp) =
        (policy_arn("service_control_policy", "p-1"), policy_arn("resource_control_policy", "p-2"));
    let full = "arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess";
    vec![
        (
            "metadata.json",
            json!({"id": "o-1", "rootOu": "r-1", "rootAccountId": "999900001111", "features": {}}),
        ),
        ("structure.json", json!({"r-1": {"children": {"ou-1": {}}, "accounts": []}})),
        (
            "ous.json",
            json!({"r-1": {"scps": [full], "rcps": [rcp], "s3Policies": []}, "ou-1": {"parent": "r-1", "scps": [scp], "rcps": []}}),
        ),
        (
            "accounts.json",
            json!({"999900001111": {"ou": "r-1", "scps": [full], "rcps": []}, "111122223333": {"ou": "ou-1", "scps": [scp], "rcps": [], "tags": {}}}),
        ),
        ("delegated-admins.json", json!({"sso.amazonaws.com": ["111122223333"]})),
        (
            "ous/r-1/metadata.json",
            json!({"arn": "arn:aws:organizations::999900001111:root/o-1/r-1", "name": "Root"}),
        ),
        (
            "ous/ou-1/metadata.json",
            json!({"arn": "arn:aws:organizations::999900001111:ou/o-1/ou-1", "name": "Work"}),
        ),
        (
            "scps/p-fullawsaccess/metadata.json",
            json!({"arn": full, "name": "FullAWSAccess", "awsManaged": true}),
        ),
        ("scps/p-fullawsaccess/policy.json", policy("*")),
        ("scps/p-1/metadata.json", json!({"arn": scp, "name": "Limit", "awsManaged": false})),
        ("scps/p-1/policy.json", policy("s3:*")),
        ("rcps/p-2/metadata.json", json!({"arn": rcp, "name": "Guard"})),
        ("rcps/p-2/policy.json", policy("s3:GetObject")),
        ("s3-policies/p-3/metadata.json", json!({"arn": policy_arn("s3_policy", "p-3")})),
    ]
}

/// As a text whose members are in one order, whatever other crates ask of the library.
fn text(content: &Value) -> String {
    let mut content = content.clone();
    content.sort_all_objects();
    content.to_string()
}

fn texts(files: &Files) -> Vec<(&str, String)> {
    files.iter().map(|(path, content)| (*path, text(content))).collect()
}

/// What comes of a folder with these files.
fn read_in(place: &str, files: &[(&str, String)]) -> Outcome {
    let mut outcome = Outcome::default();
    let mut tree = Tree::at(place, "tree", Limits::default()).unwrap();
    for (path, content) in files {
        tree.file(path, content.as_bytes(), &mut |item| outcome.take(item));
    }
    tree.finish(&mut |item| outcome.take(item));
    outcome
}

/// The rows of a folder, and after them what its rejects say.
fn told(place: &str, files: &Files) -> Vec<String> {
    let outcome = read_in(place, &texts(files));
    let said = outcome.exports.iter().flat_map(|export| &export.rejects);
    let said = said.map(|reject| format!("{}: {}", reject.source, reject.reason));
    outcome.lines_but_exports().into_iter().chain(outcome.exports.iter().flat_map(rows)).chain(said).collect()
}

fn without(mut files: Files, path: &str) -> Files {
    let before = files.len();
    files.retain(|(other, _)| *other != path);
    assert_eq!(files.len(), before - 1, "{path}");
    files
}

#[test]
fn the_identities_of_an_account() {
    insta::assert_snapshot!(told(ACCOUNT, &identities()).join("\n"));
    let outcome = read_in(ACCOUNT, &texts(&identities()));
    assert_eq!(outcome.exports.iter().map(|export| export.complete).collect::<Vec<_>>(), [true]);
    assert_eq!(outcome.exports[0].identities.iter().map(|one| one.groups.len()).sum::<usize>(), 1);
}

#[test]
fn the_resources_of_an_account_and_its_identity_center() {
    insta::assert_snapshot!(told(ACCOUNT, &[resources(), center()].concat()).join("\n"));
    let outcome = read_in(ACCOUNT, &texts(&[resources(), center()].concat()));
    // No users, groups and roles are there: nothing is said of them.
    assert!(outcome.exports.iter().all(|export| !export.complete));
}

#[test]
fn an_organisation_with_its_control_policies() {
    insta::assert_snapshot!(told(ORGANISATION, &organisation()).join("\n"));
}

#[test]
fn the_order_of_files_makes_no_difference() {
    let files = [identities(), resources(), center()].concat();
    let expected = read_in(ACCOUNT, &texts(&files));
    let mut turned = files;
    turned.reverse();
    assert_eq!(read_in(ACCOUNT, &texts(&turned)), expected);
}

#[test]
fn a_tree_says_what_an_export_says() {
    let export = json!({
        "UserDetailList": [{"Arn": iam("user/team/Ann"), "Path": "/team/", "UserId": "AIDA1", "UserName": "Ann", "CreateDate": "2026-01-02T00:00:00Z",
            "GroupList": ["Ops"], "PermissionsBoundary": {"PermissionsBoundaryArn": iam("policy/Limit")},
            "Tags": [{"Key": "email", "Value": "ann@corp.example"}]}],
        "GroupDetailList": [{"Arn": iam("group/Ops"), "GroupName": "Ops", "GroupId": "AGPA1", "CreateDate": "2026-01-01T00:00:00Z",
            "AttachedManagedPolicies": [{"PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}],
            "GroupPolicyList": [{"PolicyName": "Queues", "PolicyDocument": policy("sqs:*")}]}],
        "RoleDetailList": [{"Arn": iam("role/Deploy"), "Path": "/", "RoleName": "Deploy", "RoleId": "AROA1", "CreateDate": "2026-01-03T00:00:00Z",
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]},
            "RolePolicyList": [{"PolicyName": "All", "PolicyDocument": policy("*")}],
            "AttachedManagedPolicies": [{"PolicyArn": iam("policy/Limit")}],
            "InstanceProfileList": [{"Arn": iam("instance-profile/Deploy"), "InstanceProfileName": "Deploy"}]}],
        "Policies": [
            {"Arn": iam("policy/Limit"), "DefaultVersionId": "v3", "UpdateDate": "2026-01-04T00:00:00Z",
                "PolicyVersionList": [{"VersionId": "v3", "IsDefaultVersion": true, "Document": policy("s3:*")}]},
            {"Arn": "arn:aws:iam::aws:policy/ReadOnlyAccess", "DefaultVersionId": "v9", "UpdateDate": "2025-01-04T00:00:00Z",
                "PolicyVersionList": [{"VersionId": "v9", "IsDefaultVersion": true, "Document": policy("s3:Get*")}]}],
        "IsTruncated": false,
    });
    let sorted = |mut lines: Vec<String>| {
        lines.sort();
        lines
    };
    let expected = crate::rows::rows_of(text(&export).as_bytes());
    assert_eq!(sorted(told(ACCOUNT, &identities())), sorted(expected));
}

#[test]
fn a_file_that_is_missing_is_told_and_what_it_would_say_is_unknown() {
    let not_whole = |of: &str, why: &str| {
        format!(
            "tree: cut short: the export of {of} is not whole: {why}; what it does not name counts as unknown, not as gone: collect it again, or copy the whole folder"
        )
    };
    let account = |why: &str| not_whole("account 111122223333", why);
    let trusting = format!("entitlement {} -> trust Trust", iam("role/Deploy"));
    for (missing, why, there) in [
        ("iam/role/deploy/trust-policy.json", "iam/role/deploy/trust-policy.json is not there", trusting),
        (
            "iam/group/ops/metadata.json",
            "iam/group/ops/metadata.json is not there, and 1 more such",
            String::new(),
        ),
        (
            "iam/policy/limit/current-policy.json",
            "iam/policy/limit/current-policy.json is not there, and 1 more such",
            format!("entitlement {} -> {} Attached", iam("role/Deploy"), iam("policy/Limit")),
        ),
    ] {
        let files = without(identities(), missing);
        let lines = told(ACCOUNT, &files);
        assert_eq!(lines.last().unwrap(), &account(why));
        assert!(there.is_empty() || lines.contains(&there), "{missing}: {lines:#?}");
        assert!(!read_in(ACCOUNT, &texts(&files)).exports[0].complete, "{missing}");
    }
    // A folder that is gone as a whole is known by what names it.
    let mut files = identities();
    files.retain(|(path, _)| !path.starts_with("iam/group/"));
    assert_eq!(told(ACCOUNT, &files).last().unwrap(), &account("group Ops is not here"));
    let organisation_lacks = |file: &str, why: &str| {
        let lines = told(ORGANISATION, &without(organisation(), file));
        assert!(lines.contains(&not_whole("organisation o-1", why)), "{file}: {lines:#?}");
    };
    organisation_lacks("ous.json", "ous.json is not there, and 2 more such");
    organisation_lacks("accounts.json", "accounts.json is not there");
    organisation_lacks("metadata.json", "metadata.json is not there");
    organisation_lacks("scps/p-1/policy.json", "scps/p-1/policy.json is not there, and 1 more such");
    organisation_lacks("rcps/p-2/metadata.json", "rcps/p-2/metadata.json is not there, and 1 more such");
}

#[test]
fn with_a_file_that_cannot_be_read_nothing_of_the_folder_counts() {
    let rejected = |path: &str, content: &str| {
        let whole = identities();
        let mut files = texts(&whole);
        files.retain(|(other, _)| *other != path);
        files.push((path, content.to_owned()));
        let outcome = read_in(ACCOUNT, &files);
        assert_eq!(outcome.exports, [], "{path}");
        let said = outcome.rejects.iter().map(|reject| {
            let bytes = reject.bytes.end - reject.bytes.start;
            format!("{} {bytes} {}", reject.source, reject.reason)
        });
        said.collect::<Vec<_>>().join("\n")
    };
    let trust = "iam/role/deploy/trust-policy.json";
    let counts = "nothing of 111122223333 in this folder counts";
    assert_eq!(
        rejected(trust, ""),
        format!("tree/{trust} 0 cut short: the file ends inside of a value; {counts}")
    );
    assert_eq!(
        rejected(trust, "{\"a\":"),
        format!("tree/{trust} 5 cut short: the file ends inside of a value; {counts}")
    );
    assert_eq!(
        rejected(trust, "{\"a\":1,\"a\":2}"),
        format!(
            "tree/{trust} 13 not well-formed JSON: a key that stands twice, or nesting too deep, in the file; {counts}"
        )
    );
    assert_eq!(
        rejected("iam/role/deploy/inline-policies.json", "{}"),
        format!("tree {} field not usable: RolePolicyList of the export is no list; {counts}", total(-123))
    );
    let foreign = r#"{"arn":"arn:aws:iam::444455556666:role/Deploy","name":"Deploy"}"#;
    assert!(rejected("iam/role/deploy/metadata.json", foreign).ends_with(&format!(
        "field not usable: arn:aws:iam::444455556666:role/Deploy in iam/role/deploy is not of account 111122223333, of which the folder is; {counts}"
    )));
    assert!(rejected("iam/role/deploy/metadata.json", r#"{"name":"Deploy"}"#).ends_with(&format!(
        "field not usable: iam/role/deploy has no arn in its metadata: collect it with a newer version of iam-collect; {counts}"
    )));
    assert!(
        rejected("iam/role/deploy/metadata.json", r#"{"arn":"arn:aws:iam::111122223333:role/Deploy"}"#)
            .ends_with(&format!(
                "field not usable: RoleName is missing in RoleDetailList of the export; {counts}"
            ))
    );
}

/// The size of the identities, and so many bytes more.
fn total(more: i64) -> i64 {
    let size: usize = texts(&identities()).iter().map(|(_, content)| content.len()).sum();
    i64::try_from(size).unwrap() + more
}

/// The accounts of an organisation of which nothing else counts.
fn members(outcome: &Outcome) -> Vec<&str> {
    let member = |node: &OrganisationNode| OrganisationNode {
        id: node.id.clone(),
        kind: NodeKind::Account.into(),
        organisation: "o-1".to_owned(),
        seen: Some(Seen::by(Source::Organizations)),
        ..OrganisationNode::default()
    };
    for export in &outcome.exports {
        let nodes = export.nodes.iter().map(member).collect();
        let account = "o-1".to_owned();
        assert_eq!(*export, AccountExport { account, scope: Scope::Rows, nodes, ..AccountExport::default() });
    }
    outcome.exports.iter().flat_map(|export| &export.nodes).map(|node| &*node.id).collect()
}

#[test]
fn an_organisation_that_contradicts_itself_or_its_folder_counts_not_at_all() {
    let units = |more: Value| {
        let mut units = json!({"r-1": {"scps": [], "rcps": []}});
        units.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        units
    };
    let below = |above: &str| json!({"parent": above, "scps": [], "rcps": []});
    for (path, content, said) in [
        (
            "ous.json",
            json!({"r-1": below("ou-1"), "ou-1": below("r-1")}),
            "ous.json: the root r-1 is said to lie below ou-1",
        ),
        (
            "ous.json",
            units(json!({"ou-1": below("ou-3"), "ou-2": below("ou-1"), "ou-3": below("ou-2")})),
            "ous.json: ou-3 is said to lie below itself: ou-3 below ou-2 below ou-1 below ou-3",
        ),
        (
            "ous.json",
            units(json!({"ou-1": below("ou-1")})),
            "ous.json: ou-1 is said to lie below itself: ou-1 below ou-1",
        ),
        (
            "ous.json",
            units(json!({"ou-1": below("ou-9")})),
            "ous.json: ou-1 is said to lie below ou-9, which is not there",
        ),
        ("ous.json", units(json!({"ou-1": {"scps": []}})), "ous.json: nothing tells what ou-1 lies below"),
        (
            "accounts.json",
            json!({"111122223333": {"ou": "ou-9", "scps": [], "rcps": []}}),
            "accounts.json: 111122223333 is said to lie below ou-9, which is not there",
        ),
        (
            "accounts.json",
            json!({"111122223333": {"scps": [], "rcps": []}}),
            "accounts.json: nothing tells what 111122223333 lies below",
        ),
        ("metadata.json", json!({"id": "o-2"}), "metadata.json is of o-2, and the folder of o-1"),
        (
            "scps/p-1/metadata.json",
            json!({"arn": "arn:aws:organizations::999900001111:policy/o-2/service_control_policy/p-1"}),
            "arn:aws:organizations::999900001111:policy/o-2/service_control_policy/p-1 in scps/p-1 is of o-2, and the folder of o-1",
        ),
    ] {
        let mut files = without(organisation(), path);
        files.push((path, content));
        let outcome = read_in(ORGANISATION, &texts(&files));
        let expected = format!("field not usable: {said}; nothing of o-1 in this folder counts");
        assert_eq!(outcome.reasons(), [expected]);
        // Which accounts are in it counts still, unless it may be another.
        let accounts: &[&str] = match path {
            "metadata.json" => &[],
            "accounts.json" => &["111122223333"],
            _ => &["111122223333", "999900001111"],
        };
        assert_eq!(members(&outcome), accounts, "{said}");
    }
    let whole = organisation();
    let mut files = texts(&whole);
    files.push(("ous/ou-1/metadata.json", "{".to_owned()));
    assert_eq!(members(&read_in(ORGANISATION, &files)), ["111122223333", "999900001111"]);
}

#[test]
fn a_document_that_does_not_parse_is_listed_and_the_rest_goes_on() {
    let mut files = without(identities(), "iam/policy/limit/current-policy.json");
    files.push(("iam/policy/limit/current-policy.json", json!({"Statement": "none"})));
    let lines = told(ACCOUNT, &files);
    let said =
        format!("tree: policy document does not parse: {}: a statement is no object", iam("policy/Limit"));
    assert_eq!(lines.last().unwrap(), &said);
    assert_eq!(lines.len(), told(ACCOUNT, &identities()).len() + 2);
}

#[test]
fn a_folder_may_hold_no_more_than_a_source() {
    let limits = Limits { export_bytes_max: 40, ..Limits::default() };
    let mut outcome = Outcome::default();
    let mut tree = Tree::at(ACCOUNT, "tree", limits).unwrap();
    for name in ["a/x.json", "b/x.json", "c/x.json"] {
        tree.file(name, b"{\"key\":\"a value\"}", &mut |item| outcome.take(item));
    }
    tree.finish(&mut |item| outcome.take(item));
    let said = "over a limit: a folder of more than 40 bytes; nothing of 111122223333 in this folder counts";
    assert_eq!((outcome.exports, outcome.rejects.len()), (vec![], 1));
    assert_eq!(outcome.rejects[0].reason.to_string(), said);
}

#[test]
fn secrets_are_hidden_and_indexes_are_passed_over() {
    let mut files = identities();
    files.push((
        "iam/user/team%2fann/metadata.json",
        json!({"arn": iam("user/Ann"), "name": "Ann", "password": "hunter2"}),
    ));
    files.push(("s3/x/metadata.json", json!("cut")));
    let outcome = read_in(ACCOUNT, &texts(&files));
    assert!(!format!("{outcome:?}").contains("hunter2"));
    let index = Tree::at("/data/aws/aws/indexes", "tree", Limits::default()).unwrap();
    assert!(!index.is_read());
    let mut outcome = Outcome::default();
    index.finish(&mut |item| outcome.take(item));
    assert_eq!(outcome.lines(), ["skipped index of iam-collect"]);
}
