//! Events pushed: counts, rejects, packing, times that cannot be.

use std::io::Write;

use doorward_model::time::{Millis, Time};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Answer, Server, Setup, now};

/// A CloudTrail record of a role session.
pub(crate) fn record(id: &str, at: Time, name: &str) -> Value {
    json!({
        "eventVersion": "1.08", "eventID": id, "eventTime": Time::from_ms(at.ms() / 1_000 * 1_000).to_string(),
        "eventSource": "s3.amazonaws.com", "eventName": name, "awsRegion": "eu-central-1",
        "sourceIPAddress": "198.51.100.7", "userAgent": "aws-cli/2.15.0", "recipientAccountId": "111122223333",
        "requestID": format!("req-{id}"), "eventType": "AwsApiCall", "readOnly": true,
        "userIdentity": {
            "type": "AssumedRole", "principalId": "AROAEXAMPLEROLEID12345:build-7",
            "arn": "arn:aws:sts::111122223333:assumed-role/deploy/build-7", "accountId": "111122223333",
            "accessKeyId": "ASIAEXAMPLEKEY123456",
            "sessionContext": {"sessionIssuer": {"type": "Role", "principalId": "AROAEXAMPLEROLEID12345",
                "arn": "arn:aws:iam::111122223333:role/deploy", "accountId": "111122223333", "userName": "deploy"}},
        },
    })
}

pub(crate) async fn push(server: &Server, body: impl Into<bytes::Bytes>) -> Answer {
    server.send(server.with_token(Method::POST, "/v1/events/trail", "trail"), body).await
}

fn counts(answer: &Answer) -> [u64; 5] {
    let json = answer.json();
    ["accepted", "duplicate", "conflicting", "rejected", "clamped"].map(|name| json[name].as_u64().unwrap())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn each_event_is_counted_once_by_what_became_of_it() {
    let server = Server::start(Setup::default()).await;
    let (one, two) = (record("e-1", now(), "GetObject"), record("e-2", now(), "ListBuckets"));
    let first = push(&server, json!({"Records": [one, two]}).to_string()).await;
    assert_eq!((first.status, counts(&first)), (StatusCode::OK, [2, 0, 0, 0, 0]));
    // The same again as lines, one with other content, and something that is no record.
    let mut changed = two.clone();
    changed["eventName"] = json!("PutObject");
    let lines = format!("{one}\n{changed}\n{{\"eventVersion\":\"1.08\",\"eventID\":\"e-3\"}}\n");
    let second = push(&server, gzip(lines.as_bytes())).await;
    assert_eq!((second.status, counts(&second)), (StatusCode::OK, [1, 1, 1, 1, 0]));
    let reject = &second.json()["rejects"][0];
    assert!(reject["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{reject}");
    assert_eq!(reject["record"], json!(3));
    server.stop().await;
}

#[tokio::test]
async fn a_time_that_cannot_be_is_set_right_and_counted() {
    let server = Server::start(Setup::default()).await;
    let early = record("e-1", now() - Millis::DAY.times(30), "GetObject");
    let late = record("e-2", now() + Millis::HOUR, "GetObject");
    let fine = record("e-3", now() - Millis::MINUTE.times(59), "GetObject");
    let answer = push(&server, format!("{early}\n{late}\n{fine}")).await;
    assert_eq!(counts(&answer), [3, 0, 0, 0, 2]);
    let events = server.get("/v1/events", "eye").await.json();
    let hours =
        |value: &Value| value.as_str().map(|at| (now() - Time::parse(at).unwrap()).0 / Millis::HOUR.0);
    let told = |event: &Value| (event["id"].clone(), hours(&event["time"]), hours(&event["claimed_at"]));
    let told: Vec<_> = events["items"].as_array().unwrap().iter().map(told).collect();
    // Newest first, and within the push in the order of their times.
    let expected = [("e-2", 0, Some(0)), ("e-3", 0, None), ("e-1", 168, Some(720))];
    assert_eq!(told, expected.map(|(id, at, claimed)| (json!(id), Some(at), claimed)));
    server.stop().await;
}

#[tokio::test]
async fn what_comes_more_than_an_hour_behind_its_account_is_late_and_counted() {
    let server = Server::start(Setup::default()).await;
    let at = |id: &str, minutes: i64| record(id, now() - Millis::MINUTE.times(minutes), "GetObject");
    // One push stands in the order of its times, so nothing in it is late for the rest of it.
    let first = push(&server, format!("{}\n{}", at("e-1", 0), at("e-2", 300))).await;
    let second = push(&server, format!("{}\n{}\n{}", at("e-3", 58), at("e-4", 62), at("e-5", 300))).await;
    let late = |answer: &Answer| (answer.json()["accepted"].clone(), answer.json()["late"].clone());
    assert_eq!((late(&first), late(&second)), ((json!(2), json!(0)), (json!(3), json!(2))));
    let events = server.get("/v1/events", "eye").await.json();
    let shown =
        events["items"].as_array().unwrap().iter().map(|event| (event["id"].clone(), event["late"].clone()));
    let expected = [("e-3", false), ("e-4", true), ("e-5", true), ("e-1", false), ("e-2", false)];
    assert_eq!(shown.collect::<Vec<_>>(), expected.map(|(id, late)| (json!(id), json!(late))));
    let metrics = server.get("/metrics", "eye").await;
    let metrics = String::from_utf8_lossy(&metrics.body);
    assert!(metrics.contains(r#"doorward_events_total{source="trail",fate="late"} 2"#), "{metrics}");
    server.stop().await;
}

#[tokio::test]
async fn what_cannot_be_read_is_said_and_nothing_of_it_is_taken() {
    let server = Server::start(Setup::default()).await;
    let line = record("e-1", now(), "GetObject").to_string();
    let packed = gzip(line.as_bytes());
    let cut = push(&server, packed[..packed.len() - 9].to_vec()).await;
    assert_eq!(cut.status, StatusCode::BAD_REQUEST);
    let header =
        server.with_token(Method::POST, "/v1/events/trail", "trail").header("content-encoding", "gzip");
    assert_eq!(server.send(header, line.clone()).await.status, StatusCode::BAD_REQUEST);
    let other = server.with_token(Method::POST, "/v1/events/trail", "trail").header("content-encoding", "br");
    assert_eq!(server.send(other, line.clone()).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let nothing = push(&server, "").await;
    assert_eq!((nothing.status, counts(&nothing)), (StatusCode::OK, [0, 0, 0, 0, 0]));
    let text = push(&server, "{\"a\":").await;
    assert_eq!((text.status, counts(&text)), (StatusCode::UNPROCESSABLE_ENTITY, [0, 0, 0, 1, 0]));
    // A bomb: a little that becomes a lot.
    let bomb = gzip(&vec![b' '; 200 << 20]);
    assert_eq!(push(&server, bomb).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let events = server.get("/v1/events", "eye").await.json();
    assert_eq!(events["items"], json!([]));
    server.stop().await;
}
