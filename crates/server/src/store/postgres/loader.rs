//! A loader thread's end: reads by key, the working set, and taking over.

use std::pin::pin;
use std::sync::Arc;

use aforo_domain::change::{Key, Row};
use aforo_domain::ids::{OrderCode, SessionId, ShardId};
use aforo_domain::messages::Kind as MessageKind;
use aforo_domain::moment::Timestamp;
use futures_util::TryStreamExt;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, Error, Statement};

use super::failed;
use super::session::{Request, Session, pipelined};
use crate::store::resident::{self, Part};
use crate::store::rows::{Broken, Cell, key_cells};
use crate::store::schema::{self, Kind, MAX_CELLS, ROWS, RowTable};
use crate::store::sql::{self, Dialect};
use crate::store::{Due, JournalRow, Load, Loaded, Position, Queue, Resident, StoreError, Taken, Waiting, messages};

/// As the applier's: keys are found by their index. Taking over is as durable as an append.
const SETTINGS: &str = "SET synchronous_commit = on; SET enable_seqscan = off";

/// Loads.
#[derive(Debug)]
pub struct Loader {
    config: Arc<Config>,
    /// `None` after a failure.
    link: Option<Link>,
}

#[derive(Debug)]
struct Link {
    /// For each table: the select by key, once it was needed.
    selects: Vec<Option<Statement>>,
    session: Session,
}

impl Loader {
    pub(super) fn new(config: Arc<Config>) -> Result<Self, StoreError> {
        Ok(Self { link: Some(Link::connect(&config)?), config })
    }

    /// Runs with a connection, which is kept only if all went well. If one that has been there for a while turns out to be lost, it runs again: the
    /// server may have been restarted since.
    fn with<T>(&mut self, run: impl Fn(&mut Link) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let known = self.link.is_some();
        match self.once(&run) {
            Err(StoreError::Lost(_)) if known => self.once(run),
            answer => answer,
        }
    }

    fn once<T>(&mut self, run: impl FnOnce(&mut Link) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut link = match self.link.take() {
            Some(link) => link,
            None => Link::connect(&self.config)?,
        };
        let answer = run(&mut link)?;
        self.link = Some(link);
        Ok(answer)
    }

    pub fn shards(&mut self) -> Result<Vec<ShardId>, StoreError> {
        self.with(|link| {
            let rows = link.session.run(link.session.client.query("SELECT shard FROM shards ORDER BY shard", &[])).map_err(failed)?;
            Ok(rows.iter().map(|row| ShardId(row.get::<_, i64>(0).cast_unsigned())).collect())
        })
    }

    pub fn take(&mut self, shard: ShardId, payload: &dyn Fn(u64, u64) -> Vec<u8>) -> Result<Taken, StoreError> {
        self.with(|link| link.session.run(take(&link.session, shard, payload)))
    }

    pub fn position(&mut self, shard: ShardId) -> Result<Position, StoreError> {
        self.with(|link| link.session.run(position(&link.session.client, shard)))
    }

    pub fn applied_seq(&mut self, shard: ShardId) -> Result<u64, StoreError> {
        self.with(|link| {
            let select = "SELECT applied_seq FROM shards WHERE shard = $1";
            let row = link.session.run(link.session.client.query_opt(select, &[&shard.0.cast_signed()])).map_err(failed)?;
            Ok(row.map_or(0, |row| row.get::<_, i64>(0).cast_unsigned()))
        })
    }

    pub fn load(&mut self, shard: ShardId, load: Load) -> Result<Loaded, StoreError> {
        match load {
            Load::Rows(keys) => {
                let rows = self.with(|link| link.rows(shard, &keys))?;
                Ok(Loaded::Rows(keys.into_iter().zip(rows).collect()))
            }
            Load::List(session) => Ok(Loaded::List(session, self.with(|link| link.list(shard, session))?)),
            Load::FreeCodes(mut codes) => {
                let taken = self.with(|link| link.taken(shard, &codes))?;
                codes.retain(|code| !taken.contains(&code.to_string()));
                Ok(Loaded::FreeCodes(codes))
            }
        }
    }

    pub fn resident(&mut self, shard: ShardId, each: &mut dyn FnMut(Resident)) -> Result<(), StoreError> {
        self.scan(shard, resident::PARTS.iter().map(|part| part.sql(Dialect::Postgres)), &mut |index, row| {
            each(match &resident::PARTS[index] {
                Part::Rows(table, _) => Resident::Row(read(table, row)?),
                Part::Expired => resident::expired(row.try_get(0).map_err(failed)?, row.try_get(1).map_err(failed)?)?,
                Part::Outcomes => resident::outcome(row.try_get(0).map_err(failed)?, row.try_get(1).map_err(failed)?)?,
            });
            Ok(())
        })
    }

    pub fn due(&mut self, queue: &Queue, now: Timestamp, limit: usize) -> Result<Due, StoreError> {
        self.with(|link| {
            let client = &link.session.client;
            let (shard, kind, epoch, limit) =
                (queue.shard.0.cast_signed(), queue.kind.to_string(), queue.epoch.cast_signed(), limit as i64);
            let due: [&(dyn ToSql + Sync); 5] = [&shard, &kind, &now.0, &epoch, &limit];
            link.session.run(async {
                let rows = client.query(&messages::due(Dialect::Postgres), &due).await.map_err(failed)?;
                let found = rows.iter().map(|row| messages::message(read(&schema::MESSAGES, row)?)).collect::<Result<_, StoreError>>()?;
                let next = client.query_one(&messages::next(Dialect::Postgres), &due[..3]).await.map_err(failed)?;
                Ok(Due { messages: found, next: next.get::<_, Option<i64>>(0).map(Timestamp) })
            })
        })
    }

    pub fn waiting(&mut self, shard: ShardId, kind: MessageKind) -> Result<Waiting, StoreError> {
        self.with(|link| {
            let (shard, kind, count) = (shard.0.cast_signed(), kind.to_string(), messages::waiting(Dialect::Postgres));
            let row = link.session.run(link.session.client.query_one(&count, &[&shard, &kind])).map_err(failed)?;
            Ok(Waiting { count: row.get::<_, i64>(0).unsigned_abs(), oldest: row.get::<_, Option<i64>>(1).map(Timestamp) })
        })
    }

    pub fn every_row(&mut self, shard: ShardId, each: &mut dyn FnMut(Row)) -> Result<(), StoreError> {
        self.scan(shard, ROWS.iter().map(|rows| sql::scan(Dialect::Postgres, &rows.table, "")), &mut |index, row| {
            each(read(ROWS[index], row)?);
            Ok(())
        })
    }

    /// Runs statements whose only parameter is the shard in one snapshot, and gives each row with its statement's index.
    fn scan(
        &mut self,
        shard: ShardId,
        statements: impl Iterator<Item = String>,
        each: &mut dyn FnMut(usize, &tokio_postgres::Row) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        // What was given cannot be taken back, so only this is tried again if the connection was lost meanwhile.
        self.with(|link| link.session.run(link.session.client.batch_execute("")).map_err(failed))?;
        self.once(|link| {
            let client = &link.session.client;
            link.session.run(async {
                // Much of a table is read here, so that reading all of it may be the better plan.
                client.batch_execute(&format!("{SNAPSHOT}; SET LOCAL enable_seqscan = on")).await.map_err(failed)?;
                for (index, statement) in statements.enumerate() {
                    let mut rows = pin!(client.query_raw(&statement, [shard.0.cast_signed()]).await.map_err(failed)?);
                    while let Some(row) = rows.try_next().await.map_err(failed)? {
                        each(index, &row)?;
                    }
                }
                client.batch_execute("COMMIT").await.map_err(failed)
            })
        })
    }
}

const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

impl Link {
    fn connect(config: &Config) -> Result<Self, StoreError> {
        Ok(Self { session: Session::connect(config, "aforo loader", SETTINGS)?, selects: ROWS.iter().map(|_| None).collect() })
    }

    fn rows(&mut self, shard: ShardId, keys: &[Key]) -> Result<Vec<Option<Row>>, StoreError> {
        let statements = keys.iter().map(|key| self.select(key)).collect::<Result<Vec<_>, _>>()?;
        let client = &self.session.client;
        self.session.run(async {
            client.batch_execute(SNAPSHOT).await.map_err(failed)?;
            let requests = keys.iter().zip(&statements).map(|(key, statement)| {
                let parameters = parameters(shard, key);
                Box::pin(async move { client.query_opt(statement, &slices(&parameters)).await }) as Request<'_, Result<_, Error>>
            });
            let answers = pipelined(requests.collect()).await;
            client.batch_execute("COMMIT").await.map_err(failed)?;
            let rows = keys.iter().zip(answers).map(|(key, answer)| {
                let row: Option<_> = answer.map_err(failed)?;
                row.map(|row| read(ROWS[schema::index_of_key(key)], &row)).transpose()
            });
            rows.collect()
        })
    }

    fn list(&self, shard: ShardId, session: SessionId) -> Result<Vec<Row>, StoreError> {
        let client = &self.session.client;
        self.session.run(async {
            client.batch_execute(SNAPSHOT).await.map_err(failed)?;
            let mut listed = Vec::new();
            for table in crate::store::gate_lists::LISTED {
                let statement = sql::scan(Dialect::Postgres, &table.table, "session = $2");
                let parameters = [shard.0.cast_signed(), session.0.cast_signed()];
                let mut rows = pin!(client.query_raw(&statement, parameters).await.map_err(failed)?);
                while let Some(row) = rows.try_next().await.map_err(failed)? {
                    listed.push(read(table, &row)?);
                }
            }
            client.batch_execute("COMMIT").await.map_err(failed)?;
            Ok(listed)
        })
    }

    fn taken(&self, shard: ShardId, codes: &[OrderCode]) -> Result<Vec<String>, StoreError> {
        let codes: Vec<_> = codes.iter().map(ToString::to_string).collect();
        let select = "SELECT code FROM orders WHERE shard = $1 AND code = ANY($2) \
            UNION ALL SELECT code FROM voucher_orders WHERE shard = $1 AND code = ANY($2)";
        let rows = self.session.run(self.session.client.query(select, &[&shard.0.cast_signed(), &codes])).map_err(failed)?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    fn select(&mut self, key: &Key) -> Result<Statement, StoreError> {
        let index = schema::index_of_key(key);
        if let Some(known) = &self.selects[index] {
            return Ok(known.clone());
        }
        let text = sql::select(Dialect::Postgres, &ROWS[index].table);
        let statement = self.session.run(self.session.client.prepare(&text)).map_err(failed)?;
        Ok(self.selects[index].insert(statement).clone())
    }
}

fn parameters(shard: ShardId, key: &Key) -> Vec<Box<dyn ToSql + Sync>> {
    let mut parameters: Vec<Box<dyn ToSql + Sync>> = vec![Box::new(shard.0.cast_signed())];
    key_cells(key, &mut |cell| {
        parameters.push(match cell {
            Cell::Int(value) => Box::new(value),
            Cell::Text(value) => Box::new(value.to_owned()),
            Cell::Bytes(value) => Box::new(value.to_owned()),
            Cell::Null | Cell::Bool(_) | Cell::Json(_) => unreachable!("no key has such a cell"),
        });
    });
    parameters
}

fn slices(parameters: &[Box<dyn ToSql + Sync>]) -> Vec<&(dyn ToSql + Sync)> {
    parameters.iter().map(AsRef::as_ref).collect()
}

/// Takes a shard over in one transaction, so that of two who take it at once the second waits for the first, and nobody is left with an epoch that
/// is not the shard's. Appends wait for it: an owner that appends without a pause would otherwise be ahead of every number that is tried.
async fn take(session: &Session, shard: ShardId, payload: &dyn Fn(u64, u64) -> Vec<u8>) -> Result<Taken, StoreError> {
    let (client, id, notices) = (&session.client, shard.0.cast_signed(), session.notices());
    client.batch_execute("BEGIN").await.map_err(failed)?;
    // Waits for an applier that is at work. From here on none of an earlier epoch gets past its fence.
    let raise = "INSERT INTO shards (shard, applied_seq, epoch, engine_now) VALUES ($1, 0, 1, 0)
        ON CONFLICT (shard) DO UPDATE SET epoch = shards.epoch + 1 RETURNING applied_seq, epoch";
    let row = client.query_one(raise, &[&id]).await.map_err(failed)?;
    let (applied_seq, epoch): (i64, i64) = (row.get(0), row.get(1));
    client.batch_execute("LOCK TABLE journal IN SHARE ROW EXCLUSIVE MODE").await.map_err(failed)?;
    let last = client.query_one("SELECT max(seq) FROM journal WHERE shard = $1", &[&id]).await.map_err(failed)?;
    let seq = last.get::<_, Option<i64>>(0).unwrap_or(0).max(applied_seq) + 1;
    let taken = Taken { epoch: epoch.cast_unsigned(), seq: seq.cast_unsigned() };
    let append = "INSERT INTO journal (shard, seq, takeover, payload) VALUES ($1, $2, TRUE, $3)";
    client.execute(append, &[&id, &seq, &payload(taken.epoch, taken.seq)]).await.map_err(failed)?;
    client.batch_execute("COMMIT").await.map_err(failed)?;
    if session.notices() == notices { Ok(taken) } else { Err(StoreError::Failed("the database gave a notice".into())) }
}

async fn position(client: &Client, shard: ShardId) -> Result<Position, StoreError> {
    // One statement, hence one snapshot.
    let select = "SELECT s.applied_seq, s.epoch, s.engine_now, j.seq, j.payload FROM shards s
        LEFT JOIN journal j ON j.shard = s.shard AND j.seq > s.applied_seq WHERE s.shard = $1 ORDER BY j.seq";
    let rows = client.query(select, &[&shard.0.cast_signed()]).await.map_err(failed)?;
    let Some(first) = rows.first() else { return Ok(Position::default()) };
    let applied_seq = first.get::<_, i64>(0).cast_unsigned();
    let tail = rows.iter().filter_map(|row| {
        let seq = row.get::<_, Option<i64>>(3)?.cast_unsigned();
        Some(JournalRow { shard, seq, payload: row.get(4) })
    });
    let tail: Vec<_> = tail.collect();
    let last_seq = tail.last().map_or(applied_seq, |row| row.seq);
    Ok(Position { applied_seq, epoch: first.get::<_, i64>(1).cast_unsigned(), tail, last_seq, now: Timestamp(first.get(2)) })
}

/// Reads a domain row from the cells of a database row.
fn read(table: &RowTable, row: &tokio_postgres::Row) -> Result<Row, StoreError> {
    let mut cells = [Cell::Null; MAX_CELLS];
    let mut count = 0;
    for (index, column) in table.table.all().skip(1).enumerate() {
        cells[index] = match column.kind {
            Kind::Int => row.try_get::<_, Option<_>>(index).map_err(failed)?.map_or(Cell::Null, Cell::Int),
            Kind::Bool => row.try_get::<_, Option<_>>(index).map_err(failed)?.map_or(Cell::Null, Cell::Bool),
            Kind::Text => row.try_get::<_, Option<_>>(index).map_err(failed)?.map_or(Cell::Null, Cell::Text),
            Kind::Bytes => row.try_get::<_, Option<_>>(index).map_err(failed)?.map_or(Cell::Null, Cell::Bytes),
        };
        count = index + 1;
    }
    (table.read)(&cells[..count]).map_err(|why| Broken { table: table.table.name, why }.into())
}
