//! A folder that `iam-collect` has written, given to the program.

use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{program, put, report};

const ACCOUNT: &str = "aws/aws/accounts/111122223333";

fn document(statement: &Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": [statement]})
}

fn allows(action: &str) -> Value {
    document(&json!({"Effect": "Allow", "Action": action, "Resource": "*"}))
}

fn metadata(kind: &str, name: &str) -> Value {
    let arn = format!("arn:aws:iam::111122223333:{kind}/{name}");
    json!({"arn": arn, "name": name, "path": "/", "id": name, "created": "2026-01-01T00:00:00.000Z"})
}

/// A user who may assume a role that administers, in an organisation that denies some of it.
fn tree() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    let trust = json!({"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:user/Ann"}, "Action": "sts:AssumeRole"});
    let inline = |document: Value| json!([{"PolicyName": "own", "PolicyDocument": document}]);
    let scp = "arn:aws:organizations::999900001111:policy/o-1/service_control_policy/p-1";
    let limit = json!({"Effect": "Allow", "NotAction": "kms:*", "Resource": "*"});
    for (path, content) in [
        (format!("{ACCOUNT}/iam/user/ann/metadata.json"), metadata("user", "Ann")),
        (format!("{ACCOUNT}/iam/user/ann/inline-policies.json"), inline(allows("sts:AssumeRole"))),
        (format!("{ACCOUNT}/iam/role/admin/metadata.json"), metadata("role", "Admin")),
        (format!("{ACCOUNT}/iam/role/admin/trust-policy.json"), document(&trust)),
        (format!("{ACCOUNT}/iam/role/admin/inline-policies.json"), inline(allows("*"))),
        (format!("{ACCOUNT}/organization.json"), json!({"organizationId": "o-1"})),
        (
            "aws/aws/organizations/o-1/metadata.json".to_owned(),
            json!({"id": "o-1", "rootAccountId": "999900001111"}),
        ),
        ("aws/aws/organizations/o-1/ous.json".to_owned(), json!({"r-1": {"scps": [scp], "rcps": []}})),
        (
            "aws/aws/organizations/o-1/accounts.json".to_owned(),
            json!({"111122223333": {"ou": "r-1", "scps": [scp], "rcps": []}}),
        ),
        ("aws/aws/organizations/o-1/scps/p-1/metadata.json".to_owned(), json!({"arn": scp, "name": "limit"})),
        ("aws/aws/organizations/o-1/scps/p-1/policy.json".to_owned(), document(&limit)),
        ("aws/aws/indexes/accounts-to-orgs.json".to_owned(), json!({"111122223333": "o-1"})),
    ] {
        put(&root.path().join(path), content.to_string().as_bytes());
    }
    root
}

fn can(who: &str, permission: &str, folder: &Path) -> Value {
    let mut program = program();
    program
        .args(["identity", "can", who, permission, "arn:aws:s3:::b/k", "-o", "json", "--files"])
        .arg(folder);
    let out = program.output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice::<Value>(&out.stdout).unwrap()["answer"].clone()
}

#[test]
fn a_scan_counts_what_a_tree_holds() {
    let root = tree();
    let said = report(&[], &[root.path()]);
    let sources = said["sources"].as_array().unwrap().iter();
    let told = |row: &Value| {
        format!("{} {} {}", row["kind"].as_str().unwrap(), row["status"].as_str().unwrap(), row["count"])
    };
    let sources: Vec<String> = sources.map(told).collect();
    assert_eq!(
        sources,
        [
            "iam export read 2",
            "inventory: entitlements read 2",
            "inventory: organisation nodes read 2",
            "inventory: policies read 1",
            "index of iam-collect skipped 1",
        ]
    );
    let escalating = said["privilege"]["principals"].as_array().unwrap().iter();
    let escalating: Vec<&str> =
        escalating.filter(|one| one["escalation"] == "now").map(|one| one["arn"].as_str().unwrap()).collect();
    assert_eq!(escalating, ["arn:aws:iam::111122223333:user/Ann"]);
}

#[test]
fn questions_are_answered_from_a_tree_wherever_it_is_named() {
    let root = tree();
    for folder in ["", "aws", "aws/aws", "aws/aws/accounts/.."] {
        let folder = root.path().join(folder);
        assert_eq!(can("Admin", "s3:GetObject", &folder), "allow", "{}", folder.display());
        assert_eq!(can("Admin", "kms:Decrypt", &folder), "implicit-deny", "{}", folder.display());
    }
    // Without its organisation nothing limits the account.
    assert_eq!(can("Admin", "kms:Decrypt", &root.path().join(ACCOUNT)), "allow");
}

#[test]
fn a_relative_path_is_a_path_as_well() {
    let root = tree();
    let mut program = program();
    program.current_dir(root.path().join(ACCOUNT)).args([
        "identity",
        "can",
        "Admin",
        "s3:GetObject",
        "arn:aws:s3:::b/k",
    ]);
    let out = program.args(["-o", "json", "--files", "."]).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    assert_eq!(serde_json::from_slice::<Value>(&out.stdout).unwrap()["answer"], "allow");
}

#[test]
fn a_part_of_a_tree_is_refused_with_the_whole() {
    let root = tree();
    let whole = std::fs::canonicalize(root.path()).unwrap().join(ACCOUNT);
    for part in ["iam", "iam/role/admin/metadata.json"] {
        let part = whole.join(part);
        let out = program().args(["privilege", "analyze"]).arg(&part).output().unwrap();
        let said = String::from_utf8(out.stderr).unwrap();
        let expected =
            format!("{} is a part of what iam-collect has written: give {}", part.display(), whole.display());
        assert!(said.contains(&expected), "{said}");
        assert_eq!((out.status.code(), out.stdout.len()), (Some(1), 0));
    }
}

#[test]
fn a_file_that_is_cut_takes_its_account_with_it() {
    let root = tree();
    let cut = root.path().join(ACCOUNT).join("iam/user/ann/inline-policies.json");
    put(&cut, b"[{\"PolicyName\":");
    let answer = analyzed(root.path());
    let reason = "cut short: the file ends inside of a value; nothing of 111122223333 in this folder counts";
    assert_eq!(answer["rejects"].as_array().unwrap().len(), 1, "{answer:#}");
    assert_eq!(answer["rejects"][0]["source"].as_str(), cut.to_str());
    assert_eq!(answer["rejects"][0]["reason"], reason);
    assert_eq!(answer["principals"], json!([]));
}

fn analyzed(folder: &Path) -> Value {
    let out = program().args(["privilege", "analyze", "-o", "json"]).arg(folder).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

#[test]
fn a_role_without_its_trust_policy_is_unknown_and_not_closed() {
    let root = tree();
    std::fs::remove_file(root.path().join(ACCOUNT).join("iam/role/admin/trust-policy.json")).unwrap();
    let answer = analyzed(root.path());
    let unknown: Vec<&str> =
        answer["unknown"].as_array().unwrap().iter().map(|one| one["policy"].as_str().unwrap()).collect();
    assert_eq!(unknown, ["arn:aws:iam::111122223333:role/Admin trust"], "{answer:#}");
}

#[test]
fn of_a_tree_and_an_export_the_newer_counts_in_any_order() {
    let root = tree();
    let export = root.path().join("export.json");
    let user = |created: &str| {
        json!({"UserDetailList": [{"Arn": "arn:aws:iam::111122223333:user/Ann", "UserName": "Ann", "UserId": "AIDA1", "Path": "/",
            "CreateDate": created, "UserPolicyList": [{"PolicyName": "own", "PolicyDocument": allows("s3:GetObject")}]}]})
    };
    for (created, answer) in [("2026-02-01T00:00:00Z", "allow"), ("2025-02-01T00:00:00Z", "implicit-deny")] {
        put(&export, user(created).to_string().as_bytes());
        assert_eq!(can("Ann", "s3:GetObject", root.path()), answer, "{created}");
    }
}

#[test]
fn a_folder_that_is_called_after_another_account_is_refused() {
    let root = tree();
    let [from, to] = ["111122223333", "444455556666"].map(|id| root.path().join("aws/aws/accounts").join(id));
    std::fs::rename(from, to).unwrap();
    let answer = analyzed(root.path());
    let reason = answer["rejects"][0]["reason"].as_str().unwrap();
    let expected = "in iam/role/admin is not of account 444455556666, of which the folder is; nothing of 444455556666 in this folder counts";
    assert!(reason.contains(expected), "{reason}");
    assert_eq!(answer["principals"], json!([]));
}

#[test]
fn an_organisation_in_a_circle_is_unknown() {
    let root = tree();
    let scp = "arn:aws:organizations::999900001111:policy/o-1/service_control_policy/p-1";
    let units = json!({"ou-1": {"parent": "ou-2", "scps": [scp]}, "ou-2": {"parent": "ou-1", "scps": [scp]}});
    let accounts = json!({"111122223333": {"ou": "ou-1", "scps": [scp], "rcps": []}});
    for (file, content) in [("ous.json", units), ("accounts.json", accounts)] {
        put(&root.path().join("aws/aws/organizations/o-1").join(file), content.to_string().as_bytes());
    }
    assert_eq!(can("Admin", "s3:GetObject", root.path()), "unknown");
}

#[test]
fn a_policy_of_60_megabytes_in_a_tree_is_unknown_and_the_rest_is_answered() {
    let root = tree();
    let buckets: Vec<String> = (0..2_500_000).map(|at| format!("arn:aws:s3:::bucket-{at}/*")).collect();
    let large = json!([{"PolicyName": "large", "PolicyDocument": document(&json!({"Effect": "Allow", "Action": "*", "Resource": buckets}))}]);
    let text = large.to_string();
    assert!(text.len() > 60_000_000);
    put(&root.path().join(ACCOUNT).join("iam/user/ann/inline-policies.json"), text.as_bytes());
    assert_eq!(can("Ann", "s3:GetObject", root.path()), "unknown");
    assert_eq!(can("Admin", "s3:GetObject", root.path()), "allow");
}
