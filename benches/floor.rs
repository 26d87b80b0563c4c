//! The floor under any reader of CloudTrail: the fastest typed parse of nine fields. The benches that are compared with
//! it share this file by its path.

use std::borrow::Cow;
use std::hint::black_box;

use serde::Deserialize;

#[derive(Deserialize)]
struct File<'a> {
    #[serde(rename = "Records", borrow)]
    records: Vec<Record<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "the floor is to parse them")]
struct Record<'a> {
    #[serde(borrow)]
    event_time: Cow<'a, str>,
    event_source: Cow<'a, str>,
    event_name: Cow<'a, str>,
    aws_region: Cow<'a, str>,
    #[serde(rename = "sourceIPAddress")]
    source_ip_address: Cow<'a, str>,
    user_agent: Option<Cow<'a, str>>,
    #[serde(rename = "eventID")]
    event_id: Cow<'a, str>,
    error_code: Option<Cow<'a, str>>,
    recipient_account_id: Cow<'a, str>,
}

/// Parses a file as it is delivered, and counts its records.
#[expect(clippy::unwrap_used, reason = "a benchmark stops at what it did not expect")]
pub(crate) fn typed_parse(bytes: &[u8]) -> usize {
    let file: File<'_> = sonic_rs::from_slice(bytes).unwrap();
    black_box(file.records).len()
}
