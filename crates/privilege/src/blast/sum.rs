//! Sums of many numbers side by side, one for each bit of a mask.

/// A bit for each component that walks the graph.
pub(super) type Mask = [u64; WORDS];

pub(super) const WORDS: usize = 4;
pub(super) const LANES: usize = 64 * WORDS;
pub(super) const EMPTY: Mask = [0; WORDS];

/// A sum for each lane, as planes of bits: plane `k` holds what counts 2^k.
#[derive(Debug, Default)]
pub(super) struct Sums {
    planes: Vec<Mask>,
}

impl Sums {
    /// Adds a number to the sum of each lane of a mask.
    pub(super) fn add(&mut self, mask: Mask, number: u32) {
        let mut left = number;
        while left != 0 {
            self.carry(mask, left.trailing_zeros() as usize);
            left &= left - 1;
        }
    }

    /// Adds 2^plane.
    fn carry(&mut self, mut mask: Mask, mut plane: usize) {
        while !is_empty(mask) {
            if self.planes.len() <= plane {
                self.planes.resize(plane + 1, EMPTY);
            }
            let Some(sum) = self.planes.get_mut(plane) else { return };
            for (sum, mask) in sum.iter_mut().zip(&mut mask) {
                (*sum, *mask) = (*sum ^ *mask, *sum & *mask);
            }
            plane += 1;
        }
    }

    /// The sum of a lane.
    pub(super) fn of(&self, lane: usize) -> u64 {
        let bit = |plane: &Mask| plane.get(lane / 64).map_or(0, |word| word >> (lane % 64) & 1);
        self.planes.iter().rev().fold(0, |sum, plane| sum << 1 | bit(plane))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.planes.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.planes.clear();
    }
}

pub(super) fn is_empty(mask: Mask) -> bool {
    mask == EMPTY
}

pub(super) fn without(mask: Mask, other: Mask) -> Mask {
    std::array::from_fn(|word| mask.get(word).unwrap_or(&0) & !other.get(word).unwrap_or(&0))
}

pub(super) fn union(mask: Mask, other: Mask) -> Mask {
    std::array::from_fn(|word| mask.get(word).unwrap_or(&0) | other.get(word).unwrap_or(&0))
}

pub(super) fn lane(number: usize) -> Mask {
    std::array::from_fn(|word| if word == number / 64 { 1 << (number % 64) } else { 0 })
}

pub(super) fn has(mask: Mask, lane: usize) -> bool {
    mask.get(lane / 64).is_some_and(|word| word >> (lane % 64) & 1 == 1)
}
