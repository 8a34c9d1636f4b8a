//! The store: a journal that makes batches durable, and tables that rows reach a moment later. SQL lives here and nowhere else.
//!
//! An enum over SQLite, PostgreSQL and the simulated store; no trait, no rule. All calls block: each belongs to one thread (engine, applier, loaders).
//! The journal and the tables have one writer each. What the calls promise is decided in engine.md 12-21 (docs/ARCHITECTURE.md).

use aforo_domain::change::{Change, Key, Row};
use aforo_domain::idempotency::Hour;
use aforo_domain::ids::{OrderCode, OrderId, ShardId};
use aforo_domain::moment::Timestamp;

/// One row of the journal: a batch of one shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalRow {
    /// Whose.
    pub shard: ShardId,
    /// Counts the shard's batches from 1 without a gap.
    pub seq: u64,
    /// The batch, encoded (`engine::payload`).
    pub payload: Vec<u8>,
}

/// Why an append is not known to be durable.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The number is taken: another owner appended. Nothing of ours was written.
    #[error("the shard has another owner")]
    Conflict,
    /// No room. Nothing was written; later calls may succeed.
    #[error("the disk is full")]
    Full,
    /// It may or may not have been written: drop the World and take over anew.
    #[error("the outcome is unknown: {0}")]
    Unknown(String),
    /// After this error what the disk says cannot be trusted (a failed fsync on SQLite): end the process.
    #[error("the disk failed: {0}")]
    Fatal(String),
}

/// Any other failure of the store. Its text is for the log only.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The applier is stale: another owner has moved `applied_seq` or the epoch on.
    #[error("the shard has another owner")]
    Stale,
    /// The database refused or failed.
    #[error("{0}")]
    Failed(String),
}

/// Where a shard stands, read in one snapshot together with its tail.
#[derive(Debug, Clone, Default)]
pub struct Position {
    /// All batches up to this one are in the tables.
    pub applied_seq: u64,
    /// Who owns it: grows by one at each taking over.
    pub epoch: u64,
    /// The journal's rows after `applied_seq`, in order, takeover rows included.
    pub tail: Vec<JournalRow>,
    /// The last journal number of the shard, trimmed or not (at least `applied_seq`).
    pub last_seq: u64,
}

/// A batch for the tables: row images of journal numbers (`from`, `to`], coalesced to one change a key and sorted by key.
#[derive(Debug)]
pub struct ApplyBatch {
    /// Whose.
    pub shard: ShardId,
    /// By whom.
    pub epoch: u64,
    /// `applied_seq` as it must be now.
    pub from: u64,
    /// `applied_seq` as it will be.
    pub to: u64,
    /// The changes.
    pub changes: Vec<Change>,
}

/// A part of a shard's working set, as it is read at start.
#[derive(Debug)]
pub enum Resident {
    /// A row to apply.
    Row(Row),
    /// An expired order: only when it expired.
    Expired(Timestamp, OrderId),
    /// A kept outcome: only its hour and the first eight bytes of its key's hash.
    Outcome(Hour, u64),
}

/// What a loader is asked.
#[derive(Debug)]
pub enum Load {
    /// Rows by key.
    Rows(Vec<Key>),
    /// Which of these order codes no order in the tables has.
    FreeCodes(Vec<OrderCode>),
}

/// What a loader answers, in the order asked.
#[derive(Debug)]
pub enum Loaded {
    /// Each key with its row, if there is one.
    Rows(Vec<(Key, Option<Row>)>),
    /// The codes that are free.
    FreeCodes(Vec<OrderCode>),
}
