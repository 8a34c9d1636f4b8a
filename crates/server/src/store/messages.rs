//! What is asked of the table of messages: which are due, and how many wait. Text of statements, and how their rows are read; runs nothing.

use std::sync::Arc;

use aforo_domain::change::Row;
use aforo_domain::messages::Message;

use super::rows::Broken;
use super::sql::{self, Dialect};
use super::{MAX_COUNTED, StoreError, schema};

/// Messages that are due. Parameters: shard, kind, now, epoch, limit. One of the same object that was sent earlier and is due holds up the later ones.
pub fn due(dialect: Dialect) -> String {
    let [shard, kind, now, epoch, limit] = std::array::from_fn(|index| dialect.placeholder(index + 1));
    let cells = sql::cells(&schema::MESSAGES.table);
    format!(
        "SELECT {cells} FROM messages m WHERE shard = {shard} AND kind = {kind} AND waiting AND next_attempt <= {now}
         AND NOT EXISTS (SELECT 1 FROM messages e WHERE e.shard = {shard} AND e.kind = {kind} AND e.object = m.object AND e.waiting
             AND e.due <= {now} AND e.id < m.id)
         AND EXISTS (SELECT 1 FROM shards s WHERE s.shard = {shard} AND s.epoch = {epoch})
         ORDER BY next_attempt, id LIMIT {limit}"
    )
}

/// When there may be more. Parameters: shard, kind, now.
pub fn next(dialect: Dialect) -> String {
    let [shard, kind, now] = std::array::from_fn(|index| dialect.placeholder(index + 1));
    format!("SELECT min(next_attempt) FROM messages WHERE shard = {shard} AND kind = {kind} AND waiting AND next_attempt > {now}")
}

/// How many wait, and the earliest time that one of these was due. Parameters: shard, kind.
pub fn waiting(dialect: Dialect) -> String {
    let [shard, kind] = std::array::from_fn(|index| dialect.placeholder(index + 1));
    format!(
        "SELECT count(*), min(due) FROM (SELECT due FROM messages WHERE shard = {shard} AND kind = {kind} AND waiting
         ORDER BY next_attempt LIMIT {MAX_COUNTED}) AS counted"
    )
}

/// The message that a row of its table is.
pub fn message(row: Row) -> Result<Arc<Message>, StoreError> {
    let Row::Message(message) = row else {
        return Err(Broken { table: "messages", why: "a row is no message".into() }.into());
    };
    Ok(message)
}
