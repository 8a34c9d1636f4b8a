//! Encoded answers, kept while what they show is unchanged. Bounded: when a shelf is full it is cleared and fills again with what is asked for.
//!
//! An entry is found by its key and trusted only if it was made from the very same published objects (`Arc::ptr_eq`), so nothing has to be told when
//! something changes; what changes with time alone says until when it may be trusted.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use aforo_domain::catalogue::plan::Plan;
use aforo_domain::catalogue::{Catalogue, Offer};
use aforo_domain::identity::Channel;
use aforo_domain::ids::{ChannelId, SessionId, ShardId, TemplateId};
use aforo_domain::moment::{Timestamp, Window};
use bytes::Bytes;

use super::map::Drawing;
use super::promoted;
use super::seats::SeatMap;
use super::stencil::Stencil;

/// Sessions as channels see them, at most.
const MAX_SHEETS: usize = 2_048;
/// Seat maps at most.
const MAX_MAPS: usize = 128;
/// Drawn plans at most; that of 50 000 seats is some 4 MB.
const MAX_DRAWINGS: usize = 32;
/// Channels whose list is kept, at most.
const MAX_LISTINGS: usize = 1_024;

/// Everything that is kept.
#[derive(Debug)]
pub struct Cache {
    sheets: Shelf<(ShardId, SessionId, ChannelId), Sheet>,
    maps: Shelf<(ShardId, TemplateId), SeatMap>,
    drawings: Shelf<(ShardId, TemplateId), Drawing>,
    listings: Shelf<(ShardId, ChannelId), Listing>,
}

impl Default for Cache {
    fn default() -> Self {
        Self {
            sheets: Shelf::new(MAX_SHEETS),
            maps: Shelf::new(MAX_MAPS),
            drawings: Shelf::new(MAX_DRAWINGS),
            listings: Shelf::new(MAX_LISTINGS),
        }
    }
}

impl Cache {
    /// A session as a channel sees it now.
    pub fn sheet(&self, shard: ShardId, offer: &Arc<Offer>, channel: &Arc<Channel>, now: Timestamp) -> Arc<Sheet> {
        self.sheets.get(
            (shard, offer.session.id, channel.id),
            |sheet| Arc::ptr_eq(&sheet.offer, offer) && Arc::ptr_eq(&sheet.channel, channel) && sheet.current.contains(now),
            || Sheet::new(offer.clone(), channel.clone(), now),
        )
    }

    /// A template's seats.
    pub fn map(&self, shard: ShardId, plan: &Arc<Plan>) -> Arc<SeatMap> {
        self.maps.get((shard, plan.template.id), |map| Arc::ptr_eq(&map.plan, plan), || SeatMap::new(plan.clone()))
    }

    /// A template's plan as it is drawn.
    pub fn drawing(&self, shard: ShardId, plan: &Arc<Plan>) -> Arc<Drawing> {
        self.drawings.get((shard, plan.template.id), |drawing| Arc::ptr_eq(&drawing.plan, plan), || Drawing::new(plan.clone()))
    }

    /// The sessions that are published in a channel, sorted.
    pub fn listing(&self, shard: ShardId, catalogue: &Arc<Catalogue>, channel: ChannelId) -> Arc<Listing> {
        self.listings.get(
            (shard, channel),
            |listing| Arc::ptr_eq(&listing.catalogue, catalogue),
            || Listing::new(catalogue.clone(), channel),
        )
    }
}

/// Published sessions of a channel, by start and id.
#[derive(Debug)]
pub struct Listing {
    catalogue: Arc<Catalogue>,
    /// The sessions.
    pub offers: Vec<Arc<Offer>>,
}

impl Listing {
    fn new(catalogue: Arc<Catalogue>, channel: ChannelId) -> Self {
        let published = |offer: &&Arc<Offer>| offer.publications.contains_key(&channel);
        let mut offers: Vec<_> = catalogue.offers.values().filter(published).cloned().collect();
        offers.sort_unstable_by_key(|offer| (offer.session.start, offer.session.id));
        Self { catalogue, offers }
    }
}

/// What is encoded of one session for one channel.
#[derive(Debug)]
pub struct Sheet {
    /// The session.
    pub offer: Arc<Offer>,
    /// The channel.
    pub channel: Arc<Channel>,
    /// From when it was made until something in it changes with time alone: the next end of a presale, release of a quota,
    /// or change of a promotion.
    pub current: Window,
    /// The quotas that it sells from, as indexes into the template's.
    pub quotas: Vec<u8>,
    /// The session's entry in the list.
    pub item: OnceLock<Stencil>,
    /// The entry as it is now.
    pub item_now: Latest,
    /// Its availability.
    pub availability: OnceLock<Stencil>,
    /// The availability as it is now.
    pub availability_now: Latest,
    /// Its prices.
    pub prices: OnceLock<Bytes>,
    /// The statuses of its seats as they are now.
    pub statuses_now: Latest,
}

impl Sheet {
    /// Nothing encoded yet.
    pub fn new(offer: Arc<Offer>, channel: Arc<Channel>, now: Timestamp) -> Self {
        let publication = offer.publications.get(&channel.id);
        let presales = publication.into_iter().flat_map(|publication| offer.presales_left(publication, now));
        let changes = presales.map(|(_, window)| window.end).chain(offer.next_release(now)).chain(promoted::next_change(&offer, now));
        let end = changes.min().unwrap_or(Timestamp(i64::MAX));
        let quotas = publication.map(|publication| offer.quotas(publication, now)).unwrap_or_default();
        Self {
            offer,
            channel,
            current: Window { start: now, end },
            quotas,
            item: OnceLock::new(),
            item_now: Latest::default(),
            availability: OnceLock::new(),
            availability_now: Latest::default(),
            prices: OnceLock::new(),
            statuses_now: Latest::default(),
        }
    }
}

/// The newest body of something that changes. Who asks for a newer one makes it while the others wait, so that it is made once.
#[derive(Debug, Default)]
pub struct Latest(Mutex<Option<(Stamp, Bytes)>>);

/// What a body shows: a version of the places, and the flags (for sale, on sale).
pub type Stamp = (u64, bool, bool);

impl Latest {
    /// The body of this stamp.
    pub fn get(&self, stamp: Stamp, make: impl FnOnce() -> Vec<u8>) -> Bytes {
        let mut latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((made, body)) = latest.as_ref()
            && *made == stamp
        {
            return body.clone();
        }
        let body = Bytes::from(make());
        *latest = Some((stamp, body.clone()));
        body
    }
}

/// A bounded map that readers share.
#[derive(Debug)]
struct Shelf<K, V> {
    most: usize,
    entries: RwLock<HashMap<K, Arc<V>>>,
}

impl<K: Hash + Eq, V> Shelf<K, V> {
    fn new(most: usize) -> Self {
        Self { most, entries: RwLock::default() }
    }

    fn get(&self, key: K, is_current: impl Fn(&V) -> bool, make: impl FnOnce() -> V) -> Arc<V> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = entries.get(&key).filter(|entry| is_current(entry)) {
            return entry.clone();
        }
        drop(entries);
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        // Another one may have made it meanwhile.
        if let Some(entry) = entries.get(&key).filter(|entry| is_current(entry)) {
            return entry.clone();
        }
        if entries.len() >= self.most {
            entries.clear();
        }
        let entry = Arc::new(make());
        entries.insert(key, entry.clone());
        entry
    }
}

#[cfg(test)]
mod tests {
    use super::{Latest, Shelf};

    #[test]
    fn a_body_is_made_once_for_a_version() {
        let latest = Latest::default();
        let get = |version| latest.get((version, true, true), || format!("made for {version}").into_bytes());
        assert_eq!(get(1), "made for 1");
        assert_eq!(latest.get((1, true, true), || panic!("made again")), "made for 1");
        assert_eq!(get(2), "made for 2");
        assert_eq!(latest.get((2, true, false), || b"closed".to_vec()), "closed");
    }

    #[test]
    fn a_shelf_never_holds_more_than_it_may_nor_what_is_stale() {
        let shelf = Shelf::new(3);
        for number in 0..10 {
            assert_eq!(*shelf.get(number, |_| true, || number), number);
            assert!(shelf.entries.read().unwrap().len() <= 3);
        }
        assert_eq!(*shelf.get(9, |value| *value == 10, || 10), 10);
    }
}
