//! The engine thread's end: one transaction an append, trimming included, one fsync for all shards.

use std::collections::HashMap;
use std::sync::Arc;

use aforo_domain::ids::ShardId;
use rusqlite::Connection;

use super::{Shared, not_appended, roll_back};
use crate::store::{AppendError, JournalRow};

/// Appends.
#[derive(Debug)]
pub struct Journal {
    shared: Arc<Shared>,
    /// Up to where each shard was trimmed: only what lies beyond has to be looked at. Takeover rows stay below it for ever.
    trimmed: HashMap<ShardId, u64>,
}

impl Journal {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, trimmed: HashMap::new() }
    }

    pub fn append(&mut self, rows: &[JournalRow], trim: &[(ShardId, u64)]) -> Result<(), AppendError> {
        let connection = self.shared.journal();
        let appended = self.write(&connection, rows, trim);
        if appended.is_err() {
            roll_back(&connection);
        }
        appended.map_err(not_appended)?;
        drop(connection);
        self.trimmed.extend(trim.iter().copied());
        Ok(())
    }

    fn write(&self, connection: &Connection, rows: &[JournalRow], trim: &[(ShardId, u64)]) -> rusqlite::Result<()> {
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let mut delete = connection.prepare_cached("DELETE FROM journal WHERE shard = ?1 AND seq > ?2 AND seq <= ?3 AND NOT takeover")?;
        for (shard, seq) in trim {
            let before = self.trimmed.get(shard).copied().unwrap_or(0);
            if before < *seq {
                delete.execute((shard.0.cast_signed(), before.cast_signed(), seq.cast_signed()))?;
            }
        }
        let mut insert = connection.prepare_cached("INSERT INTO journal (shard, seq, takeover, payload) VALUES (?1, ?2, FALSE, ?3)")?;
        for row in rows {
            insert.execute((row.shard.0.cast_signed(), row.seq.cast_signed(), &row.payload))?;
        }
        connection.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }
}
