//! Questions about privilege, asked of files.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{program, put};

/// One account: who may pass roles to functions, a role of functions that administers, who may nothing, and somebody
/// whose policy cannot be read.
pub(crate) fn export() -> Value {
    let policy = |statements: Value| json!({"Version": "2012-10-17", "Statement": statements});
    let user = |name: &str, document: Value| {
        json!({
            "UserName": name, "UserId": format!("AIDA{name}"), "Path": "/",
            "Arn": format!("arn:aws:iam::111122223333:user/{name}"), "CreateDate": "2026-01-01T00:00:00Z",
            "UserPolicyList": [{"PolicyName": "own", "PolicyDocument": document}],
        })
    };
    let passes = json!([
        {"Sid": "Pass", "Effect": "Allow", "Action": "iam:PassRole", "Resource": "*",
         "Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}},
        {"Effect": "Allow", "Action": ["lambda:CreateFunction", "lambda:InvokeFunction"], "Resource": "*"},
    ]);
    json!({
        "UserDetailList": [
            user("builder", policy(passes)),
            user("reader", policy(json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}))),
            user("broken", json!({"Version": "2030-01-01", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})),
        ],
        "RoleDetailList": [{
            "RoleName": "app", "RoleId": "AROAapp", "Path": "/", "Arn": "arn:aws:iam::111122223333:role/app",
            "CreateDate": "2026-01-01T00:00:00Z",
            "AssumeRolePolicyDocument": policy(json!({
                "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole",
            })),
            "RolePolicyList": [{
                "PolicyName": "all",
                "PolicyDocument": policy(json!({"Effect": "Allow", "Action": "*", "Resource": "*"})),
            }],
        }],
        "GroupDetailList": [], "Policies": [],
    })
}

fn written() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("account.json");
    put(&path, export().to_string().as_bytes());
    (folder, path)
}

/// What the program answers, as JSON.
fn asked(args: &[&str], file: &Path) -> Value {
    let mut program = program();
    program.args(args).args(["-o", "json"]);
    if args.first() != Some(&"privilege") {
        program.arg("--files");
    }
    let out = program.arg(file).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

/// What it says on standard error when it fails.
fn refused(args: &[&str], file: &Path) -> String {
    let out = program().args(args).arg("--files").arg(file).output().unwrap();
    assert_eq!(out.status.code(), Some(1));
    String::from_utf8(out.stderr).unwrap()
}

const BUILDER: &str = "arn:aws:iam::111122223333:user/builder";
const APP: &str = "arn:aws:iam::111122223333:role/app";
const PASSES: &str = "Pass a role to a new function, and invoke it";

#[test]
fn an_analysis_says_who_can_become_administrator_and_by_which_statements() {
    let (_folder, file) = written();
    let answer = asked(&["privilege", "analyze"], &file);
    let told = |name: &str| {
        let principals = answer["principals"].as_array().unwrap();
        principals.iter().find(|one| one["arn"].as_str().unwrap().ends_with(name)).cloned().unwrap()
    };
    assert_eq!(
        told("/builder")["paths"][0],
        json!({
            "id": "lambda-001",
            "name": PASSES,
            "hops": [
                {
                    "edge": {"from": BUILDER, "to": APP, "method": "lambda-001", "name": PASSES},
                    "statement": [
                        format!("{BUILDER} inline:own statement 1 (Pass)"),
                        format!("{BUILDER} inline:own statement 2"),
                    ],
                },
                {
                    "edge": {
                        "from": APP, "to": "administrator of 111122223333",
                        "method": "administrator", "name": "Administer the account",
                    },
                    "statement": [format!("{APP} inline:all statement 1")],
                },
            ],
            "missing": null,
        })
    );
    let row = |name| (told(name)["admin"].clone(), told(name)["escalation"].clone());
    assert_eq!(row("/builder"), (json!(false), json!("now")));
    assert_eq!(row("/app"), (json!(true), json!("none")));
    assert_eq!(row("/reader"), (json!(false), json!("none")));
    // What cannot be read allows nothing, and is said to be unknown.
    assert_eq!(row("/broken"), (json!(false), json!("none")));
    let unknown = &answer["unknown"][0];
    assert_eq!(unknown["policy"], "arn:aws:iam::111122223333:user/broken inline:own");
    assert!(unknown["why"].as_str().unwrap().contains("2030-01-01"), "{unknown}");
}

#[test]
fn a_way_is_told_avoided_and_drawn() {
    let (_folder, file) = written();
    let ways = asked(&["path", "builder", "admin", "--ways", "1"], &file);
    assert_eq!(ways[0]["id"], "lambda-001");
    assert_eq!(asked(&["path", "builder", "admin", "--avoid", "role/app"], &file), json!([]));
    let avoided = asked(&["path", "builder", "admin", "--avoid", "lambda-001", "--ways", "9"], &file);
    assert!(avoided.as_array().unwrap().iter().all(|way| way["id"] != "lambda-001"), "{avoided}");
    let out =
        program().args(["path", "builder", "admin", "--ways", "1", "--files"]).arg(&file).output().unwrap();
    let said = format!(
        "1. {BUILDER}\n  \
           -> {APP}  by \"{PASSES}\" (lambda-001)\n       \
                {BUILDER} inline:own statement 1 (Pass)\n       \
                {BUILDER} inline:own statement 2\n  \
           -> administrator of 111122223333  by \"Administer the account\" (administrator)\n       \
                {APP} inline:all statement 1\n"
    );
    assert_eq!(String::from_utf8(out.stdout).unwrap(), said);
    let out = program().args(["path", "builder", "-o", "svg", "--files"]).arg(&file).output().unwrap();
    let picture = String::from_utf8(out.stdout).unwrap();
    assert!(
        picture.starts_with("<svg")
            && picture.contains("and invoke it")
            && picture.contains("(lambda-001)")
            && picture.contains("(Pass)")
    );
}

#[test]
fn whether_and_who_is_answered_by_all_policies() {
    let (_folder, file) = written();
    let role = "arn:aws:iam::111122223333:role/app";
    let can = asked(&["identity", "can", "builder", "iam:PassRole", role], &file);
    assert_eq!(
        can,
        json!({
            "identity": BUILDER, "permission": "iam:PassRole", "resource": role, "answer": "only-if",
            "statement": [format!("{BUILDER} inline:own statement 1 (Pass)")],
            "only_if": ["StringEquals iam:PassedToService lambda.amazonaws.com"],
        })
    );
    let who = asked(&["who-can", "s3:GetObject", "arn:aws:s3:::bucket/key"], &file);
    let who: Vec<(&Value, &Value)> =
        who.as_array().unwrap().iter().map(|one| (&one["identity"], &one["answer"])).collect();
    let (broken, reader) = (BUILDER.replace("builder", "broken"), BUILDER.replace("builder", "reader"));
    assert_eq!(
        who,
        [
            (&json!(broken), &json!("unknown")),
            (&json!(reader), &json!("allow")),
            (&json!(APP), &json!("allow"))
        ]
    );
    let reached = asked(&["identity", "reach", "builder", "--limit", "1"], &file);
    let own = |rest: &str| format!("{BUILDER} inline:own statement {rest}");
    let path = json!([{
        "edge": {"from": BUILDER, "to": APP, "method": "lambda-001", "name": PASSES},
        "statement": [own("1 (Pass)"), own("2")]
    }]);
    let expected = json!([{"to": APP, "level": "control", "conditions": 0, "weight": 100, "path": path}]);
    assert_eq!(reached, expected);
}

#[test]
fn the_graph_is_exported_for_others() {
    let (_folder, file) = written();
    let out = program().args(["privilege", "export", "--files"]).arg(&file).output().unwrap();
    let graph: Value = serde_json::from_slice(&out.stdout).unwrap();
    let edges = graph["graph"]["edges"].as_array().unwrap();
    let administers = |edge: &&Value| edge["kind"] == "Administers" && edge["start"]["value"] == APP;
    assert_eq!(edges.iter().filter(administers).count(), 1);
}

#[test]
fn what_matters_most_is_named_by_a_file() {
    let (folder, file) = written();
    let list = folder.path().join("tier-zero");
    put(&list, b"# what we cannot lose\narn:aws:iam::111122223333:user/reader\n");
    let list = list.to_str().unwrap();
    let reached = asked(&["identity", "reach", "builder", "--limit", "1", "--tier-zero", list], &file);
    assert_eq!(reached[0]["to"], BUILDER.replace("builder", "reader"));
    put(Path::new(list), b"reader\n");
    let said = refused(&["path", "builder", "--tier-zero", list], &file);
    assert!(said.contains("tier-zero:1: \"reader\" is no ARN"), "{said}");
}

#[test]
fn a_question_that_cannot_be_answered_says_why() {
    let (folder, file) = written();
    for (args, expected) in [
        (&["path", "nobody"][..], "nobody and nothing that was read has the name nobody"),
        (&["who-can", "GetObject"], "\"GetObject\" is no permission"),
        (&["identity", "can", "admin", "s3:GetObject"], "admin is no user, role or group"),
    ] {
        let said = refused(args, &file);
        assert!(said.contains(expected), "{said}");
    }
    let cut = folder.path().join("cut.json");
    let whole = export().to_string();
    put(&cut, &whole.as_bytes()[..whole.len() / 2]);
    let said = refused(&["path", "builder"], &cut);
    assert!(said.contains("no export of an inventory was read") && said.contains("cut.json"), "{said}");
}
