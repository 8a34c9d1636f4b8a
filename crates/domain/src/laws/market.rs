//! What always holds of tickets that marketplaces sell again: whoever took a ticket's place and the ticket say so of each other (2), the place is the
//! same (1), and only tickets of sold orders stand anyhow on the secondary market (2).

use std::collections::HashMap;
use std::sync::Arc;

use super::Breach;
use crate::change::Row;
use crate::ids::{ItemId, OrderId};
use crate::orders::market::{MarketState, SecondHand};
use crate::orders::{Order, Stage};

/// All rows of a shard, as far as they speak of the secondary market.
#[derive(Debug, Default)]
pub(super) struct MarketLaws {
    /// Orders of which something was marked or sold again, or that sold something again.
    orders: HashMap<OrderId, Arc<Order>>,
}

impl MarketLaws {
    /// Takes a row in.
    pub fn see(&mut self, row: &Row) {
        let Row::Order(order) = row else { return };
        if !order.extras().after.market.is_empty() || !order.extras().second_hand.is_empty() {
            self.orders.insert(order.id, order.clone());
        }
    }

    /// What does not hold.
    pub fn check(self) -> Vec<Breach> {
        let mut breaches = Vec::new();
        for order in self.orders.values() {
            self.check_standings(order, &mut breaches);
            self.check_places(order, &mut breaches);
        }
        breaches
    }

    fn check_standings(&self, order: &Order, breaches: &mut Vec<Breach>) {
        for standing in &order.extras().after.market {
            let here = format!("ticket {} of order {}", standing.item, order.id);
            let is_sold = matches!(order.stage, Stage::Confirm { .. }) && order.items.iter().any(|item| item.id == standing.item);
            if !is_sold {
                breaches.push(Breach { law: 2, what: format!("{here} is on the secondary market and was not sold") });
            }
            let MarketState::Reissued(successor) = &standing.state else { continue };
            let says = self.second_hand(successor.order, successor.item);
            if says.is_none_or(|says| (says.order, says.ticket) != (order.id, standing.item)) {
                breaches.push(Breach { law: 2, what: format!("{here} was sold again as {successor:?}, which says {says:?}") });
            }
        }
    }

    fn check_places(&self, order: &Order, breaches: &mut Vec<Breach>) {
        // A refund only says what it gives back.
        let holds = order.extras().second_hand.iter().filter(|_| !matches!(order.stage, Stage::Refund { .. }));
        for one in holds {
            let here = format!("item {} of order {}", one.item, order.id);
            let first = self.orders.get(&one.order);
            let standing = first.and_then(|first| first.standing(one.ticket));
            let is_it = matches!(standing, Some(MarketState::Reissued(by)) if (by.order, by.item) == (order.id, one.item));
            if !is_it {
                breaches.push(Breach { law: 2, what: format!("{here} took the place of a ticket that says {standing:?}") });
            }
            let place = |order: &Order, id: ItemId| order.items.iter().find(|item| item.id == id).map(|item| (item.session, item.place));
            let (old, new) = (first.and_then(|first| place(first, one.ticket)), place(order, one.item));
            if old.is_none() || old != new {
                breaches.push(Breach { law: 1, what: format!("{here} has place {new:?}, the ticket that it replaces had {old:?}") });
            }
        }
    }

    fn second_hand(&self, order: OrderId, item: ItemId) -> Option<&SecondHand> {
        self.orders.get(&order)?.second_hand(item)
    }
}
