//! What is wrong costs only itself, and is told.

use doorward_intake::Limits;
use doorward_model::reject::REJECT_KEPT_BYTES_MAX;

use crate::support::{read, read_with, record};

fn check(input: &[u8], expected: &[&str]) {
    let begins = &input[..input.len().min(400)];
    assert_eq!(read(input).lines(), expected, "{} bytes: {}", input.len(), begins.escape_ascii());
}

#[test]
fn after_a_syntax_error_the_rest_is_one_reject() {
    let (a, b) = (record("a"), record("b"));
    let end = a.len() + 1;
    let lines = format!("{a}\n{{\"eventName\": oops}}\n{b}\n");
    check(
        lines.as_bytes(),
        &["a", &format!("reject 2 at {end}..{}: not well-formed JSON: expected a value", lines.len())],
    );
    let listed = format!(r#"{{"Records":[{a},{{"x" 1}},{b}]}}"#);
    let start = 13 + a.len();
    check(
        listed.as_bytes(),
        &["a", &format!("reject 2 at {start}..{}: not well-formed JSON: expected a colon", listed.len())],
    );
    let between = format!(r#"{{"Records":[{a} {b}]}}"#);
    check(
        between.as_bytes(),
        &[
            "a",
            &format!(
                "reject 2 at {start}..{}: not well-formed JSON: expected a comma or the end of the list or object",
                between.len()
            ),
        ],
    );
    check(b"hello, {\"world\"}\n", &["reject 1 at 0..17: not well-formed JSON: expected a value"]);
}

#[test]
fn files_of_other_kinds_are_told_by_how_they_begin() {
    let padded = |begin: &[u8]| [begin, &[0_u8, 1, 2, 0xff].repeat(2_000)].concat();
    for (begin, kind) in [
        (&b"SQLite format 3\0\x10\0\n"[..], "SQLite database"),
        (b"PAR1\x15\n", "Parquet file"),
        (b"%PDF-1.7\n%\xe2\xe3", "PDF document"),
        (b"\x89PNG\r\n\x1a\n", "PNG image"),
        (b"\xff\xd8\xff\xe0", "JPEG image"),
        (b"\x7fELF\x02", "program"),
    ] {
        check(&padded(begin), &[&format!("skipped {kind}")]);
    }
    let tar = [&b"logs/a.json"[..], &[0; 246], b"ustar\0"].concat();
    for (begin, kind) in [
        (&b"PK\x03\x04"[..], "zip archive"),
        (b"BZh91AY", "bzip2 archive"),
        (b"\xfd7zXZ\0", "xz archive"),
        (b"7z\xbc\xaf\x27\x1c", "7z archive"),
        (b"Obj\x01", "Avro file"),
        (b"ORC", "ORC file"),
        (b"\x1f\x8b\x08", "gzip, packed twice or sent without its Content-Encoding"),
        (b"\x28\xb5\x2f\xfd\x04", "zstd, packed twice or sent without its Content-Encoding"),
        (&tar, "tar archive"),
    ] {
        let input = padded(begin);
        let expected = format!("reject 1 at 0..{}: source not supported: {kind}", input.len());
        check(&input, &[&expected]);
        let bytes: Vec<&[u8]> = input.chunks(3).collect();
        assert_eq!(read_with(Limits::default(), &bytes).lines(), [expected]);
    }
}

#[test]
fn only_text_in_which_no_record_could_begin_is_no_log() {
    let broken = "not well-formed JSON: expected a value";
    let binary = "not UTF-8: the file is binary";
    let block = "Permission is hereby granted [to you], \u{a9} 2026.\n".repeat(1_400);
    let (at_limit, behind) = (64 * 1024 - 1, 64 * 1024);
    let with_brace = |place: usize| {
        let mut text = block.clone().into_bytes();
        let place = (place..).find(|place| text.get(*place).is_some_and(u8::is_ascii)).unwrap();
        text[place..place + 2].copy_from_slice(b"{\"");
        text
    };
    assert!(block.is_char_boundary(at_limit) && block.len() > behind + 100);
    for (input, why) in [
        (b"hello, world\n".to_vec(), None),
        (b"\n\n# Logs\n\nSee [the page](page.md).\n".to_vec(), None),
        (b"\"account\",\"region\"\n\"111122223333\",\"eu-central-1\"\n".to_vec(), None),
        (b"#!/bin/sh\nmain() {\n  echo \"${HOME}\" {a,b}\n}\n".to_vec(), None),
        (b"resource \"aws_iam_role\" \"web\" {}\n".to_vec(), None),
        (block.clone().into_bytes(), None),
        (with_brace(behind), None),
        (with_brace(at_limit), Some(broken)),
        (b"March {\"eventName\":\"GetObject\"}\n".to_vec(), Some(broken)),
        (b"a,\"{\\\"eventName\\\":1}\"\n2,\"{ \\\"a\\\":1}\"\n".to_vec(), Some(broken)),
        (b"hello {".to_vec(), Some(broken)),
        (b"hello \x00 world".to_vec(), Some(binary)),
        (b"caf\xe9".to_vec(), Some(broken)),
        (b"caf\xe9 au lait".to_vec(), Some(broken)),
    ] {
        let end = input.len();
        let expected =
            why.map_or_else(|| "skipped text".to_owned(), |why| format!("reject 1 at 0..{end}: {why}"));
        check(&input, &[&expected]);
        let bytes: Vec<&[u8]> = input.chunks(777).collect();
        assert_eq!(read_with(Limits::default(), &bytes).lines(), [expected]);
    }
}

#[test]
fn a_source_that_ends_too_early_says_so() {
    let a = record("a");
    let cut = "cut short: the source ends inside of a record or list";
    let half = format!("{a}\n{}", a.get(..40).unwrap());
    check(half.as_bytes(), &["a", &format!("reject 2 at {}..{}: {cut}", a.len() + 1, half.len())]);
    let listed = format!(r#"{{"Records":[{a},{}"#, a.get(..40).unwrap());
    check(listed.as_bytes(), &["a", &format!("reject 2 at {}..{}: {cut}", a.len() + 13, listed.len())]);
    let open = format!(r#"{{"Records":[{a}"#);
    check(open.as_bytes(), &["a", &format!("reject 2 at {}..{}: {cut}", open.len(), open.len())]);
}

#[test]
fn wrong_encodings_are_named() {
    let a = record("a");
    let utf16: Vec<u8> = a.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let expected = format!("reject 1 at 0..{}: not UTF-8: the text is UTF-16 or binary", utf16.len());
    check(&utf16, &[&expected]);
    let marked: Vec<u8> = [0xFF, 0xFE].into_iter().chain(utf16).collect();
    check(&marked, &[&format!("reject 1 at 0..{}: not UTF-8: the text is UTF-16", marked.len())]);
    let latin: Vec<u8> = record("\u{e9}").chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let mut lines = latin.clone();
    lines.push(b'\n');
    lines.extend_from_slice(a.as_bytes());
    check(
        &lines,
        &["a", &format!("reject 1 at 0..{}: not UTF-8: the record is not UTF-8 text", latin.len())],
    );
}

#[test]
fn a_key_that_stands_twice_is_a_reject() {
    let a = record("a");
    let top = record("b").replacen('{', r#"{"eventName":"X","#, 1);
    let deep = record("c").replace(r#""type":"Root""#, r#""type":"Root","type":"IAMUser""#);
    let escaped = record("d").replacen('{', r#"{"event\u004eame":"X","#, 1);
    for (bad, key) in [(top, "eventName"), (deep, "type"), (escaped, "eventName")] {
        let outcome = read(format!("{bad}\n{a}\n").as_bytes());
        let reason = &outcome.reasons()[0];
        assert!(
            reason.starts_with("field not usable: the key ")
                && reason.ends_with(" stands twice in one object"),
            "{reason}"
        );
        assert!(reason.contains(key) || reason.contains("u004eame"), "{reason}");
        assert_eq!(outcome.events.len(), 1);
    }
}

#[test]
fn deep_nesting_is_a_reject_and_no_crash() {
    let (a, depth) = (record("a"), 10_000);
    let deep = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let record = record("b").replacen('{', &format!(r#"{{"x":{deep},"#), 1);
    let outcome = read(format!("{record}\n{a}\n").as_bytes());
    assert_eq!(
        outcome.lines(),
        ["a", &format!("reject 1 at 0..{}: over a limit: nested deeper than 64 levels", record.len())]
    );
    let endless = "[".repeat(3_000_000);
    assert_eq!(read(endless.as_bytes()).reasons(), ["not well-formed JSON: nested too deep to go on"]);
    let objects = r#"{"a":"#.repeat(100_000);
    assert_eq!(read(objects.as_bytes()).reasons(), ["cut short: the source ends inside of a record or list"]);
}

#[test]
fn a_record_that_is_too_large_is_one_reject_and_is_not_held() {
    let a = record("a");
    let chunk = vec![b'x'; 1 << 20];
    let start = br#"{"eventName":"#;
    let mut chunks: Vec<&[u8]> = vec![a.as_bytes(), b"\n", start, b"\""];
    chunks.extend(std::iter::repeat_n(chunk.as_slice(), 200));
    chunks.extend([b"\"}\n".as_slice(), a.as_bytes()]);
    let outcome = read_with(Limits::default(), &chunks);
    let (from, size) = (a.len() as u64 + 1, 200 * (1 << 20) + 16);
    assert_eq!(outcome.reasons(), [format!("over a limit: a record of {size} bytes")]);
    let reject = &outcome.rejects[0];
    assert_eq!((reject.record, reject.bytes.clone()), (2, from..from + size));
    assert_eq!(reject.kept.len(), REJECT_KEPT_BYTES_MAX);
    assert_eq!(outcome.events.len(), 2);
}

#[test]
fn the_hash_of_a_record_that_is_too_large_does_not_depend_on_the_cut() {
    let limits = Limits { record_bytes_max: 100, ..Limits::default() };
    let record = format!(r#"{{"x":"{}","pass\u0077ord":"p","password":"q","z":1}}"#, "y".repeat(120));
    let whole = read_with(limits, &[record.as_bytes()]).rejects;
    assert_eq!(whole.len(), 1);
    for size in 1..record.len() {
        let chunks: Vec<&[u8]> = record.as_bytes().chunks(size).collect();
        assert_eq!(read_with(limits, &chunks).rejects, whole, "{size}");
    }
}

#[test]
fn what_is_needed_must_be_there() {
    for (from, to, reason) in [
        (r#""eventTime":"2026-03-02T09:15:00Z","#, "", "eventTime is missing"),
        (
            r#""2026-03-02T09:15:00Z""#,
            r#""soon""#,
            "eventTime: cannot read \"soon\" as a time, expected RFC 3339 such as 2026-11-23T09:30:00Z",
        ),
        (r#""eventSource":"iam.amazonaws.com","#, "", "eventSource is missing"),
        (r#"{"type":"Root","accountId":"111122223333"}"#, r#""root""#, "userIdentity is no object"),
    ] {
        let outcome = read(record("a").replace(from, to).as_bytes());
        assert_eq!(outcome.reasons(), [format!("field not usable: {reason}")]);
    }
    assert_eq!(
        read(b"{\"a\":1}\n17\n\"text\"\n").reasons(),
        [
            "not an audit record that is known: an object of no known form",
            "not an audit record that is known: a value that is no object",
            "not an audit record that is known: a value that is no object",
        ]
    );
}

#[test]
fn a_record_in_a_string_that_is_broken_is_a_reject() {
    let input = r#"{"Events":[{"CloudTrailEvent":"{\"eventSource\":\"iam.amazonaws.com\",\"eventName\""}]}"#;
    assert_eq!(
        read(input.as_bytes()).reasons(),
        ["cut short: JSON inside of a string ends inside of a value"]
    );
}
