//! Repeated events are noticed, by every engine in the same way.

use doorward_journal::Seen::{Conflict, Duplicate, New};
use doorward_journal::{Batch, Journal, Keep, Memory, Options, Seen, Window};
use doorward_model::event::Event;
use doorward_model::hash::Fingerprint;
use doorward_model::id::FactNumber;
use doorward_model::time::Millis;

use crate::engines::{Engine, all_events, append, on_every_engine, open_with, scratch, tenant};
use crate::samples::{Numbering, START, event};

/// Checks events as a writer does and records those that are to be kept.
fn take(log: &mut dyn Journal, events: &[Event]) -> Vec<Seen> {
    let mut next = Numbering::after(log.head());
    let answers: Vec<_> = events.iter().map(|event| log.check(event).unwrap()).collect();
    let kept = events.iter().zip(&answers).filter(|(_, seen)| **seen != Duplicate);
    let records: Vec<_> = kept.map(|(event, _)| next.observation(0, event.clone(), START)).collect();
    append(log, &records).unwrap();
    answers
}

#[test]
fn a_repeated_event_is_a_duplicate_and_other_content_a_conflict() {
    on_every_engine(|mut engine| {
        let (a, b) = (event("a", "one", 0), event("b", "two", 0));
        let other = event("a", "three", 0);
        let elsewhere = Event { source: "okta".to_owned(), ..a.clone() };
        let batch = [a.clone(), b.clone(), a.clone(), other.clone(), elsewhere];
        assert_eq!(
            take(engine.log.as_mut(), &batch),
            [New, New, Duplicate, Conflict, New],
            "{}",
            engine.name
        );
        let mut engine = engine.reopen();
        assert_eq!(
            take(engine.log.as_mut(), &[a, b, other, event("a", "four", 0)]),
            [Duplicate, Duplicate, Duplicate, Conflict],
            "{}",
            engine.name
        );
    });
}

#[test]
fn a_reservation_ends_with_the_next_append() {
    on_every_engine(|mut engine| {
        let (a, b) = (event("a", "one", 0), event("b", "two", 0));
        let answers = [&a, &b, &a].map(|event| engine.log.check(event).unwrap());
        assert_eq!(answers, [New, New, Duplicate], "{}", engine.name);
        let mut next = Numbering::after(engine.log.head());
        let record = next.observation(0, b.clone(), START);
        engine.append(&[record]);
        let answers = [&a, &b].map(|event| engine.log.check(event).unwrap());
        assert_eq!(answers, [New, Duplicate], "{}", engine.name);
    });
}

#[test]
fn what_a_failed_append_did_not_record_is_new_again() {
    on_every_engine(|mut engine| {
        let a = event("a", "one", 0);
        assert_eq!(engine.log.check(&a).unwrap(), New, "{}", engine.name);
        let mut next = Numbering::after(engine.log.head());
        let _skipped = next.observation(0, a.clone(), START);
        let gap = next.observation(0, a.clone(), START);
        append(engine.log.as_mut(), &[gap]).unwrap_err();
        assert_eq!(take(engine.log.as_mut(), &[a.clone(), a]), [New, Duplicate], "{}", engine.name);
    });
}

#[test]
fn what_was_appended_without_a_check_is_known_too() {
    on_every_engine(|mut engine| {
        let mut next = Numbering::after(engine.log.head());
        let records = [0, 60, 120].map(|minutes| next.observation(0, event("a", "one", minutes), START));
        engine.append(&records);
        let answers = [0, 60, 120].map(|minutes| engine.log.check(&event("a", "one", minutes)).unwrap());
        assert_eq!(answers, [Duplicate; 3], "{}", engine.name);
    });
}

#[test]
fn an_event_whose_time_was_set_right_is_known_when_it_comes_again_later() {
    on_every_engine(|mut engine| {
        let ahead = event("a", "one", 60 * 24 * 30);
        let set_right = |minutes: i64| Event {
            happened_at_ms: (START + Millis::MINUTE.times(minutes)).ms(),
            claimed_at_ms: ahead.happened_at_ms,
            ..ahead.clone()
        };
        let answers = take(engine.log.as_mut(), &[set_right(5), set_right(200)]);
        let engine = &mut engine.reopen();
        let later = take(engine.log.as_mut(), &[set_right(400), ahead.clone()]);
        assert_eq!((answers, later), (vec![New, Duplicate], vec![Duplicate; 2]), "{}", engine.name);
    });
}

#[test]
fn without_a_content_hash_the_raw_record_is_hashed_as_intake_would() {
    on_every_engine(|mut engine| {
        let bare = Event { content: None, ..event("a", "one", 0) };
        let hashed = Event { content: Some(Fingerprint::of(&bare.raw)), ..bare.clone() };
        let other = Event { raw: b"two".to_vec(), ..bare.clone() };
        let answers = take(engine.log.as_mut(), &[bare, hashed, other]);
        assert_eq!(answers, [New, Duplicate, Conflict], "{}", engine.name);
    });
}

#[test]
fn an_expired_event_is_new_again() {
    on_every_engine(|mut engine| {
        let (old, kept) = (event("a", "one", 0), event("b", "two", 0));
        take(engine.log.as_mut(), std::slice::from_ref(&old));
        let mut next = Numbering::after(engine.log.head());
        let record = next.observation(0, kept.clone(), START + Millis::HOUR);
        engine.append(&[record]);
        engine.log.prune(&all_events(START + Millis::SECOND)).unwrap();
        let answers = [&old, &kept].map(|event| engine.log.check(event).unwrap());
        assert_eq!(answers, [New, Duplicate], "{}", engine.name);
    });
}

/// Three hours, each too large for the limit together with another.
fn three_hours() -> Vec<Vec<Event>> {
    let hour = |hour: i64| (0..80).map(|id| event(&format!("{hour}-{id}"), "same", hour * 60 + 1)).collect();
    (0..3).map(hour).collect()
}

#[test]
fn memory_is_bounded_and_sqlite_reloads_what_has_left_it() {
    let (_folder, path) = scratch();
    let options = Options { fingerprints_max: 200, ..Options::default() };
    let mut log = open_with(&path, &tenant(), options).unwrap();
    for hour in three_hours() {
        take(&mut log, &hour);
    }
    assert_eq!(log.window(), Window { hours: 1, fingerprints: 80, spilled: 0, evicted: 2 });
    for hour in three_hours() {
        assert_eq!(take(&mut log, &hour), [Duplicate; 80]);
    }
    assert_eq!(log.window(), Window { hours: 1, fingerprints: 80, spilled: 0, evicted: 5 });
}

/// As many events as wanted, all of one hour.
fn one_hour(ids: std::ops::Range<u32>) -> Vec<Event> {
    ids.map(|id| event(&format!("id-{id}"), &format!("content of {id}"), 1)).collect()
}

#[test]
fn an_hour_of_many_events_takes_bounded_memory_and_is_known_all_the_same() {
    let (_folder, path) = scratch();
    let options = Options { fingerprints_max: 200, ..Options::default() };
    let mut sqlite = open_with(&path, &tenant(), options).unwrap();
    let mut memory = Memory::with_fingerprints(Keep::Nothing, 200).unwrap();
    let events = one_hour(0..1_000);
    let others: Vec<_> =
        (0..1_000).step_by(7).map(|id| event(&format!("id-{id}"), &format!("other of {id}"), 1)).collect();
    let again = |log: &mut dyn Journal| {
        for batch in events.chunks(30) {
            assert_eq!(take(log, batch), vec![Duplicate; batch.len()]);
        }
    };
    for log in [&mut sqlite as &mut dyn Journal, &mut memory] {
        for batch in events.chunks(30) {
            assert_eq!(take(log, batch), vec![New; batch.len()]);
            assert!(log.window().fingerprints < 130, "{:?}", log.window());
        }
        let window = log.window();
        assert_eq!((window.hours, window.fingerprints + window.spilled, window.evicted), (1, 1_000, 0));
        again(log);
        assert_eq!(take(log, &others), vec![Conflict; 143]);
        assert_eq!(take(log, &others), vec![Duplicate; 143]);
        assert_eq!(take(log, &one_hour(1_000..1_100)), vec![New; 100]);
    }
    // Reading the hour again is bounded, too.
    drop(sqlite);
    let mut sqlite = open_with(&path, &tenant(), options).unwrap();
    again(&mut sqlite);
    let window = sqlite.window();
    assert!(window.fingerprints < 130, "{window:?}");
    assert_eq!(window.fingerprints + window.spilled, 1_000 + 143 + 100);
    assert_eq!(take(&mut sqlite, &others), vec![Duplicate; 143]);
}

#[test]
fn what_a_failed_append_did_not_record_is_new_again_in_an_hour_that_was_spilled() {
    let (_folder, path) = scratch();
    let mut log =
        open_with(&path, &tenant(), Options { fingerprints_max: 20, ..Options::default() }).unwrap();
    let events = one_hour(0..100);
    assert_eq!(take(&mut log, &events[..60]), vec![New; 60]);
    let other = event("id-0", "another", 1);
    let answers: Vec<_> =
        events[50..].iter().chain([&other]).map(|event| log.check(event).unwrap()).collect();
    assert_eq!(answers, [vec![Duplicate; 10], vec![New; 40], vec![Conflict]].concat());
    log.append(Batch { records: &[], facts_seen: FactNumber(9) }).unwrap_err();
    let answers: Vec<_> = events.iter().chain([&other]).map(|event| log.check(event).unwrap()).collect();
    assert_eq!(answers, [vec![Duplicate; 60], vec![New; 40], vec![Conflict]].concat());
}

#[test]
fn an_expired_event_of_an_hour_that_was_spilled_is_new_again() {
    let (_folder, path) = scratch();
    let mut log =
        open_with(&path, &tenant(), Options { fingerprints_max: 20, ..Options::default() }).unwrap();
    let events = one_hour(0..60);
    take(&mut log, &events[..40]);
    let mut next = Numbering::after(log.head());
    let later = START + Millis::HOUR;
    let records: Vec<_> =
        events[40..].iter().map(|event| next.observation(0, event.clone(), later)).collect();
    for event in &events[40..] {
        assert_eq!(log.check(event).unwrap(), New);
    }
    append(&mut log, &records).unwrap();
    assert_eq!(take(&mut log, &events[39..41]), [Duplicate; 2]);
    log.prune(&all_events(START + Millis::SECOND)).unwrap();
    let answers: Vec<_> = events.iter().map(|event| log.check(event).unwrap()).collect();
    assert_eq!(answers, [vec![New; 40], vec![Duplicate; 20]].concat());
}

#[test]
fn memory_forgets_hours_far_behind_and_only_those() {
    let mut log = Memory::with_fingerprints(Keep::Nothing, 200).unwrap();
    let hours = three_hours();
    for hour in &hours {
        assert_eq!(take(&mut log, hour), [New; 80]);
        assert_eq!(take(&mut log, hour), [Duplicate; 80]);
    }
    assert_eq!(log.window(), Window { hours: 1, fingerprints: 80, spilled: 0, evicted: 2 });
    assert_eq!(take(&mut log, &hours[0]), [New; 80]);
}

#[test]
fn reservations_of_several_hours_outlive_the_limit() {
    let (_folder, path) = scratch();
    let options = Options { fingerprints_max: 10, ..Options::default() };
    let mut sqlite = open_with(&path, &tenant(), options).unwrap();
    let mut memory = Memory::with_fingerprints(Keep::All, 10).unwrap();
    for log in [&mut sqlite as &mut dyn Journal, &mut memory] {
        let mut events: Vec<_> = (0..5).map(|hour| event(&format!("{hour}"), "same", hour * 60)).collect();
        events.extend_from_within(..);
        assert_eq!(
            take(log, &events),
            [New, New, New, New, New, Duplicate, Duplicate, Duplicate, Duplicate, Duplicate]
        );
    }
}

#[test]
fn keeping_nothing_still_numbers_and_dedupes() {
    let mut log = Memory::new(Keep::Nothing).unwrap();
    let mut next = Numbering::after(log.head());
    let mut records = next.observations(0..4, START);
    records.push(next.fact(START));
    log.append(Batch { records: &records, facts_seen: FactNumber(1) }).unwrap();
    assert_eq!(
        append(&mut log, &records).unwrap_err().to_string(),
        "cannot append observation 1 of partition 0: the next number is 3"
    );
    let engine = Engine { log: Box::new(log), ..Engine::memory() };
    assert_eq!((engine.rows(), engine.log.head().fact), (vec![], FactNumber(1)));
}
