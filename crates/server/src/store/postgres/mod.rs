//! The store on PostgreSQL 15 or later: journal and tables in one database, each of the store's ends with a connection of its own.
//!
//! The journal's session commits synchronously and is never cancelled. The applier's commits asynchronously: rows, `applied_seq` and the trimming of
//! the journal vanish together in a crash of the server, and the journal still has the rows. All calls block the calling thread, which must not be
//! one of an async runtime.

mod array;
mod journal;
mod loader;
mod reader;
mod session;
mod tables;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio_postgres::config::TargetSessionAttrs;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config};

use super::StoreError;
use super::schema::{self, ROWS, Table};
use super::sql::{self, Dialect};

pub use journal::Journal;
pub use loader::Loader;
pub use reader::Reader;
use session::Session;
pub use tables::Tables;

/// An open store.
#[derive(Debug, Clone)]
pub struct Postgres(Arc<Config>);

/// The oldest server that this was built for.
const OLDEST: i32 = 150_000;
/// Keeps two programs that start at once from making the same table twice.
const MIGRATION_LOCK: i64 = 0x0061_666f_726f;

impl Postgres {
    pub fn open(url: &str) -> Result<Self, StoreError> {
        // The error of a URL may quote it, and it may hold a password.
        let mut config: Config = url.parse().map_err(|_| StoreError::Failed("the database URL cannot be read".into()))?;
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        config.connect_timeout(Duration::from_secs(5));
        config.keepalives(true);
        config.keepalives_idle(Duration::from_secs(10));
        config.keepalives_interval(Duration::from_secs(2));
        config.keepalives_retries(3);
        config.tcp_user_timeout(Duration::from_secs(10));
        let session = Session::connect(&config, "aforo schema", "SET synchronous_commit = on")?;
        session.run(migrate(&session.client))?;
        Ok(Self(Arc::new(config)))
    }

    pub fn journal(&self) -> Result<Journal, StoreError> {
        Journal::new(self.0.clone())
    }

    pub fn tables(&self) -> Result<Tables, StoreError> {
        Tables::new(self.0.clone())
    }

    pub fn loader(&self) -> Result<Loader, StoreError> {
        Loader::new(self.0.clone())
    }

    pub fn reader(&self) -> Reader {
        Reader::new(self.0.clone())
    }
}

async fn migrate(client: &Client) -> Result<(), StoreError> {
    let version: i32 = client.query_one("SELECT current_setting('server_version_num')::int", &[]).await.map_err(failed)?.get(0);
    if version < OLDEST {
        return Err(StoreError::Failed(format!("PostgreSQL 15 or later is needed, and this is {}.{}", version / 10_000, version % 10_000)));
    }
    client.batch_execute("BEGIN").await.map_err(failed)?;
    client.execute("SELECT pg_advisory_xact_lock($1)", &[&MIGRATION_LOCK]).await.map_err(failed)?;
    let there = columns(client).await.map_err(failed)?;
    if there.contains(&("meta".into(), "value".into())) {
        let found: i64 = client.query_one("SELECT value FROM meta WHERE name = 'schema'", &[]).await.map_err(failed)?.get(0);
        if found > schema::VERSION {
            return Err(StoreError::Newer { found, known: schema::VERSION });
        }
    }
    let mut tables: Vec<&Table> = vec![&schema::META, &schema::SHARDS, &schema::JOURNAL];
    tables.extend(ROWS.iter().map(|rows| &rows.table));
    for statement in sql::upgrade(Dialect::Postgres, &tables, &there) {
        client.batch_execute(&statement).await.map_err(failed)?;
    }
    let known = sql::upsert(Dialect::Postgres, &schema::META);
    client.execute(&known, &[&"schema", &schema::VERSION]).await.map_err(failed)?;
    client.batch_execute("COMMIT").await.map_err(failed)
}

async fn columns(client: &Client) -> Result<BTreeSet<(String, String)>, tokio_postgres::Error> {
    let columns = "SELECT table_name::text, column_name::text FROM information_schema.columns WHERE table_schema = current_schema()";
    let rows = client.query(columns, &[]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// What a server says that stops, starts, gave its place to another, or has no room for a connection.
const AWAY: [SqlState; 6] = [
    SqlState::ADMIN_SHUTDOWN,
    SqlState::CRASH_SHUTDOWN,
    SqlState::CANNOT_CONNECT_NOW,
    SqlState::IDLE_SESSION_TIMEOUT,
    SqlState::READ_ONLY_SQL_TRANSACTION,
    SqlState::TOO_MANY_CONNECTIONS,
];

#[expect(clippy::needless_pass_by_value, reason = "the shape of map_err")]
fn failed(error: tokio_postgres::Error) -> StoreError {
    match error.code() {
        Some(&SqlState::DISK_FULL) => StoreError::Full,
        Some(code) if !AWAY.contains(code) => StoreError::Failed(in_full(&error)),
        // Without a code it is not the server that speaks.
        _ => StoreError::Lost(in_full(&error)),
    }
}

/// An error with its causes: by itself it says only "db error".
fn in_full(error: &tokio_postgres::Error) -> String {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
    format!("{error}{}", cause.unwrap_or_default())
}
