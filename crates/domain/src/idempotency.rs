//! `Idempotency-Key`: what a request was answered is kept for a day, so that asking again does nothing twice.
//!
//! Checked on the engine thread. That another request with the same key is still under way is known to the HTTP layer only.

use serde::{Deserialize, Serialize};

use crate::command::Reply;
use crate::error::Error;
use crate::ids::Hash;
use crate::moment::Timestamp;

/// Outcomes are kept by the hour in which they came to be, so that a whole hour is forgotten at once and the resident set stays compact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hour(pub i64);

const HOUR_US: i64 = 3_600_000_000;

impl Hour {
    /// The hour of an instant.
    pub const fn of(now: Timestamp) -> Self {
        Self(now.0.div_euclid(HOUR_US))
    }

    /// The first hour whose outcomes are still kept at `now`: every outcome is kept for at least 24 hours.
    pub const fn oldest_kept(now: Timestamp) -> Self {
        Self(Self::of(now).0 - 24)
    }

    /// The first instant at which this hour's outcomes are no longer kept.
    pub const fn forgotten_at(self) -> Timestamp {
        Timestamp((self.0 + 25) * HOUR_US)
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
    pub hour: Hour,
    /// What was answered.
    pub answer: Result<Reply, Error>,
}
