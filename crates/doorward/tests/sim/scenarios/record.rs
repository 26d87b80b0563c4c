//! A CloudTrail record of a compact description.

use doorward_intake::{Item, Limits, Reader};
use doorward_model::event::Event;
use doorward_model::time::Time;
use serde_json::{Value, json};

use crate::scenarios::form::Call;

/// The account of whoever does not name one.
const ACCOUNT: &str = "111122223333";

/// The record of a call. `who` is `sso NAME [as SET]`, `role NAME[/SESSION]`, `user NAME`, or `service HOST`.
pub(crate) fn record(id: &str, at: Time, (who, action): (&str, &str), call: &Call) -> Value {
    let (service, action) = action.split_once(':').expect("an action is written service:Action");
    let mut record = json!({
        "eventVersion": "1.11",
        "eventID": call.id.as_deref().unwrap_or(id),
        "eventTime": at.to_string(),
        "eventSource": format!("{service}.amazonaws.com"),
        "eventName": action,
        "awsRegion": "eu-west-1",
        "recipientAccountId": ACCOUNT,
        "sourceIPAddress": call.from.as_deref().unwrap_or("198.51.100.7"),
        "userAgent": call.agent.as_deref().unwrap_or("aws-cli/2.31.0"),
        "userIdentity": caller(who, call.key.as_deref()),
        "requestParameters": call.request,
        "responseElements": call.response,
    });
    let optional = [("vpcEndpointId", &call.vpce), ("errorCode", &call.error)];
    for (key, value) in optional.into_iter().filter_map(|(key, value)| Some((key, value.as_ref()?))) {
        record[key] = value.as_str().into();
    }
    record
}

fn caller(who: &str, key: Option<&str>) -> Value {
    let (kind, name) = who.split_once(' ').expect("who is written KIND NAME");
    match kind {
        "sso" => {
            let (person, set) = name.split_once(" as ").unwrap_or((name, "Admin"));
            let role = format!("AWSReservedSSO_{set}_0123456789abcdef");
            session(&role, "aws-reserved/sso.amazonaws.com/", person, key)
        }
        "role" => {
            let (role, session_name) = name.split_once('/').unwrap_or((name, "session"));
            session(role, "", session_name, key)
        }
        "user" => json!({
            "type": "IAMUser",
            "principalId": unique("AIDA", name),
            "arn": format!("arn:aws:iam::{ACCOUNT}:user/{name}"),
            "accountId": ACCOUNT,
            "accessKeyId": key.map_or_else(|| unique("AKIA", name), str::to_owned),
            "userName": name,
        }),
        "service" => json!({"type": "AWSService", "invokedBy": name}),
        _ => panic!("nobody is a {kind:?}"),
    }
}

fn session(role: &str, path: &str, name: &str, key: Option<&str>) -> Value {
    let issuer = unique("AROA", role);
    json!({
        "type": "AssumedRole",
        "principalId": format!("{issuer}:{name}"),
        "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{name}"),
        "accountId": ACCOUNT,
        "accessKeyId": key.map_or_else(|| unique("ASIA", &format!("{role}{name}")), str::to_owned),
        "sessionContext": {"sessionIssuer": {
            "type": "Role",
            "principalId": issuer,
            "arn": format!("arn:aws:iam::{ACCOUNT}:role/{path}{role}"),
            "accountId": ACCOUNT,
            "userName": role,
        }},
    })
}

/// An id in the form of the platform: four letters and sixteen more.
fn unique(prefix: &str, name: &str) -> String {
    let hash = doorward_model::hash::Hash16::of(name.as_bytes()).to_string().to_uppercase();
    format!("{prefix}{hash:.16}")
}

/// What intake makes of bytes: the events, and how many records it could not read.
pub(crate) fn read(bytes: &[u8]) -> (Vec<Event>, u64) {
    let (mut events, mut rejected) = (Vec::new(), 0);
    let mut take = |item| match item {
        Item::Event(event) => events.push(*event),
        Item::Reject(_) => rejected += 1,
        Item::Export(_) | Item::Wrapped { .. } | Item::Skipped { .. } => {}
    };
    let mut reader = Reader::new("scenario", Limits::default());
    reader.push(bytes, &mut take);
    reader.finish(&mut take);
    (events, rejected)
}
