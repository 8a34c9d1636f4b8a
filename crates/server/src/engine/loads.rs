//! Commands that wait for rows: what is being looked for in the tables, and who waits for it. A key that is being looked for can still be changed by
//! a blind image (a clean-up); then the image wins and what is found is dropped.

use std::collections::{HashMap, VecDeque};

use aforo_domain::change::{Change, Key};

use super::shard::Waiting;

/// What a shard is looking for.
#[derive(Debug)]
pub struct Loads<T> {
    /// Keys under way: `true` once an image came by that says more than the tables.
    keys: HashMap<Key, Loading>,
    parked: HashMap<u64, Parked<T>>,
    next: u64,
    /// Who waits for an order code.
    pub for_code: VecDeque<Waiting<T>>,
}

#[derive(Debug, Default)]
struct Loading {
    overtaken: bool,
    waiters: Vec<u64>,
}

#[derive(Debug)]
struct Parked<T> {
    waiting: Waiting<T>,
    missing: usize,
}

impl<T> Default for Loads<T> {
    fn default() -> Self {
        Self { keys: HashMap::new(), parked: HashMap::new(), next: 0, for_code: VecDeque::new() }
    }
}

impl<T> Loads<T> {
    /// Parks a command until all these keys are known; answers those that nobody is looking for yet.
    pub fn park(&mut self, waiting: Waiting<T>, mut keys: Vec<Key>) -> Vec<Key> {
        keys.sort_unstable();
        keys.dedup();
        let id = self.next;
        self.next += 1;
        self.parked.insert(id, Parked { waiting, missing: keys.len() });
        keys.retain(|key| {
            let new = !self.keys.contains_key(key);
            self.keys.entry(key.clone()).or_default().waiters.push(id);
            new
        });
        keys
    }

    /// Notes a change: what it says is newer than what is being looked for.
    pub fn changed(&mut self, change: &Change) {
        if self.keys.is_empty() {
            return;
        }
        let overtaken = match change {
            Change::Put(row) => self.keys.get_mut(&row.key()),
            Change::Delete(key) => self.keys.get_mut(key),
            Change::ForgetOutcomes(_) => None,
        };
        if let Some(loading) = overtaken {
            loading.overtaken = true;
        }
    }

    /// A key was found (or found to be nowhere): whether that is still so, and who need wait no longer.
    pub fn found(&mut self, key: &Key) -> (bool, Vec<Waiting<T>>) {
        let Some(loading) = self.keys.remove(key) else { return (false, Vec::new()) };
        (!loading.overtaken, self.released(loading.waiters))
    }

    /// How many commands wait.
    pub fn len(&self) -> usize {
        self.parked.len() + self.for_code.len()
    }

    /// Gives up all searches: who waits, in the order they came.
    pub fn abandon(&mut self) -> Vec<Waiting<T>> {
        self.keys.clear();
        let mut parked: Vec<_> = self.parked.drain().collect();
        parked.sort_unstable_by_key(|(id, _)| *id);
        parked.into_iter().map(|(_, parked)| parked.waiting).chain(self.for_code.drain(..)).collect()
    }

    /// A search failed: those who waited for any of its keys.
    pub fn failed(&mut self, keys: &[Key]) -> Vec<Waiting<T>> {
        let mut failed = Vec::new();
        for key in keys {
            for id in self.keys.remove(key).map(|loading| loading.waiters).unwrap_or_default() {
                failed.extend(self.parked.remove(&id).map(|parked| parked.waiting));
            }
        }
        failed
    }

    fn released(&mut self, waiters: Vec<u64>) -> Vec<Waiting<T>> {
        let mut released = Vec::new();
        for id in waiters {
            let Some(parked) = self.parked.get_mut(&id) else { continue };
            parked.missing -= 1;
            if parked.missing == 0 {
                released.extend(self.parked.remove(&id).map(|parked| parked.waiting));
            }
        }
        released
    }
}
