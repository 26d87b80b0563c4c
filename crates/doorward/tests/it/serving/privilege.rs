//! Questions about privilege: of a server, of its data folder, now and as of an instant, answered as over files.

use std::path::{Path, PathBuf};

use doorward_model::time::Millis;
use serde_json::{Value, json};

use crate::privilege_questions::export;
use crate::serving::past::instant;
use crate::serving::server::{Answer, Server, command, config, now, poll, refused as not_started, request};
use crate::support::put;
use crate::verbs::{done, json as answer, refused};

const READER: &str = "arn:aws:iam::111122223333:user/reader";

/// The account as it is later: the builder passes no role any more, the reader administers, there is another role.
fn changed() -> Value {
    let mut export = export();
    let any =
        json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}});
    let none = json!({"Version": "2012-10-17", "Statement": []});
    export["UserDetailList"][0]["UserPolicyList"][0]["PolicyDocument"] = none;
    export["UserDetailList"][1]["UserPolicyList"][0]["PolicyDocument"] = any;
    let mut role = export["RoleDetailList"][0].clone();
    for (name, value) in
        [("RoleName", "can"), ("RoleId", "AROAcan"), ("Arn", &READER.replace("user/reader", "role/can"))]
    {
        role[name] = json!(value);
    }
    export["RoleDetailList"].as_array_mut().unwrap().push(role);
    export
}

/// Imports an export, and waits until answers have seen it.
fn import(server: &Server, export: &Value) -> u64 {
    let imported = server.ask("POST", "/v1/imports", export.to_string().as_bytes());
    assert_eq!(imported.status, 200, "{}", imported.text());
    let fact = imported.json()["accounts"][0]["fact"].as_u64().unwrap();
    poll(|| match with(server, "/v1/privilege", ("Doorward-Min-Fact", &fact.to_string())) {
        Answer { status: 200, .. } => true,
        later => {
            assert!(later.status == 503 && later.text().contains("ask again"), "{}", later.text());
            false
        }
    });
    fact
}

fn with(server: &Server, path: &str, header: (&str, &str)) -> Answer {
    let bearer = format!("Bearer {}", server.token);
    request(&server.address, ("GET", path), &[("Authorization", &bearer), header], b"")
}

/// What is asked in words, and where the same is asked for over HTTP: the path, and where in the answer it stands.
const QUESTIONS: [(&[&str], &str); 6] = [
    (&["path", "builder", "admin"], "/v1/privilege/paths?from=builder&to=admin"),
    (
        &["path", "reader", "--avoid", "role/app", "--ways", "1"],
        "/v1/privilege/paths?from=reader&avoid=role/app&ways=1",
    ),
    (
        &["who-can", "s3:GetObject", "arn:aws:s3:::b/k"],
        "/v1/who-can?permission=s3:GetObject&resource=arn:aws:s3:::b/k",
    ),
    (&["identity", "can", "builder", "iam:PassRole"], "/v1/identities/builder/can?permission=iam:PassRole"),
    (&["identity", "reach", "builder"], "/v1/identities/builder/reach"),
    (&["identity", "reach", READER], "/v1/identities/arn:aws:iam::111122223333:user/reader/reach"),
];

/// All answers of the command line.
fn told(token: &str, place: &[&str]) -> Value {
    let asked = QUESTIONS.map(|(args, _)| answer_of(token, args, place));
    let graph: Value =
        serde_json::from_str(&done(token, &[&["privilege", "export"], place].concat())).unwrap();
    let picture = done(token, &[&["path", "app", "-o", "svg"], place].concat());
    assert!(picture.starts_with("<svg"), "{picture}");
    let files = place[0] == "--files";
    let analyzed = answer_of(token, &["privilege", "analyze"], &place[usize::from(files)..]);
    json!({"asked": asked, "graph": graph, "picture": picture, "analyzed": analyzed})
}

fn answer_of(token: &str, args: &[&str], place: &[&str]) -> Value {
    serde_json::from_str(&done(token, &[args, &["-o", "json"], place].concat())).unwrap()
}

fn written(dir: &Path, name: &str, export: &Value) -> PathBuf {
    let path = dir.join(name);
    put(&path, export.to_string().as_bytes());
    path
}

#[test]
fn a_server_its_folder_and_files_answer_alike_now_and_as_of_then() {
    let dir = tempfile::tempdir().unwrap();
    let files = [("first.json", export()), ("second.json", changed())];
    let [first, second] = files.each_ref().map(|(name, export)| {
        let path = written(dir.path(), name, export);
        told("", &["--files", path.to_str().unwrap()])
    });
    assert_ne!(first, second);
    let data = dir.path().join("data");
    let mut server = Server::start(&data, None);
    let (url, token) = (format!("http://{}", server.address), server.token.clone());
    let place = ["--url", url.as_str()];
    let (code, said) = refused(&token, &["who-can", "s3:GetObject", place[0], place[1]]);
    assert!(code == Some(1) && said.contains("Conflict: no inventory is known: import an export"), "{said}");
    let empty = instant().to_string();

    import(&server, &files[0].1);
    assert_eq!(told(&token, &place), first);
    let one = instant().to_string();
    let fact = import(&server, &files[1].1);
    assert_eq!(told(&token, &place), second);
    let two = instant().to_string();
    for (at, then) in [(&one, &first), (&two, &second), (&one, &first)] {
        assert_eq!(&told(&token, &[&place[..], &["--as-of", at]].concat()), then, "{at}");
    }
    over_http(&server, &second, fact);

    let status = server.get("/v1/status")["privilege"].clone();
    assert_eq!((&status["seen"], &status["behind"]), (&json!(fact), &json!(false)), "{status}");
    assert!(status["nodes"].as_i64().unwrap() > 5 && status["error"].is_null(), "{status}");
    let metrics = String::from_utf8(server.ask("GET", "/metrics", b"").body).unwrap();
    assert!(metrics.contains(&format!("doorward_privilege_fact {fact}\n")), "{metrics}");
    let health = answer(&token, &["doctor"], place);
    let derived =
        health["checks"].as_array().unwrap().iter().find(|check| check["check"] == "privilege").unwrap();
    assert_eq!(derived["found"], format!("derived from the inventory as of fact {fact}"));

    server.stopped();
    let folder = ["--data-dir", data.to_str().unwrap()];
    assert_eq!(told("", &folder), second);
    assert_eq!(told("", &[&folder[..], &["--as-of", &one]].concat()), first);
    let (code, said) = refused("", &[&["privilege", "export"], &folder[..], &["--as-of", &empty]].concat());
    assert!(code == Some(1) && said.contains("no inventory is known in "), "{said}");
    // A start derives from what the folder holds, and nothing else is asked first.
    let mut server = Server::start(&data, None);
    server.token.clone_from(&token);
    poll(|| server.ask("GET", "/v1/privilege", b"").status == 200);
    assert_eq!(told(&token, &["--url", &format!("http://{}", server.address)]), second);
}

/// The same over HTTP: each answer says as of which fact and date it is, lists come in pages.
#[track_caller]
fn over_http(server: &Server, expected: &Value, fact: u64) {
    for ((_, path), expected) in QUESTIONS.iter().zip(expected["asked"].as_array().unwrap()) {
        let mut body = server.get(path);
        assert_eq!((&body["seen"], &body["as_of"]), (&json!(fact), &json!("2026-01-01T00:00:00Z")), "{path}");
        if expected.is_array() {
            assert_eq!(
                (&body["items"], &body["total"]),
                (expected, &json!(expected.as_array().unwrap().len())),
                "{path}"
            );
        } else {
            let members = body.as_object_mut().unwrap();
            members.retain(|name, _| !["seen", "as_of"].contains(&name.as_str()));
            assert_eq!(&body, expected, "{path}");
        }
    }
    in_pages(server, expected);
    filtered(server);
    drawn(server, expected);
}

#[track_caller]
fn in_pages(server: &Server, expected: &Value) {
    let analyzed = &expected["analyzed"];
    let pages = |path: &str, name: &str| {
        let (mut all, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = server.get(&format!("{path}limit=1{cursor}"));
            all.extend(page[name].as_array().unwrap().clone());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return json!(all),
            }
        }
    };
    assert_eq!(pages("/v1/privilege?", "principals"), analyzed["principals"]);
    assert_eq!(pages("/v1/privilege/choke-points?", "items"), analyzed["choke_points"]);
    assert_eq!(
        pages("/v1/who-can?permission=s3:GetObject&resource=arn:aws:s3:::b/k&", "items"),
        expected["asked"][2]
    );
}

#[track_caller]
fn filtered(server: &Server) {
    let filtered = |filter: &str| {
        let page = server.get(&format!("/v1/privilege?{filter}"));
        let arns =
            page["principals"].as_array().unwrap().iter().map(|one| one["arn"].as_str().unwrap().to_owned());
        arns.map(|arn| arn.split('/').next_back().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(filtered("admin=true"), ["reader", "app", "can"]);
    assert_eq!(filtered("admin=true&q=ROLE/"), ["app", "can"]);
    assert_eq!(filtered("escalation=none&account=111122223333&limit=2"), ["broken", "builder"]);
    assert_eq!(filtered("escalation=now&escalation=latent"), [""; 0]);
    assert_eq!(filtered("account=999999999999"), [""; 0]);
}

#[track_caller]
fn drawn(server: &Server, expected: &Value) {
    let drawn = with(server, "/v1/privilege/paths?from=app", ("Accept", "image/svg+xml, */*;q=0.1"));
    let kind = drawn.header("content-type").to_owned();
    assert_eq!((kind.as_str(), json!(drawn.text())), ("image/svg+xml", expected["picture"].clone()));
    let picture = server.ask("GET", "/v1/privilege/picture?from=app", b"");
    assert_eq!((picture.status, picture.text()), (200, drawn.text()));
    // Whoever is known by all of a path is meant by it, though it ends like a question.
    let role = READER.replace("user/reader", "role/can");
    assert_eq!(server.get(&format!("/v1/identities/{role}"))["id"], role);
    assert_eq!(server.get(&format!("/v1/identities/{role}/can?permission=s3:GetObject"))["answer"], "allow");
}

#[test]
fn what_matters_most_is_named_by_the_settings() {
    let dir = tempfile::tempdir().unwrap();
    let list = written(dir.path(), "tier-zero", &json!(READER));
    std::fs::write(&list, format!("{READER}  # reads the ledger\n")).unwrap();
    let file = written(dir.path(), "account.json", &export());
    let graph = |place: &[&str], token: &str| {
        let graph = done(token, &[&["privilege", "export"], place].concat());
        serde_json::from_str::<Value>(&graph).unwrap()
    };
    let of_files = ["--files", file.to_str().unwrap()];
    let expected = graph(&[&of_files[..], &["--tier-zero", list.to_str().unwrap()]].concat(), "");
    assert_ne!(graph(&of_files, ""), expected);
    let settings = config(dir.path(), "[privilege]\ntier_zero = \"tier-zero\"\n");
    let server = Server::start(&dir.path().join("data"), Some(&settings));
    import(&server, &export());
    let (url, now) = (format!("http://{}", server.address), instant().to_string());
    assert_eq!(graph(&["--url", &url], &server.token), expected);
    assert_eq!(graph(&["--url", &url, "--as-of", &now], &server.token), expected);
    let settings = config(dir.path(), "[privilege]\ntier_zero = \"missing\"\n");
    let mut command = command(&dir.path().join("other"));
    command.args(["--listen", "127.0.0.1:0", "--config"]).arg(settings);
    let (code, said) = not_started(command);
    assert!(code == Some(1) && said.contains("cannot read ") && said.contains("missing"), "{said}");
}

/// What cannot be asked, with what is said of it.
const REFUSED: [(&str, u16, &str); 19] = [
    (
        "/v1/privilege?kind=user",
        400,
        "cannot filter by \"kind\", expected one of account, escalation, admin, q",
    ),
    ("/v1/privilege?escalation=never", 400, "cannot read escalation \"never\", expected none, latent or now"),
    ("/v1/privilege?admin=perhaps", 400, "cannot read admin \"perhaps\", expected true or false"),
    ("/v1/privilege?cursor=zz", 400, "cannot read the cursor"),
    ("/v1/privilege?cursor=61", 409, "the inventory has changed since the page before: begin again"),
    ("/v1/privilege?limit=0", 400, "cannot read limit \"0\""),
    ("/v1/who-can?permission=s3:GetObject&cursor=7", 400, "cannot read the cursor"),
    ("/v1/who-can", 400, "missing permission: service and name, such as s3:GetObject"),
    ("/v1/who-can?permission=GetObject", 400, "\"GetObject\" is no permission"),
    ("/v1/privilege/paths", 400, "missing from: an ARN, or the end of one"),
    ("/v1/privilege/paths?from=nobody", 404, "has the name nobody: give an ARN"),
    (
        "/v1/privilege/paths?from=app",
        422,
        "app may be arn:aws:iam::111122223333:role/app, arn:aws:iam::111122223333:role/team/app",
    ),
    (
        "/v1/privilege/paths?from=reader&ways=21",
        400,
        "cannot read ways \"21\", expected a number from 1 to 20",
    ),
    ("/v1/privilege/paths?from=reader&avoid=nothing", 404, "has the name nothing"),
    ("/v1/privilege/picture?from=reader&to=nobody", 404, "has the name nobody"),
    ("/v1/identities/reader/can", 400, "missing permission"),
    ("/v1/identities/nobody/can?permission=s3:GetObject", 404, "has the name nobody"),
    ("/v1/identities/admin/can?permission=s3:GetObject", 422, "admin is no user, role or group"),
    ("/v1/identities/nobody/reach", 404, "has the name nobody"),
];

#[test]
fn each_question_that_cannot_be_answered_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&dir.path().join("data"), None);
    let said = |path: &str| {
        let answer = server.ask("GET", path, b"");
        (answer.status, answer.json()["detail"].as_str().unwrap_or_default().to_owned())
    };
    let none =
        "no inventory is known: import an export, such as the output of get-account-authorization-details";
    let begins = instant();
    for path in
        ["/v1/privilege", "/v1/privilege/graph", "/v1/who-can?permission=a:b", "/v1/identities/x/reach"]
    {
        assert_eq!(said(path), (409, none.to_owned()), "{path}");
    }
    import(&server, &export());
    let cursor =
        server.get("/v1/who-can?permission=s3:GetObject&limit=1")["next_cursor"].as_str().unwrap().to_owned();
    let mut both = changed();
    both["RoleDetailList"][1]["Arn"] = json!("arn:aws:iam::111122223333:role/team/app");
    import(&server, &both);
    let ahead = now() + Millis::HOUR;
    let before = begins - Millis::DAY;
    let own: [(&str, u16, &str); 4] = [
        (
            &format!("/v1/who-can?permission=s3:GetObject&cursor={cursor}"),
            409,
            "the inventory has changed since",
        ),
        (&format!("/v1/privilege?as_of={ahead}"), 400, "has not come yet"),
        (&format!("/v1/privilege?as_of={before}"), 422, "the log begins at"),
        (&format!("/v1/privilege?as_of={begins}"), 409, none),
    ];
    for (path, status, part) in REFUSED.into_iter().chain(own) {
        let (code, detail) = said(path);
        assert!(code == status && detail.contains(part), "{path}: {code} {detail}");
    }
    let unheard = with(&server, "/v1/privilege", ("Doorward-Min-Fact", "1000000"));
    assert!(unheard.status == 503 && unheard.text().contains("is not known here yet"), "{}", unheard.text());
    let anybody = request(&server.address, ("GET", "/v1/privilege"), &[], b"");
    assert_eq!(anybody.status, 401);
    for args in [
        &["path", "x", "--files", "y", "--as-of", "1h"][..],
        &["path", "x", "--tier-zero", "y", "--url", "z"],
    ] {
        assert_eq!(refused("", args).0, Some(2), "{args:?}");
    }
}
