//! Text of others, made safe to show, and how wide it is.

/// Widths of the printable ASCII characters from the space on, in thousandths of the size: those of Helvetica.
const WIDTHS: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556,
    556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278,
    500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469,
    556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500,
    278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];
/// Other characters of alphabets; from the first of Hangul on, characters fill a square.
const OTHER: u16 = 600;
const SQUARE: u16 = 1_000;
const FIRST_SQUARE: char = '\u{1100}';
const ELLIPSIS: char = '…';

/// How wide a text is, in pixels, rounded up.
pub(super) fn width(text: &str, size: u32) -> u32 {
    let thousandths: u32 = text.chars().map(|character| u32::from(of(character))).sum();
    (thousandths * size).div_ceil(1_000)
}

fn of(character: char) -> u16 {
    let ascii = u32::from(character).checked_sub(u32::from(' ')).and_then(|at| WIDTHS.get(at as usize));
    match ascii {
        Some(width) => *width,
        None if character >= FIRST_SQUARE => SQUARE,
        None => OTHER,
    }
}

/// A text on one line, without characters that XML does not know or that turn the direction of what follows.
pub(super) fn clean(text: &str) -> String {
    text.chars().map(|character| if is_shown(character) { character } else { '\u{fffd}' }).collect()
}

fn is_shown(character: char) -> bool {
    let turns =
        matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let breaks = matches!(character, '\u{2028}' | '\u{2029}');
    let unknown = matches!(character, '\u{fffe}' | '\u{ffff}');
    !(character.is_control() || turns || breaks || unknown)
}

/// The text, or if it is too wide, as much of its beginning and its end as there is room for.
pub(super) fn shorten(text: &str, size: u32, room: u32) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let characters: Vec<char> = text.chars().collect();
    let (mut start, mut end) = (Vec::new(), Vec::new());
    let mut left = (room * 1_000 / size.max(1)).saturating_sub(u32::from(of(ELLIPSIS)));
    // The end tells names apart: it comes first.
    for (first, last) in characters.iter().zip(characters.iter().rev()) {
        let Some(rest) = left.checked_sub(u32::from(of(*last))) else { break };
        end.push(*last);
        let Some(rest) = rest.checked_sub(u32::from(of(*first))) else { break };
        start.push(*first);
        left = rest;
    }
    start.into_iter().chain([ELLIPSIS]).chain(end.into_iter().rev()).collect()
}

/// The text as it stands between tags or in an attribute.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}
