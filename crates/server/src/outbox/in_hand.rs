//! Which messages of a shard are in hand: being delivered, or delivered and told, while the tables, which come a moment later, still show them waiting.

use std::collections::HashMap;
use std::sync::Arc;

use aforo_domain::ids::MessageId;
use aforo_domain::messages::Message;

/// The messages in hand.
#[derive(Debug, Default)]
pub struct InHand(HashMap<MessageId, Option<u64>>);

impl InHand {
    /// Takes those that are not in hand yet, at most so many, of what the tables show.
    pub fn take(&mut self, found: Vec<Arc<Message>>, most: usize) -> Vec<Arc<Message>> {
        let taken: Vec<_> = found.into_iter().filter(|message| !self.0.contains_key(&message.id)).take(most).collect();
        self.0.extend(taken.iter().map(|message| (message.id, None)));
        taken
    }

    /// What became of a message is durable with this journal number.
    pub fn told(&mut self, id: MessageId, seq: u64) {
        self.0.insert(id, Some(seq));
    }

    /// Nothing became of it: it waits as before.
    pub fn put_back(&mut self, id: MessageId) {
        self.0.remove(&id);
    }

    /// The tables have everything up to here; to be called before they are read.
    pub fn applied(&mut self, seq: u64) {
        self.0.retain(|_, told| told.is_none_or(|told| told > seq));
    }
}
