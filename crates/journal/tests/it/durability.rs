//! What was acknowledged survives: an acknowledgement never comes before its fdatasync, and the end of the
//! process at any moment loses nothing.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use doorward_journal::{Journal, Options, Position, Seen, Sqlite, Synchronous};
use doorward_model::record::Record;

use crate::engines::{append, open, records_of, rows_from, scratch, tenant};
use crate::samples::{Numbering, START};

const FOLDER: &str = "DOORWARD_JOURNAL_TEST_FOLDER";
const SYNCHRONOUS: &str = "DOORWARD_JOURNAL_TEST_SYNCHRONOUS";
const APPENDS: &str = "DOORWARD_JOURNAL_TEST_APPENDS";

#[expect(clippy::disallowed_methods, reason = "how the parent test speaks to its child process")]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The child process: appends batches of several sizes and acknowledges each on its standard output. Started as
/// a test of its own it has no folder and does nothing.
#[test]
fn child() {
    let Some(folder) = setting(FOLDER) else { return };
    let appends = setting(APPENDS).map_or(u32::MAX, |appends| appends.parse().unwrap());
    let synchronous = if setting(SYNCHRONOUS).is_some() { Synchronous::Off } else { Synchronous::Full };
    let options = Options { synchronous, ..Options::default() };
    let mut log = Sqlite::open(Path::new(&folder), &tenant(), options).unwrap();
    let mut out = std::io::stdout();
    for _ in 0..appends {
        let mut next = Numbering::after(log.head());
        let first = u32::try_from(next.count()).unwrap();
        let mut records = next.observations(first..first + 1 + first % 40, START);
        records.push(next.fact(START));
        append(&mut log, &records).unwrap();
        let head = log.head();
        let line = format!("ack {} {}\n", head.position, head.fact);
        out.write_all(line.as_bytes()).and_then(|()| out.flush()).unwrap();
    }
}

fn as_child(command: &mut Command, folder: &Path) {
    command.args(["--exact", "durability::child", "--nocapture", "--test-threads=1"]);
    command.env(FOLDER, folder).stdout(Stdio::piped()).stderr(Stdio::null());
}

/// How often the log was synced before each acknowledgement since the one before, and whether it then held
/// anything that was not synced; `None` when the system calls cannot be watched.
fn watch(folder: &Path, synchronous_off: bool) -> Option<Vec<(usize, bool)>> {
    let trace = folder.join("trace");
    let mut command = Command::new("strace");
    command.args(["-f", "-y", "-e", "trace=write,pwrite64,fsync,fdatasync", "-o"]).arg(&trace);
    command.arg(std::env::current_exe().unwrap());
    as_child(&mut command, &folder.join("data"));
    command.env(APPENDS, "60");
    if synchronous_off {
        command.env(SYNCHRONOUS, "off");
    }
    let ran = command.output();
    if !ran.as_ref().is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED: strace is missing or may not trace here: {ran:?}");
        return None;
    }
    Some(acknowledgements(&fs::read_to_string(trace).unwrap()))
}

fn acknowledgements(trace: &str) -> Vec<(usize, bool)> {
    let (mut syncs, mut dirty, mut acknowledged) = (0, false, Vec::new());
    for line in trace.lines() {
        let of_log = line.contains("journal.sqlite-wal>");
        if of_log && line.contains("pwrite64(") {
            dirty = true;
        } else if of_log && line.contains("sync(") && line.ends_with("= 0") {
            syncs += 1;
            dirty = false;
        } else if line.contains("\"ack ") {
            acknowledged.push((syncs, dirty));
            syncs = 0;
        }
    }
    acknowledged
}

#[test]
fn an_acknowledgement_comes_after_its_fdatasync_and_costs_one() {
    let (folder, _) = scratch();
    let Some(acknowledged) = watch(folder.path(), false) else { return };
    let (first, rest) = acknowledged.split_first().unwrap();
    assert!(!first.1 && first.0 > 0, "{first:?}");
    assert_eq!(rest, [(1, false); 59]);
}

/// The test above can fail: without syncing, every acknowledgement comes too early.
#[test]
fn without_syncing_acknowledgements_are_seen_to_come_too_early() {
    let (folder, _) = scratch();
    let Some(acknowledged) = watch(folder.path(), true) else { return };
    let too_early: Vec<_> = acknowledged.iter().map(|(_, dirty)| *dirty).collect();
    assert_eq!(too_early, [true; 60]);
}

/// Reads some acknowledgements, ends the child without warning, and returns the last that it gave.
fn kill_after(mut child: Child, count: usize) -> (u64, u64) {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acknowledged = lines.map_while(Result::ok).filter_map(|line| {
        let (_, numbers) = line.split_once("ack ")?;
        let (position, fact) = numbers.split_once(' ')?;
        Some((position.parse().ok()?, fact.parse().ok()?))
    });
    let reached = acknowledged.nth(count).expect("the child acknowledges");
    child.kill().unwrap();
    let last = acknowledged.last().unwrap_or(reached);
    child.wait().unwrap();
    last
}

#[test]
fn a_killed_writer_loses_nothing_that_it_acknowledged() {
    let (_folder, path) = scratch();
    for round in 0..20_usize {
        let mut command = Command::new(std::env::current_exe().unwrap());
        as_child(&mut command, &path);
        let (position, fact) = kill_after(command.spawn().unwrap(), round * 37 % 23);

        let mut log = open(&path);
        let head = log.head().clone();
        assert!(head.position.0 >= position && head.fact.0 >= fact, "{head:?} after {position} {fact}");
        assert_eq!(log.verify().unwrap().rows, head.position.0);
        let rows = rows_from(&log, Position(0)).unwrap();
        let events = rows.into_iter().flat_map(records_of).filter_map(|record| match record {
            Record::Observation(seen) => Some(seen.event),
            Record::Fact(_) => None,
        });
        let mut events: Vec<_> = events.collect();
        let count = Numbering::after(&head).count();
        assert_eq!(events.len() as u64, count);
        let ids: Vec<_> = events.iter().map(|event| event.id.clone()).collect();
        assert_eq!(ids, (0..count).map(|id| format!("id-{id}")).collect::<Vec<_>>());
        let known: Vec<_> = events.drain(..).map(|event| log.check(&event).unwrap()).collect();
        assert_eq!(known, vec![Seen::Duplicate; known.len()]);
        let mut next = Numbering::after(&head);
        let id = u32::try_from(count).unwrap();
        let Record::Observation(unknown) = next.observations(id..id + 1, START).remove(0) else { panic!() };
        assert_eq!(log.check(&unknown.event).unwrap(), Seen::New);
    }
}
