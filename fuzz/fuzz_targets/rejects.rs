//! Any bytes as a file of rejects.
#![no_main]

use std::fs::File;
use std::os::unix::fs::FileExt;

use doorward_model::id::FactNumber;
use doorward_serve::answers::query::Query;
use doorward_serve::answers::rejects::{FIELDS, Place, RejectRow, Shown, rejects};
use libfuzzer_sys::fuzz_target;

thread_local! {
    /// In memory, and without a name.
    static KEPT: File = {
        let path = format!("/dev/shm/doorward-fuzz-{}", std::process::id());
        let file = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        file
    };
}

fuzz_target!(|bytes: &[u8]| {
    KEPT.with(|kept| {
        kept.set_len(0).unwrap();
        kept.write_all_at(bytes, 0).unwrap();
        let lines = bytes.split(|byte| *byte == b'\n').rev();
        let expected: Vec<RejectRow> = lines.filter_map(|line| serde_json::from_slice(line).ok()).collect();
        assert_eq!(listed(std::slice::from_ref(kept)), expected);
    });
});

/// All of them, page by page.
fn listed(files: &[File]) -> Vec<RejectRow> {
    let limit = [("limit".to_owned(), "2".to_owned())];
    let query = Query::read(limit.into_iter(), &FIELDS, 2).unwrap();
    let (mut found, mut from) = (Vec::new(), None);
    loop {
        let page = rejects(files, &query, (from, Shown::Kept, FactNumber(1))).unwrap();
        assert!(page.items.len() == 2 || page.next_cursor.is_none(), "a page is full, or the last one");
        found.extend(page.items);
        let Some(cursor) = page.next_cursor else { return found };
        from = Some(Place::read(&cursor).unwrap());
    }
}
