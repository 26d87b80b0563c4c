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
