//! A loader thread's end: reads by key, the working set, and taking over.
//!
//! A position is read from two files: the journal first, then the tables. That is as good as one snapshot. Rows leave the journal only once
//! `applied_seq` has passed them, so all that was trimmed before the journal was read lies at or below the `applied_seq` that is read after it; and
//! what the tables had at that second instant and the journal's picture had, too, is left out of the tail. So the tail begins right after
//! `applied_seq` and has no gap, whether or not an applier or another shard's appends are at work. The other way round it could miss rows:
//! those applied and trimmed between the two reads. (After [`Loader::take`] nobody moves either, since the caller ended its own applier and the
//! directory is locked.)

use std::sync::Arc;

use aforo_domain::change::Row;
use aforo_domain::ids::ShardId;
use aforo_domain::messages::Kind as MessageKind;
use aforo_domain::moment::Timestamp;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::{LOADER_CACHE_KIB, Shared, connect, failed};
use crate::store::resident::{self, Part};
use crate::store::rows::{Broken, Cell, key_cells};
use crate::store::schema::{self, Kind, MAX_CELLS, ROWS, RowTable};
use crate::store::sql::{self, Dialect};
use crate::store::{Due, JournalRow, Load, Loaded, Position, Queue, Resident, StoreError, Taken, Waiting, messages};

/// Loads.
#[derive(Debug)]
pub struct Loader {
    shared: Arc<Shared>,
    journal: Connection,
    tables: Connection,
}

impl Loader {
    pub(super) fn new(shared: Arc<Shared>) -> Result<Self, StoreError> {
        let journal = connect(&shared.files.journal, OpenFlags::SQLITE_OPEN_READ_ONLY, LOADER_CACHE_KIB)?;
        let tables = connect(&shared.files.tables, OpenFlags::SQLITE_OPEN_READ_ONLY, LOADER_CACHE_KIB)?;
        Ok(Self { shared, journal, tables })
    }

    pub fn shards(&mut self) -> Result<Vec<ShardId>, StoreError> {
        let mut statement = self.tables.prepare_cached("SELECT shard FROM shards ORDER BY shard").map_err(failed)?;
        let shards = statement.query_map([], |row| Ok(ShardId(row.get::<_, i64>(0)?.cast_unsigned()))).map_err(failed)?;
        shards.collect::<Result<_, _>>().map_err(failed)
    }

    /// First the epoch, then the journal: see `store`. Nobody else can append meanwhile but this process, and it holds the journal's mutex.
    pub fn take(&mut self, shard: ShardId, payload: &dyn Fn(u64, u64) -> Vec<u8>) -> Result<Taken, StoreError> {
        let id = shard.0.cast_signed();
        let (applied_seq, epoch): (i64, i64) = self
            .shared
            .tables()
            .query_row(
                "INSERT INTO shards (shard, applied_seq, epoch, engine_now) VALUES (?1, 0, 1, 0)
                 ON CONFLICT (shard) DO UPDATE SET epoch = epoch + 1 RETURNING applied_seq, epoch",
                [id],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .map_err(failed)?;
        let journal = self.shared.journal();
        let last: Option<i64> =
            journal.query_row("SELECT max(seq) FROM journal WHERE shard = ?1", [id], |row| row.get(0)).map_err(failed)?;
        let seq = last.unwrap_or(0).max(applied_seq) + 1;
        let taken = Taken { epoch: epoch.cast_unsigned(), seq: seq.cast_unsigned() };
        journal
            .execute(
                "INSERT INTO journal (shard, seq, takeover, payload) VALUES (?1, ?2, TRUE, ?3)",
                (id, seq, payload(taken.epoch, taken.seq)),
            )
            .map_err(failed)?;
        Ok(taken)
    }

    pub fn position(&mut self, shard: ShardId) -> Result<Position, StoreError> {
        let id = shard.0.cast_signed();
        let mut tail = self.journal_of(shard).map_err(failed)?;
        let mut select =
            self.tables.prepare_cached("SELECT applied_seq, epoch, engine_now FROM shards WHERE shard = ?1").map_err(failed)?;
        let found = select.query_row([id], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get(2)?)));
        let Some((applied_seq, epoch, now)) = found.optional().map_err(failed)? else { return Ok(Position::default()) };
        let applied_seq = applied_seq.cast_unsigned();
        tail.retain(|row| row.seq > applied_seq);
        let last_seq = tail.last().map_or(applied_seq, |row| row.seq);
        Ok(Position { applied_seq, epoch: epoch.cast_unsigned(), tail, last_seq, now: Timestamp(now) })
    }

    pub fn applied_seq(&mut self, shard: ShardId) -> Result<u64, StoreError> {
        let mut select = self.tables.prepare_cached("SELECT applied_seq FROM shards WHERE shard = ?1").map_err(failed)?;
        let applied = select.query_row([shard.0.cast_signed()], |row| row.get::<_, i64>(0)).optional().map_err(failed)?;
        Ok(applied.unwrap_or(0).cast_unsigned())
    }

    fn journal_of(&self, shard: ShardId) -> rusqlite::Result<Vec<JournalRow>> {
        let mut statement = self.journal.prepare_cached("SELECT seq, payload FROM journal WHERE shard = ?1 ORDER BY seq")?;
        let rows = statement.query_map([shard.0.cast_signed()], |row| {
            Ok(JournalRow { shard, seq: row.get::<_, i64>(0)?.cast_unsigned(), payload: row.get(1)? })
        })?;
        rows.collect()
    }

    pub fn load(&mut self, shard: ShardId, load: Load) -> Result<Loaded, StoreError> {
        let transaction = self.tables.unchecked_transaction().map_err(failed)?;
        match load {
            Load::Rows(keys) => {
                let rows = keys.into_iter().map(|key| {
                    let table = ROWS[schema::index_of_key(&key)];
                    let mut statement = transaction.prepare_cached(&sql::select(Dialect::Sqlite, &table.table)).map_err(failed)?;
                    statement.raw_bind_parameter(1, shard.0.cast_signed()).map_err(failed)?;
                    let (mut number, mut bound) = (1, Ok(()));
                    key_cells(&key, &mut |cell| {
                        number += 1;
                        if bound.is_ok() {
                            bound = match cell {
                                Cell::Int(value) => statement.raw_bind_parameter(number, value),
                                Cell::Text(value) => statement.raw_bind_parameter(number, value),
                                Cell::Bytes(value) => statement.raw_bind_parameter(number, value),
                                Cell::Null | Cell::Bool(_) | Cell::Json(_) => unreachable!("no key has such a cell"),
                            };
                        }
                    });
                    bound.map_err(failed)?;
                    let mut rows = statement.raw_query();
                    let row = rows.next().map_err(failed)?.map(|row| read(table, row)).transpose()?;
                    Ok((key, row))
                });
                rows.collect::<Result<_, StoreError>>().map(Loaded::Rows)
            }
            Load::List(session) => {
                let mut listed = Vec::new();
                for table in crate::store::gate_lists::LISTED {
                    let sql = sql::scan(Dialect::Sqlite, &table.table, "session = ?2");
                    let mut statement = transaction.prepare_cached(&sql).map_err(failed)?;
                    let mut rows = statement.query([shard.0.cast_signed(), session.0.cast_signed()]).map_err(failed)?;
                    while let Some(row) = rows.next().map_err(failed)? {
                        listed.push(read(table, row)?);
                    }
                }
                Ok(Loaded::List(session, listed))
            }
            Load::FreeCodes(mut codes) => {
                let select = "SELECT 1 FROM orders WHERE shard = ?1 AND code = ?2 \
                    UNION ALL SELECT 1 FROM voucher_orders WHERE shard = ?1 AND code = ?2";
                let mut statement = transaction.prepare_cached(select).map_err(failed)?;
                let mut failure = None;
                codes.retain(|code| match statement.exists((shard.0.cast_signed(), code.to_string())) {
                    Ok(taken) => !taken,
                    Err(error) => {
                        failure.get_or_insert(error);
                        false
                    }
                });
                failure.map_or(Ok(Loaded::FreeCodes(codes)), |error| Err(failed(error)))
            }
        }
    }

    pub fn resident(&mut self, shard: ShardId, each: &mut dyn FnMut(Resident)) -> Result<(), StoreError> {
        let transaction = self.tables.unchecked_transaction().map_err(failed)?;
        for part in resident::PARTS {
            let mut statement = transaction.prepare(&part.sql(Dialect::Sqlite)).map_err(failed)?;
            let mut rows = statement.query([shard.0.cast_signed()]).map_err(failed)?;
            while let Some(row) = rows.next().map_err(failed)? {
                each(match part {
                    Part::Rows(table, _) => Resident::Row(read(table, row)?),
                    Part::Expired => resident::expired(row.get(0).map_err(failed)?, &row.get::<_, Vec<u8>>(1).map_err(failed)?)?,
                    Part::Outcomes => resident::outcome(row.get(0).map_err(failed)?, &row.get::<_, Vec<u8>>(1).map_err(failed)?)?,
                });
            }
        }
        Ok(())
    }

    pub fn due(&mut self, queue: &Queue, now: Timestamp, limit: usize) -> Result<Due, StoreError> {
        let transaction = self.tables.unchecked_transaction().map_err(failed)?;
        let (shard, kind) = (queue.shard.0.cast_signed(), queue.kind.to_string());
        let mut statement = transaction.prepare_cached(&messages::due(Dialect::Sqlite)).map_err(failed)?;
        let mut rows = statement.query((shard, &kind, now.0, queue.epoch.cast_signed(), limit as i64)).map_err(failed)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(failed)? {
            found.push(messages::message(read(&schema::MESSAGES, row)?)?);
        }
        let mut next = transaction.prepare_cached(&messages::next(Dialect::Sqlite)).map_err(failed)?;
        let next: Option<i64> = next.query_row((shard, &kind, now.0), |row| row.get(0)).map_err(failed)?;
        Ok(Due { messages: found, next: next.map(Timestamp) })
    }

    pub fn waiting(&mut self, shard: ShardId, kind: MessageKind) -> Result<Waiting, StoreError> {
        let mut statement = self.tables.prepare_cached(&messages::waiting(Dialect::Sqlite)).map_err(failed)?;
        let counted = statement.query_row((shard.0.cast_signed(), kind.to_string()), |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)));
        let (count, oldest): (i64, Option<i64>) = counted.map_err(failed)?;
        Ok(Waiting { count: count.unsigned_abs(), oldest: oldest.map(Timestamp) })
    }

    pub fn every_row(&mut self, shard: ShardId, each: &mut dyn FnMut(Row)) -> Result<(), StoreError> {
        let transaction = self.tables.unchecked_transaction().map_err(failed)?;
        for table in ROWS {
            let mut statement = transaction.prepare(&sql::scan(Dialect::Sqlite, &table.table, "")).map_err(failed)?;
            let mut rows = statement.query([shard.0.cast_signed()]).map_err(failed)?;
            while let Some(row) = rows.next().map_err(failed)? {
                each(read(table, row)?);
            }
        }
        Ok(())
    }
}

/// Reads a domain row from the cells of a database row.
fn read(table: &RowTable, row: &rusqlite::Row<'_>) -> Result<Row, StoreError> {
    let broken = |why: String| StoreError::from(Broken { table: table.table.name, why });
    let mut cells = [Cell::Null; MAX_CELLS];
    let mut count = 0;
    for (index, column) in table.table.all().skip(1).enumerate() {
        cells[index] = match (row.get_ref(index).map_err(failed)?, column.kind) {
            (ValueRef::Null, _) => Cell::Null,
            (ValueRef::Integer(value), Kind::Int) => Cell::Int(value),
            (ValueRef::Integer(value), Kind::Bool) => Cell::Bool(value != 0),
            (ValueRef::Text(value), Kind::Text) => Cell::Text(std::str::from_utf8(value).map_err(|error| broken(error.to_string()))?),
            (ValueRef::Blob(value), Kind::Bytes) => Cell::Bytes(value),
            (value, _) => return Err(broken(format!("{} is {:?}", column.name, value.data_type()))),
        };
        count = index + 1;
    }
    (table.read)(&cells[..count]).map_err(broken)
}
