//! Which idempotent requests are under way in this process. What they were answered is the engine's to know.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use aforo_domain::error::Code;
use aforo_domain::ids::Hash;

use super::respond::Problem;

/// Parts the keys, so that threads rarely meet.
const PARTS: usize = 16;

/// The keys of requests that are being worked on.
#[derive(Debug, Clone, Default)]
pub struct InProgress(Arc<[Mutex<HashSet<Hash>>; PARTS]>);

/// Takes a key out when the request ends, however it ends.
#[derive(Debug)]
pub struct Guard {
    all: InProgress,
    key: Hash,
}

impl InProgress {
    /// Enters a key.
    ///
    /// # Errors
    /// `IDEMPOTENCY_IN_PROGRESS` if another request with it is under way.
    pub fn enter(&self, key: Hash) -> Result<Guard, Problem> {
        if self.part(&key).lock().unwrap_or_else(PoisonError::into_inner).insert(key) {
            Ok(Guard { all: self.clone(), key })
        } else {
            Err(Code::IdempotencyInProgress.into())
        }
    }

    fn part(&self, key: &Hash) -> &Mutex<HashSet<Hash>> {
        &self.0[usize::from(key.0[31]) % PARTS]
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.all.part(&self.key).lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}
