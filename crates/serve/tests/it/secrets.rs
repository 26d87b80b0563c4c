//! No secret in a log line, an answer or a count, whatever goes wrong.

use std::io;
use std::sync::Arc;

use arc_swap::ArcSwap;
use http::Method;
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use crate::ingest::{push, record};
use crate::support::{EVALUATION, Server, Setup, now};

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Kept(Arc<ArcSwap<Vec<u8>>>);

impl io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.rcu(|kept| [kept.as_slice(), bytes].concat());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Kept {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn no_secret_reaches_a_log_an_answer_or_a_count() {
    let kept = Kept::default();
    let log =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(kept.clone()).finish();
    let _guard = tracing::subscriber::set_default(log);
    let server = Server::start(Setup::default()).await;
    let issued = server.post("/v1/tokens", "root", &json!({"name": "new", "scopes": ["read"]})).await.json();
    let new = issued["token"].as_str().unwrap().to_owned();
    let mut said = Vec::new();
    let mut secrets: Vec<String> = server.tokens.values().cloned().collect();
    secrets.push(new);
    for secret in secrets.clone() {
        let bearer = format!("Bearer {secret}");
        for path in ["/v1/holds", "/v1/tokens", "/v1/who?q=alice", "/nothing", EVALUATION] {
            let request = server.request(Method::POST, path).header("authorization", &bearer);
            said.push(server.send(request, secret.clone()).await.body);
            let request = server.request(Method::GET, path).header("authorization", format!("{bearer}x"));
            said.push(server.send(request.header("cookie", &secret), "").await.body);
        }
    }
    let mut event = record("e-1", now(), "GetSecretValue");
    event["responseElements"] = json!({"credentials": {"secretAccessKey": "wJalrXUtnFEMIK7MDENG", "sessionToken": "FwoGZXIvYXdzEXAMPLE"}});
    said.push(push(&server, event.to_string()).await.body);
    said.push(push(&server, format!("{event}x")).await.body);
    // Where a token strays into what is kept, its public part is left.
    let stray = server.tokens["root"].clone();
    let shown = format!("{}_...", stray.rsplitn(3, '_').last().unwrap());
    let mut strayed = record("e-2", now(), "ListBuckets");
    strayed["userAgent"] = json!(stray);
    assert_eq!(push(&server, strayed.to_string()).await.json()["accepted"], 1);
    let party = json!({"type": stray, "id": stray});
    let question = json!({"subject": party, "resource": party, "action": {"name": stray},
        "context": {"doorward": {"session": stray, "task": stray, "tool": stray}}});
    let ask = server.with_token(Method::POST, EVALUATION, "gateway").header("x-request-id", "r-1");
    let ask = ask.header("content-type", "application/json");
    assert_eq!(server.send(ask, question.to_string()).await.status, 200);
    let events = server.get("/v1/events", "root").await.json();
    let items = events["items"].as_array().unwrap();
    let made = items.iter().find(|event| event["request"] == "r-1").unwrap();
    let told = ["session", "task", "tool", "permission"].map(|member| made[member].clone());
    let permission = json!(format!(":{shown}"));
    assert_eq!(told, [json!(shown), json!(shown), json!(shown), permission], "{made}");
    let keyed = server.with_token(Method::POST, "/v1/holds", "root").header("idempotency-key", &stray);
    let hold = json!({"subject": "alice", "profile": "deny", "reason": "test"});
    let keyed = server.send(keyed.header("content-type", "application/json"), hold.to_string()).await;
    assert_eq!(keyed.status, 400);
    for path in ["/metrics", "/v1/events", "/v1/tokens", "/v1/policy"] {
        said.push(server.get(path, "root").await.body);
    }
    secrets.extend(["wJalrXUtnFEMIK7MDENG".to_owned(), "FwoGZXIvYXdzEXAMPLE".to_owned()]);
    // A part of a token is a secret, too.
    secrets.extend(server.tokens.values().map(|text| text.split('_').nth(2).unwrap().to_owned()));
    let mut all = kept.0.load().to_vec();
    assert!(String::from_utf8_lossy(&all).contains("answered"), "nothing was logged");
    said.iter().for_each(|body| all.extend_from_slice(body));
    let text = String::from_utf8_lossy(&all);
    let leaked: Vec<_> = secrets.iter().filter(|secret| text.contains(secret.as_str())).collect();
    assert_eq!(leaked, Vec::<&String>::new());
    server.stop().await;
}
