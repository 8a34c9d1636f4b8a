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
        Draw(ChaCha20Rng::from_seed(self.seed))
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Moment({})", self.now.0)
    }
}

/// Draws ids and credentials from ChaCha20.
pub struct Draw(ChaCha20Rng);

impl Draw {
    /// Random bytes.
    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    /// An order's id.
    pub fn order_id(&mut self) -> OrderId {
        OrderId(self.bytes())
    }

    /// The id of a sign-in.
    pub fn family_id(&mut self) -> FamilyId {
        FamilyId(self.bytes())
    }

    /// A barcode.
    pub fn barcode(&mut self) -> Barcode {
        Barcode(self.letters())
    }

    /// A candidate for an order code; the caller makes sure that it is unused.
    pub fn order_code(&mut self) -> OrderCode {
        OrderCode(self.letters())
    }

    /// A positive number below 2^53.
    pub fn number(&mut self) -> u64 {
        self.0.next_u64() % (MAX_ID - 1) + 1
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
