//! The applier thread's end: batches into tables, and the checkpoints of both files.
//!
//! Checkpoints copy pages from a WAL into its file, so that the WAL can start over. Within an append they would hold every reply back, so they
//! happen here, once a WAL has grown to [`WAL_PAGES`]: the tables' between two batches; the journal's in two steps, first all that is there while the
//! engine goes on appending, then, with the engine waiting, the few pages that came meanwhile.

use std::sync::Arc;

use aforo_domain::change::Change;
use rusqlite::{Connection, OpenFlags, Statement};

use super::{JOURNAL_CACHE_KIB, Shared, connect, failed, roll_back};
use crate::store::rows::{Cell, key_cells, row_cells, write_json};
use crate::store::schema::{self, ROWS};
use crate::store::sql::{self, Dialect};
use crate::store::{ApplyBatch, StoreError};

/// How long a WAL grows before it starts over: 64 MiB of pages.
pub(super) const WAL_PAGES: i64 = 16 * 1024;

/// Applies.
#[derive(Debug)]
pub struct Tables {
    shared: Arc<Shared>,
    /// Checkpoints the journal while the engine appends.
    journal: Connection,
    statements: Vec<Statements>,
    forget: String,
    json: Vec<u8>,
}

#[derive(Debug)]
struct Statements {
    upsert: String,
    delete: String,
}

impl Tables {
    pub(super) fn new(shared: Arc<Shared>) -> Result<Self, StoreError> {
        let journal = connect(&shared.files.journal, OpenFlags::SQLITE_OPEN_READ_WRITE, JOURNAL_CACHE_KIB)?;
        let statements = ROWS.iter().map(|rows| Statements {
            upsert: sql::upsert(Dialect::Sqlite, &rows.table),
            delete: sql::delete(Dialect::Sqlite, &rows.table),
        });
        let forget = sql::forget(Dialect::Sqlite, &schema::OUTCOMES.table);
        Ok(Self { statements: statements.collect(), shared, journal, forget, json: Vec::new() })
    }

    pub fn apply(&mut self, batch: &ApplyBatch) -> Result<(), StoreError> {
        let shared = self.shared.clone();
        let connection = shared.tables();
        let applied = self.write(&connection, batch);
        if applied.is_err() {
            roll_back(&connection);
        }
        if applied? == Fence::Passed {
            self.checkpoint(&connection)?;
        }
        Ok(())
    }

    fn write(&mut self, connection: &Connection, batch: &ApplyBatch) -> Result<Fence, StoreError> {
        connection.prepare_cached("BEGIN IMMEDIATE").and_then(|mut begin| begin.execute([])).map_err(failed)?;
        if fence(connection, batch)? == Fence::Repeated {
            roll_back(connection);
            return Ok(Fence::Repeated);
        }
        self.change(connection, batch).map_err(failed)?;
        connection.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([])).map_err(failed)?;
        Ok(Fence::Passed)
    }

    fn change(&mut self, connection: &Connection, batch: &ApplyBatch) -> rusqlite::Result<()> {
        let shard = batch.shard.0.cast_signed();
        for change in &batch.changes {
            match change {
                Change::Put(row) => {
                    let mut statement = connection.prepare_cached(&self.statements[schema::index_of_row(row)].upsert)?;
                    let mut bind = Binder { statement: &mut statement, json: &mut self.json, next: 1, result: Ok(()) };
                    bind.put(Cell::Int(shard));
                    row_cells(row, &mut |cell| bind.put(cell));
                    bind.result?;
                    statement.raw_execute()?;
                }
                Change::Delete(key) => {
                    let mut statement = connection.prepare_cached(&self.statements[schema::index_of_key(key)].delete)?;
                    let mut bind = Binder { statement: &mut statement, json: &mut self.json, next: 1, result: Ok(()) };
                    bind.put(Cell::Int(shard));
                    key_cells(key, &mut |cell| bind.put(cell));
                    bind.result?;
                    statement.raw_execute()?;
                }
                Change::ForgetOutcomes(_) => {}
            }
        }
        // Last: what is forgotten is older than anything that came after, but may have been put in the same batch.
        for change in &batch.changes {
            if let Change::ForgetOutcomes(before) = change {
                connection.prepare_cached(&self.forget)?.execute((shard, before.0))?;
            }
        }
        Ok(())
    }

    fn checkpoint(&self, tables: &Connection) -> Result<(), StoreError> {
        if wal_pages(tables)? > WAL_PAGES {
            checkpoint(tables)?;
        }
        if wal_pages(&self.journal)? > WAL_PAGES {
            checkpoint(&self.journal)?;
            checkpoint(&self.shared.journal())?;
        }
        Ok(())
    }
}

/// How a batch's first statement went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fence {
    /// The batch is next.
    Passed,
    /// The batch is in the tables already: this is a second try.
    Repeated,
}

fn fence(connection: &Connection, batch: &ApplyBatch) -> Result<Fence, StoreError> {
    let (shard, epoch) = (batch.shard.0.cast_signed(), batch.epoch.cast_signed());
    let (from, to) = (batch.from.cast_signed(), batch.to.cast_signed());
    let mut update = connection
        .prepare_cached("UPDATE shards SET applied_seq = ?1, engine_now = ?2 WHERE shard = ?3 AND applied_seq = ?4 AND epoch = ?5")
        .map_err(failed)?;
    if update.execute((to, batch.now.0, shard, from, epoch)).map_err(failed)? == 1 {
        return Ok(Fence::Passed);
    }
    let mut select = connection.prepare_cached("SELECT applied_seq, epoch FROM shards WHERE shard = ?1").map_err(failed)?;
    match select.query_row([shard], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))) {
        Ok(found) if found == (to, epoch) => Ok(Fence::Repeated),
        Ok((_, found)) if found == epoch => Err(StoreError::Behind),
        Ok(_) | Err(rusqlite::Error::QueryReturnedNoRows) => Err(StoreError::Stale),
        Err(error) => Err(failed(error)),
    }
}

/// Binds cells to a statement, one after the other.
struct Binder<'a, 'c> {
    statement: &'a mut Statement<'c>,
    json: &'a mut Vec<u8>,
    next: usize,
    result: rusqlite::Result<()>,
}

impl Binder<'_, '_> {
    fn put(&mut self, cell: Cell<'_>) {
        if self.result.is_err() {
            return;
        }
        self.result = match cell {
            Cell::Null => self.statement.raw_bind_parameter(self.next, rusqlite::types::Null),
            Cell::Int(value) => self.statement.raw_bind_parameter(self.next, value),
            Cell::Bool(value) => self.statement.raw_bind_parameter(self.next, value),
            Cell::Text(value) => self.statement.raw_bind_parameter(self.next, value),
            Cell::Bytes(value) => self.statement.raw_bind_parameter(self.next, value),
            Cell::Json(row) => {
                self.json.clear();
                write_json(row, self.json);
                self.statement.raw_bind_parameter(self.next, JsonText(self.json))
            }
        };
        self.next += 1;
    }
}

/// Bytes that `serde_json` wrote, so that they are UTF-8, bound as text.
struct JsonText<'a>(&'a [u8]);

impl rusqlite::ToSql for JsonText<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        Ok(rusqlite::types::ToSqlOutput::Borrowed(rusqlite::types::ValueRef::Text(self.0)))
    }
}

/// How many pages of a WAL are still to be copied.
fn wal_pages(connection: &Connection) -> Result<i64, StoreError> {
    let mut noop = connection.prepare_cached("PRAGMA wal_checkpoint(NOOP)").map_err(failed)?;
    noop.query_row([], |row| Ok(row.get::<_, i64>(1)? - row.get::<_, i64>(2)?)).map_err(failed)
}

/// Copies what no reader still needs from the WAL into its file. Waits for nobody.
fn checkpoint(connection: &Connection) -> Result<(), StoreError> {
    connection.prepare_cached("PRAGMA wal_checkpoint(PASSIVE)").and_then(|mut pragma| pragma.query_row([], |_| Ok(()))).map_err(failed)
}
