//! Any request and answer of a write event: what it says is the same each time, and the engine takes it, twice, too.
#![no_main]

use doorward_fuzz::engine;
use doorward_intake::change::{actions, read};
use doorward_intake::{Item, Limits, Reader};
use doorward_model::event::Event;
use doorward_model::inventory::change::InventoryChanged;
use doorward_model::record::{Fact, FactRecord, Record};
use libfuzzer_sys::fuzz_target;

fn event(action: &str, request: &str, response: &str) -> Option<Box<Event>> {
    let (service, action) = action.split_once(':')?;
    let record = format!(
        r#"{{"eventVersion":"1.11","eventTime":"2026-11-01T10:00:00Z","awsRegion":"eu-west-1","eventSource":"{service}.amazonaws.com","eventName":"{action}","userIdentity":{{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/ann","accountId":"111122223333","userName":"ann"}},"eventID":"e","recipientAccountId":"111122223333","requestParameters":{request},"responseElements":{response}}}"#
    );
    let mut found = None;
    let mut keep = |item| {
        if let Item::Event(event) = item {
            found = Some(event);
        }
    };
    let mut reader = Reader::new("fuzz", Limits::default());
    reader.push(record.as_bytes(), &mut keep);
    reader.finish(&mut keep);
    found
}

fuzz_target!(|data: (u8, &str, &str)| {
    let (place, request, response) = data;
    let Some(action) = actions().nth(usize::from(place) % actions().count()) else { return };
    let Some(event) = event(&action, request, response) else { return };
    let Some(told) = read(&event) else { return };
    assert_eq!(read(&event).as_ref(), Some(&told));
    let mut engine = engine();
    let at = event.happened_at();
    let seen = engine.identify(event, at, doorward_engine::Arrival::Filed).seen;
    for (round, _) in [(); 2].iter().enumerate() {
        let changes = engine.changes(&seen, told.clone(), &|_| None);
        for (number, fact) in (1..).zip(changes.facts) {
            if let Fact::InventoryChanged(change) = &fact {
                assert!(change.rows.len() <= InventoryChanged::ROWS_MAX);
            } else {
                // What an event has said is known then.
                assert_eq!(round, 0, "{fact:?}");
            }
            let number = number + engine.state.control.fact_number.0;
            engine.step(&Record::Fact(Box::new(FactRecord {
                number,
                recorded_at_ms: at.ms(),
                fact: Some(fact),
            })));
        }
    }
});
