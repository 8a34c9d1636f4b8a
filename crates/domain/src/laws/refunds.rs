//! Law 3 of refunds and relocations: each is noted with the order it gives back of, as it is; no item, delivery or voucher comes back twice, and nothing comes back that
//! was not paid.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::change::Row;
use crate::ids::OrderId;
use crate::orders::relocation::Replaces;
use crate::orders::{HistoryEvent, Item, Order, Stage};

/// All rows of a shard, as far as they speak of refunds.
#[derive(Debug, Default)]
pub(super) struct RefundLaws {
    /// Orders of which something was given back.
    originals: HashMap<OrderId, Arc<Order>>,
    refunds: HashMap<OrderId, Arc<Order>>,
    /// Lines of orders' books after that of their sale, and what they say came back.
    lines: HashMap<OrderId, (u32, i64)>,
    /// Lines of refunds' own books.
    own_lines: HashMap<OrderId, i64>,
}

impl RefundLaws {
    /// Takes a row in.
    pub fn see(&mut self, row: &Row) {
        match row {
            Row::Order(order) if matches!(order.stage, Stage::Refund { .. }) => drop(self.refunds.insert(order.id, order.clone())),
            Row::Order(order) if order.extras().after.lines > 0 => {
                if let Some(replaces) = &order.extras().replaces {
                    // What a relocation gives back is held to the same laws as a refund.
                    self.refunds.insert(order.id, Arc::new(replaces.given_back(order)));
                }
                self.originals.insert(order.id, order.clone());
            }
            Row::History(line) => match &line.what {
                HistoryEvent::Confirmed { .. } => {}
                HistoryEvent::Relocates { totals, .. } => {
                    self.own_lines.insert(line.order, totals.total());
                    self.lines.entry(line.order).or_default().0 += 1;
                }
                HistoryEvent::Refunded { totals, .. } | HistoryEvent::Relocated { totals, .. } => {
                    let (lines, sum) = self.lines.entry(line.order).or_default();
                    (*lines, *sum) = (*lines + 1, *sum + totals.total());
                }
                HistoryEvent::Refunds { totals, .. } => drop(self.own_lines.insert(line.order, totals.total())),
                HistoryEvent::Noted { .. }
                | HistoryEvent::Resent { .. }
                | HistoryEvent::AttendeesChanged { .. }
                | HistoryEvent::Reprinted { .. }
                | HistoryEvent::Transferred { .. }
                | HistoryEvent::Erased
                | HistoryEvent::Cancelled { .. }
                | HistoryEvent::Postponed { .. }
                | HistoryEvent::Marked { .. }
                | HistoryEvent::Listed { .. }
                | HistoryEvent::Withdrawn { .. }
                | HistoryEvent::Reissued { .. } => {
                    self.lines.entry(line.order).or_default().0 += 1;
                }
            },
            _ => {}
        }
    }

    /// What does not hold.
    pub fn check(self) -> Vec<String> {
        let mut found = Vec::new();
        let mut noted = HashSet::new();
        for order in self.originals.values() {
            let after = &order.extras().after;
            let total: i64 = after.refunds.iter().map(|refund| refund.total).sum();
            if self.lines.get(&order.id) != Some(&(after.lines, total)) {
                found.push(format!("order {} gave back {total}, its book says {:?}", order.id, self.lines.get(&order.id)));
            }
            for note in &after.refunds {
                noted.insert(note.order);
                let Some(refund) = self.refunds.get(&note.order) else {
                    found.push(format!("refund {} of order {} is not there", note.order, order.id));
                    continue;
                };
                let units = refund.extras().products.iter().map(|unit| unit.id);
                let mut items: Vec<_> = refund.items.iter().map(|item| item.id).chain(units).collect();
                items.sort_unstable();
                let to_vouchers: i64 = note.vouchers.iter().map(|(_, amount)| amount).sum();
                let agrees = matches!(refund.stage, Stage::Refund { code, of, .. } if (code, of) == (note.code, order.id))
                    && (items.as_slice(), refund.totals().total()) == (note.items.as_slice(), note.total)
                    && refund.extras().delivery.is_some() == note.delivery
                    && refund.extras().share == note.share
                    && refund.totals().vouchers <= to_vouchers;
                if !agrees {
                    found.push(format!("refund {} and order {} do not agree", note.order, order.id));
                }
                if self.own_lines.get(&note.order) != Some(&note.total) {
                    found.push(format!("refund {} and its book do not agree", note.order));
                }
            }
            found.extend(self.too_much(order));
            found.extend(order.extras().replaces.as_ref().and_then(|replaces| misplaced(order, replaces)));
        }
        found.extend(self.refunds.keys().filter(|id| !noted.contains(id)).map(|id| format!("refund {id} is no order's")));
        found
    }

    /// What comes back of an order twice, or was never paid.
    fn too_much(&self, order: &Order) -> Vec<String> {
        let refunds: Vec<_> = order.extras().after.refunds.iter().collect();
        let mut found = Vec::new();
        let (mut items, mut vouchers) = (HashSet::new(), HashMap::new());
        for note in &refunds {
            for id in note.items.iter().filter(|id| !items.insert((**id, note.share))) {
                found.push(format!("item {id} of order {} came back twice", order.id));
            }
            note.vouchers.iter().for_each(|(id, amount)| *vouchers.entry(*id).or_insert(0) += amount);
        }
        if refunds.iter().filter(|note| note.delivery).count() > 1 {
            found.push(format!("the delivery of order {} came back twice", order.id));
        }
        for (id, back) in vouchers {
            let paid: i64 = order.extras().vouchers.iter().filter(|taken| taken.id == id).map(|taken| taken.amount).sum();
            if back > paid {
                found.push(format!("voucher {id} paid {paid} of order {}, of which {back} came back", order.id));
            }
        }
        let all: Vec<_> = refunds.iter().filter_map(|note| self.refunds.get(&note.order)).map(|refund| refund.totals()).collect();
        let (paid, sum) = (order.totals(), |part: fn(&crate::pricing::Totals) -> i64| all.iter().map(part).sum::<i64>());
        let parts = [
            (sum(|back| back.base - back.promotions), paid.base - paid.promotions),
            (sum(|back| back.surcharges), paid.surcharges),
            (sum(|back| back.insurance), paid.insurance),
            (sum(|back| back.delivery), paid.delivery),
        ];
        if parts.iter().any(|(back, paid)| back > paid) {
            found.push(format!("more came back of order {} than was paid: {parts:?}", order.id));
        }
        for refund in refunds.iter().filter_map(|note| self.refunds.get(&note.order)) {
            for unit in &refund.extras().products {
                let sold = order.extras().products.iter().find(|sold| sold.id == unit.id);
                if sold.is_none_or(|sold| sold.terms != unit.terms) {
                    found.push(format!("unit {} of refund {} is not what order {} sold", unit.id, refund.id, order.id));
                }
            }
            for item in &refund.items {
                let sold = order.items.iter().find(|sold| sold.id == item.id);
                let back = |sold: &Item| match refund.extras().share {
                    Some(session) => {
                        sold.season.iter().flat_map(|shares| shares.iter()).find(|one| one.member.session == session).map(|one| one.amount)
                    }
                    None => Some(order.left_of(sold).price.reduced()),
                };
                if sold.is_none_or(|sold| (sold.place, back(sold)) != (item.place, Some(item.price.reduced()))) {
                    found.push(format!("item {} of refund {} is not what order {} sold", item.id, refund.id, order.id));
                }
            }
        }
        found
    }
}

/// What is wrong with an order that was given for places of another: it has one for each, and no more pays for it than came back for them.
fn misplaced(order: &Order, replaces: &Replaces) -> Option<String> {
    let back = replaces.given_back(order);
    let of = |voucher| back.extras().vouchers.iter().filter(|taken| taken.id == voucher).map(|taken| taken.amount).sum::<i64>();
    let old = |id| back.items.iter().any(|item| item.id == id);
    let new = |id| order.items.iter().any(|item| item.id == id);
    let holds = order.items.len() == replaces.items.len()
        && back.items.len() == replaces.items.len()
        && replaces.items.iter().all(|(from, to)| old(*from) && new(*to))
        && order.extras().vouchers.iter().all(|taken| taken.amount <= of(taken.id))
        && (0..=back.totals().to_pay()).contains(&replaces.credit);
    (!holds).then(|| format!("order {} and what it was given for do not agree", order.id))
}
