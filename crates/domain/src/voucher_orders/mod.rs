//! Voucher orders: a channel sells gift vouchers. This module is what is stored of them, and where they are in memory; what may be done with an order is
//! decided in [`sell`], giving it back in `refund`, what a channel offers in [`manage`].
//!
//! They are orders of their own: they hold no places and have no basket. What they make are ordinary vouchers (`crate::vouchers`).

pub mod manage;
mod refund;
pub mod sell;

use std::collections::BTreeSet;
use std::sync::Arc;

use foldhash::fast::FixedState;
use serde::{Deserialize, Serialize};

use crate::change::{Key, Row};
use crate::command::Stop;
use crate::identity::Status;
use crate::ids::{ChannelId, GiftImageId, Hash, MessageId, OrderCode, VoucherGroupId, VoucherId, VoucherOrderId};
use crate::moment::{DAY_MS, Timestamp};
use crate::money::{Currency, Minor};
use crate::orders::entry::Entry;
use crate::orders::{Buyer, Payment, Seller};
use crate::shifts::Moved;
use crate::text::{Language, Localized};
use crate::world::World;

/// Hashes fast and always alike, so that a simulated history repeats exactly. Nobody chooses what is kept here: ids are drawn or the operator's own.
type HashMap<K, V> = std::collections::HashMap<K, V, FixedState>;

/// Items of one order at most.
pub const MAX_ITEMS: usize = 20;

/// What gift vouchers a channel sells, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GiftVouchers {
    /// Which channel.
    pub channel: ChannelId,
    /// Whether it sells any.
    pub status: Status,
    /// What they become vouchers of.
    pub group: VoucherGroupId,
    /// Of their amounts; one of the group's.
    pub currency: Currency,
    /// What they may be worth.
    pub amounts: Vec<Minor>,
    /// What else they may be worth.
    pub range: Option<AmountRange>,
    /// Pictures to choose from.
    pub images: Vec<Arc<GiftImage>>,
    /// Whether they are sent to their receivers by e-mail.
    pub by_email: bool,
    /// Whether the seller hands them out.
    pub by_hand: bool,
    /// So many days ahead one may be sent at most.
    pub max_days_ahead: u32,
    /// So many days after its sale a voucher is over.
    pub life_days: Option<u32>,
    /// Counts the changes.
    pub version: u64,
}

/// Amounts from one to another in steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AmountRange {
    /// The smallest.
    pub min: Minor,
    /// None is larger.
    pub max: Minor,
    /// From one to the next.
    pub step: Minor,
}

impl AmountRange {
    /// Whether an amount is one of them.
    pub const fn has(self, amount: Minor) -> bool {
        self.min <= amount && amount <= self.max && (amount - self.min) % self.step == 0
    }
}

/// A picture of a gift voucher.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GiftImage {
    /// Unique in its channel.
    pub id: GiftImageId,
    /// Where it is.
    pub url: String,
    /// Shown to people.
    pub name: String,
    /// Name in other languages.
    pub names: Localized,
}

impl GiftVouchers {
    /// Whether a voucher may be worth so much.
    pub fn has_amount(&self, amount: Minor) -> bool {
        self.amounts.contains(&amount) || self.range.is_some_and(|range| range.has(amount))
    }
}

/// An order of gift vouchers. What is in it is fixed when it is made, and so are the terms of its channel at that time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoucherOrder {
    /// Unguessable: who knows it (in its channel) may pay for it.
    pub id: VoucherOrderId,
    /// Where it is sold, and by whom.
    pub seller: Arc<Seller>,
    /// What its items become vouchers of.
    pub group: VoucherGroupId,
    /// Of its amounts.
    pub currency: Currency,
    /// So many days after the sale its vouchers are over.
    pub life_days: Option<u32>,
    /// Of its messages.
    pub language: Language,
    /// When it was made.
    pub created: Timestamp,
    /// Where it is in its life.
    pub stage: Stage,
    /// One voucher each. An item is known by its number, counted from 1.
    pub items: Vec<Gift>,
    /// Who buys; nobody any more once it has expired.
    pub buyer: Option<Arc<Buyer>>,
    /// What it was given when it came into the books.
    #[serde(default)]
    pub entry: Entry,
}

/// A gift voucher of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gift {
    /// What it is worth, and costs.
    pub amount: Minor,
    /// How it looks, as it was offered when it was chosen.
    pub image: Option<Arc<GiftImage>>,
    /// Who gets it.
    pub receiver: Receiver,
    /// How it gets there.
    pub delivery: GiftDelivery,
}

/// Who gets a gift voucher. Text as it was given, trimmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[expect(missing_docs, reason = "the fields of a receiver")]
pub struct Receiver {
    pub name: Option<String>,
    pub email: Option<String>,
    pub message: Option<String>,
}

/// How a gift voucher gets to its receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum GiftDelivery {
    /// Its code is sent to the receiver.
    Email {
        /// The beginning of the day (UTC) on which it is; as soon as it is sold, if none is named.
        on: Option<Timestamp>,
    },
    /// The seller is told the code when it is sold.
    ByHand,
}

/// Where a voucher order is in its life; each stage holds what exists in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// Made, and not accepted yet.
    Created {
        /// When it is over.
        expires: Timestamp,
    },
    /// Checked, its vouchers promised, and waiting to be paid.
    PreConfirm {
        /// When it is over.
        expires: Timestamp,
        /// Its code.
        code: OrderCode,
    },
    /// Sold.
    Confirm {
        /// When.
        at: Timestamp,
        /// Its code.
        code: OrderCode,
        /// What was paid, and how.
        payment: Payment,
        /// When its vouchers are over.
        until: Option<Timestamp>,
        /// The vouchers that its items have become, in their order.
        vouchers: Vec<SoldVoucher>,
        /// That it was given back: its vouchers are of no use any more.
        #[serde(default)]
        refunded: Option<GivenBack>,
    },
    /// Ran past its time; remembered for a day, and nothing came of it.
    Expired {
        /// When it was over.
        at: Timestamp,
    },
}

/// That a voucher order was given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenBack {
    /// When.
    pub at: Timestamp,
    /// What it was given when that came into the books.
    pub entry: Entry,
}

/// A voucher that was sold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoldVoucher {
    /// Which.
    pub id: VoucherId,
    /// What its code is known by.
    pub code: Hash,
    /// What may be shown of its code.
    pub masked: String,
    /// Whether it has a PIN.
    pub has_pin: bool,
    /// The letter that brings it to its receiver, where it is sent.
    #[serde(default)]
    pub letter: Option<MessageId>,
}

/// A line of a channel's book of voucher orders: append-only, written when one is sold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoucherSale {
    /// Whose.
    pub channel: ChannelId,
    /// Counts a channel's lines from 1.
    pub number: u64,
    /// Which was sold.
    pub order: VoucherOrderId,
    /// Its code.
    pub code: OrderCode,
    /// When.
    pub at: Timestamp,
    /// Who sold it.
    pub by: Arc<Seller>,
    /// Of the amounts.
    pub currency: Currency,
    /// What it came to.
    pub total: Minor,
    /// What was issued.
    pub vouchers: Vec<(VoucherId, Minor)>,
}

impl VoucherOrder {
    /// When it is over; `None` once it is sold or over.
    pub const fn expires(&self) -> Option<Timestamp> {
        match self.stage {
            Stage::Created { expires } | Stage::PreConfirm { expires, .. } => Some(expires),
            Stage::Confirm { .. } | Stage::Expired { .. } => None,
        }
    }

    /// The money that came with it.
    pub fn moved(&self) -> Moved {
        let paid = if let Stage::Confirm { payment, .. } = &self.stage { Some(payment) } else { None };
        let amounts = paid.filter(|paid| paid.amount != 0).map(|paid| (Some(paid.kind), paid.amount)).into_iter().collect();
        Moved { refund: false, currency: self.currency, amounts }
    }

    /// The money that goes when it is given back: the way it came.
    pub fn moved_back(&self) -> Moved {
        let Moved { currency, amounts, .. } = self.moved();
        Moved { refund: true, currency, amounts: amounts.into_iter().map(|(kind, amount)| (kind, -amount)).collect() }
    }

    /// Its code, once it has one.
    pub const fn code(&self) -> Option<OrderCode> {
        match self.stage {
            Stage::PreConfirm { code, .. } | Stage::Confirm { code, .. } => Some(code),
            Stage::Created { .. } | Stage::Expired { .. } => None,
        }
    }

    /// What it comes to.
    pub fn total(&self) -> Minor {
        self.items.iter().map(|item| item.amount).sum()
    }

    /// So many vouchers are promised to it: the group has room for them.
    pub const fn promised(&self) -> usize {
        if matches!(self.stage, Stage::PreConfirm { .. }) { self.items.len() } else { 0 }
    }

    /// When time has something to do with it: it is over, or it is to be forgotten.
    const fn due(&self) -> Option<Timestamp> {
        match self.stage {
            Stage::Created { expires } | Stage::PreConfirm { expires, .. } => Some(expires),
            Stage::Expired { at } => Some(at.plus_ms(DAY_MS)),
            Stage::Confirm { .. } => None,
        }
    }

    /// The same order as it stands at an instant: once its time is over it is, whether or not that was written down yet.
    fn at(self: &Arc<Self>, now: Timestamp) -> Arc<Self> {
        match self.expires() {
            Some(at) if at <= now => {
                let over = Self { stage: Stage::Expired { at }, items: Vec::new(), buyer: None, ..Self::clone(self) };
                Arc::new(over)
            }
            _ => self.clone(),
        }
    }
}

/// Voucher orders that are in memory: all that are alive, and others that somebody looked for or changed lately.
#[derive(Debug, Default)]
pub struct VoucherOrders {
    orders: HashMap<VoucherOrderId, Slot<Arc<VoucherOrder>>>,
    sales: HashMap<(ChannelId, u64), Slot<Arc<VoucherSale>>>,
    /// When live ones are over and expired ones, in memory or not, are forgotten.
    due: BTreeSet<(Timestamp, VoucherOrderId)>,
    /// How many of a channel are alive.
    live: HashMap<ChannelId, u32>,
}

/// A row with the journal number of its last change.
#[derive(Debug)]
struct Slot<T> {
    row: T,
    seq: u64,
}

impl VoucherOrders {
    /// How many of a channel are alive.
    pub fn live(&self, channel: ChannelId) -> u32 {
        self.live.get(&channel).copied().unwrap_or(0)
    }

    /// All in memory, for checks.
    pub fn resident(&self) -> impl Iterator<Item = &Arc<VoucherOrder>> {
        self.orders.values().map(|slot| &slot.row)
    }

    /// Those that time has something to do with by `now`, the longest due first; an expired one need not be in memory.
    pub(crate) fn due(&self, now: Timestamp) -> impl Iterator<Item = (VoucherOrderId, Option<&Arc<VoucherOrder>>)> {
        let until = (now, VoucherOrderId([0xff; 16]));
        self.due.range(..=until).map(|(_, id)| (*id, self.orders.get(id).map(|slot| &slot.row)))
    }

    /// When time next has something to do.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.due.first().map(|(due, _)| *due)
    }

    /// Puts a row in force.
    pub(crate) fn put(&mut self, row: &Row, seq: u64) {
        match row {
            Row::VoucherOrder(order) => {
                self.forget(order.id);
                self.due.extend(order.due().map(|due| (due, order.id)));
                if order.expires().is_some() {
                    *self.live.entry(order.seller.channel).or_default() += 1;
                }
                self.orders.insert(order.id, Slot { row: order.clone(), seq });
            }
            Row::VoucherSale(sale) => drop(self.sales.insert((sale.channel, sale.number), Slot { row: sale.clone(), seq })),
            _ => {}
        }
    }

    /// Takes an order out.
    pub(crate) fn delete(&mut self, id: VoucherOrderId) {
        if !self.forget(id)
            && let Some(due) = self.due.iter().find(|(_, due)| *due == id).copied()
        {
            // Only expired ones are not in memory, and they are forgotten from the front.
            self.due.remove(&due);
        }
    }

    /// Takes an order out of memory, with what was derived from it. Whether it was there.
    fn forget(&mut self, id: VoucherOrderId) -> bool {
        let Some(slot) = self.orders.remove(&id) else { return false };
        if let Some(due) = slot.row.due() {
            self.due.remove(&(due, id));
        }
        if slot.row.expires().is_some()
            && let Some(live) = self.live.get_mut(&slot.row.seller.channel)
        {
            *live -= 1;
        }
        true
    }

    /// Drops a row from memory, if it is not alive and the tables have it.
    pub(crate) fn evict(&mut self, key: &Key, applied_seq: u64) {
        match key {
            Key::VoucherOrder(id) if self.orders.get(id).is_some_and(|slot| slot.seq <= applied_seq && slot.row.expires().is_none()) => {
                self.orders.remove(id);
            }
            Key::VoucherSale(key) if self.sales.get(key).is_some_and(|slot| slot.seq <= applied_seq) => {
                self.sales.remove(key);
            }
            _ => {}
        }
    }
}

impl World {
    /// A voucher order of a channel, as it stands at an instant: one that has expired is remembered for a day.
    ///
    /// # Errors
    /// `Need` if it has to be looked for.
    pub fn voucher_order(&self, id: VoucherOrderId, channel: ChannelId, now: Timestamp) -> Result<Option<Arc<VoucherOrder>>, Stop> {
        let order = self.written_voucher_order(id)?.filter(|order| order.seller.channel == channel).map(|order| order.at(now));
        let remembered = |order: &Arc<VoucherOrder>| !matches!(order.stage, Stage::Expired { at } if at.plus_ms(DAY_MS) <= now);
        Ok(order.filter(remembered))
    }

    /// A voucher order as it was written down last, whoever's it is.
    ///
    /// # Errors
    /// `Need` if it has to be looked for.
    pub(crate) fn written_voucher_order(&self, id: VoucherOrderId) -> Result<Option<&Arc<VoucherOrder>>, Stop> {
        self.known(self.voucher_orders.orders.get(&id).map(|slot| &slot.row), || Key::VoucherOrder(id))
    }

    /// A line of a channel's book of voucher orders.
    ///
    /// # Errors
    /// `Need` if it has to be looked for.
    pub(crate) fn voucher_sale(&self, channel: ChannelId, number: u64) -> Result<Option<&Arc<VoucherSale>>, Stop> {
        let sale = self.voucher_orders.sales.get(&(channel, number)).map(|slot| &slot.row);
        self.known(sale, || Key::VoucherSale((channel, number)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::AmountRange;

    proptest! {
        #[test]
        fn a_range_has_its_steps_and_nothing_else(min in 1_i64..500, steps in 0_i64..50, step in 1_i64..50, rest in 0_i64..50, amount in 0_i64..4_000) {
            let range = AmountRange { min, max: min + steps * step + rest % step, step };
            let all: Vec<_> = (0..=steps).map(|nth| min + nth * step).collect();
            prop_assert_eq!(range.has(amount), all.contains(&amount));
            prop_assert!(all.iter().all(|amount| range.has(*amount)));
        }
    }
}
