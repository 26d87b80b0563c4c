//! The search for what ends a run of text in a string, eight bytes at a time.
//!
//! Most strings of a record are too short for a vector search to pay. What they may not hold is rare, and so it is looked
//! for in many bytes at once.

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

/// How many bytes there are before the first quote; all, when there is none.
#[inline]
pub(crate) fn unquoted_length(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    while let Some((word, after)) = rest.split_first_chunk() {
        let marks = is(u64::from_le_bytes(*word), b'"') & TOPS;
        if marks != 0 {
            return bytes.len() - rest.len() + first_byte(marks);
        }
        rest = after;
    }
    bytes.len() - rest.len() + rest.iter().position(|byte| *byte == b'"').unwrap_or(rest.len())
}

/// How many bytes there are before the first backslash or control character; all, when there is none.
#[inline]
pub(crate) fn unescaped_length(bytes: &[u8]) -> usize {
    let is_special = |byte: u8| byte == b'\\' || byte < 0x20;
    let (blocks, rest) = bytes.as_chunks::<64>();
    // Without a branch for each byte the compiler looks at many of them in one step.
    let clean = |block: &[u8; 64]| !block.iter().fold(false, |found, byte| found | is_special(*byte));
    let whole = blocks.iter().position(|block| !clean(block)).unwrap_or(blocks.len());
    let doubtful = blocks.get(whole).map_or(rest, |block| block);
    whole * 64 + doubtful.iter().position(|byte| is_special(*byte)).unwrap_or(doubtful.len())
}

/// Marks the first special byte of a word in its highest bit. Bytes behind it may be marked wrongly, because the
/// subtraction borrows, bytes before it are not.
#[inline]
fn special(word: u64) -> u64 {
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    (is(word, b'"') | is(word, b'\\') | control) & TOPS
}

/// Marks the first byte of a word that is this one in its highest bit, likewise.
#[inline]
fn is(word: u64, byte: u8) -> u64 {
    let zero_where_equal = word ^ (ONES * u64::from(byte));
    zero_where_equal.wrapping_sub(ONES) & !zero_where_equal
}

#[inline]
fn first_byte(marks: u64) -> usize {
    (marks.trailing_zeros() / u8::BITS) as usize
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::{any, prop_assert_eq, prop_oneof, proptest};

    use super::{plain_length, unescaped_length, unquoted_length};

    proptest! {
        #[test]
        fn the_first_special_byte_is_found(
            bytes in vec(prop_oneof![20 => any::<u8>(), 1 => proptest::sample::select(b"\"\\!# \x1f\x20\x21\x22\x23".to_vec()), 40 => 0x30..=0xff_u8], 0..300),
        ) {
            let before = |is: fn(&u8) -> bool| bytes.iter().position(is).unwrap_or(bytes.len());
            prop_assert_eq!(plain_length(&bytes), before(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)));
            prop_assert_eq!(unquoted_length(&bytes), before(|byte| *byte == b'"'));
            prop_assert_eq!(unescaped_length(&bytes), before(|byte| matches!(byte, b'\\' | 0..0x20)));
        }
    }
}
