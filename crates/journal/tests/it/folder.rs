//! The data folder: whose it is, who may use it, and what happens when it is full.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use doorward_journal::{Batch, Checkpoint, Journal, JournalError, Options, Position, Seen, Sqlite};
use doorward_model::id::{FactNumber, TenantId};
use rusqlite::Connection;

use crate::engines::{append, newest_checkpoint, open, open_with, records_of, rows_from, scratch, tenant};
use crate::samples::{Numbering, START, event};

fn refusal(path: &Path, tenant: &TenantId) -> String {
    open_with(path, tenant, Options::default()).unwrap_err().to_string()
}

#[test]
fn only_the_owner_can_read_it() {
    let (_folder, path) = scratch();
    let mut log = open(&path);
    let mut next = Numbering::after(log.head());
    append(&mut log, &[next.fact(START)]).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let mut modes: Vec<_> = fs::read_dir(&path)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), mode(&entry.path())))
        .collect();
    modes.sort();
    let expected = ["journal.lock", "journal.sqlite", "journal.sqlite-shm", "journal.sqlite-wal"];
    assert_eq!((mode(&path), modes), (0o700, expected.map(|name| (name.to_owned(), 0o600)).to_vec()));
}

#[test]
fn a_second_writer_is_refused_and_told_who_has_it() {
    let (_folder, path) = scratch();
    let first = open(&path);
    let expected = format!("cannot open {}: process {} is using it", path.display(), std::process::id());
    let refused = Sqlite::open(&path, &tenant(), Options::default()).unwrap_err();
    assert_eq!(refused.to_string(), expected);
    drop(first);
    assert_eq!(open(&path).head().position, Position(0));
}

#[test]
fn a_folder_holds_one_tenant() {
    let (_folder, path) = scratch();
    drop(open(&path));
    let expected = format!("cannot open {} for tenant globex: it holds tenant acme", path.display());
    assert_eq!(refusal(&path, &TenantId::from("globex")), expected);
}

#[test]
fn a_folder_of_a_newer_version_is_refused_and_left_as_it_is() {
    for (sql, expected) in [
        (
            "UPDATE meta SET format = 4, min_reader = 3 WHERE kind = 'rows'",
            Some(
                "its rows has format 4, which asks for a reader of at least format 3, and this version reads up to format 2",
            ),
        ),
        (
            "INSERT INTO meta VALUES ('leases', 1, 1)",
            Some(
                "its leases has format 1, which asks for a reader of at least format 1, and this version reads up to format 0",
            ),
        ),
        ("UPDATE meta SET format = 3, min_reader = 2 WHERE kind = 'rows'", None),
        ("INSERT INTO meta VALUES ('hints', 1, 0)", None),
    ] {
        let (_folder, path) = scratch();
        drop(open(&path));
        let database = path.join("journal.sqlite");
        Connection::open(&database).unwrap().execute(sql, []).unwrap();
        let before = fs::read(&database).unwrap();
        let opened = open_with(&path, &tenant(), Options::default()).err().map(|error| error.to_string());
        let expected = expected.map(|what| {
            format!("cannot open {}: {what}; use the version that wrote it or a newer one", path.display())
        });
        assert_eq!(opened, expected, "{sql}");
        assert!(fs::read(&database).unwrap() == before, "{sql}");
    }
}

#[test]
fn what_is_no_database_is_refused() {
    let (_folder, path) = scratch();
    fs::create_dir(&path).unwrap();
    fs::write(
        path.join("journal.sqlite"),
        "not a database, but long enough to be looked at as one".repeat(40),
    )
    .unwrap();
    assert_eq!(refusal(&path, &tenant()), "cannot use the journal database");
}

#[test]
fn a_full_disk_stops_appends_and_nothing_else() {
    let (_folder, path) = scratch();
    let options = Options { page_limit: Some(80), ..Options::default() };
    let mut log = open_with(&path, &tenant(), options).unwrap();
    let mut acknowledged = Vec::new();
    let refused = loop {
        let mut next = Numbering::after(log.head());
        let first = u32::try_from(acknowledged.len()).unwrap();
        let records: Vec<_> = (first..first + 20)
            .map(|id| {
                let noise = doorward_model::hash::Hash16::of(&id.to_le_bytes()).to_string().repeat(20);
                let event = event(&id.to_string(), &noise, 0);
                assert_eq!(log.check(&event).unwrap(), Seen::New);
                next.observation(0, event, START)
            })
            .collect();
        match log.append(Batch { records: &records, facts_seen: FactNumber(0) }) {
            Ok(_) => acknowledged.extend(records),
            Err(error) => break (error, records),
        }
    };
    let (error, records) = refused;
    assert!(matches!(error, JournalError::Full(_)), "{error:?}");
    assert_eq!(error.to_string(), "cannot write to the journal: the disk or its page limit is full");
    let large: Vec<u8> =
        (0..200_000_u32).flat_map(|word| word.wrapping_mul(2_654_435_761).to_be_bytes()).collect();
    let full = "cannot write to the journal: the disk or its page limit is full";
    assert_eq!(log.put_blob(&large).unwrap_err().to_string(), full);
    let checkpoint = Checkpoint { position: Position(1), fact: FactNumber(0), format: 1, bytes: large };
    assert_eq!(log.put_checkpoint(&checkpoint).unwrap_err().to_string(), full);

    let read = |log: &Sqlite| -> Vec<_> {
        rows_from(log, Position(0)).unwrap().into_iter().flat_map(records_of).collect()
    };
    assert_eq!(read(&log), acknowledged);
    assert_eq!(log.verify().unwrap().rows, log.head().position.0);
    assert_eq!(log.check(&event("0", "other", 0)).unwrap(), Seen::Conflict);

    log.limit_pages(10_000).unwrap();
    append(&mut log, &records).unwrap();
    log.put_checkpoint(&checkpoint).unwrap();
    acknowledged.extend(records);
    drop(log);
    let log = open(&path);
    assert_eq!(read(&log), acknowledged);
    assert_eq!(newest_checkpoint(&log).unwrap(), Some(checkpoint));
}
