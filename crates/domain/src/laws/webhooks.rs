//! What always holds of webhooks: a message for one tells of what was committed (8), its log is a ring whose lines are all that its standing counts, and
//! none of them is of a webhook that was never there.

use std::collections::{HashMap, HashSet};

use crate::change::Row;
use crate::ids::{EventId, MessageId, OrderCode, SessionId, WebhookId};
use crate::messages::Content;
use crate::webhooks::{Action, MAX_LOGGED, Told, What};

/// All rows of a shard, as far as they speak of webhooks.
#[derive(Debug, Default)]
pub(super) struct WebhookLaws {
    hooks: HashSet<WebhookId>,
    told: Vec<(MessageId, WebhookId, Told)>,
    attempts: HashMap<WebhookId, u64>,
    /// How many lines each log has, and the number of the last one.
    lines: HashMap<WebhookId, (u64, u64)>,
    events: HashSet<EventId>,
    sessions: HashSet<SessionId>,
    /// Of what is in the books.
    codes: HashSet<OrderCode>,
}

impl WebhookLaws {
    /// Takes a row in.
    pub fn see(&mut self, row: &Row) {
        match row {
            Row::Webhook(hook) => drop(self.hooks.insert(hook.id)),
            Row::WebhookStanding(standing) => drop(self.attempts.insert(standing.hook, standing.attempts)),
            Row::WebhookAttempt(attempt) => {
                let (lines, last) = self.lines.entry(attempt.hook).or_default();
                (*lines, *last) = (*lines + 1, attempt.number.max(*last));
            }
            Row::Message(message) => {
                if let Content::Webhook(notice) = &message.content {
                    self.told.push((message.id, notice.hook, notice.told));
                }
            }
            Row::Event(event) => drop(self.events.insert(event.id)),
            Row::Session(session) => drop(self.sessions.insert(session.id)),
            Row::Order(order) if order.is_in_the_books() => self.codes.extend(order.code()),
            _ => {}
        }
    }

    /// What does not hold, each with its law.
    pub fn check(self) -> Vec<(u8, String)> {
        let mut found = Vec::new();
        for (id, hook, told) in &self.told {
            if !self.hooks.contains(hook) {
                found.push((8, format!("message {id} is for webhook {hook}, which is not there")));
            }
            let happened = match told.what {
                // A booking that is over may be forgotten.
                What::Order { .. } if matches!(told.action, Action::Booking | Action::Cancel) => true,
                What::Order { code, previous } => [Some(code), previous].iter().flatten().all(|code| self.codes.contains(code)),
                What::Event(event) => self.events.contains(&event),
                What::Session(event, session) | What::Publication(event, session, _) => {
                    self.events.contains(&event) && self.sessions.contains(&session)
                }
                What::Webhook(tried) => tried == *hook,
            };
            if !happened {
                found.push((8, format!("message {id} tells webhook {hook} of {told:?}, which did not happen")));
            }
        }
        let hooks: HashSet<_> = self.attempts.keys().chain(self.lines.keys()).copied().collect();
        for hook in hooks {
            let attempts = self.attempts.get(&hook).copied().unwrap_or(0);
            if self.lines.get(&hook).copied().unwrap_or_default() != (attempts.min(MAX_LOGGED), attempts) {
                found.push((8, format!("the log of webhook {hook} has not the lines of its {attempts} attempts")));
            }
        }
        found
    }
}
