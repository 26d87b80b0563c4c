//! Every number opens into what it counts: into events, findings and holds that are there under the names it gives.

use std::collections::{BTreeMap, BTreeSet};
use std::thread::sleep;
use std::time::Duration;

use doorward_simulate::Plan;
use serde_json::{Value, json};

use crate::serving::server::{Server, command, poll};
use crate::support::organisation;

/// All entries of a list, page by page.
fn all(server: &Server, path: &str) -> Vec<Value> {
    let (mut items, mut next) = (Vec::new(), String::new());
    loop {
        let page =
            server.get(&format!("{path}{}limit=1000{next}", if path.contains('?') { '&' } else { '?' }));
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        let Value::String(cursor) = &page["next_cursor"] else { return items };
        next = format!("&cursor={cursor}");
    }
}

fn word<'a>(row: &'a Value, member: &str) -> &'a str {
    row[member].as_str().unwrap_or_else(|| panic!("{member} of {row}"))
}

/// All that a server lists.
struct Listed {
    server: Server,
    events: Vec<Value>,
    findings: Vec<Value>,
    identities: Vec<Value>,
}

#[test]
fn every_number_opens_into_its_evidence() {
    let logs = organisation(&Plan::new(5, 60, 10));
    let data = tempfile::tempdir().unwrap();
    let mut serve = command(data.path());
    serve.args(["--listen", "127.0.0.1:0", "--import"]).arg(logs.path());
    let server = Server::spawn(serve);
    settle(&server);
    let [events, findings, identities] =
        ["/v1/events", "/v1/findings", "/v1/identities"].map(|path| all(&server, path));
    assert!(findings.len() > 3 && identities.len() > 40, "{} {}", findings.len(), identities.len());
    let listed = Listed { server, events, findings, identities };
    identities_open(&listed);
    findings_open(&listed);
    let status = listed.server.get("/v1/status");
    assert_eq!(status["expired"], json!({"events": null, "decisions": null}));
    assert_eq!(status["facts"], listed.server.get("/v1/findings?limit=1")["seen"]);
}

/// Waits until what has become possible has been told, too, and nothing follows any more.
fn settle(server: &Server) {
    let facts = || server.get("/v1/status")["facts"].as_u64().unwrap();
    poll(|| !server.get("/v1/privilege/trend")["items"].as_array().unwrap().is_empty());
    poll(|| {
        let before = facts();
        sleep(Duration::from_millis(500));
        facts() == before
    });
}

/// What an identity is said to have done is there, and so is what it is blamed for.
fn identities_open(Listed { server, events, findings, identities }: &Listed) {
    let mut of: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for event in events {
        let (count, denied) = of.entry(word(event, "identity")).or_default();
        *count += 1;
        *denied += u64::from(event["outcome"] == "denied");
    }
    for row in identities {
        let id = word(row, "id");
        let (count, denied) = of.get(id).copied().unwrap_or_default();
        assert_eq!((&row["events"], &row["denied"]), (&json!(count), &json!(denied)), "{row}");
        let shown = server.get(&format!("/v1/identities/{}", id.replace(' ', "%20")));
        let names = shown["findings"].as_array().unwrap().iter();
        let about = findings.iter().filter(|finding| finding["identity"] == *id);
        assert_eq!(
            names.map(|name| name.as_str().unwrap()).collect::<BTreeSet<_>>(),
            about.map(|finding| word(finding, "id")).collect::<BTreeSet<_>>(),
            "{id}"
        );
        // Who is at risk is so by a finding of its own, or by one of somebody it belongs together with.
        let is_at_risk = row["risk"]["score"].as_u64() > Some(0);
        let has = |member: &str| !shown[member].as_array().unwrap().is_empty();
        assert!(!is_at_risk || has("findings") || has("edges"), "{shown}");
    }
}

/// A finding rests on events that are there, as it says they were, and on as many as it counts; a hold on a finding.
fn findings_open(Listed { server, events, findings, identities }: &Listed) {
    let by_id: BTreeMap<&str, &Value> = events.iter().map(|event| (word(event, "id"), event)).collect();
    let mut known = BTreeSet::new();
    for finding in findings {
        let id = word(finding, "id");
        known.insert(id);
        let shown = server.get(&format!("/v1/findings/{id}"));
        let evidence = shown["evidence"].as_array().unwrap();
        // At most so many are kept, and the number says how many there were.
        let count = finding["events"].as_u64().unwrap();
        assert_eq!((evidence.len() as u64, &shown["events"]), (count.min(32), &finding["events"]), "{shown}");
        for row in evidence {
            let event = by_id.get(word(row, "event")).unwrap_or_else(|| panic!("{row} of {id} is nowhere"));
            let members = ["time", "permission", "address", "target", "error"];
            assert_eq!(members.map(|member| &row[member]), members.map(|member| &event[member]), "{id}");
        }
        assert!(identities.iter().any(|row| row["id"] == finding["identity"]), "{finding}");
    }
    let holds = all(server, "/v1/holds?state=recommended");
    assert!(holds.iter().all(|hold| known.contains(word(hold, "finding"))), "{holds:?}");
}
