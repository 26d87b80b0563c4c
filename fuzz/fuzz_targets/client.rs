//! Any address, user agent and VPC endpoint of a record, one per line.
#![no_main]

use doorward_intake::{Item, Limits, Reader};
use doorward_model::event::Event;
use libfuzzer_sys::fuzz_target;
use serde_json::json;

fuzz_target!(|text: &str| {
    let mut lines = text.split('\n');
    let [address, agent, endpoint] = [(); 3].map(|()| lines.next().unwrap_or_default());
    let record = json!({
        "eventVersion": "1.08", "eventTime": "2026-11-23T09:30:00Z", "eventSource": "s3.amazonaws.com",
        "eventName": "GetObject", "awsRegion": "eu-west-1", "eventID": "one", "recipientAccountId": "111122223333",
        "sourceIPAddress": address, "userAgent": agent, "vpcEndpointId": endpoint,
        "userIdentity": {"type": "Root", "arn": "arn:aws:iam::111122223333:root", "accountId": "111122223333"},
    });
    let client = read(&record.to_string()).client;
    assert!(client.address.len() <= 256 && address.starts_with(&client.address), "{client:?}");
    // Habits are kept of these: they must stay few and small, and the same when read again.
    assert!(client.family.len() <= 128 && client.network.len() <= 320, "{client:?}");
    assert!(client.credential_source.len() <= agent.len(), "{client:?}");
    assert_eq!(read(&record.to_string()).client, client);
});

/// The one event of one record.
fn read(record: &str) -> Event {
    let mut items = Vec::new();
    let mut reader = Reader::new("fuzz", Limits::default());
    reader.push(record.as_bytes(), &mut |item| items.push(item));
    reader.finish(&mut |item| items.push(item));
    match items.pop() {
        Some(Item::Event(event)) if items.is_empty() => *event,
        other => panic!("{other:?} after {items:?}"),
    }
}
