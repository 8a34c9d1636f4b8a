//! When a command is decided and what chance it gets. Rules read time and randomness from here and from nowhere else.

use std::fmt;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

use crate::ids::{ALPHABET, Barcode, FamilyId, MAX_ID, OrderCode, OrderId};

/// An instant: microseconds since the Unix epoch, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This instant plus some milliseconds; the ends of time absorb what would go beyond.
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms.saturating_mul(1_000)))
    }

    /// Milliseconds from `earlier` to this instant (negative if it is later).
    pub const fn ms_since(self, earlier: Self) -> i64 {
        (self.0 - earlier.0) / 1_000
    }
}

/// A day, in milliseconds.
pub const DAY_MS: i64 = 24 * 3_600 * 1_000;

/// A half-open span of time: [start, end).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The first instant inside.
    pub start: Timestamp,
    /// The first instant after.
    pub end: Timestamp,
}

impl Window {
    /// Whether `now` is inside.
    pub fn contains(&self, now: Timestamp) -> bool {
        self.start <= now && now < self.end
    }
}

/// The moment of one command: the engine's time, which never goes back, and the seed of all that it draws.
#[derive(Clone, Copy)]
pub struct Moment {
    /// Now.
    pub now: Timestamp,
    /// 256 bits of chance, new for each command.
    pub seed: [u8; 32],
    /// An order code that no order has, checked beforehand; `None` while the pool is being filled.
    pub order_code: Option<OrderCode>,
}

impl Moment {
    /// The stream of chance of this moment. The same moment draws the same.
    pub fn draw(&self) -> Draw {
        Draw { chance: ChaCha20Rng::from_seed(self.seed), now: self.now }
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Moment({})", self.now.0)
    }
}

/// Draws ids and credentials from ChaCha20.
///
/// What every sale stores under a unique index (an order's id and code, a barcode) begins with the time at which it was drawn: what comes together
/// lies together in the index, so that a sale costs the same after a million others. The rest is chance, and enough of it to be unguessable.
pub struct Draw {
    chance: ChaCha20Rng,
    now: Timestamp,
}

/// How many bytes of an order's id are time, in units of 2^16 microseconds (65 ms): the rest are 88 random bits.
const ORDER_ID_TIME: usize = 5;
/// How many letters of a code or barcode are time, in units of 2^18 microseconds (262 ms); they repeat after 86 days.
const LETTERS_TIME: usize = 5;

impl Draw {
    /// Random bytes.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.chance.fill_bytes(&mut bytes);
        bytes
    }

    /// An order's id.
    pub fn order_id(&mut self) -> OrderId {
        let mut id = self.bytes();
        let units = (self.now.0 >> 16).to_be_bytes();
        id[..ORDER_ID_TIME].copy_from_slice(&units[units.len() - ORDER_ID_TIME..]);
        OrderId(id)
    }

    /// The id of a sign-in.
    pub fn family_id(&mut self) -> FamilyId {
        FamilyId(self.bytes())
    }

    /// A barcode.
    pub fn barcode(&mut self) -> Barcode {
        Barcode::of_letters(self.timed_letters())
    }

    /// A candidate for an order code; the caller makes sure that it is unused.
    pub fn order_code(&mut self) -> OrderCode {
        OrderCode(self.timed_letters())
    }

    /// A secret that people can type: 17 letters, 84 random bits.
    pub fn typed_secret(&mut self) -> String {
        self.letters::<17>().into_iter().map(char::from).collect()
    }

    /// A voucher's code: 16 letters in groups of four, 79 random bits.
    pub fn voucher_code(&mut self) -> String {
        let letters = self.letters::<16>();
        letters.chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join("-")
    }

    /// A PIN: six digits.
    pub fn pin(&mut self) -> String {
        format!("{:06}", self.number() % 1_000_000)
    }

    /// A positive number below 2^53.
    pub fn number(&mut self) -> u64 {
        self.chance.next_u64() % (MAX_ID - 1) + 1
    }

    /// Letters of [`ALPHABET`] of which the first ones tell the time, so that what is drawn later mostly sorts later.
    fn timed_letters<const N: usize>(&mut self) -> [u8; N] {
        let mut letters = self.letters();
        let mut units = (self.now.0 >> 18).cast_unsigned();
        for letter in letters[..LETTERS_TIME].iter_mut().rev() {
            *letter = ALPHABET[(units % ALPHABET.len() as u64) as usize];
            units /= ALPHABET.len() as u64;
        }
        letters
    }

    /// Letters of [`ALPHABET`], each equally likely.
    fn letters<const N: usize>(&mut self) -> [u8; N] {
        let mut letters = [0; N];
        let mut filled = 0;
        while filled < N {
            for byte in self.bytes::<32>() {
                // 248 = 8 * 31: larger bytes would make the first letters likelier.
                if byte < 248 && filled < N {
                    letters[filled] = ALPHABET[usize::from(byte) % ALPHABET.len()];
                    filled += 1;
                }
            }
        }
        letters
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{Moment, Timestamp};

    fn moment(now: i64, seed: u8) -> Moment {
        Moment { now: Timestamp(now), seed: [seed; 32], order_code: None }
    }

    #[test]
    fn what_is_drawn_later_sorts_later() {
        let times = [1_764_000_000_000_000, 1_764_000_000_300_000, 1_764_000_060_000_000, 1_764_003_600_000_000];
        let draws: Vec<_> = times.iter().map(|now| moment(*now, 1).draw()).collect();
        let drawn: Vec<_> = draws.into_iter().map(|mut draw| (draw.order_id(), draw.order_code(), draw.barcode())).collect();
        assert!(drawn.is_sorted_by(|a, b| a.0 < b.0 && a.1 < b.1 && a.2 < b.2), "{drawn:?}");
    }

    #[test]
    fn what_is_drawn_at_once_is_told_apart_by_chance() {
        let mut draw = moment(1_764_000_000_000_000, 2).draw();
        let ids: HashSet<_> = (0..10_000).map(|_| draw.order_id()).collect();
        let barcodes: HashSet<_> = (0..10_000).map(|_| draw.barcode()).collect();
        let secrets: HashSet<_> = (0..10_000).map(|_| draw.typed_secret()[..12].to_owned()).collect();
        assert_eq!([ids.len(), barcodes.len(), secrets.len()], [10_000; 3]);
        // Each letter after the time takes every value.
        for place in 5..22 {
            assert_eq!(barcodes.iter().map(|barcode| barcode.as_str().as_bytes()[place]).collect::<HashSet<_>>().len(), 31);
        }
    }
}
