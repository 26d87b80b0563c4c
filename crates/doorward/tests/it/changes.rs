//! Events that change the inventory, taken by the writer of a real log: documents are stored before the facts that name
//! them, what one event changes counts for the next of the same batch, and a restart knows all of it.

use std::ops::ControlFlow;
use std::path::Path;

use doorward::writer::{Moment, Writer};
use doorward_engine::{Engine, Rules, derive};
use doorward_intake::{Item, Limits, Reader};
use doorward_journal::{Content, Journal, Log, Options, Position, Sqlite};
use doorward_model::command::Command;
use doorward_model::event::Event;
use doorward_model::hash::Hash16;
use doorward_model::id::TenantId;
use doorward_model::inventory::AccountExport;
use doorward_model::record::{Fact, Record, Trust};
use doorward_model::time::{Millis, Time};
use doorward_serve::answers::identities::{HeldPolicyRow, SeenRow, identity};
use serde_json::{Value, json};

const NOW: Time = Time::from_ms(1_800_000_000_000);
const DOCUMENT: &str = r#"{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;

fn event(action: &str, request: &Value) -> Box<Event> {
    let record = json!({
        "eventVersion": "1.11",
        "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/root-admin", "accountId": "111122223333", "userName": "root-admin", "principalId": "AIDAADMIN"},
        "eventTime": NOW.to_string(), "eventSource": "iam.amazonaws.com", "eventName": action, "awsRegion": "us-east-1",
        "requestParameters": request, "responseElements": null,
        "eventID": format!("{action} {request}"), "recipientAccountId": "111122223333",
    });
    let mut events = Vec::new();
    let mut keep = |item| match item {
        Item::Event(event) => events.push(event),
        other => panic!("{other:?}"),
    };
    let mut reader = Reader::new("test", Limits::default());
    reader.push(record.to_string().as_bytes(), &mut keep);
    reader.finish(&mut keep);
    events.pop().unwrap()
}

fn writer(folder: &Path) -> Writer<Sqlite> {
    let tenant = TenantId::from("test");
    let journal = Sqlite::open(folder, &tenant, Options::default()).unwrap();
    Writer::open(journal, Engine::new(tenant, Rules::default(), 1, 7)).unwrap()
}

/// The words of the records of each row of the log.
fn rows(log: &dyn Log) -> Vec<Vec<&'static str>> {
    let mut rows = Vec::new();
    log.read_from(Position(1), &mut |row| {
        if let Content::Records(records) = row.content {
            rows.push(records.iter().map(word).collect());
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    rows
}

fn word(record: &Record) -> &'static str {
    match record {
        Record::Observation(_) => "event",
        Record::Fact(fact) => match &fact.fact {
            Some(Fact::IdentityFound(_)) => "identity",
            Some(Fact::EntitlementObserved(_)) => "held",
            Some(Fact::PolicyFound(_)) => "policy",
            Some(Fact::GroupFound(_)) => "group",
            Some(Fact::InventoryChanged(_)) => "changed",
            Some(Fact::Tick(_)) => "tick",
            _ => "other",
        },
    }
}

#[test]
fn an_event_and_what_it_changes_are_one_append_and_its_documents_are_stored() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = writer(folder.path());
    let put = json!({"userName": "ann", "policyName": "x", "policyDocument": DOCUMENT});
    writer.take(event("PutUserPolicy", &put), Moment::live(NOW)).unwrap();
    let hash = Hash16::of(DOCUMENT.as_bytes());
    assert_eq!(writer.journal().blob(hash).unwrap(), None);
    writer.flush().unwrap();
    assert_eq!(writer.journal().blob(hash).unwrap(), Some(DOCUMENT.as_bytes().to_vec()));
    // Facts and events have rows of their own; both of these are of one append.
    let facts = vec!["identity", "identity", "policy", "held", "changed"];
    assert_eq!(rows(writer.journal()), [vec!["tick"], facts, vec!["event"]]);
}

/// An export of the account, of a later date, with the user and its policy.
fn export() -> Box<AccountExport> {
    let user = json!({
        "UserName": "ann", "UserId": "AIDAANN", "Path": "/", "Arn": "arn:aws:iam::111122223333:user/ann",
        "CreateDate": (NOW + Millis::HOUR).to_string(),
        "UserPolicyList": [{"PolicyName": "x", "PolicyDocument": DOCUMENT}],
    });
    let export =
        json!({"UserDetailList": [user], "GroupDetailList": [], "RoleDetailList": [], "Policies": []});
    let mut exports = Vec::new();
    let mut keep = |item| match item {
        Item::Export(export) => exports.push(export),
        other => panic!("{other:?}"),
    };
    let mut reader = Reader::new("test", Limits::default());
    reader.push(export.to_string().as_bytes(), &mut keep);
    reader.finish(&mut keep);
    exports.pop().unwrap()
}

#[test]
fn what_only_an_event_has_told_is_marked_so_until_an_export_confirms_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = writer(folder.path());
    let put = json!({"userName": "ann", "policyName": "x", "policyDocument": DOCUMENT});
    writer.take(event("PutUserPolicy", &put), Moment::live(NOW)).unwrap();
    writer.flush().unwrap();
    let told = |writer: &Writer<Sqlite>| {
        let ann = identity(&writer.engine().state, "arn:aws:iam::111122223333:user/ann", NOW).unwrap();
        (ann.inventory.unwrap(), ann.held)
    };
    let of = |source, from_event, last_seen| SeenRow { source, from_event, first_seen: NOW, last_seen };
    let held = |seen| vec![HeldPolicyRow { policy: "inline:x".to_owned(), by: "inline", seen: Some(seen) }];
    let by_event = of("event", true, NOW);
    assert_eq!(told(&writer), (by_event, held(by_event)));
    let later = NOW + Millis::DAY;
    writer.admit(&Command::Import(export()), later).unwrap().unwrap();
    let confirmed = of("iam", false, later);
    assert_eq!(told(&writer), (confirmed, held(confirmed)));
}

#[test]
fn what_an_event_changes_counts_for_the_next_and_is_known_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mut before = writer(folder.path());
    for (action, request) in [
        ("TagUser", json!({"userName": "ann", "tags": [{"key": "a", "value": "1"}]})),
        ("TagUser", json!({"userName": "ann", "tags": [{"key": "b", "value": "2"}]})),
        ("AddUserToGroup", json!({"userName": "ann", "groupName": "admins"})),
        ("PutUserPolicy", json!({"userName": "ann", "policyName": "x", "policyDocument": DOCUMENT})),
    ] {
        before.take(event(action, &request), Moment::filed(NOW)).unwrap();
    }
    before.flush().unwrap();
    let known = derive(&before.engine().state.control);
    let changes = before.engine().state.control.inventory.changes.clone();
    let [account] = known.as_slice() else { panic!("{known:?}") };
    let [ann] = account.identities.as_slice() else { panic!("{account:?}") };
    let tags = [("a", "1"), ("b", "2")].map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!((&ann.tags, &ann.groups), (&tags.into(), &vec!["admins".to_owned()]));
    assert_eq!(changes.iter().count(), 4);
    for checkpoint in [false, true] {
        if checkpoint {
            before.checkpoint().unwrap();
        }
        drop(before);
        before = writer(folder.path());
        assert_eq!(derive(&before.engine().state.control), known, "with a checkpoint: {checkpoint}");
        assert_eq!(before.engine().state.control.inventory.changes, changes);
    }
}

#[test]
fn a_source_that_is_only_taken_at_its_word_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = writer(folder.path());
    let put = json!({"userName": "ann", "policyName": "x", "policyDocument": DOCUMENT});
    let asserted = Moment::live(NOW).trusted(Some(&Trust::Asserted));
    writer.take(event("PutUserPolicy", &put), asserted).unwrap();
    writer.flush().unwrap();
    assert_eq!(rows(writer.journal()), [vec!["tick"], vec!["identity"], vec!["event"]]);
}
