//! Kept rejects, page by page, whatever happens to their files between two pages.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use doorward_model::id::FactNumber;
use doorward_serve::answers::query::{Page, Query};
use doorward_serve::answers::rejects::{FIELDS, FILES, Place, RejectRow, Shown, rejects};
use serde_json::json;

fn line(record: u64, kept: &str) -> String {
    let source = if record.is_multiple_of(2) { "even" } else { "odd" };
    let row = json!({"source": source, "record": record, "bytes": [0, 9], "reason": "no", "hash": "00", "kept": kept});
    format!("{row}\n")
}

#[expect(clippy::disallowed_methods, reason = "the test is the program that opens the files")]
fn page(folder: &Path, asked: &[(&str, &str)], from: Option<&str>) -> Page<RejectRow> {
    let pairs = asked.iter().map(|(field, value)| ((*field).to_owned(), (*value).to_owned()));
    let query = Query::read(pairs, &FIELDS, 1_000).unwrap();
    let from = from.map(|cursor| Place::read(cursor).unwrap());
    let files: Vec<_> =
        FILES.iter().rev().filter_map(|name| fs::File::open(folder.join(name)).ok()).collect();
    rejects(&files, &query, (from, Shown::Kept, FactNumber(7))).unwrap()
}

fn records(page: &Page<RejectRow>) -> Vec<u64> {
    page.items.iter().map(|row| row.record).collect()
}

#[test]
fn all_of_them_come_once_newest_first_however_long_the_lines_are() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(page(dir.path(), &[], None), Page { items: vec![], next_cursor: None, seen: FactNumber(7) });
    let long = "\u{1}".repeat(64 * 1024);
    let kept = |record: u64| {
        if record.is_multiple_of(3) {
            long.clone()
        } else {
            "x".repeat(usize::try_from(record).unwrap() * 97)
        }
    };
    let lines =
        |records: std::ops::Range<u64>| records.map(|record| line(record, &kept(record))).collect::<String>();
    fs::write(dir.path().join(FILES[0]), lines(0..40)).unwrap();
    // A crash has cut a line in the middle, and the last one.
    fs::write(dir.path().join(FILES[1]), format!("{}{{\"source\":\n{}{{\"so", lines(40..50), lines(50..60)))
        .unwrap();
    let (mut all, mut cursor, mut pages) = (Vec::new(), None, 0);
    loop {
        let found = page(dir.path(), &[("limit", "7")], cursor.as_deref());
        assert!(
            found.items.len() <= 7
                && found.items.iter().all(|row| row.kept.as_deref() == Some(kept(row.record).as_str()))
        );
        all.extend(records(&found));
        pages += 1;
        cursor = found.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!((all, pages), ((0..60).rev().collect(), 9));
    let even = page(dir.path(), &[("source", "even"), ("limit", "1000")], None);
    assert_eq!(records(&even).into_iter().collect::<BTreeSet<_>>(), (0..60).step_by(2).collect());
}

#[test]
fn a_page_goes_on_where_it_was_when_the_newer_file_has_become_the_older_one() {
    let dir = tempfile::tempdir().unwrap();
    let [older, newer] = FILES.map(|name| dir.path().join(name));
    fs::write(&newer, (0..4).map(|record| line(record, "")).collect::<String>()).unwrap();
    let first = page(dir.path(), &[("limit", "2")], None);
    let cursor = first.next_cursor.clone().unwrap();
    fs::rename(&newer, &older).unwrap();
    fs::write(&newer, line(9, "")).unwrap();
    assert_eq!((records(&first), records(&page(dir.path(), &[], Some(&cursor)))), (vec![3, 2], vec![1, 0]));
    // What has made room for newer ones is gone, and nothing comes twice.
    fs::rename(&newer, &older).unwrap();
    assert_eq!(
        page(dir.path(), &[], Some(&cursor)),
        Page { items: vec![], next_cursor: None, seen: FactNumber(7) }
    );
    assert_eq!([Place::read("1"), Place::read("a.b"), Place::read("")], [None, None, None]);
}
