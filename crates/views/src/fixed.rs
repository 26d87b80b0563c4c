//! Logarithms and decay in integers, so that every machine folds to the same numbers.

/// `1000 * log2(x)`, rounded down to a thousandth; 0 for 0 and 1.
#[must_use]
pub fn log2_milli(x: u64) -> u32 {
    let Some(whole) = x.checked_ilog2() else { return 0 };
    // The mantissa as 1.31 fixed point: squaring it gives one more binary digit of the logarithm each time.
    let mut mantissa = if whole > 31 { x >> (whole - 31) } else { x << (31 - whole) };
    let mut fraction = 0;
    for _ in 0..FRACTION_DIGITS {
        mantissa = (mantissa * mantissa) >> 31;
        fraction <<= 1;
        if mantissa >> 32 != 0 {
            mantissa >>= 1;
            fraction |= 1;
        }
    }
    whole * 1_000 + ((fraction * 1_000) >> FRACTION_DIGITS)
}

/// `value * 2^(-elapsed / half_life)`, rounded down. A half-life of 0 keeps the value.
#[must_use]
pub fn decayed(value: u32, elapsed: u32, half_life: u32) -> u32 {
    if elapsed == 0 || half_life == 0 {
        return value;
    }
    let steps = u64::from(elapsed) * STEPS as u64 / u64::from(half_life);
    let halvings = steps / STEPS as u64;
    if halvings >= 32 {
        return 0;
    }
    let factor =
        usize::try_from(steps % STEPS as u64).ok().and_then(|step| FACTORS.get(step)).copied().unwrap_or(0);
    u32::try_from(((u64::from(value) * factor) >> 32) >> halvings).unwrap_or(u32::MAX)
}

const FRACTION_DIGITS: u32 = 12;
const STEPS: usize = 64;
/// 2^(-1/64) as 0.32 fixed point.
const STEP: u64 = 4_248_701_964;
/// 2^(-i/64) as 0.32 fixed point; the first is one.
const FACTORS: [u64; STEPS] = {
    let mut factors = [1 << 32; STEPS];
    let mut i = 1;
    while i < STEPS {
        #[expect(clippy::indexing_slicing, reason = "a constant: out of bounds would not compile")]
        {
            factors[i] = (factors[i - 1] * STEP) >> 32;
        }
        i += 1;
    }
    factors
};

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, proptest};

    use super::{decayed, log2_milli};

    #[test]
    fn logarithms_of_known_numbers() {
        let of = [0, 1, 2, 3, 10, 1_000, 65_536, u64::MAX].map(log2_milli);
        assert_eq!(of, [0, 0, 1_000, 1_584, 3_321, 9_965, 16_000, 63_999]);
    }

    #[test]
    fn decay_halves_at_the_half_life_and_ends_at_zero() {
        let of = [
            (1_000, 0, 14),
            (1_000, 14, 14),
            (1_000, 7, 14),
            (1_000, 28, 14),
            (1_000, 10_000, 14),
            (7, 5, 0),
        ];
        assert_eq!(of.map(|(v, e, h)| decayed(v, e, h)), [1_000, 500, 707, 250, 0, 7]);
    }

    proptest! {
        #[test]
        fn logarithms_grow_and_decay_falls(a in 1_u64.., b in 1_u64.., value: u32, early in 0_u32..4_000, late in 0_u32..4_000) {
            let (a, b) = (a.min(b), a.max(b));
            prop_assert!(log2_milli(a) <= log2_milli(b));
            let (early, late) = (early.min(late), early.max(late));
            prop_assert!(decayed(value, early, 14) >= decayed(value, late, 14));
        }
    }
}
