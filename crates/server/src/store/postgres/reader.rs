//! A reader thread's end: statements of lists, all of one call in one snapshot.

use std::sync::Arc;

use tokio_postgres::Config;
use tokio_postgres::types::ToSql;

use super::failed;
use super::session::Session;
use crate::store::lists::{Found, Select, Value};
use crate::store::schema::Kind;
use crate::store::{READ_PATIENCE, StoreError};

/// Lists are found by their index, whatever the planner thinks of a table that was small a moment ago.
const SETTINGS: &str = "SET enable_seqscan = off; SET default_transaction_read_only = on";
const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Reads.
#[derive(Debug)]
pub struct Reader {
    config: Arc<Config>,
    /// `None` before the first call, and after a failure.
    session: Option<Session>,
}

impl Reader {
    pub(super) const fn new(config: Arc<Config>) -> Self {
        Self { config, session: None }
    }

    /// If a connection that has been there for a while turns out to be lost, it reads again: the server may have been restarted since.
    pub fn select(&mut self, statements: &[Select]) -> Result<Vec<Found>, StoreError> {
        let known = self.session.is_some();
        match self.once(statements) {
            Err(StoreError::Lost(_)) if known => self.once(statements),
            answer => answer,
        }
    }

    fn once(&mut self, statements: &[Select]) -> Result<Vec<Found>, StoreError> {
        let session = match self.session.take() {
            Some(session) => session,
            None => {
                let settings = format!("{SETTINGS}; SET statement_timeout = {}", READ_PATIENCE.as_millis());
                Session::connect(&self.config, "aforo reader", &settings)?
            }
        };
        let found = session.run(select(&session, statements))?;
        self.session = Some(session);
        Ok(found)
    }
}

async fn select(session: &Session, statements: &[Select]) -> Result<Vec<Found>, StoreError> {
    let client = &session.client;
    client.batch_execute(SNAPSHOT).await.map_err(failed)?;
    let mut all = Vec::with_capacity(statements.len());
    for select in statements {
        let parameters: Vec<&(dyn ToSql + Sync)> = select
            .parameters
            .iter()
            .map(|value| match value {
                Value::Int(value) => value as &(dyn ToSql + Sync),
                Value::Text(value) => value,
                Value::Bytes(value) => value,
            })
            .collect();
        let rows = client.query(&select.sql, &parameters).await.map_err(failed)?;
        let cells = |row: &tokio_postgres::Row| {
            let cell = |(index, kind): (usize, &Kind)| match kind {
                Kind::Int | Kind::Bool => row.try_get(index).map(Value::Int),
                Kind::Text => row.try_get(index).map(Value::Text),
                Kind::Bytes => row.try_get(index).map(Value::Bytes),
            };
            select.columns.iter().enumerate().map(cell).collect::<Result<Vec<_>, _>>()
        };
        all.push(rows.iter().map(cells).collect::<Result<Found, _>>().map_err(failed)?);
    }
    client.batch_execute("COMMIT").await.map_err(failed)?;
    Ok(all)
}
