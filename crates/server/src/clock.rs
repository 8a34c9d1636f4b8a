//! The one place that reads the clock. Everything else is told the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use aforo_domain::moment::Timestamp;

/// Where time comes from.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's.
    System,
    /// One that stands still until it is moved: tests and the demo's snapshots.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `now`.
    pub fn fixed(now: Timestamp) -> Self {
        Self::Fixed(Arc::new(AtomicI64::new(now.0)))
    }

    /// Now, UTC. May go back when the machine's clock is set; the engine sees to it that its own time does not.
    #[expect(clippy::disallowed_methods, reason = "the owner of the clock")]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => {
                let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
                Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
            }
            Self::Fixed(now) => Timestamp(now.load(Ordering::SeqCst)),
        }
    }

    /// Moves a fixed clock on; the machine's is not ours to move.
    pub fn advance_ms(&self, ms: i64) {
        if let Self::Fixed(now) = self {
            now.fetch_add(ms * 1_000, Ordering::SeqCst);
        }
    }
}

/// The monotonic clock: for how long something took, never for what time it is.
#[expect(clippy::disallowed_methods, reason = "the owner of the clock")]
pub fn instant() -> std::time::Instant {
    std::time::Instant::now()
}
