//! `--as-of`, typed to a running server and on its data folder: what was so then is told as it was.

use serde_json::{Value, json};

use crate::serving::past::instant;
use crate::serving::server::Server;
use crate::support::record;
use crate::verbs::{done, json as answer, refused, serving};

const ALICE: &str = "arn:aws:iam::111122223333:user/alice";

/// What each verb tells, by what names a row of it.
fn told(token: &str, place: [&str; 2], at: Option<&str>) -> Value {
    let with = |args: &[&str]| {
        let when = at.map(|at| ["--as-of", at]);
        let args: Vec<_> = args.iter().copied().chain(when.into_iter().flatten()).collect();
        answer(token, &args, place)
    };
    let names = |args: &[&str], name: &str| {
        let page = with(args);
        page["items"].as_array().unwrap().iter().map(|row| row[name].clone()).collect::<Vec<_>>()
    };
    json!({
        "identities": names(&["identity", "list"], "id"),
        "identity": with(&["identity", "show", "alice"])["kill"].is_object(),
        "findings": names(&["finding", "list"], "id"),
        "holds": names(&["hold", "list"], "subject"),
        "peps": names(&["pep", "list"], "mode"),
        "tokens": names(&["token", "list"], "name"),
        "policy": with(&["policy", "show"])["mode"],
    })
}

#[test]
fn every_verb_that_can_tells_what_was_so() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = serving(dir.path());
    let (url, token) = (format!("http://{}", server.address), server.token.clone());
    let place = ["--url", url.as_str()];
    let tell = |args: &[&str]| done(&token, &[args, &place].concat());
    let placed = answer(&token, &["hold", "place", ALICE, "--profile", "deny", "--reason", "drill"], place);
    let hold = placed["id"].as_str().unwrap();
    let one = instant().to_string();
    tell(&["hold", "release", hold, "--reason", "over"]);
    tell(&["pep", "set", "gate", "--mode", "learn"]);
    tell(&["token", "issue", "eye", "--scope", "read"]);
    tell(&["identity", "kill", "alice", "--reason", "stolen"]);
    let [policies, schema, entities] = ["policies", "schema.cedarschema", "entities.yaml"]
        .map(|name| dir.path().join(name).to_str().unwrap().to_owned());
    let files = ["--schema", &schema, "--entities", &entities, "--mode", "learn"];
    tell(&[&["policy", "publish", &policies][..], &files].concat());
    let then = json!({
        "identities": ["alice", ALICE], "identity": false, "findings": [], "holds": [ALICE],
        "peps": ["enforce"], "tokens": ["first", "trail"], "policy": "enforce",
    });
    let sorted = |mut told: Value| {
        for name in ["identities", "tokens"] {
            told[name].as_array_mut().unwrap().sort_by_key(ToString::to_string);
        }
        told
    };
    assert_eq!(sorted(told(&token, place, Some(&one))), then);
    let now = sorted(told(&token, place, None));
    let changed = json!({
        "identities": ["alice", ALICE], "identity": true, "findings": [], "holds": [],
        "peps": ["learn"], "tokens": ["eye", "first", "trail"], "policy": "learn",
    });
    assert_eq!(now, changed);
    let show = ["hold", "show", hold, "--as-of", &one];
    assert_eq!(answer(&token, &show, place)["subject"], json!(ALICE));
    assert_eq!(refused(&token, &[&show[..3], &place].concat()).0, Some(1));
    let ahead = ["identity", "list", "--as-of", "2100-01-01T00:00:00Z"];
    let early = ["identity", "list", "--as-of", "36500d"];
    let said = |args: &[&str], place: [&str; 2]| refused(&token, &[args, &place].concat());
    let refusals = |place: [&str; 2]| {
        [(&ahead, "has not come yet"), (&early, "the log begins at")].map(|(args, part)| {
            let (code, text) = said(args, place);
            assert!(code == Some(1) && text.contains(part), "{code:?} {text}");
        })
    };
    refusals(place);
    // The same without a server.
    server.stopped();
    let data = dir.path().join("data");
    let folder = ["--data-dir", data.to_str().unwrap()];
    assert_eq!(sorted(told("", folder, Some(&one))), then);
    assert_eq!(sorted(told("", folder, None)), changed);
    assert_eq!(answer("", &show, folder)["subject"], json!(ALICE));
    refusals(folder);
}

#[test]
fn rejects_are_listed_by_a_server_as_from_its_folder() {
    let dir = tempfile::tempdir().unwrap();
    let server: Server = serving(dir.path());
    let (url, token) = (format!("http://{}", server.address), server.token.clone());
    let data = dir.path().join("data");
    let (place, folder) = (["--url", url.as_str()], ["--data-dir", data.to_str().unwrap()]);
    let none = ["reject", "list"];
    assert_eq!(done(&token, &[&none[..], &place].concat()), "No rejects.\n");
    let broken = (0..5).map(|at| format!("{{\"at\": {at}}}"));
    let lines: Vec<_> = std::iter::once(record("a", "")).chain(broken).collect();
    assert_eq!(server.push(lines.join("\n").as_bytes()).status, 200);
    let asked: [&[&str]; 5] = [
        &["reject", "list"],
        &["reject", "list", "--limit", "2"],
        &["reject", "list", "--source", "trail", "--limit", "3"],
        &["reject", "list", "--source", "other"],
        &["reject", "list", "--search", "trail"],
    ];
    let lists = asked.map(|args| {
        let [mut live, mut kept] = [answer(&token, args, place), answer("", args, folder)];
        assert!(live["seen"].take().as_u64() > Some(0), "{live}");
        kept["seen"].take();
        assert_eq!(live, kept, "{args:?}");
        live["items"].as_array().unwrap().len()
    });
    assert_eq!(lists, [5, 2, 3, 0, 5]);
    // A page goes on where it ended.
    let first = answer(&token, asked[1], place);
    let on = ["reject", "list", "--cursor", first["next_cursor"].as_str().unwrap()];
    assert_eq!(answer(&token, &on, place)["items"].as_array().unwrap().len(), 3);
    let table = done(&token, &[asked[1], &place].concat());
    assert!(table.contains("3 more: --limit N lists them, or go on with --cursor "), "{table}");
    // Whoever may only read sees that there are some, and not what is in them.
    let issued = answer(&token, &["token", "issue", "eye", "--scope", "read"], place);
    let eye = answer(issued["token"].as_str().unwrap(), asked[0], place);
    let kept = |list: &Value| list["items"][0].get("kept").is_some();
    assert_eq!((kept(&eye), kept(&answer(&token, asked[0], place))), (false, true));
    assert_eq!(refused("", &["reject", "list", "--file", "x", "--url", &url]).0, Some(2));
}
