//! Numbers that depend on a seed and a name only: `SplitMix64`, started from a hash of both.

/// What a number is for. Every use has its own stream, so that a new use never shifts an old one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u64)]
pub(crate) enum Stream {
    Account = 1,
    Member,
    Person,
    Pattern,
    UniqueId,
    Session,
    Address,
    Day,
    Month,
    Event,
    Attack,
    Burst,
    Policy,
    File,
}

/// A stream of numbers.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// The stream of one purpose for the thing that `parts` names.
    pub(crate) fn of(seed: u64, stream: Stream, parts: &[u64]) -> Self {
        let start = mix(seed ^ mix(stream as u64));
        Self(
            parts
                .iter()
                .fold(start, |state, part| mix(state.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ mix(*part))),
        )
    }

    /// The next 64 bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number from 0 to below `limit`; 0 when there is none.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        u64::try_from((u128::from(self.bits()) * u128::from(limit)) >> 64).unwrap_or_default()
    }

    /// A number from 0 to below `limit` that prefers small ones: the smaller of two.
    pub(crate) fn skewed(&mut self, limit: u64) -> u64 {
        self.below(limit).min(self.below(limit))
    }

    /// Yes in so many of a million cases.
    pub(crate) fn chance(&mut self, per_million: u32) -> bool {
        self.below(1_000_000) < u64::from(per_million)
    }

    /// One of the items; the default when there are none.
    pub(crate) fn pick<T: Copy + Default>(&mut self, items: &[T]) -> T {
        nth(items, self.below(items.len() as u64))
    }
}

/// The item at a place, counted round and round; the default when there are none.
pub(crate) fn nth<T: Copy + Default>(items: &[T], place: u64) -> T {
    let place = place.checked_rem(items.len() as u64).unwrap_or_default();
    usize::try_from(place).ok().and_then(|place| items.get(place)).copied().unwrap_or_default()
}

/// A number for a text.
pub(crate) fn letters(text: &str) -> u64 {
    text.bytes().fold(7, |sum, letter| mix(sum ^ u64::from(letter)))
}

fn mix(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::{Random, Stream, nth};

    #[test]
    fn a_stream_depends_on_seed_purpose_and_name_and_stays() {
        let first = |seed, stream, parts: &[u64]| Random::of(seed, stream, parts).bits();
        assert_eq!(first(1, Stream::Day, &[2, 3]), 15_422_239_768_811_809_393);
        assert_ne!(first(1, Stream::Day, &[2, 3]), first(2, Stream::Day, &[2, 3]));
        assert_ne!(first(1, Stream::Day, &[2, 3]), first(1, Stream::Event, &[2, 3]));
        assert_ne!(first(1, Stream::Day, &[2, 3]), first(1, Stream::Day, &[3, 2]));
    }

    #[test]
    fn chances_are_kept() {
        let mut random = Random::of(7, Stream::Day, &[]);
        let hits = (0..100_000).filter(|_| random.chance(250_000)).count();
        assert!((24_500..25_500).contains(&hits), "{hits} of 100,000 at one in four");
        assert_eq!(nth::<u32>(&[], 3), 0);
        assert_eq!(nth(&[1, 2, 3], 4), 2);
    }
}
