//! The load generator's dice: a seeded SplitMix64, so that two rounds pick alike. It is no source of secrets.

/// A small generator of well-spread numbers.
pub struct Chance(u64);

impl Chance {
    /// The sequence of `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`; 0 when `bound` is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }

    /// Yes, with this probability.
    pub fn happens(&mut self, probability: f64) -> bool {
        ((self.next() >> 11) as f64 / (1u64 << 53) as f64) < probability
    }

    /// Mixes a list.
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            list.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_twentieth_happens_about_every_twentieth_time() {
        let mut chance = Chance::new(7);
        let times = (0..100_000).filter(|_| chance.happens(0.05)).count();
        assert!((4_500..5_500).contains(&times), "{times}");
        assert!((0..1000).all(|_| !chance.happens(0.0) && chance.happens(1.0)));
    }

    #[test]
    fn shuffling_keeps_everything_and_moves_most() {
        let mut list: Vec<usize> = (0..1000).collect();
        Chance::new(1).shuffle(&mut list);
        assert!(list.iter().enumerate().filter(|(place, value)| *place == **value).count() < 20);
        list.sort_unstable();
        assert_eq!(list, (0..1000).collect::<Vec<_>>());
    }
}
