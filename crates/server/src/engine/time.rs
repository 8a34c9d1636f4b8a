//! The engine's time: it follows the monotonic clock, never goes back, and does not follow the wall clock's jumps at once. Pure; the clocks are read
//! by `clock`.

use std::time::Instant;

use aforo_domain::moment::Timestamp;

/// A jump of the wall clock beyond this is not followed at once.
pub const JUMP_MS: i64 = 60_000;
/// How long a jump has to last until it is believed, in milliseconds of the monotonic clock.
pub const BELIEVED_AFTER_MS: i64 = 600_000;

/// The process's time.
#[derive(Debug)]
pub struct Timekeeper {
    /// The time at `since`.
    base: Timestamp,
    since: Instant,
    /// When the wall clock was first seen far ahead.
    jumped: Option<Instant>,
}

/// What the clocks say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The engine's clock.
    pub now: Timestamp,
    /// By how many milliseconds the wall clock has just jumped ahead: to be told to somebody.
    pub jumped_ms: Option<i64>,
}

impl Timekeeper {
    /// Starts with what the wall clock says.
    pub const fn new(wall: Timestamp, monotonic: Instant) -> Self {
        Self { base: wall, since: monotonic, jumped: None }
    }

    /// What time it is. Small steps forward are followed at once; a wall clock that was set back is waited for at nine tenths of its speed.
    pub fn read(&mut self, wall: Timestamp, monotonic: Instant) -> Reading {
        let elapsed = i64::try_from(monotonic.saturating_duration_since(self.since).as_micros()).unwrap_or(i64::MAX);
        let steady = Timestamp(self.base.0.saturating_add(elapsed));
        let ahead_ms = wall.ms_since(steady);
        let mut jumped_ms = None;
        let mut now = steady;
        if ahead_ms > JUMP_MS {
            let first = *self.jumped.get_or_insert_with(|| {
                jumped_ms = Some(ahead_ms);
                monotonic
            });
            if monotonic.saturating_duration_since(first).as_millis() >= BELIEVED_AFTER_MS as u128 {
                self.jumped = None;
                now = wall;
            }
        } else {
            self.jumped = None;
            now = if wall >= steady { wall } else { Timestamp((steady.0 - elapsed / 10).max(wall.0)) };
        }
        (self.base, self.since) = (now, monotonic);
        Reading { now, jumped_ms }
    }
}

/// A shard's time: the engine's, but never earlier than its last batch. Where that was written under a clock that ran ahead, the shard's time goes on
/// from there at nine tenths of the clock's speed until both agree.
#[derive(Debug)]
pub struct Pace {
    now: Timestamp,
    clock: Timestamp,
}

impl Pace {
    /// Goes on from `last`.
    pub fn new(last: Timestamp, clock: Timestamp) -> Self {
        Self { now: last.max(clock), clock }
    }

    /// What time it is when the engine's clock says `clock`.
    pub fn at(&self, clock: Timestamp) -> Timestamp {
        let elapsed = (clock.0 - self.clock.0).max(0);
        Timestamp(self.now.0 + elapsed - elapsed / 10).max(clock).max(self.now)
    }

    /// Moves on to `clock`.
    pub fn advance(&mut self, clock: Timestamp) -> Timestamp {
        self.now = self.at(clock);
        self.clock = self.clock.max(clock);
        self.now
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use aforo_domain::moment::Timestamp;

    use super::{BELIEVED_AFTER_MS, Pace, Timekeeper};

    const START: Timestamp = Timestamp(1_000_000_000_000_000);

    #[expect(clippy::disallowed_methods, reason = "an instant to count from; none is ever read again")]
    fn start() -> (Timekeeper, Instant) {
        let instant = Instant::now();
        (Timekeeper::new(START, instant), instant)
    }

    fn ms(instant: Instant, ms: i64) -> Instant {
        instant + Duration::from_millis(ms as u64)
    }

    #[test]
    fn small_steps_forward_are_followed() {
        let (mut time, start) = start();
        assert_eq!(time.read(START.plus_ms(1_500), ms(start, 1_000)).now, START.plus_ms(1_500));
    }

    #[test]
    fn a_jump_is_told_once_and_followed_only_when_it_lasts() {
        let (mut time, start) = start();
        let hour = 3_600_000;
        let first = time.read(START.plus_ms(hour), ms(start, 10));
        assert_eq!((first.now, first.jumped_ms), (START.plus_ms(10), Some(hour - 10)));
        let then = time.read(START.plus_ms(hour + 1_000), ms(start, 1_010));
        assert_eq!((then.now, then.jumped_ms), (START.plus_ms(1_010), None));
        let at_last = time.read(START.plus_ms(hour + BELIEVED_AFTER_MS), ms(start, 10 + BELIEVED_AFTER_MS));
        assert_eq!(at_last.now, START.plus_ms(hour + BELIEVED_AFTER_MS));
    }

    #[test]
    fn a_clock_set_back_is_waited_for_without_going_back() {
        let (mut time, start) = start();
        assert_eq!(time.read(START.plus_ms(-5_000), ms(start, 1_000)).now, START.plus_ms(900));
        assert_eq!(time.read(START.plus_ms(-4_000), ms(start, 2_000)).now, START.plus_ms(1_800));
    }

    #[test]
    fn a_shard_goes_on_from_its_last_batch() {
        let mut pace = Pace::new(START.plus_ms(1_000), START);
        assert_eq!(pace.advance(START), START.plus_ms(1_000));
        assert_eq!(pace.advance(START.plus_ms(1_000)), START.plus_ms(1_900));
        assert_eq!(pace.advance(START.plus_ms(500)), START.plus_ms(1_900), "never back");
        assert_eq!(pace.advance(START.plus_ms(20_000)), START.plus_ms(20_000), "the clock has caught up");
    }
}
