//! The only clock of the client commands: monotonic time to measure with, and a word that tells runs apart. No rule of the product reads it.

use std::time::Instant;

/// Now, to measure with.
#[expect(clippy::disallowed_methods, reason = "the one place where the client commands read the clock")]
pub fn now() -> Instant {
    Instant::now()
}

/// Microseconds from `start` to now; 0 when `start` is still to come.
pub fn micros_since(start: Instant) -> u64 {
    u64::try_from(now().saturating_duration_since(start).as_micros()).unwrap_or(u64::MAX)
}

/// A word that tells this run's keys and buyers from those of any other run against the same server.
pub fn run_id() -> String {
    format!("{:x}", aforo_server::clock::Clock::System.now().0)
}
