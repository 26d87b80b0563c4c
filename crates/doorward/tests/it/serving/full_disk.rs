//! A full disk: nothing that was acknowledged is lost, nothing is acknowledged that cannot be, denials go on.

use std::path::{Path, PathBuf};

use doorward_model::time::Millis;
use serde_json::json;

use crate::serving::server::{Server, ago, config, example, listing, request};

fn with_room(dir: &Path, mib: u32) -> PathBuf {
    let folder = example("authzen-certification").parent().unwrap().display().to_string();
    config(
        dir,
        &format!(
            "disk_max_mib = {mib}\n[policy]\nfolder = \"{folder}/policies\"\nschema = \"{folder}/schema.cedarschema\"\n\
             entities = \"{folder}/entities.yaml\"\nmode = \"enforce\"\n[authzen]\nopen_on_loopback = true\n\
             [[pep]]\nname = \"loopback\"\nmode = \"enforce\"\n"
        ),
    )
}

/// Lines that no compression makes small.
fn bulk(batch: u32) -> Vec<String> {
    let noise = |at: u32| -> String {
        (0..16u32).map(|part| doorward_model::hash::Hash16::of(&[batch, at, part].map(u32::to_le_bytes).concat()).to_string()).collect()
    };
    let line = |at: u32| {
        let members = format!(r#","additionalEventData":{{"noise":"{}"}}"#, noise(at));
        let line = crate::support::record(&format!("{batch}-{at}"), &members);
        line.replace("2026-03-02T10:00:00Z", &crate::serving::server::seconds(ago(Millis::HOUR)))
    };
    (0..200).map(line).collect()
}

#[test]
fn a_full_disk_refuses_what_is_to_be_kept_and_goes_on_denying() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let mut server = Server::start(&data, Some(&with_room(dir.path(), 1)));
    let token = server.token.clone();
    let (mut acknowledged, mut refused) = (0, None);
    for batch in 0..100 {
        let answer = server.push(bulk(batch).join("\n").as_bytes());
        if answer.status != 200 {
            refused = Some((batch, answer));
            break;
        }
        acknowledged += 1;
    }
    let (batch, answer) = refused.unwrap();
    assert!(acknowledged > 2, "{acknowledged}");
    assert_eq!((answer.status, answer.header("content-type")), (507, "application/problem+json"));
    assert!(answer.text().contains("full"), "{}", answer.text());
    server.hears("nothing can be recorded: not ready");
    let ready = request(&server.address, ("GET", "/health/readyz"), &[], b"");
    assert_eq!(ready.status, 503, "{}", ready.text());
    let alice = json!({
        "subject": {"type": "user", "id": "alice"}, "action": {"name": "read"},
        "resource": {"type": "record", "id": "record-1"},
    });
    assert_eq!(server.evaluate(&alice)["decision"], json!(true));
    // What grants waits for the disk; what denies does not.
    assert_eq!(server.post("/v1/tokens", &json!({"name": "t", "scopes": ["read"]})).status, 507);
    let placed = server.post("/v1/holds", &json!({"subject": "alice", "profile": "deny", "reason": "full"}));
    assert!(placed.status == 507 && placed.text().contains("in force"), "{}", placed.text());
    let denied = server.evaluate(&alice);
    assert_eq!((&denied["decision"], &denied["context"]["pending"]), (&json!(false), &json!(true)), "{denied}");
    // Questions are answered, and what was refused is not said to be known.
    assert_eq!(server.get("/v1/tokens")["items"].as_array().unwrap().len(), 2);
    let again = server.push(bulk(batch).join("\n").as_bytes());
    assert_eq!(again.status, 507);
    server.kill();
    let mut server = Server::start(&data, Some(&with_room(dir.path(), 64)));
    server.token = token;
    for known in 0..batch {
        let answer = server.push(bulk(known).join("\n").as_bytes());
        assert_eq!(answer.status, 200);
        // The times differ by the moment they were made at; the ids do not.
        assert_eq!(answer.json()["accepted"].as_u64().unwrap(), answer.json()["conflicting"].as_u64().unwrap());
    }
    let after = server.push(listing("after", ago(Millis::MINUTE)).as_bytes());
    assert_eq!((after.status, after.json()["accepted"].clone()), (200, json!(1)));
    assert_eq!(request(&server.address, ("GET", "/health/readyz"), &[], b"").status, 200);
}
