//! What readers see: immutable pictures of each shard, replaced after a batch is durable. Never the engine thread, never a lock, never a copy of a
//! seat map per read.

use std::collections::HashMap;
use std::sync::Arc;

use aforo_domain::catalogue::Catalogue;
use aforo_domain::identity::Identity;
use aforo_domain::ids::{SessionId, ShardId};
use aforo_domain::inventory::Snapshot;
use arc_swap::ArcSwap;

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
    /// Places, by session. The map is replaced when sessions come; a seat sold replaces only what its cell holds.
    pub seats: Arc<HashMap<SessionId, Arc<ArcSwap<Snapshot>>>>,
}

impl Views {
    /// What is published of a shard; `None` if there is no such shard here.
    pub fn shard(&self, id: ShardId) -> Option<Arc<ShardView>> {
        self.0.load().get(&id).map(|view| view.load_full())
    }

    /// Publishes a shard's view in place of the one before.
    pub fn publish(&self, id: ShardId, view: ShardView) {
        let view = Arc::new(view);
        if let Some(cell) = self.0.load().get(&id) {
            cell.store(view);
            return;
        }
        let cell = Arc::new(ArcSwap::new(view));
        self.0.rcu(|shards| {
            let mut shards = HashMap::clone(shards);
            shards.insert(id, cell.clone());
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
