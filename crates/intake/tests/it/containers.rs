//! The forms in which records come.

use crate::support::{read, record};

fn check(input: &str, expected: &[&str]) {
    assert_eq!(read(input.as_bytes()).lines(), expected, "{input}");
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[test]
fn delivered_files() {
    let (a, b) = (record("a"), record("b"));
    check(&format!(r#"{{"Records":[{a},{b}]}}"#), &["a", "b"]);
    check(&format!("\u{feff} {{ \"Records\" : [ {a} ,\n {b} ] }}\n"), &["a", "b"]);
    check(r#"{"Records":[]}"#, &[]);
    check(&format!(r#"{{"owner":"x","Records":[{a}],"next":[1,2]}}{{"Records":[{b}]}}"#), &["a", "b"]);
}

#[test]
fn lines_lists_and_objects_in_a_row() {
    let (a, b) = (record("a"), record("b"));
    check(&format!("{a}\n{b}"), &["a", "b"]);
    check(&format!("\n\n{a}\r\n\r\n{b}\n\n"), &["a", "b"]);
    check(&format!("{a}{b}"), &["a", "b"]);
    check(&format!("[{a},{b}]"), &["a", "b"]);
    check(&format!("[{a}]\n[{b}]"), &["a", "b"]);
    let pretty: serde_json::Value = serde_json::from_str(&a).unwrap();
    let pretty = serde_json::to_string_pretty(&pretty).unwrap();
    check(&format!("{pretty}\n{pretty}\n"), &["a", "a"]);
    check(&a, &["a"]);
}

#[test]
fn nothing_is_nothing() {
    for input in ["", " ", "\n\n", "\u{feff}", "[]", " [ ] \n", r#"{"Records":[]}"#] {
        check(input, &[]);
    }
}

#[test]
fn records_inside_of_other_objects() {
    let (a, b) = (record("a"), record("b"));
    check(
        &format!(r#"{{"EventId":"a","EventName":"ListUsers","CloudTrailEvent":{}}}"#, quoted(&a)),
        &["a", "wrapped CloudTrailEvent"],
    );
    check(
        &format!(
            r#"{{"Events":[{{"EventId":"a","Resources":[],"CloudTrailEvent":{}}},{{"CloudTrailEvent":{}}}],"NextToken":"n"}}"#,
            quoted(&a),
            quoted(&b)
        ),
        &["a", "b", "wrapped CloudTrailEvent"],
    );
    check(
        &format!(r#"{{"version":"0","detail-type":"AWS API Call via CloudTrail","detail":{a}}}"#),
        &["a", "wrapped detail"],
    );
    check(
        &format!(
            r#"{{"messageType":"DATA_MESSAGE","logGroup":"t","logEvents":[{{"id":"1","timestamp":1,"message":{}}}]}}"#,
            quoted(&a)
        ),
        &["a", "wrapped message"],
    );
    check(
        &format!(
            r#"{{"events":[{{"logStreamName":"s","message":{}}}],"searchedLogStreams":[]}}"#,
            quoted(&a)
        ),
        &["a", "wrapped message"],
    );
    let pretty = a.replace(',', ", ").replacen('{', "{\n  ", 1);
    check(
        &format!(r#"{{"events":[{{"message":{}}},{{"message":{}}}]}}"#, quoted(&pretty), quoted(&b)),
        &["a", "b", "wrapped message"],
    );
    for key in ["event", "log", "_source", "record", "anything"] {
        let input = format!("{{\"x\":[1],\"{key}\":{a}}}\n{{\"{key}\":{b}}}\n");
        check(&input, &["a", "b", &format!("wrapped {key}")]);
    }
    check(
        &format!(r#"{{"hits":[{{"_source":{a}}},{{"_source":{b}}}]}}"#),
        &["a", "b", "wrapped hits", "wrapped _source"],
    );
}

#[test]
fn a_list_in_a_record_is_no_list_of_records() {
    let a = record("a").replacen('{', r#"{"resources":[{"ARN":"arn:aws:s3:::b"}],"more":[{"x":1}],"#, 1);
    check(&format!("{a}\n"), &["a"]);
    check(&format!("[{a}]"), &["a"]);
}

#[test]
fn what_is_no_audit_log_is_skipped_whole() {
    let eni =
        "2 111122223333 eni-0a1b2c3d 10.0.0.1 10.0.0.2 443 49152 6 10 840 1700000000 1700000060 ACCEPT OK\n";
    for (input, kind) in [
        (r#"{"awsAccountId":"1","digestStartTime":"t","digestS3Bucket":"b","logFiles":[{"s3Object":"o"}]}"#.to_owned(), "CloudTrail digest"),
        (r#"{"kind":"doorward-simulation-labels","seed":7,"labels":["#.to_owned() + &[r#"{"event":"e-1","label":"theft"}"#; 200_000].join(",\n") + "]}\n", "Doorward simulation labels"),
        (r#"{ "kind": "doorward-simulation-labels" }"#.to_owned(), "Doorward simulation labels"),
        ("version account-id interface-id srcaddr dstaddr srcport dstport\n".to_owned() + eni, "VPC flow log"),
        (eni.to_owned(), "VPC flow log"),
        (eni.trim_end().to_owned(), "VPC flow log"),
        ("PAR1\u{15}\u{4}".to_owned(), "Parquet file"),
        (r#"https 2026-03-02T09:15:00.000000Z app/web/0123 198.51.100.7:4711 10.0.0.1:80 0.0 0.0 0.0 200 200 34 366 "GET / HTTP/1.1""#.to_owned(), "load balancer log"),
        (format!("{} bucket [02/Mar/2026:09:15:00 +0000] 198.51.100.7 - 3E57 REST.GET.OBJECT", "7a".repeat(32)), "S3 server access log"),
        (format!(r#"{{"source":"a","record":1,"bytes":[0,9],"reason":"r","hash":"h","kept":{}}}"#, quoted(&record("a"))) + "\n", "Doorward rejects"),
        (r#"{"schemaVersion":"2.0","accountId":"1","region":"r","partition":"aws","id":"i","arn":"a","type":"t","service":{},"severity":2}"#.to_owned() + "\n", "GuardDuty finding"),
    ] {
        let outcome = read(input.as_bytes());
        assert_eq!((outcome.read, outcome.lines()), (0, vec![format!("skipped {kind}")]), "{input}");
    }
}

#[test]
fn only_the_first_member_tells_labels_of_a_simulation() {
    let input = r#"{"seed":7,"kind":"doorward-simulation-labels"}"#;
    let reason = "not an audit record that is known: an object of no known form";
    check(input, &[&format!("reject 1 at 0..{}: {reason}", input.len())]);
}

#[test]
fn a_control_message_is_no_record() {
    let input = r#"{"messageType":"CONTROL_MESSAGE","logEvents":[{"id":"","timestamp":1,"message":"CWL CONTROL MESSAGE: Checking health of destination Firehose."}]}"#;
    check(input, &["skipped CloudWatch control message"]);
}

#[test]
fn other_families_are_named() {
    let a = record("a");
    for (other, name) in [
        (
            r#"{"uuid":"u","published":"2026-03-02T09:15:00Z","eventType":"user.session.start","actor":{"id":"1"}}"#,
            "okta",
        ),
        (r#"{"action":"repo.create","actor":"alice","org":"example","@timestamp":1}"#, "github"),
        (r#"{"protoPayload":{"methodName":"SetIamPolicy"},"logName":"projects/p/logs/x"}"#, "gcp"),
        (r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"1","verb":"list"}"#, "kubernetes"),
        (
            r#"{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","eventTime":"2026-03-02T09:15:00Z","s3":{}}"#,
            "S3 event notification",
        ),
        (r#"{"p_log_type":"Okta.SystemLog","x":1}"#, "okta"),
        (r#"{"p_log_type":"Zoom.Activity","x":1}"#, "zoom"),
        (r#"{"p_log_type":"Amazon.EKS.Audit","x":1}"#, "kubernetes"),
        (r#"{"p_log_type":"GitHub.Webhook","x":1}"#, "github webhook"),
        (r#"{"p_log_type":"Vendor","x":1}"#, "vendor"),
    ] {
        let end = a.len() + 1;
        let reject = format!("reject 2 at {end}..{}: source not supported: {name}", end + other.len());
        check(&format!("{a}\n{other}\n"), &["a", &reject]);
    }
}
