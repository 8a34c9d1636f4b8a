//! The dispatcher's loop: looks for what is due, has it delivered, tells the results. It holds back where a receiver is away ([`Pace`]), and takes turns
//! between shards.
//!
//! It asks the tables only where it knows that there may be something: the applier says of which kinds messages came, and each look says when the next one
//! is due. So an installation that sends nothing pays nothing.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use aforo_domain::command::Command;
use aforo_domain::identity::check::Actor;
use aforo_domain::identity::{Identity, Status};
use aforo_domain::ids::{MessageId, ShardId};
use aforo_domain::messages::{Delivery, Kind, MAX_SETTLED, Message, OutboxCommand};
use aforo_domain::moment::Timestamp;
use aforo_domain::webhooks::End;
use aforo_domain::webhooks::results::Tried as Call;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::in_hand::InHand;
use super::meters::Meters;
use super::pace::{Pace, Receiver};
use super::targets::{Came, Targets};
use crate::clock::{self, Clock};
use crate::engine::{Handle, Request};
use crate::store::{Due, Loader, Queue, StoreError};

/// How often it looks at the time. A fixed clock is moved without anybody saying so.
const PACE: Duration = Duration::from_millis(250);
const FIXED_CLOCK_PACE: Duration = Duration::from_millis(10);
/// Deliveries of one shard that are begun in one turn.
const MOST_OF_SHARD: usize = 16;
/// Messages read at a time.
const READ: usize = 256;
/// How long after a failed read it is tried again, in milliseconds.
const READ_AGAIN_MS: i64 = 1_000;
/// How long results are gathered while more are on their way, and new messages of a kind: one command and one look for many of them are less than one for each.
const GATHER: Duration = Duration::from_millis(25);
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
    pace: Pace,
    deliveries: JoinSet<Tried>,
    /// The shard that is looked at first, so that each has its turn.
    turn: ShardId,
    /// Whether some look is to be made soon.
    soon: bool,
    counted: Option<Instant>,
}

/// One shard's messages.
#[derive(Default)]
struct Desk {
    epoch: u64,
    in_hand: InHand,
    /// When to look for messages of a kind; never, where there are none. And when that was last done.
    look: BTreeMap<Kind, Timestamp>,
    looked: BTreeMap<Kind, Instant>,
    /// What was found and has not been begun: at most one message of an object.
    found: BTreeMap<Kind, VecDeque<Arc<Message>>>,
    /// What is to be told to the shard, and since when.
    results: Vec<(MessageId, Delivery)>,
    gathered: Option<Instant>,
    /// Whether messages came or went since they were counted, or some were left.
    count: bool,
    /// As it was when its webhooks were last looked through.
    identity: Option<Arc<Identity>>,
}

/// A delivery that came to an end.
struct Tried {
    shard: ShardId,
    id: MessageId,
    kind: Kind,
    came: Came,
}

impl Desk {
    /// There may be something of these kinds now.
    fn look_for(&mut self, kinds: impl IntoIterator<Item = Kind>, now: Timestamp) {
        self.look.extend(kinds.into_iter().map(|kind| (kind, now)));
    }

    /// Puts what was found of a kind back.
    fn let_go(&mut self, kind: Kind) {
        let found = self.found.remove(&kind);
        found.into_iter().flatten().for_each(|message| self.in_hand.put_back(message.id));
    }
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
            pace: Pace::default(),
            deliveries: JoinSet::new(),
            turn: ShardId::PLATFORM,
            soon: false,
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
            let soon = std::mem::take(&mut self.soon).then_some(GATHER);
            let pause = self.gathering().into_iter().chain(soon).fold(pace, Duration::min);
            tokio::select! {
                biased;
                _ = stopping.changed() => break,
                Some(tried) = self.deliveries.join_next() => self.take(tried),
                () = self.engine.post() => {}
                () = tokio::time::sleep(pause) => {}
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
        self.deliveries.shutdown().await;
        self.tell_results().await;
    }

    /// Finds out which shards are served here, and in which of them there may be something new.
    fn see_shards(&mut self) {
        let served: BTreeSet<_> = self.engine.views().shards().into_iter().collect();
        self.shards.retain(|shard, _| served.contains(shard));
        let (mut posted, now) = (self.engine.take_posted(), self.clock.now());
        for shard in served {
            let (Some(stand), Some(view)) = (self.engine.position(shard), self.targets.view(shard)) else { continue };
            let desk = self.shards.entry(shard).or_default();
            // Owned anew: whatever was known may be of the past.
            if std::mem::replace(&mut desk.epoch, stand.epoch) != stand.epoch {
                let known: Vec<_> = desk.found.keys().copied().collect();
                known.into_iter().for_each(|kind| desk.let_go(kind));
                desk.identity = None;
                desk.look_for(self.targets.kinds().iter().copied(), now);
                desk.count = true;
            }
            if let Some(kinds) = posted.remove(&shard) {
                let freed = desk.in_hand.applied(stand.applied);
                desk.look_for(kinds.into_iter().chain(freed).chain(self.targets.kinds().iter().copied()), now);
                desk.count = true;
            }
            if desk.identity.as_ref().is_none_or(|seen| !Arc::ptr_eq(seen, &view.identity)) {
                see_webhooks(desk, &view.identity, now);
            }
        }
    }

    async fn look_everywhere(&mut self) {
        let now = self.clock.now();
        let has_some = |desk: &Desk| !desk.found.is_empty() || desk.look.values().any(|look| *look <= now);
        let due: Vec<_> = self.shards.iter().filter(|(_, desk)| has_some(desk)).map(|(shard, _)| *shard).collect();
        let (earlier, later) = due.split_at(due.partition_point(|shard| *shard <= self.turn));
        for shard in later.iter().chain(earlier) {
            let kinds: BTreeSet<_> = match self.shards.get(shard) {
                Some(desk) => {
                    desk.found.keys().chain(desk.look.iter().filter(|(_, look)| **look <= now).map(|(kind, _)| kind)).copied().collect()
                }
                None => BTreeSet::new(),
            };
            for kind in kinds {
                self.look(*shard, kind, now).await;
                self.begin(*shard, kind);
            }
            self.turn = *shard;
        }
    }

    /// Looks for what is due of a kind in a shard, where nothing is left of the last look.
    async fn look(&mut self, shard: ShardId, kind: Kind, now: Timestamp) {
        let room = self.pace.room(Receiver::of(shard, kind));
        let Some(stand) = self.engine.position(shard) else { return };
        let Some(desk) = self.shards.get_mut(&shard) else { return };
        if room == 0 || desk.found.contains_key(&kind) || desk.look.get(&kind).is_none_or(|look| now < *look) {
            return;
        }
        let instant = clock::instant();
        if desk.looked.get(&kind).is_some_and(|looked| instant < *looked + GATHER) {
            self.soon = true;
            return;
        }
        desk.looked.insert(kind, instant);
        let freed = desk.in_hand.applied(stand.applied);
        desk.look_for(freed, now);
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
        let all = messages.len() < READ;
        let taken = desk.in_hand.take(messages, READ);
        // If all that was found is in hand, it is looked again once something of it is not any more.
        match if all || taken.is_empty() { next } else { Some(now) } {
            Some(next) => drop(desk.look.insert(kind, next)),
            None => drop(desk.look.remove(&kind)),
        }
        if !taken.is_empty() {
            desk.found.insert(kind, taken.into());
        }
    }

    /// Begins to deliver what was found of a kind, as far as there is room.
    fn begin(&mut self, shard: ShardId, kind: Kind) {
        let receiver = Receiver::of(shard, kind);
        let Some(desk) = self.shards.get_mut(&shard) else { return };
        for _ in 0..self.pace.room(receiver).min(MOST_OF_SHARD) {
            let Some(message) = desk.found.get_mut(&kind).and_then(VecDeque::pop_front) else { break };
            self.pace.begin(receiver);
            let targets = self.targets.clone();
            self.deliveries.spawn(async move {
                // A panic while one message is put into words must not end the others.
                let (id, within) = (message.id, targets.clone());
                let delivery = tokio::spawn(async move { within.deliver(shard, &message).await });
                let fault = |panic| Came::Of(Delivery::Failed(format!("a fault in aforo: {panic}")));
                Tried { shard, id, kind, came: delivery.await.unwrap_or_else(fault) }
            });
        }
        if desk.found.get(&kind).is_some_and(VecDeque::is_empty) {
            desk.found.remove(&kind);
        }
    }

    /// Takes note of a delivery that came to an end.
    fn take(&mut self, tried: Result<Tried, tokio::task::JoinError>) {
        let Ok(Tried { shard, id, kind, came }) = tried else { return };
        let receiver = Receiver::of(shard, kind);
        self.pace.end(receiver);
        let meters = self.meters.of(kind);
        let Some(desk) = self.shards.get_mut(&shard) else { return };
        match came {
            Came::Of(result) => {
                match &result {
                    Delivery::Done | Delivery::Lost => meters.inspect(|meters| meters.delivered.increment(1)),
                    Delivery::Tried(call) if call.end.is_delivered() => meters.inspect(|meters| meters.delivered.increment(1)),
                    Delivery::Failed(_) | Delivery::Tried(_) => {
                        // Why is in the message, for who may see it: a mail server quotes addresses.
                        tracing::warn!(shard = shard.0, message = id.0, kind = %kind, "a message was refused");
                        meters.inspect(|meters| meters.failed.increment(1))
                    }
                };
                desk.results.push((id, result.clone()));
                desk.gathered.get_or_insert_with(clock::instant);
                match is_away(&result) {
                    Some(call) => self.rest(receiver, kind, &call.end.to_string(), asked(call)),
                    None => self.pace.found(receiver),
                }
            }
            Came::Away(why) => {
                desk.in_hand.put_back(id);
                desk.look.insert(kind, self.clock.now());
                meters.inspect(|meters| meters.away.increment(1));
                self.rest(receiver, kind, &why, None);
            }
            Came::Held => {
                desk.in_hand.put_back(id);
                desk.let_go(kind);
            }
        }
    }

    /// A receiver is away.
    fn rest(&mut self, receiver: Receiver, kind: Kind, why: &str, asked: Option<Duration>) {
        if let Some(length) = self.pace.rest(receiver, asked) {
            tracing::warn!(kind = %kind, why, wait_ms = length.as_millis(), "messages do not reach their receiver");
        }
    }

    /// How long results may still be gathered, if any are.
    fn gathering(&self) -> Option<Duration> {
        let first = self.shards.values().filter_map(|desk| desk.gathered).min().filter(|_| !self.deliveries.is_empty())?;
        Some((first + GATHER).saturating_duration_since(clock::instant()))
    }

    /// Tells each shard what became of its messages, once enough was gathered. What cannot be told now is kept, and not delivered again meanwhile.
    async fn tell_results(&mut self) {
        let (now, idle) = (clock::instant(), self.deliveries.is_empty());
        let is_enough = |desk: &Desk| {
            let some = desk.gathered.is_some_and(|first| idle || first + GATHER <= now);
            some || desk.results.len() >= MAX_SETTLED
        };
        let shards: Vec<_> = self.shards.iter().filter(|(_, desk)| is_enough(desk)).map(|(shard, _)| *shard).collect();
        for shard in shards {
            let Some(desk) = self.shards.get_mut(&shard) else { continue };
            let some = desk.results.len().min(MAX_SETTLED);
            let results: Vec<_> = desk.results.drain(..some).collect();
            desk.gathered = (!desk.results.is_empty()).then_some(now);
            let command = Command::Outbox(OutboxCommand::Settle(results.clone()));
            let answer = self.engine.run(Request { shard, actor: Actor::System, command, idempotency: None }).await;
            let Some(stand) = self.engine.position(shard) else { continue };
            match answer.result {
                Ok(_) => results.iter().for_each(|(id, _)| desk.in_hand.told(*id, stand.committed)),
                Err(error) => {
                    tracing::warn!(shard = shard.0, %error, "what became of messages could not be told; it is tried again");
                    desk.results.extend(results);
                    desk.gathered = Some(clock::instant());
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
        let mut counted: BTreeMap<&str, (u64, Option<Timestamp>)> = BTreeMap::new();
        for shard in shards {
            let mut some = false;
            let hooks: Vec<_> = self.targets.view(shard).iter().flat_map(|view| view.identity.webhooks.keys().copied()).collect();
            for kind in Kind::COMMON.into_iter().chain(hooks.into_iter().map(Kind::Webhook)) {
                let Ok(waiting) = self.ask(move |loader| loader.waiting(shard, kind)).await else { return };
                let (count, oldest) = counted.entry(kind.as_str()).or_default();
                *count += waiting.count;
                *oldest = oldest.iter().chain(&waiting.oldest).min().copied();
                some |= waiting.count > 0;
            }
            // Where nothing waits, nothing is counted until something comes.
            self.shards.entry(shard).and_modify(|desk| desk.count = some);
        }
        for (kind, (count, oldest)) in counted {
            let age = oldest.map_or(0, |oldest| self.clock.now().ms_since(oldest).max(0));
            if let Some(meters) = self.meters.called(kind) {
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

/// Webhooks that came, were switched on or are gone: there may be something for them, or something that nobody gets any more.
fn see_webhooks(desk: &mut Desk, identity: &Arc<Identity>, now: Timestamp) {
    let before = desk.identity.replace(identity.clone());
    let was = |hook| before.as_ref().and_then(|before| before.webhooks.get(hook)).map(|before| before.status);
    let changed = identity.webhooks.iter().filter(|(id, hook)| hook.status != Status::Inactive && was(id) != Some(hook.status));
    desk.look_for(changed.map(|(id, _)| Kind::Webhook(*id)), now);
}

/// Whether a webhook's receiver would fare alike with any other message: nobody answered, or only who stands before it. Any other refusal is of this message.
const fn is_away(result: &Delivery) -> Option<&Call> {
    match result {
        Delivery::Tried(call) => match call.end {
            End::Failed(_) | End::Answered(429 | 502..=504) => Some(call),
            End::Answered(_) => None,
        },
        _ => None,
    }
}

/// How long a receiver asks to be left alone.
fn asked(call: &Call) -> Option<Duration> {
    call.wait_ms.and_then(|ms| u64::try_from(ms).ok()).map(Duration::from_millis)
}
