//! A draft: an order being changed, with everything that changes along. Built after all checks have passed, so that nothing in it can fail.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::market::SecondHand;
use super::{History, HistoryEvent, Item, Order, Seller, Stage, extras};
use crate::barcodes::{PoolBarcode, PoolState};
use crate::change::{Change, Counter, CounterKey, Key, Row, Sequence};
use crate::command::{Done, Reply};
use crate::ids::{Barcode, ItemId, MessageId, OrderId, SessionId, VoucherId};
use crate::inventory::Claim;
use crate::messages::{About, Content, Message, MessageState};
use crate::moment::Timestamp;
use crate::resale::ListingState;
use crate::vouchers::Voucher;
use crate::world::World;

/// How many item ids are reserved at a time: one row of the journal for so many items.
const ITEM_BLOCK: u64 = 10_000;

/// Changes under way.
pub struct Draft<'a> {
    world: &'a World,
    changes: Vec<Change>,
    counters: BTreeMap<CounterKey, i64>,
    vouchers: BTreeMap<VoucherId, Voucher>,
    next_item: u64,
    released: Vec<OrderId>,
}

impl<'a> Draft<'a> {
    /// Nothing changed yet.
    pub fn new(world: &'a World) -> Self {
        let (changes, released, next_item) = (Vec::new(), Vec::new(), world.item_ids().0);
        Self { world, changes, counters: BTreeMap::new(), vouchers: BTreeMap::new(), next_item, released }
    }

    /// What was already decided, to be added to: ids go on after those that were given.
    pub fn resumed(world: &'a World, changes: Vec<Change>) -> Self {
        let given = |change: &Change| match change {
            Change::Put(Row::Order(order)) => order.largest_item().map(|id| id.0),
            Change::Put(Row::Message(message)) => Some(message.id.0),
            Change::Put(Row::AuditLine(line)) => Some(line.id.0),
            Change::Put(Row::Shift(shift)) => Some(shift.id.0),
            Change::Put(Row::Listing(listing)) => Some(listing.id.0),
            _ => None,
        };
        let next_item = changes.iter().filter_map(given).map(|id| id + 1).fold(world.item_ids().0, u64::max);
        Self { changes, next_item, ..Self::new(world) }
    }

    /// What is changed.
    pub(super) const fn world(&self) -> &'a World {
        self.world
    }

    /// Adds a change.
    pub fn put(&mut self, change: impl Into<Change>) {
        self.changes.push(change.into());
    }

    /// Takes a row out.
    pub fn delete(&mut self, key: Key) {
        self.changes.push(Change::Delete(key));
    }

    /// Adds to a counter.
    pub fn count(&mut self, key: CounterKey, by: i64) {
        *self.counters.entry(key).or_default() += by;
    }

    /// Adds 1 to a counter. What it comes to.
    pub fn next(&mut self, key: CounterKey) -> i64 {
        let before = self.world.counter(&key);
        let counted = self.counters.entry(key).or_default();
        *counted += 1;
        before + *counted
    }

    /// A voucher as it comes to stand.
    ///
    /// # Panics
    /// If it is not in memory: whoever changes one has just looked at it, or has something of it reserved.
    pub(super) fn voucher(&mut self, id: VoucherId) -> &mut Voucher {
        let known = self.world.vouchers.get(id);
        self.vouchers
            .entry(id)
            .or_insert_with(|| known.map_or_else(|| panic!("voucher {id} is not in memory"), |known| Voucher::clone(known)))
    }

    /// The next item's id.
    pub fn item_id(&mut self) -> ItemId {
        self.next_item += 1;
        ItemId(self.next_item - 1)
    }

    /// Sends a message: it is delivered if and only if all these changes are committed, and not before `due`. Of `about`, in the order of sending. Its id.
    pub fn send(&mut self, now: Timestamp, due: Timestamp, about: About, content: Content) -> MessageId {
        let (id, due) = (MessageId(self.item_id().0), due.max(now));
        let state = MessageState::Waiting { next: due };
        self.put(Arc::new(Message { id, about, created: now, due, attempts: 0, state, failure: None, content }));
        id
    }

    /// Makes an item's place the order's, in each of its sessions. It counts for the one that it is sold in.
    pub fn hold(&mut self, order: &Order, item: &Item) {
        self.count(CounterKey::ChannelSales(item.session, order.seller.channel), 1);
        self.put_claims(order.id, item, false);
    }

    /// Makes an item's place sold.
    pub fn sell(&mut self, order: &Order, item: &Item) {
        self.put_claims(order.id, item, true);
    }

    /// Puts the rows of an order's units that are meant, as they are from `changed` on.
    pub fn put_units(&mut self, order: &Order, changed: Timestamp, is_meant: impl Fn(ItemId) -> bool) {
        for unit in order.extras().products.iter().filter(|unit| is_meant(unit.id)) {
            self.changes.extend(order.sold_unit(unit, changed, &self.world.catalogue).map(|row| Change::from(Arc::new(row))));
        }
    }

    fn put_claims(&mut self, order: OrderId, item: &Item, sold: bool) {
        let claim = |session| Claim { session, place: item.place, order, item: item.id, sold };
        self.changes.extend(item.sessions().map(|session| Change::from(claim(session))));
    }

    /// Writes the line that is to come in an order's book.
    pub fn note(&mut self, order: &Order, at: Timestamp, by: Seller, what: HistoryEvent) {
        let number = 1 + order.extras().after.lines;
        self.put(Arc::new(History { order: order.id, number, at, by, what }));
    }

    /// Puts the rows of these items' tickets, as they are from `changed` on.
    pub fn put_tickets(&mut self, order: &Order, items: &[ItemId], changed: Timestamp) {
        let named = order.items.iter().filter(|item| items.contains(&item.id));
        self.changes
            .extend(named.filter_map(|item| order.ticket(item, changed, &self.world.catalogue)).map(|row| Change::from(Row::from(row))));
    }

    /// Lets an item's place fall free. One that is about to be bought of another buyer has none: its offer is open to others again.
    pub fn free(&mut self, order: &Order, item: &Item) {
        match order.second_hand(item.id) {
            Some(SecondHand { resold: Some(resold), .. }) if order.expires().is_some() => {
                let taken = ListingState::Taken { order: order.id, item: item.id };
                let listing = self.world.listings.get(resold.listing).filter(|listing| listing.state == taken);
                self.changes.extend(listing.map(|listing| Change::from(listing.turned(ListingState::Open))));
                return;
            }
            _ => self.uncount_channel(order, item),
        }
        self.changes.extend(item.sessions().map(|session| Change::Delete(Key::Claim((session, item.place)))));
    }

    /// Takes an item back from its channel's limit. What was sold before counts where it was sold first.
    fn uncount_channel(&mut self, order: &Order, item: &Item) {
        if order.second_hand(item.id).is_none() {
            self.count(CounterKey::ChannelSales(item.session, order.seller.channel), -1);
        }
    }

    /// Takes a sold item back from the limits that it counts in; its place is somebody else's matter.
    pub fn uncount(&mut self, order: &Order, item: &Item) {
        self.uncount_channel(order, item);
        self.uncount_buyer(order, item);
    }

    /// Takes a sold item back from its buyer's limit, if it was counted.
    pub fn uncount_buyer(&mut self, order: &Order, item: &Item) {
        if order.counted.contains(&item.session)
            && let Some(buyer) = order.buyer_hash()
        {
            self.count(CounterKey::BuyerSales(item.session, buyer), -1);
        }
    }

    /// Counts the order's places for its buyer, in the sessions that limit buyers, and notes which these are: limits come and go, and what was
    /// counted is taken back exactly.
    pub fn count_buyer(&mut self, order: &mut Order) {
        let limited =
            |session: &SessionId| self.world.catalogue.offers.get(session).is_some_and(|offer| offer.session.buyer_limit.is_some());
        order.counted = order.sessions().into_iter().filter(limited).collect();
        self.add_to_buyer(order, 1);
    }

    /// Takes back what pre-confirm counted and reserved.
    pub fn undo_pre_confirm(&mut self, order: &Order) {
        self.add_to_buyer(order, -1);
        if order.is_pre_confirmed() {
            for item in &order.items {
                if let Some(barcode) = self.reserved_barcode(item) {
                    self.put(PoolBarcode { barcode, session: item.session, state: PoolState::Free });
                }
            }
            self.release_vouchers(order);
        }
    }

    /// The barcode that pre-confirm reserved for an item, used from now on; `None` if the session's are generated.
    ///
    /// # Panics
    /// If none was reserved though the session has a pool.
    pub fn use_barcode(&mut self, item: &Item) -> Option<Barcode> {
        self.world.pool(item.session)?;
        let barcode = self.reserved_barcode(item).unwrap_or_else(|| panic!("no barcode was reserved for item {}", item.id));
        self.count(CounterKey::UsedBarcodes(item.session), 1);
        self.put(PoolBarcode { barcode: barcode.clone(), session: item.session, state: PoolState::Used { item: item.id } });
        Some(barcode)
    }

    fn reserved_barcode(&self, item: &Item) -> Option<Barcode> {
        self.world.pools.of(item.session)?.reserved_for(item.id).cloned()
    }

    fn add_to_buyer(&mut self, order: &Order, by: i64) {
        if order.counted.is_empty() {
            return;
        }
        let Some(buyer) = order.buyer.as_ref().and_then(|buyer| buyer.hash()) else { return };
        for item in order.items.iter().filter(|item| order.counted.contains(&item.session)) {
            self.count(CounterKey::BuyerSales(item.session, buyer), by);
        }
    }

    fn count_uses(&mut self, order: &Order, sign: i64) {
        extras::counted(order).for_each(|(key, uses)| self.count(key, sign * uses));
    }

    /// Frees all that a live order holds. What becomes of the order itself is the caller's.
    pub fn free_all(&mut self, order: &Order) {
        for item in &order.items {
            self.free(order, item);
        }
        self.undo_pre_confirm(order);
        self.count_uses(order, -1);
    }

    /// Ends an order whose time is over: what it holds falls free, and it is remembered if it ever held something. Once is enough.
    pub fn expire(&mut self, order: &Order, now: Timestamp) {
        if self.released.contains(&order.id) {
            return;
        }
        self.released.push(order.id);
        self.free_all(order);
        if order.held_items {
            let at = order.expires().unwrap_or(now).min(now);
            let mut over = order.clone();
            over.stage = Stage::Expired { at };
            (over.items, over.surcharges, over.counted) = (Vec::new(), Vec::new(), Vec::new());
            (over.buyer, over.extras) = (None, None);
            self.put(Arc::new(over));
        } else {
            self.delete(Key::Order(order.id));
        }
    }

    /// All changes: the counters and vouchers as they come to stand, and a new block of item ids where one is needed.
    pub fn finish(mut self) -> Vec<Change> {
        for (key, by) in std::mem::take(&mut self.counters) {
            match self.world.counter(&key) + by {
                _ if by == 0 => {}
                0 => self.delete(Key::Counter(key)),
                value => self.put(Counter { key, value }),
            }
        }
        for (id, mut voucher) in std::mem::take(&mut self.vouchers) {
            // What one order let go, another may have reserved at once.
            if self.world.vouchers.get(id).is_none_or(|before| **before != voucher) {
                voucher.version += 1;
                self.put(Arc::new(voucher));
            }
        }
        let (_, reserved) = self.world.item_ids();
        if self.next_item > reserved {
            self.put(Sequence { items_reserved: self.next_item + ITEM_BLOCK });
        }
        self.changes
    }

    /// All changes and the order as it is now. Uses of promotions and collectives, and units of products, are counted by what became different.
    pub fn done(mut self, order: Order) -> Done {
        let before = self.world.resident_order(order.id).ok().flatten();
        if !before.is_some_and(|before| extras::counts_alike(before, &order)) {
            before.into_iter().for_each(|before| self.count_uses(before, -1));
            self.count_uses(&order, 1);
        }
        let order = Arc::new(order);
        self.put(order.clone());
        Done { changes: self.finish(), reply: Reply::Order(order) }
    }
}
