//! The risk of an identity: the one place where its formula stands.
//!
//! Risk is 0-100: the maximum over open findings of severity x confidence x 2^(-age / 24 h). All findings fade at
//! one rate, so the finding that is greatest once is greatest for ever, and an identity needs to keep only that one.

use crate::finding::Severity;
use crate::time::{Millis, Time};

/// A risk at the instant of its cause; it fades from there.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, Debug)]
pub struct Risk {
    /// Severity points times confidence, in thousandths of a point: 0-100,000.
    pub peak_milli: u32,
    /// When it was at its peak.
    pub peak_at: Time,
}

/// The words of CAEP for a score.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum RiskLevel {
    /// Below 20.
    None,
    /// From 20.
    Low,
    /// From 50.
    Medium,
    /// From 80.
    High,
}

impl RiskLevel {
    /// The level of a score.
    #[must_use]
    pub const fn of(score: u32) -> Self {
        match score {
            0..20 => Self::None,
            20..50 => Self::Low,
            50..80 => Self::Medium,
            _ => Self::High,
        }
    }

    /// The word used everywhere.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::High => "HIGH",
        }
    }
}

/// The time in which a risk halves.
pub const HALF_LIFE: Millis = Millis::DAY;

impl Risk {
    /// No risk.
    pub const NONE: Self = Self { peak_milli: 0, peak_at: Time::from_ms(0) };

    /// The risk that one finding makes.
    #[must_use]
    pub fn of_finding(severity: Severity, confidence_milli: u32, at: Time) -> Self {
        Self { peak_milli: severity.points() * confidence_milli.min(1_000), peak_at: at }
    }

    /// The greater of two, now and at every later instant; which is asked first does not matter.
    #[must_use]
    pub fn greatest(self, other: Self) -> Self {
        if other.order() > self.order() { other } else { self }
    }

    /// The score at an instant, 0-100, rounded to the nearest.
    #[must_use]
    pub fn score(self, now: Time) -> u32 {
        let age_ms = u64::try_from((now - self.peak_at).0).unwrap_or_default();
        let half_life_ms = HALF_LIFE.0.unsigned_abs();
        let halvings = age_ms / half_life_ms;
        let slot =
            usize::try_from(age_ms % half_life_ms * FADE_SLOTS as u64 / half_life_ms).unwrap_or_default();
        let share = FADE.get(slot).copied().unwrap_or_default();
        let milli =
            ((u64::from(self.peak_milli) * share) >> 32).checked_shr(halvings.min(64) as u32).unwrap_or(0);
        u32::try_from((milli + 500) / 1_000).unwrap_or(100).min(100)
    }

    /// A key that orders risks by their score at any one instant: when the risk has faded, or would have, to a
    /// thousandth of a point.
    fn order(self) -> (i64, u32) {
        if self.peak_milli == 0 {
            return (i64::MIN, 0);
        }
        let life_ms = (log2_16(u64::from(self.peak_milli)) * HALF_LIFE.0.unsigned_abs()) >> 16;
        (self.peak_at.ms().saturating_add(i64::try_from(life_ms).unwrap_or(i64::MAX)), self.peak_milli)
    }
}

/// log2 of a number from 1 up, in 1/65,536: the whole part from its length, the rest by squaring.
fn log2_16(number: u64) -> u64 {
    let whole = u64::from(number.max(1).ilog2());
    let mut mantissa = (u128::from(number) << 62) >> whole;
    let mut fraction = 0;
    for _ in 0..16 {
        mantissa = (mantissa * mantissa) >> 62;
        fraction <<= 1;
        if mantissa >> 63 == 1 {
            mantissa >>= 1;
            fraction |= 1;
        }
    }
    (whole << 16) | fraction
}

/// How many steps a half-life has: one step is 0.27 % of the score.
const FADE_SLOTS: usize = 256;

/// 2^(-1/256), times 2^64.
const FADE_STEP: u128 = 18_396_865_112_328_554_661;

/// 2^(-slot/256), times 2^32.
const FADE: [u64; FADE_SLOTS] = fade();

#[expect(clippy::indexing_slicing, reason = "the slot is below the length, and the compiler runs it")]
#[expect(clippy::cast_possible_truncation, reason = "a share is below 2^33, and the compiler runs it")]
const fn fade() -> [u64; FADE_SLOTS] {
    let mut table = [0; FADE_SLOTS];
    let mut share: u128 = (1 << 64) - 1;
    let mut slot = 0;
    while slot < FADE_SLOTS {
        table[slot] = ((share + (1 << 31)) >> 32) as u64;
        share = (share * FADE_STEP) >> 64;
        slot += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, prop_assert, prop_assert_eq, proptest};

    use super::{Risk, RiskLevel};
    use crate::finding::Severity;
    use crate::time::{Millis, Time};

    const T0: Time = Time::from_ms(1_760_000_000_000);

    #[test]
    fn a_critical_certainty_halves_every_day() {
        let risk = Risk::of_finding(Severity::Critical, 1_000, T0);
        let scores = [0, 1, 12, 24, 48, 72, 240, 24_000].map(|h| risk.score(T0 + Millis::HOUR.times(h)));
        assert_eq!(scores, [100, 97, 71, 50, 25, 13, 0, 0]);
        assert_eq!(risk.score(T0 - Millis::DAY), 100);
    }

    #[test]
    fn levels_begin_at_their_thresholds() {
        let words = [0, 19, 20, 49, 50, 79, 80, 100].map(|score| RiskLevel::of(score).word());
        assert_eq!(words, ["NONE", "NONE", "LOW", "LOW", "MEDIUM", "MEDIUM", "HIGH", "HIGH"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn the_score_is_the_formula(points in 0_usize..5, confidence in 0_u32..=1_000, age_ms in 0_i64..1_000_000_000) {
            let severity = [Severity::Info, Severity::Low, Severity::Medium, Severity::High, Severity::Critical][points];
            let risk = Risk::of_finding(severity, confidence, T0);
            let real = f64::from(severity.points()) * f64::from(confidence) / 1_000.0
                * (-(age_ms as f64) / 86_400_000.0).exp2();
            let score = f64::from(risk.score(T0 + Millis(age_ms)));
            prop_assert!((score - real).abs() <= 0.5 + real * 0.003 + 0.002, "{score} for {real}");
        }

        #[test]
        fn the_greatest_stays_the_greatest(a in (1_u32..=100_000, 0_i64..10_000_000_000),
            b in (1_u32..=100_000, 0_i64..10_000_000_000), c in (0_u32..=100_000, 0_i64..10_000_000_000),
            later in 0_i64..1_000_000_000) {
            let [a, b, c] = [a, b, c].map(|(peak_milli, at)| Risk { peak_milli, peak_at: T0 + Millis(at) });
            prop_assert_eq!(a.greatest(b).greatest(c), a.greatest(b.greatest(c)));
            prop_assert_eq!(a.greatest(b).order(), b.greatest(a).order());
            let now = a.peak_at.max(b.peak_at) + Millis(later);
            prop_assert!(a.greatest(b).score(now) + 1 >= a.score(now).max(b.score(now)));
        }
    }
}
