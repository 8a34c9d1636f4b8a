//! What readers see: immutable pictures of each shard, replaced after a batch is durable. Never the engine thread, never a lock, never a copy of a
//! seat map per read.

use std::collections::HashMap;
use std::sync::Arc;

use aforo_domain::catalogue::Catalogue;
use aforo_domain::identity::Identity;
use aforo_domain::ids::{SessionId, ShardId};
use aforo_domain::inventory::Snapshot;
use aforo_domain::products::Taken;
use aforo_domain::resale::Offered;
use arc_swap::ArcSwap;

use super::core::Publication;

/// All shards' views.
#[derive(Debug, Clone, Default)]
pub struct Views(Arc<ArcSwap<HashMap<ShardId, Arc<ArcSwap<ShardView>>>>>);

/// What is published of one shard.
#[derive(Debug, Clone, Default)]
pub struct ShardView {
    /// Who may do what.
    pub identity: Arc<Identity>,
    /// What is sold.
    pub catalogue: Arc<Catalogue>,
    /// What is taken of products.
    pub taken: Arc<Taken>,
    /// Tickets that are offered again.
    pub listings: Arc<Offered>,
    /// Places, by session. The map is replaced when sessions come; a seat sold replaces only what its cell holds.
    pub seats: Arc<HashMap<SessionId, Arc<ArcSwap<Snapshot>>>>,
}

impl Views {
    /// What is published of a shard; `None` if there is no such shard here.
    pub fn shard(&self, id: ShardId) -> Option<Arc<ShardView>> {
        self.0.load().get(&id).map(|view| view.load_full())
    }

    /// All shards that are published, in no order.
    pub fn shards(&self) -> Vec<ShardId> {
        self.0.load().keys().copied().collect()
    }

    /// Shows what a durable batch changed. Only the engine's thread does, so that nothing is shown out of order.
    pub(super) fn show(&self, new: Publication) {
        let before = self.shard(new.shard);
        let mut seats = None;
        for (session, snapshot) in new.places {
            match before.as_ref().and_then(|view| view.seats.get(&session)) {
                Some(cell) => cell.store(Arc::new(snapshot)),
                None => {
                    let known = || before.as_ref().map(|view| HashMap::clone(&view.seats)).unwrap_or_default();
                    seats.get_or_insert_with(known).insert(session, Arc::new(ArcSwap::from_pointee(snapshot)));
                }
            }
        }
        let before = before.unwrap_or_default();
        if new.identity.is_none() && new.catalogue.is_none() && new.taken.is_none() && new.listings.is_none() && seats.is_none() {
            return;
        }
        let view = Arc::new(ShardView {
            identity: new.identity.unwrap_or_else(|| before.identity.clone()),
            catalogue: new.catalogue.unwrap_or_else(|| before.catalogue.clone()),
            taken: new.taken.unwrap_or_else(|| before.taken.clone()),
            listings: new.listings.unwrap_or_else(|| before.listings.clone()),
            seats: seats.map_or_else(|| before.seats.clone(), Arc::new),
        });
        if let Some(cell) = self.0.load().get(&new.shard) {
            return cell.store(view);
        }
        let cell = Arc::new(ArcSwap::new(view));
        self.0.rcu(|shards| {
            let mut shards = HashMap::clone(shards);
            shards.insert(new.shard, cell.clone());
            shards
        });
    }

    /// Shows nothing of a shard any more: another owner has it.
    pub(super) fn withdraw(&self, id: ShardId) {
        self.0.rcu(|shards| {
            let mut shards = HashMap::clone(shards);
            shards.remove(&id);
            shards
        });
    }
}

impl ShardView {
    /// A session's places as they were after the last durable batch that changed them.
    pub fn places(&self, session: SessionId) -> Option<Arc<Snapshot>> {
        self.seats.get(&session).map(|cell| cell.load_full())
    }
}
