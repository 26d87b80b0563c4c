//! Bad input to questions about privilege: what is not understood makes the answers that depend on it unknown, is said
//! to be so, and never allows anything.
//!
//! | input | test |
//! | --- | --- |
//! | a document that does not parse, a future version of the language, a boundary that nobody holds | `what_is_not_understood_is_unknown_and_named` |
//! | an action that no service has | `an_unknown_action_takes_nothing_from_the_others` |
//! | groups that are not there, trust in a circle | `circles_come_to_an_end` |
//! | an export that is cut | `a_cut_export_answers_nothing` |
//! | a first page alone, the last page in another file, copies, an older export beside it | `pages_without_their_last_one_answer_nothing` |
//! | two exports of different dates | `of_two_exports_the_newer_counts_in_any_order` |
//! | somebody of another account | `who_is_of_another_account_counts_there` |
//! | a policy of 60 MB | `a_policy_of_60_megabytes_is_unknown_and_the_rest_is_answered` |
//! | a snapshot of AWS Config that is cut, packed or not | `a_cut_snapshot_answers_nothing` |
//! | versions of one user in several histories | `of_two_histories_the_newer_counts_in_any_order` |
//! | a deletion in a history, after or before what it deletes | `what_a_later_file_tells_to_be_deleted_is_not_there_whichever_file_comes_first` |
//! | a policy of which only the name is told | `of_a_policy_of_which_only_the_name_is_told_nobody_knows_what_it_allows` |
//! | a key of somebody else, a job that is not done | `answers_that_cannot_be_are_told` |
//!
//! Of folders that `iam-collect` has written, the tests are in `tree.rs`.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{gzip, program, put};

fn policy(statements: &Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn allows(action: &Value) -> Value {
    policy(&json!({"Effect": "Allow", "Action": action, "Resource": "*"}))
}

fn user(name: &str, documents: &[Value]) -> Value {
    let numbered = documents.iter().enumerate();
    let policies =
        numbered.map(|(at, document)| json!({"PolicyName": format!("p{at}"), "PolicyDocument": document}));
    json!({
        "UserName": name, "UserId": format!("AIDA{name}"), "Path": "/", "Arn": arn("user", name),
        "CreateDate": "2026-01-01T00:00:00Z", "UserPolicyList": policies.collect::<Vec<_>>(),
    })
}

/// A role that trusts others and may assume all that trust it.
fn role(name: &str, trusted: &[String]) -> Value {
    let trust = json!({"Effect": "Allow", "Principal": {"AWS": trusted}, "Action": "sts:AssumeRole"});
    json!({
        "RoleName": name, "RoleId": format!("AROA{name}"), "Path": "/", "Arn": arn("role", name),
        "CreateDate": "2026-01-01T00:00:00Z", "AssumeRolePolicyDocument": policy(&trust),
        "RolePolicyList": [{"PolicyName": "p0", "PolicyDocument": allows(&json!("sts:AssumeRole"))}],
    })
}

fn arn(kind: &str, name: &str) -> String {
    format!("arn:aws:iam::111122223333:{kind}/{name}")
}

/// An export, in a file of a folder.
fn export(users: &[Value], roles: &[Value]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("account.json");
    let content =
        json!({"UserDetailList": users, "RoleDetailList": roles, "GroupDetailList": [], "Policies": []});
    put(&path, content.to_string().as_bytes());
    (folder, path)
}

fn asked(args: &[&str], files: &[&Path]) -> Value {
    let mut program = program();
    program.args(args).args(["-o", "json", "--files"]).args(files);
    let out = program.output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

fn can(who: &str, permission: &str, files: &[&Path]) -> Value {
    asked(&["identity", "can", who, permission, "arn:aws:s3:::bucket/key"], files)["answer"].clone()
}

/// A name, whether it administers, whether it can come to, and how many of its policies are unknown.
type Told = (String, bool, String, usize);

/// What is told of everybody, and why policies are unknown.
fn told(files: &[&Path]) -> (Vec<Told>, Vec<String>) {
    let mut program = program();
    let out = program.args(["privilege", "analyze", "-o", "json"]).args(files).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let answer: Value = serde_json::from_slice(&out.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let principals = answer["principals"].as_array().unwrap().iter().map(|one| {
        let name = text(&one["arn"]).rsplit('/').next().unwrap().to_owned();
        let unknown = one["unknown"].as_array().map_or(0, Vec::len);
        (name, one["admin"].as_bool().unwrap(), text(&one["escalation"]), unknown)
    });
    let unknown = answer["unknown"].as_array().unwrap();
    (principals.collect(), unknown.iter().map(|one| text(&one["why"])).collect())
}

fn none(name: &str, unknown: usize) -> Told {
    (name.to_owned(), false, "none".to_owned(), unknown)
}

#[test]
fn what_is_not_understood_is_unknown_and_named() {
    let everything = allows(&json!("*"));
    let mut bounded = user("bounded", std::slice::from_ref(&everything));
    bounded["PermissionsBoundary"] = json!({
        "PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": "arn:aws:iam::111122223333:policy/gone",
    });
    let mut future = everything.clone();
    future["Version"] = json!("2030-01-01");
    let cut = json!(r#"{"Version": "2012-10-17", "Statement": ["#);
    let users = vec![user("cut", &[cut, everything]), user("future", &[future]), bounded];
    let (_folder, file) = export(&users, &[]);
    // A document that cannot be read may deny: even who is allowed everything by another one is not known to be.
    for who in ["cut", "future", "bounded"] {
        assert_eq!(can(who, "s3:GetObject", &[&file]), "unknown", "{who}");
    }
    let (principals, why) = told(&[&file]);
    assert_eq!(principals, [none("bounded", 1), none("cut", 1), none("future", 1)]);
    let expected = ["no export holds it", "not of the form of a policy", "2030-01-01 is not known"];
    assert_eq!(why.len(), expected.len());
    for part in expected {
        assert!(why.iter().any(|why| why.contains(part)), "{why:?}");
    }
}

#[test]
fn an_unknown_action_takes_nothing_from_the_others() {
    let document = allows(&json!(["frob:*", "iam:FrobnicateAll", "s3:GetObject"]));
    let (_folder, file) = export(&[user("strange", &[document])], &[]);
    assert_eq!(can("strange", "s3:GetObject", &[&file]), "allow");
    assert_eq!(can("strange", "s3:PutObject", &[&file]), "implicit-deny");
    assert_eq!(told(&[&file]), (vec![none("strange", 0)], Vec::new()));
}

#[test]
fn circles_come_to_an_end() {
    let mut member = user("member", &[allows(&json!("sts:AssumeRole"))]);
    member["GroupList"] = json!(["nowhere"]);
    let roles = vec![
        role("a", &[arn("role", "b"), arn("user", "member")]),
        role("b", &[arn("role", "a")]),
        role("itself", &[arn("role", "itself")]),
    ];
    let (_folder, file) = export(&[member], &roles);
    let ways = asked(&["path", "member", "role/b"], &[&file]);
    let hops = ways[0]["hops"].as_array().unwrap().iter();
    let hops: Vec<&str> = hops.map(|hop| hop["edge"]["to"].as_str().unwrap()).collect();
    assert_eq!(hops, [arn("role", "a"), arn("role", "b")]);
    assert_eq!(told(&[&file]).0, [none("member", 0), none("a", 0), none("b", 0), none("itself", 0)]);
}

#[test]
fn a_cut_export_answers_nothing() {
    let (folder, file) = export(&[user("all", &[allows(&json!("*"))])], &[]);
    let whole = std::fs::read(&file).unwrap();
    let cut = folder.path().join("cut.json");
    put(&cut, whole.get(..whole.len() - 20).unwrap());
    let out = program().args(["privilege", "analyze"]).arg(&cut).output().unwrap();
    let said = String::from_utf8(out.stderr).unwrap();
    assert_eq!((out.status.code(), out.stdout.len()), (Some(1), 0), "{said}");
    assert!(said.contains("cut.json: cut short"), "{said}");
}

/// A page of an export, in a file of its own.
fn page(folder: &TempDir, file: &str, user: &Value, more: bool) -> PathBuf {
    let path = folder.path().join(file);
    let marker =
        if more { json!({"IsTruncated": true, "Marker": "m"}) } else { json!({"IsTruncated": false}) };
    let mut content =
        json!({"UserDetailList": [user], "RoleDetailList": [], "GroupDetailList": [], "Policies": []});
    content.as_object_mut().unwrap().extend(marker.as_object().unwrap().clone());
    put(&path, content.to_string().as_bytes());
    path
}

#[test]
fn pages_without_their_last_one_answer_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let everything = [allows(&json!("*"))];
    let first = page(&folder, "first.json", &user("all", &everything), true);
    let out = program().args(["privilege", "analyze"]).arg(&first).output().unwrap();
    let said = String::from_utf8(out.stderr).unwrap();
    assert_eq!((out.status.code(), out.stdout.len()), (Some(1), 0), "{said}");
    let why = "first.json: cut short: the export of account 111122223333 ends before its last page: it says that \
               more follow, and nothing that is read with it ends it; nothing of it counts: export all pages";
    assert!(said.contains(why), "{said}");

    // In whichever files the pages lie and in whichever order they come, and in several copies.
    let last = page(&folder, "last.json", &user("none", &[]), false);
    let copy = page(&folder, "a-copy.json", &user("all", &everything), true);
    let admin = ("all".to_owned(), true, "none".to_owned(), 0);
    for files in [vec![&*first, &*last], vec![&*last, &*first], vec![&*copy, &*last, &*first]] {
        assert_eq!(told(&files).0, [admin.clone(), none("none", 0)]);
    }

    // The last page of another export, which names somebody of this page, too.
    let whole = page(&folder, "whole.json", &user("all", &[]), false);
    assert_eq!(told(&[&first, &whole]).0, [none("all", 0)]);
    assert_eq!(told(&[&whole, &first]).0, [none("all", 0)]);
}

#[test]
fn of_two_exports_the_newer_counts_in_any_order() {
    let (_older, older) = export(&[user("all", &[allows(&json!("*"))])], &[]);
    let mut narrowed = user("all", &[allows(&json!("s3:GetObject"))]);
    let mut late = user("late", &[]);
    late["CreateDate"] = json!("2026-02-01T00:00:00Z");
    narrowed["UserId"] = json!("AIDAall");
    let (_newer, newer) = export(&[narrowed, late], &[]);
    for files in [[&*older, &*newer], [&*newer, &*older]] {
        assert_eq!(can("all", "s3:PutObject", &files), "implicit-deny");
        assert_eq!(told(&files).0, [none("all", 0), none("late", 0)]);
    }
}

#[test]
fn who_is_of_another_account_counts_there() {
    let mut stranger = user("stranger", &[allows(&json!("*"))]);
    stranger["Arn"] = json!("arn:aws:iam::444455556666:user/stranger");
    let trusting = role("trusting", &["arn:aws:iam::444455556666:user/stranger".to_owned()]);
    let (_folder, file) = export(&[user("own", &[]), stranger], &[trusting]);
    let reach = asked(&["identity", "reach", "stranger"], &[&file]);
    let mut reached: Vec<&str> =
        reach.as_array().unwrap().iter().map(|one| one["to"].as_str().unwrap()).collect();
    reached.sort_unstable();
    // It administers its own account, which holds nobody else, and nothing of the other one but the role that trusts it.
    assert_eq!(reached, ["administrator of 444455556666", &arn("role", "trusting")]);
}

#[test]
fn a_policy_of_60_megabytes_is_unknown_and_the_rest_is_answered() {
    let buckets: Vec<String> = (0..2_500_000).map(|at| format!("arn:aws:s3:::bucket-{at}/*")).collect();
    let large = policy(&json!({"Effect": "Allow", "Action": "*", "Resource": buckets}));
    assert!(large.to_string().len() > 60_000_000);
    let (_folder, file) = export(&[user("large", &[large]), user("small", &[])], &[]);
    assert_eq!(told(&[&file]).0, [none("large", 1), none("small", 0)]);
    let why = told(&[&file]).1;
    assert!(why[0].contains("has more than 1048576 bytes"), "{why:?}");
    assert_eq!(can("large", "s3:GetObject", &[&file]), "unknown");
}

/// A user in the words of AWS Config, which may do this since then.
fn item(name: &str, action: &str, at: &str) -> Value {
    let document = allows(&json!(action)).to_string();
    let configuration = json!({
        "userName": name, "userId": format!("AIDA{name}"), "arn": arn("user", name), "path": "/", "groupList": [],
        "createDate": "2026-01-01T00:00:00.000Z", "attachedManagedPolicies": [],
        "userPolicyList": [{"policyName": "p0", "policyDocument": document}],
    });
    json!({
        "configurationItemVersion": "1.3", "configurationItemStatus": "OK", "configurationItemCaptureTime": at,
        "awsAccountId": "111122223333", "awsRegion": "global", "resourceType": "AWS::IAM::User",
        "resourceId": format!("AIDA{name}"), "resourceName": name, "ARN": arn("user", name),
        "configuration": configuration, "supplementaryConfiguration": {}, "tags": {}, "relationships": [],
    })
}

fn delivered(items: &[Value]) -> String {
    json!({"fileVersion": "1.0", "configSnapshotId": "1", "configurationItems": items}).to_string()
}

#[test]
fn a_cut_snapshot_answers_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let users: Vec<Value> =
        (0..50).map(|at| item(&format!("u{at}"), "*", "2026-01-01T00:00:00.000Z")).collect();
    let whole = delivered(&users);
    let path = folder.path().join("snapshot.json.gz");
    put(&path, &gzip(whole.as_bytes()));
    assert_eq!(told(&[&path]).0.len(), 50);
    let packed = gzip(whole.as_bytes());
    for cut in [whole.as_bytes().get(..whole.len() / 2).unwrap(), packed.get(..packed.len() - 12).unwrap()] {
        put(&path, cut);
        let out = program().args(["privilege", "analyze"]).arg(&path).output().unwrap();
        let said = String::from_utf8(out.stderr).unwrap();
        assert_eq!((out.status.code(), out.stdout.len()), (Some(1), 0), "{said}");
        assert!(said.contains("snapshot.json.gz: cut short"), "{said}");
    }
}

#[test]
fn of_two_histories_the_newer_counts_in_any_order() {
    let folder = tempfile::tempdir().unwrap();
    let [older, newer] = ["older", "newer"].map(|name| folder.path().join(name));
    let history = |item: Value| json!({"fileVersion": "1.0", "configurationItems": [item]}).to_string();
    put(&older, history(item("all", "*", "2026-01-01T00:00:00.000Z")).as_bytes());
    put(&newer, history(item("all", "s3:GetObject", "2026-02-01T00:00:00.000Z")).as_bytes());
    for files in [[&*older, &*newer], [&*newer, &*older]] {
        assert_eq!(can("all", "s3:GetObject", &files), "allow");
        assert_eq!(can("all", "s3:PutObject", &files), "implicit-deny");
    }
}

#[test]
fn what_a_later_file_tells_to_be_deleted_is_not_there_whichever_file_comes_first() {
    let folder = tempfile::tempdir().unwrap();
    let [snapshot, history, anew] = ["snapshot", "history", "anew"].map(|name| folder.path().join(name));
    let mut gone = item("all", "*", "2026-02-01T00:00:00.000Z");
    (gone["configurationItemStatus"], gone["configuration"]) = (json!("ResourceDeleted"), json!(null));
    let items =
        [item("all", "*", "2026-01-01T00:00:00.000Z"), item("other", "*", "2026-01-01T00:00:00.000Z")];
    put(&snapshot, json!({"configurationItems": items}).to_string().as_bytes());
    put(&history, json!({"configurationItems": [gone]}).to_string().as_bytes());
    put(&anew, item("all", "s3:*", "2026-03-01T00:00:00.000Z").to_string().as_bytes());
    let known = |files: &[&Path]| -> Vec<String> {
        let answer = asked(&["who-can", "s3:GetObject"], files);
        let who = answer.as_array().unwrap().iter();
        who.map(|one| one["identity"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let [all, other] = ["all", "other"].map(|name| arn("user", name));
    assert_eq!(known(&[&snapshot]), [all.clone(), other.clone()]);
    for files in [[&*snapshot, &*history], [&*history, &*snapshot]] {
        assert_eq!(known(&files), std::slice::from_ref(&other));
    }
    for files in [[&*snapshot, &*history, &*anew], [&*anew, &*history, &*snapshot]] {
        assert_eq!(known(&files), [all.clone(), other.clone()]);
    }
}

#[test]
fn of_a_policy_of_which_only_the_name_is_told_nobody_knows_what_it_allows() {
    let folder = tempfile::tempdir().unwrap();
    let [single, names, text] = ["single", "names", "text"].map(|name| folder.path().join(name));
    let mut whole = role("r", &[]);
    let own = whole["RolePolicyList"][0].take();
    whole["RolePolicyList"] = json!([]);
    put(&single, json!({"Role": whole}).to_string().as_bytes());
    let of_role = |output: Value| {
        json!({"account": "111122223333", "about": arn("role", "r"), "output": output}).to_string()
    };
    put(&names, of_role(json!({"PolicyNames": ["p0"], "IsTruncated": false})).as_bytes());
    let own = json!({"RoleName": "r", "PolicyName": "p0", "PolicyDocument": own["PolicyDocument"]});
    put(&text, of_role(own).as_bytes());
    let can = |permission: &str, files: &[&Path]| can("role/r", permission, files);
    assert_eq!(can("sts:AssumeRole", &[&single]), "implicit-deny");
    assert_eq!(can("sts:AssumeRole", &[&single, &names]), "unknown");
    for files in [[&*single, &*names, &*text], [&*text, &*names, &*single]] {
        assert_eq!(can("sts:AssumeRole", &files), "allow");
        assert_eq!(can("s3:PutObject", &files), "implicit-deny");
    }
}

#[test]
fn answers_that_cannot_be_are_told() {
    let (folder, whole) = export(&[user("ann", &[allows(&json!("*"))])], &[]);
    let beside = folder.path().join("beside.json");
    let kept =
        |about: &str, output: Value| json!({"account": "111122223333", "about": about, "output": output});
    let keys =
        json!({"AccessKeyMetadata": [{"UserName": "ann", "AccessKeyId": "AKIA1", "Status": "Active"}]});
    let job = json!({"JobStatus": "IN_PROGRESS", "JobCreationDate": "2026-01-01T00:00:00Z", "ServicesLastAccessed": []});
    for (answer, said) in [
        (kept(&arn("user", "bob"), keys), "the answer is of the user ann"),
        (kept(&arn("user", "ann"), job), "the job is IN_PROGRESS, and not done"),
    ] {
        put(&beside, answer.to_string().as_bytes());
        let out =
            program().args(["privilege", "analyze", "-o", "json"]).args([&whole, &beside]).output().unwrap();
        let answer: Value = serde_json::from_slice(&out.stdout).unwrap();
        let rejects = answer["rejects"].as_array().unwrap();
        assert_eq!(rejects.len(), 1, "{rejects:?}");
        let reason = rejects[0]["reason"].as_str().unwrap();
        assert!(
            reason.contains(said) && reason.contains("nothing of 111122223333 in this source counts"),
            "{reason}"
        );
        // The other file stands.
        assert_eq!(answer["principals"].as_array().unwrap().len(), 1);
    }
}
