//! The applier: puts durable batches into the tables a moment later, coalesced to one image a key, in larger transactions. The only writer of tables.
//!
//! Paced by time, not by what waits. What it cannot write it reports and drops: the journal has it, and the shard is taken over anew.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use aforo_domain::change::{Change, Key, Row};
use aforo_domain::ids::ShardId;
use aforo_domain::messages::Kind;
use aforo_domain::moment::Timestamp;

use super::core::{Batch, Input};
use super::loaders::{Job, Loaders};
use super::recovery::Coalesced;
use super::shared::Shared;
use super::threads::{Message, Ticket};
use crate::clock;
use crate::store::{ApplyBatch, StoreError, Tables};

/// So many changes of a shard are not waited for any longer.
const ENOUGH_CHANGES: usize = 20_000;

/// What the applier is asked to do.
#[derive(Debug)]
pub enum Work {
    /// Put a durable batch into the tables.
    Batch(Batch),
    /// Put a tail into the tables.
    Replay(ApplyBatch),
    /// Drop what is left of a shard, then let a loader take it over.
    End(ShardId, Job),
    /// Somebody waits for what is there.
    Hurry,
    /// Put everything into the tables, and end.
    Finish,
}

/// Durable batches of one shard on their way.
#[derive(Debug)]
struct Pending {
    shard: ShardId,
    epoch: u64,
    from: u64,
    to: u64,
    now: Timestamp,
    changes: Coalesced,
}

impl Pending {
    /// Nothing after `batch`'s predecessor yet.
    fn before(batch: &Batch) -> Self {
        let from = batch.seq - 1;
        Self { shard: batch.shard, epoch: batch.epoch, from, to: from, now: batch.now, changes: Coalesced::default() }
    }

    /// Adds the next batch.
    fn add(&mut self, batch: Batch) {
        assert_eq!((self.epoch, self.to + 1), (batch.epoch, batch.seq), "batches of shard {} come in order", self.shard);
        self.to = batch.seq;
        self.now = batch.now;
        batch.changes.into_iter().for_each(|change| self.changes.add(change));
    }

    /// All of it, for the tables.
    fn take(mut self) -> ApplyBatch {
        let changes = self.changes.take();
        ApplyBatch { shard: self.shard, epoch: self.epoch, from: self.from, to: self.to, now: self.now, changes }
    }
}

/// What is on its way to the tables.
#[derive(Debug, Default)]
pub struct Backlog {
    pending: BTreeMap<ShardId, Pending>,
    /// What could not be written for now: a full disk, a database that cannot be reached. It comes before what is pending.
    stuck: BTreeMap<ShardId, ApplyBatch>,
    /// Epochs whose batches are not wanted any more.
    ended: BTreeMap<ShardId, u64>,
}

impl Backlog {
    /// Adds a durable batch; whether there is enough of its shard to write at once.
    pub fn add(&mut self, batch: Batch) -> bool {
        if self.ended.get(&batch.shard).is_some_and(|epoch| batch.epoch <= *epoch) {
            return false;
        }
        let pending = self.pending.entry(batch.shard).or_insert_with(|| Pending::before(&batch));
        pending.add(batch);
        pending.changes.len() >= ENOUGH_CHANGES
    }

    /// Drops what is left of a shard.
    pub fn end(&mut self, shard: ShardId) {
        let pending = self.pending.remove(&shard).map(|pending| pending.epoch);
        let stuck = self.stuck.remove(&shard).map(|batch| batch.epoch);
        self.ended.extend(pending.or(stuck).map(|epoch| (shard, epoch)));
    }

    /// Writes all of it, as far as it can be written; what the engine is to be told.
    pub fn write<T>(&mut self, write: &mut dyn FnMut(&ApplyBatch) -> Result<(), StoreError>) -> Vec<Input<T>> {
        let mut told = Vec::new();
        for batch in std::mem::take(&mut self.stuck).into_values() {
            told.extend(self.put(batch, write));
        }
        for (shard, pending) in std::mem::take(&mut self.pending) {
            if self.stuck.contains_key(&shard) {
                self.pending.insert(shard, pending);
            } else {
                told.extend(self.put(pending.take(), write));
            }
        }
        told
    }

    fn put<T>(&mut self, batch: ApplyBatch, write: &mut dyn FnMut(&ApplyBatch) -> Result<(), StoreError>) -> Option<Input<T>> {
        let (shard, epoch) = (batch.shard, batch.epoch);
        let result = match write(&batch) {
            Err(error @ (StoreError::Full | StoreError::Lost(_))) => {
                tracing::error!(shard = shard.0, %error, "rows wait in the journal");
                self.stuck.insert(shard, batch);
                return None;
            }
            other => other.map(|()| batch.to),
        };
        if result.is_err() {
            // What waits behind it has no place to go either.
            self.pending.remove(&shard);
            self.ended.insert(shard, epoch);
        }
        Some(Input::Applied { shard, epoch, result })
    }

    /// Whether nothing is on its way.
    pub fn is_empty(&self) -> bool {
        self.pending.is_empty() && self.stuck.is_empty()
    }
}

/// The applier's thread.
#[derive(Debug)]
pub struct Applier {
    /// Where rows go.
    pub tables: Tables,
    /// How long batches are gathered.
    pub pace: Duration,
    /// What it is asked to do.
    pub work: Receiver<Work>,
    /// Whom it tells.
    pub engine: Sender<Message>,
    /// Who takes shards over.
    pub loaders: Loaders,
    /// What `Handle`s see.
    pub shared: Arc<Shared>,
    /// What is on its way.
    pub backlog: Backlog,
}

impl Applier {
    /// Works until it is told to finish, or nobody is left to tell it.
    pub fn run(mut self) {
        let mut due: Option<Instant> = None;
        loop {
            let work = match due {
                None => self.work.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(due) => self.work.recv_timeout(due.saturating_duration_since(clock::instant())),
            };
            let now = match work {
                Ok(Work::Finish) => return self.flush(),
                Ok(work) => self.take(work),
                Err(RecvTimeoutError::Timeout) => true,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            if now {
                self.flush();
            }
            due = match due {
                _ if self.backlog.is_empty() => None,
                Some(due) if !now => Some(due),
                _ => Some(clock::instant() + self.pace),
            };
        }
    }

    /// Takes one piece of work; whether it is time to write.
    fn take(&mut self, work: Work) -> bool {
        match work {
            Work::Batch(batch) => self.backlog.add(batch),
            Work::Replay(batch) => {
                let result = write(&mut self.tables, &self.shared, &batch);
                self.tell(Input::Replayed { shard: batch.shard, epoch: batch.epoch, result });
                false
            }
            Work::End(shard, job) => {
                self.backlog.end(shard);
                self.loaders.ask(job);
                false
            }
            Work::Hurry | Work::Finish => true,
        }
    }

    fn flush(&mut self) {
        let (tables, shared) = (&mut self.tables, &self.shared);
        let told = self.backlog.write(&mut |batch| write(tables, shared, batch));
        told.into_iter().for_each(|input| self.tell(input));
    }

    fn tell(&self, input: Input<Ticket>) {
        // Nobody listens any more only when the process ends.
        let _ = self.engine.send(Message::Input(input));
    }
}

/// The kinds of a batch's messages that are new or different; `None` if none came and none went.
fn posted(changes: &[Change]) -> Option<BTreeSet<Kind>> {
    let (mut some, mut kinds) = (false, BTreeSet::new());
    for change in changes {
        match change {
            Change::Put(Row::Message(message)) => drop(kinds.insert(message.kind())),
            Change::Delete(Key::Message(_)) => some = true,
            _ => {}
        }
    }
    (some || !kinds.is_empty()).then_some(kinds)
}

fn write(tables: &mut Tables, shared: &Shared, batch: &ApplyBatch) -> Result<(), StoreError> {
    let began = clock::instant();
    tables.apply(batch)?;
    shared.applied(batch.shard, batch.to, batch.changes.len(), clock::instant().saturating_duration_since(began));
    if let Some(kinds) = posted(&batch.changes) {
        shared.posted(batch.shard, kinds);
    }
    Ok(())
}
