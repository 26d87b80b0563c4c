//! Values of conditions, read once into what their operator compares.

use std::net::IpAddr;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::Test;
use crate::pattern::Pattern;

/// A value of a condition.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Value {
    text: Box<str>,
    pub(super) read: Read,
}

/// A value, as its operator compares it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Read {
    /// A text, perhaps with wildcards and variables.
    Text(Pattern),
    /// A number, in units of [`UNIT`].
    Number(i128),
    /// An instant, in microseconds.
    Date(i64),
    /// Yes or no.
    Truth(bool),
    /// Addresses that begin with so many equal bits.
    Network(IpAddr, u8),
}

impl Value {
    /// Reads a value for a test.
    pub(super) fn read(test: Test, text: Box<str>, has_variables: bool) -> Result<Self, String> {
        let read = match test {
            Test::StringEquals
            | Test::StringNotEquals
            | Test::StringEqualsIgnoreCase
            | Test::StringNotEqualsIgnoreCase
            | Test::BinaryEquals => Read::Text(match has_variables {
                true => Pattern::verbatim_with_variables(&text),
                false => Pattern::verbatim(&text),
            }),
            Test::StringLike
            | Test::StringNotLike
            | Test::ArnEquals
            | Test::ArnNotEquals
            | Test::ArnLike
            | Test::ArnNotLike => Read::Text(match has_variables {
                true => Pattern::with_variables(&text),
                false => Pattern::new(&text),
            }),
            Test::NumericEquals
            | Test::NumericNotEquals
            | Test::NumericLessThan
            | Test::NumericLessThanEquals
            | Test::NumericGreaterThan
            | Test::NumericGreaterThanEquals => {
                Read::Number(number(&text).ok_or_else(|| format!("{text} is no number"))?)
            }
            Test::DateEquals
            | Test::DateNotEquals
            | Test::DateLessThan
            | Test::DateLessThanEquals
            | Test::DateGreaterThan
            | Test::DateGreaterThanEquals => Read::Date(
                date(&text).ok_or_else(|| format!("{text} is no date: write it as 2026-01-31T00:00:00Z"))?,
            ),
            Test::Bool | Test::Null => {
                Read::Truth(truth(&text).ok_or_else(|| format!("{text} is neither true nor false"))?)
            }
            Test::IpAddress | Test::NotIpAddress => {
                let (address, bits) = network(&text)
                    .ok_or_else(|| format!("{text} is no range of addresses: write it as 203.0.113.0/24"))?;
                Read::Network(address, bits)
            }
        };
        Ok(Self { text, read })
    }

    /// Its pattern, if it is a text.
    pub(super) fn pattern(&self) -> Option<&Pattern> {
        match &self.read {
            Read::Text(pattern) => Some(pattern),
            Read::Number(_) | Read::Date(_) | Read::Truth(_) | Read::Network(..) => None,
        }
    }

    /// Its text as it is written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// Numbers are compared to so many places behind the point.
const PLACES: usize = 15;
/// What one is, as a number.
const UNIT: i128 = 10i128.pow(15);

/// A decimal number; whatever else is none.
pub(super) fn number(text: &str) -> Option<i128> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && part.is_empty()) || !are_digits(whole) || !are_digits(part) || part.len() > PLACES
    {
        return None;
    }
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let part: i128 = format!("{part:0<PLACES$}").parse().ok()?;
    whole.checked_mul(UNIT)?.checked_add(part)?.checked_mul(sign)
}

/// An instant in one of the W3C's profiles of ISO 8601, or in seconds since 1970.
pub(super) fn date(text: &str) -> Option<i64> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant.as_microsecond());
    }
    let utc = |at: DateTime| TimeZone::UTC.to_timestamp(at).ok().map(|instant| instant.as_microsecond());
    if text.bytes().all(|byte| byte.is_ascii_digit()) && text.len() > 4 {
        return text.parse::<i64>().ok()?.checked_mul(1_000_000);
    }
    // A year and a month may stand alone; they begin with their first day.
    let whole = match text.len() {
        4 => format!("{text}-01-01"),
        7 => format!("{text}-01"),
        _ => text.to_owned(),
    };
    if let Ok(day) = whole.parse::<Date>()
        && whole.len() == 10
    {
        return utc(day.to_datetime(jiff::civil::Time::midnight()));
    }
    // Hours and minutes without seconds, in UTC.
    let minutes = text.strip_suffix('Z')?;
    utc(minutes.parse().ok()?)
}

/// Yes or no, in either case.
pub(super) fn truth(text: &str) -> Option<bool> {
    match text {
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// A range of addresses; a single address is a range of one.
pub(super) fn network(text: &str) -> Option<(IpAddr, u8)> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address.parse().ok()?, Some(bits.parse().ok()?)),
        None => (text.parse().ok()?, None),
    };
    let most = match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    };
    let bits = bits.unwrap_or(most);
    (bits <= most).then_some((address, bits))
}
