//! Law 4 of vouchers: none is below zero, its movements add up to its balance, and what is reserved or spent of it is what orders say.

use std::collections::HashMap;
use std::sync::Arc;

use crate::change::{CounterKey, Row};
use crate::ids::{Hash, OrderId, VoucherId};
use crate::money::Minor;
use crate::orders::{Order, Stage};
use crate::vouchers::{MovementKind, Voucher};

/// All rows of a shard, as far as they speak of vouchers.
#[derive(Debug, Default)]
pub(super) struct VoucherLaws {
    vouchers: HashMap<VoucherId, Arc<Voucher>>,
    codes: HashMap<VoucherId, Hash>,
    /// Each voucher's lines: how many, and what they add up to.
    movements: HashMap<VoucherId, (u32, Minor)>,
    /// What orders spent, as the vouchers' books say it and as the orders do.
    booked: HashMap<(VoucherId, OrderId), Minor>,
    spent: HashMap<(VoucherId, OrderId), Minor>,
    /// What refunds gave back, as the vouchers' books say it and as the refunds do.
    booked_back: HashMap<(VoucherId, OrderId), Minor>,
    back: HashMap<(VoucherId, OrderId), Minor>,
    /// What pre-confirmed orders hold.
    held: HashMap<VoucherId, Minor>,
    breaches: Vec<String>,
}

impl VoucherLaws {
    /// Takes a row in.
    pub fn see(&mut self, row: &Row) {
        match row {
            Row::Voucher(voucher) => drop(self.vouchers.insert(voucher.id, voucher.clone())),
            Row::VoucherCode(code) => {
                let other = self.codes.insert(code.voucher, code.code);
                self.breaches.extend(other.map(|_| format!("voucher {} has two codes", code.voucher)));
            }
            Row::VoucherMovement(movement) => {
                let (count, sum) = self.movements.entry(movement.voucher).or_default();
                (*count, *sum) = (*count + 1, *sum + movement.amount);
                match movement.what {
                    MovementKind::Issued | MovementKind::Sold { .. } | MovementKind::GivenBack { .. } => {}
                    MovementKind::Spent { order, .. } => *self.booked.entry((movement.voucher, order)).or_default() -= movement.amount,
                    MovementKind::Refunded { order, .. } => {
                        *self.booked_back.entry((movement.voucher, order)).or_default() += movement.amount;
                    }
                }
            }
            Row::Order(order) => self.see_order(order),
            _ => {}
        }
    }

    fn see_order(&mut self, order: &Order) {
        for taken in order.extras().replaces.iter().flat_map(|replaces| &replaces.back.extras.vouchers) {
            *self.back.entry((taken.id, order.id)).or_default() += taken.amount;
        }
        for taken in order.extras().vouchers.iter().filter(|taken| taken.amount != 0) {
            if taken.amount < 0 || taken.currency != order.currency {
                self.breaches.push(format!("voucher {} pays {} of order {}", taken.id, taken.amount, order.id));
            }
            match order.stage {
                Stage::PreConfirm { .. } => *self.held.entry(taken.id).or_default() += taken.amount,
                Stage::Confirm { .. } => *self.spent.entry((taken.id, order.id)).or_default() += taken.amount,
                Stage::Refund { .. } => *self.back.entry((taken.id, order.id)).or_default() += taken.amount,
                Stage::Basket { .. } | Stage::Expired { .. } => {}
            }
        }
    }

    /// How many vouchers each group has.
    pub fn counted(&self) -> impl Iterator<Item = (CounterKey, i64)> {
        self.vouchers.values().map(|voucher| (CounterKey::Vouchers(voucher.group), 1))
    }

    /// What does not hold.
    pub fn check(mut self) -> Vec<String> {
        let mut found = std::mem::take(&mut self.breaches);
        for (id, voucher) in &self.vouchers {
            let (balance, reserved) = (voucher.balance, voucher.reserved);
            if balance < 0 || reserved < 0 || reserved > balance {
                found.push(format!("voucher {id} has {balance}, of which {reserved} are reserved"));
            }
            let held = self.held.get(id).copied().unwrap_or(0);
            if held != reserved {
                found.push(format!("voucher {id} says {reserved} are reserved, orders hold {held}"));
            }
            let movements = self.movements.get(id).copied().unwrap_or((0, 0));
            if movements != (voucher.movements, balance) {
                found.push(format!("voucher {id} has {balance} after {} movements, its book says {movements:?}", voucher.movements));
            }
            if !self.codes.contains_key(id) {
                found.push(format!("voucher {id} has no code"));
            }
        }
        let named = self.codes.keys().chain(self.movements.keys()).chain(self.held.keys());
        found.extend(named.filter(|id| !self.vouchers.contains_key(id)).map(|id| format!("voucher {id} is not there")));
        let orders = self.booked.keys().chain(self.spent.keys());
        let differ = |key: &&(VoucherId, OrderId)| self.booked.get(key) != self.spent.get(key);
        found.extend(orders.filter(differ).map(|(id, order)| format!("voucher {id} and order {order} do not agree on what was spent")));
        let refunds = self.booked_back.keys().chain(self.back.keys());
        let differ = |key: &&(VoucherId, OrderId)| self.booked_back.get(key) != self.back.get(key);
        found.extend(refunds.filter(differ).map(|(id, order)| format!("voucher {id} and refund {order} do not agree on what came back")));
        found
    }
}
