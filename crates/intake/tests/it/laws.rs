//! What holds for every input.

use doorward_intake::Limits;
use proptest::collection::vec;
use proptest::prelude::{
    Just, ProptestConfig, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest,
};
use proptest::sample::Index;

use crate::support::{Outcome, read, read_with, record};

/// Small limits, so that small inputs reach them.
const TIGHT: Limits =
    Limits { record_bytes_max: 600, depth_max: 6, export_bytes_max: 20_000, wrappers_max: 4 };

fn chunked(limits: Limits, bytes: &[u8], cuts: &[Index]) -> Outcome {
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    let chunks: Vec<&[u8]> = places.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
    read_with(limits, &chunks)
}

/// Inputs of all forms, made of records, their parts, and things that are near to them.
fn input() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => "[a-z]{1,3}".prop_map(|id| record(&id)),
        1 => Just("{\"Records\":[".to_owned()),
        1 => Just("{\"logEvents\":[".to_owned()),
        1 => Just("]}".to_owned()),
        1 => Just("[".to_owned()),
        1 => Just("]".to_owned()),
        2 => Just(",".to_owned()),
        2 => Just("\n".to_owned()),
        1 => Just("{\"password\":\"p\\\"q\",\"x\":[[1.5e3]]}".to_owned()),
        1 => Just("{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}}".to_owned()),
        1 => "[ -~]{0,12}",
        1 => Just(format!("{{\"x\":\"{}\"}}", "y".repeat(700))),
        1 => Just(format!("{{\"event\":{}}}", record("w"))),
        1 => Just(format!("{{\"message\":{}}}", serde_json::Value::from(record("m")))),
        1 => Just("\u{feff}".to_owned()),
        1 => Just(include_str!("../../testdata/export.json").to_owned()),
    ];
    let pieces = vec(piece, 0..8).prop_map(|pieces| pieces.concat().into_bytes());
    let flips = vec((any::<Index>(), any::<u8>()), 0..3);
    (pieces, flips).prop_map(|(mut bytes, flips)| {
        for (place, byte) in flips {
            if !bytes.is_empty() && byte % 3 == 0 {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
        }
        bytes
    })
}

/// A valid JSON value of any shape, as compact text.
fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Into::into),
            proptest::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|fields| fields.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}

/// Records without white space, with what the short way through them takes, leaves, or has to notice.
fn listed() -> impl Strategy<Value = Vec<u8>> {
    let text = prop_oneof![
        3 => "[a-z]{0,9}".prop_map(|text| format!("\"{text}\"")),
        1 => any::<String>().prop_map(|text| serde_json::Value::from(text).to_string()),
        1 => Just("\"\\u00e9\\n\\/\"".to_owned()),
        1 => Just("\"{\\\"password\\\":1}\"".to_owned()),
        1 => Just("\"HIDDEN_DUE_TO_SECURITY_REASONS\"".to_owned()),
        1 => any::<i64>().prop_map(|number| number.to_string()),
        1 => any::<f64>().prop_map(|number| serde_json::Value::from(number).to_string()),
        1 => proptest::sample::select(vec!["true", "false", "null", "{}", "[]", "-0", "01", "-", "nul", "1 "])
            .prop_map(str::to_owned),
    ];
    let value = text.prop_recursive(8, 24, 3, |inner| {
        let fields = vec((name(), inner.clone()), 0..3);
        let object = fields.prop_map(|fields| {
            let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name}:{value}")).collect();
            format!("{{{}}}", fields.join(","))
        });
        prop_oneof![object, vec(inner, 0..3).prop_map(|items| format!("[{}]", items.join(",")))]
    });
    let field = (name(), value).prop_map(|(name, value)| format!(",{name}:{value}"));
    let record = ("[a-z]{1,3}", vec(field, 0..4)).prop_map(|(id, fields)| {
        let open = record(&id).strip_suffix('}').map(str::to_owned).unwrap();
        open + &fields.concat() + "}"
    });
    let flip = any::<Option<(Index, u8)>>();
    (vec(record, 1..4), flip).prop_map(|(records, flip)| {
        let mut bytes = format!("{{\"Records\":[{}]}}", records.join(",")).into_bytes();
        if let Some((place, byte)) = flip {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        bytes
    })
}

/// Keys with their quotes: some are secret, some are read, some are there twice, one has an escape.
fn name() -> impl Strategy<Value = String> {
    let known = [
        "sessionToken",
        "PASSWORD",
        "eventName",
        "requestParameters",
        "responseElements",
        "resources",
        "a",
        "b",
        "pass\\u0077ord",
    ];
    proptest::sample::select(known.to_vec()).prop_map(|name| format!("\"{name}\""))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn the_short_way_leads_where_the_lexer_does(bytes in listed()) {
        for limits in [Limits::default(), TIGHT] {
            // A record is read the short way only when all of it is in one piece.
            let pieces: Vec<&[u8]> = bytes.chunks(1).collect();
            prop_assert_eq!(read_with(limits, &[&bytes]), Outcome { read: read_with(limits, &[&bytes]).read, ..read_with(limits, &pieces) });
        }
    }

    #[test]
    fn the_cut_into_chunks_makes_no_difference(bytes in input(), cuts in vec(any::<Index>(), 0..12)) {
        for limits in [Limits::default(), TIGHT] {
            let whole = chunked(limits, &bytes, &[]);
            let pieces = chunked(limits, &bytes, &cuts);
            prop_assert_eq!(whole.lines(), pieces.lines());
            // What was told before the end depends on the cut; what was told does not.
            prop_assert_eq!(&whole.events, &pieces.events);
            prop_assert_eq!(&whole.rejects, &pieces.rejects);
            prop_assert_eq!(&whole.exports, &pieces.exports);
        }
    }

    #[test]
    fn members_are_found_in_every_container(value in json(), key in any::<String>(), pretty in any::<bool>(), cuts in vec(any::<Index>(), 0..6)) {
        let record = serde_json::json!({
            "apiKey": [value, "a secret"], key: value, "requestParameters": value,
            "eventTime": "2026-03-02T09:15:00Z", "eventSource": "iam.amazonaws.com", "eventName": "ListUsers",
            "resources": [{"ARN": value}, {"ARN": "arn:aws:s3:::b"}], "sourceIPAddress": value,
            "userIdentity": {"arn": "a", "sessionContext": {"attributes": {}, "x": value, "sessionIssuer": {"arn": "i"}}, "userName": "n"},
        });
        let text = if pretty { format!("{record:#}") } else { record.to_string() };
        let alone = chunked(Limits::default(), text.as_bytes(), &cuts);
        prop_assert_eq!(alone.events.len(), 1, "{:?}", alone.rejects);
        for (before, after) in [("{\"Records\":[", "]}"), ("{\"rows\":[", "]}"), ("{\"row\":", "}"), ("[", "]")] {
            let listed = chunked(Limits::default(), format!("{before}{text}{after}").as_bytes(), &cuts);
            prop_assert_eq!(&listed.events, &alone.events);
        }
    }

    #[test]
    fn any_bytes_are_read_without_harm(bytes in vec(any::<u8>(), 0..300), cuts in vec(any::<Index>(), 0..6)) {
        let outcome = chunked(TIGHT, &bytes, &cuts);
        let ranges_fit = outcome.rejects.iter().all(|reject| {
            reject.bytes.start <= reject.bytes.end && reject.bytes.end <= bytes.len() as u64
        });
        prop_assert!(ranges_fit);
    }

    #[test]
    fn ranges_of_rejects_do_not_overlap(bytes in input()) {
        let outcome = chunked(TIGHT, &bytes, &[]);
        let mut end = 0;
        for reject in &outcome.rejects {
            prop_assert!(reject.bytes.start >= end, "{:?}", outcome.lines());
            end = reject.bytes.end;
        }
        prop_assert!(end <= bytes.len() as u64);
    }

    #[test]
    fn nothing_is_lost(ids in vec("[a-z]{1,6}", 0..6), broken in vec(any::<bool>(), 6), listed in any::<bool>()) {
        let record = |(id, broken): (&String, &bool)| match broken {
            true => record(id).replace("eventTime", "time"),
            false => record(id),
        };
        let records: Vec<String> = ids.iter().zip(&broken).map(record).collect();
        let text = match listed {
            true => format!("{{\"Records\": [{}]}}", records.join(" , ")),
            false => records.join("\n"),
        };
        let outcome = read(text.as_bytes());
        prop_assert_eq!(outcome.events.len() + outcome.rejects.len(), ids.len());
        // Each byte is in an event, in the range of a reject, or is no part of a record.
        let covered: u64 = outcome.rejects.iter().map(|it| it.bytes.end - it.bytes.start).sum::<u64>()
            + outcome.events.iter().map(|event| event.raw.len() as u64).sum::<u64>();
        prop_assert_eq!(covered, records.iter().map(|record| record.len() as u64).sum::<u64>());
    }

    #[test]
    fn the_grammar_is_that_of_json(value in json(), pretty in any::<bool>(), flip in any::<Option<(Index, u8)>>()) {
        let wrapped = serde_json::json!({"eventSource": "a", "eventName": "b", "eventTime": "2026-03-02T09:15:00Z", "eventID": "i", "x": value});
        let mut bytes = if pretty { serde_json::to_vec_pretty(&wrapped) } else { serde_json::to_vec(&wrapped) }.unwrap();
        if let Some((place, byte)) = flip {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        let valid = serde_json::from_slice::<serde::de::IgnoredAny>(&bytes).is_ok();
        let broken = |reason: &String| ["not well-formed", "cut short", "not UTF-8: the text is UTF-16", "not UTF-8: the file is binary"].iter().any(|it| reason.starts_with(it));
        let Outcome { skipped, .. } = read(&bytes);
        if !skipped.is_empty() {
            let next = |at: usize| bytes[at + 1..].iter().find(|byte| !byte.is_ascii_whitespace());
            let begins = |at: usize| bytes[at] == b'{' && next(at).is_none_or(|byte| matches!(byte, b'"' | b'\\'));
            prop_assert_eq!((skipped, (0..bytes.len()).any(begins)), (vec!["text".to_owned()], false));
            return Ok(());
        }
        let reasons = read(&bytes).reasons();
        // serde_json refuses lone surrogates and wrong encoding as part of the grammar; here they are no breach.
        let lenient = std::str::from_utf8(&bytes).is_err() || bytes.windows(3).any(|it| it.eq_ignore_ascii_case(b"\\ud"));
        prop_assert!(lenient || valid != reasons.iter().any(broken), "{valid} {reasons:?}");
        if valid && flip.is_none() {
            let outcome = read(&bytes);
            if let Some(event) = outcome.events.first() {
                prop_assert_eq!(&event.raw, &serde_json::to_vec(&wrapped).unwrap());
            }
        }
    }
}
