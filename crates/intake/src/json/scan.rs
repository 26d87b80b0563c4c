//! The search for what ends a run of text in a string, eight bytes at a time.
//!
//! Most strings of a record are too short for a vector search to pay.

const ONES: u64 = u64::from_le_bytes([1; 8]);
const TOPS: u64 = u64::from_le_bytes([0x80; 8]);

/// How many bytes there are before the first quote, backslash or control character.
#[inline]
pub(crate) fn plain_length(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    while let Some((word, after)) = rest.split_first_chunk() {
        let marks = special(u64::from_le_bytes(*word));
        if marks != 0 {
            return bytes.len() - rest.len() + first_byte(marks);
        }
        rest = after;
    }
    let special = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
    bytes.len() - rest.len() + special.unwrap_or(rest.len())
}

/// Marks the first special byte of a word in its highest bit. Bytes behind it may be marked wrongly, because the
/// subtraction borrows, bytes before it are not.
#[inline]
fn special(word: u64) -> u64 {
    let is = |byte: u8| {
        let zero_where_equal = word ^ (ONES * u64::from(byte));
        zero_where_equal.wrapping_sub(ONES) & !zero_where_equal
    };
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    (is(b'"') | is(b'\\') | control) & TOPS
}

#[inline]
fn first_byte(marks: u64) -> usize {
    (marks.trailing_zeros() / u8::BITS) as usize
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::{any, prop_assert_eq, prop_oneof, proptest};

    use super::plain_length;

    proptest! {
        #[test]
        fn the_first_special_byte_is_found(
            bytes in vec(prop_oneof![20 => any::<u8>(), 1 => proptest::sample::select(b"\"\\!# \x1f\x20\x21\x22\x23".to_vec()), 40 => 0x30..=0xff_u8], 0..64),
        ) {
            let expected = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
            prop_assert_eq!(plain_length(&bytes), expected.unwrap_or(bytes.len()));
        }
    }
}
