//! A copy of a data folder is a data folder.

use std::fs;
use std::thread;

use doorward_journal::{Journal, Position, Verified, sqlite};
use doorward_model::id::TenantId;
use rusqlite::Connection;

use crate::engines::{append, open, rows_from, scratch, tenant};
use crate::samples::{Numbering, START};

#[test]
fn a_backup_holds_everything_and_is_restored_by_copying_it_back() {
    let (folder, path) = scratch();
    let mut log = open(&path);
    let mut next = Numbering::after(log.head());
    append(&mut log, &next.observations(0..50, START)).unwrap();
    append(&mut log, &[next.fact(START)]).unwrap();
    let blob = log.put_blob(b"policy").unwrap();
    let (backup, restored) = (folder.path().join("backup"), folder.path().join("restored"));
    drop(sqlite::copy(&path, &tenant(), &backup).unwrap());
    let copy = sqlite::copy(&backup, &tenant(), &restored).unwrap();
    assert_eq!(copy.verify().unwrap(), Verified { rows: 2, expired: 0 });
    assert_eq!(copy.head(), log.head());
    assert_eq!(rows_from(&copy, Position(0)).unwrap(), rows_from(&log, Position(0)).unwrap());
    assert_eq!(copy.blob(blob).unwrap().as_deref(), Some(&b"policy"[..]));
}

#[test]
fn a_copy_never_overwrites_and_never_leaves_half_of_one() {
    let (folder, path) = scratch();
    let mut log = open(&path);
    let mut next = Numbering::after(log.head());
    append(&mut log, &[next.fact(START)]).unwrap();
    drop(log);
    let exists = sqlite::copy(&path, &tenant(), folder.path()).unwrap_err();
    assert_eq!(exists.to_string(), format!("cannot copy to {}: it exists", folder.path().display()));

    let target = folder.path().join("backup");
    let foreign = sqlite::copy(&path, &TenantId::from("other"), &target).unwrap_err();
    let belongs = format!("cannot open {} for tenant other: it holds tenant {}", target.display(), tenant());
    assert_eq!(foreign.to_string(), belongs);
    assert!(!target.exists());
    let nothing = sqlite::copy(&folder.path().join("nowhere"), &tenant(), &target).unwrap_err();
    assert_eq!(nothing.to_string(), "cannot use the journal database");
    assert!(!target.exists());
    assert!(fs::exists(path).unwrap());
}

#[test]
fn a_broken_row_is_copied_as_it_is_and_does_not_verify() {
    let (folder, path) = scratch();
    let mut log = open(&path);
    let mut next = Numbering::after(log.head());
    append(&mut log, &[next.fact(START)]).unwrap();
    append(&mut log, &[next.fact(START)]).unwrap();
    drop(log);
    let database = Connection::open(path.join("journal.sqlite")).unwrap();
    database.execute("UPDATE row SET packed = x'00' WHERE position = 1", []).unwrap();
    let copy = sqlite::copy(&path, &tenant(), &folder.path().join("backup")).unwrap();
    let broken = copy.verify().unwrap_err();
    assert_eq!(broken.to_string(), "cannot read journal row 1: its content is not what was written");
}

#[test]
fn a_backup_is_taken_while_the_writer_works() {
    let (folder, path) = scratch();
    let mut log = open(&path);
    let mut next = Numbering::after(log.head());
    append(&mut log, &next.observations(0..30, START)).unwrap();
    let first = log.head().position;
    let copied = thread::scope(|scope| {
        let copies = scope.spawn(|| {
            let copy = |number: i32| sqlite::copy(&path, &tenant(), &folder.path().join(number.to_string()));
            (0..5).map(|number| copy(number).unwrap().verify().unwrap()).collect::<Vec<_>>()
        });
        let mut id = 30;
        while !copies.is_finished() {
            append(&mut log, &next.observations(id..id + 30, START)).unwrap();
            id += 30;
        }
        copies.join().unwrap()
    });
    let rows: Vec<_> = copied.iter().map(|verified| verified.rows).collect();
    assert!(rows.is_sorted() && rows[0] >= first.0 && rows[4] <= log.head().position.0, "{rows:?}");
}
