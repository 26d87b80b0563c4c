//! Writing text into bytes.

use std::fmt;
use std::io::Write as _;

use doorward_model::time::{Millis, Time};

/// Writes to memory, which does not fail.
pub(crate) fn put(out: &mut Vec<u8>, text: fmt::Arguments<'_>) {
    let written = out.write_fmt(text);
    debug_assert!(written.is_ok(), "memory takes every write");
}

/// Appends the parts one after the other: what most of a record is made of, without the cost of formatting.
pub(crate) fn join(out: &mut Vec<u8>, parts: &[&str]) {
    for part in parts {
        out.extend_from_slice(part.as_bytes());
    }
}

/// Appends an instant of whole seconds after 1970 as `2026-10-05T09:30:00Z`.
pub(crate) fn write_time(at: Time, out: &mut Vec<u8>) {
    let seconds = at.ms().div_euclid(Millis::SECOND.0).unsigned_abs();
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    // Years begin in March here, so that the leap day is the last of its year.
    let since_march_0 = days + 719_468;
    let (era, of_era) = (since_march_0 / 146_097, since_march_0 % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, later) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = era * 400 + year + later;
    two(year / 100, out);
    for (before, number) in [
        (None, year % 100),
        (Some(b'-'), month),
        (Some(b'-'), day),
        (Some(b'T'), of_day / 3_600),
        (Some(b':'), of_day / 60 % 60),
        (Some(b':'), of_day % 60),
    ] {
        out.extend(before);
        two(number, out);
    }
    out.push(b'Z');
}

fn two(number: u64, out: &mut Vec<u8>) {
    for digit in [number / 10 % 10, number % 10] {
        out.push(b'0' + u8::try_from(digit).unwrap_or_default());
    }
}

/// Appends so many of the lowest hexadecimal digits of a number.
pub(crate) fn write_hex(bits: u128, digits: u32, out: &mut Vec<u8>) {
    for place in (0..digits).rev() {
        let digit = u8::try_from((bits >> (4 * place)) & 0xf).unwrap_or_default();
        out.push(if digit < 10 { b'0' + digit } else { b'a' + digit - 10 });
    }
}

#[cfg(test)]
mod tests {
    use doorward_model::time::Time;

    use super::{write_hex, write_time};

    #[test]
    fn times_are_written_as_the_model_says_them() {
        for day in (0..40_000).step_by(7).chain(11_015..11_020) {
            let at = Time::from_ms(day * 86_400_000 + day % 86_400 * 1_000);
            let mut out = Vec::new();
            write_time(at, &mut out);
            assert_eq!(String::from_utf8_lossy(&out), at.to_string());
        }
    }

    #[test]
    fn hexadecimal_digits_keep_their_zeros() {
        let mut out = Vec::new();
        write_hex(0x0ab_cdef, 8, &mut out);
        assert_eq!(out, b"00abcdef");
    }
}
