//! Barcodes that were imported: the pool that a session takes its tickets' barcodes from instead of having them generated.
//!
//! A barcode is in one pool of the operator at most, since it is the key of its row. What is free or reserved is always in memory; used ones are not, and
//! neither is whose a barcode is: that is looked for when somebody imports it. Who fills pools is `catalogue::manage`'s, who takes from them `orders`'.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::fast::FixedState;
use serde::{Deserialize, Serialize};

use crate::ids::{Barcode, ItemId, OrderId, SessionId};

/// Hashes fast and always alike, so that a simulated history repeats exactly. Whoever could choose barcodes that collide would only slow down
/// imports, and those are the operator's own.
type HashMap<K, V> = std::collections::HashMap<K, V, FixedState>;

/// Barcodes of one session that are not used, at most.
pub const MAX_UNUSED: usize = 400_000;

/// Where a session's tickets have their barcodes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub enum BarcodeSource {
    /// They are drawn when a ticket is sold.
    #[default]
    Generated,
    /// They are the session's pool's.
    Imported,
}

/// A barcode of a session's pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolBarcode {
    /// Unique in its operator. Never has the form of a generated one.
    pub barcode: Barcode,
    /// Whose pool it is in.
    pub session: SessionId,
    /// How it stands.
    pub state: PoolState,
}

/// How a barcode of a pool stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PoolState {
    /// Anybody's.
    Free,
    /// Kept for an item of a pre-confirmed order.
    Reserved {
        /// The order.
        order: OrderId,
        /// Its item.
        item: ItemId,
    },
    /// A ticket's, for ever.
    Used {
        /// The ticket's id.
        item: ItemId,
    },
}

/// What a session's pool still holds.
#[derive(Debug, Default)]
pub struct Pool {
    free: BTreeSet<Barcode>,
    reserved: BTreeMap<Barcode, ItemId>,
    of_items: HashMap<ItemId, Barcode>,
}

impl Pool {
    /// The free ones, in the order in which they are given out: that of their text.
    pub fn free(&self) -> impl ExactSizeIterator<Item = &Barcode> {
        self.free.iter()
    }

    /// The reserved ones with their items, by their text.
    pub fn reserved(&self) -> impl ExactSizeIterator<Item = (&Barcode, ItemId)> {
        self.reserved.iter().map(|(barcode, item)| (barcode, *item))
    }

    /// The one that is reserved for an item.
    pub fn reserved_for(&self, item: ItemId) -> Option<&Barcode> {
        self.of_items.get(&item)
    }

    /// How many it holds that are not used.
    pub fn unused(&self) -> usize {
        self.free.len() + self.reserved.len()
    }

    /// Whether it holds a barcode that is not used.
    pub fn holds(&self, barcode: &Barcode) -> bool {
        self.free.contains(barcode) || self.reserved.contains_key(barcode)
    }

    fn put(&mut self, row: &PoolBarcode) {
        self.remove(&row.barcode);
        match row.state {
            PoolState::Free => drop(self.free.insert(row.barcode.clone())),
            PoolState::Reserved { item, .. } => {
                self.reserved.insert(row.barcode.clone(), item);
                self.of_items.insert(item, row.barcode.clone());
            }
            PoolState::Used { .. } => {}
        }
    }

    fn remove(&mut self, barcode: &Barcode) {
        self.free.remove(barcode);
        if let Some(item) = self.reserved.remove(barcode) {
            self.of_items.remove(&item);
        }
    }
}

/// All pools of a shard, and whose the barcodes are that somebody changed or asked for lately.
#[derive(Debug, Default)]
pub struct Pools {
    by_session: HashMap<SessionId, Pool>,
    /// With the journal number of their last change: until the tables have it, only this says whose they are.
    owners: HashMap<Barcode, (SessionId, u64)>,
}

impl Pools {
    /// A session's pool, if it has one.
    pub fn of(&self, session: SessionId) -> Option<&Pool> {
        self.by_session.get(&session)
    }

    /// Makes a session's pool, empty at first.
    pub(crate) fn open(&mut self, session: SessionId) {
        self.by_session.entry(session).or_default();
    }

    /// Whose a barcode is, as far as that is known here: [`World::pool_of`](crate::world::World::pool_of) knows the rest.
    pub(crate) fn owner(&self, barcode: &Barcode) -> Option<SessionId> {
        self.owners.get(barcode).map(|(session, _)| *session)
    }

    /// Puts a row in force.
    pub(crate) fn put(&mut self, row: &PoolBarcode, seq: u64) {
        self.owners.insert(row.barcode.clone(), (row.session, seq));
        self.fill(row);
    }

    /// Puts a row in force as it was loaded at start: whose it is can be looked for again.
    pub(crate) fn fill(&mut self, row: &PoolBarcode) {
        self.by_session.entry(row.session).or_default().put(row);
    }

    /// Takes a row out.
    pub(crate) fn delete(&mut self, barcode: &Barcode) {
        match self.owners.remove(barcode).and_then(|(session, _)| self.by_session.get_mut(&session)) {
            Some(pool) => pool.remove(barcode),
            None => self.by_session.values_mut().for_each(|pool| pool.remove(barcode)),
        }
    }

    /// Forgets whose a barcode is, if the tables know it.
    pub(crate) fn evict(&mut self, barcode: &Barcode, applied_seq: u64) {
        if self.owners.get(barcode).is_some_and(|(_, seq)| *seq <= applied_seq) {
            self.owners.remove(barcode);
        }
    }
}
