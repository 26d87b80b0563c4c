//! Sets of texts: whether a pattern matches a text, covers another pattern, or has a text in common with it.

/// One place of a pattern whose variables are resolved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unit {
    /// This byte.
    Byte(u8),
    /// Any one character.
    One,
    /// Any text.
    Any,
}

/// The places of a text in which `*` and `?` are wildcards.
pub(crate) fn of_glob(text: &str) -> impl Iterator<Item = Unit> {
    text.bytes().map(of_byte)
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
            Unit::Byte(_) => {
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
    let mut after = match unit {
        Unit::Any => before.to_vec(),
        Unit::One | Unit::Byte(_) => vec![false; before.len()],
    };
    let mut is_reached = false;
    for (place, was_reached) in before.iter().enumerate() {
        is_reached = *was_reached || (is_reached && unit == Unit::Any);
        let to = match (is_reached, other.get(place)) {
            // What is any text takes this unit and may take more.
            (true, Some(Unit::Any)) => place,
            (true, Some(Unit::One)) => place + 1,
            (true, Some(Unit::Byte(byte))) if takes(unit, *byte) => place + 1,
            _ => continue,
        };
        if let Some(to) = after.get_mut(to) {
            *to = true;
        }
        if unit == Unit::Any
            && let Some(next) = after.get_mut(place + 1)
        {
            *next = true;
        }
    }
    skip_any(&mut after, other);
    after
}

fn takes(unit: Unit, byte: u8) -> bool {
    match unit {
        Unit::Any | Unit::One => true,
        Unit::Byte(own) => own == byte,
    }
}

/// What is any text may be no text.
fn skip_any(reached: &mut [bool], other: &[Unit]) {
    for (place, unit) in other.iter().enumerate() {
        if *unit == Unit::Any
            && reached.get(place) == Some(&true)
            && let Some(next) = reached.get_mut(place + 1)
        {
            *next = true;
        }
    }
}
