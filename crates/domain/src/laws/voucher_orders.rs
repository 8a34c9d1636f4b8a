//! Law 3 of voucher orders: what was paid is what they come to, and is on the vouchers that they made; what was not sold made none. Law 6: what was sold
//! is not lost. What was given back has nothing left.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::change::{CounterKey, Row};
use crate::ids::{Hash, OrderCode, VoucherGroupId, VoucherId, VoucherOrderId};
use crate::moment::Timestamp;
use crate::money::{Currency, Minor};
use crate::voucher_orders::{GiftDelivery, Stage, VoucherOrder, VoucherSale};
use crate::vouchers::MovementKind;

/// All rows of a shard, as far as they speak of voucher orders.
#[derive(Debug, Default)]
pub(super) struct VoucherOrderLaws {
    orders: HashMap<VoucherOrderId, Arc<VoucherOrder>>,
    sales: HashMap<VoucherOrderId, Arc<VoucherSale>>,
    /// What the vouchers' books say was sold: in which order, and for how much.
    issued: HashMap<VoucherId, (VoucherOrderId, OrderCode, Minor)>,
    vouchers: HashMap<VoucherId, (VoucherGroupId, Currency, Option<Timestamp>, bool)>,
    /// What the vouchers' books say was given back, and in which order.
    given_back: HashMap<VoucherId, (VoucherOrderId, Minor)>,
    /// Vouchers that have nothing left and pay for nothing.
    dead: HashSet<VoucherId>,
    codes: HashMap<VoucherId, Hash>,
    breaches: Vec<(u8, String)>,
}

impl VoucherOrderLaws {
    /// Takes a row in.
    pub fn see(&mut self, row: &Row) {
        match row {
            Row::VoucherOrder(order) => drop(self.orders.insert(order.id, order.clone())),
            Row::VoucherSale(sale) => {
                let other = self.sales.insert(sale.order, sale.clone());
                self.breaches.extend(other.map(|_| (3, format!("voucher order {} was sold twice", sale.order))));
            }
            Row::Voucher(voucher) => {
                let known = (voucher.group, voucher.currency, voucher.expires, voucher.pin.is_some());
                self.vouchers.insert(voucher.id, known);
                self.dead.extend((voucher.balance == 0 && voucher.blocked).then_some(voucher.id));
            }
            Row::VoucherCode(code) => drop(self.codes.insert(code.voucher, code.code)),
            Row::VoucherMovement(movement) => {
                if let MovementKind::Sold { order, code } = movement.what
                    && self.issued.insert(movement.voucher, (order, code, movement.amount)).is_some()
                {
                    self.breaches.push((3, format!("voucher {} was sold twice", movement.voucher)));
                }
                if let MovementKind::GivenBack { order, .. } = movement.what
                    && self.given_back.insert(movement.voucher, (order, -movement.amount)).is_some()
                {
                    self.breaches.push((3, format!("voucher {} was given back twice", movement.voucher)));
                }
            }
            _ => {}
        }
    }

    /// What they add to counters.
    pub fn counted(&self) -> impl Iterator<Item = (CounterKey, i64)> {
        let promised = self.orders.values().map(|order| (CounterKey::PromisedVouchers(order.group), order.promised() as i64));
        promised.filter(|(_, promised)| *promised > 0).chain(self.sales.values().map(|sale| (CounterKey::VoucherOrders(sale.channel), 1)))
    }

    /// The codes that they have.
    pub fn order_codes(&self) -> impl Iterator<Item = (VoucherOrderId, OrderCode)> {
        self.orders.values().filter_map(|order| Some((order.id, order.code()?)))
    }

    /// Whether a voucher was sold to be sent.
    pub fn is_sent(&self, voucher: VoucherId) -> bool {
        let order = self.issued.get(&voucher).and_then(|(order, ..)| self.orders.get(order));
        let Some(Stage::Confirm { vouchers, .. }) = order.map(|order| &order.stage) else { return false };
        let items = order.into_iter().flat_map(|order| &order.items).zip(vouchers);
        items.into_iter().any(|(item, sold)| sold.id == voucher && item.delivery != GiftDelivery::ByHand)
    }

    /// What does not hold, and which law it breaks.
    pub fn check(mut self) -> Vec<(u8, String)> {
        let mut found = std::mem::take(&mut self.breaches);
        let mut codes = HashMap::new();
        for (id, code) in self.order_codes() {
            found.extend(codes.insert(code, id).map(|other| (2, format!("voucher orders {id} and {other} have the same code"))));
        }
        for (id, order) in &self.orders {
            match &order.stage {
                Stage::Confirm { code, .. } => {
                    if !self.is_sold(order, *code) {
                        found.push((3, format!("voucher order {id} was sold, and its payment, vouchers and book do not agree")));
                    }
                    if !self.is_back_or_kept(order) {
                        found.push((3, format!("voucher order {id} and its vouchers do not agree on whether they were given back")));
                    }
                }
                Stage::Expired { .. } if !order.items.is_empty() || order.buyer.is_some() => {
                    found.push((2, format!("voucher order {id} is over and still knows what it was for")));
                }
                Stage::Created { .. } | Stage::PreConfirm { .. } if order.items.is_empty() => {
                    found.push((2, format!("voucher order {id} is alive and of nothing")));
                }
                Stage::Created { .. } | Stage::PreConfirm { .. } | Stage::Expired { .. } => {}
            }
        }
        for (voucher, (order, ..)) in &self.issued {
            let has = |order: &Arc<VoucherOrder>| {
                let Stage::Confirm { vouchers, .. } = &order.stage else { return false };
                vouchers.iter().any(|sold| sold.id == *voucher)
            };
            if !self.orders.get(order).is_some_and(has) {
                found.push((3, format!("voucher {voucher} was made in voucher order {order}, which did not sell it")));
            }
        }
        let is_sold = |id: &VoucherOrderId| self.orders.get(id).is_some_and(|order| matches!(order.stage, Stage::Confirm { .. }));
        found.extend(self.sales.keys().filter(|id| !is_sold(id)).map(|id| (6, format!("voucher order {id} was sold and is lost"))));
        found
    }

    /// Whether all of a sold order's vouchers were given back, for what they were sold for, or none.
    fn is_back_or_kept(&self, order: &VoucherOrder) -> bool {
        let Stage::Confirm { vouchers, refunded, .. } = &order.stage else { return false };
        vouchers.iter().zip(&order.items).all(|(sold, item)| match refunded {
            Some(_) => self.given_back.get(&sold.id) == Some(&(order.id, item.amount)) && self.dead.contains(&sold.id),
            None => !self.given_back.contains_key(&sold.id),
        })
    }

    /// Whether a sold order was paid in full, has a voucher worth each item, and stands in its channel's book as what it is.
    fn is_sold(&self, order: &VoucherOrder, code: OrderCode) -> bool {
        let Stage::Confirm { payment, until, vouchers, .. } = &order.stage else { return false };
        let mut sold = vouchers.iter().zip(&order.items);
        let made = sold.all(|(sold, item)| {
            self.issued.get(&sold.id) == Some(&(order.id, code, item.amount))
                && self.vouchers.get(&sold.id) == Some(&(order.group, order.currency, *until, sold.has_pin))
                && self.codes.get(&sold.id) == Some(&sold.code)
        });
        let booked = self.sales.get(&order.id).is_some_and(|sale| {
            let vouchers = vouchers.iter().map(|sold| sold.id).zip(order.items.iter().map(|item| item.amount));
            let whose = (sale.channel, sale.code, sale.currency, sale.total);
            whose == (order.seller.channel, code, order.currency, order.total()) && vouchers.eq(sale.vouchers.iter().copied())
        });
        made && booked && vouchers.len() == order.items.len() && payment.amount == order.total()
    }
}
