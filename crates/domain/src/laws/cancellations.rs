//! Law 2 of sessions that were called off: where the work is done, no more tickets of theirs are live than it says, and what it gave back it says, too (3).

use std::collections::HashMap;
use std::sync::Arc;

use super::Breach;
use crate::change::Row;
use crate::ids::SessionId;
use crate::orders::cancellations::{Cancellation, Progress};

/// All rows of a shard, as far as they speak of sessions that were called off.
#[derive(Debug, Default)]
pub(super) struct CancellationLaws {
    cancellations: HashMap<SessionId, Arc<Cancellation>>,
    /// Live tickets, by the session that they are sold in.
    live: HashMap<SessionId, u32>,
    /// Season tickets of which a session's share came back.
    shares: HashMap<SessionId, u32>,
}

impl CancellationLaws {
    /// Takes a row in.
    pub fn see(&mut self, row: &Row) {
        match row {
            Row::Cancellation(cancellation) => drop(self.cancellations.insert(cancellation.session, cancellation.clone())),
            Row::Ticket(ticket) if ticket.state.is_live() => *self.live.entry(ticket.session).or_default() += 1,
            Row::Order(order) => {
                let notes = order.extras().after.refunds.iter();
                for (session, count) in notes.filter_map(|note| Some((note.share?, note.items.len() as u32))) {
                    *self.shares.entry(session).or_default() += count;
                }
            }
            _ => {}
        }
    }

    /// What does not hold.
    pub fn check(self) -> Vec<Breach> {
        let mut breaches = Vec::new();
        for session in self.shares.keys().filter(|session| !self.cancellations.contains_key(session)) {
            breaches.push(Breach { law: 3, what: format!("shares of session {session} came back, which was not called off") });
        }
        for (session, cancellation) in &self.cancellations {
            let shares = self.shares.get(session).copied().unwrap_or(0);
            if shares != cancellation.shares {
                let what = format!("session {session} says that {} of its shares came back, orders say {shares}", cancellation.shares);
                breaches.push(Breach { law: 3, what });
            }
            let live = self.live.get(session).copied().unwrap_or(0);
            if let Progress::Done { left, .. } = cancellation.state
                && live > left
            {
                let what = format!("session {session} was called off and done with, and {live} of its tickets are live instead of {left}");
                breaches.push(Breach { law: 2, what });
            }
            if cancellation.refund.is_none() && cancellation.total != 0 {
                breaches.push(Breach { law: 3, what: format!("session {session} gave {} back and was not to", cancellation.total) });
            }
        }
        breaches
    }
}
