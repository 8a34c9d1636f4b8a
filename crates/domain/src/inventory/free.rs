//! A set of places that finds its first member at once, however many are gone: how not-numbered zones are sold from.

use std::ops::Range;

const BITS: u32 = u64::BITS;

/// A set of numbers: a bit each up to the largest one it ever held, and a bit for each word that is not empty.
#[derive(Debug, Clone, Default)]
pub struct FreeSet {
    words: Vec<u64>,
    /// Which words are not empty.
    summary: Vec<u64>,
}

impl FreeSet {
    /// Puts a number in.
    pub fn insert(&mut self, number: u32) {
        let word = number / BITS;
        if word as usize >= self.words.len() {
            self.words.resize(word as usize + 1, 0);
            self.summary.resize((word / BITS) as usize + 1, 0);
        }
        self.words[word as usize] |= 1 << (number % BITS);
        self.summary[(word / BITS) as usize] |= 1 << (word % BITS);
    }

    /// Takes a number out.
    pub fn remove(&mut self, number: u32) {
        let word = number / BITS;
        let Some(bits) = self.words.get_mut(word as usize) else { return };
        *bits &= !(1 << (number % BITS));
        if *bits == 0 {
            self.summary[(word / BITS) as usize] &= !(1 << (word % BITS));
        }
    }

    /// Its members within a range, ascending.
    pub fn range(&self, range: Range<u32>) -> impl Iterator<Item = u32> {
        let mut from = range.start;
        std::iter::from_fn(move || {
            let found = self.first_from(from).filter(|number| *number < range.end)?;
            from = found + 1;
            Some(found)
        })
    }

    fn first_from(&self, from: u32) -> Option<u32> {
        let word = from / BITS;
        if let Some(found) = first_bit(*self.words.get(word as usize)?, from % BITS) {
            return Some(word * BITS + found);
        }
        let mut at = (word + 1) / BITS;
        let mut skip = (word + 1) % BITS;
        loop {
            if let Some(word) = first_bit(*self.summary.get(at as usize)?, skip) {
                let word = at * BITS + word;
                return Some(word * BITS + self.words[word as usize].trailing_zeros());
            }
            at += 1;
            skip = 0;
        }
    }
}

/// The first bit that is set, at `skip` or after.
fn first_bit(word: u64, skip: u32) -> Option<u32> {
    let rest = word & (u64::MAX << skip);
    (rest != 0).then(|| rest.trailing_zeros())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::FreeSet;

    proptest! {
        #[test]
        fn it_is_a_set(steps in prop::collection::vec((0_u32..9_000, any::<bool>()), 0..300), start in 0_u32..9_000, len in 0_u32..9_000) {
            let (mut set, mut model) = (FreeSet::default(), BTreeSet::new());
            for (number, put) in steps {
                if put {
                    set.insert(number);
                    model.insert(number);
                } else {
                    set.remove(number);
                    model.remove(&number);
                }
            }
            let end = (start + len).min(9_000);
            prop_assert_eq!(set.range(start..end).collect::<Vec<_>>(), model.range(start..end.max(start)).copied().collect::<Vec<_>>());
        }
    }
}
