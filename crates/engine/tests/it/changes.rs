//! Write events of the log change the inventory at once: which event makes what of which row.

mod order;

use std::collections::BTreeMap;

use doorward_engine::{Engine, Rules, derive};
use doorward_model::event::Event;
use doorward_model::hash::Hash16;
use doorward_model::id::TenantId;
use doorward_model::identity::Identity;
use doorward_model::inventory::change::{ChangedRow, Effect, InventoryChanged};
use doorward_model::inventory::resource::Resource;
use doorward_model::inventory::row::RowKind;
use doorward_model::inventory::{AccountExport, Seen, Source};
use doorward_model::record::Fact;
use doorward_model::time::Time;
use doorward_views::checkpoint::FORMAT;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::{Driver, parse};

/// When the first event of a case happens; the others follow by the minute.
const BEGIN: i64 = 1_800_000_000_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    events: Vec<Told>,
    /// What is known then, as [`rows`] tells it.
    #[serde(default)]
    rows: Vec<String>,
    /// What the events could not tell.
    #[serde(default)]
    unclear: Vec<String>,
}

/// An event, as far as it differs from one of an administrator of one account.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    #[serde(default = "iam")]
    service: String,
    action: String,
    #[serde(default)]
    request: Value,
    #[serde(default)]
    response: Value,
    #[serde(default)]
    details: Value,
    #[serde(default)]
    resources: Value,
    #[serde(default)]
    error: Option<String>,
    #[serde(default = "account")]
    account: String,
    #[serde(default = "region")]
    region: String,
}

fn iam() -> String {
    "iam".to_owned()
}

fn account() -> String {
    "111122223333".to_owned()
}

fn region() -> String {
    "us-east-1".to_owned()
}

impl Told {
    fn event(&self, at_ms: i64) -> Event {
        let mut record = json!({
            "eventVersion": "1.11",
            "userIdentity": {
                "type": "AssumedRole",
                "principalId": "AROAADMINADMINADMIN1:ann",
                "arn": format!("arn:aws:sts::{}:assumed-role/admin/ann", self.account),
                "accountId": self.account,
                "accessKeyId": "ASIAADMINADMINADMIN1",
                "sessionContext": {"sessionIssuer": {
                    "type": "Role",
                    "principalId": "AROAADMINADMINADMIN1",
                    "arn": format!("arn:aws:iam::{}:role/admin", self.account),
                    "accountId": self.account,
                    "userName": "admin",
                }},
            },
            "eventTime": Time::from_ms(at_ms).to_string(),
            "eventSource": format!("{}.amazonaws.com", self.service),
            "eventName": self.action,
            "awsRegion": self.region,
            "sourceIPAddress": "192.0.2.7",
            "requestParameters": self.request,
            "responseElements": self.response,
            "serviceEventDetails": self.details,
            "resources": self.resources,
            "eventID": format!("{at_ms}-{}-{}", self.service, self.action),
            "eventType": "AwsApiCall",
            "recipientAccountId": self.account,
        });
        if let Some(error) = &self.error {
            record["errorCode"] = error.clone().into();
        }
        parse(json!({"Records": [record]}).to_string().as_bytes()).pop().unwrap()
    }
}

/// An event of IAM.
fn event(action: &str, request: Value, at_ms: i64) -> Event {
    answered(action, request, Value::Null, at_ms)
}

/// An event of IAM with an answer.
fn answered(action: &str, request: Value, response: Value, at_ms: i64) -> Event {
    let [service, action] = ["iam", action].map(str::to_owned);
    let (account, region) = (account(), region());
    let [details, resources] = [Value::Null, Value::Null];
    Told { service, action, request, response, details, resources, error: None, account, region }.event(at_ms)
}

fn changes(driver: &Driver) -> Vec<InventoryChanged> {
    let facts = driver.records.iter().filter_map(|record| match record {
        doorward_model::record::Record::Fact(fact) => fact.fact.clone(),
        doorward_model::record::Record::Observation(_) => None,
    });
    let changes = facts.filter_map(|fact| match fact {
        Fact::InventoryChanged(change) => Some(change),
        _ => None,
    });
    changes.collect()
}

/// Everything that is known, a line each, without what all lines have in common.
fn rows(driver: &Driver) -> Vec<String> {
    let exports = derive(&driver.engine.state.control);
    let mut lines: Vec<String> = exports.iter().flat_map(|export| lines(export, driver)).collect();
    lines.sort_unstable();
    lines
}

fn lines(export: &AccountExport, driver: &Driver) -> Vec<String> {
    let mut lines = Vec::new();
    holders(export, &mut lines);
    policies(export, driver, &mut lines);
    others(export, &mut lines);
    let short = |text: &str| text.replace("arn:aws:", "").replace("111122223333", "1");
    lines.iter().map(|line| short(line.trim_end()).split("  ").collect::<Vec<_>>().join(" ")).collect()
}

/// Who says so, where it is no event.
fn by(seen: Option<Seen>) -> &'static str {
    match seen.unwrap_or_default().source() {
        Source::Event => "",
        other => other.word(),
    }
}

fn holders(export: &AccountExport, lines: &mut Vec<String>) {
    for one in &export.identities {
        let Identity { id, account, name, unique_id, trusted, tags, groups, peer_group, seen, .. } = one;
        let [unique, peers] =
            [unique_id, peer_group].map(|text| if text.is_empty() { "-" } else { text.as_str() });
        let kind = one.kind().word();
        lines.push(format!(
            "identity {id} {kind} {account} {name} {unique} {peers} trusts {trusted:?} tags {tags:?} groups {groups:?} {}",
            by(*seen)
        ));
    }
    for one in &export.groups {
        lines.push(format!(
            "group {} {} {} {} {}",
            one.id,
            one.name,
            one.account,
            one.unique_id,
            by(one.seen)
        ));
    }
    for one in &export.credentials {
        let since = |at: i64| if at == 0 { "-".to_owned() } else { (at - BEGIN).to_string() };
        let made = [one.created_at_ms, one.rotated_at_ms].map(since).join(" ");
        let (kind, state) = (one.kind(), one.state());
        lines.push(format!(
            "credential {} {kind:?} {state:?} of {} made {made} {}",
            one.id,
            one.identity,
            by(one.seen)
        ));
    }
}

fn policies(export: &AccountExport, driver: &Driver, lines: &mut Vec<String>) {
    for held in &export.entitlements {
        let document = if held.document.is_empty() { "" } else { "with a document" };
        let origin = held.origin();
        lines.push(format!("held {} {} {origin:?} {document} {}", held.holder, held.policy, by(held.seen)));
    }
    let table = &driver.engine.state.control.inventory.policies;
    for policy in &export.policies {
        let known = table.get(std::slice::from_ref(&policy.name)).unwrap();
        let readable = if known.readable { "" } else { "unreadable: " };
        let text = &driver.texts[&policy.hash];
        lines.push(format!("policy {} {} {readable}{text} {}", policy.name, policy.version, by(policy.seen)));
    }
}

fn others(export: &AccountExport, lines: &mut Vec<String>) {
    for Resource { id, kind, account, region, name, runs_as, attributes, seen, .. } in &export.resources {
        let of = format!("{kind} {account} {region} {name}");
        lines.push(format!("resource {id} {of} runs as {runs_as:?} {attributes:?} {}", by(*seen)));
    }
    for node in &export.nodes {
        let (kind, seen) = (node.kind(), by(node.seen));
        let tree = format!("below {:?} {:?} of {:?}", node.parent, node.name, node.organisation);
        lines.push(format!("node {} {kind:?} {tree} {seen}", node.id));
    }
    for set in &export.permission_sets {
        let of = format!("{} {} {}", set.name, set.instance, set.session_duration);
        lines.push(format!("set {} {of} {}", set.id, by(set.seen)));
    }
    for one in &export.assignments {
        let (kind, seen) = (one.principal_kind(), by(one.seen));
        lines.push(format!(
            "assigned {} to {kind:?} {} in {} {seen}",
            one.permission_set, one.principal, one.account
        ));
    }
    for one in &export.memberships {
        lines.push(format!("member {} of {} in {} {}", one.member, one.group, one.store, by(one.seen)));
    }
}

/// A line with the members of the JSON in it in the order of their names: in which order they are written is not always
/// the same.
fn in_order(line: &str) -> String {
    fn sorted(value: Value) -> Value {
        match value {
            Value::Object(members) => {
                let members: BTreeMap<String, Value> =
                    members.into_iter().map(|(name, value)| (name, sorted(value))).collect();
                Value::Object(members.into_iter().collect())
            }
            Value::Array(items) => items.into_iter().map(sorted).collect(),
            other => other,
        }
    }
    let Some((before, json)) = line.find('{').map(|at| line.split_at(at)) else { return line.to_owned() };
    let mut values = serde_json::Deserializer::from_str(json).into_iter::<Value>();
    let Some(Ok(value)) = values.next() else { return line.to_owned() };
    format!("{before}{}{}", sorted(value), json.get(values.byte_offset()..).unwrap())
}

fn check(cases: &str) {
    let cases: Vec<Case> = yaml_serde::from_str(cases).unwrap();
    let mut wrong = String::new();
    for case in &cases {
        let mut driver = Driver::new(1, 1);
        for (at, told) in (0..).zip(&case.events) {
            driver.take(told.event(BEGIN + at * 60_000));
        }
        let in_order = |lines: Vec<String>| lines.iter().map(|line| in_order(line)).collect::<Vec<_>>();
        let (found, expected) = (in_order(rows(&driver)), in_order(case.rows.clone()));
        let unclear: Vec<String> = changes(&driver).into_iter().flat_map(|change| change.unclear).collect();
        if found != expected || unclear != case.unclear {
            let lines = |of: &str, lines: &[String]| {
                let lines: String = lines.iter().map(|line| format!("    - {}\n", json!(line))).collect();
                if lines.is_empty() { lines } else { format!("  {of}:\n{lines}") }
            };
            wrong +=
                &format!("- name: {}\n{}{}", case.name, lines("rows", &found), lines("unclear", &unclear));
        }
        // A checkpoint keeps all of it.
        let kept = driver.engine.checkpoint();
        let mut loaded = Engine::new(TenantId::from("test"), Rules::default(), 1, 2);
        loaded.load(&kept, FORMAT).unwrap();
        assert!(loaded.checkpoint() == kept, "{}", case.name);
        assert_eq!(loaded.state.control.inventory, driver.engine.state.control.inventory, "{}", case.name);
    }
    assert!(wrong.is_empty(), "what was found instead:\n{wrong}");
}

#[test]
fn events_of_iam_change_what_they_say() {
    check(include_str!("changes/iam.yaml"));
}

#[test]
fn events_of_other_services_change_what_they_say() {
    check(include_str!("changes/others.yaml"));
}

#[test]
fn a_change_names_who_made_it_through_which_chain_by_which_event_and_when() {
    let mut driver = Driver::new(1, 1);
    let request = json!({"userName": "bob", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"});
    driver.take(event("AttachUserPolicy", request, BEGIN));
    let bob = "arn:aws:iam::111122223333:user/bob".to_owned();
    let row = |kind: RowKind, key: &[&str], part: &str, effect: Effect| ChangedRow {
        kind: kind.into(),
        key: key.iter().map(|name| (*name).to_owned()).collect(),
        part: part.into(),
        effect: effect.into(),
    };
    let expected = InventoryChanged {
        event: format!("{BEGIN}-iam-AttachUserPolicy"),
        happened_at_ms: BEGIN,
        source: "cloudtrail".into(),
        account: account(),
        service: "iam".into(),
        action: "AttachUserPolicy".into(),
        identity: "arn:aws:iam::111122223333:role/admin".into(),
        chain: Vec::new(),
        session: "arn:aws:sts::111122223333:assumed-role/admin/ann".into(),
        address: "192.0.2.7".into(),
        network: "192.0.2.0/24".into(),
        rows: vec![
            row(RowKind::Identity, &[&bob], "exists", Effect::Found),
            row(
                RowKind::Entitlement,
                &[&bob, "arn:aws:iam::aws:policy/AdministratorAccess", "2"],
                "",
                Effect::Found,
            ),
        ],
        left_out: 0,
        unclear: Vec::new(),
        target: "bob".into(),
    };
    assert_eq!(changes(&driver), std::slice::from_ref(&expected));
    let key = [bob];
    let known = driver.engine.state.control.inventory.changes.of(RowKind::Identity, &key);
    assert_eq!(known.collect::<Vec<_>>(), [&expected]);
}
