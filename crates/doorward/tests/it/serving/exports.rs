//! An inventory export is as good, whichever way it comes: sent, watched or imported.

use std::path::Path;

use doorward_intake::{Item, Limits, Reader};
use doorward_journal::{Journal, Options, Sqlite};
use doorward_model::hash::Hash16;
use doorward_model::id::TenantId;
use serde_json::{Value, json};

use crate::serving::server::{Server, command, config, poll};
use crate::support::put;

/// A role with one policy that parses and one that does not.
const EXPORT: &str = r#"{"UserDetailList":[],"GroupDetailList":[],"RoleDetailList":[{"Path":"/","RoleName":"web","RoleId":"AROAWEBWEBWEBWEBWEB1","Arn":"arn:aws:iam::111122223333:role/web","CreateDate":"2024-01-01T00:00:00Z","AssumeRolePolicyDocument":"%7Bnot json","InstanceProfileList":[],"RolePolicyList":[{"PolicyName":"reads","PolicyDocument":{"Version":"2012-10-17","Statement":[]}}],"AttachedManagedPolicies":[]}],"Policies":[]}"#;
const ROLE: &str = "arn:aws:iam::111122223333:role/web";

/// The hashes of its policy documents.
fn documents() -> Vec<Hash16> {
    let mut hashes = Vec::new();
    let mut take = |item| match item {
        Item::Export(export) => hashes.extend(export.policies.iter().map(|document| document.hash)),
        other => panic!("{other:?}"),
    };
    let mut reader = Reader::new("export", Limits::default());
    reader.push(EXPORT.as_bytes(), &mut take);
    reader.finish(&mut take);
    hashes
}

/// What a server says that took the export: whether it knows the role, the rejects, and, once it has stopped, how many
/// of the documents its folder holds.
fn known(mut server: Server, data: &Path) -> (bool, Vec<(String, Value)>, usize) {
    poll(|| !server.get("/v1/rejects")["items"].as_array().unwrap().is_empty());
    let identities = server.get("/v1/identities");
    let is_known = identities["items"].as_array().unwrap().iter().any(|identity| identity["id"] == ROLE);
    let rejects = server.get("/v1/rejects");
    let told = |reject: &Value| {
        let reason = reject["reason"].as_str().unwrap().split(':').next().unwrap().to_owned();
        (reason, reject["record"].clone())
    };
    let rejects = rejects["items"].as_array().unwrap().iter().map(told).collect();
    assert!(server.stop().success());
    let journal = Sqlite::open(data, &TenantId::from("default"), Options::default()).unwrap();
    let held = documents().into_iter().filter(|hash| journal.blob(*hash).unwrap().is_some()).count();
    (is_known, rejects, held)
}

#[test]
fn it_is_taken_in_whole_with_its_documents_and_what_does_not_parse_is_shown() {
    assert_eq!(documents().len(), 2);
    let dir = tempfile::tempdir().unwrap();
    let data = |way: &str| dir.path().join(way);

    let sent = Server::start(&data("sent"), None);
    let answer = sent.ask("POST", "/v1/imports", EXPORT.as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.text());
    let told = answer.json();
    assert_eq!(
        (&told["accounts"][0]["id"], &told["rejected"]),
        (&json!("111122223333"), &json!(1)),
        "{told}"
    );
    let reason = told["rejects"][0]["reason"].as_str().unwrap();
    assert!(reason.starts_with("policy document does not parse: "), "{told}");

    put(&dir.path().join("files/export.json"), EXPORT.as_bytes());
    let mut serve = command(&data("imported"));
    serve.args(["--listen", "127.0.0.1:0", "--import"]).arg(dir.path().join("files"));
    let imported = Server::spawn(serve);

    let settings = config(dir.path(), "[[watch]]\nfolder = \"files\"\nsource = \"trail\"\n");
    let watched = Server::start(&data("watched"), Some(&settings));

    let reject = ("policy document does not parse".to_owned(), told["rejects"][0]["record"].clone());
    let expected = (true, vec![reject], 2);
    for (way, server) in [("sent", sent), ("imported", imported), ("watched", watched)] {
        assert_eq!(known(server, &data(way)), expected, "{way}");
    }
}

#[test]
fn what_is_cut_or_no_export_is_refused_whole() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), None);
    let half = &EXPORT.as_bytes()[..EXPORT.len() / 2];
    let no_export = "an object of no known form";
    for (body, status, said) in [
        (half, 422, "nothing was taken in: cut short"),
        (b"{\"a\": 1}", 422, no_export),
        (b"", 400, "expected inventory, such as the output of get-account-authorization-details"),
    ] {
        let answer = server.ask("POST", "/v1/imports", body);
        assert!(
            answer.status == status && answer.text().contains(said),
            "{} {}",
            answer.status,
            answer.text()
        );
    }
    assert_eq!(server.get("/v1/identities")["items"], json!([]));
}
