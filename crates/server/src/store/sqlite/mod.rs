//! The store on SQLite: two files in a directory, `journal.db` and `tables.db`, and a lock file that keeps other processes away.
//!
//! Each file has one writing connection behind a mutex: the journal's is the engine thread's, the tables' is the applier's. Taking a shard over
//! uses both for an instant. Both files are in WAL mode with `synchronous=FULL`: a commit is one write and one fsync of the WAL.
//!
//! Two files cannot be read in one transaction, and need not be: see [`loader`].

mod journal;
mod loader;
mod reader;
mod tables;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fs::{File, TryLockError};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::schema::{self, ROWS, Table};
use super::sql::{self, Dialect};
use super::{AppendError, StoreError};

pub use journal::Journal;
pub use loader::Loader;
pub use reader::{Interrupt, Reader};
pub use tables::Tables;

/// An open store.
#[derive(Debug, Clone)]
pub struct Sqlite(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    journal: Mutex<Connection>,
    tables: Mutex<Connection>,
    files: Files,
    /// Locked as long as it is open: the last to be dropped.
    _lock: File,
}

#[derive(Debug)]
struct Files {
    journal: std::path::PathBuf,
    tables: std::path::PathBuf,
}

impl Sqlite {
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        let in_dir = |error| StoreError::Failed(format!("{}: {error}", dir.display()));
        // It holds the keys that sign tokens: nobody else's business.
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(in_dir)?;
        let lock = File::options().create(true).truncate(false).write(true).open(dir.join("lock")).map_err(in_dir)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => StoreError::InUse(dir.to_owned()),
            TryLockError::Error(error) => in_dir(error),
        })?;
        let files = Files { journal: dir.join("journal.db"), tables: dir.join("tables.db") };
        let mut rows: Vec<&Table> = vec![&schema::META, &schema::SHARDS];
        rows.extend(ROWS.iter().map(|rows| &rows.table));
        let journal = open_file(&files.journal, JOURNAL_CACHE_KIB, &[&schema::META, &schema::JOURNAL])?;
        let tables = open_file(&files.tables, TABLES_CACHE_KIB, &rows)?;
        Ok(Self(Arc::new(Shared { journal: Mutex::new(journal), tables: Mutex::new(tables), files, _lock: lock })))
    }

    pub fn journal(&self) -> Journal {
        Journal::new(self.0.clone())
    }

    pub fn tables(&self) -> Result<Tables, StoreError> {
        Tables::new(self.0.clone())
    }

    pub fn loader(&self) -> Result<Loader, StoreError> {
        Loader::new(self.0.clone())
    }

    pub fn reader(&self) -> Result<Reader, StoreError> {
        Reader::new(self.0.clone())
    }
}

impl Shared {
    /// A panic while the lock was held left a transaction at worst, which the next call rolls back.
    fn journal(&self) -> MutexGuard<'_, Connection> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tables(&self) -> MutexGuard<'_, Connection> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// In bytes.
const PAGE: i64 = 4096;
/// The journal's live rows are a fraction of a second's batches.
const JOURNAL_CACHE_KIB: i64 = 8 * 1024;
/// Enough for the inner pages of all indexes and the leaves that sales touch.
const TABLES_CACHE_KIB: i64 = 64 * 1024;
/// A loader reads a few rows by key.
const LOADER_CACHE_KIB: i64 = 2 * 1024;

/// Opens a file for writing, folds what its WAL holds into it, and adds the tables that it lacks.
fn open_file(path: &Path, cache_kib: i64, tables: &[&Table]) -> Result<Connection, StoreError> {
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE, cache_kib)?;
    // Before the file is made, or it has no effect.
    connection.pragma_update(None, "page_size", PAGE).map_err(failed)?;
    connection.pragma_update(None, "journal_mode", "WAL").map_err(failed)?;
    connection.pragma_update(None, "synchronous", "FULL").map_err(failed)?;
    // Checkpoints run on the applier's thread (`tables`), never within an append.
    connection.pragma_update(None, "wal_autocheckpoint", 0).map_err(failed)?;
    let busy: i64 = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).map_err(failed)?;
    if busy != 0 {
        return Err(StoreError::InUse(path.to_owned()));
    }
    migrate(&mut connection, tables)?;
    Ok(connection)
}

fn connect(path: &Path, flags: OpenFlags, cache_kib: i64) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(failed)?;
    connection.busy_timeout(Duration::from_secs(5)).map_err(failed)?;
    connection.pragma_update(None, "cache_size", -cache_kib).map_err(failed)?;
    connection.pragma_update(None, "temp_store", "MEMORY").map_err(failed)?;
    connection.set_prepared_statement_cache_capacity(4 * ROWS.len());
    Ok(connection)
}

fn migrate(connection: &mut Connection, tables: &[&Table]) -> Result<(), StoreError> {
    let transaction = connection.transaction().map_err(failed)?;
    let there = columns(&transaction).map_err(failed)?;
    if there.contains(&("meta".into(), "value".into())) {
        let found = transaction.query_row("SELECT value FROM meta WHERE name = 'schema'", [], |row| row.get(0)).map_err(failed)?;
        if found > schema::VERSION {
            return Err(StoreError::Newer { found, known: schema::VERSION });
        }
    }
    for statement in sql::upgrade(Dialect::Sqlite, tables, &there) {
        transaction.execute(&statement, []).map_err(failed)?;
    }
    let known = sql::upsert(Dialect::Sqlite, &schema::META);
    transaction.execute(&known, ("schema", schema::VERSION)).map_err(failed)?;
    transaction.commit().map_err(failed)
}

fn columns(connection: &Connection) -> rusqlite::Result<BTreeSet<(String, String)>> {
    let mut statement =
        connection.prepare("SELECT m.name, c.name FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table'")?;
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// Ends whatever transaction an error left open. That it was not committed is certain: SQLite says so.
fn roll_back(connection: &Connection) {
    if !connection.is_autocommit() {
        let _ = connection.execute_batch("ROLLBACK");
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of map_err")]
fn failed(error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full,
        Some(code) if distrusted(code) => StoreError::Fatal(error.to_string()),
        _ => StoreError::Failed(error.to_string()),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of map_err")]
fn not_appended(error: rusqlite::Error) -> AppendError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => AppendError::Full,
        Some(ErrorCode::ConstraintViolation) => AppendError::Conflict,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => AppendError::Unknown(error.to_string()),
        _ => AppendError::Fatal(error.to_string()),
    }
}

/// Whether what the disk says cannot be trusted after this: a failed fsync is not repeated by the kernel, and a commit may or may not be there.
const fn distrusted(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::SystemIoFailure
            | ErrorCode::DatabaseCorrupt
            | ErrorCode::NotADatabase
            | ErrorCode::CannotOpen
            | ErrorCode::OutOfMemory
            | ErrorCode::ReadOnly
            | ErrorCode::InternalMalfunction
    )
}
