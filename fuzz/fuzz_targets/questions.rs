//! Any query of a list, which the first letter selects: filters, limits, cursors.
#![no_main]

use std::collections::BTreeSet;

use doorward_fuzz::{limits, server};
use http::StatusCode;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Some(which @ 0..=127) = text.bytes().next() else { return };
    let (_, query) = text.split_at(1);
    let server = server();
    let path = LISTS[usize::from(which.wrapping_sub(b'0')) % LISTS.len()];
    let (mut asked, mut cursors) = (format!("{path}?{query}"), BTreeSet::new());
    // Nothing is told when it is no address that can be written.
    while let Some(answer) = server.send("GET", &asked, b"") {
        if answer.status != StatusCode::OK {
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{asked}");
            assert!(answer.json["title"].is_string(), "{answer:?}");
            assert!(cursors.is_empty(), "a page gave a cursor that is refused: {asked}");
            return;
        }
        let Some(items) = answer.json["items"].as_array() else { return };
        assert!(items.len() <= limits().page_max, "{asked} gives {}", items.len());
        let Some(cursor) = answer.json["next_cursor"].as_str() else { return };
        assert!(cursors.insert(cursor.to_owned()), "{asked} leads back to itself");
        asked = format!("{path}?cursor={cursor}");
    }
});

const LISTS: [&str; 8] = [
    "/v1/identities",
    "/v1/findings",
    "/v1/unusual",
    "/v1/events",
    "/v1/holds",
    "/v1/peps",
    "/v1/tokens",
    "/v1/who",
];
