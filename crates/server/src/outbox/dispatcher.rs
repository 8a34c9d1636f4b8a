//! The dispatcher's loop: looks for what is due, has it delivered, tells the results. It holds back where a receiver is away, and takes turns between
//! shards.
//!
//! It asks the tables only where it knows that there may be something: the applier says where messages came or went, and each look says when the next one
//! is due. So an installation that sends nothing pays nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use aforo_domain::command::Command;
use aforo_domain::identity::check::Actor;
use aforo_domain::ids::{MessageId, ShardId};
use aforo_domain::messages::{Delivery, Kind, MAX_SETTLED, OutboxCommand};
use aforo_domain::moment::Timestamp;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::in_hand::InHand;
use super::meters::Meters;
use super::targets::{Targets, Undelivered};
use crate::clock::{self, Clock};
use crate::engine::{Handle, Request};
use crate::store::{Due, Loader, Queue, StoreError};

/// How often it looks at the time. A fixed clock is moved without anybody saying so.
const PACE: Duration = Duration::from_millis(250);
const FIXED_CLOCK_PACE: Duration = Duration::from_millis(10);
/// Deliveries of one kind under way at most, and of these of one shard while others wait.
const MOST: usize = 64;
const MOST_OF_SHARD: usize = 16;
/// Messages read at a time.
const READ: usize = 256;
/// How long is waited after a receiver was away: twice as long each time, up to the second.
const REST: Duration = Duration::from_millis(500);
const REST_MAX: Duration = Duration::from_secs(30);
/// How long after a failed read it is tried again, in milliseconds.
const READ_AGAIN_MS: i64 = 1_000;
/// How long a stop waits for deliveries.
const STOP_PATIENCE: Duration = Duration::from_secs(5);
/// How often waiting messages are counted.
const COUNT_EVERY: Duration = Duration::from_secs(15);

/// Delivers what is due, for all shards of this process.
pub struct Dispatcher {
    engine: Handle,
    clock: Clock,
    /// `None` only while a call is under way, or if one panicked.
    loader: Option<Loader>,
    targets: Arc<Targets>,
    meters: Meters,
    shards: BTreeMap<ShardId, Desk>,
    resting: BTreeMap<Kind, Rest>,
    /// How many deliveries of a kind are under way.
    under_way: BTreeMap<Kind, usize>,
    deliveries: JoinSet<Tried>,
    /// The shard that is looked at first, so that each has its turn.
    turn: ShardId,
    counted: Option<Instant>,
}

/// One shard's messages.
#[derive(Default)]
struct Desk {
    epoch: u64,
    in_hand: InHand,
    /// When to look for messages of a kind; never, where there are none.
    look: BTreeMap<Kind, Timestamp>,
    /// What is to be told to the shard.
    results: Vec<(MessageId, Delivery)>,
    /// Whether messages came or went since they were counted, or some were left.
    count: bool,
}

/// A receiver that was away.
#[derive(Clone, Copy)]
struct Rest {
    until: Instant,
    length: Duration,
}

/// A delivery that came to an end.
struct Tried {
    shard: ShardId,
    id: MessageId,
    kind: Kind,
    result: Result<(), Undelivered>,
}

impl Dispatcher {
    pub fn new(engine: Handle, clock: Clock, loader: Loader, targets: Targets, meters: Meters) -> Self {
        Self {
            engine,
            clock,
            loader: Some(loader),
            targets: Arc::new(targets),
            meters,
            shards: BTreeMap::new(),
            resting: BTreeMap::new(),
            under_way: BTreeMap::new(),
            deliveries: JoinSet::new(),
            turn: ShardId::PLATFORM,
            counted: None,
        }
    }

    /// Works until it is told to stop, or nobody is left to tell it.
    pub async fn run(&mut self, mut stopping: watch::Receiver<bool>) {
        let pace = if let Clock::Fixed(_) = self.clock { FIXED_CLOCK_PACE } else { PACE };
        loop {
            self.see_shards();
            self.look_everywhere().await;
            self.tell_results().await;
            self.count().await;
            tokio::select! {
                biased;
                _ = stopping.changed() => break,
                Some(tried) = self.deliveries.join_next() => self.take(tried),
                () = self.engine.post() => {}
                () = tokio::time::sleep(pace) => {}
            }
            while let Some(tried) = self.deliveries.try_join_next() {
                self.take(tried);
            }
        }
        let finish = async {
            while let Some(tried) = self.deliveries.join_next().await {
                self.take(tried);
            }
        };
        // What is not told is delivered again at the next start, under the same id.
        let _ = tokio::time::timeout(STOP_PATIENCE, finish).await;
        self.tell_results().await;
    }

    /// Finds out which shards are served here, and in which of them there may be something new.
    fn see_shards(&mut self) {
        let served: BTreeSet<_> = self.engine.views().shards().into_iter().collect();
        self.shards.retain(|shard, _| served.contains(shard));
        let (posted, now) = (self.engine.take_posted(), self.clock.now());
        for shard in served {
            let Some(stand) = self.engine.position(shard) else { continue };
            let desk = self.shards.entry(shard).or_default();
            // Owned anew: whatever was known may be of the past.
            let anew = std::mem::replace(&mut desk.epoch, stand.epoch) != stand.epoch;
            if anew || posted.contains(&shard) {
                desk.look.extend(self.targets.kinds().iter().map(|kind| (*kind, now)));
                desk.count = true;
            }
        }
    }

    async fn look_everywhere(&mut self) {
        let now = self.clock.now();
        let is_due = |desk: &Desk| desk.look.values().any(|look| *look <= now);
        let due: Vec<_> = self.shards.iter().filter(|(_, desk)| is_due(desk)).map(|(shard, _)| *shard).collect();
        let (earlier, later) = due.split_at(due.partition_point(|shard| *shard <= self.turn));
        for shard in later.iter().chain(earlier) {
            for kind in self.targets.kinds() {
                self.look(*shard, *kind, now).await;
            }
            self.turn = *shard;
        }
    }

    /// Looks for what is due of a kind in a shard, and begins to deliver it.
    async fn look(&mut self, shard: ShardId, kind: Kind, now: Timestamp) {
        let room = self.room(kind);
        let Some(stand) = self.engine.position(shard) else { return };
        let Some(desk) = self.shards.get_mut(&shard) else { return };
        if room == 0 || desk.look.get(&kind).is_none_or(|look| now < *look) {
            return;
        }
        desk.in_hand.applied(stand.applied);
        let queue = Queue { shard, epoch: desk.epoch, kind };
        let read = self.ask(move |loader| loader.due(&queue, now, READ)).await;
        let Some(desk) = self.shards.get_mut(&shard) else { return };
        let Due { messages, next } = match read {
            Ok(due) => due,
            Err(error) => {
                tracing::warn!(shard = shard.0, %error, "messages could not be read; it is tried again");
                desk.look.insert(kind, now.plus_ms(READ_AGAIN_MS));
                return;
            }
        };
        let found = messages.len();
        let taken = desk.in_hand.take(messages, room.min(MOST_OF_SHARD));
        // What was left is looked for again as soon as something has come to an end.
        let all = found < READ && taken.len() < room.min(MOST_OF_SHARD);
        match if all { next } else { Some(now) } {
            Some(next) => drop(desk.look.insert(kind, next)),
            None => drop(desk.look.remove(&kind)),
        }
        *self.under_way.entry(kind).or_default() += taken.len();
        for message in taken {
            let targets = self.targets.clone();
            self.deliveries.spawn(async move {
                // A panic while one message is put into words must not end the others.
                let (id, within) = (message.id, targets.clone());
                let delivery = tokio::spawn(async move { within.deliver(shard, &message).await });
                let result = delivery.await.unwrap_or_else(|panic| Err(Undelivered::Refused(format!("a fault in aforo: {panic}"))));
                Tried { shard, id, kind, result }
            });
        }
    }

    /// How many more of a kind may be delivered now: one, after a rest, until that one has found its receiver.
    fn room(&self, kind: Kind) -> usize {
        let under_way = self.under_way.get(&kind).copied().unwrap_or(0);
        match self.resting.get(&kind) {
            Some(rest) if clock::instant() < rest.until => 0,
            Some(_) => usize::from(under_way == 0),
            None => MOST.saturating_sub(under_way),
        }
    }

    /// Takes note of a delivery that came to an end.
    fn take(&mut self, tried: Result<Tried, tokio::task::JoinError>) {
        let Ok(Tried { shard, id, kind, result }) = tried else { return };
        self.under_way.entry(kind).and_modify(|under_way| *under_way -= 1);
        let meters = self.meters.of(kind);
        let Some(desk) = self.shards.get_mut(&shard) else { return };
        match result {
            Ok(()) => {
                self.resting.remove(&kind);
                desk.results.push((id, Delivery::Done));
                meters.inspect(|meters| meters.delivered.increment(1));
            }
            Err(Undelivered::Refused(why)) => {
                self.resting.remove(&kind);
                // Why is in the message, for who may see it: a mail server quotes addresses.
                tracing::warn!(shard = shard.0, message = id.0, kind = kind.as_str(), "a message was refused");
                desk.results.push((id, Delivery::Failed(why)));
                meters.inspect(|meters| meters.failed.increment(1));
            }
            Err(Undelivered::Away(why)) => {
                desk.in_hand.put_back(id);
                desk.look.insert(kind, self.clock.now());
                meters.inspect(|meters| meters.away.increment(1));
                self.rest(kind, &why);
            }
        }
    }

    /// The receiver of a kind is away: the rest of what was under way with this message does not make the wait longer.
    fn rest(&mut self, kind: Kind, why: &str) {
        let now = clock::instant();
        let length = match self.resting.get(&kind) {
            Some(rest) if now < rest.until => return,
            Some(rest) => (rest.length * 2).min(REST_MAX),
            None => REST,
        };
        tracing::warn!(kind = kind.as_str(), why, wait_ms = length.as_millis(), "messages do not reach their receiver");
        self.resting.insert(kind, Rest { until: now + length, length });
    }

    /// Tells each shard what became of its messages. What cannot be told now is kept, and not delivered again meanwhile.
    async fn tell_results(&mut self) {
        let shards: Vec<_> = self.shards.iter().filter(|(_, desk)| !desk.results.is_empty()).map(|(shard, _)| *shard).collect();
        for shard in shards {
            let Some(desk) = self.shards.get_mut(&shard) else { continue };
            let some = desk.results.len().min(MAX_SETTLED);
            let results: Vec<_> = desk.results.drain(..some).collect();
            let command = Command::Outbox(OutboxCommand::Settle(results.clone()));
            let answer = self.engine.run(Request { shard, actor: Actor::System, command, idempotency: None }).await;
            let Some(stand) = self.engine.position(shard) else { continue };
            match answer.result {
                Ok(_) => results.iter().for_each(|(id, _)| desk.in_hand.told(*id, stand.committed)),
                Err(error) => {
                    tracing::warn!(shard = shard.0, %error, "what became of messages could not be told; it is tried again");
                    desk.results.extend(results);
                }
            }
        }
    }

    /// Counts what waits, now and then, where something may have changed.
    async fn count(&mut self) {
        let now = clock::instant();
        if self.counted.is_some_and(|counted| now < counted + COUNT_EVERY) || !self.shards.values().any(|desk| desk.count) {
            return;
        }
        self.counted = Some(now);
        let shards: Vec<_> = self.shards.iter().filter(|(_, desk)| desk.count).map(|(shard, _)| *shard).collect();
        let mut counted: BTreeMap<Kind, (u64, Option<Timestamp>)> = Kind::ALL.into_iter().map(|kind| (kind, (0, None))).collect();
        for shard in shards {
            let mut some = false;
            for (kind, (count, oldest)) in &mut counted {
                let kind = *kind;
                let Ok(waiting) = self.ask(move |loader| loader.waiting(shard, kind)).await else { return };
                *count += waiting.count;
                *oldest = oldest.iter().chain(&waiting.oldest).min().copied();
                some |= waiting.count > 0;
            }
            // Where nothing waits, nothing is counted until something comes.
            self.shards.entry(shard).and_modify(|desk| desk.count = some);
        }
        for (kind, (count, oldest)) in counted {
            let age = oldest.map_or(0, |oldest| self.clock.now().ms_since(oldest).max(0));
            if let Some(meters) = self.meters.of(kind) {
                meters.waiting.set(count as f64);
                meters.oldest.set(age as f64 / 1e3);
            }
        }
    }

    /// Asks the tables, off this thread: the store's calls block.
    async fn ask<T: Send + 'static>(
        &mut self,
        question: impl FnOnce(&mut Loader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let Some(mut loader) = self.loader.take() else { return Err(StoreError::Failed("a read of the outbox panicked".into())) };
        let asked = tokio::task::spawn_blocking(move || {
            let answer = question(&mut loader);
            (loader, answer)
        });
        let (loader, answer) = asked.await.map_err(|panic| StoreError::Failed(panic.to_string()))?;
        self.loader = Some(loader);
        answer
    }
}
