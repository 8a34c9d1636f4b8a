//! Law 3 of receipts and tills: the receipts of an entity are 1 to n, each on one order, and none is forgotten; what a shift says is what its orders add up
//! to; and what was paid out is what came back.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use crate::books::booked_at;
use crate::change::{CounterKey, Row};
use crate::ids::{ChannelId, EntityId, ShiftId};
use crate::moment::Timestamp;
use crate::money::Minor;
use crate::orders::entry::Entry;
use crate::shifts::{Moved, Shift};
use crate::voucher_orders::Stage as VoucherOrderStage;

/// All rows of a shard, as far as they speak of receipts and shifts.
#[derive(Debug, Default)]
pub(super) struct TillLaws {
    channels: HashMap<ChannelId, EntityId>,
    /// Entities that number receipts now, and since when.
    since: HashMap<EntityId, Timestamp>,
    /// Who has which number.
    receipts: HashMap<EntityId, BTreeMap<u64, String>>,
    /// What came into the books without one.
    without: Vec<(ChannelId, Timestamp, String)>,
    shifts: HashMap<ShiftId, Arc<Shift>>,
    /// What was counted in them.
    moved: HashMap<ShiftId, Vec<Moved>>,
    breaches: Vec<String>,
}

impl TillLaws {
    /// Takes a row in.
    pub fn see(&mut self, row: &Row) {
        match row {
            Row::Channel(channel) => drop(self.channels.insert(channel.id, channel.entity)),
            Row::Entity(entity) => {
                self.since.extend(entity.receipts.as_ref().and_then(|receipts| Some((entity.id, receipts.since?))));
            }
            Row::Order(order) => {
                if let Some(at) = booked_at(order) {
                    self.see_entry(&order.extras().entry, order.seller.channel, at, format!("order {}", order.id), || order.moved());
                    let said: Minor = order.payouts().iter().map(|payment| payment.amount).sum();
                    if !order.payouts().is_empty() && said != order.paid_out() {
                        self.breaches.push(format!("{said} was paid out of order {}, and {} came back", order.id, order.paid_out()));
                    }
                }
            }
            Row::VoucherOrder(order) => {
                if let VoucherOrderStage::Confirm { at, refunded, .. } = &order.stage {
                    let (name, channel) = (format!("voucher order {}", order.id), order.seller.channel);
                    self.see_entry(&order.entry, channel, *at, name, || order.moved());
                    if let Some(back) = refunded {
                        self.see_entry(&back.entry, channel, back.at, format!("what came back of voucher order {}", order.id), || {
                            order.moved_back()
                        });
                    }
                }
            }
            Row::Shift(shift) => drop(self.shifts.insert(shift.id, shift.clone())),
            _ => {}
        }
    }

    fn see_entry(&mut self, entry: &Entry, channel: ChannelId, at: Timestamp, name: String, moved: impl FnOnce() -> Moved) {
        if let Some(shift) = entry.shift {
            self.moved.entry(shift).or_default().push(moved());
        }
        let Some(receipt) = &entry.receipt else { return self.without.push((channel, at, name)) };
        if let Some(other) = self.receipts.entry(receipt.entity).or_default().insert(receipt.number, name.clone()) {
            self.breaches.push(format!("receipt {} of entity {} is that of {other} and of {name}", receipt.number, receipt.entity));
        }
    }

    /// What they add to counters.
    pub fn counted(&self) -> impl Iterator<Item = (CounterKey, i64)> {
        self.receipts.iter().map(|(entity, numbers)| (CounterKey::Receipts(*entity), numbers.len() as i64))
    }

    /// What does not hold.
    pub fn check(mut self) -> Vec<String> {
        for (entity, numbers) in &self.receipts {
            let last = numbers.last_key_value().map_or(0, |(number, _)| *number);
            if numbers.contains_key(&0) || last != numbers.len() as u64 {
                self.breaches.push(format!("entity {entity} has {} receipts, the last is {last}", numbers.len()));
            }
        }
        for (channel, at, name) in &self.without {
            let since = self.channels.get(channel).and_then(|entity| self.since.get(entity));
            if since.is_some_and(|since| since < at) {
                self.breaches.push(format!("{name} has no receipt"));
            }
        }
        let mut open = HashSet::new();
        for shift in self.shifts.values() {
            if shift.end.is_none() && !open.insert((shift.entity, shift.terminal)) {
                self.breaches.push(format!("terminal {} has two open shifts of entity {}", shift.terminal, shift.entity));
            }
            let mut again = Shift { sales: 0, refunds: 0, takings: Vec::new(), ..Shift::clone(shift) };
            self.moved.remove(&shift.id).iter().flatten().for_each(|moved| again.count(moved));
            if again != **shift {
                self.breaches.push(format!("shift {} says {:?}, its orders {:?}", shift.id, shift.takings, again.takings));
            }
        }
        self.breaches.extend(self.moved.keys().map(|id| format!("orders were counted in shift {id}, which is not there")));
        self.breaches
    }
}
