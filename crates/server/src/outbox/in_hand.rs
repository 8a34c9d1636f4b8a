//! Which messages of a shard are in hand: being delivered, or delivered and told, while the tables, which come a moment later, still show them waiting.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use aforo_domain::ids::MessageId;
use aforo_domain::messages::{Kind, Message};

/// The messages in hand.
#[derive(Debug, Default)]
pub struct InHand(HashMap<MessageId, (Kind, Option<u64>)>);

impl InHand {
    /// Takes those that are not in hand yet, at most so many, of what the tables show.
    pub fn take(&mut self, found: Vec<Arc<Message>>, most: usize) -> Vec<Arc<Message>> {
        let taken: Vec<_> = found.into_iter().filter(|message| !self.0.contains_key(&message.id)).take(most).collect();
        self.0.extend(taken.iter().map(|message| (message.id, (message.kind(), None))));
        taken
    }

    /// What became of a message is durable with this journal number.
    pub fn told(&mut self, id: MessageId, seq: u64) {
        self.0.entry(id).and_modify(|(_, told)| *told = Some(seq));
    }

    /// Nothing became of it: it waits as before.
    pub fn put_back(&mut self, id: MessageId) {
        self.0.remove(&id);
    }

    /// The tables have everything up to here; to be called before they are read. The kinds of which something is not in hand any more: what waited for
    /// it may be due.
    pub fn applied(&mut self, seq: u64) -> BTreeSet<Kind> {
        let mut kinds = BTreeSet::new();
        self.0.retain(|_, (kind, told)| {
            let stays = told.is_none_or(|told| told > seq);
            if !stays {
                kinds.insert(*kind);
            }
            stays
        });
        kinds
    }
}
