//! Laws, on arbitrary records.

use std::collections::BTreeSet;

use doorward_journal::{Keep, Memory, Options, Position, Seen};
use doorward_model::event::Event;
use doorward_model::hash::Fingerprint;
use doorward_model::record::Record;
use doorward_model::time::{Millis, Time};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert_eq, prop_oneof, proptest};

use crate::engines::{append, on_every_engine, open_with, records_of, rows_from, scratch, tenant};
use crate::samples::{Numbering, START, event};

/// A record before it has a number.
#[derive(Clone, Debug)]
enum Draft {
    Fact,
    Observation(u16, Box<Event>),
}

fn drafts() -> impl Strategy<Value = Vec<Draft>> {
    let raw = prop_oneof![9 => vec(any::<u8>(), 0..300), 1 => vec(any::<u8>(), 100_000..200_000)];
    let texts = (any::<String>(), any::<String>(), any::<String>());
    let seen = (0..1024_u16, texts, any::<i64>(), raw, any::<Option<bool>>());
    let seen = seen.prop_map(|(partition, (source, id, action), happened_at_ms, raw, mfa)| {
        let mut event = Event { source, id, action, happened_at_ms, ..event("", "", 0) };
        event.content = (!raw.is_empty()).then(|| Fingerprint::of(&raw));
        event.raw = raw;
        event.actor.mfa = mfa;
        Draft::Observation(partition, Box::new(event))
    });
    vec(prop_oneof![1 => seen.boxed(), 1 => proptest::strategy::Just(Draft::Fact).boxed()], 0..30)
}

fn number(next: &mut Numbering, drafts: Vec<Draft>, at: Time) -> Vec<Record> {
    let number = |draft| match draft {
        Draft::Fact => next.fact(at),
        Draft::Observation(partition, event) => next.observation(partition, *event, at),
    };
    drafts.into_iter().map(number).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_record_comes_back_as_it_was(batches in vec(drafts(), 0..6)) {
        on_every_engine(|mut engine| {
            let mut next = Numbering::after(engine.log.head());
            let mut all = Vec::new();
            for (minute, drafts) in (0..).zip(batches.clone()) {
                let records = number(&mut next, drafts, START + Millis::MINUTE.times(minute));
                engine.append(&records);
                all.extend(records);
            }
            let engine = engine.reopen();
            assert_eq!(engine.records(), all, "{}", engine.name);
            let rows = engine.log.verify().unwrap().rows;
            assert_eq!(rows, engine.log.head().position.0, "{}", engine.name);
        });
    }

    /// However events repeat, and however little is kept in memory, SQLite answers as a plain set does.
    #[test]
    fn sqlite_answers_as_a_set_of_all_events(
        batches in vec(vec((0..12_u8, 0..3_u8, 0..4_i64), 0..20), 1..8),
        fingerprints_max in 0..300_usize,
    ) {
        let (_folder, path) = scratch();
        let options = Options { fingerprints_max, ..Options::default() };
        let mut log = open_with(&path, &tenant(), options).unwrap();
        let mut known = BTreeSet::new();
        for batch in batches {
            let mut next = Numbering::after(doorward_journal::Journal::head(&log));
            let mut records = Vec::new();
            for (id, content, hour) in batch {
                let has_id = known.iter().any(|&(known_id, _, known_hour)| (known_id, known_hour) == (id, hour));
                let expected = match (known.insert((id, content, hour)), has_id) {
                    (false, _) => Seen::Duplicate,
                    (true, false) => Seen::New,
                    (true, true) => Seen::Conflict,
                };
                let event = event(&id.to_string(), &content.to_string(), hour * 60);
                prop_assert_eq!(doorward_journal::Journal::check(&mut log, &event).unwrap(), expected);
                if expected != Seen::Duplicate {
                    records.push(next.observation(0, event, START));
                }
            }
            append(&mut log, &records).unwrap();
        }
    }

    /// Within an hour the memory engine forgets nothing, however little it may keep in memory.
    #[test]
    fn memory_answers_as_a_set_of_the_events_of_an_hour(
        batches in vec(vec((0..60_u8, 0..3_u8), 0..30), 1..12),
        fingerprints_max in 0..60_usize,
    ) {
        let mut log = Memory::with_fingerprints(Keep::Nothing, fingerprints_max).unwrap();
        let mut known = BTreeSet::new();
        for batch in batches {
            let mut next = Numbering::after(doorward_journal::Journal::head(&log));
            let mut records = Vec::new();
            for (id, content) in batch {
                let has_id = known.iter().any(|&(known_id, _)| known_id == id);
                let expected = match (known.insert((id, content)), has_id) {
                    (false, _) => Seen::Duplicate,
                    (true, false) => Seen::New,
                    (true, true) => Seen::Conflict,
                };
                let event = event(&id.to_string(), &content.to_string(), 0);
                prop_assert_eq!(doorward_journal::Journal::check(&mut log, &event).unwrap(), expected);
                if expected != Seen::Duplicate {
                    records.push(next.observation(0, event, START));
                }
            }
            append(&mut log, &records).unwrap();
        }
    }

    /// How records are spread over appends changes no record, only the rows.
    #[test]
    fn batches_do_not_matter_to_what_is_read(drafts in drafts(), cut in any::<proptest::sample::Index>()) {
        let mut one = Memory::new(Keep::All).unwrap();
        let mut two = Memory::new(Keep::All).unwrap();
        let records = number(&mut Numbering::after(doorward_journal::Journal::head(&one)), drafts, START);
        let (first, second) = records.split_at(cut.index(records.len() + 1));
        append(&mut one, &records).unwrap();
        append(&mut two, first).unwrap();
        append(&mut two, second).unwrap();
        let read = |log: &Memory| -> Vec<Record> {
            rows_from(log, Position(1)).unwrap().into_iter().flat_map(records_of).collect()
        };
        prop_assert_eq!(read(&one), read(&two));
    }
}
