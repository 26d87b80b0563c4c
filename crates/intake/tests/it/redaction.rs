//! No secret leaves intake.

use serde_json::json;

use crate::support::{Outcome, read, record, record_with};

const SECRET: &str = "S3CR3T";

/// Keys whose values are secrets, in the spellings that occur.
const KEYS: [&str; 14] = [
    "sessionToken",
    "SessionToken",
    "secretAccessKey",
    "SECRETACCESSKEY",
    "password",
    "newPassword",
    "oldPassword",
    "masterUserPassword",
    "adminPassword",
    "clientSecret",
    "authToken",
    "secretString",
    "privateKeyMaterial",
    "webIdentityToken",
];

fn leaks(outcome: &Outcome) -> bool {
    let holds = |bytes: &[u8]| bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes());
    outcome.events.iter().any(|event| holds(&event.raw))
        || outcome.rejects.iter().any(|reject| holds(&reject.kept))
}

fn check(input: &str) {
    let whole = read(input.as_bytes());
    assert!(!leaks(&whole), "{input}");
    for end in 0..input.len() {
        if input.is_char_boundary(end) {
            assert!(!leaks(&read(&input.as_bytes()[..end])), "cut at {end} of {input}");
        }
    }
}

#[test]
fn in_records_cut_anywhere() {
    for key in KEYS {
        let parameters = json!({"a": [{key: SECRET}], key: format!("\\\"{SECRET} \u{e9}"), "n": {key: {"deep": [SECRET, 1]}}});
        check(&record_with(json!({"requestParameters": parameters})));
        let inner = record_with(json!({"requestParameters": {key: SECRET}}));
        check(&json!({"Events": [{"CloudTrailEvent": inner}]}).to_string());
        check(&json!({"unknown": {key: SECRET, "text": json!({key: SECRET}).to_string()}}).to_string());
    }
}

#[test]
fn behind_a_syntax_error() {
    for key in KEYS {
        check(&format!(r#"{{"eventName" "x","{key}":"{SECRET}"}}"#));
        check(
            &format!("{{\"{key}\":\"x\u{1}{SECRET}\",\"b\":\"{SECRET}\u{1}\"}}")
                .replace("\"b\"", "\"authToken\""),
        );
        check(&format!(r#"{{"text":"a"quote", "{key}" : "{SECRET}", "b":1}}"#));
        check(&format!("{}\nuser=alice&{key}={SECRET}&x=1\n", record("a")));
        check(&format!(r#"{{"x":"{{\"{key}\":\"{SECRET}\"" oops"#));
    }
}

#[test]
fn with_an_escaped_key_and_a_number() {
    check(&format!(r#"{{"requestParameters":{{"sess\u0069onToken":"{SECRET}"}}}}"#));
    let event = crate::support::event(json!({"requestParameters": {"password": 12345, "nextToken": "kept"}}));
    let raw: serde_json::Value = serde_json::from_slice(&event.raw).unwrap();
    assert_eq!(raw["requestParameters"], json!({"password": "[redacted]", "nextToken": "kept"}));
}

#[test]
fn what_the_source_has_hidden_stays_as_it_is() {
    let hidden =
        json!({"password": "HIDDEN_DUE_TO_SECURITY_REASONS", "secretString": null, "authToken": true});
    let event = crate::support::event(json!({"responseElements": hidden}));
    let raw: serde_json::Value = serde_json::from_slice(&event.raw).unwrap();
    assert_eq!(raw["responseElements"], hidden);
}

#[test]
fn json_in_strings_keeps_everything_else() {
    let text = "{\"user\":\"a\\nb\",\"password\":\"S3CR3T\",\"list\":[1,\"x\"]}";
    let event =
        crate::support::event(json!({"requestParameters": {"body": text, "plain": "say \"password\": no"}}));
    let raw: serde_json::Value = serde_json::from_slice(&event.raw).unwrap();
    assert_eq!(
        raw["requestParameters"],
        json!({"body": "{\"user\":\"a\\nb\",\"password\":\"[redacted]\",\"list\":[1,\"x\"]}", "plain": "say \"password\": no"})
    );
}

/// Our own tokens are known by their shape, wherever they stand and wherever the input is cut; their ids are public.
#[test]
fn our_own_tokens_are_taken_out_under_whatever_key_they_stand() {
    let part = "5ec7e7ab";
    let secret = part.repeat(8);
    let token = format!("dw_0123456789abcdef_{secret}_89abcdef");
    let user = record_with(
        json!({"userAgent": format!("curl/8 {token}"), "requestParameters": {token.clone(): [&token]}}),
    );
    let doubled = format!(r#"{{"{token}":1,"{token}":2}}"#);
    let other = json!({"kind": "Event", "apiVersion": "audit.k8s.io/v1", "user": token}).to_string();
    let policy = json!({"Version": "2012-10-17", "Statement": [{"Sid": token}]}).to_string();
    let inputs = [
        user.clone(),
        json!({token.clone(): [serde_json::from_str::<serde_json::Value>(&user).unwrap()]}).to_string(),
        json!({"message": user}).to_string(),
        record_with(json!({"eventName": 7, "errorMessage": token})),
        doubled,
        other,
        format!(r#"{{"eventName" {token}"#),
        format!("Authorization: Bearer {token}\n\u{1}"),
        policy,
    ];
    for input in inputs {
        for end in (0..=input.len()).filter(|end| input.is_char_boundary(*end)) {
            let read = format!("{:?}", Told::of(&read(&input.as_bytes()[..end])));
            assert!(!read.contains(part), "cut at {end} of {input}: {read}");
        }
    }
    let [event] = <[_; 1]>::try_from(read(user.as_bytes()).events).unwrap();
    let raw: serde_json::Value = serde_json::from_slice(&event.raw).unwrap();
    let shown = "dw_0123456789abcdef_...";
    assert_eq!(raw["userAgent"], json!(format!("curl/8 {shown}")));
    assert_eq!(raw["requestParameters"], json!({shown: [shown]}));
}

/// All text of an outcome.
#[derive(Debug)]
#[expect(dead_code, reason = "printed as a whole")]
struct Told<'a> {
    lines: Vec<String>,
    raw: Vec<String>,
    kept: Vec<String>,
    outcome: &'a Outcome,
}

impl<'a> Told<'a> {
    fn of(outcome: &'a Outcome) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            lines: outcome.lines(),
            raw: outcome.events.iter().map(|event| text(&event.raw)).collect(),
            kept: outcome.rejects.iter().map(|reject| text(&reject.kept)).collect(),
            outcome,
        }
    }
}
