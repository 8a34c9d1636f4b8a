//! How much is delivered at a time, and to whom nothing for now: each receiver has its share, and one that is away rests without holding up any other.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use aforo_domain::ids::ShardId;
use aforo_domain::messages::Kind;

use crate::clock;

/// Deliveries to a common receiver under way at most.
const MOST: usize = 64;
/// Deliveries to one webhook, to all of an operator's, and to all there are.
pub const MOST_OF_HOOK: usize = 8;
const MOST_OF_HOOKS_OF_SHARD: usize = 64;
const MOST_OF_HOOKS: usize = 256;
/// How long is waited after a receiver was away: twice as long each time, up to the second.
const REST: Duration = Duration::from_millis(500);
const REST_MAX: Duration = Duration::from_secs(30);

/// One receiver: common to all shards, or a webhook of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Receiver {
    shard: Option<ShardId>,
    kind: Kind,
}

/// What is under way, and who rests.
#[derive(Debug, Default)]
pub struct Pace {
    resting: BTreeMap<Receiver, Rest>,
    under_way: BTreeMap<Receiver, usize>,
    hooks_of: BTreeMap<ShardId, usize>,
    hooks: usize,
}

/// A receiver that was away.
#[derive(Debug, Clone, Copy)]
struct Rest {
    until: Instant,
    length: Duration,
}

impl Receiver {
    /// Who gets the messages of a kind in a shard.
    pub const fn of(shard: ShardId, kind: Kind) -> Self {
        Self { shard: if let Kind::Webhook(_) = kind { Some(shard) } else { None }, kind }
    }
}

impl Pace {
    /// How many more may be delivered to a receiver now: one, after a rest, until that one has found it.
    pub fn room(&self, receiver: Receiver) -> usize {
        let under_way = self.under_way.get(&receiver).copied().unwrap_or(0);
        let free = match receiver.shard {
            None => MOST.saturating_sub(under_way),
            Some(shard) => {
                let of_shard = self.hooks_of.get(&shard).copied().unwrap_or(0);
                let shares = [(MOST_OF_HOOK, under_way), (MOST_OF_HOOKS_OF_SHARD, of_shard), (MOST_OF_HOOKS, self.hooks)];
                shares.into_iter().map(|(most, some)| most.saturating_sub(some)).min().unwrap_or(0)
            }
        };
        match self.resting.get(&receiver) {
            Some(rest) if clock::instant() < rest.until => 0,
            Some(_) => free.min(usize::from(under_way == 0)),
            None => free,
        }
    }

    /// A delivery begins.
    pub fn begin(&mut self, receiver: Receiver) {
        *self.under_way.entry(receiver).or_default() += 1;
        if let Some(shard) = receiver.shard {
            *self.hooks_of.entry(shard).or_default() += 1;
            self.hooks += 1;
        }
    }

    /// A delivery came to an end.
    pub fn end(&mut self, receiver: Receiver) {
        less(&mut self.under_way, receiver);
        if let Some(shard) = receiver.shard {
            less(&mut self.hooks_of, shard);
            self.hooks -= 1;
        }
    }

    /// A receiver answered: it does not rest any more.
    pub fn found(&mut self, receiver: Receiver) {
        self.resting.remove(&receiver);
    }

    /// A receiver is away, and asks perhaps to be left alone for so long. How long it rests now; `None` if it did already: the rest of what was under way
    /// with this message does not make the wait longer.
    pub fn rest(&mut self, receiver: Receiver, asked: Option<Duration>) -> Option<Duration> {
        let now = clock::instant();
        let length = match self.resting.get(&receiver) {
            Some(rest) if now < rest.until => return None,
            Some(rest) => (rest.length * 2).min(REST_MAX),
            None => REST,
        };
        let until = now + length.max(asked.unwrap_or_default());
        self.resting.insert(receiver, Rest { until, length });
        Some(length)
    }
}

/// One less under a key, which goes with the last.
fn less<K: Ord>(counts: &mut BTreeMap<K, usize>, key: K) {
    if let Some(count) = counts.get_mut(&key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use aforo_domain::ids::{ShardId, WebhookId};
    use aforo_domain::messages::Kind;

    use super::{MOST_OF_HOOK, MOST_OF_HOOKS_OF_SHARD, Pace, Receiver};

    #[test]
    fn a_webhook_that_is_away_holds_up_no_other() {
        let of = |shard, hook| Receiver::of(ShardId(shard), Kind::Webhook(WebhookId(hook)));
        let (mut pace, mail) = (Pace::default(), Receiver::of(ShardId(3), Kind::Mail));
        assert_eq!(mail, Receiver::of(ShardId(4), Kind::Mail), "there is one mail server");
        for _ in 0..MOST_OF_HOOK {
            pace.begin(of(3, 1));
        }
        assert_eq!((pace.room(of(3, 1)), pace.room(of(3, 2)), pace.room(of(4, 1))), (0, MOST_OF_HOOK, MOST_OF_HOOK));
        assert!(pace.rest(of(3, 1), None).is_some() && pace.rest(of(3, 1), None).is_none());
        (0..MOST_OF_HOOK).for_each(|_| pace.end(of(3, 1)));
        assert_eq!((pace.room(of(3, 1)), pace.room(of(3, 2))), (0, MOST_OF_HOOK));
        pace.found(of(3, 1));
        assert_eq!(pace.room(of(3, 1)), MOST_OF_HOOK);
        for hook in 0..8 {
            (0..MOST_OF_HOOK).for_each(|_| pace.begin(of(3, hook)));
        }
        assert_eq!(MOST_OF_HOOKS_OF_SHARD, 8 * MOST_OF_HOOK);
        assert_eq!((pace.room(of(3, 9)), pace.room(of(4, 9))), (0, MOST_OF_HOOK), "one operator's webhooks leave room for others'");
        assert!(pace.room(mail) > 0);
    }
}
