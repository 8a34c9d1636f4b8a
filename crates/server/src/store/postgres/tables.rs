//! The applier thread's end: a batch is one transaction, two round trips: the fence, then everything else at once.

use std::sync::Arc;
use std::time::Duration;

use aforo_domain::change::Change;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, Error, Statement};

use super::array::Array;
use super::failed;
use super::session::{Request, Session, pipelined};
use crate::store::rows::{key_cells, row_cells};
use crate::store::schema::{self, ROWS};
use crate::store::sql::{self, Dialect};
use crate::store::{ApplyBatch, StoreError};

/// Only here: see the module above. Keys are always found by their index: a plan made while a table was small must not read all of it once it is
/// large.
const SETTINGS: &str = "SET synchronous_commit = off; SET plan_cache_mode = force_generic_plan; \
    SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off";
/// How long a batch may take. Past it the connection is dropped, and the next call finds out what became of it.
const DEADLINE: Duration = Duration::from_secs(60);

/// Applies.
#[derive(Debug)]
pub struct Tables {
    config: Arc<Config>,
    /// `None` after a failure.
    link: Option<Link>,
    /// For each table: rows to put, keys to delete.
    groups: Vec<[Group; 2]>,
}

/// Changes of one table of one kind.
#[derive(Debug)]
struct Group {
    columns: Vec<Array>,
    rows: usize,
}

const PUT: usize = 0;
const DELETE: usize = 1;

#[derive(Debug)]
struct Link {
    fence: Statement,
    trim: Statement,
    forget: Statement,
    /// For each table: the upsert and the delete, once they were needed.
    changes: Vec<[Option<Statement>; 2]>,
    session: Session,
}

impl Tables {
    pub(super) fn new(config: Arc<Config>) -> Result<Self, StoreError> {
        let groups = ROWS.iter().map(|rows| {
            let all = rows.table.all().skip(1).map(Array::new).collect();
            let key = rows.table.key.iter().skip(1).map(Array::new).collect();
            [Group { columns: all, rows: 0 }, Group { columns: key, rows: 0 }]
        });
        Ok(Self { link: Some(Link::connect(&config)?), config, groups: groups.collect() })
    }

    pub fn apply(&mut self, batch: &ApplyBatch) -> Result<(), StoreError> {
        self.gather(batch);
        let known = self.link.is_some();
        match self.try_apply(batch) {
            // The server may have been restarted since. Whether the batch was committed shows when it is tried again.
            Err(StoreError::Lost(_)) if known => self.try_apply(batch),
            applied => applied,
        }
    }

    fn try_apply(&mut self, batch: &ApplyBatch) -> Result<(), StoreError> {
        let mut link = match self.link.take() {
            Some(link) => link,
            None => Link::connect(&self.config)?,
        };
        let applied = link.apply(&self.groups, batch);
        // A connection that answered as it should is kept; any other may be in the middle of anything.
        if matches!(applied, Ok(()) | Err(StoreError::Stale | StoreError::Behind)) {
            self.link = Some(link);
        }
        applied
    }

    fn gather(&mut self, batch: &ApplyBatch) {
        for group in self.groups.iter_mut().flatten() {
            group.rows = 0;
            group.columns.iter_mut().for_each(Array::clear);
        }
        for change in &batch.changes {
            match change {
                Change::Put(row) => {
                    let push = &mut self.groups[schema::index_of_row(row)][PUT].next_row();
                    row_cells(row, &mut |cell| {
                        if let Some(column) = push.next() {
                            column.push(cell)
                        }
                    });
                }
                Change::Delete(key) => {
                    let push = &mut self.groups[schema::index_of_key(key)][DELETE].next_row();
                    key_cells(key, &mut |cell| {
                        if let Some(column) = push.next() {
                            column.push(cell)
                        }
                    });
                }
                Change::ForgetOutcomes(_) => {}
            }
        }
    }
}

impl Group {
    fn next_row(&mut self) -> std::slice::IterMut<'_, Array> {
        self.rows += 1;
        self.columns.iter_mut()
    }
}

impl Link {
    fn connect(config: &Config) -> Result<Self, StoreError> {
        let session = Session::connect(config, "aforo tables", SETTINGS)?;
        let prepared = session.run(async {
            let fence = "UPDATE shards SET applied_seq = $1, engine_now = $2 WHERE shard = $3 AND applied_seq = $4 AND epoch = $5";
            let trim = "DELETE FROM journal WHERE shard = $1 AND seq > $2 AND seq <= $3 AND NOT takeover";
            let forget = sql::forget(Dialect::Postgres, &schema::OUTCOMES.table);
            Ok((session.client.prepare(fence).await?, session.client.prepare(trim).await?, session.client.prepare(&forget).await?))
        });
        let (fence, trim, forget) = prepared.map_err(failed)?;
        Ok(Self { fence, trim, forget, changes: ROWS.iter().map(|_| [None, None]).collect(), session })
    }

    fn apply(&mut self, groups: &[[Group; 2]], batch: &ApplyBatch) -> Result<(), StoreError> {
        self.prepare(groups).map_err(failed)?;
        let transaction = self.transact(groups, batch);
        let answer = self.session.run(async { tokio::time::timeout(DEADLINE, transaction).await });
        answer.map_err(|_| StoreError::Lost(format!("no answer within {} s", DEADLINE.as_secs())))?
    }

    fn prepare(&mut self, groups: &[[Group; 2]]) -> Result<(), Error> {
        for ((statements, group), rows) in self.changes.iter_mut().zip(groups).zip(ROWS) {
            let texts: [fn(&schema::Table) -> String; 2] = [sql::upsert_many, sql::delete_many];
            for ((statement, group), text) in statements.iter_mut().zip(group).zip(texts) {
                if group.rows > 0 && statement.is_none() {
                    *statement = Some(self.session.run(self.session.client.prepare(&text(&rows.table)))?);
                }
            }
        }
        Ok(())
    }

    async fn transact(&self, groups: &[[Group; 2]], batch: &ApplyBatch) -> Result<(), StoreError> {
        let client = &self.session.client;
        let shard = batch.shard.0.cast_signed();
        let (from, to, epoch) = (batch.from.cast_signed(), batch.to.cast_signed(), batch.epoch.cast_signed());
        let fence: [&(dyn ToSql + Sync); 5] = [&to, &batch.now.0, &shard, &from, &epoch];
        let begun = pipelined(vec![simple(client, "BEGIN"), Box::pin(client.execute(&self.fence, &fence))]).await;
        let [_, moved] = all_or_first_error(begun)?[..] else { return Err(StoreError::Failed("an answer is missing".into())) };
        if moved != 1 {
            client.batch_execute("ROLLBACK").await.map_err(failed)?;
            return self.not_next(batch).await;
        }
        let forgotten =
            batch.changes.iter().filter_map(|change| if let Change::ForgetOutcomes(period) = change { Some(period.0) } else { None });
        let forgotten: Vec<_> = forgotten.collect();
        let forgotten: Vec<[&(dyn ToSql + Sync); 2]> = forgotten.iter().map(|period| [&shard as &(dyn ToSql + Sync), period]).collect();
        let trim: [&(dyn ToSql + Sync); 3] = [&shard, &from, &to];
        let changes = self.changes_of(groups, &shard);
        let mut requests: Vec<Request<'_, _>> = Vec::new();
        for (statement, parameters) in &changes {
            requests.push(Box::pin(client.execute(*statement, parameters)));
        }
        for parameters in &forgotten {
            // After the puts: what is forgotten may have come in the same batch.
            requests.push(Box::pin(client.execute(&self.forget, parameters)));
        }
        requests.push(Box::pin(client.execute(&self.trim, &trim)));
        // After an error the server answers this with a rollback; the error is reported before it.
        requests.push(simple(client, "COMMIT"));
        all_or_first_error(pipelined(requests).await).map(drop)
    }

    /// Each statement that has something to do, with its parameters. Deletes come first: a value of a unique index may go from one row to another
    /// only if the first row is deleted.
    fn changes_of<'a>(&'a self, groups: &'a [[Group; 2]], shard: &'a i64) -> Vec<(&'a Statement, Vec<&'a (dyn ToSql + Sync)>)> {
        let mut changes = Vec::new();
        for kind in [DELETE, PUT] {
            for (statements, group) in self.changes.iter().zip(groups) {
                if let (Some(statement), Group { columns, rows: 1.. }) = (&statements[kind], &group[kind]) {
                    let columns = columns.iter().map(|column| column as &(dyn ToSql + Sync));
                    changes.push((statement, std::iter::once(shard as &(dyn ToSql + Sync)).chain(columns).collect()));
                }
            }
        }
        changes
    }

    /// Why a batch is not the next one. That it is in the tables already is no error: its first try lost its answer.
    async fn not_next(&self, batch: &ApplyBatch) -> Result<(), StoreError> {
        let select = "SELECT applied_seq, epoch FROM shards WHERE shard = $1";
        let found = self.session.client.query_opt(select, &[&batch.shard.0.cast_signed()]).await.map_err(failed)?;
        let (applied_seq, epoch) = found.map_or((0, 0), |row| (row.get::<_, i64>(0), row.get::<_, i64>(1)));
        match (applied_seq == batch.to.cast_signed(), epoch == batch.epoch.cast_signed()) {
            (true, true) => Ok(()),
            (false, true) => Err(StoreError::Behind),
            (_, false) => Err(StoreError::Stale),
        }
    }
}

fn simple<'a>(client: &'a Client, statement: &'static str) -> Request<'a, Result<u64, Error>> {
    Box::pin(async move { client.batch_execute(statement).await.map(|()| 0) })
}

fn all_or_first_error(answers: Vec<Result<u64, Error>>) -> Result<Vec<u64>, StoreError> {
    answers.into_iter().collect::<Result<_, _>>().map_err(failed)
}
