//! Sets of texts: whether a pattern matches a text, covers another pattern, or has a text in common with it.

use super::ARN_COLONS;

/// One place of a pattern whose variables are resolved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unit {
    /// This byte.
    Byte(u8),
    /// Any one character.
    One,
    /// Any text.
    Any,
    /// Any text without a colon: what one part of an ARN may be.
    Part,
}

/// The places of a text in which `*` and `?` are wildcards.
pub(crate) fn of_glob(text: &str) -> impl Iterator<Item = Unit> {
    text.bytes().map(of_byte)
}

/// The places of a resource that is asked for, in which `*` and `?` are wildcards: in an ARN, a `*` before the last part
/// stands for no more than its own part, for no resource has a colon there.
pub(crate) fn of_resource(text: &str) -> impl Iterator<Item = Unit> {
    let is_arn = text.starts_with("arn:");
    let mut colons = 0;
    of_glob(text).map(move |unit| {
        colons += usize::from(unit == Unit::Byte(b':'));
        if unit == Unit::Any && is_arn && colons < ARN_COLONS { Unit::Part } else { unit }
    })
}

/// The same, where no `*` of an ARN stands for a colon.
pub(crate) fn of_names(text: &str) -> impl Iterator<Item = Unit> {
    let is_arn = text.starts_with("arn:");
    of_glob(text).map(move |unit| if unit == Unit::Any && is_arn { Unit::Part } else { unit })
}

/// The places of a text in which nothing is a wildcard.
pub(crate) fn of_text(text: &str) -> impl Iterator<Item = Unit> {
    text.bytes().map(Unit::Byte)
}

/// Whether a pattern matches. Each `*` is tried as short as possible and grown from the last one only, which takes at
/// most the product of both lengths.
pub(crate) fn matches<T: Copy>(pattern: &[T], unit: impl Fn(T) -> Unit, text: &[u8]) -> bool {
    let (mut at, mut from) = (0, 0);
    let mut retry = None;
    while from < text.len() {
        match pattern.get(at).map(|place| unit(*place)) {
            Some(Unit::Any) => {
                retry = Some((at + 1, from));
                at += 1;
            }
            // A character of several bytes counts as one.
            Some(Unit::One) => {
                at += 1;
                from += character(text, from);
            }
            Some(Unit::Byte(byte)) if text.get(from) == Some(&byte) => {
                at += 1;
                from += 1;
            }
            _ => {
                let Some((after, begun)) = retry else { return false };
                retry = Some((after, begun + 1));
                (at, from) = (after, begun + 1);
            }
        }
    }
    pattern.get(at..).is_some_and(|rest| rest.iter().all(|place| unit(*place) == Unit::Any))
}

/// Whether a text with `*` and `?` matches another.
pub(crate) fn matches_glob(pattern: &str, text: &str) -> bool {
    matches(pattern.as_bytes(), of_byte, text.as_bytes())
}

/// What a byte of a text with wildcards stands for.
fn of_byte(byte: u8) -> Unit {
    match byte {
        b'*' => Unit::Any,
        b'?' => Unit::One,
        byte => Unit::Byte(byte),
    }
}

fn character(text: &[u8], at: usize) -> usize {
    let continues = |byte: &&u8| **byte & 0xc0 == 0x80;
    1 + text.get(at + 1..).unwrap_or_default().iter().take_while(continues).count()
}

/// Whether a pattern matches everything that another one matches. A wildcard of the other is then like a character of
/// its own, which only a wildcard matches.
pub(crate) fn covers(pattern: &[Unit], other: &[Unit]) -> bool {
    let (pattern, other) = (ordered(pattern), ordered(other));
    let (mut at, mut from) = (0, 0);
    let mut retry = None;
    while let Some(unit) = other.get(from) {
        let taken = match (pattern.get(at), unit) {
            (Some(Unit::Any), _) => {
                retry = Some((at + 1, from));
                at += 1;
                continue;
            }
            (Some(Unit::One), Unit::One | Unit::Byte(_)) => true,
            (Some(Unit::Byte(one)), Unit::Byte(other)) => one == other,
            _ => false,
        };
        if taken {
            at += 1;
            from += 1;
        } else {
            let Some((after, begun)) = retry else { return false };
            retry = Some((after, begun + 1));
            (at, from) = (after, begun + 1);
        }
    }
    pattern.get(at..).is_some_and(|rest| rest.iter().all(|unit| *unit == Unit::Any))
}

/// In each run of wildcards, `?` before one `*`: so equal sets of texts look alike.
fn ordered(pattern: &[Unit]) -> Vec<Unit> {
    let mut ordered = Vec::with_capacity(pattern.len());
    let mut any = false;
    for unit in pattern {
        match unit {
            Unit::Any => any = true,
            Unit::One => ordered.push(Unit::One),
            Unit::Byte(_) | Unit::Part => {
                ordered.extend(std::mem::take(&mut any).then_some(Unit::Any));
                ordered.push(*unit);
            }
        }
    }
    ordered.extend(any.then_some(Unit::Any));
    ordered
}

/// Whether there is a text that both patterns match.
pub(crate) fn intersect(one: &[Unit], other: &[Unit]) -> bool {
    let (mut one, mut other) = (one, other);
    // What both begin or end with tells mostly enough.
    while let ([Unit::Byte(own), rest @ ..], [Unit::Byte(byte), other_rest @ ..]) = (one, other) {
        if own != byte {
            return false;
        }
        (one, other) = (rest, other_rest);
    }
    while let ([rest @ .., Unit::Byte(own)], [other_rest @ .., Unit::Byte(byte)]) = (one, other) {
        if own != byte {
            return false;
        }
        (one, other) = (rest, other_rest);
    }
    let (long, short) = if one.len() < other.len() { (other, one) } else { (one, other) };
    if short.len() < Places::BITS as usize { in_word(long, short) } else { in_list(long, short) }
}

/// A set of places of a short pattern, a bit each.
type Places = u128;

/// The same where the places of the other pattern fit into a word.
fn in_word(one: &[Unit], other: &[Unit]) -> bool {
    let Takers { of_byte, one: of_one, any, part } = Takers::new(other);
    let (more, end) = (any | part, 1 << other.len());
    let colons = of_byte.get(usize::from(b':')).copied().unwrap_or(0);
    // What is any text may be no text.
    let skip = |mut reached: Places| loop {
        let further = reached | (reached & more) << 1;
        if further == reached {
            return reached;
        }
        reached = further;
    };
    // Which places can be reached when `one` has come as far as the loop.
    let mut reached = skip(1);
    for unit in one {
        let next = match unit {
            Unit::Any => !((1 << reached.trailing_zeros()) - 1),
            // So far as no colon comes.
            Unit::Part => {
                let mut reached = reached;
                loop {
                    let further = skip(reached | (reached & !colons) << 1) & (end | (end - 1));
                    if further == reached {
                        break reached;
                    }
                    reached = further;
                }
            }
            // What is any text takes this unit and may take more.
            Unit::One => (reached & !more) << 1 | (reached & more),
            Unit::Byte(byte) => {
                let takers = of_one | of_byte.get(usize::from(*byte)).copied().unwrap_or(0);
                let more = if *byte == b':' { any } else { more };
                (reached & takers) << 1 | (reached & more)
            }
        };
        reached = skip(next & (end | (end - 1)));
        if reached == 0 {
            return false;
        }
    }
    reached & end != 0
}

/// Which places of a pattern take what.
struct Takers {
    /// Those of each byte.
    of_byte: [Places; 256],
    /// Those of any one character.
    one: Places,
    any: Places,
    part: Places,
}

impl Takers {
    fn new(pattern: &[Unit]) -> Self {
        let mut takers = Self { of_byte: [0; 256], one: 0, any: 0, part: 0 };
        for (at, unit) in pattern.iter().enumerate() {
            let place = match unit {
                Unit::Byte(byte) => takers.of_byte.get_mut(usize::from(*byte)),
                Unit::One => Some(&mut takers.one),
                Unit::Any => Some(&mut takers.any),
                Unit::Part => Some(&mut takers.part),
            };
            place.into_iter().for_each(|places| *places |= 1 << at);
        }
        takers
    }
}

/// The same by a list of the places of `other`.
fn in_list(one: &[Unit], other: &[Unit]) -> bool {
    // Which places of `other` can be reached when `one` has come as far as the loop.
    let mut reached = vec![false; other.len() + 1];
    if let Some(first) = reached.first_mut() {
        *first = true;
    }
    skip_any(&mut reached, other);
    for unit in one {
        reached = step(&reached, *unit, other);
    }
    reached.last().copied().unwrap_or(false)
}

/// The places of `other` that are reached after one more unit.
fn step(before: &[bool], unit: Unit, other: &[Unit]) -> Vec<bool> {
    let mut after = vec![false; before.len()];
    let mut reach = |place: usize| after.get_mut(place).into_iter().for_each(|place| *place = true);
    let mut is_passing = false;
    for (place, was_reached) in before.iter().enumerate() {
        let its = other.get(place).copied();
        match unit {
            // It takes whatever `other` goes on with, one part no colon.
            Unit::Any | Unit::Part => {
                if is_passing || *was_reached {
                    reach(place);
                    is_passing = unit == Unit::Any || its != Some(Unit::Byte(b':'));
                }
            }
            Unit::One | Unit::Byte(_) if *was_reached => match its {
                // What is any text takes this unit and may take more.
                Some(Unit::Any) => reach(place),
                Some(Unit::Part) if unit != Unit::Byte(b':') => reach(place),
                Some(Unit::One) => reach(place + 1),
                Some(Unit::Byte(byte)) if unit == Unit::One || unit == Unit::Byte(byte) => reach(place + 1),
                Some(Unit::Byte(_) | Unit::Part) | None => {}
            },
            Unit::One | Unit::Byte(_) => {}
        }
    }
    skip_any(&mut after, other);
    after
}

/// What is any text may be no text.
fn skip_any(reached: &mut [bool], other: &[Unit]) {
    for (place, unit) in other.iter().enumerate() {
        if matches!(unit, Unit::Any | Unit::Part)
            && reached.get(place) == Some(&true)
            && let Some(next) = reached.get_mut(place + 1)
        {
            *next = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{
        Unit, covers, in_list, in_word, intersect, matches, matches_glob, of_glob, of_names, of_resource,
    };

    fn units(text: &str) -> Vec<Unit> {
        of_glob(text).collect()
    }

    /// Of resources that are asked for, with parts of an ARN.
    fn asked(text: &str) -> Vec<Unit> {
        of_resource(&format!("arn:{text}")).collect()
    }

    /// Whether a text, part by part, is what is asked for.
    fn is_such(asked: &str, text: &str) -> bool {
        let mut parts = asked.splitn(5, ':').zip(text.splitn(5, ':'));
        parts.all(|(own, part)| matches_glob(own, part))
    }

    proptest! {
        #[test]
        fn a_pattern_and_a_resource_have_a_text_in_common_whichever_way_it_is_found(
            one in "(arn:|[*])[ab:*?]{0,12}",
            other in "[ab*]{0,2}:[ab*]{0,2}:[ab*]{0,2}:[ab*]{0,2}:[ab:*]{0,3}",
            text in "[ab]{0,2}:[ab]{0,2}:[ab]{0,2}:[ab]{0,2}:[ab:]{0,3}",
        ) {
            let is_asked = is_such(&other, &text);
            let (one, other) = (units(&one), asked(&other));
            let found = in_list(&one, &other);
            prop_assert_eq!(intersect(&one, &other), found);
            prop_assert_eq!(in_word(&one, &other), found);
            prop_assert_eq!(in_word(&other, &one), found);
            prop_assert_eq!(in_list(&other, &one), found);
            let is_matched = matches(&one, |unit| unit, format!("arn:{text}").as_bytes());
            prop_assert!(found || !(is_matched && is_asked));
            prop_assert!(!(is_asked && covers(&one, &other)) || is_matched);
        }

        #[test]
        fn patterns_have_a_text_in_common_whichever_way_it_is_found(
            one in "[ab*?]{0,8}",
            other in "[ab*?]{0,8}",
            text in "[ab]{0,8}",
        ) {
            let (one, other) = (units(&one), units(&other));
            let found = in_list(&one, &other);
            prop_assert_eq!(intersect(&one, &other), found);
            prop_assert_eq!(in_word(&one, &other), found);
            let is_common = [&one, &other].iter().all(|own| matches(own, |unit| unit, text.as_bytes()));
            prop_assert!(found || !is_common);
        }
    }

    #[test]
    fn a_wildcard_of_a_resource_does_not_run_over_into_the_next_part() {
        let of = |name: &str| format!("arn:aws:lambda:*:1:function:{name}");
        for (own, other, expected) in [
            (of("ci-*"), of("api-*"), [true, false]),
            (of("ci-*"), of("api"), [false, false]),
            (of("ci-*"), of("*-prod"), [true, true]),
            (of("ci"), of("ci*"), [true, true]),
            ("arn:aws:lambda:*".to_owned(), of("ci-*"), [true, true]),
            ("arn:aws:lambda:*-prod".to_owned(), of("ci-*"), [true, true]),
            ("arn:aws:lambda:*:prod".to_owned(), of("ci-*"), [true, false]),
            ("arn:aws:*:1:api".to_owned(), of("ci"), [false, false]),
        ] {
            // In the last part, what is no name may have colons.
            let asked: [Vec<Unit>; 2] = [of_resource(&other).collect(), of_names(&other).collect()];
            assert_eq!(asked.map(|asked| intersect(&units(&own), &asked)), expected, "{own} {other}");
        }
    }

    #[test]
    fn a_long_pattern_is_compared_as_a_short_one() {
        let long = format!("*{}?", "ab".repeat(200));
        assert!(intersect(&units(&long), &units(&format!("?{}", long.replace('*', "x")))));
        assert!(!intersect(&units(&long), &units(&format!("{}*c?", "za".repeat(150)))));
    }
}
