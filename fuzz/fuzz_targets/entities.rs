//! Any text as an `entities.yaml`.
#![no_main]

use std::collections::BTreeSet;

use doorward_fuzz::engine;
use doorward_policy::entities::read;
use doorward_policy::policy_set::load::Source;
use doorward_views::publish::Publisher;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let sources = [Source { path: "entities.yaml".to_owned(), text: text.to_owned() }];
    let Ok(rows) = read(&sources) else { return };
    let names: BTreeSet<_> = rows.iter().map(|row| (row.name.kind.clone(), row.name.id.clone())).collect();
    assert_eq!(names.len(), rows.len(), "one name twice");
    assert_eq!(read(&sources).unwrap(), rows);
    // What can be read is published, or refused as a whole.
    let mut publisher = Publisher::new(1);
    drop(publisher.put_entities(rows, &engine().state.control));
});
