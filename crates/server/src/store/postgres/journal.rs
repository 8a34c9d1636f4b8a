//! The engine thread's end: one prepared statement in autocommit, one round trip an append.
//!
//! An append is never cancelled: with a synchronous standby, a cancel turns the wait for the standby into success with a warning. So a notice means
//! that the outcome is not known, and so does the deadline, after which the connection is dropped as it is.

use std::sync::Arc;
use std::time::Duration;

use aforo_domain::ids::ShardId;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Config, Statement};

use super::session::Session;
use super::{failed, in_full};
use crate::store::{AppendError, JournalRow, StoreError};

/// How long an append may take.
const DEADLINE: Duration = Duration::from_secs(10);

/// Appends.
#[derive(Debug)]
pub struct Journal {
    config: Arc<Config>,
    /// `None` after an append whose outcome is unknown.
    link: Option<Link>,
}

#[derive(Debug)]
struct Link {
    one: Statement,
    many: Statement,
    session: Session,
}

impl Journal {
    pub(super) fn new(config: Arc<Config>) -> Result<Self, StoreError> {
        let link = Some(Link::connect(&config)?);
        Ok(Self { config, link })
    }

    pub fn append(&mut self, rows: &[JournalRow], _trim: &[(ShardId, u64)]) -> Result<(), AppendError> {
        if rows.is_empty() {
            return Ok(());
        }
        let link = match self.link.take() {
            Some(link) => link,
            None => Link::connect(&self.config).map_err(|error| AppendError::Unknown(error.to_string()))?,
        };
        let appended = link.append(rows);
        if !matches!(appended, Err(AppendError::Unknown(_))) {
            self.link = Some(link);
        }
        appended
    }
}

impl Link {
    fn connect(config: &Config) -> Result<Self, StoreError> {
        let session = Session::connect(config, "aforo journal", "SET synchronous_commit = on; SET plan_cache_mode = force_generic_plan")?;
        let (one, many) = session
            .run(async {
                let one = "INSERT INTO journal (shard, seq, takeover, payload) VALUES ($1, $2, FALSE, $3)";
                let many = "INSERT INTO journal (shard, seq, takeover, payload)
                    SELECT shard, seq, FALSE, payload FROM UNNEST($1::bigint[], $2::bigint[], $3::bytea[]) AS n(shard, seq, payload)";
                Ok((session.client.prepare(one).await?, session.client.prepare(many).await?))
            })
            .map_err(failed)?;
        Ok(Self { one, many, session })
    }

    fn append(&self, rows: &[JournalRow]) -> Result<(), AppendError> {
        let notices = self.session.notices();
        let answer = self.session.run(async { tokio::time::timeout(DEADLINE, self.insert(rows)).await });
        if self.session.notices() != notices {
            return Err(AppendError::Unknown("the database gave a notice".into()));
        }
        match answer {
            Err(_) => Err(AppendError::Unknown(format!("no answer within {} s", DEADLINE.as_secs()))),
            Ok(Ok(inserted)) if inserted == rows.len() as u64 => Ok(()),
            Ok(Ok(inserted)) => Err(AppendError::Unknown(format!("{inserted} of {} rows were inserted", rows.len()))),
            Ok(Err(error)) => Err(match error.code() {
                Some(&SqlState::UNIQUE_VIOLATION) => AppendError::Conflict,
                Some(&SqlState::DISK_FULL) => AppendError::Full,
                _ => AppendError::Unknown(in_full(&error)),
            }),
        }
    }

    async fn insert(&self, rows: &[JournalRow]) -> Result<u64, tokio_postgres::Error> {
        let client = &self.session.client;
        if let [row] = rows {
            return client.execute(&self.one, &[&row.shard.0.cast_signed(), &row.seq.cast_signed(), &row.payload]).await;
        }
        let shards: Vec<_> = rows.iter().map(|row| row.shard.0.cast_signed()).collect();
        let numbers: Vec<_> = rows.iter().map(|row| row.seq.cast_signed()).collect();
        let payloads: Vec<_> = rows.iter().map(|row| row.payload.as_slice()).collect();
        client.execute(&self.many, &[&shards, &numbers, &payloads]).await
    }
}
