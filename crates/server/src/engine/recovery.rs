//! Taking a shard over from what is durable: the takeover row, the position and the tail, and a World filled from the tables.
//!
//! Calls of the store that block, made on a loader's thread; which call comes when is [`super::opening`]'s.

use std::collections::HashMap;

use aforo_domain::change::{Change, Key, Row};
use aforo_domain::ids::ShardId;
use aforo_domain::moment::Timestamp;
use aforo_domain::world::World;

use super::payload::{self, OwnerId, PayloadError};
use crate::store::{ApplyBatch, Loader, Position, Resident, StoreError, Taken};

/// Where a shard stands once it is taken.
#[derive(Debug)]
pub struct Standing {
    /// Its new epoch.
    pub epoch: u64,
    /// The last number of its journal.
    pub seq: u64,
    /// Its last time.
    pub now: Timestamp,
    /// Its tail, for the tables.
    pub replay: ApplyBatch,
}

/// Why a shard could not be taken over.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    /// Somebody else owns it by now.
    #[error("the shard has another owner")]
    Taken,
    /// The store failed before anything was changed.
    #[error(transparent)]
    Before(StoreError),
    /// The store failed, and the shard may have a new epoch and a takeover row.
    #[error(transparent)]
    HalfWay(StoreError),
    /// What the journal holds cannot be gone on from.
    #[error(transparent)]
    Broken(#[from] Broken),
}

/// A journal that cannot be gone on from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// Rows are missing: what they held is lost, and going on would hide it.
    #[error("shard {shard}: the journal has {found} where {expected} is due; its rows are not contiguous")]
    Gap {
        /// Whose journal.
        shard: ShardId,
        /// Which number is due.
        expected: u64,
        /// Which number is there.
        found: u64,
    },
    /// A row cannot be read.
    #[error("shard {shard}, number {seq}: {error}")]
    Row {
        /// Whose journal.
        shard: ShardId,
        /// Which row.
        seq: u64,
        /// Why.
        error: PayloadError,
    },
}

/// Takes a shard over, unless somebody has since the epoch that it was `known` under here.
///
/// # Errors
/// A [`TakeError`].
pub fn take(loader: &mut Loader, shard: ShardId, known: Option<u64>, now: Timestamp, owner: OwnerId) -> Result<Standing, TakeError> {
    if let Some(known) = known
        && loader.position(shard).map_err(TakeError::Before)?.epoch > known
    {
        return Err(TakeError::Taken);
    }
    let taken = loader.take(shard, &|epoch, _seq| payload::takeover(epoch, now, owner)).map_err(TakeError::HalfWay)?;
    let position = loader.position(shard).map_err(TakeError::HalfWay)?;
    standing(shard, taken, &position)
}

/// What a position says, once it is sure that it is whole and ours.
///
/// # Errors
/// [`TakeError::Taken`] or [`TakeError::Broken`].
pub fn standing(shard: ShardId, taken: Taken, position: &Position) -> Result<Standing, TakeError> {
    if position.epoch > taken.epoch {
        return Err(TakeError::Taken);
    }
    let mut expected = position.applied_seq + 1;
    let mut now = position.now;
    let mut coalesced = Coalesced::default();
    for row in &position.tail {
        if row.seq != expected {
            return Err(Broken::Gap { shard, expected, found: row.seq }.into());
        }
        let payload = payload::decode(&row.payload).map_err(|error| Broken::Row { shard, seq: row.seq, error })?;
        // A takeover row's time is its process's clock, which nothing was decided by.
        if payload.header.taken_by.is_none() {
            now = now.max(payload.header.now);
        }
        payload.changes.into_iter().for_each(|change| coalesced.add(change));
        expected += 1;
    }
    let seq = expected - 1;
    if seq < taken.seq.max(position.last_seq) {
        return Err(Broken::Gap { shard, expected, found: taken.seq.max(position.last_seq) }.into());
    }
    let replay = ApplyBatch { shard, epoch: taken.epoch, from: position.applied_seq, to: seq, now, changes: coalesced.take() };
    Ok(Standing { epoch: taken.epoch, seq, now, replay })
}

/// Reads a World out of the tables, which have everything up to `applied`.
///
/// # Errors
/// Whatever the store says; [`StoreError::Behind`] if a database that came back from a crash has lost what was put into the tables a moment ago.
pub fn populate(loader: &mut Loader, shard: ShardId, applied: u64) -> Result<Box<World>, StoreError> {
    let mut world = Box::new(World::new(shard));
    loader.resident(shard, &mut |resident| match resident {
        Resident::Row(Row::PoolBarcode(barcode)) => world.fill_pool(&barcode),
        Resident::Row(row) => world.apply(&Change::Put(row), 0),
        Resident::Expired(at, order) => world.mark_expired(at, order),
        Resident::Outcome(hour, short) => world.mark_outcome(hour, short),
    })?;
    world.loaded();
    // Asked after the rows were read, so that a crash in between is noticed too.
    if loader.applied_seq(shard)? < applied { Err(StoreError::Behind) } else { Ok(world) }
}

/// Changes with one image a key, the last one.
#[derive(Debug, Default)]
pub struct Coalesced {
    by_key: HashMap<Key, Change>,
    forget: Option<Change>,
}

impl Coalesced {
    /// Adds a change; it overrides what was there for its key.
    pub fn add(&mut self, change: Change) {
        let key = match &change {
            Change::Put(row) => row.key(),
            Change::Delete(key) => key.clone(),
            // Outcomes of hours long past: nothing of a whole day's window comes after it for them.
            Change::ForgetOutcomes(_) => {
                self.forget = Some(change);
                return;
            }
        };
        self.by_key.insert(key, change);
    }

    /// How many changes there are.
    pub fn len(&self) -> usize {
        self.by_key.len() + usize::from(self.forget.is_some())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes them all, sorted by key, so that pages of the tables are visited in order.
    pub fn take(&mut self) -> Vec<Change> {
        let mut sorted: Vec<(Key, Change)> = self.by_key.drain().collect();
        sorted.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        sorted.into_iter().map(|(_, change)| change).chain(self.forget.take()).collect()
    }
}

#[cfg(test)]
mod tests {
    use aforo_domain::change::{Counter, CounterKey, Row};
    use aforo_domain::ids::{ChannelId, SessionId};

    use super::*;
    use crate::store::Store;
    use crate::store::sim::SimStore;

    const SHARD: ShardId = ShardId(3);

    /// PostgreSQL may come back from a crash without the applier's last transaction: a World read then would be one of the past.
    #[test]
    fn a_world_is_not_read_from_tables_that_have_gone_back() {
        let disk = SimStore::new(true);
        let store = Store::Sim(disk.clone());
        let (mut loader, mut tables) = (store.loader().unwrap(), store.tables().unwrap());
        let mut standing = take(&mut loader, SHARD, None, Timestamp(1), [7; 16]).unwrap();
        let key = CounterKey::ChannelSales(SessionId(1), ChannelId(1));
        let sold = Change::from(Row::from(Counter { key: key.clone(), value: 9 }));
        standing.replay.changes.push(sold);
        tables.apply(&standing.replay).unwrap();
        assert_eq!(populate(&mut loader, SHARD, standing.seq).unwrap().counter(&key), 9);
        disk.crash(1);
        assert!(matches!(populate(&mut loader, SHARD, standing.seq), Err(StoreError::Behind)));
        tables.apply(&standing.replay).unwrap();
        assert!(populate(&mut loader, SHARD, standing.seq).is_ok());
    }
}
