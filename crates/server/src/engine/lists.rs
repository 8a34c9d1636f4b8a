//! Gates' lists that commands wait for. A list is read out of the tables once these have everything that was decided before it was wanted; what is decided
//! from then on the World keeps for it (`domain::gates::lists`), so that nothing falls between.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use aforo_domain::ids::SessionId;

use super::shard::Waiting;

/// The lists that a shard wants.
#[derive(Debug)]
pub struct Lists<T> {
    /// How far the tables have to be first; `None` once it is being read.
    wanted: BTreeMap<SessionId, Option<u64>>,
    parked: VecDeque<(BTreeSet<SessionId>, Waiting<T>)>,
}

impl<T> Default for Lists<T> {
    fn default() -> Self {
        Self { wanted: BTreeMap::new(), parked: VecDeque::new() }
    }
}

impl<T> Lists<T> {
    /// Parks a command until all these lists are there; answers those that nobody wanted yet. They are read once the tables have come up to `after`.
    pub fn park(&mut self, waiting: Waiting<T>, sessions: Vec<SessionId>, after: u64) -> Vec<SessionId> {
        let sessions: BTreeSet<_> = sessions.into_iter().collect();
        let new: Vec<_> = sessions.iter().copied().filter(|session| !self.wanted.contains_key(session)).collect();
        self.wanted.extend(new.iter().map(|session| (*session, Some(after))));
        self.parked.push_back((sessions, waiting));
        new
    }

    /// Those that may be read now.
    pub fn due(&mut self, applied: u64) -> Vec<SessionId> {
        let ready = self.wanted.iter_mut().filter(|(_, after)| after.is_some_and(|after| after <= applied));
        ready
            .map(|(session, after)| {
                *after = None;
                *session
            })
            .collect()
    }

    /// A list is there: who need wait no longer.
    pub fn found(&mut self, session: SessionId) -> Vec<Waiting<T>> {
        self.wanted.remove(&session);
        let mut free = Vec::new();
        for (mut sessions, waiting) in std::mem::take(&mut self.parked) {
            sessions.remove(&session);
            if sessions.is_empty() { free.push(waiting) } else { self.parked.push_back((sessions, waiting)) }
        }
        free
    }

    /// A list could not be read: those who waited for it.
    pub fn failed(&mut self, session: SessionId) -> Vec<Waiting<T>> {
        self.wanted.remove(&session);
        let (failed, rest): (VecDeque<_>, _) = self.parked.drain(..).partition(|(sessions, _)| sessions.contains(&session));
        self.parked = rest;
        failed.into_iter().map(|(_, waiting)| waiting).collect()
    }

    /// How many commands wait.
    pub fn len(&self) -> usize {
        self.parked.len()
    }

    /// Gives up all lists: who waits, in the order they came.
    pub fn abandon(&mut self) -> Vec<Waiting<T>> {
        self.wanted.clear();
        self.parked.drain(..).map(|(_, waiting)| waiting).collect()
    }
}
