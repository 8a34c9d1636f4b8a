//! The simulated store: journal and tables in memory, each with its own durable prefix, and an append that can fail in every way a real one can.
//!
//! For the simulator and for tests of the engine; a crash keeps what was durable and nothing else. No SQL, no disk, no rule.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aforo_domain::barcodes::PoolState;
use aforo_domain::change::{Change, Key, Row};
use aforo_domain::ids::{MessageId, OrderCode, SessionId, ShardId};
use aforo_domain::messages::{Kind, Message};
use aforo_domain::moment::Timestamp;
use aforo_domain::orders::Stage;
use aforo_domain::voucher_orders::Stage as VoucherOrderStage;

use super::{AppendError, ApplyBatch, Due, JournalRow, Load, Loaded, Position, Queue, Resident, StoreError, Taken, Waiting};

/// A store in memory; clones share it, as processes share a database.
#[derive(Debug, Clone, Default)]
pub struct SimStore(Arc<Mutex<Disk>>);

/// What befalls an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The disk is full.
    Full,
    /// The answer is lost, and the row too.
    Lost,
    /// The answer is lost, the row is there.
    Unanswered,
    /// The answer is lost, and the row arrives later if its number is still free: see [`SimStore::deliver`].
    Late,
}

/// Rules of the store that a negative control breaks, to show that the break is noticed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Broken {
    /// Takeover rows are trimmed like any other.
    pub trims_takeovers: bool,
    /// The applier's transaction begins without a fence.
    pub no_fence: bool,
}

#[derive(Debug, Default)]
struct Disk {
    journal: BTreeMap<(ShardId, u64), Vec<u8>>,
    takeovers: BTreeSet<(ShardId, u64)>,
    shards: BTreeMap<ShardId, Tables>,
    /// Transactions of appliers that a crash may still undo, the newest last.
    volatile: Vec<Undo>,
    /// Whether appliers commit lazily, and trim with the tables (PostgreSQL); else at once, and the journal trims (SQLite).
    lazy: bool,
    faults: VecDeque<Fault>,
    late: Vec<JournalRow>,
    broken: Broken,
}

#[derive(Debug, Default, Clone)]
struct Tables {
    applied_seq: u64,
    epoch: u64,
    now: Timestamp,
    rows: BTreeMap<Key, Row>,
}

/// What takes a transaction back.
#[derive(Debug)]
struct Undo {
    shard: ShardId,
    before: (u64, u64, Timestamp),
    rows: Vec<(Key, Option<Row>)>,
    trimmed: Vec<((ShardId, u64), Vec<u8>)>,
}

impl SimStore {
    /// An empty store. A lazy one may lose its tables' last transactions in a crash.
    pub fn new(lazy: bool) -> Self {
        let store = Self::default();
        store.disk().lazy = lazy;
        store
    }

    /// Breaks rules on purpose.
    pub fn break_rules(&self, broken: Broken) {
        self.disk().broken = broken;
    }

    /// What befalls the next append.
    pub fn fail_next(&self, fault: Fault) {
        self.disk().faults.push_back(fault);
    }

    /// Nothing more befalls appends, and what is late never arrives.
    pub fn calm(&self) {
        let mut disk = self.disk();
        disk.faults.clear();
        disk.late.clear();
    }

    /// A late row arrives, if one is under way: whether it found its number free.
    pub fn deliver(&self) -> Option<bool> {
        let mut disk = self.disk();
        let row = disk.late.pop()?;
        Some(disk.write(&[row]).is_ok())
    }

    /// The database crashes: of the tables' lazy transactions the newest `lost` are gone.
    pub fn crash(&self, lost: usize) {
        let mut disk = self.disk();
        disk.faults.clear();
        for _ in 0..lost {
            let Some(undo) = disk.volatile.pop() else { break };
            disk.undo(undo);
        }
        disk.volatile.clear();
    }

    /// How many of the tables' transactions a crash could undo.
    pub fn volatile(&self) -> usize {
        self.disk().volatile.len()
    }

    /// The journal's rows of a shard that are not trimmed.
    pub fn journal_rows(&self, shard: ShardId) -> Vec<JournalRow> {
        let disk = self.disk();
        let rows = disk.journal.range((shard, 0)..=(shard, u64::MAX));
        rows.map(|((shard, seq), payload)| JournalRow { shard: *shard, seq: *seq, payload: payload.clone() }).collect()
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn append(&self, rows: &[JournalRow], trim: &[(ShardId, u64)]) -> Result<(), AppendError> {
        let mut disk = self.disk();
        match disk.faults.pop_front() {
            Some(Fault::Full) => return Err(AppendError::Full),
            Some(Fault::Lost) => return Err(AppendError::Unknown("simulated".into())),
            Some(Fault::Unanswered) => {
                let _ = disk.write(rows);
                return Err(AppendError::Unknown("simulated".into()));
            }
            Some(Fault::Late) => {
                disk.late.extend_from_slice(rows);
                return Err(AppendError::Unknown("simulated".into()));
            }
            None => {}
        }
        disk.write(rows)?;
        if !disk.lazy {
            for (shard, applied) in trim {
                disk.trim(*shard, *applied);
            }
        }
        Ok(())
    }

    pub(super) fn apply(&self, batch: &ApplyBatch) -> Result<(), StoreError> {
        self.disk().apply(batch)
    }

    pub(super) fn shards(&self) -> Vec<ShardId> {
        self.disk().shards.keys().copied().collect()
    }

    pub(super) fn take(&self, shard: ShardId, payload: &dyn Fn(u64, u64) -> Vec<u8>) -> Taken {
        let mut disk = self.disk();
        // A synchronous transaction: what came before it is durable too.
        disk.volatile.retain(|undo| undo.shard != shard);
        let tables = disk.shards.entry(shard).or_default();
        tables.epoch += 1;
        let (epoch, applied) = (tables.epoch, tables.applied_seq);
        let seq = disk.last_seq(shard).max(applied) + 1;
        disk.journal.insert((shard, seq), payload(epoch, seq));
        disk.takeovers.insert((shard, seq));
        Taken { epoch, seq }
    }

    pub(super) fn position(&self, shard: ShardId) -> Position {
        let disk = self.disk();
        let Some(tables) = disk.shards.get(&shard) else { return Position::default() };
        let tail = disk.journal.range((shard, tables.applied_seq + 1)..=(shard, u64::MAX));
        let tail = tail.map(|((shard, seq), payload)| JournalRow { shard: *shard, seq: *seq, payload: payload.clone() }).collect();
        let last_seq = disk.last_seq(shard).max(tables.applied_seq);
        Position { applied_seq: tables.applied_seq, epoch: tables.epoch, tail, last_seq, now: tables.now }
    }

    pub(super) fn load(&self, shard: ShardId, load: Load) -> Loaded {
        let disk = self.disk();
        let none = Tables::default();
        let tables = disk.shards.get(&shard).unwrap_or(&none);
        match load {
            Load::Rows(keys) => Loaded::Rows(keys.into_iter().map(|key| (key.clone(), tables.rows.get(&key).cloned())).collect()),
            Load::List(session) => {
                let is_of = |row: &&Row| list_of(row) == Some(session);
                Loaded::List(session, tables.rows.values().filter(is_of).cloned().collect())
            }
            Load::FreeCodes(mut codes) => {
                let taken: BTreeSet<OrderCode> = tables.rows.values().filter_map(code).collect();
                codes.retain(|code| !taken.contains(code));
                Loaded::FreeCodes(codes)
            }
        }
    }

    pub(super) fn resident(&self, shard: ShardId, each: &mut dyn FnMut(Resident)) {
        let rows = self.disk().shards.get(&shard).map(|tables| tables.rows.clone()).unwrap_or_default();
        // Keys sort in the order in which a World can take their rows.
        for row in rows.into_values() {
            match &row {
                Row::Order(order) => match order.stage {
                    Stage::Confirm { .. } | Stage::Refund { .. } => {}
                    Stage::Expired { at } => each(Resident::Expired(at, order.id)),
                    _ => each(Resident::Row(row)),
                },
                Row::Outcome(outcome) => each(Resident::Outcome(outcome.period, outcome.key.short())),
                Row::PoolBarcode(barcode) if matches!(barcode.state, PoolState::Used { .. }) => {}
                Row::Voucher(voucher) if voucher.reserved == 0 => {}
                Row::VoucherCode(_) | Row::VoucherMovement(_) | Row::Ticket(_) | Row::History(_) | Row::SoldUnit(_) => {}
                Row::Message(_) | Row::VoucherSale(_) | Row::Admission(_) | Row::Revocation(_) => {}
                Row::OfflineScan(_) | Row::GateTally(_) => {}
                Row::WebhookAttempt(_) | Row::AuditLine(_) => {}
                Row::Shift(shift) if shift.end.is_some() => {}
                Row::Listing(listing) if !listing.is_offered() => {}
                Row::VoucherOrder(order) if matches!(order.stage, VoucherOrderStage::Confirm { .. }) => {}
                _ => each(Resident::Row(row)),
            }
        }
    }

    /// See [`super::messages::due`].
    pub(super) fn due(&self, queue: &Queue, now: Timestamp, limit: usize) -> Due {
        let disk = self.disk();
        let tables = disk.shards.get(&queue.shard).filter(|tables| tables.epoch == queue.epoch);
        let waiting: Vec<_> = tables.into_iter().flat_map(|tables| tables.waiting(queue.kind)).collect();
        let next = waiting.iter().map(|(next, _)| *next).filter(|next| now < *next).min();
        let earlier = |message: &Message| {
            let before = |other: &Message| other.about == message.about && other.due <= now && other.id < message.id;
            waiting.iter().any(|(_, other)| before(other))
        };
        let mut due: Vec<_> = waiting.iter().filter(|(next, message)| *next <= now && !earlier(message)).cloned().collect();
        due.sort_by_key(|(next, message)| (*next, message.id));
        due.truncate(limit);
        Due { messages: due.into_iter().map(|(_, message)| message).collect(), next }
    }

    /// See [`super::messages::waiting`].
    pub(super) fn waiting(&self, shard: ShardId, kind: Kind) -> Waiting {
        let disk = self.disk();
        let due: Vec<_> =
            disk.shards.get(&shard).into_iter().flat_map(|tables| tables.waiting(kind)).map(|(_, message)| message.due).collect();
        Waiting { count: due.len() as u64, oldest: due.into_iter().min() }
    }

    pub(super) fn every_row(&self, shard: ShardId, each: &mut dyn FnMut(Row)) {
        let rows = self.disk().shards.get(&shard).map(|tables| tables.rows.clone()).unwrap_or_default();
        rows.into_values().for_each(each);
    }
}

fn code(row: &Row) -> Option<OrderCode> {
    match row {
        Row::Order(order) => order.code(),
        Row::VoucherOrder(order) => order.code(),
        _ => None,
    }
}

impl Disk {
    fn last_seq(&self, shard: ShardId) -> u64 {
        self.journal.range((shard, 0)..=(shard, u64::MAX)).next_back().map_or(0, |((_, seq), _)| *seq)
    }

    /// All rows or none.
    fn write(&mut self, rows: &[JournalRow]) -> Result<(), AppendError> {
        if rows.iter().any(|row| self.journal.contains_key(&(row.shard, row.seq))) {
            return Err(AppendError::Conflict);
        }
        for row in rows {
            self.journal.insert((row.shard, row.seq), row.payload.clone());
        }
        Ok(())
    }

    fn trim(&mut self, shard: ShardId, applied: u64) -> Vec<((ShardId, u64), Vec<u8>)> {
        let keep = if self.broken.trims_takeovers { BTreeSet::new() } else { self.takeovers.clone() };
        let gone: Vec<_> =
            self.journal.range((shard, 0)..=(shard, applied)).map(|(key, _)| *key).filter(|key| !keep.contains(key)).collect();
        gone.into_iter().filter_map(|key| Some((key, self.journal.remove(&key)?))).collect()
    }

    fn apply(&mut self, batch: &ApplyBatch) -> Result<(), StoreError> {
        let no_fence = self.broken.no_fence;
        let tables = self.shards.entry(batch.shard).or_default();
        if !no_fence {
            if tables.epoch != batch.epoch {
                return Err(StoreError::Stale);
            }
            if tables.applied_seq != batch.from {
                return Err(StoreError::Behind);
            }
        }
        let before = (tables.applied_seq, tables.epoch, tables.now);
        (tables.applied_seq, tables.now) = (batch.to, batch.now);
        let mut rows = Vec::new();
        for change in &batch.changes {
            tables.apply(change, &mut rows);
        }
        let mut undo = Undo { shard: batch.shard, before, rows, trimmed: Vec::new() };
        if self.lazy {
            undo.trimmed = self.trim(batch.shard, batch.to);
            self.volatile.push(undo);
        }
        Ok(())
    }

    fn undo(&mut self, undo: Undo) {
        let tables = self.shards.entry(undo.shard).or_default();
        (tables.applied_seq, tables.epoch, tables.now) = undo.before;
        for (key, row) in undo.rows.into_iter().rev() {
            match row {
                Some(row) => drop(tables.rows.insert(key, row)),
                None => drop(tables.rows.remove(&key)),
            }
        }
        self.journal.extend(undo.trimmed);
    }
}

/// The session whose gates' list a row is part of.
fn list_of(row: &Row) -> Option<SessionId> {
    match row {
        Row::Ticket(row) => Some(row.session),
        Row::Admission(row) => Some(row.session),
        Row::Revocation(row) => Some(row.session),
        Row::GateTally(row) => Some(row.session),
        _ => None,
    }
}

impl Tables {
    /// Messages that wait, with when they are tried next.
    fn waiting(&self, kind: Kind) -> impl Iterator<Item = (Timestamp, Arc<Message>)> {
        let messages = self.rows.range(Key::Message(MessageId(0))..=Key::Message(MessageId(u64::MAX)));
        messages.filter_map(move |(_, row)| match row {
            Row::Message(message) if message.kind() == kind => Some((message.next()?, message.clone())),
            _ => None,
        })
    }

    fn apply(&mut self, change: &Change, undo: &mut Vec<(Key, Option<Row>)>) {
        match change {
            Change::Put(row) => undo.push((row.key(), self.rows.insert(row.key(), row.clone()))),
            Change::Delete(key) => undo.push((key.clone(), self.rows.remove(key))),
            Change::ForgetOutcomes(before) => {
                let old = |key: &&Key| matches!(key, Key::Outcome((period, _)) if period < before);
                let old: Vec<_> = self.rows.keys().filter(old).cloned().collect();
                undo.extend(old.into_iter().map(|key| (key.clone(), self.rows.remove(&key))));
            }
        }
    }
}
