//! What every engine must do.

use std::ops::ControlFlow;

use doorward_journal::{Batch, Checkpoint, Content, Expired, Journal, Kept, Position, Pruned, Row, Verified};
use doorward_model::event::Event;
use doorward_model::hash::Hash16;
use doorward_model::head::SignedHead;
use doorward_model::id::{FactNumber, Partition};
use doorward_model::record::{Observation, Record};
use doorward_model::time::Millis;

use crate::engines::{Engine, all_events, append, newest_checkpoint, on_every_engine, records_of, rows_from};
use crate::samples::{Numbering, START, event, row};

#[test]
fn what_is_appended_is_read_back_in_order() {
    on_every_engine(|mut engine| {
        let mut next = Numbering::after(engine.log.head());
        let mut records = vec![next.fact(START)];
        records.extend(next.observations(0..5, START));
        records.push(next.fact(START + Millis::SECOND));
        assert_eq!(engine.append(&records), Position(3), "{}", engine.name);
        let engine = engine.reopen();
        let rows = engine.rows();
        let shape: Vec<_> = rows.iter().map(|row| (row.position.0, row.recorded_at)).collect();
        assert_eq!(shape, [(1, START), (2, START), (3, START + Millis::SECOND)], "{}", engine.name);
        assert_eq!(rows.into_iter().flat_map(records_of).collect::<Vec<_>>(), records, "{}", engine.name);
    });
}

#[test]
fn reading_starts_where_it_is_told_and_stops_when_it_is_told() {
    on_every_engine(|mut engine| {
        let mut next = Numbering::after(engine.log.head());
        for at in 0..4 {
            engine.append(&next.observations(at * 3..at * 3 + 3, START));
        }
        let from_three = rows_from(engine.log.as_ref(), Position(3)).unwrap();
        assert_eq!(from_three, engine.rows()[2..], "{}", engine.name);
        let mut met = Vec::new();
        let stopped = engine.log.read_from(Position(2), &mut |row| {
            met.push(row.position);
            ControlFlow::Break(())
        });
        assert_eq!((stopped.unwrap(), met), ((), vec![Position(2)]), "{}", engine.name);
        assert_eq!(rows_from(engine.log.as_ref(), Position(5)).unwrap(), [], "{}", engine.name);
    });
}

#[test]
fn the_head_tells_the_writer_how_to_go_on() {
    on_every_engine(|mut engine| {
        let empty = engine.log.head().clone();
        assert_eq!((empty.position, empty.fact, empty.last_n(Partition(1))), (Position(0), FactNumber(0), 0));
        let mut next = Numbering::after(&empty);
        let mut records = next.observations(0..7, START);
        records.push(next.fact(START + Millis::MINUTE));
        engine.append(&records);
        let before = engine.log.head().clone();
        let engine = engine.reopen();
        let head = engine.log.head();
        assert_eq!(*head, before, "{}", engine.name);
        let last: Vec<_> = (0..4).map(|partition| head.last_n(Partition(partition))).collect();
        assert_eq!(last, [3, 2, 2, 0], "{}", engine.name);
        assert_eq!((head.fact, head.recorded_at), (FactNumber(1), START + Millis::MINUTE), "{}", engine.name);
        assert_ne!(head.hash, empty.hash, "{}", engine.name);
    });
}

#[test]
fn facts_seen_travel_with_each_row() {
    on_every_engine(|mut engine| {
        let mut next = Numbering::after(engine.log.head());
        engine.append(&[next.fact(START), next.fact(START)]);
        for (at, seen) in [(0, 1), (1, 2)] {
            let records = next.observations(at..at + 1, START);
            engine.log.append(Batch { records: &records, facts_seen: FactNumber(seen) }).unwrap();
        }
        let records = next.observations(9..10, START);
        let refused = engine.log.append(Batch { records: &records, facts_seen: FactNumber(3) }).unwrap_err();
        let seen: Vec<_> = engine.rows().iter().map(|row| row.facts_seen.0).collect();
        assert_eq!(seen, [0, 1, 2], "{}", engine.name);
        assert_eq!(
            refused.to_string(),
            "cannot append records that have seen fact 3: the last fact is 2",
            "{}",
            engine.name
        );
    });
}

#[test]
fn numbers_must_continue_and_a_refused_batch_leaves_nothing() {
    on_every_engine(|mut engine| {
        let mut next = Numbering::after(engine.log.head());
        let first = next.observations(0..3, START + Millis::HOUR);
        engine.append(&first);
        let head = engine.log.head().clone();

        let good = next.observations(3..4, START + Millis::HOUR).remove(0);
        let again = first[1].clone();
        let _skipped = next.fact(START);
        let gap = next.fact(START + Millis::HOUR);
        let early = Numbering::after(&head).observations(3..4, START).remove(0);
        let mut nowhere = Observation { partition: 1024, n: 1, ..Observation::default() };
        nowhere.recorded_at_ms = (START + Millis::HOUR).ms();
        let nowhere = Record::Observation(Box::new(nowhere));
        for (bad, message) in [
            (again, "cannot append observation 1 of partition 1: the next number is 2"),
            (gap, "cannot append fact 2: the next number is 1"),
            (
                early,
                "cannot append a record of 2025-11-24T16:00:00Z: the last one was recorded at 2025-11-24T17:00:00Z",
            ),
            (nowhere, "cannot append an observation of partition 1024: there is no such partition"),
        ] {
            let batch = if message.contains("record of") { vec![bad] } else { vec![good.clone(), bad] };
            let refused = append(engine.log.as_mut(), &batch).unwrap_err();
            assert_eq!(refused.to_string(), message, "{}", engine.name);
            assert_eq!(*engine.log.head(), head, "{}", engine.name);
            assert_eq!(engine.records(), first, "{}", engine.name);
        }
        assert_eq!(engine.append(std::slice::from_ref(&good)), Position(2), "{}", engine.name);
    });
}

#[test]
fn a_large_batch_becomes_several_rows_within_the_limits() {
    on_every_engine(|mut engine| {
        let mut next = Numbering::after(engine.log.head());
        let mut records = next.observations(0..2_300, START);
        let large = |id: u32| event(&format!("large-{id}"), &"x".repeat(100_000), 50);
        records.extend((0..5).map(|id| next.observation(7, large(id), START)));
        records.push(next.observation(8, event("huge", &"y".repeat(3_000_000), 50), START));
        engine.append(&records);
        let engine = engine.reopen();
        let counts: Vec<_> = engine.rows().into_iter().map(|row| records_of(row).len()).collect();
        assert_eq!(counts, [1_000, 1_000, 302, 2, 1, 1], "{}", engine.name);
        assert_eq!(engine.records(), records, "{}", engine.name);
        assert_eq!(engine.log.verify().unwrap(), Verified { rows: 6, expired: 0 }, "{}", engine.name);
    });
}

#[test]
fn a_record_above_the_limit_is_refused() {
    on_every_engine(|mut engine| {
        let mut next = Numbering::after(engine.log.head());
        let record = next.observation(0, event("giant", &"z".repeat(17 << 20), 0), START);
        let refused = append(engine.log.as_mut(), &[record]).unwrap_err();
        assert_eq!(refused.to_string(), "cannot append a record of 17825984 bytes: the limit is 16777216");
        assert_eq!(engine.records(), [], "{}", engine.name);
    });
}

#[test]
fn an_empty_batch_changes_nothing() {
    on_every_engine(|mut engine| {
        let head = engine.log.head().clone();
        assert_eq!(engine.append(&[]), Position(0), "{}", engine.name);
        assert_eq!((engine.log.head(), engine.rows()), (&head, vec![]), "{}", engine.name);
    });
}

#[test]
fn expired_observations_leave_their_place_and_facts_stay() {
    on_every_engine(|mut engine| {
        let mut next = Numbering::after(engine.log.head());
        let old = next.observations(0..3, START);
        engine.append(&old);
        let fact = next.fact(START + Millis::MINUTE);
        engine.append(std::slice::from_ref(&fact));
        let new = next.observations(3..5, START + Millis::HOUR);
        engine.append(&new);
        let head = engine.log.head().clone();

        let cut = START + Millis::HOUR;
        assert_eq!(
            engine.log.prune(&all_events(cut)).unwrap(),
            Pruned { rows: 1, observations: 3, more: false },
            "{}",
            engine.name
        );
        assert_eq!(engine.log.prune(&all_events(cut)).unwrap(), Pruned::default(), "{}", engine.name);
        let engine = engine.reopen();
        let expected = [
            row(1, 0, START, Content::Expired(3)),
            row(2, 0, START + Millis::MINUTE, Content::Records(vec![fact])),
            row(3, 1, START + Millis::HOUR, Content::Records(new)),
        ];
        assert_eq!(engine.rows(), expected, "{}", engine.name);
        assert_eq!(engine.log.verify().unwrap(), Verified { rows: 2, expired: 1 }, "{}", engine.name);
        assert_eq!(*engine.log.head(), head, "{}", engine.name);
    });
}

#[test]
fn events_and_decisions_expire_each_after_their_own_time_and_a_bounded_number_at_a_time() {
    on_every_engine(|mut engine| {
        let mut next = Numbering::after(engine.log.head());
        for hour in 0..3 {
            let at = START + Millis::HOUR.times(hour);
            let id = u32::try_from(hour).unwrap();
            let mut records = vec![next.fact(at)];
            records.extend(next.observations(id..id + 1, at));
            records.extend([next.decision(7, at), next.decision(7, at)]);
            engine.append(&records);
        }
        let shape = |engine: &Engine| {
            let kept = |row: Row| match row.content {
                Content::Records(records) => records.len().to_string(),
                Content::Expired(count) => format!("-{count}"),
            };
            engine.rows().into_iter().map(kept).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(shape(&engine), "1 1 2 1 1 2 1 1 2", "{}", engine.name);
        let decisions = Expired { kind: Kept::Decisions, ..all_events(START + Millis::MINUTE.times(61)) };
        let first = Expired { through: Position(3), ..decisions };
        let pruned = Pruned { rows: 1, observations: 2, more: false };
        assert_eq!(engine.log.prune(&first).unwrap(), pruned, "{}", engine.name);
        assert_eq!(shape(&engine), "1 1 -2 1 1 2 1 1 2", "{}", engine.name);
        let slice = Expired { rows_max: 2, ..decisions };
        while engine.log.prune(&slice).unwrap().more {}
        assert_eq!(shape(&engine), "1 1 -2 1 1 -2 1 1 2", "{}", engine.name);
        let events = all_events(START + Millis::DAY);
        let expired = |engine: &Engine| {
            [Kept::Events, Kept::Decisions].map(|kind| engine.log.expired_to(kind).unwrap())
        };
        assert_eq!(expired(&engine), [None, Some(START + Millis::HOUR)], "{}", engine.name);
        assert_eq!(engine.log.prune(&events).unwrap(), Pruned { rows: 3, observations: 3, more: false });
        let mut engine = engine.reopen();
        let ends = [2, 1].map(|hours| Some(START + Millis::HOUR.times(hours)));
        assert_eq!(expired(&engine), ends, "{}", engine.name);
        assert_eq!(shape(&engine), "1 -1 -2 1 -1 -2 1 -1 2", "{}", engine.name);
        assert_eq!(engine.log.verify().unwrap(), Verified { rows: 4, expired: 5 }, "{}", engine.name);
        let last = Expired { kind: Kept::Decisions, ..events };
        assert_eq!(engine.log.prune(&last).unwrap(), Pruned { rows: 1, observations: 2, more: false });
    });
}

#[test]
fn the_newest_checkpoint_is_found_again() {
    on_every_engine(|mut engine| {
        assert_eq!(newest_checkpoint(engine.log.as_ref()).unwrap(), None, "{}", engine.name);
        let mut next = Numbering::after(engine.log.head());
        let checkpoint = |position, bytes: &[u8]| Checkpoint {
            position: Position(position),
            fact: FactNumber(position),
            format: 7,
            bytes: bytes.to_vec(),
        };
        for position in 1..=4 {
            engine.append(&[next.fact(START)]);
            engine.log.put_checkpoint(&checkpoint(position, &position.to_le_bytes())).unwrap();
        }
        engine.log.put_checkpoint(&checkpoint(4, &vec![9; 100_000])).unwrap();
        engine.log.put_checkpoint(&checkpoint(2, b"late")).unwrap();
        let ahead = engine.log.put_checkpoint(&checkpoint(5, b"")).unwrap_err();
        assert_eq!(ahead.to_string(), "cannot store a checkpoint of row 5: the last row is 4");
        let engine = engine.reopen();
        let kept = engine.log.checkpoints().unwrap();
        assert_eq!(kept, [Position(4), Position(3)], "{}", engine.name);
        assert_eq!(engine.log.checkpoint(Position(3)).unwrap(), Some(checkpoint(3, &3_u64.to_le_bytes())));
        assert_eq!(engine.log.checkpoint(Position(2)).unwrap(), None, "{}", engine.name);
        let latest = newest_checkpoint(engine.log.as_ref()).unwrap();
        assert_eq!(latest, Some(checkpoint(4, &vec![9; 100_000])), "{}", engine.name);
    });
}

fn signed_head(row: u64, by: &str) -> SignedHead {
    SignedHead { tenant: "acme".to_owned(), key: by.to_owned(), row, ..SignedHead::default() }
}

#[test]
fn signed_heads_and_the_keys_that_signed_them_are_kept() {
    on_every_engine(|mut engine| {
        assert_eq!(engine.log.signed_heads(Position(u64::MAX), 9).unwrap(), [], "{}", engine.name);
        assert_eq!(engine.log.signers().unwrap(), [[0; 32]; 0], "{}", engine.name);
        let mut next = Numbering::after(engine.log.head());
        for row in 1..=4 {
            engine.append(&[next.fact(START)]);
            if row != 3 {
                engine.log.put_signed_head(&signed_head(row, "one"), &[9; 32]).unwrap();
            }
        }
        // The second key sorts before the first.
        engine.log.put_signed_head(&signed_head(2, "two"), &[1; 32]).unwrap();
        let ahead = engine.log.put_signed_head(&signed_head(5, "one"), &[2; 32]).unwrap_err();
        assert_eq!(ahead.to_string(), "cannot keep a signed head of row 5: the last row is 4");
        let engine = engine.reopen();
        let [one, two, four] = [1, 2, 4].map(|row| signed_head(row, "one"));
        let heads = |up_to, limit| engine.log.signed_heads(Position(up_to), limit).unwrap();
        assert_eq!(heads(u64::MAX, 9), [four.clone(), two.clone(), one.clone()], "{}", engine.name);
        assert_eq!(heads(u64::MAX, 1), [four], "{}", engine.name);
        assert_eq!(heads(3, 9), [two, one], "{}", engine.name);
        assert_eq!(engine.log.signers().unwrap(), [[9; 32], [1; 32]], "{}", engine.name);
    });
}

#[test]
fn a_walk_tells_what_the_end_was_after_each_row() {
    on_every_engine(|mut engine| {
        let mut next = Numbering::after(engine.log.head());
        let mut ends = vec![];
        for turn in 0..3 {
            let at = START + Millis::HOUR.times(turn);
            let first = u32::try_from(turn).unwrap() * 10;
            engine.append(&[next.fact(at), next.fact(at)]);
            ends.push(engine.log.head().end());
            engine.append(&next.observations(first..first + 10, at));
            ends.push(engine.log.head().end());
        }
        engine.log.prune(&all_events(START + Millis::SECOND)).unwrap();
        let engine = engine.reopen();
        let mut told = vec![];
        let verified = engine.log.walk(&mut |end| told.push(*end)).unwrap();
        assert_eq!((told, verified), (ends, Verified { rows: 5, expired: 1 }), "{}", engine.name);
    });
}

#[test]
fn a_blob_is_found_by_its_hash() {
    on_every_engine(|mut engine| {
        let document = br#"{"Version":"2012-10-17","Statement":[]}"#;
        let hash = engine.log.put_blob(document).unwrap();
        assert_eq!(hash, Hash16::of(document), "{}", engine.name);
        assert_eq!(engine.log.put_blob(document).unwrap(), hash, "{}", engine.name);
        let together = [&b"one"[..], b"other of two", document];
        engine.log.put_blobs(&mut together.into_iter()).unwrap();
        let empty = engine.log.put_blob(b"").unwrap();
        let engine = engine.reopen();
        for bytes in together {
            let found = engine.log.blob(Hash16::of(bytes)).unwrap();
            assert_eq!(found.as_deref(), Some(bytes), "{}", engine.name);
        }
        assert_eq!(engine.log.blob(hash).unwrap().as_deref(), Some(&document[..]), "{}", engine.name);
        assert_eq!(engine.log.blob(empty).unwrap(), Some(vec![]), "{}", engine.name);
        assert_eq!(engine.log.blob(Hash16::of(b"other")).unwrap(), None, "{}", engine.name);
    });
}

#[test]
fn the_engines_make_the_same_chain_but_for_the_tenant() {
    let check = |log: &mut dyn Journal| {
        let mut next = Numbering::after(log.head());
        let records = next.observations(0..4, START);
        append(log, &records).unwrap();
        rows_from(log, Position(0)).unwrap()
    };
    let rows = std::cell::RefCell::new(Vec::new());
    on_every_engine(|mut engine| rows.borrow_mut().push(check(engine.log.as_mut())));
    let rows = rows.into_inner();
    assert_eq!(rows[0], rows[1]);
}

#[test]
fn a_failed_batch_can_be_appended_again() {
    on_every_engine(|mut engine| {
        let mut next = Numbering::after(engine.log.head());
        let records = next.observations(0..3, START);
        engine.log.append(Batch { records: &records, facts_seen: FactNumber(9) }).unwrap_err();
        assert_eq!(engine.append(&records), Position(1), "{}", engine.name);
        assert_eq!(engine.reopen().records(), records);
    });
}

#[test]
fn an_event_without_a_content_hash_is_kept_too() {
    on_every_engine(|mut engine| {
        let mut next = Numbering::after(engine.log.head());
        let record = next.observation(0, Event::default(), START);
        engine.append(std::slice::from_ref(&record));
        assert_eq!(engine.reopen().records(), [record]);
    });
}
