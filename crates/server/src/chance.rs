//! The one place that draws randomness. Rules get it as the seed of their moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aforo_domain::ids::Hash;

/// Where seeds come from.
#[derive(Debug, Clone)]
pub enum Chance {
    /// The operating system's generator.
    System,
    /// A counted sequence, so that ids in tests are stable.
    Seeded(Arc<AtomicU64>),
}

impl Chance {
    /// A repeatable sequence.
    pub fn seeded(seed: u64) -> Self {
        Self::Seeded(Arc::new(AtomicU64::new(seed)))
    }

    /// 256 new bits.
    ///
    /// # Panics
    /// If the operating system has no randomness to give: nothing unguessable could be made.
    #[expect(clippy::disallowed_methods, reason = "the owner of randomness")]
    pub fn seed(&self) -> [u8; 32] {
        match self {
            Self::System => {
                let mut seed = [0; 32];
                getrandom::fill(&mut seed).unwrap_or_else(|error| panic!("the system gives no randomness: {error}"));
                seed
            }
            Self::Seeded(counter) => Hash::of(&counter.fetch_add(1, Ordering::SeqCst).to_le_bytes()).0,
        }
    }
}
