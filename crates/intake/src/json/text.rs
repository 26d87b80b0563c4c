//! The escapes of JSON strings, in both directions.

/// The text of the inside of a JSON string. Half surrogate pairs become the replacement character.
pub(crate) fn unescape(inner: &str) -> String {
    String::from_utf8_lossy(&unescape_bytes(inner.as_bytes())).into_owned()
}

/// Like [`unescape`], on bytes that may not be UTF-8.
pub(crate) fn unescape_bytes(inner: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(place) = memchr::memchr(b'\\', rest) {
        let (plain, escape) = rest.split_at_checked(place).unwrap_or((rest, &[]));
        out.extend_from_slice(plain);
        rest = unescape_one(escape, &mut out);
    }
    out.extend_from_slice(rest);
    out
}

fn unescape_one<'a>(escape: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    let [_, letter, rest @ ..] = escape else { return &[] };
    let byte = match letter {
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'u' => return unescape_unicode(rest, out),
        other => *other,
    };
    out.push(byte);
    rest
}

fn unescape_unicode<'a>(digits: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    let (first, rest) = code_unit(digits);
    let (code, rest) = match (first, rest) {
        (0xD800..=0xDBFF, [b'\\', b'u', low @ ..]) => match code_unit(low) {
            (second @ 0xDC00..=0xDFFF, after) => {
                (0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00), after)
            }
            _ => (first, rest),
        },
        _ => (first, rest),
    };
    let char = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
    rest
}

fn code_unit(digits: &[u8]) -> (u32, &[u8]) {
    let (four, rest) = digits.split_at_checked(4).unwrap_or((digits, &[]));
    let value =
        four.iter().fold(0, |sum, digit| sum * 16 + char::from(*digit).to_digit(16).unwrap_or_default());
    (value, rest)
}

/// Appends a text as a JSON string with its quotes.
pub(crate) fn escape(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0..=0x1F => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => out.push(*byte),
        }
    }
    out.push(b'"');
}
