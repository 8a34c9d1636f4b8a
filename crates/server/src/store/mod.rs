//! The store: a journal that makes batches durable, and tables that rows reach a moment later. SQL lives here and nowhere else.
//!
//! An enum over SQLite, PostgreSQL and the simulated store; no trait, no rule. All calls block, on threads of their own (engine, applier, loaders), never
//! on a thread of an async runtime. The journal and the tables have one writer each.
//!
//! # Taking a shard over
//! An owner holds two things: the next journal number, and the epoch in the shard's row of the tables. [`Loader::take`] gets both, in this order:
//! 1. The epoch is raised. Appliers of earlier epochs no longer pass the fence that every batch begins with ([`Tables::apply`]), so `applied_seq`
//!    stands still until the new owner's own applier moves it. An applier that is already past its fence is waited for.
//! 2. A takeover row is appended at max(`applied_seq`, last journal number) + 1. If an owner took that number meanwhile, everything begins anew. Else
//!    it is the number that an earlier owner would use next: its append is refused as a conflict, now and for ever, since takeover rows are never
//!    trimmed. What it appended before was acknowledged rightly and is in the tail.
//! 3. Only then are position, tail and working set read.
//!
//! On PostgreSQL 1 and 2 are one transaction, and the raised row makes a second taker wait for the first. On SQLite they are two: the caller has ended
//! its own applier, the lock on the directory keeps other processes out, and a crash in between leaves an epoch that nobody has, which the next taking
//! over raises again.

pub mod books;
pub mod gate_lists;
pub mod lists;
mod logs;
mod messages;
mod named;
mod postgres;
mod reader;
mod resident;
mod rows;
mod schema;
pub mod shifts;
pub mod sim;
mod sql;
mod sqlite;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aforo_domain::change::{Change, Key, Row};
use aforo_domain::idempotency::Period;
use aforo_domain::ids::{OrderCode, OrderId, SessionId, ShardId};
use aforo_domain::messages::{Kind, Message};
use aforo_domain::moment::Timestamp;

/// How long one statement of a list may take.
pub const READ_PATIENCE: Duration = Duration::from_secs(5);

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
#[derive(Debug, Clone, thiserror::Error)]
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
    /// The applier is stale: another owner has moved the epoch on. The shard must stop here.
    #[error("the shard has another owner")]
    Stale,
    /// The tables are not where this owner left them, and nobody else took the shard: the database came back from a crash without its last
    /// asynchronous transactions (their rows are still in the journal). Take over anew.
    #[error("the tables went back to an earlier state")]
    Behind,
    /// No room. Nothing was written; the same call may succeed later.
    #[error("the disk is full")]
    Full,
    /// The data was written by a newer version of the product.
    #[error("the store has schema version {found}, this program knows up to {known}: start the newer version")]
    Newer {
        /// What the store has.
        found: i64,
        /// What this program knows.
        known: i64,
    },
    /// Another process works on the same data directory.
    #[error("{0} is in use by another process")]
    InUse(PathBuf),
    /// After this error what the disk says cannot be trusted (a failed write or fsync on SQLite): end the process.
    #[error("the disk failed: {0}")]
    Fatal(String),
    /// The database cannot be reached (PostgreSQL only). The same call may succeed later: it connects anew, and a batch is applied once however
    /// often it is tried.
    #[error("the database cannot be reached: {0}")]
    Lost(String),
    /// The database refused, or holds what cannot be read: trying again will not help.
    #[error("{0}")]
    Failed(String),
}

/// Where a store is.
#[derive(Debug, Clone)]
pub enum StoreConfig {
    /// Two SQLite files and a lock file in a directory, which is made if it is not there.
    Sqlite {
        /// The directory.
        dir: PathBuf,
    },
    /// A PostgreSQL database, 15 or later.
    Postgres {
        /// `postgres://user:password@host/database`.
        url: String,
    },
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
    /// The `now` of the last batch applied: the engine's time goes on from here (zero for a new shard).
    pub now: Timestamp,
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
    /// The engine's time of batch `to`, kept beside `applied_seq`: the journal may be trimmed to nothing, and time still does not go back.
    pub now: Timestamp,
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
    /// A kept outcome: only its period and the first eight bytes of its key's hash. They come in the order of time.
    Outcome(Period, u64),
}

/// What a loader is asked.
#[derive(Debug, Clone)]
pub enum Load {
    /// Rows by key.
    Rows(Vec<Key>),
    /// Everything that the gates' list of a session is made of: see [`gate_lists::LISTED`].
    List(SessionId),
    /// Which of these order codes no order and no voucher order in the tables has.
    FreeCodes(Vec<OrderCode>),
}

/// What a loader answers, in the order asked.
#[derive(Debug)]
pub enum Loaded {
    /// Each key with its row, if there is one.
    Rows(Vec<(Key, Option<Row>)>),
    /// What the gates' list of a session is made of.
    List(SessionId, Vec<Row>),
    /// The codes that are free.
    FreeCodes(Vec<OrderCode>),
}

/// The messages of one kind in one shard, for the shard's owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queue {
    /// Whose.
    pub shard: ShardId,
    /// The owner's epoch: to any other, nothing is due.
    pub epoch: u64,
    /// Of which kind.
    pub kind: Kind,
}

/// Messages that are to be delivered.
#[derive(Debug, Default)]
pub struct Due {
    /// Those that are due, the longest due first; none that waits for an earlier one.
    pub messages: Vec<Arc<Message>>,
    /// When there may be more.
    pub next: Option<Timestamp>,
}

/// How many messages wait.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    /// How many, counted up to [`MAX_COUNTED`].
    pub count: u64,
    /// The earliest due time among these.
    pub oldest: Option<Timestamp>,
}

/// Waiting messages are counted up to here.
pub const MAX_COUNTED: u64 = 10_000;

/// What taking a shard over gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// The new owner's epoch: appliers of earlier ones are stale.
    pub epoch: u64,
    /// The journal number of the takeover row: owners that would have used it have a conflict.
    pub seq: u64,
}

/// An open store. Cloning it is cheap; a data directory stays locked until the last clone and all that it gave are gone.
#[derive(Debug, Clone)]
pub enum Store {
    /// Two files in a directory.
    Sqlite(sqlite::Sqlite),
    /// A database.
    Postgres(postgres::Postgres),
    /// Memory.
    Sim(sim::SimStore),
}

/// The engine thread's end of a store.
#[derive(Debug)]
pub enum Journal {
    /// On SQLite.
    Sqlite(sqlite::Journal),
    /// On PostgreSQL.
    Postgres(Box<postgres::Journal>),
    /// In memory.
    Sim(sim::SimStore),
}

/// The applier thread's end of a store.
#[derive(Debug)]
pub enum Tables {
    /// On SQLite.
    Sqlite(sqlite::Tables),
    /// On PostgreSQL.
    Postgres(postgres::Tables),
    /// In memory.
    Sim(sim::SimStore),
}

/// A loader thread's end of a store. Each call reads in a new transaction on the primary.
#[derive(Debug)]
pub enum Loader {
    /// On SQLite.
    Sqlite(sqlite::Loader),
    /// On PostgreSQL.
    Postgres(postgres::Loader),
    /// In memory.
    Sim(sim::SimStore),
}

/// A reader thread's end of a store: lists for people and reports. Each call reads one snapshot of the tables.
#[derive(Debug)]
pub enum Reader {
    /// On SQLite.
    Sqlite(sqlite::Reader),
    /// On PostgreSQL.
    Postgres(postgres::Reader),
}

impl Store {
    /// Opens a store: makes what is not there, adds what an earlier version did not know.
    ///
    /// # Errors
    /// [`StoreError::InUse`], [`StoreError::Newer`], or whatever the database says.
    pub fn open(config: &StoreConfig) -> Result<Self, StoreError> {
        match config {
            StoreConfig::Sqlite { dir } => sqlite::Sqlite::open(dir).map(Self::Sqlite),
            StoreConfig::Postgres { url } => postgres::Postgres::open(url).map(Self::Postgres),
        }
    }

    /// For the engine thread. One at a time.
    ///
    /// # Errors
    /// Whatever the database says.
    pub fn journal(&self) -> Result<Journal, StoreError> {
        match self {
            Self::Sqlite(store) => Ok(Journal::Sqlite(store.journal())),
            Self::Postgres(store) => store.journal().map(Box::new).map(Journal::Postgres),
            Self::Sim(store) => Ok(Journal::Sim(store.clone())),
        }
    }

    /// For the applier thread. One at a time.
    ///
    /// # Errors
    /// Whatever the database says.
    pub fn tables(&self) -> Result<Tables, StoreError> {
        match self {
            Self::Sqlite(store) => store.tables().map(Tables::Sqlite),
            Self::Postgres(store) => store.tables().map(Tables::Postgres),
            Self::Sim(store) => Ok(Tables::Sim(store.clone())),
        }
    }

    /// For a loader thread; as many as there are threads.
    ///
    /// # Errors
    /// Whatever the database says.
    pub fn loader(&self) -> Result<Loader, StoreError> {
        match self {
            Self::Sqlite(store) => store.loader().map(Loader::Sqlite),
            Self::Postgres(store) => store.loader().map(Loader::Postgres),
            Self::Sim(store) => Ok(Loader::Sim(store.clone())),
        }
    }

    /// For a reader thread; as many as there are threads.
    ///
    /// # Errors
    /// Whatever the database says. The simulated store has no lists.
    pub fn reader(&self) -> Result<Reader, StoreError> {
        match self {
            Self::Sqlite(store) => store.reader().map(Reader::Sqlite),
            Self::Postgres(store) => Ok(Reader::Postgres(store.reader())),
            Self::Sim(_) => Err(StoreError::Failed("the simulated store has no lists".into())),
        }
    }
}

impl Journal {
    /// Makes batches durable: all of these rows, of one or more shards, or none. `trim` names shards with a number up to which their rows are
    /// in the tables and durable there; they may go (takeover rows stay). PostgreSQL trims with the tables and ignores it here.
    ///
    /// # Errors
    /// [`AppendError`]. With a conflict among rows of several shards nothing was written: append them one by one to find whose it is.
    pub fn append(&mut self, rows: &[JournalRow], trim: &[(ShardId, u64)]) -> Result<(), AppendError> {
        match self {
            Self::Sqlite(journal) => journal.append(rows, trim),
            Self::Postgres(journal) => journal.append(rows, trim),
            Self::Sim(store) => store.append(rows, trim),
        }
    }
}

impl Tables {
    /// Puts a batch into the tables, in one transaction that begins by moving `applied_seq` on.
    ///
    /// # Errors
    /// [`StoreError::Stale`], [`StoreError::Behind`], [`StoreError::Full`] and [`StoreError::Lost`] (try the same
    /// batch again later), or whatever the database says.
    pub fn apply(&mut self, batch: &ApplyBatch) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tables) => tables.apply(batch),
            Self::Postgres(tables) => tables.apply(batch),
            Self::Sim(store) => store.apply(batch),
        }
    }
}

impl Loader {
    /// All shards that were ever taken, in order.
    ///
    /// # Errors
    /// Whatever the database says.
    pub fn shards(&mut self) -> Result<Vec<ShardId>, StoreError> {
        match self {
            Self::Sqlite(loader) => loader.shards(),
            Self::Postgres(loader) => loader.shards(),
            Self::Sim(store) => Ok(store.shards()),
        }
    }

    /// Takes a shard over, known or new: raises its epoch (appliers before it are stale) and appends a takeover row (owners before it have a
    /// conflict). `payload` encodes that row for its epoch and number. The caller has ended its own applier of the shard. Read the
    /// [`Self::position`] after this, not before.
    ///
    /// # Errors
    /// Whatever the database says. A takeover row may be left behind; it does no harm.
    pub fn take(&mut self, shard: ShardId, payload: &dyn Fn(u64, u64) -> Vec<u8>) -> Result<Taken, StoreError> {
        match self {
            Self::Sqlite(loader) => loader.take(shard, payload),
            Self::Postgres(loader) => loader.take(shard, payload),
            Self::Sim(store) => Ok(store.take(shard, payload)),
        }
    }

    /// Where a shard stands and its tail, as of one instant. All zero for a shard that was never taken.
    ///
    /// # Errors
    /// Whatever the database says.
    pub fn position(&mut self, shard: ShardId) -> Result<Position, StoreError> {
        match self {
            Self::Sqlite(loader) => loader.position(shard),
            Self::Postgres(loader) => loader.position(shard),
            Self::Sim(store) => Ok(store.position(shard)),
        }
    }

    /// How far the tables are: what [`Self::load`] read just before this is at least so new. Zero for a shard that was never taken.
    ///
    /// # Errors
    /// Whatever the database says.
    pub fn applied_seq(&mut self, shard: ShardId) -> Result<u64, StoreError> {
        match self {
            Self::Sqlite(loader) => loader.applied_seq(shard),
            Self::Postgres(loader) => loader.applied_seq(shard),
            Self::Sim(store) => Ok(store.position(shard).applied_seq),
        }
    }

    /// Rows by key, or which codes are free.
    ///
    /// # Errors
    /// Whatever the database says; a row that cannot be read is an error, never absent.
    pub fn load(&mut self, shard: ShardId, load: Load) -> Result<Loaded, StoreError> {
        match self {
            Self::Sqlite(loader) => loader.load(shard, load),
            Self::Postgres(loader) => loader.load(shard, load),
            Self::Sim(store) => Ok(store.load(shard, load)),
        }
    }

    /// Reads a shard's working set out of the tables, in the order in which a World can take it, as of one instant.
    ///
    /// # Errors
    /// Whatever the database says.
    pub fn resident(&mut self, shard: ShardId, each: &mut dyn FnMut(Resident)) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(loader) => loader.resident(shard, each),
            Self::Postgres(loader) => loader.resident(shard, each),
            Self::Sim(store) => {
                store.resident(shard, each);
                Ok(())
            }
        }
    }

    /// Messages of a queue that are due at `now`, as far as the tables have come. None if the shard has another owner.
    ///
    /// # Errors
    /// Whatever the database says.
    pub fn due(&mut self, queue: &Queue, now: Timestamp, limit: usize) -> Result<Due, StoreError> {
        match self {
            Self::Sqlite(loader) => loader.due(queue, now, limit),
            Self::Postgres(loader) => loader.due(queue, now, limit),
            Self::Sim(store) => Ok(store.due(queue, now, limit)),
        }
    }

    /// How many messages of a kind wait in a shard.
    ///
    /// # Errors
    /// Whatever the database says.
    pub fn waiting(&mut self, shard: ShardId, kind: Kind) -> Result<Waiting, StoreError> {
        match self {
            Self::Sqlite(loader) => loader.waiting(shard, kind),
            Self::Postgres(loader) => loader.waiting(shard, kind),
            Self::Sim(store) => Ok(store.waiting(shard, kind)),
        }
    }

    /// Reads every row of a shard out of the tables, table by table, as of one instant: for `verify` and for tests.
    ///
    /// # Errors
    /// Whatever the database says.
    pub fn every_row(&mut self, shard: ShardId, each: &mut dyn FnMut(Row)) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(loader) => loader.every_row(shard, each),
            Self::Postgres(loader) => loader.every_row(shard, each),
            Self::Sim(store) => {
                store.every_row(shard, each);
                Ok(())
            }
        }
    }
}
