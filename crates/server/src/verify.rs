//! `verify`: checks on a store every law that always holds, and names what breaks it. It reads and changes nothing; the laws are `domain::laws`'.
//!
//! What is checked are the tables with the journal's tail laid over them, which is what a server starting now would have. On a store that is being
//! served (PostgreSQL) the tables may move on while they are read; then it is the tables alone, which are whole after each applied batch.

use std::collections::HashMap;

use aforo_domain::change::{Change, Key, Row};
use aforo_domain::ids::ShardId;
use aforo_domain::laws::{Breach, Laws};

use crate::engine::payload;
use crate::store::{Loader, Position, Store, StoreError};

/// What was found in one shard.
#[derive(Debug)]
pub struct Report {
    /// Which.
    pub shard: ShardId,
    /// Rows that were read.
    pub rows: u64,
    /// Batches of the journal that the tables did not have yet.
    pub tail: usize,
    /// Laws that do not hold; empty if all is well.
    pub breaches: Vec<Breach>,
}

/// Checks all shards of a store.
///
/// # Errors
/// Whatever the database says, or a journal that cannot be read.
pub fn verify(store: &Store) -> Result<Vec<Report>, StoreError> {
    let mut loader = store.loader()?;
    let shards = loader.shards()?;
    shards.into_iter().map(|shard| verify_shard(&mut loader, shard)).collect()
}

fn verify_shard(loader: &mut Loader, shard: ShardId) -> Result<Report, StoreError> {
    let before = loader.position(shard)?;
    let report = read(loader, shard, &before)?;
    // Laying an old tail over newer tables would show what never was.
    if before.tail.is_empty() || loader.position(shard)?.applied_seq == before.applied_seq {
        return Ok(report);
    }
    read(loader, shard, &Position::default())
}

fn read(loader: &mut Loader, shard: ShardId, position: &Position) -> Result<Report, StoreError> {
    let mut tail = Tail::of(position)?;
    let (mut laws, mut rows) = (Laws::default(), 0);
    loader.every_row(shard, &mut |row| {
        if !tail.replaces(&row) {
            laws.see(&row);
            rows += 1;
        }
    })?;
    for row in tail.rows() {
        laws.see(&row);
        rows += 1;
    }
    Ok(Report { shard, rows, tail: position.tail.len(), breaches: laws.check() })
}

/// What the journal's tail makes of rows: the last image of each, or that it is gone.
struct Tail(HashMap<Key, Option<Row>>);

impl Tail {
    fn of(position: &Position) -> Result<Self, StoreError> {
        let mut images = HashMap::new();
        for (row, expected) in position.tail.iter().zip(position.applied_seq + 1..) {
            if row.seq != expected {
                return Err(StoreError::Failed(format!(
                    "the journal of shard {} goes on with {} where {expected} should be",
                    row.shard, row.seq
                )));
            }
            let batch = payload::decode(&row.payload).map_err(|error| StoreError::Failed(error.to_string()))?;
            for change in batch.changes {
                match change {
                    Change::Put(row) => drop(images.insert(row.key(), Some(row))),
                    Change::Delete(key) => drop(images.insert(key, None)),
                    // Old outcomes are no law's concern.
                    Change::ForgetOutcomes(_) => {}
                }
            }
        }
        Ok(Self(images))
    }

    fn replaces(&self, row: &Row) -> bool {
        !self.0.is_empty() && self.0.contains_key(&row.key())
    }

    fn rows(&mut self) -> impl Iterator<Item = Row> {
        self.0.drain().filter_map(|(_, row)| row)
    }
}
