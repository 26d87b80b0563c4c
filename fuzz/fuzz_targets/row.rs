//! Any bytes as a row of the journal, packed or, after a `0`, before packing; the second byte counts its records.
#![no_main]

use doorward_journal::fuzzing::open;
use doorward_journal::{Batch, Content, Journal, Keep, Log, Memory, Position};
use doorward_model::record::Record;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let [which, records, bytes @ ..] = data else { return };
    let (records, is_packed) = (*records % 8, *which != b'0');
    for is_facts in [true, false] {
        let opened = if is_packed {
            open(is_facts, records.into(), (bytes, 1 << 16))
        } else {
            let frame = zstd::bulk::compress(bytes, 1).unwrap();
            open(is_facts, records.into(), (&[b"DW\x01\x01", frame.as_slice()].concat(), bytes.len()))
        };
        let Ok(row) = opened else { continue };
        let Content::Records(found) = row.content else { panic!("nothing has expired") };
        assert_eq!(found.len(), usize::from(records));
        assert!(found.iter().all(|record| matches!(record, Record::Fact(_)) == is_facts));
        // What continues an empty log is written and read back the same.
        let mut log = Memory::new(Keep::All).unwrap();
        let facts_seen = log.head().fact;
        if log.append(Batch { records: &found, facts_seen }).is_ok() {
            let mut read = Vec::new();
            log.read_from(Position(1), &mut |row| {
                if let Content::Records(records) = row.content {
                    read.extend(records);
                }
                std::ops::ControlFlow::Continue(())
            })
            .unwrap();
            assert_eq!(read, found);
            log.verify().unwrap();
        }
    }
});
