//! `Idempotency-Key`: what a request was answered is kept for a day, so that asking again does nothing twice.
//!
//! Checked on the engine thread. That another request with the same key is still under way is known to the HTTP layer only.

use std::collections::{HashMap, VecDeque};

use foldhash::fast::FixedState;
use serde::{Deserialize, Serialize};

use crate::command::Reply;
use crate::error::Error;
use crate::ids::Hash;
use crate::moment::{DAY_MS, Timestamp};

/// When an outcome came to be, in units of 2^16 microseconds (65 ms) since the Unix epoch. It leads the outcome's key: keys' hashes alone would
/// scatter over the tables, so that each outcome of a day would cost a page of its own; and what is old lies at one end, to be forgotten bit by bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Period(pub i64);

const UNIT_BITS: u32 = 16;
/// What is old is forgotten this often, in milliseconds, and so many at a time for each thing that a tick may do.
const FORGET_EVERY_MS: i64 = 60_000;
const FORGET_SHARE: usize = 16;

impl Period {
    /// The period of an instant.
    pub const fn of(now: Timestamp) -> Self {
        Self(now.0 >> UNIT_BITS)
    }

    /// The first period whose outcomes are still kept at `now`: every outcome is kept for at least 24 hours.
    pub const fn oldest_kept(now: Timestamp) -> Self {
        Self::of(now.plus_ms(-DAY_MS))
    }

    /// The first instant at which this period's outcomes need not be kept any more.
    pub const fn forgotten_at(self) -> Timestamp {
        Timestamp((self.0 + 1) << UNIT_BITS).plus_ms(DAY_MS)
    }
}

/// Which outcomes are kept, and since when, without their content: 40 bytes each instead of a thousand. They come in the order of time.
#[derive(Debug, Default)]
pub struct Marks {
    /// By the first eight bytes of the key's hash. Two keys that share them would have to be looked for by whoever made them.
    periods: HashMap<u64, Period, FixedState>,
    order: VecDeque<u64>,
}

impl Marks {
    /// Notes that an outcome is kept. Doing it twice is doing it once. An older one of the same key changes nothing: its day was over when the newer one
    /// came to be, and only a load that had begun before brings it along.
    pub fn insert(&mut self, period: Period, short: u64) {
        if self.find(short).is_some_and(|known| period <= known) {
            return;
        }
        if self.periods.insert(short, period).is_none() {
            self.order.push_back(short);
        }
    }

    /// When the outcome of a key with these first eight bytes came to be, if there is one.
    pub fn find(&self, short: u64) -> Option<Period> {
        self.periods.get(&short).copied()
    }

    /// When there is next something to forget.
    pub fn due(&self) -> Option<Timestamp> {
        self.at(0).map(|oldest| oldest.forgotten_at().plus_ms(FORGET_EVERY_MS))
    }

    /// The outcomes before this period may be forgotten at `now`; not many more than a share of `limit`. `None` if there are none.
    pub fn forgettable(&self, now: Timestamp, limit: usize) -> Option<Period> {
        let (oldest, kept) = (self.at(0)?, Period::oldest_kept(now));
        let share = self.at(limit * FORGET_SHARE).unwrap_or(kept).max(Period(oldest.0 + 1));
        (oldest < kept).then(|| share.min(kept))
    }

    /// Forgets what came before this period.
    pub fn forget(&mut self, before: Period) {
        while let Some(short) = self.order.front().filter(|short| self.periods.get(short).is_none_or(|period| *period < before)) {
            self.periods.remove(short);
            self.order.pop_front();
        }
    }

    fn at(&self, index: usize) -> Option<Period> {
        self.periods.get(self.order.get(index)?).copied()
    }
}

/// What a request brings along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// Hash of scope (channel or key, plus user) and header value.
    pub key: Hash,
    /// Hash of method, path, query, `ob-order-id` and body.
    pub fingerprint: Hash,
}

/// What a request was answered: the compact reply, not HTTP bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Hash of scope and header value.
    pub key: Hash,
    /// Hash of the request.
    pub fingerprint: Hash,
    /// When it came to be.
    pub period: Period,
    /// What was answered.
    pub answer: Result<Reply, Error>,
}

#[cfg(test)]
mod tests {
    use super::{Marks, Period};
    use crate::moment::{DAY_MS, Timestamp};

    const NOW: Timestamp = Timestamp(1_764_000_000_000_000);

    fn marks(count: u64) -> Marks {
        let mut marks = Marks::default();
        for number in 0..count {
            marks.insert(Period(Period::of(NOW).0 + number.cast_signed()), number);
        }
        marks
    }

    #[test]
    fn an_outcome_is_kept_for_a_day_at_least() {
        let period = Period::of(NOW);
        assert!(Period::oldest_kept(NOW.plus_ms(DAY_MS)) <= period);
        assert!(Period::oldest_kept(period.forgotten_at()) > period);
        assert!(period.forgotten_at() > NOW.plus_ms(DAY_MS));
    }

    #[test]
    fn what_is_old_is_forgotten_bit_by_bit() {
        let mut marks = marks(100);
        assert_eq!(marks.forgettable(NOW.plus_ms(DAY_MS), 1), None);
        let later = NOW.plus_ms(2 * DAY_MS);
        let mut steps = 0;
        while let Some(before) = marks.forgettable(later, 1) {
            marks.forget(before);
            steps += 1;
        }
        assert_eq!((steps, marks.find(99)), (7, None));
        assert!(marks.due().is_none());
    }

    #[test]
    fn noting_an_outcome_again_changes_nothing() {
        let mut marks = marks(3);
        marks.insert(Period(Period::of(NOW).0 + 1), 1);
        marks.forget(Period(Period::of(NOW).0 + 2));
        assert_eq!([0, 1, 2].map(|short| marks.find(short).is_some()), [false, false, true]);
        assert_eq!(marks.due(), Some(Period(Period::of(NOW).0 + 2).forgotten_at().plus_ms(60_000)));
    }

    #[test]
    fn an_older_outcome_of_a_key_does_not_come_back() {
        let (mut marks, newer) = (marks(1), Period(Period::of(NOW).0 + 5));
        marks.insert(newer, 0);
        marks.insert(Period::of(NOW), 0);
        assert_eq!(marks.find(0), Some(newer));
    }
}
