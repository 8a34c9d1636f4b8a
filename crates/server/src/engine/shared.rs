//! What the engine's threads and all `Handle`s share: how far each shard's tables have come, and the meters.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use aforo_domain::ids::ShardId;
use aforo_domain::messages::Kind;
use arc_swap::ArcSwap;
use metrics::{Counter, Gauge, Histogram};
use tokio::sync::{Notify, watch};

use super::core::{Event, Levels};

/// How far a shard has come.
#[derive(Debug)]
pub struct Progress {
    /// The last number whose answers were released.
    committed: AtomicU64,
    /// The tables have everything up to here.
    applied: watch::Sender<u64>,
    /// Under which it is owned.
    epoch: AtomicU64,
}

/// What the engine shows of itself.
#[derive(Debug, Default)]
pub struct Shared {
    progress: ArcSwap<HashMap<ShardId, Arc<Progress>>>,
    /// Shards whose tables have other messages than when it was last asked, and the kinds of new ones.
    posted: Mutex<BTreeMap<ShardId, BTreeSet<Kind>>>,
    /// Wakes who waits for them.
    post: Notify,
    meters: OnceLock<Meters>,
}

/// Where a shard stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stand {
    /// The last journal number whose answers were released.
    pub committed: u64,
    /// The tables have everything up to here.
    pub applied: u64,
    /// Under which it is owned here.
    pub epoch: u64,
}

impl Shared {
    /// A shard is in service under an epoch, with everything up to `seq` in the tables.
    pub fn opened(&self, shard: ShardId, seq: u64, epoch: u64) {
        if self.of(shard).is_none() {
            let (applied, _) = watch::channel(0);
            let progress = Arc::new(Progress { committed: AtomicU64::new(0), applied, epoch: AtomicU64::new(0) });
            self.progress.rcu(|all| {
                let mut all = HashMap::clone(all);
                all.insert(shard, progress.clone());
                all
            });
        }
        if let Some(progress) = self.of(shard) {
            progress.epoch.store(epoch, Ordering::SeqCst);
        }
        self.committed(shard, seq);
        self.moved(shard, seq);
    }

    /// The tables of a shard have other messages than before, new ones of these kinds among them.
    pub fn posted(&self, shard: ShardId, kinds: BTreeSet<Kind>) {
        self.posted.lock().unwrap_or_else(PoisonError::into_inner).entry(shard).or_default().extend(kinds);
        self.post.notify_one();
    }

    /// The shards whose tables have other messages than when this was last asked, and the kinds of the new ones.
    pub fn take_posted(&self) -> BTreeMap<ShardId, BTreeSet<Kind>> {
        std::mem::take(&mut self.posted.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until there are such shards; one waiter.
    pub async fn post(&self) {
        self.post.notified().await;
    }

    /// A batch is durable.
    pub fn committed(&self, shard: ShardId, seq: u64) {
        if let Some(progress) = self.of(shard) {
            progress.committed.store(seq, Ordering::SeqCst);
        }
    }

    /// Rows were written.
    pub fn applied(&self, shard: ShardId, seq: u64, changes: usize, took: Duration) {
        self.moved(shard, seq);
        if let Some(meters) = self.meters.get() {
            meters.applied_rows.increment(changes as u64);
            meters.apply_seconds.record(took.as_secs_f64());
        }
    }

    fn moved(&self, shard: ShardId, seq: u64) {
        if let Some(progress) = self.of(shard) {
            progress.applied.send_if_modified(|applied| std::mem::replace(applied, seq) != seq);
        }
    }

    /// Where a shard stands; `None` if it was never in service here.
    pub fn stand(&self, shard: ShardId) -> Option<Stand> {
        let progress = self.of(shard)?;
        let (committed, epoch) = (progress.committed.load(Ordering::SeqCst), progress.epoch.load(Ordering::SeqCst));
        Some(Stand { committed, applied: *progress.applied.borrow(), epoch })
    }

    /// Tells when the tables of a shard come on.
    pub fn watch(&self, shard: ShardId) -> Option<watch::Receiver<u64>> {
        Some(self.of(shard)?.applied.subscribe())
    }

    fn of(&self, shard: ShardId) -> Option<Arc<Progress>> {
        self.progress.load().get(&shard).cloned()
    }

    /// Counts an event.
    pub fn count(&self, event: Event) {
        if let Some(meters) = self.meters.get() {
            match event {
                Event::Panicked => meters.panics.increment(1),
                Event::Reopened => meters.reopened.increment(1),
                Event::Lost => meters.lost.increment(1),
            }
        }
    }

    /// Begins to count, with the recorder in force. Once.
    pub fn meter(&self) {
        self.meters.get_or_init(Meters::register);
    }

    /// The meters, if anybody reads them.
    pub fn meters(&self) -> Option<&Meters> {
        self.meters.get()
    }
}

/// What is counted. Looked up once, not per batch.
#[derive(Debug)]
pub struct Meters {
    /// Commands in a batch.
    pub batch_commands: Histogram,
    /// Bytes in an append.
    pub append_bytes: Histogram,
    /// How long an append took.
    pub append_seconds: Histogram,
    /// How long writing to the tables took.
    pub apply_seconds: Histogram,
    /// Rows written to the tables.
    pub applied_rows: Counter,
    /// Commands waiting.
    pub waiting: Gauge,
    /// Journal rows that the tables do not have.
    pub lag_rows: Gauge,
    /// The same in bytes.
    pub lag_bytes: Gauge,
    /// Orders in memory.
    pub resident_orders: Gauge,
    /// What rows take in memory that need not be there, in bytes.
    pub cache_bytes: Gauge,
    /// Commands whose planning panicked.
    pub panics: Counter,
    /// Times a shard was taken over anew because something failed.
    pub reopened: Counter,
    /// Shards that are no longer served here.
    pub lost: Counter,
    /// Times the wall clock jumped ahead.
    pub clock_jumps: Counter,
}

impl Meters {
    /// Shows how much of everything there is.
    pub fn show(&self, levels: Levels) {
        self.waiting.set(levels.waiting as f64);
        self.lag_rows.set(levels.lag_rows as f64);
        self.lag_bytes.set(levels.lag_bytes as f64);
        self.resident_orders.set(levels.resident_orders as f64);
        self.cache_bytes.set(levels.cache_bytes as f64);
    }

    fn register() -> Self {
        use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
        describe_histogram!("aforo_engine_batch_commands", "Commands decided in one turn");
        describe_histogram!("aforo_engine_append_bytes", "Bytes made durable in one append");
        describe_histogram!("aforo_engine_append_seconds", "Time until an append is durable");
        describe_histogram!("aforo_engine_apply_seconds", "Time to write one coalesced batch to the tables");
        describe_counter!("aforo_engine_applied_rows_total", "Rows written to the tables");
        describe_gauge!("aforo_engine_waiting_commands", "Commands that wait for their decision or for rows");
        describe_gauge!("aforo_engine_lag_rows", "Journal rows that the tables do not have yet");
        describe_gauge!("aforo_engine_lag_bytes", "Journal bytes that the tables do not have yet");
        describe_gauge!("aforo_engine_resident_orders", "Orders in memory");
        describe_gauge!("aforo_engine_cache_bytes", "Bytes of rows in memory that need not be there, about");
        describe_counter!("aforo_engine_panics_total", "Commands whose planning panicked");
        describe_counter!("aforo_engine_reopened_total", "Times a shard was taken over anew after a failure");
        describe_counter!("aforo_engine_shards_lost_total", "Shards that another owner took, or whose journal is broken");
        describe_counter!("aforo_engine_clock_jumps_total", "Times the wall clock jumped ahead by more than a minute");
        Self {
            batch_commands: histogram!("aforo_engine_batch_commands"),
            append_bytes: histogram!("aforo_engine_append_bytes"),
            append_seconds: histogram!("aforo_engine_append_seconds"),
            apply_seconds: histogram!("aforo_engine_apply_seconds"),
            applied_rows: counter!("aforo_engine_applied_rows_total"),
            waiting: gauge!("aforo_engine_waiting_commands"),
            lag_rows: gauge!("aforo_engine_lag_rows"),
            lag_bytes: gauge!("aforo_engine_lag_bytes"),
            resident_orders: gauge!("aforo_engine_resident_orders"),
            cache_bytes: gauge!("aforo_engine_cache_bytes"),
            panics: counter!("aforo_engine_panics_total"),
            reopened: counter!("aforo_engine_reopened_total"),
            lost: counter!("aforo_engine_shards_lost_total"),
            clock_jumps: counter!("aforo_engine_clock_jumps_total"),
        }
    }
}
