//! What changes in one session, for all who see it through the same quotas: one task looks, and each change is written once.
//!
//! The task lives as long as somebody reads. It only ever looks at what is published, which is durable.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aforo_domain::ids::{SessionId, ShardId};
use aforo_domain::inventory::Snapshot;
use bytes::Bytes;
use tokio::sync::broadcast::{self, Receiver, Sender};
use tokio::time::MissedTickBehavior;

use super::picture::Picture;
use crate::api::catalog::availability::Seen;
use crate::engine::view::Views;

/// From one look to the next: changes come at most four times a second.
const PACE: Duration = Duration::from_millis(250);
/// Events that a reader may be behind; beyond it, it has to begin anew.
const BACKLOG: usize = 16;

/// What is watched: a session through some quotas (indexes into its template's, sorted).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Watched {
    shard: ShardId,
    session: SessionId,
    quotas: Box<[u8]>,
}

impl Watched {
    /// A session as a channel sees it now.
    pub fn of(shard: ShardId, seen: &Seen) -> Self {
        let mut quotas = seen.sheet.quotas.clone();
        quotas.sort_unstable();
        Self { shard, session: seen.sheet.offer.session.id, quotas: quotas.into() }
    }
}

/// All that is watched now.
#[derive(Debug, Default)]
pub struct Feeds(Mutex<HashMap<Watched, Arc<Feed>>>);

/// One session through some quotas.
#[derive(Debug)]
struct Feed {
    latest: Mutex<Latest>,
    events: Sender<Bytes>,
}

#[derive(Debug)]
struct Latest {
    /// What was told last.
    picture: Arc<Picture>,
    /// The version that was looked at last; what changed in it may not be seen through these quotas.
    looked_at: u64,
}

impl Feeds {
    /// What there is to see, and the events from then on.
    pub fn join(self: &Arc<Self>, views: &Views, watched: &Watched, seen: &Seen) -> (Arc<Picture>, Receiver<Bytes>) {
        let mut feeds = locked(&self.0);
        let feed = feeds.entry(watched.clone()).or_insert_with(|| {
            let feed = Arc::new(Feed::new(watched, &seen.snapshot));
            tokio::spawn(watch(Watch { feeds: self.clone(), watched: watched.clone(), feed: feed.clone() }, views.clone()));
            feed
        });
        // Under the lock, so that the task does not end meanwhile.
        feed.join()
    }
}

impl Feed {
    fn new(watched: &Watched, snapshot: &Snapshot) -> Self {
        let picture = Arc::new(Picture::new(watched.session, snapshot, &watched.quotas));
        Self { latest: Mutex::new(Latest { picture, looked_at: snapshot.version }), events: broadcast::channel(BACKLOG).0 }
    }

    fn join(&self) -> (Arc<Picture>, Receiver<Bytes>) {
        let latest = locked(&self.latest);
        (latest.picture.clone(), self.events.subscribe())
    }

    /// Tells what changed. Picture and event change hands together, so that nobody who joins misses one or gets one twice.
    fn look(&self, watched: &Watched, snapshot: &Snapshot) {
        if snapshot.version == locked(&self.latest).looked_at {
            return;
        }
        let picture = Picture::new(watched.session, snapshot, &watched.quotas);
        let mut latest = locked(&self.latest);
        latest.looked_at = snapshot.version;
        if let Some(event) = picture.since(&latest.picture) {
            latest.picture = Arc::new(picture);
            // Nobody may be reading any more.
            let _ = self.events.send(event);
        }
    }
}

/// A running task's hold on its feed: however it ends, the feed is not found any more, and its readers notice.
struct Watch {
    feeds: Arc<Feeds>,
    watched: Watched,
    feed: Arc<Feed>,
}

impl Watch {
    /// Lets go of the feed if nobody reads. Nobody can join meanwhile.
    fn is_over(&self) -> bool {
        let mut feeds = locked(&self.feeds.0);
        let over = self.feed.events.receiver_count() == 0;
        if over {
            self.forget(&mut feeds);
        }
        over
    }

    fn forget(&self, feeds: &mut HashMap<Watched, Arc<Feed>>) {
        if feeds.get(&self.watched).is_some_and(|feed| Arc::ptr_eq(feed, &self.feed)) {
            feeds.remove(&self.watched);
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.forget(&mut locked(&self.feeds.0));
    }
}

async fn watch(watch: Watch, views: Views) {
    let mut looks = tokio::time::interval(PACE);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        if watch.is_over() {
            return;
        }
        // A shard that was withdrawn shows nothing: its readers notice that themselves.
        let view = views.shard(watch.watched.shard);
        if let Some(snapshot) = view.and_then(|view| view.places(watch.watched.session)) {
            watch.feed.look(&watch.watched, &snapshot);
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
