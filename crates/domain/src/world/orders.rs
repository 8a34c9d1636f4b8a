//! Orders in memory: those that live, those that expired of late, and those that somebody looked for; when which falls due, and how many are open.

use std::sync::Arc;

use super::{OpenOrders, Slot, World, find};
use crate::change::Key;
use crate::command::Stop;
use crate::error::Code;
use crate::ids::{ChannelId, FamilyId, OrderId};
use crate::moment::{DAY_MS, Timestamp};
use crate::orders::{Order, Stage};

impl World {
    /// An order of this channel.
    ///
    /// # Errors
    /// `ORDER_NOT_FOUND` if there is none or it is another channel's; `ORDER_EXPIRED` if it ran past its time; `Need` if it has to be looked for.
    pub fn order(&self, id: OrderId, channel: ChannelId, now: Timestamp) -> Result<&Arc<Order>, Stop> {
        let order = self.resident_order(id)?.filter(|order| order.seller.channel == channel).ok_or(Code::OrderNotFound)?;
        match order.stage {
            Stage::Expired { at } if now < at.plus_ms(DAY_MS) => Err(Code::OrderExpired.into()),
            Stage::Expired { .. } => Err(Code::OrderNotFound.into()),
            Stage::Basket { expires, .. } | Stage::PreConfirm { expires, .. } if expires <= now => {
                let remembered = order.held_items && now < expires.plus_ms(DAY_MS);
                Err(if remembered { Code::OrderExpired } else { Code::OrderNotFound }.into())
            }
            _ => Ok(order),
        }
    }

    /// An order, if it is in memory or known not to be anywhere.
    ///
    /// # Errors
    /// `Need` if it has to be looked for.
    pub fn resident_order(&self, id: OrderId) -> Result<Option<&Arc<Order>>, Stop> {
        find(&self.orders, &id, &self.absent, || Key::Order(id))
    }

    /// How many orders of a channel are alive.
    pub fn open_orders(&self, channel: ChannelId) -> OpenOrders {
        self.open.get(&channel).copied().unwrap_or_default()
    }

    /// How many orders made with a sign-in are alive.
    pub fn open_orders_of(&self, family: FamilyId) -> OpenOrders {
        self.open_by_family.get(&family).copied().unwrap_or_default()
    }

    /// Live orders whose time is over by `now`, the longest over first.
    pub fn due(&self, now: Timestamp) -> impl Iterator<Item = &Arc<Order>> {
        self.due.range(..=(now, OrderId([0xff; 16]))).filter_map(|(_, id)| Some(&self.orders.get(id)?.row))
    }

    /// Expired orders that may be forgotten by `now`.
    pub fn forgettable(&self, now: Timestamp) -> impl Iterator<Item = OrderId> {
        self.tombstones.range(..=(now, OrderId([0xff; 16]))).map(|(_, id)| *id)
    }

    /// When there is next something for a tick to do.
    pub fn next_due(&self) -> Option<Timestamp> {
        let order = self.due.first().map(|(due, _)| *due);
        let tombstone = self.tombstones.first().map(|(due, _)| *due);
        let short_lived = self.short_lived.first().map(|(due, _)| *due);
        [order, tombstone, short_lived, self.outcome_marks.due(), self.voucher_orders.next_due()].into_iter().flatten().min()
    }

    /// How many orders are in memory, live or not.
    pub fn resident_orders(&self) -> usize {
        self.orders.len()
    }

    /// All orders in memory, live or not, for checks.
    pub fn all_orders(&self) -> impl Iterator<Item = &Arc<Order>> {
        self.orders.values().map(|slot| &slot.row)
    }

    /// All live orders, for checks.
    pub fn live_orders(&self) -> impl Iterator<Item = &Arc<Order>> {
        self.orders.values().map(|slot| &slot.row).filter(|order| order.expires().is_some())
    }

    /// Notes an order that expired at `at`, without its content: how tombstones are loaded.
    pub fn mark_expired(&mut self, at: Timestamp, order: OrderId) {
        self.tombstones.insert((at.plus_ms(DAY_MS), order));
    }

    pub(super) fn put_order(&mut self, order: &Arc<Order>, seq: u64) {
        if let Some(old) = self.orders.get(&order.id).map(|slot| slot.row.clone()) {
            self.forget(&old);
        }
        match order.stage {
            Stage::Basket { expires, .. } | Stage::PreConfirm { expires, .. } => {
                self.due.insert((expires, order.id));
                for open in [self.open.entry(order.seller.channel).or_default(), self.open_by_family.entry(order.family).or_default()] {
                    open.live += 1;
                    open.empty += u32::from(!order.held_items);
                }
            }
            Stage::Expired { at } => {
                self.mark_expired(at, order.id);
            }
            Stage::Confirm { .. } | Stage::Refund { .. } => {}
        }
        let items = order.items.iter().map(|item| item.id.0);
        let largest = items.chain(order.extras().products.iter().map(|unit| unit.id.0)).max().unwrap_or(0);
        self.next_item = self.next_item.max(largest + 1);
        self.absent.remove(&Key::Order(order.id));
        self.orders.insert(order.id, Slot { row: order.clone(), seq });
    }

    /// Takes back what [`Self::put_order`] derived from an image.
    pub(super) fn forget(&mut self, order: &Order) {
        match order.stage {
            Stage::Basket { expires, .. } | Stage::PreConfirm { expires, .. } => {
                self.due.remove(&(expires, order.id));
                for open in [self.open.entry(order.seller.channel).or_default(), self.open_by_family.entry(order.family).or_default()] {
                    open.live -= 1;
                    open.empty -= u32::from(!order.held_items);
                }
                // Sign-ins come and go, channels stay.
                if self.open_by_family.get(&order.family).is_some_and(|open| open.live == 0) {
                    self.open_by_family.remove(&order.family);
                }
            }
            Stage::Expired { at } => {
                self.tombstones.remove(&(at.plus_ms(DAY_MS), order.id));
            }
            Stage::Confirm { .. } | Stage::Refund { .. } => {}
        }
    }
}
