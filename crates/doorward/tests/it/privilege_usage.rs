//! What of its rights each identity uses, asked of files, of a data folder and of a server that took in the same.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::serving::server::{Server, poll};
use crate::support::{program, put};
use crate::verbs::{done, refused};

const ACCOUNT: &str = "111122223333";

fn arn(end: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:{end}")
}

/// One account: Ann and Bob may assume all roles and read all objects; one role administers, and the other lists users.
fn export() -> Value {
    let policy = |statements: Value| json!({"Version": "2012-10-17", "Statement": statements});
    let allow = |actions: Value| policy(json!([{"Effect": "Allow", "Action": actions, "Resource": "*"}]));
    let trust =
        policy(json!({"Effect": "Allow", "Principal": {"AWS": arn("root")}, "Action": "sts:AssumeRole"}));
    let user = |name: &str| {
        json!({
            "UserName": name, "UserId": format!("AIDA{name}"), "Path": "/", "Arn": arn(&format!("user/{name}")),
            "CreateDate": "2026-01-01T00:00:00Z",
            "UserPolicyList": [{"PolicyName": "own", "PolicyDocument": allow(json!(["sts:AssumeRole", "s3:GetObject"]))}],
        })
    };
    let role = |name: &str, actions: Value| {
        json!({
            "RoleName": name, "RoleId": format!("AROA{name}"), "Path": "/", "Arn": arn(&format!("role/{name}")),
            "CreateDate": "2026-01-01T00:00:00Z", "AssumeRolePolicyDocument": trust,
            "RolePolicyList": [{"PolicyName": "own", "PolicyDocument": allow(actions)}],
        })
    };
    json!({
        "UserDetailList": [user("ann"), user("bob")],
        "RoleDetailList": [role("top", json!("*")), role("lists", json!(["iam:ListUsers", "iam:ListRoles"]))],
        "GroupDetailList": [], "Policies": [],
    })
}

/// A record of a call of Identity and Access Management or of the Security Token Service.
fn record(identity: &Value, (service, action): (&str, &str), at: &str, more: &Value) -> Value {
    let mut record = json!({
        "eventVersion": "1.11", "userIdentity": identity, "eventTime": at, "awsRegion": "eu-west-1",
        "eventSource": format!("{service}.amazonaws.com"), "eventName": action, "sourceIPAddress": "198.51.100.7",
        "eventID": format!("{action}-{at}"), "eventType": "AwsApiCall", "recipientAccountId": ACCOUNT,
    });
    record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    record
}

/// Ann assumes the role that administers, which lists users; Bob is refused.
fn log() -> Value {
    let user = |name: &str| {
        json!({
            "type": "IAMUser", "principalId": format!("AIDA{name}"), "arn": arn(&format!("user/{name}")),
            "accountId": ACCOUNT, "userName": name,
        })
    };
    let top = json!({
        "type": "AssumedRole", "principalId": "AROAtop:ann", "accountId": ACCOUNT,
        "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/top/ann"),
        "sessionContext": {"sessionIssuer": {"type": "Role", "arn": arn("role/top"), "accountId": ACCOUNT}},
    });
    let assumes = json!({"requestParameters": {"roleArn": arn("role/top")}, "responseElements": null});
    let denied = json!({"requestParameters": {"roleArn": arn("role/top")}, "errorCode": "AccessDenied"});
    let assume = ("sts", "AssumeRole");
    json!({"Records": [
        record(&user("ann"), assume, "2026-06-01T10:00:00Z", &assumes),
        record(&top, ("iam", "ListUsers"), "2026-06-01T10:05:00Z", &json!({})),
        record(&user("ann"), assume, "2026-06-20T10:00:00Z", &assumes),
        record(&user("bob"), assume, "2026-06-30T10:00:00Z", &denied),
    ]})
}

fn written(dir: &Path) -> [PathBuf; 2] {
    [("account.json", export()), ("trail.json", log())].map(|(name, content)| {
        let path = dir.join(name);
        put(&path, content.to_string().as_bytes());
        path
    })
}

/// What is asked in words, and over which inventory.
fn asked(token: &str, args: &[&str], place: &[&str]) -> Value {
    serde_json::from_str(&done(token, &[args, &["-o", "json"], place].concat())).unwrap()
}

/// All answers about use.
fn told(token: &str, place: &[&str]) -> Value {
    let bare = if place[0] == "--files" { &place[1..] } else { place };
    let analyzed = asked(token, &["privilege", "analyze"], bare);
    let of = |name: &str| {
        let principals = analyzed["principals"].as_array().unwrap();
        principals.iter().find(|one| one["arn"] == arn(name)).unwrap()["usage"].clone()
    };
    let ways = |from: &str, to: &str| asked(token, &["path", from, to, "--used-only"], place);
    let can = |who: &str, resource: &str| {
        asked(token, &["identity", "can", who, "sts:AssumeRole", resource], place)["usage"].clone()
    };
    let of_all = |listed: Value, name: &str| {
        let told = listed.as_array().unwrap().iter().map(|one| json!([one[name], one["usage"]["taken"]]));
        told.collect::<Vec<_>>()
    };
    json!({
        "logs": analyzed["logs"],
        "usage": [of("user/ann"), of("user/bob"), of("role/lists"), of("role/top")["used"]],
        "trust": analyzed["trust"],
        "can": [can("ann", &arn("role/top")), can("ann", &arn("role/lists")), can("ann", "*")],
        "who can": of_all(asked(token, &["who-can", "sts:AssumeRole", &arn("role/top")], place), "identity"),
        "reach": of_all(asked(token, &["identity", "reach", "bob"], place), "to"),
        "ways": [ways("ann", "admin"), ways("bob", "admin"), ways("ann", "role/lists")],
    })
}

fn expected() -> Value {
    let (from, to) = ("2026-06-01T10:00:00Z", "2026-06-30T10:00:00Z");
    let sources = ["management reads"];
    let usage = |shares: [f64; 3], (granted, used): (u64, u64)| {
        let [efficiency, unused, unseen] = shares;
        json!({
            "efficiency": efficiency, "tried": 0.0, "unused": unused, "unseen": unseen, "granted": granted, "used": used,
            "from": from, "to": to, "sources": sources,
        })
    };
    let used = json!({"taken": "seen", "first": from, "last": "2026-06-20T10:00:00Z", "count": 2});
    let assumed = json!({
        "edge": {"from": arn("user/ann"), "to": arn("role/top"), "method": "sts-001", "name": "Assume the role"},
        "statement": [
            format!("{} inline:own statement 1", arn("user/ann")),
            format!("{} trust statement 1", arn("role/top")),
        ],
        "usage": used,
    });
    let administers = json!({
        "edge": {
            "from": arn("role/top"), "to": format!("administrator of {ACCOUNT}"),
            "method": "administrator", "name": "Administer the account",
        },
        "statement": [format!("{} inline:own statement 1", arn("role/top"))],
        "usage": {"taken": "standing"},
    });
    let holds = json!({
        "edge": {
            "from": format!("administrator of {ACCOUNT}"), "to": arn("role/lists"),
            "method": "holds", "name": "Administer what is in the account",
        },
        "statement": [], "usage": {"taken": "standing"},
    });
    let way =
        |hops: &[&Value]| json!({"id": "sts-001", "name": "Assume the role", "hops": hops, "missing": null});
    json!({
        "logs": [{"account": ACCOUNT, "from": from, "to": to, "events": 4, "sources": sources}],
        "usage": [
            // To read objects weighs 4 of 14, and no data events are logged.
            usage([0.7143, 0.0, 0.2857], (14, 10)),
            usage([0.0, 0.7143, 0.2857], (14, 0)),
            usage([0.0, 1.0, 0.0], (2, 0)),
            1,
        ],
        "can": [used, json!({"taken": "unused"}), used],
        "who can": [
            [arn("user/ann"), "seen"], [arn("user/bob"), "unused"], [arn("role/top"), "unused"],
        ],
        "reach": [
            [arn("role/top"), "unused"], [arn("user/ann"), "unused"], [arn("role/lists"), "unused"],
            [format!("administrator of {ACCOUNT}"), "unused"],
        ],
        "trust": {
            "ways": {"all": 2, "seen": 1, "unused": 1, "unknown": 0},
            "roles": {"all": 2, "seen": 1, "unused": 1, "unknown": 0},
            "unused": [{
                "role": arn("role/lists"), "blast_radius": 0.0, "usage": {"taken": "unused"}, "ways": 1,
                "unused": [ACCOUNT],
            }],
        },
        "ways": [[way(&[&assumed, &administers])], [], [way(&[&assumed, &administers, &holds])]],
    })
}

#[test]
fn files_a_folder_and_a_server_tell_alike_what_is_used() {
    let dir = tempfile::tempdir().unwrap();
    let files = written(dir.path());
    let [account, trail] = files.each_ref().map(|path| path.to_str().unwrap());
    assert_eq!(told("", &["--files", account, trail]), expected());

    let data = dir.path().join("data");
    let scan = program().args(["scan", "--quiet", "--data-dir"]).arg(&data).args(&files).output().unwrap();
    assert!(scan.status.success(), "{}", String::from_utf8_lossy(&scan.stderr));
    let folder = ["--data-dir", data.to_str().unwrap()];
    assert_eq!(told("", &folder), expected(), "no index is there yet");

    let mut server = Server::start(&data, None);
    let (url, token) = (format!("http://{}", server.address), server.token.clone());
    poll(|| {
        let answer = server.ask("GET", "/v1/privilege", b"");
        answer.status == 200 && answer.json()["logs"] != json!([])
    });
    assert_eq!(told(&token, &["--url", &url]), expected());
    let path = "/v1/privilege/paths?from=ann&to=admin&used_only=maybe";
    assert_eq!(server.ask("GET", path, b"").status, 400);
    server.stopped();
    assert_eq!(told("", &folder), expected(), "by the index");
}

#[test]
fn without_a_log_nothing_is_said_of_use() {
    let dir = tempfile::tempdir().unwrap();
    let [account, trail] = written(dir.path());
    let account = account.to_str().unwrap();
    let analyzed = asked("", &["privilege", "analyze"], &[account]);
    let usage: Vec<&Value> =
        analyzed["principals"].as_array().unwrap().iter().map(|one| &one["usage"]).collect();
    assert_eq!(usage, [&Value::Null; 4]);
    assert_eq!(analyzed["trust"], Value::Null);
    let (code, said) = refused("", &["path", "ann", "--used-only", "--files", account]);
    assert!(code == Some(1) && said.contains("no log is known that would show what was used"), "{said}");

    let table = done("", &["privilege", "analyze", account, trail.to_str().unwrap()]);
    for line in [
        "  111122223333: 4 events of 30 days, 2026-06-01T10:00:00Z to 2026-06-30T10:00:00Z; management reads, no data events\n",
        "  2 of them use nothing that was granted to them\n",
        "\n1 of 2 ways into roles were not used in the window of the log; 1 of 2 roles were assumed by nobody\n  \
         arn:aws:iam::111122223333:role/lists: by nobody (111122223333)\n",
    ] {
        assert!(table.contains(line), "{table}");
    }
    let can =
        done("", &["identity", "can", "ann", "sts:AssumeRole", "--files", account, trail.to_str().unwrap()]);
    assert!(can.contains("used, first 2026-06-01T10:00:00Z, last 2026-06-20T10:00:00Z\n"), "{can}");
    let reach = done("", &["identity", "reach", "bob", "--files", account, trail.to_str().unwrap()]);
    assert!(reach.contains("role/top  (not used)\n"), "{reach}");
    let way = done("", &["path", "ann", "--used-only", "--files", account, trail.to_str().unwrap()]);
    assert!(way.contains("used, first 2026-06-01T10:00:00Z, last 2026-06-20T10:00:00Z\n"), "{way}");
    let none = done("", &["path", "bob", "--used-only", "--files", account, trail.to_str().unwrap()]);
    assert_eq!(none, "No way from bob to admin was gone, as the log shows.\n");
}

#[test]
fn a_scan_of_exports_and_logs_tells_what_is_used() {
    let dir = tempfile::tempdir().unwrap();
    let files = written(dir.path());
    let report = crate::support::report(&[], &files.each_ref().map(PathBuf::as_path));
    let of = |name: &str| {
        let principals = report["privilege"]["principals"].as_array().unwrap();
        principals.iter().find(|one| one["arn"] == arn(name)).unwrap()["usage"].clone()
    };
    assert_eq!(
        [of("user/ann"), of("user/bob")],
        [&expected()["usage"][0], &expected()["usage"][1]].map(Value::clone)
    );
}

/// What AWS keeps: Bob never tried to assume a role, and one role to list users only.
fn kept() -> [(&'static str, Value); 2] {
    let asked = "2026-06-01T00:00:00Z";
    let answer = |about: &str, services: Value| {
        let output = json!({"JobStatus": "COMPLETED", "JobType": "ACTION_LEVEL", "JobCreationDate": asked,
            "JobCompletionDate": asked, "IsTruncated": false, "ServicesLastAccessed": services});
        json!({"account": ACCOUNT, "about": arn(about), "output": output})
    };
    let service = |name: &str, last: Option<&str>, actions: Value| {
        json!({"ServiceName": name, "ServiceNamespace": name, "LastAuthenticated": last,
            "TotalAuthenticatedEntities": 1, "TrackedActionsLastAccessed": actions})
    };
    let tried = "2026-05-01T00:00:00Z";
    let actions =
        json!([{"ActionName": "ListUsers", "LastAccessedTime": tried}, {"ActionName": "ListRoles"}]);
    [
        (
            "bob.json",
            answer("user/bob", json!([service("sts", None, json!([])), service("s3", None, json!([]))])),
        ),
        ("lists.json", answer("role/lists", json!([service("iam", Some(tried), actions)]))),
    ]
}

#[test]
fn files_a_folder_and_a_server_tell_alike_what_aws_keeps_without_a_log() {
    let dir = tempfile::tempdir().unwrap();
    let files = [("account.json", export())].into_iter().chain(kept()).map(|(name, content)| {
        let path = dir.path().join(name);
        put(&path, content.to_string().as_bytes());
        path
    });
    let files: Vec<PathBuf> = files.collect();
    let names: Vec<&str> = files.iter().map(|path| path.to_str().unwrap()).collect();
    let said = |token: &str, place: &[&str]| {
        let bare = if place[0] == "--files" { &place[1..] } else { place };
        let analyzed = asked(token, &["privilege", "analyze"], bare);
        let principals = analyzed["principals"].as_array().unwrap();
        let usage: Vec<Value> = principals.iter().map(|one| one["usage"].clone()).collect();
        let ways = ["ann", "bob"].map(|from| {
            let ways = asked(token, &["path", from, "admin", "--used-only"], place);
            ways.as_array().unwrap().iter().map(|way| way["hops"][0]["usage"].clone()).collect::<Value>()
        });
        json!({"usage": usage, "ways": ways, "logs": analyzed["logs"]})
    };
    let usage = |tried: f64, granted: u64, (from, services, actions): (&str, u64, u64)| {
        json!({
            "efficiency": 0.0, "tried": tried, "unused": 1.0 - tried, "unseen": 0.0, "granted": granted, "used": 0,
            "sources": [],
            "tracked": {"from": from, "to": "2026-06-01T00:00:00Z", "services": services, "actions": actions},
        })
    };
    let made = "2026-01-01T00:00:00Z";
    let expected = json!({
        "usage": [null, usage(0.0, 14, (made, 2, 0)), usage(0.5, 2, (made, 1, 2)), null],
        "ways": [[{"taken": "unknown"}], []],
        "logs": [],
    });
    assert_eq!(said("", &[&["--files"], &names[..]].concat()), expected);

    let data = dir.path().join("data");
    let scan = program().args(["scan", "--quiet", "--data-dir"]).arg(&data).args(&files).output().unwrap();
    assert!(scan.status.success(), "{}", String::from_utf8_lossy(&scan.stderr));
    assert_eq!(said("", &["--data-dir", data.to_str().unwrap()]), expected);

    let server = Server::start(&data, None);
    let (url, token) = (format!("http://{}", server.address), server.token.clone());
    poll(|| server.ask("GET", "/v1/privilege", b"").status == 200);
    assert_eq!(said(&token, &["--url", &url]), expected);

    let table = done("", &[&["privilege", "analyze"], &names[..]].concat());
    for line in [
        "  2 users and roles: what they tried last as AWS keeps it, asked 2026-06-01T00:00:00Z to 2026-06-01T00:00:00Z\n",
        "  2 users and roles use 0.0 % of their power; 6.2 % they tried, perhaps in vain; 93.8 % they do not, 0.0 % nothing would show\n",
        "  1 of them use nothing that was granted to them\n",
    ] {
        assert!(table.contains(line), "{table}");
    }
}
