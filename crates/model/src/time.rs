//! Instants, days and durations. Nothing here reads a clock.

use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// An instant: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

/// A duration in milliseconds.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Millis(pub i64);

/// A UTC day: days since 1970-01-01.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Day(pub i32);

/// The text is not an instant that this crate reads.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("cannot read {0:?} as a time, expected RFC 3339 such as 2026-11-23T09:30:00Z")]
pub struct TimeError(String);

impl Millis {
    /// One second.
    pub const SECOND: Self = Self(1_000);
    /// One minute.
    pub const MINUTE: Self = Self(60_000);
    /// One hour.
    pub const HOUR: Self = Self(3_600_000);
    /// One day of 24 hours.
    pub const DAY: Self = Self(86_400_000);

    /// This many times as long.
    #[must_use]
    pub const fn times(self, count: i64) -> Self {
        Self(self.0.saturating_mul(count))
    }
}

impl Time {
    /// The earliest instant: before everything.
    pub const MIN: Self = Self(i64::MIN);
    /// The latest instant: after everything.
    pub const MAX: Self = Self(i64::MAX);
    /// The first that RFC 3339 can write: 0000-01-01T00:00:00Z.
    const FIRST: Self = Self(-62_167_219_200_000);
    /// The last one: 9999-12-31T23:59:59.999Z.
    const LAST: Self = Self(253_402_300_799_999);

    /// From milliseconds since the epoch.
    #[must_use]
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// The UTC day that holds this instant.
    #[must_use]
    #[inline]
    pub fn day(self) -> Day {
        Day(i32::try_from(self.0.div_euclid(Millis::DAY.0)).unwrap_or(if self.0 < 0 {
            i32::MIN
        } else {
            i32::MAX
        }))
    }

    /// Reads RFC 3339, with `T` or a blank between date and time (both occur in IAM exports), with or without an
    /// offset (UTC then), with or without a fraction. Years have four digits.
    ///
    /// # Errors
    /// [`TimeError`] names the text.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        if let Some(time) = parse_utc_seconds(text.as_bytes()) {
            return Ok(time);
        }
        let zoned = text.parse::<Timestamp>().ok().map(|at| Self(at.as_millisecond()));
        // Without an offset, or in the last hours of the year 9999, which jiff keeps for offsets.
        let utc = text.strip_suffix('Z').filter(|text| text.len() > DATE_DIGITS).unwrap_or(text);
        zoned
            .or_else(|| {
                i64::try_from(utc.parse::<DateTime>().ok()?.duration_since(EPOCH).as_millis()).ok().map(Self)
            })
            .filter(|time| (Self::FIRST..=Self::LAST).contains(time))
            .ok_or_else(|| TimeError(text.chars().take(64).collect()))
    }

    /// Its date and time of day; of what RFC 3339 cannot write, the nearest that it can.
    fn civil(self) -> DateTime {
        EPOCH.saturating_add(SignedDuration::from_millis(self.clamp(Self::FIRST, Self::LAST).0))
    }
}

const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
/// How long a date without a time is.
const DATE_DIGITS: usize = "2026-11-23".len();

/// The form of almost every audit record, `2026-11-23T09:30:00Z`, read without a general parser.
fn parse_utc_seconds(text: &[u8]) -> Option<Time> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', n1, n2, b':', s1, s2, b'Z'] = text
    else {
        return None;
    };
    let (year, month, day) = (number(&[y1, y2, y3, y4])?, number(&[m1, m2])?, number(&[d1, d2])?);
    let (hour, minute, second) = (number(&[h1, h2])?, number(&[n1, n2])?, number(&[s1, s2])?);
    let valid = year >= 1970 && (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
    if !valid || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = days_from_civil(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
    Some(Time(seconds * 1_000))
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0')))
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since the epoch of a date of the proleptic Gregorian calendar, counted in years that begin in March.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

impl FromStr for Time {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl Add<Millis> for Time {
    type Output = Self;

    fn add(self, span: Millis) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Sub<Millis> for Time {
    type Output = Self;

    fn sub(self, span: Millis) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

impl Sub for Time {
    type Output = Millis;

    fn sub(self, earlier: Self) -> Millis {
        Millis(self.0.saturating_sub(earlier.0))
    }
}

/// Always as RFC 3339, such as `2026-11-23T09:30:00Z`.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}Z", self.civil())
    }
}

impl Day {
    /// When it begins.
    #[must_use]
    pub const fn begins(self) -> Time {
        Time(self.0 as i64 * Millis::DAY.0)
    }
}

/// As `2026-11-23`.
impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.begins().civil().date().fmt(f)
    }
}

impl Serialize for Day {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Time {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// The coarsest two units, as a person would say it: `3d 4h`, `12m`, `40s`.
impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.unsigned_abs() / 1_000;
        let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
        match (days, hours, minutes) {
            (0, 0, 0) => write!(f, "{seconds}s"),
            (0, 0, _) => write!(f, "{minutes}m"),
            (0, _, 0) => write!(f, "{hours}h"),
            (0, _, _) => write!(f, "{hours}h {minutes}m"),
            (_, 0, _) => write!(f, "{days}d"),
            _ => write!(f, "{days}d {hours}h"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};

    use super::{Day, Millis, Time};

    #[test]
    fn reads_every_form_that_exports_use() {
        let expected = Time::from_ms(1_678_358_505_000);
        for text in [
            "2023-03-09T10:41:45Z",
            "2023-03-09 10:41:45+00:00",
            "2023-03-09T10:41:45.000Z",
            "2023-03-09T11:41:45+01:00",
            "2023-03-09T10:41:45",
        ] {
            assert_eq!(Time::parse(text), Ok(expected), "{text}");
        }
        assert_eq!(expected.to_string(), "2023-03-09T10:41:45Z");
        assert_eq!(expected.day(), Day(19_425));
    }

    #[test]
    fn refuses_what_is_no_time() {
        for text in [
            "",
            "yesterday",
            "2023-02-29T00:00:00Z",
            "2023-13-01T00:00:00Z",
            "2023-03-09T24:00:01Z",
            "1678358505",
            "2023-03-09Z",
            "10000-01-01T00:00:00Z",
            "+010000-01-01T00:00:00Z",
            "-000001-12-31T23:59:59Z",
        ] {
            assert_eq!(
                Time::parse(text).map_err(|error| error.to_string().starts_with("cannot read")),
                Err(true),
                "{text}"
            );
        }
    }

    #[test]
    fn is_written_as_rfc_3339_to_the_end_of_the_year_9999_and_beyond() {
        let last = "9999-12-31T23:59:59.999Z";
        let forever = Time::parse("9999-12-31T23:59:59Z").unwrap();
        assert_eq!(forever.ms(), 253_402_300_799_000);
        let said = [
            Time::parse("9999-12-30T22:00:00Z").unwrap(),
            Time::parse("9999-12-30T22:00:01Z").unwrap(),
            forever,
            Time::parse(last).unwrap(),
            forever + Millis::SECOND,
            Time::MAX,
            Time::parse("0000-01-01T00:00:00Z").unwrap(),
            Time::MIN,
        ];
        let expected = [
            "9999-12-30T22:00:00Z",
            "9999-12-30T22:00:01Z",
            "9999-12-31T23:59:59Z",
            last,
            last,
            last,
            "0000-01-01T00:00:00Z",
            "0000-01-01T00:00:00Z",
        ];
        assert_eq!(said.map(|time| time.to_string()), expected);
        assert_eq!(
            [forever, Time::MAX, Time::MIN].map(|time| time.day().to_string()),
            ["9999-12-31", "9999-12-31", "0000-01-01"]
        );
    }

    #[test]
    fn durations_read_as_said() {
        let said: Vec<_> =
            [40, 720, 3_600, 15_300, 86_400, 273_600].map(|s| Millis(s * 1_000).to_string()).into();
        assert_eq!(said, ["40s", "12m", "1h", "4h 15m", "1d", "3d 4h"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn the_short_reader_agrees_with_the_general_one(seconds in 0_i64..7_258_118_400) {
            let time = Time::from_ms(seconds * 1_000);
            prop_assert_eq!(super::parse_utc_seconds(time.to_string().as_bytes()), Some(time));
        }

        #[test]
        fn what_is_written_reads_back(ms in any::<i64>(), near in -62_200_000_000_000_i64..253_500_000_000_000) {
            for time in [ms, near].map(Time::from_ms) {
                prop_assert_eq!(Time::parse(&time.to_string()), Ok(time.clamp(Time::FIRST, Time::LAST)));
            }
        }
    }
}
